/// What a forked child must not have of its parent: descriptors through which the parent holds locks. A copy of such a
/// descriptor keeps the locks alive after the parent's death.
#pragma once

#include <memo/core/os_calls.hpp>

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace memo::detail {

/// A descriptor that children close, in a list that only grows: a slot is used again.
struct unshared_slot {
  std::atomic<int> fd{-1};
  std::atomic<bool> is_used{false};
  unshared_slot* next = nullptr;
};

struct fork_state {
  std::atomic<std::uint64_t> started{0};     ///< forks that this process began,
  std::atomic<std::uint64_t> finished{0};    ///< and those that are done
  std::atomic<std::uint64_t> generation{0};  ///< how many forks lie between the first process and this one
  std::atomic<unshared_slot*> slots{nullptr};
};
inline fork_state forks;

/// Differs between a process and its children, so that what was made before a fork is known.
inline std::uint64_t process_generation() { return forks.generation.load(); }

/// Runs in the child, where no other thread is and any lock may be held: takes none, and no memory.
inline void after_fork_in_child() {
  for (unshared_slot* slot = forks.slots.load(); slot != nullptr; slot = slot->next)
    if (int const fd = slot->fd.exchange(-1); fd >= 0) ::close(fd);
  forks.finished.store(forks.started.load());
  ++forks.generation;
}

/// Sees to it that forks are noticed; 0 or an errno. What is made by vfork or posix_spawn runs another program and needs
/// nothing.
inline int notice_forks() {
  static int const error =
      ::pthread_atfork([] { ++forks.started; }, [] { ++forks.finished; }, &after_fork_in_child);
  return error;
}

/// A descriptor that children made by fork do not have. It may be read and closed on any thread.
class unshared_fd {
 public:
  unshared_fd() = default;
  unshared_fd(unshared_fd&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  unshared_fd& operator=(unshared_fd&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~unshared_fd() {
    if (slot_ == nullptr) return;
    // In a child it is closed already. The slot first: a fork must not find a number that is somebody else's by now.
    if (int const fd = slot_->fd.exchange(-1); fd >= 0) os::table.close(fd);
    slot_->is_used = false;
  }

  /// Calls `open`, which gives an os::outcome<os::unique_fd>; again where a fork came between. EAGAIN where there is
  /// one fork after the other.
  template <class Open>
  static os::outcome<unshared_fd> open(Open open) {
    os::outcome<unshared_fd> made;
    made.error = notice_forks();
    if (made.error != 0) return made;
    made.value.slot_ = &free_slot();
    for (int attempt = 0; attempt < 100; ++attempt) {
      auto const finished = forks.finished.load();
      os::outcome<os::unique_fd> opened = open();
      made.error = opened.error;
      if (!opened) return made;
      made.value.slot_->fd = opened.value.release();
      if (forks.started.load() == finished) return made;
      if (int const fd = made.value.slot_->fd.exchange(-1); fd >= 0) os::table.close(fd);
    }
    made.error = EAGAIN;
    return made;
  }

  /// -1 where there is none, or this is a child of the process that opened it.
  int get() const { return slot_ == nullptr ? -1 : slot_->fd.load(); }

 private:
  static unshared_slot& free_slot() {
    for (unshared_slot* slot = forks.slots.load(); slot != nullptr; slot = slot->next)
      if (!slot->is_used.exchange(true)) return *slot;
    auto* const made = new unshared_slot;
    made->is_used = true;
    made->next = forks.slots.load();
    while (!forks.slots.compare_exchange_weak(made->next, made)) {
    }
    return *made;
  }

  unshared_slot* slot_ = nullptr;
};

}  // namespace memo::detail
