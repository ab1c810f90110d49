/// The keys that are claimed, and who waits for them: threads of this process in queues, other processes through a file.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claim_file.hpp>
#include <memo/store/digest_map.hpp>
#include <memo/store/entry.hpp>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A small number for the calling thread, given out in the order in which threads ask.
inline std::uint64_t thread_number() {
  static std::atomic<std::uint64_t> last{0};
  thread_local std::uint64_t const mine = ++last;
  return mine;
}

/// A ring of places; what is linked to itself is in none.
struct claim_link {
  claim_link() = default;
  claim_link(claim_link const&) = delete;
  claim_link& operator=(claim_link const&) = delete;

  bool is_alone() const { return next == this; }
  void leave() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  /// As the last of the ring that `first` stands for.
  void join(claim_link& first) {
    previous = first.previous;
    next = &first;
    previous->next = this;
    first.previous = this;
  }
  /// Moves all others of this ring to the ring of `to`, in which nobody else is, in their order.
  void give_all(claim_link& to) {
    if (is_alone()) return;
    to.join(*this);
    leave();
  }

  claim_link* previous = this;
  claim_link* next = this;
};

class claim_table;

/// A key that is held, or a place in the queue for it.
struct claim_place : claim_link {
  enum class role : std::uint8_t { none, holds, waits, is_called, was_called };

  claim_place(std::shared_ptr<claim_table> const& shared, claim_request const& request)
      : table(shared),
        key(request.key),
        waiter(request.waiter),
        until_ns(request.until_ns),
        generation(process_generation()) {}
  ~claim_place();

  std::shared_ptr<claim_table> table;
  digest key;
  claim_waiter waiter;
  std::int64_t until_ns;
  std::uint64_t generation;
  std::shared_ptr<claim_file> file{};  ///< where other processes see the claim
  role is = role::none;
  std::uint64_t caller = 0;  ///< the thread that calls the waiter
  bool* gone = nullptr;      ///< told to the caller where the place is destroyed by the call itself
};

/// The keys that somebody holds, and who waits for them. Every function may be called from any thread.
///
/// A release tells all who wait for the key: what they wait for is there now, and each can use it. Telling one, who
/// tells the next, would let a waiter that is not run for a while hold up those that could go on. Every operation
/// takes constant time, the release of a key as long as there are waiters.
///
/// While somebody waits for keys of other processes, a thread looks whether they are free: from 1 ms on, and every 20 ms
/// in the end.
class claim_table : public std::enable_shared_from_this<claim_table> {
 public:
  /// Makes the key the place's own, or lets it wait. `busy` is filled in where it has to wait.
  bool take(claim_place& place, claim_result& busy) {
    auto const me = thread_number();
    std::uint64_t holder = 0;
    {
      std::lock_guard const guard(lock_);
      held& there = keys_[place.key];
      if (there.thread == nobody) {
        // What another process had may be free by now; its waiters are told when this place is given back.
        there.thread = me;
        there.file.reset();
        place.is = claim_place::role::holds;
        return true;
      }
      holder = there.thread;
      if (place.waiter.wake != nullptr) add_waiter(place, there);
    }
    busy.what = claim_result::status::busy;
    busy.holder = "thread " + std::to_string(holder) + " of this process";
    return false;
  }

  /// Notes that a place has to wait for another process after all. False where nobody would tell it, as no thread could
  /// be started; the key stays its own then.
  bool wait_elsewhere(claim_place& place, std::shared_ptr<claim_file> const& file) {
    std::lock_guard const guard(lock_);
    held& there = *keys_.find(place.key);
    bool const is_awaited = place.waiter.wake != nullptr || !there.waiters.is_alone();
    if (is_awaited && !is_watching_ && !start_watching()) return false;
    if (place.waiter.wake != nullptr)
      add_waiter(place, there);
    else
      place.is = claim_place::role::none;
    there.thread = nobody;
    there.file = file;
    is_news_ = true;
    if (!is_awaited) keys_.erase(place.key);
    return true;
  }

  void leave(claim_place& place) {
    auto const me = thread_number();
    if (place.file != nullptr) place.file->release(place.key);  // before those are told who want it
    std::unique_lock guard(lock_);
    switch (place.is) {
      case claim_place::role::holds:
        release(place.key, guard, me);
        return;
      case claim_place::role::waits: {
        place.claim_link::leave();
        held const* const there = keys_.find(place.key);
        if (there != nullptr && there->thread == nobody && there->waiters.is_alone()) keys_.erase(place.key);
        return;
      }
      case claim_place::role::is_called:
        if (place.caller == me) {
          *place.gone = true;
          return;
        }
        while (place.is == claim_place::role::is_called) {
          auto const seen = calls_.load();
          guard.unlock();
          calls_.wait(seen);
          guard.lock();
        }
        return;
      case claim_place::role::none:
      case claim_place::role::was_called:
        return;
    }
  }

  /// The file that was set last; null where there is none.
  std::shared_ptr<claim_file> file() const {
    std::lock_guard const guard(lock_);
    return file_;
  }
  /// Sets it, unless another thread did since `before` was read; gives the one that is set.
  std::shared_ptr<claim_file> set_file(std::shared_ptr<claim_file> const& before,
                                       std::shared_ptr<claim_file> made) {
    std::lock_guard const guard(lock_);
    if (file_ == before) file_ = std::move(made);
    return file_;
  }

  /// Ends the watching thread and tells those who still wait. No claim is made afterwards.
  void stop() {
    std::unique_lock guard(lock_);
    if (!is_watching_) return;
    is_stopped_ = true;
    if (::pthread_equal(thread_, ::pthread_self()) != 0) return;
    is_joined_ = true;
    guard.unlock();
    ::pthread_join(thread_, nullptr);
  }

 private:
  /// No thread's number: the holder is another process, or the key was just added.
  static constexpr std::uint64_t nobody = 0;

  struct held {
    std::uint64_t thread = nobody;
    std::shared_ptr<claim_file> file{};  ///< where the holder is another process
    claim_link waiters{};
    std::int64_t until_ns = 0;  ///< when the first of the waiters wants to be told in any case; 0: none does
  };

  static bool is_before(std::int64_t a, std::int64_t b) { return a != 0 && (b == 0 || a < b); }

  static void add_waiter(claim_place& place, held& to) {
    place.join(to.waiters);
    place.is = claim_place::role::waits;
    if (is_before(place.until_ns, to.until_ns)) to.until_ns = place.until_ns;
  }

  void release(digest const& key, std::unique_lock<std::mutex>& guard, std::uint64_t me) {
    claim_link told;
    keys_.find(key)->waiters.give_all(told);
    keys_.erase(key);
    tell(told, guard, me);
  }

  /// Calls the waiters of a ring, which may destroy any place meanwhile. The lock is held only between the calls.
  void tell(claim_link& ring, std::unique_lock<std::mutex>& guard, std::uint64_t me) {
    while (!ring.is_alone()) {
      auto& place = static_cast<claim_place&>(*ring.next);
      place.claim_link::leave();
      place.is = claim_place::role::is_called;
      place.caller = me;
      bool gone = false;
      place.gone = &gone;
      claim_waiter const waiter = place.waiter;
      guard.unlock();
      waiter.wake(waiter.state, waiter.argument);
      guard.lock();
      if (gone) continue;
      place.is = claim_place::role::was_called;
      ++calls_;
      calls_.notify_all();
    }
  }

  /// Tells those whose time has come.
  void tell_due(digest const& key, std::int64_t now, std::unique_lock<std::mutex>& guard, std::uint64_t me) {
    held* const there = keys_.find(key);
    if (there == nullptr || there->thread != nobody || !is_before(there->until_ns, now + 1)) return;
    claim_link told;
    there->until_ns = 0;
    for (claim_link* at = there->waiters.next; at != &there->waiters;) {
      auto& place = static_cast<claim_place&>(*at);
      at = at->next;
      if (is_before(place.until_ns, now + 1)) {
        place.claim_link::leave();
        place.join(told);
      } else if (is_before(place.until_ns, there->until_ns)) {
        there->until_ns = place.until_ns;
      }
    }
    if (there->waiters.is_alone()) keys_.erase(key);
    tell(told, guard, me);
  }

  struct watched {
    digest key;
    std::shared_ptr<claim_file> file;
    std::int64_t until_ns = 0;
  };

  /// The caller has the lock.
  bool start_watching() {
    auto* const self = new std::shared_ptr<claim_table>(shared_from_this());
    // The program's signals are for the program's threads.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    is_watching_ = ::pthread_create(&thread_, nullptr, &watch, self) == 0;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!is_watching_) delete self;
    return is_watching_;
  }

  static void* watch(void* argument) {
    auto* const self = static_cast<std::shared_ptr<claim_table>*>(argument);
    (*self)->watch_keys();
    delete self;
    return nullptr;
  }

  void watch_keys() {
    constexpr std::int64_t a_millisecond_ns = 1'000'000;
    std::int64_t delay = a_millisecond_ns;
    std::int64_t until = 0;
    auto const me = thread_number();
    std::vector<watched> all;
    for (;;) {
      std::int64_t now = clock::system().steady_ns();
      std::int64_t const wait =
          is_before(until, now + delay) ? std::max<std::int64_t>(until - now, 0) : delay;
      timespec const pause{0, static_cast<long>(wait)};
      ::nanosleep(&pause, nullptr);
      {
        std::unique_lock guard(lock_);
        all.clear();
        try {
          keys_.each([&](digest const& key, held const& there) {
            if (there.thread == nobody) all.push_back({key, there.file, there.until_ns});
          });
        } catch (std::bad_alloc const&) {  // those who are not seen now are seen later
          if (all.empty()) continue;
        }
        if (all.empty() || is_stopped_) {
          for (auto const& one : all)
            if (held const* const there = keys_.find(one.key); there != nullptr && there->thread == nobody)
              release(one.key, guard, me);
          is_watching_ = false;
          if (!is_joined_) ::pthread_detach(thread_);
          return;
        }
        delay = is_news_ ? a_millisecond_ns : std::min(delay + delay / 4, 20 * a_millisecond_ns);
        is_news_ = false;
      }
      until = 0;
      now = clock::system().steady_ns();
      for (auto const& one : all) {
        bool const is_free = !one.file->is_claimed(one.key);
        std::unique_lock guard(lock_);
        held const* const there = keys_.find(one.key);
        if (there == nullptr || there->thread != nobody || there->file != one.file) continue;
        if (is_free)
          release(one.key, guard, me);
        else
          tell_due(one.key, now, guard, me);
        if (is_before(one.until_ns, until) && one.until_ns > now) until = one.until_ns;
      }
    }
  }

  mutable std::mutex lock_;
  digest_map<held> keys_;
  std::shared_ptr<claim_file> file_;
  pthread_t thread_{};
  bool is_watching_ = false;
  bool is_stopped_ = false;
  bool is_joined_ = false;
  bool is_news_ = false;                 ///< a key is watched that the thread has not seen
  std::atomic<std::uint32_t> calls_{0};  ///< that have returned
};

// What was made before a fork is its parent's.
inline claim_place::~claim_place() {
  if (generation == process_generation()) table->leave(*this);
}

}  // namespace memo::detail
