/// How a log of records is written.
///
///     log    := page record*
///     page   := 4096 bytes: zeros, but for a slot at 0 and one at 512
///     slot   := magic       8 bytes   "MEMO-LOG"
///               format      u32       log_format_version
///               zero        u32
///               uuid        digest    of this log, random
///               generation  u64
///               sequence    u64       the valid slot of the higher one counts
///               marked      u64       all records before it were written
///               sum         u64       XXH3-64 of the 56 bytes before it, with the seed 1
///     record := header payload zeros(up to a multiple of 64)
///     header := as in record.hpp, but that its sum is seeded: with XXH3-64 of the record's offset, itself seeded with the
///               low word of the uuid. Flags 1: the record has no payload, and says that what was written
///               under its kind and id before is there no more. Of the kind "last" it says, with the id zero, that a log
///               of a later generation takes over; with the uuid as id, that there is nothing in its size.
///
/// A record behind the mark counts where its header is sound, the file has all of it, and so it is for every record between
/// the mark and it. A process that dies while it writes leaves at most a piece that does not count; the next writer goes
/// round it: it makes sure that there is no sound header at its start, or one of nothing, and marks where the log goes on.
/// The mark is also moved now and then, so that damage behind it hides little of what follows.
///
/// Of two records of one kind and id the later one counts. A header is valid in one place of one log only, so no
/// payload can pose as one, and whoever looks for headers at every multiple of 64 finds his way after damage.
///
/// A folder of logs holds
///
///     lock           locked (flock) by who writes to any log; never removed
///     current        "memo log\ngeneration <16 hex>\n": which log it is, replaced by renaming
///     log.<16 hex>   the log of that generation; its records never change and never go
///     index.<16 hex> where the records of that log are: log_snapshot.hpp
///
/// What is superseded or gone leaves when the rest is written into the log of the next
/// generation.
#pragma once

#include <memo/store/record_reader.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memo {

/// The number of the format above. A log of another number is not read, and the next put replaces it: what is to live beside
/// this format needs a folder of another name.
///
/// 1: the first.
inline constexpr std::uint32_t log_format_version = 1;

namespace detail {

inline constexpr std::uint64_t log_page_size = 4096;
/// The slots lie in sectors of their own: one that is half written leaves the other alone.
inline constexpr std::size_t log_mark_distance = 512;
inline constexpr std::size_t log_marks_size = log_mark_distance + 64;

/// What a slot of a log's first page says.
struct log_mark {
  digest uuid;
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
  std::uint64_t marked = log_page_size;
};

inline header_bytes encode_mark(log_mark const& slot) {
  header_bytes bytes{};
  std::memcpy(bytes.data(), "MEMO-LOG", 8);
  store_little(bytes.data() + 8, log_format_version);
  store_digest(bytes.data() + 16, slot.uuid);
  store_little(bytes.data() + 32, slot.generation);
  store_little(bytes.data() + 40, slot.sequence);
  store_little(bytes.data() + 48, slot.marked);
  store_little(bytes.data() + 56, checksum_bytes({bytes.data(), 56}, 1));
  return bytes;
}

inline std::optional<log_mark> decode_mark(byte_view bytes) {
  if (bytes.size() < 64 || as_text(bytes.first(8)) != "MEMO-LOG") return std::nullopt;
  std::byte const* const at = bytes.data();
  if (load_little<std::uint32_t>(at + 8) != log_format_version) return std::nullopt;
  if (load_little<std::uint64_t>(at + 56) != checksum_bytes(bytes.first(56), 1)) return std::nullopt;
  log_mark slot;
  slot.uuid = {load_little<std::uint64_t>(at + 16), load_little<std::uint64_t>(at + 24)};
  slot.generation = load_little<std::uint64_t>(at + 32);
  slot.sequence = load_little<std::uint64_t>(at + 40);
  slot.marked = load_little<std::uint64_t>(at + 48);
  if (slot.marked < log_page_size || slot.marked % payload_alignment != 0) return std::nullopt;
  return slot;
}

/// The slot that counts, of the first bytes of a log; nothing where none is valid.
inline std::optional<log_mark> newest_mark(byte_view start) {
  auto const first = decode_mark(start);
  auto const second =
      start.size() < log_mark_distance ? std::nullopt : decode_mark(start.subspan(log_mark_distance));
  if (!first || !second) return first ? first : second;
  return first->sequence > second->sequence ? first : second;
}

/// Where in the page the slot of a sequence number goes.
inline std::uint64_t mark_offset(std::uint64_t sequence) { return (sequence & 1) * log_mark_distance; }

/// What the header of a record at `offset` is seeded with.
inline std::uint64_t record_seed(digest const& uuid, std::uint64_t offset) {
  std::array<std::byte, 8> bytes;
  store_little(bytes.data(), offset);
  return checksum_bytes(bytes, uuid.low);
}

/// The record that says that another log takes over.
inline record_header closing_record() { return {record_kind::last, {}, 0, hash_bytes({}), true}; }
inline bool is_closing(record_header const& header) {
  return header.is_gone && header.kind == record_kind::last && !header.id;
}

/// The record that stands for so many bytes of nothing, at least 64 and a multiple of that.
inline record_header filling_record(digest const& uuid, std::uint64_t size) {
  return {record_kind::last, uuid, size - record_header_size, {}, true};
}
inline bool is_filling(record_header const& header, digest const& uuid) {
  return header.is_gone && header.kind == record_kind::last && header.id == uuid;
}

/// How many bytes a record takes in a log.
inline std::uint64_t log_record_size(std::uint64_t payload) {
  return (record_header_size + payload + payload_alignment - 1) / payload_alignment * payload_alignment;
}

/// No payload in a log is longer: a size that claims more is damaged.
inline constexpr std::uint64_t max_log_payload = std::uint64_t{1} << 46;

inline std::string log_name(std::string_view kind, std::uint64_t generation) {
  std::string const hex = to_hex({generation, 0});
  return std::string(kind) + '.' + hex.substr(0, 16);
}

/// The text of `current`.
inline std::string current_text(std::uint64_t generation) {
  return "memo log\ngeneration " + to_hex({generation, 0}).substr(0, 16) + '\n';
}

/// The generation that a text of `current` names.
inline std::optional<std::uint64_t> current_generation(std::string_view text) {
  constexpr std::string_view start = "memo log\ngeneration ";
  if (text.size() != start.size() + 17 || text.substr(0, start.size()) != start || text.back() != '\n')
    return std::nullopt;
  auto const number = digest_from_hex(std::string(text.substr(start.size(), 16)) + std::string(16, '0'));
  return number ? std::optional(number->high) : std::nullopt;
}

}  // namespace detail
}  // namespace memo
