#pragma once

#include <memo/store/entry.hpp>

#include <algorithm>
#include <cstdint>

namespace memo::detail {

/// How long it takes to compute again what an entry stands for, in nanoseconds.
inline std::int64_t recompute_cost(entries const& variants) {
  std::int64_t cost = 0;
  for (auto const& variant : variants) {
    // Variants without dependencies are parts of one result: the packs of a map's elements.
    bool const is_part = variant.variant && variant.dependencies.empty();
    cost = is_part ? cost + std::max<std::int64_t>(variant.cost_ns, 0) : std::max(cost, variant.cost_ns);
  }
  return cost;
}

/// How much it would hurt to lose an entry: the cost of computing it again, against the bytes that it takes and
/// the time since it was last used. The constants keep small and fresh ones from counting as free or priceless.
inline double worth(std::int64_t cost_ns, std::uint64_t bytes, std::int64_t idle_ns) {
  double const cost = static_cast<double>(cost_ns < 0 ? 0 : cost_ns) + 1e6;
  double const idle = static_cast<double>(idle_ns < 0 ? 0 : idle_ns) + 6e10;
  return cost / ((static_cast<double>(bytes) + 4096) * idle);
}

}  // namespace memo::detail
