/// Numbers that many threads count up and few read, spread so that threads share no cache line and need no locked
/// instruction.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace memo::detail {

/// Gives each living thread a stripe. The first 32 threads have one alone; the others share 8.
class stripes {
 public:
  static constexpr std::uint32_t owned = 32;
  static constexpr std::uint32_t shared = 8;

  /// The calling thread's stripe; below `owned`, no other living thread has it.
  static std::uint32_t own() {
    std::uint32_t const mine = number();
    return mine != 0 ? mine - 1 : take();
  }

 private:
  // Zero until it is asked for: a thread-local variable without a constructor costs no guard.
  static std::uint32_t& number() {
    static thread_local std::uint32_t mine = 0;
    return mine;
  }

  static std::atomic<std::uint32_t>& taken() {
    static std::atomic<std::uint32_t> bits{0};
    return bits;
  }

  static std::uint32_t take() {
    static std::atomic<std::uint32_t> next_shared{0};
    std::uint32_t bits = taken().load(std::memory_order_relaxed);
    while (~bits != 0) {
      auto const free = static_cast<std::uint32_t>(std::countr_one(bits));
      // Acquire: what its last owner counted is seen.
      if (!taken().compare_exchange_weak(bits, bits | std::uint32_t{1} << free, std::memory_order_acquire))
        continue;
      static thread_local giver const at_end{free};
      number() = free + 1;
      return free;
    }
    std::uint32_t const mine = owned + next_shared.fetch_add(1, std::memory_order_relaxed) % shared;
    number() = mine + 1;
    return mine;
  }

  struct giver {
    explicit giver(std::uint32_t stripe) : mine(stripe) {}
    giver(giver const&) = delete;
    giver& operator=(giver const&) = delete;
    ~giver() {
      number() = owned + 1;  // for what other thread-local objects still count
      taken().fetch_and(~(std::uint32_t{1} << mine), std::memory_order_release);
    }
    std::uint32_t mine;
  };
};

/// One `T` for each stripe, on a cache line of its own.
template <class T>
class striped {
 public:
  T& operator[](std::uint32_t stripe) { return all_[stripe].value; }

  template <class Seen>
  void each(Seen seen) const {
    for (auto const& one : all_) seen(one.value);
  }

 private:
  struct alignas(64) padded {
    T value{};
  };
  std::array<padded, stripes::owned + stripes::shared> all_{};
};

/// Adds one to a number of the stripe; no count is lost.
inline void count_in(std::uint32_t stripe, std::atomic<std::uint64_t>& number) {
  if (stripe < stripes::owned)
    number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  else
    number.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace memo::detail
