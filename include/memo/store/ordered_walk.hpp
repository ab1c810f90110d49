#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace memo::detail {

/// How many threads a walk over very many files may use: those that this process may run on, and no more than help.
inline std::size_t walking_threads() {
  std::size_t const most = std::thread::hardware_concurrency();
  return most < 1 ? 1 : most > 8 ? 8 : most;
}

/// Calls `take(make(i))` for each i from `first` to `count`, `take` on this thread and in this order, `make` on this and on
/// helping threads, which run ahead by a few results only. What either throws ends the walk.
template <class Make, class Take>
void walk_in_order(std::size_t first, std::size_t count, std::size_t threads, Make make, Take take) {
  using result = decltype(make(first));
  struct outcome {
    std::optional<result> made;
    std::exception_ptr failure;
  };
  struct shared_state {
    std::mutex lock;
    std::condition_variable changed;
    std::vector<outcome> outcomes;
    std::size_t next = 0;   ///< to be made
    std::size_t taken = 0;  ///< those before it
    bool is_over = false;
    std::vector<std::thread> helpers;

    ~shared_state() {
      {
        std::lock_guard const guard(lock);
        is_over = true;
      }
      changed.notify_all();
      for (auto& helper : helpers) helper.join();
    }
  } shared;
  shared.outcomes.resize(count);
  shared.next = shared.taken = first;
  std::size_t const ahead = 2 * threads;
  auto const may_make = [&] { return shared.next < count && shared.next < shared.taken + ahead; };
  // With the lock, which it releases while it works.
  auto const make_next = [&](std::unique_lock<std::mutex>& guard) {
    std::size_t const mine = shared.next++;
    guard.unlock();
    outcome done;
    try {
      done.made.emplace(make(mine));
    } catch (...) {
      done.failure = std::current_exception();
    }
    guard.lock();
    shared.outcomes[mine] = std::move(done);
    shared.changed.notify_all();
  };
  for (std::size_t i = 1; i < threads; ++i) {
    try {
      shared.helpers.emplace_back([&] {
        std::unique_lock guard(shared.lock);
        while (!shared.is_over && shared.next < count) {
          if (may_make())
            make_next(guard);
          else
            shared.changed.wait(guard);
        }
      });
    } catch (std::system_error const&) {
      break;  // no thread is to be had: fewer do it
    }
  }
  for (std::size_t i = first; i < count; ++i) {
    std::unique_lock guard(shared.lock);
    auto& mine = shared.outcomes[i];
    while (!mine.made && !mine.failure) {
      if (may_make())
        make_next(guard);
      else
        shared.changed.wait(guard);
    }
    outcome done = std::move(mine);
    mine = {};
    shared.taken = i + 1;
    guard.unlock();
    shared.changed.notify_all();
    if (done.failure) std::rethrow_exception(done.failure);
    take(std::move(*done.made));
  }
}

}  // namespace memo::detail
