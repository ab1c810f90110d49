/// Bytes: views, owned and aligned, and little-endian numbers in them.
#pragma once

#include <memo/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

using byte_view = std::span<std::byte const>;

/// The bytes of a text.
inline byte_view as_byte_view(std::string_view text) {
  return {reinterpret_cast<std::byte const*>(text.data()), text.size()};
}

/// The text that some bytes spell.
inline std::string_view as_text(byte_view bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// Every payload that a store hands out starts at a multiple of this, so that a view of it can be read as any
/// arithmetic type and with any vector instruction.
inline constexpr std::size_t payload_alignment = 64;

/// Immutable bytes together with what keeps them alive: a heap block, a mapping, a cached record.
/// Copies share the bytes; any thread may read them.
struct shared_bytes {
  std::shared_ptr<void const> owner;
  byte_view view;
};

/// A heap block of `size` bytes, aligned to `payload_alignment`, not initialised.
/// Throws std::bad_alloc.
class aligned_block {
 public:
  aligned_block() = default;
  explicit aligned_block(std::size_t size)
      : data_(static_cast<std::byte*>(::operator new(size == 0 ? 1 : size, alignment)),
              [](std::byte* p) { ::operator delete(p, alignment); }),
        size_(size) {}

  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  byte_view view() const { return {data_.get(), size_}; }

  /// The block as immutable bytes, in whole or in part.
  shared_bytes share(byte_view part) const { return {data_, part}; }
  shared_bytes share() const { return share(view()); }

 private:
  static constexpr std::align_val_t alignment{payload_alignment};
  std::shared_ptr<std::byte> data_;
  std::size_t size_ = 0;
};

/// Writes `value` at `to` in little-endian order.
template <class Integer>
  requires std::is_integral_v<Integer>
inline void store_little(std::byte* to, Integer value) {
  std::memcpy(to, &value, sizeof value);
}

/// Reads a little-endian number at `from`.
template <class Integer>
  requires std::is_integral_v<Integer>
inline Integer load_little(std::byte const* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace memo
