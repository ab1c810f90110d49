#pragma once

#include <memo/exec/concept.hpp>
#include <memo/exec/deque.hpp>
#include <memo/exec/gate.hpp>
#include <memo/exec/parking.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace memo::detail {

/// A task without wishes, as it lies in a deque.
struct plain_task {
  void (*run)(void*, std::uint64_t) noexcept;
  void* state;
  std::uint64_t argument;
  task_group* group;

  queued_task queued() const {
    queued_task made;
    made.work.run = run;
    made.work.state = state;
    made.work.argument = argument;
    made.group = group;
    return made;
  }
};

/// What a thread has while it works for an executor. All but the deque and `is_taken` belongs to that thread.
struct alignas(64) worker {
  deque<plain_task> tasks;
  std::atomic<bool> is_taken{false};
  worker* following = nullptr;  // in the list of all; never changes

  bool has_next = false;
  plain_task next{};
  std::int64_t next_priority = 0;

  /// Not more than what the group counts too much at the moment: ends of tasks that were not told yet, and tasks that were
  /// told ahead. What this worker submits and ends is settled here, so that the group's counter stays with nobody.
  task_group* credit_group = nullptr;
  std::size_t credits = 0;

  bool is_active = false;    // counted in the gate
  worker* victim = nullptr;  // where the last theft succeeded
  sleeper rest;

  void add_to(task_group& group) {
    constexpr std::size_t ahead = 16;
    if (credit_group != &group) {
      group.add();
    } else if (credits == 0) {
      group.add(ahead);
      credits = ahead - 1;
    } else {
      --credits;
    }
  }
  void done_in(task_group& group) {
    if (credit_group != &group) {
      settle();
      credit_group = &group;
    }
    ++credits;
  }
  void settle() {
    if (credits != 0) credit_group->done(std::exchange(credits, 0));
  }
};

/// The workers of an executor, a list that only grows: as many as there were threads at one time.
class workers {
 public:
  workers() = default;
  workers(workers const&) = delete;
  workers& operator=(workers const&) = delete;
  ~workers() {
    for (worker* w = first_.load(std::memory_order_relaxed); w != nullptr;) {
      worker* const following = w->following;
      delete w;
      w = following;
    }
  }

  worker* first() const { return first_.load(std::memory_order_acquire); }

  /// One that nobody uses, perhaps with tasks that another thread left; null if memory is short.
  worker* take() {
    for (worker* w = first(); w != nullptr; w = w->following)
      if (!w->is_taken.load(std::memory_order_relaxed) &&
          !w->is_taken.exchange(true, std::memory_order_acquire))
        return w;
    auto* const made = new (std::nothrow) worker;
    if (made == nullptr) return nullptr;
    made->is_taken.store(true, std::memory_order_relaxed);
    made->following = first_.load(std::memory_order_relaxed);
    while (!first_.compare_exchange_weak(made->following, made, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    return made;
  }
  static void give_back(worker& w) { w.is_taken.store(false, std::memory_order_release); }

 private:
  std::atomic<worker*> first_{nullptr};
};

}  // namespace memo::detail
