/// A map as plain data: what the engine needs to run a step's function over the elements of a range.
#pragma once

#include <memo/graph/row.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace memo {

/// The elements of a range, by address. Where the range has no lvalues to point to, `owner` holds copies.
struct element_list {
  std::vector<void const*> at;
  std::shared_ptr<void const> owner;
};

/// The operations of a map without its types. `results` is a builder made by `begin`; different places of it may be
/// filled by different threads at the same time.
struct map_row {
  value_type const* element = nullptr;  ///< the type of the elements
  value_type const* result = nullptr;   ///< the type of one result

  /// The elements of a range, in its order. The range outlives the list.
  element_list (*elements)(void const* range) = nullptr;

  /// A builder with room for `count` results.
  std::shared_ptr<void> (*begin)(std::size_t count) = nullptr;

  /// Calls the step's function for one element and puts the result in place. `rest` are the arguments behind the
  /// element. Throws what the function throws; the place stays empty then, and may be filled again.
  void (*call)(void const* function, void const* element, std::span<argument const> rest,
               memo::context* context, void* results, std::size_t place) = nullptr;

  /// The result at a place that was filled.
  void const* (*at)(void const* results, std::size_t place) = nullptr;

  /// Fills a place with a stored form. Throws decode_error.
  void (*decode)(void* results, std::size_t place, byte_view bytes) = nullptr;

  /// The step's value: result `places[i]` is element i. Results are moved out of the builder at their last use.
  std::shared_ptr<void> (*finish)(void* results, std::span<std::uint32_t const> places) = nullptr;

  /// What stands for the inputs in an element's key (`.key`); null where they stand for themselves.
  fingerprint (*key)(void const* key_function, void const* element, std::span<argument const> rest,
                     std::uint64_t seed) = nullptr;
};

}  // namespace memo
