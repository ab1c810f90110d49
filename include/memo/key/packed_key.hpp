#pragma once

#include <memo/key/key.hpp>
#include <memo/key/packed.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace memo {

/// Values whose part of a key is their bytes, of a size that the type tells.
template <class T>
concept packed_in_key = packed<T> && sizeof(T) <= fingerprint::small_limit;

namespace detail {

/// Writes bytes by whole words at places that the compiler knows: what is read back as words at once was not written in
/// smaller pieces, for which a processor would have to wait.
template <std::size_t At, std::size_t Words>
void put_word(std::array<std::uint64_t, Words>& words, std::uint64_t value) {
  constexpr std::size_t shift = 8 * (At % 8);
  words[At / 8] |= value << shift;
  if constexpr (shift != 0 && At / 8 + 1 < Words) words[At / 8 + 1] |= value >> (64 - shift);
}

template <std::size_t At, class T, std::size_t Words, std::size_t... I>
void put_value(std::array<std::uint64_t, Words>& words, T const& value, std::index_sequence<I...>) {
  // The part's tag, the length of its name, which is zero, and its own length, of which the high byte is zero too.
  put_word<At>(words, static_cast<std::uint64_t>(part::input) | std::uint64_t{1 + sizeof(T)} << 40);
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(T));
  (
      [&] {
        constexpr std::size_t size = sizeof(T) - 8 * I < 8 ? sizeof(T) - 8 * I : 8;
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + 8 * I, size);
        put_word<At + 10 + 8 * I>(words, word);
      }(),
      ...);
}

template <std::size_t At, std::size_t Words>
void put_values(std::array<std::uint64_t, Words>&) {}
template <std::size_t At, std::size_t Words, class T, class... Rest>
void put_values(std::array<std::uint64_t, Words>& words, T const& value, Rest const&... rest) {
  put_value<At>(words, value, std::make_index_sequence<(sizeof(T) + 7) / 8>());
  put_values<At + 10 + sizeof(T)>(words, rest...);
}

}  // namespace detail

/// The key that inputs without a name make with a prefix: the same as by `key_parts` and `add_value`, for values whose
/// sizes are known, so that the compiler lays the parts out.
template <packed_in_key... T>
digest packed_key(digest const& prefix, std::uint64_t seed, T const&... values) {
  constexpr std::size_t size = 16 + (0 + ... + (10 + sizeof(T)));
  std::array<std::uint64_t, (size + 7) / 8> words{prefix.high, prefix.low};
  detail::put_values<16>(words, values...);
  return hash_bytes(std::as_bytes(std::span(words)).first(size), seed);
}

}  // namespace memo
