/// Ctrl-C and SIGTERM as a request to stop. Opt-in: not in memo.hpp, and nothing happens before an object is made.
///
///     memo::stop_on_signals const signals;
///     memo::runner runner{store, {.stop = signals.token()}};
#pragma once

#include <memo/core/error.hpp>
#include <memo/core/os_calls.hpp>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>

namespace memo {
namespace detail {

/// One signal that objects of stop_on_signals take.
struct taken_signal {
  int number;
  bool taken = false;
  struct sigaction old{};
  std::atomic<std::int64_t> first{0};  // when it came for the first time, in nanoseconds; 0: not yet
};

/// What all objects of stop_on_signals in a process share. Constant from the start and never destroyed, so that objects
/// with static storage may use it.
struct signal_desk {
  // What a handler touches: lock-free atomics, and plain data that is written before the handler is installed.
  taken_signal signals[2] = {{.number = SIGINT}, {.number = SIGTERM}};
  std::atomic<pid_t> watched_in{0};  // the process that has the watching thread; a forked child has none
  std::atomic<int> received{0};
  sem_t wake{};

  std::mutex mutex;      // guards the rest
  unsigned objects = 0;  // made in this process
  std::stop_source* source = nullptr;
  pthread_t watcher{};
  std::atomic<bool> leaving{false};
  bool prepared = false;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<pid_t>::is_always_lock_free);

inline constinit signal_desk the_signal_desk;

/// timeout(1) and batch systems signal a process and then its group: the process gets one signal twice within
/// microseconds. What comes this soon after the first is no second wish. In nanoseconds.
inline constexpr std::int64_t same_signal = 200'000'000;

extern "C" inline void memo_take_signal(int number) {
  signal_desk& desk = the_signal_desk;
  int const interrupted_errno = errno;
  taken_signal& signal = desk.signals[number == desk.signals[0].number ? 0 : 1];
  bool passes_on = true;
  if (desk.watched_in.load() == ::getpid()) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    std::int64_t const at = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    std::int64_t first = 0;
    passes_on = !signal.first.compare_exchange_strong(first, at) && at - first > same_signal;
    if (first == 0) {
      int none = 0;
      desk.received.compare_exchange_strong(none, number);
      ::sem_post(&desk.wake);
    }
  }
  if (passes_on) {
    // It is blocked while this handler runs, and does what it did before as soon as the handler returns.
    ::sigaction(number, &signal.old, nullptr);
    ::raise(number);
  }
  errno = interrupted_errno;
}

extern "C" inline void* memo_watch_signals(void* source) {
  signal_desk& desk = the_signal_desk;
  for (;;) {
    while (::sem_wait(&desk.wake) != 0) {
    }
    if (desk.received.load() != 0) static_cast<std::stop_source*>(source)->request_stop();
    if (desk.leaving.load()) return nullptr;
  }
}

// The functions below are called with the desk's mutex held.

inline void start_watching(signal_desk& desk) {
  if (!desk.prepared) {
    ::sem_init(&desk.wake, 0, 0);
    // A child of a process with several threads must not find the mutex locked by a thread that it does not have.
    ::pthread_atfork([] { the_signal_desk.mutex.lock(); }, [] { the_signal_desk.mutex.unlock(); },
                     [] {
                       the_signal_desk.watched_in.store(0);
                       the_signal_desk.mutex.unlock();
                     });
    desk.prepared = true;
  }
  // In a forked child the parent's stop is not used again: a thread that is not here may have been at work in it.
  delete desk.source;
  desk.source = new std::stop_source;
  desk.objects = 0;
  desk.leaving.store(false);
  desk.received.store(0);
  for (taken_signal& signal : desk.signals) signal.first.store(0);

  // The watching thread takes the signals that all other threads block, and runs no other handler of the program.
  sigset_t others, before;
  ::sigfillset(&others);
  for (taken_signal const& signal : desk.signals) ::sigdelset(&others, signal.number);
  ::pthread_sigmask(SIG_SETMASK, &others, &before);
  int const failed = ::pthread_create(&desk.watcher, nullptr, memo_watch_signals, desk.source);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed != 0) {
    delete std::exchange(desk.source, nullptr);
    throw error("no thread can be started to watch for signals", {{"reason", os::error_text(failed)}},
                "allow the process more threads, or do without memo::stop_on_signals");
  }
  desk.watched_in.store(::getpid());
}

inline void stop_watching(signal_desk& desk) {
  desk.leaving.store(true);
  ::sem_post(&desk.wake);
  ::pthread_join(desk.watcher, nullptr);
  desk.watched_in.store(0);
  delete std::exchange(desk.source, nullptr);
}

inline bool is_ignored(struct sigaction const& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}
inline bool is_taken_here(struct sigaction const& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == memo_take_signal;
}

inline void take_signals(signal_desk& desk) {
  for (taken_signal& signal : desk.signals) {
    struct sigaction current{};
    ::sigaction(signal.number, nullptr, &current);
    if (is_taken_here(current)) continue;
    signal.taken = !is_ignored(current);
    if (!signal.taken) continue;
    signal.old = current;
    struct sigaction action{};
    action.sa_handler = memo_take_signal;
    ::sigemptyset(&action.sa_mask);
    // A stop is asked for, not forced: a system call that a step or a library is in goes on as if nothing had come,
    // instead of failing with EINTR. The alternate stack is for threads with small stacks of their own.
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigaction(signal.number, &action, nullptr);
  }
}

/// Leaves alone what somebody else has installed meanwhile.
inline void give_back_signals(signal_desk& desk) {
  for (taken_signal& signal : desk.signals) {
    if (!std::exchange(signal.taken, false)) continue;
    struct sigaction current{};
    ::sigaction(signal.number, nullptr, &current);
    if (is_taken_here(current)) ::sigaction(signal.number, &signal.old, nullptr);
  }
}

}  // namespace detail

/// While an object of this class lives, the first SIGINT and the first SIGTERM request a stop instead of ending the
/// process. A run with `options.stop = signals.token()` then starts no new step, lets running steps finish, keeps what they
/// gave, and throws run_cancelled. Steps that ask `context::stop_requested` may give up instead.
///
/// - The second signal of a kind, if more than 0.2 s after the first, finds the action that was there before: by
///   default it ends the process. So Ctrl-C twice always works.
/// - A signal that the program ignores stays ignored, as in a script's background jobs.
/// - Objects nest: the first one takes the signals, the last one gives them back; all share one stop, so that one that
///   is made after the signal came, while another lives, is asked at once.
/// - It does not matter which threads block the signals: a thread of its own takes them then. Callbacks of the token run
///   on that thread and may be slow. They must not make or destroy objects of this class, nor fork.
/// - In a forked child the signals find the action that was there before the first object, until the child makes an
///   object of its own.
///
/// Objects may be made and destroyed by any thread. The constructor throws memo::error where no thread can be started.
class stop_on_signals {
 public:
  stop_on_signals() {
    detail::signal_desk& desk = detail::the_signal_desk;
    std::lock_guard const lock(desk.mutex);
    if (desk.watched_in.load() != ::getpid()) {
      detail::start_watching(desk);
      detail::take_signals(desk);
    }
    ++desk.objects;
    token_ = desk.source->get_token();
  }
  stop_on_signals(stop_on_signals const&) = delete;
  stop_on_signals& operator=(stop_on_signals const&) = delete;
  ~stop_on_signals() {
    detail::signal_desk& desk = detail::the_signal_desk;
    std::lock_guard const lock(desk.mutex);
    if (made_in_ != ::getpid() || --desk.objects != 0) return;
    detail::give_back_signals(desk);
    detail::stop_watching(desk);
  }

  /// For `options::stop`; stays usable after this object.
  std::stop_token token() const { return token_; }

  /// The number of the signal that came first, or 0. A program that ends because of it returns 128 more, as a shell
  /// would tell of a process that the signal ended.
  int received() const { return detail::the_signal_desk.received.load(); }

 private:
  pid_t made_in_ = ::getpid();
  std::stop_token token_;
};

}  // namespace memo
