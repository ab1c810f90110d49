/// Bounds for tests of what once hung: far longer than any machine takes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace test {

/// Ends the program, with a sentence, where this object lives for two minutes.
class deadline {
 public:
  explicit deadline(char const* what) : thread_([this, what] { watch(what); }) {}
  deadline(deadline const&) = delete;
  deadline& operator=(deadline const&) = delete;
  ~deadline() {
    {
      std::lock_guard const guard(lock_);
      is_over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

 private:
  void watch(char const* what) {
    std::unique_lock guard(lock_);
    if (changed_.wait_for(guard, std::chrono::minutes(2), [this] { return is_over_; })) return;
    std::fprintf(stderr, "after two minutes still not over: %s\n", what);
    std::abort();
  }

  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

/// Waits until another thread sets the flag; false where it does not within half a minute.
inline bool comes_true(std::atomic<bool> const& flag) {
  for (auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(30); !flag;) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace test
