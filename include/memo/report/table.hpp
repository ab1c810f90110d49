/// A report as a table for people.
#pragma once

#include <memo/report/report.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// A duration in the unit that keeps it short: "812 ns", "3.21 ms", "4.7 s".
inline std::string duration_text(std::int64_t ns) {
  struct scale {
    double size;
    char const* unit;
  };
  constexpr std::array<scale, 4> scales{{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}};
  auto const value = static_cast<double>(ns);
  // 999.6 of a unit is printed as 1 of the next.
  scale const& chosen = *std::find_if(scales.begin(), scales.end() - 1,
                                      [&](scale const& s) { return value >= 0.9995 * s.size; });
  char text[48];
  std::snprintf(text, sizeof text, value >= 999.5 * chosen.size ? "%.0f %s" : "%.3g %s", value / chosen.size,
                chosen.unit);
  return text;
}

/// A size with a binary unit: "64 B", "1.5 KiB", "1 GiB".
inline std::string size_text(std::uint64_t bytes) {
  constexpr std::array<char const*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t power = 0;
  while (value >= 1024 && power + 1 < units.size()) value /= 1024, ++power;
  char text[48];
  std::snprintf(text, sizeof text, "%.4g %s", value, units[power]);
  return text;
}

namespace detail {

// Characters, not bytes: the continuation bytes of UTF-8 do not count.
inline std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

inline std::string format_table(std::vector<std::vector<std::string>> const& rows) {
  std::vector<std::size_t> widths;
  for (auto const& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (widths.size() == c) widths.push_back(0);
      widths[c] = std::max(widths[c], width_of(row[c]));
    }
  std::string text;
  for (auto const& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c];
      line.append(widths[c] - width_of(row[c]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

inline std::string reason_text(step_report const& s) {
  // A line break in the message of an exception would begin another row.
  std::string text = visible(with_change(s.reason, s.change));
  if (s.differs) text += "; verify: " + s.difference;
  if (s.not_reproducible) text += "; not reproducible";
  if (!s.waited_for.empty()) text += "; waited for " + s.waited_for;
  return text;
}

}  // namespace detail

/// The report as text: one line for each step (name, outcome or forecast, time, stored bytes, reason), then totals,
/// notes and warnings.
inline std::string to_text(report const& r) {
  std::vector<std::vector<std::string>> rows{
      {"step", r.is_plan ? "forecast" : "outcome", "time", "size", "why"}};
  std::int64_t saved = 0;
  for (auto const& s : r.steps) {
    bool const ran = s.outcome == outcome::ran || s.outcome == outcome::failed;
    saved += s.outcome == outcome::hit ? s.saved_ns : 0;
    rows.push_back({s.name, std::string(r.is_plan ? to_text(s.forecast) : to_text(s.outcome)),
                    ran && !r.is_plan ? duration_text(s.time_ns) : std::string("-"),
                    s.bytes != 0 ? size_text(s.bytes) : std::string("-"), detail::reason_text(s)});
  }
  std::string text = detail::format_table(rows);
  if (!r.is_plan) {
    text += std::to_string(r.count(outcome::hit)) + " hit, " + std::to_string(r.count(outcome::ran)) + " ran";
    for (outcome const o : {outcome::failed, outcome::skipped, outcome::cancelled, outcome::not_needed})
      if (std::size_t const n = r.count(o); n != 0)
        text += ", " + std::to_string(n) + " " + std::string(to_text(o));
    text += " in " + duration_text(r.time_ns);
    if (saved > 0) text += ", saved " + duration_text(saved);
    text += '\n';
  }
  for (auto const& n : r.notes) text += "note: " + n + '\n';
  for (auto const& w : r.warnings) text += "warning: " + w + '\n';
  return text;
}

inline std::ostream& operator<<(std::ostream& out, report const& r) { return out << to_text(r); }

}  // namespace memo
