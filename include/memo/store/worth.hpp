#pragma once

#include <memo/store/entry.hpp>

#include <algorithm>
#include <cstdint>

namespace memo::detail {

/// The cost of variants with one more: those without dependencies are parts of one result, the packs of a map's elements;
/// of others, one is computed again.
inline std::int64_t with_cost(std::int64_t sum_ns, std::int64_t cost_ns, bool is_part) {
  return is_part ? sum_ns + std::max<std::int64_t>(cost_ns, 0) : std::max(sum_ns, cost_ns);
}

/// How long it takes to compute again what an entry stands for, in nanoseconds.
inline std::int64_t recompute_cost(entries const& variants) {
  std::int64_t cost = 0;
  for (auto const& variant : variants)
    cost = with_cost(cost, variant.cost_ns, variant.variant && variant.dependencies.empty());
  return cost;
}

/// What an entry is worth before its size counts: the cost of computing it again, against the time since it was last used.
/// The constants keep fresh ones from counting as priceless, and cheap ones as free.
inline double worth_of_any_size(std::int64_t cost_ns, std::int64_t idle_ns) {
  double const cost = static_cast<double>(cost_ns < 0 ? 0 : cost_ns) + 1e6;
  double const idle = static_cast<double>(idle_ns < 0 ? 0 : idle_ns) + 6e10;
  return cost / idle;
}

/// The same against the bytes that it takes; the smallest ones are alike.
inline double worth_of_size(double of_any_size, std::uint64_t bytes) {
  return of_any_size / (static_cast<double>(bytes) + 4096);
}

/// How much it would hurt to lose an entry.
inline double worth(std::int64_t cost_ns, std::uint64_t bytes, std::int64_t idle_ns) {
  return worth_of_size(worth_of_any_size(cost_ns, idle_ns), bytes);
}

}  // namespace memo::detail
