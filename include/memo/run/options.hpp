/// How a runner works: its modes and options.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/report/event.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// What a run may do with the store.
enum class mode : std::uint8_t {
  off,         ///< no look-ups, all steps run, nothing is written
  read_write,  ///< look up, run what misses, write it
  read_only,   ///< look up, run what misses, write nothing: not a byte, not a lock
  write_only,  ///< no look-ups, all steps run, and what was stored is replaced
  verify,      ///< like read_write, and some hits run again to be compared with what is stored
};

namespace detail {

struct mode_rules {
  std::string_view name;
  bool looks_up, writes, replaces, verifies;
};

inline constexpr mode_rules mode_table[] = {
    {"off", false, false, false, false},      {"read_write", true, true, false, false},
    {"read_only", true, false, false, false}, {"write_only", false, true, true, false},
    {"verify", true, true, false, true},
};

constexpr mode_rules const& rules_of(mode m) { return mode_table[static_cast<std::size_t>(m)]; }

}  // namespace detail

/// Options of a runner; all have a default. MEMO_MODE and MEMO_JOBS in the environment override `mode` and `jobs`, where
/// `overridable` allows it.
struct options {
  memo::mode mode = memo::mode::read_write;
  unsigned jobs =
      0;  ///< how many steps and elements of maps may run at once; 0: as many as there are processors for
          ///< this process (affinity and cgroup); 1: all on the caller's thread
  bool keep_going = false;  ///< after a failure, finish what does not depend on it; `run` does not throw then
  bool strict = false;   ///< what the store cannot do, and values that are not reproducible, are exceptions
  double verify = 0.05;  ///< in mode verify: the chance that a hit runs again
  std::vector<std::string> force{};  ///< steps that run whatever is stored, and replace it
  std::string project{};             ///< enters every key: projects never share results
  std::vector<std::string>
      env{};               ///< environment variables that count as inputs of all steps; `*` ends a pattern
  std::string secret{};    ///< seeds all hashes, where others choose inputs and must not make keys collide
  std::stop_token stop{};  ///< a request ends the run: nothing new starts, and contexts tell what runs
  /// How long to wait for another process, or for a memoized call of another thread, that computes a key; then it is
  /// computed twice. Empty: 60 s, but outside of steps as long as it takes for a thread of this process; and not at all for
  /// another process on a network file system or under an MPI launcher, where a value asks for that too.
  std::optional<std::chrono::milliseconds> wait{};
  bool overridable = true;             ///< by MEMO_MODE and MEMO_JOBS
  memo::observer* observer = nullptr;  ///< is told what happens; outlives the runs
  memo::clock const* clock = nullptr;  ///< null: the machine's
};

namespace detail {

inline std::uint64_t seed_of(std::string_view secret) {
  return secret.empty() ? 0 : checksum_bytes(as_byte_view(secret), 0x6d656d6f) | 1;
}

[[noreturn]] inline void throw_bad_variable(char const* name, std::string_view value, std::string allowed) {
  throw usage_error("the environment variable " + std::string(name) + " has a value that it cannot have",
                    {{"value", "\"" + std::string(value) + "\""}, {"allowed", std::move(allowed)}},
                    "correct it, or unset it to use what the program says");
}

/// The options with what the environment overrides. Throws usage_error for a value that cannot be.
inline options effective(options chosen) {
  auto const value_of = [&](char const* name) -> char const* {
    char const* const text = chosen.overridable ? std::getenv(name) : nullptr;
    return text != nullptr && *text != '\0' ? text : nullptr;
  };
  if (char const* const text = value_of("MEMO_MODE")) {
    std::string allowed;
    bool known = false;
    for (std::size_t i = 0; i < std::size(mode_table); ++i) {
      allowed += (i == 0 ? "" : ", ") + std::string(mode_table[i].name);
      if (mode_table[i].name == text) {
        chosen.mode = static_cast<mode>(i);
        known = true;
      }
    }
    if (!known) throw_bad_variable("MEMO_MODE", text, allowed);
  }
  if (char const* const text = value_of("MEMO_JOBS")) {
    unsigned long jobs = 0;
    bool valid = std::string_view(text).size() <= 5;
    for (char const* c = text; valid && *c != '\0'; ++c) {
      valid = *c >= '0' && *c <= '9';
      jobs = 10 * jobs + static_cast<unsigned long>(*c - '0');
    }
    if (!valid || jobs == 0) throw_bad_variable("MEMO_JOBS", text, "a whole number from 1 to 99999");
    chosen.jobs = static_cast<unsigned>(jobs);
  }
  if (!(chosen.verify >= 0 && chosen.verify <= 1))
    throw usage_error("options.verify is a chance, and is not between 0 and 1",
                      {{"value", std::to_string(chosen.verify)}}, "give a number from 0 to 1");
  return chosen;
}

}  // namespace detail
}  // namespace memo
