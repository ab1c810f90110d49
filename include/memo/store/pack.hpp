/// Packs: the results of many elements of a map in one object of a store.
///
///     pack    := magic "MEMO-PCK" format:u32 count:u32 section*      nothing after the last section
///     section := created_ms:i64 count:u32 kind:u8 width:u8 zero:u16 key:digest* sizes item:byte*
///     kind    := 0 (an item is the stored form of a result)
///              | 1 (an item is object:digest size:u64: the stored form is an object of its own)
///     sizes   := one u64 that is the size of every item      where width is 0
///              | count numbers of `width` bytes (1, 2 or 4)
///     digest  := high:u64 low:u64
///
/// All numbers are little-endian. The keys stand side by side and in no order: who reads a pack has the store hash all of
/// it, beside which a pass over the keys costs little, and who writes one does so again and again and need not sort.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/store/record_reader.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace memo {

/// The number of the format above. Packs of another number are not read.
///
/// 1: the first.
inline constexpr std::uint32_t pack_format_version = 1;

namespace detail {

enum class packed : std::uint8_t { bytes = 0, object = 1 };

/// Results that were packed at one time, as they lie in a pack.
struct pack_section {
  std::int64_t created_ms = 0;
  std::uint32_t count = 0;
  packed kind = packed::bytes;
  unsigned width = 0;
  std::uint64_t fixed_size = 0;  ///< where `width` is 0
  byte_view keys;
  byte_view sizes;
  byte_view items;

  digest key(std::size_t at) const {
    std::byte const* const from = keys.data() + 16 * at;
    return {load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + 8)};
  }
  std::uint64_t size(std::size_t at) const {
    switch (width) {
      case 1:
        return load_little<std::uint8_t>(sizes.data() + at);
      case 2:
        return load_little<std::uint16_t>(sizes.data() + 2 * at);
      case 4:
        return load_little<std::uint32_t>(sizes.data() + 4 * at);
      default:
        return fixed_size;
    }
  }
};

/// Calls `seen(key, item)` for each item of a section that `read_pack` gave.
template <class Seen>
void each_packed(pack_section const& section, Seen seen) {
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < section.count; ++i) {
    auto const size = static_cast<std::size_t>(section.size(i));
    seen(section.key(i), section.items.subspan(at, size));
    at += size;
  }
}

inline std::optional<pack_section> read_section(byte_reader& from) {
  pack_section made;
  made.created_ms = from.number<std::int64_t>();
  made.count = from.number<std::uint32_t>();
  auto const kind = from.number<std::uint8_t>();
  made.width = from.number<std::uint8_t>();
  auto const zero = from.number<std::uint16_t>();
  bool const known = kind <= 1 && made.width <= 4 && made.width != 3 && zero == 0;
  if (!known || made.count > from.left() / 16) return std::nullopt;
  made.kind = static_cast<packed>(kind);
  made.keys = from.bytes(std::uint64_t{16} * made.count);
  std::uint64_t total = 0;
  if (made.width == 0) {
    made.fixed_size = from.number<std::uint64_t>();
    if (made.count != 0 && made.fixed_size > from.left() / made.count) return std::nullopt;
    total = made.count * made.fixed_size;
  } else {
    made.sizes = from.bytes(std::uint64_t{made.width} * made.count);
    if (!from.good()) return std::nullopt;
    for (std::uint32_t i = 0; i < made.count; ++i) total += made.size(i);
  }
  made.items = from.bytes(total);
  if (!from.good()) return std::nullopt;
  if (made.kind == packed::object && (made.width != 0 || (made.count != 0 && made.fixed_size != 24)))
    return std::nullopt;
  return made;
}

/// The sections of a pack, newest first as they were written; nothing where the bytes are no pack. Every size was checked
/// against what is there. The sections point into `pack`.
inline std::optional<std::vector<pack_section>> read_pack(byte_view pack) {
  byte_reader from(pack);
  if (as_text(from.bytes(8)) != "MEMO-PCK") return std::nullopt;
  if (from.number<std::uint32_t>() != pack_format_version) return std::nullopt;
  std::size_t const count = from.count(24);
  std::vector<pack_section> sections;
  for (std::size_t i = 0; i < count; ++i) {
    auto const section = read_section(from);
    if (!section) return std::nullopt;
    sections.push_back(*section);
  }
  if (!from.at_end()) return std::nullopt;
  return sections;
}

/// The object that an item of kind `object` names, and its size.
struct packed_object {
  digest object;
  std::uint64_t size = 0;
};
inline packed_object object_in(byte_view item) {
  std::byte const* const from = item.data();
  return {{load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + 8)},
          load_little<std::uint64_t>(from + 16)};
}

/// Results on their way into one section.
class section_writer {
 public:
  /// Makes room for an item of `size` bytes, which the caller fills in before the next call.
  std::byte* add(digest const& key, std::size_t size) {
    char raw[16];
    std::memcpy(raw, &key.high, 8);
    std::memcpy(raw + 8, &key.low, 8);
    keys_.append(raw, sizeof raw);
    sizes_.push_back(static_cast<std::uint32_t>(size));
    std::size_t const at = items_.size();
    items_.resize(at + size);
    return reinterpret_cast<std::byte*>(items_.data()) + at;
  }
  void add(digest const& key, byte_view item) {
    std::byte* const to = add(key, item.size());
    if (!item.empty()) std::memcpy(to, item.data(), item.size());
  }
  void add(digest const& key, packed_object const& named) {
    std::byte* const to = add(key, 24);
    store_digest(to, named.object);
    store_little(to + 16, named.size);
  }
  /// Takes over what another holds.
  void append(section_writer const& other) {
    keys_ += other.keys_;
    items_ += other.items_;
    sizes_.insert(sizes_.end(), other.sizes_.begin(), other.sizes_.end());
  }

  /// Calls `seen(key)` for each item.
  template <class Seen>
  void each_key(Seen seen) const {
    for (std::size_t at = 0; at < keys_.size(); at += 16) {
      std::byte const* const from = as_byte_view(keys_).data() + at;
      seen(digest{load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + 8)});
    }
  }

  std::size_t count() const { return sizes_.size(); }
  std::size_t size() const { return keys_.size() + 4 * sizes_.size() + items_.size(); }
  void clear() {
    keys_.clear();
    items_.clear();
    sizes_.clear();
  }

  void write(byte_writer& to, std::int64_t created_ms, packed kind) const {
    bool is_fixed = true;
    std::uint32_t largest = 0;
    for (std::uint32_t const size : sizes_) {
      is_fixed = is_fixed && size == sizes_.front();
      largest = std::max(largest, size);
    }
    auto const width = static_cast<std::uint8_t>(is_fixed ? 0 : largest < 256 ? 1 : largest < 65536 ? 2 : 4);
    to.number(created_ms);
    to.number(static_cast<std::uint32_t>(sizes_.size()));
    to.number(static_cast<std::uint8_t>(kind));
    to.number(width);
    to.number(std::uint16_t{0});
    to.bytes(as_byte_view(keys_));
    if (width == 0) to.number(std::uint64_t{sizes_.empty() ? 0 : sizes_.front()});
    for (std::uint32_t const size : sizes_) {
      if (width == 1) to.number(static_cast<std::uint8_t>(size));
      if (width == 2) to.number(static_cast<std::uint16_t>(size));
      if (width == 4) to.number(size);
    }
    to.bytes(as_byte_view(items_));
  }

 private:
  std::string keys_;
  std::string items_;
  std::vector<std::uint32_t> sizes_;
};

/// Sections on their way into a pack; the newest is added first.
class pack_writer {
 public:
  void add(section_writer const& section, std::int64_t created_ms, packed kind) {
    if (section.count() == 0) return;
    section.write(body_, created_ms, kind);
    ++sections_;
  }
  bool empty() const { return sections_ == 0; }

  byte_writer finish() const {
    byte_writer all;
    all.bytes(as_byte_view("MEMO-PCK"));
    all.number(pack_format_version);
    all.number(sections_);
    all.bytes(body_.view());
    return all;
  }

 private:
  byte_writer body_;
  std::uint32_t sections_ = 0;
};

}  // namespace detail
}  // namespace memo
