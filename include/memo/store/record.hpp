/// How stores write what they keep.
///
///     record  := header payload                  nothing before, between or after
///     header  := magic       8 bytes             "MEMO-ENT", "MEMO-OBJ" or "MEMO-LST"
///                format      u32                 store_format_version
///                flags       u32                 1: gone (log_format.hpp); 0 else
///                id          digest              key of the entry, digest of the object, id of the last record
///                size        u64                 of the payload, in bytes
///                checksum    digest              XXH3-128 of the payload, no seed
///                sum         u64                 XXH3-64 of the 56 bytes before it
///     payload := entries | the stored bytes | the text
///
///     entries    := count:u32 entry*             at most `max_listed_variants`, newest first
///     entry      := project:text pipeline:text step:text variant:digest created_ms:i64 cost_ns:i64
///                   count:u32 dependency* count:u32 check:digest* count:u32 output*
///     dependency := kind:u8 name:text content:digest
///     output     := flags:u8 value:digest [small_size:u8 small:byte*] object:digest codec:digest size:u64
///                   [padding stored:byte*]
///                   flags 1: the stored bytes are here; flags 2: the canonical bytes are here
///     padding    := zeros up to a multiple of 64 from the start of the payload
///     text       := size:u32 byte*
///     digest     := high:u64 low:u64
///
/// All numbers are little-endian. The header is as long as the alignment of payloads, so that a payload in a
/// mapped or aligned copy of the record is aligned. The id stands in the checked header: a record under
/// another name is not taken for the one asked for.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/digest.hpp>
#include <memo/store/entry.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace memo {

/// The number of the format above. Records of another number are misses.
///
/// 1: the first.
inline constexpr std::uint32_t store_format_version = 1;

namespace detail {

inline constexpr std::size_t record_header_size = payload_alignment;

/// How many variants of one key are kept where a put does not say; the oldest goes first.
inline constexpr std::size_t max_variants = 16;

/// How many may be kept where a put says so: an entry of them stays some hundred kilobytes long.
inline constexpr std::size_t max_listed_variants = 4096;

/// No entry is longer: what claims to be is damaged, and nothing is allocated for it.
inline constexpr std::uint64_t max_entry_size = std::uint64_t{256} << 20;

enum class record_kind : std::uint8_t { entry, object, last };

inline std::string_view magic_of(record_kind kind) {
  switch (kind) {
    case record_kind::entry:
      return "MEMO-ENT";
    case record_kind::object:
      return "MEMO-OBJ";
    case record_kind::last:
      break;
  }
  return "MEMO-LST";
}

/// Nothing where the text is no magic of ours.
inline std::optional<record_kind> kind_of_magic(std::string_view text) {
  for (record_kind const kind : {record_kind::entry, record_kind::object, record_kind::last})
    if (text == magic_of(kind)) return kind;
  return std::nullopt;
}

struct record_header {
  record_kind kind = record_kind::entry;
  digest id;
  std::uint64_t size = 0;
  digest checksum;
  bool is_gone = false;  ///< in a log: the record says that what was written under the id is there no more
};

using header_bytes = std::array<std::byte, record_header_size>;

inline void store_digest(std::byte* to, digest const& d) {
  store_little(to, d.high);
  store_little(to + 8, d.low);
}

/// `seed` is zero in files of one record; a log binds its headers to their place by it.
inline header_bytes encode_header(record_header const& header, std::uint64_t seed = 0) {
  header_bytes bytes{};
  std::memcpy(bytes.data(), magic_of(header.kind).data(), 8);
  store_little(bytes.data() + 8, store_format_version);
  store_little(bytes.data() + 12, std::uint32_t{header.is_gone});
  store_digest(bytes.data() + 16, header.id);
  store_little(bytes.data() + 32, header.size);
  store_digest(bytes.data() + 40, header.checksum);
  store_little(bytes.data() + 56, checksum_bytes({bytes.data(), 56}, seed));
  return bytes;
}

/// Appends numbers, texts and digests to a buffer.
class byte_writer {
 public:
  template <class Integer>
  void number(Integer value) {
    std::memcpy(room(sizeof value), &value, sizeof value);
  }
  void id(digest const& d) { store_digest(room(16), d); }
  void bytes(byte_view from) {
    if (!from.empty()) std::memcpy(room(from.size()), from.data(), from.size());
  }
  void text(std::string_view from) {
    number(static_cast<std::uint32_t>(from.size()));
    bytes(as_byte_view(from));
  }
  void pad_to(std::size_t alignment) {
    std::size_t const count = (alignment - size_ % alignment) % alignment;
    if (count != 0) std::memset(room(count), 0, count);
  }
  void reserve(std::size_t size) {
    if (size > capacity_) grow(size);
  }
  byte_view view() const { return {buffer_.get(), size_}; }

 private:
  std::byte* room(std::size_t size) {
    if (size > capacity_ - size_) grow(std::max(size_ + size, 2 * capacity_ + 64));
    std::byte* const to = buffer_.get() + size_;
    size_ += size;
    return to;
  }
  void grow(std::size_t capacity) {
    std::unique_ptr<std::byte[]> larger(new std::byte[capacity]);
    if (size_ != 0) std::memcpy(larger.get(), buffer_.get(), size_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte[]> buffer_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

inline void write_output(byte_writer& to, stored_output const& output) {
  to.number(static_cast<std::uint8_t>((output.is_inline ? 1 : 0) | (output.value.is_small ? 2 : 0)));
  to.id(output.value.value);
  if (output.value.is_small) {
    to.number(output.value.small_size);
    to.bytes(output.value.small_bytes());
  }
  to.id(output.object);
  to.id(output.codec);
  to.number(output.is_inline ? std::uint64_t{output.bytes.view.size()} : output.size);
  if (output.is_inline) {
    to.pad_to(payload_alignment);
    to.bytes(output.bytes.view);
  }
}

inline void write_entry(byte_writer& to, entry const& value) {
  to.text(value.project);
  to.text(value.pipeline);
  to.text(value.step);
  to.id(value.variant);
  to.number(value.created_ms);
  to.number(value.cost_ns);
  to.number(static_cast<std::uint32_t>(value.dependencies.size()));
  for (auto const& dep : value.dependencies) {
    to.number(static_cast<std::uint8_t>(dep.what));
    to.text(dep.name);
    to.id(dep.content);
  }
  to.number(static_cast<std::uint32_t>(value.checks.size()));
  for (auto const& check : value.checks) to.id(check);
  to.number(static_cast<std::uint32_t>(value.outputs.size()));
  for (auto const& output : value.outputs) write_output(to, output);
}

/// The payload of an entry record of one variant.
inline byte_writer encode_entry(entry const& only) {
  byte_writer to;
  std::uint64_t size = 192;
  for (auto const& output : only.outputs) size += 192 + (output.is_inline ? output.bytes.view.size() : 0);
  to.reserve(static_cast<std::size_t>(size));
  to.number(std::uint32_t{1});
  write_entry(to, only);
  return to;
}

/// The payload of an entry record.
inline byte_writer encode_entries(entries const& variants) {
  byte_writer to;
  to.number(static_cast<std::uint32_t>(variants.size()));
  for (auto const& variant : variants) write_entry(to, variant);
  return to;
}

/// The sum of the stored forms that an entry names, inline or not.
inline std::uint64_t stored_size(entry const& value) {
  std::uint64_t sum = 0;
  for (auto const& output : value.outputs) sum += output.is_inline ? output.bytes.view.size() : output.size;
  return sum;
}

inline bool has_variant(entries const& all, digest const& variant) {
  for (auto const& one : all)
    if (one.variant == variant) return true;
  return false;
}

/// The newest variants with `added` in front, and any of the same dependencies gone, as are those that it supersedes.
inline entries with_variant(entries const& old, entry added, std::span<digest const> supersedes = {},
                            std::size_t most = 0) {
  std::size_t const limit = most == 0 ? max_variants : std::min(most, max_listed_variants);
  entries made;
  made.reserve(old.size() + 1);
  made.push_back(std::move(added));
  for (entry const& variant : old) {
    bool const goes = variant.variant == made.front().variant ||
                      std::find(supersedes.begin(), supersedes.end(), variant.variant) != supersedes.end();
    if (!goes && made.size() < limit) made.push_back(variant);
  }
  return made;
}

/// True where `step`, the joined names of outputs, is asked for by `name`: any of them, all as joined, or "".
inline bool names_step(std::string_view step, std::string_view name) {
  if (name.empty() || step == name) return true;
  for (std::size_t at = 0; at <= step.size();) {
    std::size_t const end = step.find(',', at) == std::string_view::npos ? step.size() : step.find(',', at);
    if (step.substr(at, end - at) == name) return true;
    at = end + 1;
  }
  return false;
}

inline entry_info info_of(digest const& key, entries const& variants) {
  entry_info info;
  info.key = key;
  if (variants.empty()) return info;
  entry const& newest = variants.front();
  info.project = newest.project;
  info.pipeline = newest.pipeline;
  info.step = newest.step;
  info.created_ms = newest.created_ms;
  info.cost_ns = newest.cost_ns;
  for (auto const& variant : variants) info.bytes += stored_size(variant);
  return info;
}

}  // namespace detail
}  // namespace memo
