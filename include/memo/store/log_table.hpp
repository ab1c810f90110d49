/// Where the records of a log are, in memory: read without a lock while one thread writes.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/store/record.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace memo::detail {

/// Where a record of a log begins, or that it is gone: erased after the snapshot that may still name it.
struct log_place {
  std::uint64_t offset = 0;  ///< a multiple of 64; 0 where gone
  record_kind kind = record_kind::entry;
  bool gone = false;
};

/// A log is not longer than this, in bytes: what the offset in a slot can say.
inline constexpr std::uint64_t most_log_size = std::uint64_t{1} << 48;

/// What the check bits of a log's slots are made with, so that the slots of another log are not taken for its own.
inline std::uint64_t log_seed(digest const& uuid, std::uint64_t generation) {
  return (uuid.high ^ uuid.low) + generation * 0x9e37'79b9'7f4a'7c15;
}

/// The high and the low half of a product, as one.
inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using wide = unsigned __int128;
  wide const product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// One place of a log by a tag: 16 bytes, equal in memory and in a snapshot. An empty one is all zero.
///
///     tag  := 64 bits made of id and kind
///     word := offset / 64 : 42 bits, kind + 1 : 2 bits, check : 20 bits    from the low bits on; the offset is 0 where gone
///
/// Of two ids with one tag the later one hides the other. That costs a computation (with 10^8 records, a chance of 1 in
/// 4000 that there is such a pair) and never gives a wrong value, as the record's header holds the whole id.
struct log_slot {
  std::uint64_t tag = 0;
  std::uint64_t word = 0;

  static std::uint64_t tag_of(record_kind kind, digest const& id) {
    // Odd numbers without a pattern, from the digits of pi: they make both halves and the kind count in all bits.
    return multiply_fold(id.low ^ 0x2434'6a88'85a3'08d3,
                         id.high ^ (0x1319'8a2e'0370'7345 + 2 * static_cast<std::uint64_t>(kind)));
  }
  static log_slot make(std::uint64_t tag, log_place const& place, std::uint64_t seed) {
    std::uint64_t const low = (place.gone ? 0 : place.offset / payload_alignment) |
                              (static_cast<std::uint64_t>(place.kind) + 1) << 42;
    return {tag, low | check_of(tag, low, seed) << 44};
  }

  bool is_empty() const { return (tag | word) == 0; }
  /// False for a slot that was not made with this seed, but for one in a million.
  bool is_good(std::uint64_t seed) const {
    std::uint64_t const low = word & low_bits;
    return low >> 42 != 0 && word >> 44 == check_of(tag, low, seed);
  }
  bool is_of(record_kind kind) const { return (word >> 42 & 3) == static_cast<std::uint64_t>(kind) + 1; }
  log_place place() const {
    std::uint64_t const offset = (word & offset_bits) * payload_alignment;
    return {offset, static_cast<record_kind>((word >> 42 & 3) - 1), offset == 0};
  }

  /// Where a tag is looked for first among `slots`. A larger tag has no smaller place.
  static std::uint64_t start_of(std::uint64_t tag, std::uint64_t slots) {
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<wide>(tag) * slots >> 64);
  }

 private:
  static constexpr std::uint64_t offset_bits = (std::uint64_t{1} << 42) - 1;
  static constexpr std::uint64_t low_bits = (std::uint64_t{1} << 44) - 1;

  static std::uint64_t check_of(std::uint64_t tag, std::uint64_t low, std::uint64_t seed) {
    return multiply_fold(tag ^ seed, (low ^ seed >> 20) * 2 + 1) * 0x9e37'79b9'7f4a'7c15 >> 44;
  }
};

/// Places by kind and id. One thread at a time writes; any thread may read meanwhile, without a lock.
///
/// Open addressing in one array, in the order of the tags but for collisions. It does not grow: where it is full, the
/// writer makes another one with `grown` and shows that one to the readers.
class log_table {
 public:
  static constexpr std::uint64_t least_slots = 64;

  /// Has room for 0.6 times `slots` places. Throws std::bad_alloc.
  explicit log_table(std::uint64_t seed, std::uint64_t slots = least_slots)
      : seed_(seed),
        slots_(std::max(slots, least_slots)),
        lines_(std::make_unique<line[]>(static_cast<std::size_t>((slots_ + spare) / 4 + 1))) {}
  log_table(log_table const&) = delete;
  log_table& operator=(log_table const&) = delete;

  /// The place of a record, or that it is gone; nothing where this table does not know of it.
  std::optional<log_place> find(record_kind kind, digest const& id) const {
    std::uint64_t const tag = log_slot::tag_of(kind, id);
    for (std::uint64_t at = log_slot::start_of(tag, slots_); at < slots_ + spare; ++at) {
      log_slot const there = slot(at);
      if (there.word == 0) break;
      if (there.tag == tag && there.is_of(kind)) return there.place();
    }
    return std::nullopt;
  }

  /// Says where a record begins, instead of what was said before; false where the table is full, and unchanged. The offset
  /// is a multiple of 64, not zero, and below `most_log_size`.
  bool put(record_kind kind, digest const& id, std::uint64_t offset) {
    return put_slot(log_slot::make(log_slot::tag_of(kind, id), {offset, kind, false}, seed_));
  }
  /// Says that a record is gone, also where the table knows of none; false where the table is full, and unchanged.
  bool put_gone(record_kind kind, digest const& id) {
    return put_slot(log_slot::make(log_slot::tag_of(kind, id), {0, kind, true}, seed_));
  }

  /// A table with what this one has, and twice its room. For the writer.
  std::unique_ptr<log_table> grown() const {
    for (std::uint64_t slots = slots_ * 2;; slots *= 2) {
      auto made = std::make_unique<log_table>(seed_, slots);
      bool has_all = true;
      each([&](log_slot const& one) { has_all = has_all && made->put_slot(one); });
      if (has_all) return made;
    }
  }

  /// How many places it has, those that are gone too.
  std::uint64_t size() const { return size_.load(std::memory_order_relaxed); }
  std::uint64_t seed() const { return seed_; }

  /// Calls `seen(log_slot)` for each place, those that are gone too. Of what is put meanwhile it may see some.
  template <class Seen>
  void each(Seen seen) const {
    for (std::uint64_t at = 0; at < slots_ + spare; ++at)
      if (log_slot const there = slot(at); there.word != 0) seen(there);
  }

  /// The slots, for who goes through them from the first to the last: those between two empty ones have tags between
  /// those of their neighbours. A slot whose word is zero is empty.
  std::uint64_t slots() const { return slots_ + spare; }
  log_slot slot(std::uint64_t at) const {
    auto const& one = lines_[static_cast<std::size_t>(at / 4)].slots[static_cast<std::size_t>(at % 4)];
    // Acquire: the tag was written before the word, and never changes after it.
    std::uint64_t const word = one.word.load(std::memory_order_acquire);
    return {one.tag.load(std::memory_order_relaxed), word};
  }

 private:
  // Behind the last slot, so that no search goes round: with a load of 0.6 the last ones reach beyond it with a chance
  // of e^-60, and then the table is full.
  static constexpr std::uint64_t spare = 64;

  struct shared_slot {
    std::atomic<std::uint64_t> tag{0};
    std::atomic<std::uint64_t> word{0};
  };
  struct alignas(64) line {
    std::array<shared_slot, 4> slots{};
  };

  bool put_slot(log_slot const& made) {
    for (std::uint64_t at = log_slot::start_of(made.tag, slots_); at < slots_ + spare; ++at) {
      auto& to = lines_[static_cast<std::size_t>(at / 4)].slots[static_cast<std::size_t>(at % 4)];
      std::uint64_t const there = to.word.load(std::memory_order_relaxed);
      if (there == 0) {
        if (size() * 10 >= slots_ * 6) return false;
        to.tag.store(made.tag, std::memory_order_relaxed);
        to.word.store(made.word, std::memory_order_release);
        size_.store(size() + 1, std::memory_order_relaxed);
        return true;
      }
      if (to.tag.load(std::memory_order_relaxed) == made.tag) {
        to.word.store(made.word, std::memory_order_release);
        return true;
      }
    }
    return false;
  }

  std::uint64_t const seed_;
  std::uint64_t const slots_;
  std::unique_ptr<line[]> const lines_;
  std::atomic<std::uint64_t> size_{0};
};

}  // namespace memo::detail
