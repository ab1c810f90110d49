/// Which thread worked for which step, and when: what the time line of a report is made of.
#pragma once

#include <memo/report/report.hpp>

#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace memo::detail {

/// Spans of work of one run, by the steady time of its clock. Every function may be called from any thread.
///
/// Calls for elements of one map that follow each other on a thread are one span: a map of a million short elements leaves
/// as many spans as it has threads, and not a million.
class work_log {
 public:
  static constexpr std::size_t most = 10'000;

  /// The run begins at this time of its clock.
  void start(std::int64_t now_ns) { start_ns_ = now_ns; }

  /// This thread worked for a step. What is over the bound is not kept. Throws std::bad_alloc.
  void add(std::uint32_t step, std::int64_t from_ns, std::int64_t to_ns, std::uint64_t elements) {
    constexpr std::int64_t same_span_ns = 100'000;
    std::lock_guard const guard(lock_);
    std::uint32_t const worker = this_worker();
    std::uint32_t& last = threads_[worker].second;
    if (elements != 0 && last != none && spans_[last].step == step &&
        from_ns - start_ns_ - spans_[last].end_ns < same_span_ns) {
      spans_[last].end_ns = to_ns - start_ns_;
      spans_[last].elements += elements;
      return;
    }
    if (spans_.size() == most) return;
    last = static_cast<std::uint32_t>(spans_.size());
    spans_.push_back({step, worker, from_ns - start_ns_, to_ns - start_ns_, elements});
  }

  /// All spans; their `step` is as `add` was given it.
  std::vector<work_span> spans() const {
    std::lock_guard const guard(lock_);
    return spans_;
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff;

  std::uint32_t this_worker() {
    auto const id = std::this_thread::get_id();
    std::size_t at = 0;
    while (at < threads_.size() && threads_[at].first != id) ++at;
    if (at == threads_.size()) threads_.emplace_back(id, none);
    return static_cast<std::uint32_t>(at);
  }

  mutable std::mutex lock_;
  std::int64_t start_ns_ = 0;
  std::vector<work_span> spans_;
  std::vector<std::pair<std::thread::id, std::uint32_t>> threads_;  // and the place of the thread's last span
};

}  // namespace memo::detail
