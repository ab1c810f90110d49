/// What every command works with: the terminal, the pipeline of the program, and the cache that is meant.
#pragma once

#include <memo/cli/arguments.hpp>
#include <memo/cli/cache_place.hpp>
#include <memo/cli/command_pipeline.hpp>
#include <memo/cli/terminal.hpp>
#include <memo/core/file.hpp>
#include <memo/core/folder.hpp>
#include <memo/key/explain.hpp>
#include <memo/run/runner.hpp>

#include <charconv>
#include <cstdlib>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace memo::detail {

struct command_context;

/// A command by its name.
struct command {
  std::string_view name;
  std::string_view what;  ///< it does, in some words
  int (*run)(command_context const& context, std::vector<std::string> const& typed);
};

/// A program with commands, and its terminal.
struct command_context {
  terminal& at;
  std::string program;                ///< as it is called in messages: "digits"
  std::span<command const> commands;  ///< where there is a pipeline, the first one is meant if none is typed
  command_pipeline const* pipeline = nullptr;      ///< null: a program without one, as memo-cache
  std::function<memo::runner()> program_runner{};  ///< of the program; empty where there is no pipeline
};

/// The option of all commands that look at a cache.
inline void take_directory(arguments& with, command_context const& context, std::optional<std::string>& to) {
  with.text("--dir", "DIR",
            context.pipeline != nullptr ? "the cache in this directory instead of the program's"
                                        : "the cache in this directory instead of $MEMO_DIR",
            to);
}

[[noreturn]] inline void refuse_unnamed(command_context const& context) {
  throw usage_error(
      "no cache is named", {},
      "name its directory: `" + context.program + " --dir DIR ...`, or MEMO_DIR in the environment");
}

/// The cache that a command looks at, which `--dir` names, or else the program or the environment. Throws usage_error where
/// none is named, and what `open_cache` throws.
inline any_store cache_of(command_context const& context, std::optional<std::string> const& directory) {
  if (directory) return open_cache(*directory);
  if (context.program_runner) return context.program_runner().store();
  char const* const named = std::getenv("MEMO_DIR");
  if (named == nullptr || *named == '\0') refuse_unnamed(context);
  return open_cache(named);
}

/// The runner of the program, with the cache that `--dir` names.
inline runner runner_of(command_context const& context, std::optional<std::string> const& directory) {
  runner const standard = context.program_runner();
  return directory ? runner_access::with_store(standard, open_cache(*directory, if_missing::allow))
                   : standard;
}

/// The directory of a cache, for what lies beside its entries. Throws error where it lies in none.
inline std::string place_of(any_store const& store) {
  std::string place = store.location();
  if (place.empty())
    throw error("the cache of this program lies in no directory, so nothing outlives the program", {},
                "name a directory with --dir, or give the program a directory_store");
  return place;
}

/// True where the directory of a cache exists: nothing makes it before something is stored.
inline bool exists(std::string const& place) {
  return os::status_at(os::here, place.c_str(), true).value.is_folder;
}

/// The value of an option that counts. Throws usage_error for what is no whole number, or beyond `most`.
inline std::size_t whole_number(std::string_view option, std::string_view text, std::size_t least = 0,
                                std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::size_t value = 0;
  auto const [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc{} || stop != text.data() + text.size() || value < least ||
      value > most)
    throw usage_error(
        "the option " + std::string(option) + " has a value that it cannot have",
        {{"value", detail::quoted(text)}},
        "give a whole number" + (least > 0 ? " from " + std::to_string(least) : std::string()) +
            (most != std::numeric_limits<std::size_t>::max() ? " up to " + std::to_string(most) : ""));
  return value;
}

/// Calls `seen` with each entry of a store, without holding them all.
template <class Seen>
void each_entry(any_store const& store, Seen seen) {
  store.visit([](void* state, entry_info const& info) { (*static_cast<Seen*>(state))(info); }, &seen);
}

}  // namespace memo::detail
