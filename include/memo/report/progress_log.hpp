/// How far a run is, as lines of a log that somebody reads later.
#pragma once

#include <memo/report/progress_line.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// How long a step runs before a log tells of it.
inline constexpr std::int64_t long_step_ns = 5'000'000'000;

/// Says which lines are due: the beginning of each step that has run for five seconds, and the line of progress after ten
/// seconds, then at intervals of a twentieth of the time that passed, but not more often than each ten seconds and not
/// less often than each five minutes. So a run of an hour has about 70 lines of progress, and one of a day about 330.
class progress_log {
 public:
  void start(std::int64_t now_ns) {
    next_ns_ = now_ns + shortest_ns;
    told_.clear();
  }

  /// `with_steps`: the beginnings of steps too.
  std::string due(progress const& run, std::int64_t now_ns, bool with_steps) {
    std::string lines;
    for (auto const& step : run.running()) {
      bool const is_long = now_ns - step.started_ns >= long_step_ns;
      if (!with_steps || !is_long || !step.waits_for.empty() || !tell(step)) continue;
      lines += visible_lines(visible(step.name) + ": ",
                             step.is_verify ? "runs again to verify it" : "runs: " + step.reason);
    }
    if (now_ns < next_ns_) return lines;
    next_ns_ = now_ns + std::clamp(run.elapsed_ns() / 20, shortest_ns, longest_ns);
    constexpr std::size_t columns = 160;
    return lines + visible_lines(visible(run.pipeline()) + ": ", progress_line(run, columns));
  }

 private:
  static constexpr std::int64_t shortest_ns = 10'000'000'000, longest_ns = 300'000'000'000;

  /// False where the same was told before.
  bool tell(progress::running_step const& step) {
    std::pair<std::string, std::int64_t> what(step.name, step.started_ns);
    for (auto const& known : told_)
      if (known == what) return false;
    // A run has as many running steps as it has threads.
    if (told_.size() >= 4096) told_.erase(told_.begin());
    told_.push_back(std::move(what));
    return true;
  }

  std::int64_t next_ns_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> told_;  // names, and when they began
};

}  // namespace memo::detail
