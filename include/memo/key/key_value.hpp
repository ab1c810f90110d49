#pragma once

#include <memo/key/contiguous.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/key.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace memo {

/// Adds a value to a key: the part is that of its fingerprint, but small plain values are not hashed on the way.
/// Throws what hashing the value throws.
template <class T>
void add_value(key_parts& parts, part tag, std::string_view name, T const& value, std::uint64_t seed) {
  if constexpr (is_contiguous_v<T>) {
    auto const bytes = std::as_bytes(std::span(value.data(), value.size()));
    if (bytes.size() <= fingerprint::small_limit) return parts.add_small(tag, name, bytes);
    parts.add(tag, name, fingerprint::of_digest(hash_bytes(bytes, seed)));
  } else if constexpr (packed<T> && sizeof(T) <= fingerprint::small_limit) {
    parts.add_small(tag, name, std::as_bytes(std::span(&value, 1)));
  } else {
    parts.add(tag, name, fingerprint_of(value, seed));
  }
}

}  // namespace memo
