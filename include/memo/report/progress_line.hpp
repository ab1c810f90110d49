/// How far a run is, as one line for people.
#pragma once

#include <memo/report/progress.hpp>
#include <memo/report/visible_text.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace memo {
namespace detail {

inline std::string whole_text(std::int64_t value, char const* unit) {
  return std::to_string(value) + ' ' + unit;
}

}  // namespace detail

/// A time that passes before somebody's eyes: "0.3 s", "12 s", "3 min 20 s", "2 h 05 min".
inline std::string elapsed_text(std::int64_t ns) {
  std::int64_t const tenths = ns > 0 ? ns / 100'000'000 : 0, seconds = tenths / 10, minutes = seconds / 60;
  if (seconds < 10) return std::to_string(seconds) + '.' + std::to_string(tenths % 10) + " s";
  if (minutes == 0) return detail::whole_text(seconds, "s");
  char text[64];
  if (minutes < 60)
    std::snprintf(text, sizeof text, "%d min %02d s", static_cast<int>(minutes),
                  static_cast<int>(seconds % 60));
  else
    std::snprintf(text, sizeof text, "%lld h %02d min", static_cast<long long>(minutes / 60),
                  static_cast<int>(minutes % 60));
  return text;
}

/// An estimate, as roughly as it is known: "8 s", "35 s", "4 min", "2.5 h", "3 days".
inline std::string rough_text(std::int64_t ns) {
  auto const seconds = static_cast<double>(ns) * 1e-9;
  auto const rounded = [](double value) { return static_cast<std::int64_t>(value + 0.5); };
  if (seconds < 9.5) return detail::whole_text(std::max<std::int64_t>(1, rounded(seconds)), "s");
  if (seconds < 57.5) return detail::whole_text(5 * rounded(seconds / 5), "s");
  if (seconds < 59.5 * 60) return detail::whole_text(rounded(seconds / 60), "min");
  if (seconds < 9.75 * 3600) {
    std::int64_t const halves = rounded(seconds / 1800);
    return std::to_string(halves / 2) + (halves % 2 != 0 ? ".5 h" : " h");
  }
  if (seconds < 36 * 3600) return detail::whole_text(rounded(seconds / 3600), "h");
  return detail::whole_text(rounded(seconds / 86400), "days");
}

namespace detail {

inline std::string running_text(progress::running_step const& step) {
  std::string text = visible(step.name);
  if (!step.waits_for.empty()) return text + " waits for " + visible(step.waits_for);
  if (step.total != 0) text += ' ' + std::to_string(step.done) + '/' + std::to_string(step.total);
  return text;
}

/// As many of the running steps as there is room for, then how many more there are.
inline std::string running_steps_text(progress const& run, std::size_t columns) {
  auto const& steps = run.running();
  std::string text;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::string const next = text + (i == 0 ? "" : ", ") + running_text(steps[i]);
    std::size_t const others = steps.size() - i - 1;
    std::string const rest = others == 0 ? "" : ", +" + std::to_string(others);
    if (columns_in(next) + rest.size() > columns) {
      if (i != 0) return text + ", +" + std::to_string(steps.size() - i);
      return rest.size() + 2 > columns ? cut_to_columns(next, columns)
                                       : cut_to_columns(next, columns - rest.size()) + rest;
    }
    text = next;
  }
  return text;
}

}  // namespace detail

/// `[ 12/40] 7 hit · train, curve 340/1000 · 1.2 s · about 8 s left`, of at most `columns` columns and without control
/// characters. In a narrow place the names of the steps are cut first; then what can be done without is left out: the time
/// that passed, the hits, the time left.
inline std::string progress_line(progress const& run, std::size_t columns) {
  constexpr std::string_view between = " \u00b7 ";
  std::string const needed = std::to_string(run.needed());
  std::string done = std::to_string(run.done());
  if (done.size() < needed.size()) done.insert(0, needed.size() - done.size(), ' ');
  std::string const head = '[' + done + '/' + needed + ']';
  std::string counts;
  if (run.hits() != 0) counts += std::to_string(run.hits()) + " hit";
  if (run.failed() != 0) counts += (counts.empty() ? "" : ", ") + std::to_string(run.failed()) + " failed";
  std::string const elapsed = elapsed_text(run.elapsed_ns());
  auto const known_left = run.left_ns();
  std::string left = known_left ? "about " + rough_text(*known_left) + " left" : "";
  constexpr std::size_t most = 24;  // columns for the name of the step that this is about
  if (!run.left_of().empty()) left += " of " + detail::cut_to_columns(detail::visible(run.left_of()), most);

  constexpr std::size_t least = 12;  // columns for the names of steps
  constexpr std::array<std::array<bool, 3>, 4> choices{
      {{true, true, true}, {true, false, true}, {false, false, true}, {false, false, false}}};
  for (auto const& [with_counts, with_elapsed, with_left] : choices) {
    std::string before = head, after;
    if (with_counts && !counts.empty()) before += ' ' + counts;
    if (with_elapsed) after.append(between).append(elapsed);
    if (with_left && !left.empty()) after.append(between).append(left);
    std::size_t const used = detail::columns_in(before) + detail::columns_in(after);
    bool const is_last = !with_left;
    if (run.running().empty()) {
      if (used <= columns || is_last) return detail::cut_to_columns(before + after, columns);
      continue;
    }
    std::size_t const joint = before.size() == head.size() ? 1 : 3;
    std::size_t const room = used + joint < columns ? columns - used - joint : 0;
    std::string const names = detail::running_steps_text(run, room);
    if (room < least && !is_last && detail::columns_in(detail::running_steps_text(run, 1000)) > room)
      continue;
    std::string line = before;
    if (room != 0) line.append(joint == 1 ? " " : between).append(names);
    return detail::cut_to_columns(line + after, columns);
  }
  return {};
}

}  // namespace memo
