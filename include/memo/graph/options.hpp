/// What a step declares beside its function and its wiring, as plain values.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace memo {

/// How the results of a step are kept.
enum class cache_policy : std::uint8_t {
  stored,       ///< entry and value, the default
  never,        ///< always runs; readers still compare its value's digest
  inputs_only,  ///< neither version nor build counts
  digest_only,  ///< the entry keeps the digest and not the value
  in_memory,    ///< kept for this process only
};

/// A cache policy as a type, so that it can be seen when a pipeline is checked.
template <cache_policy Policy>
struct policy_constant {};

inline constexpr policy_constant<cache_policy::never> never{};
inline constexpr policy_constant<cache_policy::inputs_only> inputs_only{};
inline constexpr policy_constant<cache_policy::digest_only> digest_only{};
inline constexpr policy_constant<cache_policy::in_memory> in_memory{};

/// What stands for the code of a step in its key.
enum class code_identity : std::uint8_t {
  build,    ///< the build ids of the program and its libraries: any rebuild runs the step again
  version,  ///< the number that the user gave
  source,   ///< the digest of the source text (MEMO_FN)
};

/// Names declared by one or several calls; the texts live as long as the program.
class name_lists {
 public:
  constexpr void add(std::span<std::string_view const> names) {
    if (count_ == lists_.size())
      throw usage_error("a step has more than four calls of .env or of .uses", {},
                        "name several in one call");
    lists_[count_++] = names;
  }
  constexpr bool empty() const { return count_ == 0; }

  /// All names, in the order of their declaration.
  std::vector<std::string_view> all() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < count_; ++i) names.insert(names.end(), lists_[i].begin(), lists_[i].end());
    return names;
  }

 private:
  std::array<std::span<std::string_view const>, 4> lists_{};
  std::size_t count_ = 0;
};

/// The declared options of a step. Texts live as long as the program.
struct step_options {
  code_identity code = code_identity::build;
  std::int64_t version = 0;
  digest source;
  std::int64_t ttl_ms = -1;         ///< negative: none
  unsigned retries = 0;             ///< further attempts after an exception
  std::int64_t retry_pause_ms = 0;  ///< before the first of them; doubles for each further one
  unsigned threads = 1;             ///< jobs that the step, or each element of a map, takes while it runs
  std::string_view store;           ///< the name of the runner's store that holds it; empty: the main one
  name_lists environment;           ///< variables that count as inputs; `*` at the end is a pattern
  name_lists exclusions;            ///< steps and elements that share a name here never run at the same time
};

namespace detail {

// A negative age is one that everything is older than; one too long for 64 bits is the longest that fits.
template <class Rep, class Period>
constexpr std::int64_t milliseconds_of(std::chrono::duration<Rep, Period> time) {
  using milliseconds = std::chrono::duration<std::int64_t, std::milli>;
  if (time < time.zero()) return 0;
  auto const approximate = std::chrono::duration_cast<std::chrono::duration<double, std::milli>>(time);
  if (approximate.count() >= 9e18) return INT64_MAX;
  return std::chrono::duration_cast<milliseconds>(time).count();
}

}  // namespace detail

/// Compiler settings that change the results of floating-point code, seen where a pipeline is declared.
struct float_flags {
  bool fast_math = false;
  bool fused = false;  ///< multiply and add may be contracted, because the target has FMA

  friend constexpr bool operator==(float_flags, float_flags) = default;
};

namespace detail {

// Internal linkage on purpose: each translation unit may be compiled with flags of its own.
constexpr float_flags current_float_flags{
#if defined(__FAST_MATH__)
    true,
#else
    false,
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    true,
#else
    false,
#endif
};

}  // namespace detail
}  // namespace memo
