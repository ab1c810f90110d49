#pragma once

#include <memo/core/folder.hpp>

#include <atomic>
#include <cstdint>

namespace memo::detail {

/// Says yes with this chance (0 to 1). `state` starts at zero and is seeded from the system on first use. Any thread.
inline bool by_chance(std::atomic<std::uint64_t>& state, double chance) {
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;
  if (state.load(std::memory_order_relaxed) == 0)
    state.store(os::random_digest().low | 1, std::memory_order_relaxed);
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t z = state.fetch_add(step, std::memory_order_relaxed) + step;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53 < chance;
}

}  // namespace memo::detail
