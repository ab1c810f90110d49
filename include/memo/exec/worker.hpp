#pragma once

#include <memo/exec/concept.hpp>
#include <memo/exec/deque.hpp>
#include <memo/exec/gate.hpp>
#include <memo/exec/parking.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace memo::detail {

/// The value, kept from compilers that copy several words in one vector register: such a load waits until the stores of
/// the single words are through, which costs more than all else that a task does here.
template <class T>
[[gnu::always_inline]] inline T as_word(T value) {
  __asm__("" : "+r"(value));
  return value;
}

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

  bool is_active = false;    // counted in the gate
  worker* victim = nullptr;  // where the last theft succeeded
  sleeper rest;
};

/// A thread that works: until the group is done or, without one, until the pool closes. What its tasks submit comes
/// here first, through `frame_here`.
struct session : task_frame {
  session(worker& w, task_group* until, task_group const* only_below)
      : own(w), group_waited_for(until), only(only_below) {}

  bool has_next = false;
  plain_task next{};
  std::int64_t next_priority = 0;

  /// Not more than what the group counts too much at the moment: ends of tasks that were not told yet, and tasks that were
  /// told ahead. What this thread submits and ends is settled here, so that the group's counter stays with nobody.
  task_group* credit_group = nullptr;
  std::size_t credits = 0;

  void add_to(task_group& to) {
    constexpr std::size_t ahead = 16;
    if (credit_group != &to) {
      to.add();
    } else if (credits == 0) {
      to.add(ahead);
      credits = ahead - 1;
    } else {
      --credits;
    }
  }
  void done_in(task_group& in) {
    if (credit_group != &in) {
      settle();
      credit_group = &in;
    }
    ++credits;
  }
  void settle() {
    if (credits != 0) credit_group->done(std::exchange(credits, 0));
  }

  worker& own;
  task_group* group_waited_for;
  task_group const* only;  // runs only tasks of this group and below; null for all
  bool is_searching = false;
  bool has_current = false;
  queued_task current{};
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
