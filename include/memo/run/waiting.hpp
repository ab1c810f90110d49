/// For whom a run waits: whether other processes count, and for how long.
#pragma once

#include <memo/core/launcher.hpp>
#include <memo/run/options.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace memo::detail {

/// How long a run waits for other processes where it was not told.
inline constexpr std::chrono::milliseconds usual_wait{60'000};

inline std::int64_t wait_ns(options const& o) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest = std::chrono::hours(24) * 365 * 100;  // fits beside any present time
  milliseconds const wait = std::clamp(o.wait.value_or(usual_wait), milliseconds(0), longest);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
}

/// Ranks of one program that wait for each other inside a collective operation would hang if one of them waited here.
inline bool waits_for_processes(options const& o) { return o.wait.has_value() || mpi_launcher().empty(); }

}  // namespace memo::detail
