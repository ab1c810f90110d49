/// Ages and dates for people.
#pragma once

#include <time.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace memo::detail {

/// "5 s", "3 min", "2 h", "4 d": whole units, and "now" below a second or in the future.
inline std::string age_text(std::int64_t age_ms) {
  struct unit {
    std::int64_t ms;
    char const* name;
  };
  constexpr std::array<unit, 4> units{
      {{86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1000, " s"}}};
  for (unit const& one : units)
    if (age_ms >= one.ms) return std::to_string(age_ms / one.ms) + one.name;
  return "now";
}

/// "2026-11-21 03:06:19" in the local time of the machine.
inline std::string when_text(std::int64_t wall_ms) {
  time_t const seconds = static_cast<time_t>(wall_ms / 1000);
  struct tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return std::to_string(wall_ms) + " ms";
  char text[64];
  return std::string(text, ::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts));
}

}  // namespace memo::detail
