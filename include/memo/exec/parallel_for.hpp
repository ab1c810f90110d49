#pragma once

#include <memo/core/clock.hpp>
#include <memo/exec/concept.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace memo {

/// The body of a parallel loop: runs the elements [first, last). May throw.
struct range_body {
  void (*run)(void* state, std::size_t first, std::size_t last) = nullptr;
  void* state = nullptr;
};

/// How the helping tasks of a parallel loop are scheduled, as in `task`.
struct parallel_limits {
  std::int64_t priority = 0;
  unsigned weight = 1;
  unsigned most_at_once =
      0;  ///< ranges that run at the same time, the caller's included; 0: as many as the executor can
  std::span<std::string_view const> exclusions{};
};

namespace detail {

/// One parallel loop: ranges of elements, out of which the caller and helping tasks take grains.
///
/// The grain begins with one element, doubles while a grain takes less than `short_grain` and is halved by one that takes longer
/// than `long_grain`; none is larger than what is left divided by twice the threads, so that all end at about the same
/// time. A grain is run in pieces of at most `short_piece`, as far as its first pieces tell; who has been at it for
/// `long_grain` gives the rest back. So a few slow elements among many fast ones do not wait for each other.
class parallel_loop {
 public:
  parallel_loop(executor_ref executor, std::size_t count, range_body body, parallel_limits const& limits)
      : executor_(executor), body_(body), left_(count) {
    std::size_t threads = executor.concurrency();
    if (limits.most_at_once != 0) threads = std::min<std::size_t>(threads, limits.most_at_once);
    threads_ = std::min(threads, count);
    ranges_.reserve(threads_ + 1);  // each thread gives back one at most
    ranges_.push_back({0, count});
    helper_.run = [](void* self, std::uint64_t number) noexcept {
      static_cast<parallel_loop*>(self)->help(static_cast<std::size_t>(number));
    };
    helper_.state = this;
    helper_.priority = limits.priority;
    helper_.weight = limits.weight;
    helper_.exclusions = limits.exclusions;
  }

  /// On the calling thread; rethrows.
  void run() {
    submit_helper(1);
    while (one_grain()) {
    }
    executor_.wait(helpers_);
    if (error_) std::rethrow_exception(error_);
  }

 private:
  static constexpr std::int64_t short_piece = 10'000, short_grain = 100'000, long_grain = 500'000;  // ns
  static constexpr std::size_t most_in_piece = 64;

  struct range {
    std::size_t first, last;
    std::size_t size() const { return last - first; }
  };

  void submit_helper(std::size_t number) noexcept {
    if (number >= threads_) return;
    task helper = helper_;
    helper.argument = number;
    try {
      executor_.submit(helpers_, helper);
    } catch (std::bad_alloc const&) {
      // The others, or the caller alone, do it all.
    }
  }

  /// The helpers start each other, as a wake-up takes longer than many a loop. One ends after each grain and submits
  /// itself again, as number 0, so that more urgent tasks get their turn.
  void help(std::size_t number) noexcept {
    if (left_.load(std::memory_order_relaxed) == 0) return;
    if (number != 0) {
      submit_helper(2 * number);
      submit_helper(2 * number + 1);
    }
    if (!one_grain()) return;
    task again = helper_;
    again.next = true;
    try {
      executor_.submit(helpers_, again);
    } catch (std::bad_alloc const&) {
      while (one_grain()) {
      }
    }
  }

  bool one_grain() noexcept {
    range r;
    {
      std::lock_guard const lock(mutex_);
      if (ranges_.empty()) return false;
      std::size_t const left = left_.load(std::memory_order_relaxed);
      range& from = ranges_.back();
      std::size_t const size =
          std::clamp<std::size_t>(left / (2 * threads_), 1, std::min(grain_, from.size()));
      r = {from.first, from.first + size};
      from.first += size;
      if (from.size() == 0) ranges_.pop_back();
      left_.store(left - size, std::memory_order_relaxed);
    }
    std::size_t const size = r.size();
    std::int64_t const start = clock::system().steady_ns();
    std::int64_t ns = 0;
    for (std::size_t piece = 1; r.size() != 0 && ns < long_grain;) {
      piece = std::min(piece, r.size());
      try {
        body_.run(body_.state, r.first, r.first + piece);
      } catch (...) {
        fail(r.first);
        return false;
      }
      r.first += piece;
      ns = clock::system().steady_ns() - start;
      auto const one_ns = static_cast<std::size_t>(ns) / (size - r.size()) + 1;
      piece = std::clamp<std::size_t>(static_cast<std::size_t>(short_piece) / one_ns, 1, most_in_piece);
    }
    adapt(size, ns, r);
    return true;
  }

  void adapt(std::size_t size, std::int64_t ns, range rest) noexcept {
    std::lock_guard const lock(mutex_);
    if (rest.size() != 0 && !error_) {
      ranges_.push_back(rest);
      left_.store(left_.load(std::memory_order_relaxed) + rest.size(), std::memory_order_relaxed);
    }
    // One that was cut short says nothing, and somebody may have changed the grain meanwhile.
    if (ns < short_grain && size >= grain_) grain_ = 2 * size;
    if (ns > long_grain && size <= grain_) grain_ = std::max<std::size_t>((size - rest.size()) / 2, 1);
  }

  /// Keeps the error of the lowest index and hands out nothing more.
  void fail(std::size_t first) noexcept {
    std::lock_guard const lock(mutex_);
    ranges_.clear();
    left_.store(0, std::memory_order_relaxed);
    if (error_ && error_at_ < first) return;
    error_ = std::current_exception();
    error_at_ = first;
  }

  executor_ref executor_;
  range_body body_;
  task helper_;
  std::size_t threads_ = 1;
  task_group helpers_;
  std::mutex mutex_;
  std::vector<range> ranges_;
  std::atomic<std::size_t> left_;  // in ranges_
  std::size_t grain_ = 1;
  std::exception_ptr error_;
  std::size_t error_at_ = 0;
};

}  // namespace detail

/// Runs the body for ranges that together are [0, count), each index once, on the calling thread and on tasks of the
/// executor, and returns when all have ended. Long elements are handed out one by one, short ones many at a time. After
/// an exception no further range starts, and then the exception is thrown here (of those that were caught, the one of the range that
/// comes first). May be called from a task and from a body.
inline void parallel_for(executor_ref executor, std::size_t count, range_body body,
                         parallel_limits limits = {}) {
  if (count == 0) return;
  detail::parallel_loop(executor, count, body, limits).run();
}

}  // namespace memo
