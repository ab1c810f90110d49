/// What the limits of all stores have in common.
#pragma once

#include <memo/store/entry.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace memo::detail {

inline bool has_limits(store_limits const& limits) {
  return limits.max_bytes != 0 || limits.max_entries != 0 || limits.max_age_ms != 0;
}

/// True where so many bytes and entries are more than the limits allow.
inline bool is_over(store_limits const& limits, std::uint64_t bytes, std::uint64_t entries) {
  return (limits.max_bytes != 0 && bytes > limits.max_bytes) ||
         (limits.max_entries != 0 && entries > limits.max_entries);
}

/// What is to be left so that there is room for `bytes` and `entries` more: a tenth below the limits at least, so that not
/// every put collects.
inline store_limits with_room(store_limits limits, std::uint64_t bytes = 0, std::uint64_t entries = 0) {
  auto const lower = [](std::uint64_t& most, std::uint64_t more) {
    // Zero would be no limit.
    if (most != 0) most = std::max<std::uint64_t>(most - std::min(most, std::max(most / 10, more)), 1);
  };
  lower(limits.max_bytes, bytes);
  lower(limits.max_entries, entries);
  return limits;
}

/// What a run is told whose values alone are more than the limits allow.
inline std::string too_small_for_run(store_limits const& limits, std::uint64_t bytes, std::uint64_t entries) {
  bool const by_bytes = limits.max_bytes != 0 && bytes > limits.max_bytes;
  auto const amount = [&](std::uint64_t bytes_now, std::uint64_t entries_now) {
    return by_bytes ? std::to_string(bytes_now) + " bytes" : std::to_string(entries_now) + " entries";
  };
  return "the limit of " + amount(limits.max_bytes, limits.max_entries) + " is less than this run uses (" +
         amount(bytes, entries) + "); what it uses stays while the run lives";
}

}  // namespace memo::detail
