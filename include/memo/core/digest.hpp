/// 128-bit digests and the one hash function that makes them.
///
/// XXH3-128 (Yann Collet, xxHash 0.8) is fast and well distributed, and not cryptographic: it guards against
/// accident (10^12 values: a collision with a chance of about 10^-15), not against somebody who chooses
/// inputs. Where that matters, `options::secret` gives a seed that others do not know.
#pragma once

#include <memo/core/bytes.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memo {

/// A 128-bit digest; zero stands for "none".
struct digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend constexpr auto operator<=>(digest const&, digest const&) = default;
  constexpr explicit operator bool() const { return (high | low) != 0; }
};

/// 32 lower-case hexadecimal digits, the high half first (as xxh128sum prints them).
inline std::string to_hex(digest const& d) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[i] = digits[(d.high >> (60 - 4 * i)) & 15];
    text[i + 16] = digits[(d.low >> (60 - 4 * i)) & 15];
  }
  return text;
}

/// The digest that 32 lower-case hexadecimal digits spell, or nothing.
inline std::optional<digest> digest_from_hex(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  std::array<std::uint64_t, 2> halves{};
  for (std::size_t i = 0; i < 32; ++i) {
    char const c = text[i];
    std::uint64_t nibble = 0;
    if (c >= '0' && c <= '9')
      nibble = static_cast<std::uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      nibble = static_cast<std::uint64_t>(c - 'a' + 10);
    else
      return std::nullopt;
    halves[i / 16] = (halves[i / 16] << 4) | nibble;
  }
  return digest{halves[0], halves[1]};
}

/// XXH3-128 of `bytes`.
inline digest hash_bytes(byte_view bytes, std::uint64_t seed = 0) {
  XXH128_hash_t const h = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {h.high64, h.low64};
}

/// XXH3-64 of `bytes`: the checksum of headers and small records.
inline std::uint64_t checksum_bytes(byte_view bytes, std::uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// XXH3-128 of bytes that come in pieces; equal to `hash_bytes` of all of them in one. About 600 bytes of
/// state, which are not touched before the first piece.
class byte_hasher {
 public:
  explicit byte_hasher(std::uint64_t seed = 0) : seed_(seed) {}

  void update(byte_view bytes) {
    if (!has_started_) start();
    XXH3_128bits_update(&state_, bytes.data(), bytes.size());
  }
  /// True from the first `update` on.
  bool has_started() const { return has_started_; }

  digest finish() const {
    if (!has_started_) return hash_bytes({}, seed_);
    XXH128_hash_t const h = XXH3_128bits_digest(&state_);
    return {h.high64, h.low64};
  }

 private:
  void start() {
    XXH3_INITSTATE(&state_);  // reset reuses the secret of a state that, even by chance, shows the same seed
    XXH3_128bits_reset_withSeed(&state_, seed_);
    has_started_ = true;
  }

  std::uint64_t seed_;
  bool has_started_ = false;
  XXH3_state_t state_;
};

}  // namespace memo

template <>
struct std::hash<memo::digest> {
  std::size_t operator()(memo::digest const& d) const noexcept { return static_cast<std::size_t>(d.low); }
};
