#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace memo {

/// Where memo gets the time: wall time for what is stored (creation, age), steady time for durations.
/// Tests and simulations replace it; every function may be called from any thread.
class clock {
 public:
  virtual ~clock() = default;

  /// Milliseconds since 1970, as the machine's wall clock has them.
  virtual std::int64_t wall_ms() const {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }

  /// Nanoseconds since an arbitrary start; never goes back.
  virtual std::int64_t steady_ns() const {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
  }

  /// The machine's own clock.
  static clock const& system() {
    static clock const instance;
    return instance;
  }
};

/// A clock that stands still until it is moved.
class manual_clock final : public clock {
 public:
  explicit manual_clock(std::int64_t wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}

  std::int64_t wall_ms() const override { return wall_ms_.load(); }
  std::int64_t steady_ns() const override { return wall_ms_.load() * 1'000'000; }

  void advance(std::chrono::milliseconds by) { wall_ms_.fetch_add(by.count()); }

 private:
  std::atomic<std::int64_t> wall_ms_;
};

}  // namespace memo
