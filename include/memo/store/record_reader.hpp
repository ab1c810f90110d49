/// Reads the records of record.hpp from bytes that nobody vouches for: every length is checked against what is
/// there before it is used, and all bytes must be accounted for.
#pragma once

#include <memo/store/record.hpp>

#include <cstdint>
#include <optional>

namespace memo::detail {

/// What bytes turned out to be.
enum class record_state : std::uint8_t { good, other_format, damaged };

/// Checks the 64 bytes of a header, whatever its kind and size are, and fills `found`.
inline record_state read_fields(byte_view bytes, std::uint64_t seed, record_header& found) {
  if (bytes.size() < record_header_size) return record_state::damaged;
  std::byte const* const at = bytes.data();
  auto const kind = kind_of_magic(as_text(bytes.first(8)));
  if (!kind) return record_state::damaged;
  if (load_little<std::uint32_t>(at + 8) != store_format_version) return record_state::other_format;
  if (load_little<std::uint64_t>(at + 56) != checksum_bytes(bytes.first(56), seed))
    return record_state::damaged;
  auto const flags = load_little<std::uint32_t>(at + 12);
  found.kind = *kind;
  found.is_gone = flags == 1;
  found.id = {load_little<std::uint64_t>(at + 16), load_little<std::uint64_t>(at + 24)};
  found.size = load_little<std::uint64_t>(at + 32);
  found.checksum = {load_little<std::uint64_t>(at + 40), load_little<std::uint64_t>(at + 48)};
  return flags <= 1 ? record_state::good : record_state::damaged;
}

/// Checks the header of a record in a file of `file_size` bytes, of which the first 64 or fewer are given, and
/// fills `found`.
inline record_state read_header(byte_view bytes, std::uint64_t file_size, record_kind kind, digest const& id,
                                record_header& found) {
  record_state const state = read_fields(bytes, 0, found);
  if (state != record_state::good) return state;
  bool const fits = file_size >= record_header_size && found.size == file_size - record_header_size;
  bool const wanted = found.kind == kind && found.id == id && !found.is_gone;
  return wanted && fits ? record_state::good : record_state::damaged;
}

/// Checks a whole record and gives its payload.
inline record_state read_record(byte_view bytes, record_kind kind, digest const& id, byte_view& payload) {
  record_header header;
  record_state const state = read_header(bytes, bytes.size(), kind, id, header);
  if (state != record_state::good) return state;
  payload = bytes.subspan(record_header_size);
  return hash_bytes(payload) == header.checksum ? record_state::good : record_state::damaged;
}

/// Takes numbers, texts and digests off the front of bytes; once something does not fit, all of it is zero and
/// `good()` false.
class byte_reader {
 public:
  explicit byte_reader(byte_view bytes) : all_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return good_ && at_ == all_.size(); }
  std::size_t left() const { return all_.size() - at_; }

  byte_view bytes(std::uint64_t size) {
    if (!good_ || size > left()) {
      good_ = false;
      return {};
    }
    byte_view const taken = all_.subspan(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }
  template <class Integer>
  Integer number() {
    byte_view const raw = bytes(sizeof(Integer));
    return raw.empty() ? Integer{} : load_little<Integer>(raw.data());
  }
  digest id() {
    auto const high = number<std::uint64_t>();
    return {high, number<std::uint64_t>()};
  }
  std::string_view text() { return as_text(bytes(number<std::uint32_t>())); }

  /// A count of things that take `least` bytes each: no more than can be there.
  std::size_t count(std::size_t least) {
    auto const claimed = number<std::uint32_t>();
    if (claimed > left() / least) good_ = false;
    return good_ ? claimed : 0;
  }
  void padding(std::size_t alignment) {
    for (std::byte const b : bytes((alignment - at_ % alignment) % alignment))
      if (b != std::byte{}) good_ = false;
  }

 private:
  byte_view all_;
  std::size_t at_ = 0;
  bool good_ = true;
};

inline stored_output read_output(byte_reader& from, shared_bytes const& payload) {
  stored_output output;
  auto const flags = from.number<std::uint8_t>();
  if (flags > 3) from.bytes(from.left() + 1);
  output.is_inline = (flags & 1) != 0;
  output.value.value = from.id();
  if ((flags & 2) != 0) {
    output.value.is_small = true;
    output.value.small_size = from.number<std::uint8_t>();
    if (output.value.small_size > fingerprint::small_limit) from.bytes(from.left() + 1);
    byte_view const small = from.bytes(output.value.small_size);
    std::copy(small.begin(), small.end(), output.value.small.begin());
  }
  output.object = from.id();
  output.codec = from.id();
  output.size = from.number<std::uint64_t>();
  if (output.is_inline) {
    from.padding(payload_alignment);
    output.bytes = {payload.owner, from.bytes(output.size)};
  }
  return output;
}

inline entry read_entry(byte_reader& from, shared_bytes const& payload) {
  entry made;
  made.project = from.text();
  made.pipeline = from.text();
  made.step = from.text();
  made.variant = from.id();
  made.created_ms = from.number<std::int64_t>();
  made.cost_ns = from.number<std::int64_t>();
  std::size_t const dependencies = from.count(21);
  for (std::size_t i = 0; i < dependencies && from.good(); ++i) {
    auto const what = from.number<std::uint8_t>();
    if (what < 1 || what > 5) from.bytes(from.left() + 1);
    dependency dep;
    dep.what = static_cast<dependency::kind>(what);
    dep.name = from.text();
    dep.content = from.id();
    made.dependencies.push_back(std::move(dep));
  }
  std::size_t const checks = from.count(16);
  for (std::size_t i = 0; i < checks && from.good(); ++i) made.checks.push_back(from.id());
  std::size_t const outputs = from.count(57);
  for (std::size_t i = 0; i < outputs && from.good(); ++i) made.outputs.push_back(read_output(from, payload));
  return made;
}

/// The variants in the payload of an entry record; nothing where it does not follow the grammar. Inline bytes
/// share the payload.
inline std::optional<entries> decode_entries(shared_bytes const& payload) {
  byte_reader from(payload.view);
  std::size_t const count = from.count(1);
  if (count > max_listed_variants) return std::nullopt;
  entries made;
  for (std::size_t i = 0; i < count && from.good(); ++i) made.push_back(read_entry(from, payload));
  if (!from.at_end() || made.empty()) return std::nullopt;
  return made;
}

}  // namespace memo::detail
