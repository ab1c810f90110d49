#pragma once

#include <memo/exec/concept.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace memo::detail {

class parking;

/// A thread that sleeps or is about to.
struct sleeper {
  std::atomic<std::uint32_t> signal{0};
  sleeper* previous = nullptr;
  sleeper* next = nullptr;
  parking* home = nullptr;
  task_group const* group = nullptr;  // wakes it when it is done; null for none
  bool is_restricted = false;         // runs only what is below the group
  bool is_listed = false;
};

/// All sleeping threads of the process: whoever ends a group's last task finds those that wait for it, of any executor.
struct sleepers {
  std::mutex mutex;
  sleeper* first = nullptr;
};
inline constinit sleepers all_sleepers;

/// Which threads of one executor search for work or sleep, so that work is announced without a lock when there is nobody to
/// wake or somebody searches already.
///
/// No wake-up is lost: who adds work makes it visible and then looks at the state; who is about to sleep changes the state and
/// then looks for work once more (both sequentially consistent). Work may be left to a thread that searches, because the last
/// one that stops searching looks whether there is more.
class parking {
 public:
  /// Nothing that counts as a sleeper yet: threads that are not started are counted by `set_unstarted`.
  void set_unstarted(unsigned threads) {
    unstarted_ = threads;
    state_.store(threads * one_asleep);
  }

  bool is_anybody_asleep() const { return state_.load() >= one_asleep; }
  bool needs_wake() const {
    std::uint64_t const state = state_.load();
    return searching(state) == 0 && asleep(state) != 0;
  }
  bool has_restricted() const { return restricted(state_.load()) != 0; }

  void begin_search() { state_.fetch_add(one_searching); }
  /// True if nobody searches now and somebody sleeps.
  bool end_search() {
    std::uint64_t const state = state_.fetch_sub(one_searching);
    return searching(state) == 1 && asleep(state) != 0;
  }

  /// From searching (or, restricted, from nothing) to asleep. Then look for work once more, and `cancel` or `sleep`.
  void announce(sleeper& s) {
    s.home = this;
    s.signal.store(0, std::memory_order_relaxed);
    std::lock_guard const lock(all_sleepers.mutex);
    s.previous = nullptr;
    s.next = all_sleepers.first;
    if (s.next != nullptr) s.next->previous = &s;
    all_sleepers.first = &s;
    s.is_listed = true;
    if (s.group != nullptr) group_sleepers.fetch_add(1);
    wake_group_sleepers.store(&wake_group, std::memory_order_relaxed);
    if (s.is_restricted)
      state_.fetch_add(one_restricted);
    else
      state_.fetch_add(one_asleep - one_searching);
  }
  /// Back to searching.
  void cancel(sleeper& s) {
    {
      std::lock_guard const lock(all_sleepers.mutex);
      if (s.is_listed) {
        unlist(s);
        return;
      }
    }
    sleep(s);
  }
  /// Until somebody wakes it; then it searches.
  void sleep(sleeper& s) {
    while (s.signal.load(std::memory_order_acquire) == 0) s.signal.wait(0, std::memory_order_acquire);
  }

  enum class woken { nobody, thread, start_one };
  /// Makes one thread search that can run anything. `start_one`: the caller starts a thread, which searches; its failure is an
  /// `end_search`.
  woken wake_one() {
    sleeper* found;
    {
      std::lock_guard const lock(all_sleepers.mutex);
      if (!needs_wake()) return woken::nobody;
      found = all_sleepers.first;
      while (found != nullptr && (found->home != this || found->is_restricted)) found = found->next;
      if (found == nullptr) {
        if (unstarted_ == 0) return woken::nobody;
        --unstarted_;
        state_.fetch_add(one_searching - one_asleep);
        return woken::start_one;
      }
      unlist(*found);
    }
    signal(*found);
    return woken::thread;
  }

  /// Wakes those that may run only tasks below their group: if this group is, or all for null.
  void wake_restricted(task_group const* tasks) {
    wake_if([&](sleeper const& s) {
      return s.home == this && s.is_restricted && (tasks == nullptr || tasks->is_below(*s.group));
    });
  }
  /// The same for those that have tasks in the shared queue.
  void wake_restricted_in_gate() {
    wake_if(
        [&](sleeper const& s) { return s.home == this && s.is_restricted && s.group->queued.load() != 0; });
  }
  void wake_all() {
    wake_if([&](sleeper const& s) { return s.home == this; });
  }

  static void wake_group(task_group const* tasks) noexcept {
    wake_if([&](sleeper const& s) { return s.group == tasks; });
  }

 private:
  static constexpr std::uint64_t one_searching = 1;
  static constexpr std::uint64_t one_asleep = std::uint64_t{1} << 21;
  static constexpr std::uint64_t one_restricted = std::uint64_t{1} << 42;
  static constexpr std::uint64_t searching(std::uint64_t state) { return state & (one_asleep - 1); }
  static constexpr std::uint64_t asleep(std::uint64_t state) { return state / one_asleep & (one_asleep - 1); }
  static constexpr std::uint64_t restricted(std::uint64_t state) { return state / one_restricted; }

  static void unlist(sleeper& s) {
    (s.previous == nullptr ? all_sleepers.first : s.previous->next) = s.next;
    if (s.next != nullptr) s.next->previous = s.previous;
    s.is_listed = false;
    if (s.group != nullptr) group_sleepers.fetch_sub(1);
    if (s.is_restricted)
      s.home->state_.fetch_sub(one_restricted);
    else
      s.home->state_.fetch_add(one_searching - one_asleep);
  }
  /// Of one that is not listed: it waits for the signal, and then may be gone.
  static void signal(sleeper& s) {
    s.signal.store(1, std::memory_order_release);
    s.signal.notify_one();
  }
  template <class Predicate>
  static void wake_if(Predicate is_wanted) {
    sleeper* found = nullptr;
    {
      std::lock_guard const lock(all_sleepers.mutex);
      for (sleeper* s = all_sleepers.first; s != nullptr;) {
        sleeper* const next = s->next;
        if (is_wanted(*s)) {
          unlist(*s);
          s->next = found;
          found = s;
        }
        s = next;
      }
    }
    while (found != nullptr) {
      sleeper* const next = found->next;
      signal(*found);
      found = next;
    }
  }

  std::atomic<std::uint64_t> state_{0};
  unsigned unstarted_ = 0;  // guarded by the mutex of all sleepers
};

}  // namespace memo::detail
