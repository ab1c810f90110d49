/// Keys: what identifies one computation, as parts that can be hashed, kept, compared and printed.
///
///     parts  ::= part*
///     part   ::= tag:u8 name_length:u32 name length:u32 bytes
///     value  ::= 0 canonical_bytes          at most 64 of them
///              | 1 digest                   16 bytes, high half first, each little-endian
///     prefix ::= parts                      what is the same for every call of a step
///     key    ::= XXH3-128(prefix_digest parts)   what varies, after the 16 bytes of XXH3-128(prefix)
///
/// Every part is tagged and length-prefixed, so no two lists of parts have the same bytes. All numbers are
/// little-endian. All hashes take the seed that `options::secret` gives.
#pragma once

#include <memo/core/fingerprint.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace memo {

/// The number of the key format; part of every key.
/// 1: first.
inline constexpr std::uint32_t key_format_version = 1;

/// What a part of a key is. The numbers are in keys and in stored texts: append only.
enum class part : std::uint8_t {
  format = 1,
  project = 2,
  pipeline = 3,
  step = 4,          ///< named by the outputs
  result = 5,        ///< schema of an output
  read = 6,          ///< schema of a value that is read
  version = 7,       ///< the user's number
  source = 8,        ///< digest of the source text
  build = 9,         ///< digest of the build ids
  arithmetic = 10,   ///< fast-math and FMA flags
  state = 11,        ///< of the function object, named by its schema
  input = 12,        ///< a value that is read
  path = 13,         ///< where a file lies, for a step that may look around it
  user_key = 14,     ///< what `.key(g)` gave, named by its schema
  environment = 15,  ///< a variable and its value
  identity = 16,     ///< the schema of what stands for the output (`.identity`)
  over = 17,         ///< named by the range over whose elements a map runs
  element = 18,      ///< one of these elements
};

/// Collects parts in a buffer that is on the stack while they are short. Not thread safe.
class key_parts {
 public:
  key_parts() = default;
  key_parts(key_parts const&) = delete;
  key_parts& operator=(key_parts const&) = delete;

  void add(part tag, std::string_view name, byte_view bytes) {
    std::byte* to = open(tag, name, bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  }
  void add(part tag, std::string_view name, std::string_view text) { add(tag, name, as_byte_view(text)); }
  void add(part tag, std::string_view name, std::uint64_t number) {
    store_little(open(tag, name, sizeof number), number);
  }
  void add(part tag, std::string_view name, digest const& d) {
    std::byte* to = open(tag, name, 16);
    store_little(to, d.high);
    store_little(to + 8, d.low);
  }
  void add(part tag, std::string_view name, fingerprint const& value) {
    if (value.is_small) {
      add_small(tag, name, value.small_bytes());
    } else {
      std::byte* to = open(tag, name, 17);
      *to = std::byte{1};
      store_little(to + 1, value.value.high);
      store_little(to + 9, value.value.low);
    }
  }

  /// A value whose whole canonical form is `bytes`, at most 64 of them.
  void add_small(part tag, std::string_view name, byte_view bytes) {
    std::byte* to = open(tag, name, 1 + bytes.size());
    *to = std::byte{0};
    if (!bytes.empty()) std::memcpy(to + 1, bytes.data(), bytes.size());
  }

  /// The parts, without the room for the prefix digest in front of them.
  byte_view bytes() const { return {begin() + head, size_ - head}; }

  /// The digest of the parts as a prefix.
  digest prefix(std::uint64_t seed) const { return hash_bytes(bytes(), seed); }

  /// The key that these parts make with a prefix.
  digest key(digest const& prefix, std::uint64_t seed) {
    store_little(begin(), prefix.high);
    store_little(begin() + 8, prefix.low);
    return hash_bytes({begin(), size_}, seed);
  }

 private:
  static constexpr std::size_t head = 16;

  std::byte* begin() { return heap_.empty() ? stack_.data() : reinterpret_cast<std::byte*>(heap_.data()); }
  std::byte const* begin() const { return const_cast<key_parts*>(this)->begin(); }

  // Room for one part: writes all but its bytes and gives their place.
  std::byte* open(part tag, std::string_view name, std::size_t length) {
    std::size_t const at = size_;
    std::size_t const needed = 9 + name.size() + length;
    std::size_t const capacity = heap_.empty() ? stack_.size() : heap_.size();
    if (needed > capacity - at) grow(at + needed);
    std::byte* to = begin() + at;
    *to = static_cast<std::byte>(tag);
    store_little(to + 1, static_cast<std::uint32_t>(name.size()));
    if (!name.empty()) std::memcpy(to + 5, name.data(), name.size());
    store_little(to + 5 + name.size(), static_cast<std::uint32_t>(length));
    size_ += needed;
    return to + 9 + name.size();
  }

  void grow(std::size_t needed) {
    std::string larger(2 * needed, '\0');
    std::memcpy(larger.data(), begin(), size_);
    heap_ = std::move(larger);
  }

  std::array<std::byte, 512> stack_;
  std::string heap_;
  std::size_t size_ = head;
};

/// One part, as it is read back from stored parts.
struct part_view {
  part tag{};
  std::string_view name;
  byte_view bytes;
};

/// Reads parts one after the other; stops at the end and at the first that does not fit.
class part_reader {
 public:
  explicit part_reader(byte_view parts) : rest_(parts) {}

  bool next(part_view& into) {
    if (rest_.size() < 9) return false;
    into.tag = static_cast<part>(rest_[0]);
    std::size_t const name = load_little<std::uint32_t>(rest_.data() + 1);
    if (rest_.size() - 9 < name) return false;
    std::size_t const length = load_little<std::uint32_t>(rest_.data() + 5 + name);
    if (rest_.size() - 9 - name < length) return false;
    into.name = as_text(rest_.subspan(5, name));
    into.bytes = rest_.subspan(9 + name, length);
    rest_ = rest_.subspan(9 + name + length);
    return true;
  }

 private:
  byte_view rest_;
};

/// The digest in the 16 bytes of a part.
inline digest digest_in(byte_view bytes) {
  return bytes.size() < 16
             ? digest{}
             : digest{load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
}

}  // namespace memo
