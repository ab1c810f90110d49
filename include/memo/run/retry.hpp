#pragma once

#include <memo/graph/options.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <thread>

namespace memo::detail {

/// Sleeps before the attempt that follows attempt number `attempt`, counted from 0. Gives false, at once or within some
/// milliseconds, where a stop was requested: then no further attempt is wanted.
inline bool pause_before(unsigned attempt, step_options const& options, std::stop_token const& stop) {
  using namespace std::chrono;
  constexpr std::int64_t longest_ms = 3'600'000;
  std::int64_t pause = options.retry_pause_ms;
  for (unsigned i = 0; i < attempt && pause < longest_ms; ++i) pause *= 2;
  auto const end = steady_clock::now() + milliseconds(std::min(pause, longest_ms));
  while (!stop.stop_requested()) {
    auto const left = end - steady_clock::now();
    if (left <= left.zero()) return true;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(left, milliseconds(10)));
  }
  return false;
}

}  // namespace memo::detail
