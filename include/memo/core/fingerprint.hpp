#pragma once

#include <memo/core/digest.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace memo {

/// What stands for a value in the keys of the steps that read it: its canonical bytes where there are at most
/// 64 of them, its digest where there are more. The digest is there in both cases.
struct fingerprint {
  static constexpr std::size_t small_limit = 64;

  digest value;
  std::uint8_t small_size = 0;
  bool is_small = false;
  std::array<std::byte, small_limit> small{};

  /// The canonical bytes; only where `is_small`.
  byte_view small_bytes() const { return {small.data(), small_size}; }

  /// The fingerprint of a value whose whole canonical form is `bytes`.
  static fingerprint of_bytes(byte_view bytes, std::uint64_t seed = 0) {
    fingerprint made = of_digest(hash_bytes(bytes, seed));
    if (bytes.size() <= small_limit) {
      made.is_small = true;
      made.small_size = static_cast<std::uint8_t>(bytes.size());
      std::copy(bytes.begin(), bytes.end(), made.small.begin());
    }
    return made;
  }
  static fingerprint of_digest(digest const& value) {
    fingerprint made;
    made.value = value;
    return made;
  }

  friend bool operator==(fingerprint const& a, fingerprint const& b) {
    return a.value == b.value && a.is_small == b.is_small && a.small_size == b.small_size &&
           a.small == b.small;
  }
};

}  // namespace memo
