/// Small values by key, read without a lock: what makes a hit on a number cheap, and free of what threads share.
#pragma once

#include <memo/core/digest.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace memo::detail {

/// What a recall table keeps of a value. One cache line, so that a hit touches no other.
///
/// A sequence lock: `version` is odd while the rest changes. The readers' loads acquire and the writer's stores release,
/// so that a reader that sees any word of a change sees that the version changed too, without a fence.
struct alignas(64) recall_slot {
  static constexpr std::size_t capacity = 16;  ///< bytes of a value

  std::atomic<std::uint64_t> version{0};
  std::atomic<std::uint64_t> high{0};
  std::atomic<std::uint64_t> low{0};
  std::atomic<void const*> tag{nullptr};  ///< of the value's exact type; null where the slot is free
  std::atomic<std::int64_t> created_ms{0};
  std::atomic<std::uint64_t> used{0};  ///< the stamp of the last hit, of whichever value is here
  std::array<std::atomic<std::uint64_t>, capacity / 8> words{};

  bool holds(digest const& key) const {
    return low.load(std::memory_order_relaxed) == key.low &&
           high.load(std::memory_order_relaxed) == key.high && tag.load(std::memory_order_relaxed) != nullptr;
  }

  /// One writer at a time.
  void write(digest const& key, void const* its_tag, std::int64_t its_created_ms, std::byte const* value) {
    std::uint64_t const before = version.load(std::memory_order_relaxed);
    version.store(before + 1, std::memory_order_relaxed);
    low.store(key.low, std::memory_order_release);
    high.store(key.high, std::memory_order_release);
    tag.store(its_tag, std::memory_order_release);
    created_ms.store(its_created_ms, std::memory_order_release);
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::uint64_t word = 0;
      if (value != nullptr) std::memcpy(&word, value + 8 * i, sizeof word);
      words[i].store(word, std::memory_order_release);
    }
    version.store(before + 2, std::memory_order_release);
  }
  void free() { write({}, nullptr, 0, nullptr); }
};

/// Values of at most 16 bytes that may be copied as bytes, by key. It may forget any of them at any time: the caller has
/// them elsewhere too.
///
/// `find` may be called from any thread at any time; the rest by one thread at a time. Slots stay where they are until
/// the table is destroyed, so that a reader never meets memory that is gone: the table grows by one more segment, as
/// large as all before it, and half of the values move there.
class recall_table {
 public:
  recall_table() = default;
  recall_table(recall_table const&) = delete;
  recall_table& operator=(recall_table const&) = delete;

  struct found {
    recall_slot* slot = nullptr;  ///< null where nothing was found; its `used` may be written
    std::int64_t created_ms = 0;
  };

  /// Copies the first `size` bytes of the key's value, if it is of this type. A value that is written meanwhile is not
  /// found.
  found find(digest const& key, void const* tag, void* into, std::size_t size) const {
    std::uint64_t const mask = group_mask_.load(std::memory_order_acquire);
    recall_slot* const group = group_at(key.low & mask);
    if (group == nullptr) return {};
    for (std::size_t i = 0; i < group_size; ++i) {
      recall_slot& slot = group[home_of(key, i)];
      std::uint64_t const version = slot.version.load(std::memory_order_acquire);
      if (slot.low.load(std::memory_order_acquire) != key.low) continue;
      if (slot.high.load(std::memory_order_acquire) != key.high) continue;
      if (slot.tag.load(std::memory_order_acquire) != tag) return {};
      std::int64_t const created_ms = slot.created_ms.load(std::memory_order_acquire);
      std::array<std::uint64_t, recall_slot::capacity / 8> words;
      for (std::size_t w = 0; w < words.size(); ++w) words[w] = slot.words[w].load(std::memory_order_acquire);
      if (version % 2 != 0 || slot.version.load(std::memory_order_relaxed) != version) return {};
      std::memcpy(into, words.data(), size);
      return {&slot, created_ms};
    }
    return {};
  }

  /// Keeps the `size` bytes at `value`, instead of what the key had.
  void set(digest const& key, void const* tag, std::int64_t created_ms, void const* value, std::size_t size) {
    std::byte bytes[recall_slot::capacity] = {};
    std::memcpy(bytes, value, size);
    recall_slot* to = slot_of(key);
    if (to == nullptr) to = free_slot(key);
    if (to == nullptr) return;
    if (to->tag.load(std::memory_order_relaxed) == nullptr) ++count_;
    to->used.store(0, std::memory_order_relaxed);
    to->write(key, tag, created_ms, bytes);
  }

  /// From its return on no `find` that begins then gives the key's value.
  void remove(digest const& key) {
    recall_slot* const slot = slot_of(key);
    if (slot == nullptr) return;
    slot->free();
    --count_;
  }

  /// The stamp of the key's last hit here, or 0.
  std::uint64_t used(digest const& key) const {
    recall_slot const* const slot = slot_of(key);
    return slot == nullptr ? 0 : slot->used.load(std::memory_order_relaxed);
  }

  void clear() {
    for (std::uint64_t w = 0; count_ != 0 && w <= group_mask_.load(std::memory_order_relaxed); ++w)
      for (std::size_t i = 0; i < group_size; ++i)
        if (recall_slot& slot = group_at(w)[i]; slot.tag.load(std::memory_order_relaxed) != nullptr) {
          slot.free();
          --count_;
        }
  }

 private:
  static constexpr std::size_t group_size = 8;      // slots that a key may lie in
  static constexpr std::uint64_t first_groups = 4;  // of the first segment
  static constexpr std::size_t most_segments = 40;

  /// The slot that a key tries as number `i`, by bits that do not choose its group before there are 2^40 of them.
  static std::size_t home_of(digest const& key, std::size_t i) { return ((key.low >> 40) + i) % group_size; }

  recall_slot* group_at(std::uint64_t group) const {
    auto const segment = static_cast<std::size_t>(std::bit_width(group / first_groups));
    std::uint64_t const first = segment == 0 ? 0 : first_groups << (segment - 1);
    recall_slot* const slots = segments_[segment].load(std::memory_order_acquire);
    return slots == nullptr ? nullptr : slots + (group - first) * group_size;
  }

  recall_slot* slot_of(digest const& key) const {
    recall_slot* const group = group_at(key.low & group_mask_.load(std::memory_order_relaxed));
    for (std::size_t i = 0; group != nullptr && i < group_size; ++i)
      if (group[home_of(key, i)].holds(key)) return &group[home_of(key, i)];
    return nullptr;
  }

  recall_slot* free_in_group(digest const& key) const {
    recall_slot* const group = group_at(key.low & group_mask_.load(std::memory_order_relaxed));
    for (std::size_t i = 0; group != nullptr && i < group_size; ++i) {
      recall_slot& slot = group[home_of(key, i)];
      if (slot.tag.load(std::memory_order_relaxed) == nullptr) return &slot;
    }
    return nullptr;
  }

  /// Null where the key's group is full though the table is not, or where there is no memory.
  recall_slot* free_slot(digest const& key) {
    std::uint64_t const slots = (group_mask_.load(std::memory_order_relaxed) + 1) * group_size;
    if (segments_[0].load(std::memory_order_relaxed) == nullptr || count_ * 5 >= slots * 3) grow();
    return free_in_group(key);
  }

  void grow() {
    bool const is_first = segments_[0].load(std::memory_order_relaxed) == nullptr;
    std::uint64_t const old = is_first ? 0 : group_mask_.load(std::memory_order_relaxed) + 1;
    std::uint64_t const added = is_first ? first_groups : old;
    std::size_t const segment = is_first ? 0 : static_cast<std::size_t>(std::bit_width(old / first_groups));
    if (segment >= most_segments) return;
    try {
      kept_[segment] = std::make_unique<recall_slot[]>(added * group_size);
    } catch (std::bad_alloc const&) {
      return;  // what is not here is found elsewhere
    }
    segments_[segment].store(kept_[segment].get(), std::memory_order_release);
    group_mask_.store(old + added - 1, std::memory_order_release);
    for (std::uint64_t w = 0; w < old; ++w)
      for (std::size_t i = 0; i < group_size; ++i) move_if_elsewhere(group_at(w)[i], w);
  }

  void move_if_elsewhere(recall_slot& slot, std::uint64_t group) {
    if (slot.tag.load(std::memory_order_relaxed) == nullptr) return;
    digest const key{slot.high.load(std::memory_order_relaxed), slot.low.load(std::memory_order_relaxed)};
    if ((key.low & group_mask_.load(std::memory_order_relaxed)) == group) return;
    std::byte bytes[recall_slot::capacity];
    for (std::size_t i = 0; i < slot.words.size(); ++i) {
      std::uint64_t const word = slot.words[i].load(std::memory_order_relaxed);
      std::memcpy(bytes + 8 * i, &word, sizeof word);
    }
    recall_slot* const to = free_in_group(key);  // never null: the new group has as many slots as this one
    to->used.store(slot.used.load(std::memory_order_relaxed), std::memory_order_relaxed);
    to->write(key, slot.tag.load(std::memory_order_relaxed), slot.created_ms.load(std::memory_order_relaxed),
              bytes);
    slot.free();
  }

  alignas(64) std::atomic<std::uint64_t> group_mask_{first_groups - 1};
  std::array<std::atomic<recall_slot*>, most_segments> segments_{};
  std::array<std::unique_ptr<recall_slot[]>, most_segments> kept_{};
  std::uint64_t count_ = 0;
};

}  // namespace memo::detail
