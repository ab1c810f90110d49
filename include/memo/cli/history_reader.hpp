/// The history of runs, read back.
#pragma once

#include <memo/core/error.hpp>
#include <memo/core/file.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// A step that ran or failed, in a line of the history.
struct history_step {
  std::string name;
  std::string outcome;  ///< "ran" or "failed"
  std::string why;
  std::int64_t time_ns = 0;
};

/// One run, as a line of the history has it (export/history.hpp). What the line does not have is empty.
struct history_line {
  std::string when;  ///< ISO 8601, UTC, with milliseconds: lines can be compared by it
  std::string pipeline, project, mode, program, host;
  std::int64_t pid = 0;
  bool ok = true;
  std::uint64_t hit = 0, ran = 0, failed = 0, skipped = 0, cancelled = 0, not_needed = 0;  ///< steps
  std::int64_t time_ns = 0;
  std::int64_t saved_ns = 0;
  std::uint64_t bytes = 0;
  std::vector<history_step> steps;
  std::uint64_t more_steps = 0;  ///< that ran or failed, and are not among `steps`
};

namespace detail {

inline constexpr std::uint64_t readable_history_version = 1;

inline void take_member(nlohmann::json const& from, char const* name, std::string& into) {
  if (auto const found = from.find(name); found != from.end() && found->is_string())
    into = found->get_ref<std::string const&>();
}
inline void take_member(nlohmann::json const& from, char const* name, bool& into) {
  if (auto const found = from.find(name); found != from.end() && found->is_boolean())
    into = found->get<bool>();
}
/// A whole number that is not below zero and fits.
template <std::integral Integer>
  requires(!std::same_as<Integer, bool>)
void take_member(nlohmann::json const& from, char const* name, Integer& into) {
  auto const found = from.find(name);
  if (found == from.end() || !found->is_number_unsigned()) return;
  auto const value = found->get<std::uint64_t>();
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<Integer>::max()))
    into = static_cast<Integer>(value);
}

/// False where the text is no line of a history, or one of another version.
inline bool parse_history_line(std::string_view text, history_line& into) {
  auto const read = nlohmann::json::parse(text, nullptr, false);
  std::uint64_t version = 0;
  if (!read.is_object()) return false;
  take_member(read, "memo_history", version);
  if (version != readable_history_version) return false;
  take_member(read, "when", into.when);
  take_member(read, "pipeline", into.pipeline);
  take_member(read, "project", into.project);
  take_member(read, "mode", into.mode);
  take_member(read, "program", into.program);
  take_member(read, "host", into.host);
  take_member(read, "pid", into.pid);
  take_member(read, "ok", into.ok);
  take_member(read, "hit", into.hit);
  take_member(read, "ran", into.ran);
  take_member(read, "failed", into.failed);
  take_member(read, "skipped", into.skipped);
  take_member(read, "cancelled", into.cancelled);
  take_member(read, "not_needed", into.not_needed);
  take_member(read, "time_ns", into.time_ns);
  take_member(read, "saved_ns", into.saved_ns);
  take_member(read, "bytes", into.bytes);
  take_member(read, "more_steps", into.more_steps);
  auto const steps = read.find("steps");
  if (steps == read.end() || !steps->is_array()) return true;
  for (auto const& one : *steps) {
    if (!one.is_object()) continue;
    history_step& step = into.steps.emplace_back();
    take_member(one, "name", step.name);
    take_member(one, "outcome", step.outcome);
    take_member(one, "why", step.why);
    take_member(one, "time_ns", step.time_ns);
  }
  return true;
}

/// Calls `line` for each line of an open file; with an empty text for one of more than a mebibyte.
template <class Line>
int for_each_line(int fd, Line line) {
  constexpr std::size_t piece = 1 << 16, longest = 1 << 20;
  std::string text;
  bool is_too_long = false;
  for (;;) {
    std::size_t const before = text.size();
    text.resize(before + piece);
    auto const got = os::read_up_to(fd, reinterpret_cast<std::byte*>(text.data() + before), piece);
    if (!got) return got.error;
    text.resize(before + got.value);
    std::size_t start = 0;
    for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
      line(std::exchange(is_too_long, false) ? std::string_view()
                                             : std::string_view(text).substr(start, end - start));
    text.erase(0, start);
    if (text.size() > longest) {
      is_too_long = true;
      text.clear();
    }
    if (got.value < piece) break;
  }
  if (is_too_long || !text.empty()) line(is_too_long ? std::string_view() : std::string_view(text));
  return 0;
}

}  // namespace detail

/// In `read_history`: all lines.
inline constexpr std::size_t whole_history = static_cast<std::size_t>(-1);

/// The last runs of a history, the oldest of them first; none where there is no such file. Lines that cannot be read, be it
/// that they are cut off or of another version, are passed over, and counted in `*unreadable`. Needs memory for the lines
/// that it gives only. Throws store_error where the file is there and cannot be read.
inline std::vector<history_line> read_history(std::string_view file, std::size_t last = whole_history,
                                              std::size_t* unreadable = nullptr) {
  if (unreadable != nullptr) *unreadable = 0;
  std::string const path(file);
  auto const fail = [&](std::string because) {
    throw store_error("the history of runs cannot be read", {{"file", path}, {"because", std::move(because)}},
                      "name the file history.jsonl of a cache");
  };
  auto const opened = detail::os::open_user_file(path.c_str());
  if (opened.error == ENOENT || opened.error == ENOTDIR) return {};
  if (!opened) fail(detail::os::error_text(opened.error));
  auto const status = detail::os::status_of(opened.value.get());
  if (!status || !status.value.is_file) fail("it is no regular file");

  std::deque<history_line> kept;
  int const error = detail::for_each_line(opened.value.get(), [&](std::string_view text) {
    history_line line;
    if (!detail::parse_history_line(text, line)) {
      if (unreadable != nullptr) ++*unreadable;
      return;
    }
    if (last != 0) kept.push_back(std::move(line));
    if (kept.size() > last) kept.pop_front();
  });
  if (error != 0) fail(detail::os::error_text(error));
  return {std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end())};
}

}  // namespace memo
