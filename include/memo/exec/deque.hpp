#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace memo::detail {

enum class stolen { nothing, lost_race, item };

/// A work-stealing deque (Chase, Lev 2005): its owner pushes and pops at the bottom, thieves take the oldest at the top.
/// The orders are those of Lê et al. 2013 with sequentially consistent operations in place of the fences, which
/// ThreadSanitizer does not understand. An item lies in the ring by value, as atomic words: a thief may read words that the
/// owner overwrites, but then its compare-and-exchange of `top` fails. The ring doubles when it is full; old rings stay until
/// the end, as thieves may read them, and are together not larger than the last.
template <class Item, template <class> class Atomic = std::atomic>
  requires(std::is_trivially_copyable_v<Item> && sizeof(Item) % sizeof(std::uint64_t) == 0)
class deque {
 public:
  /// The capacity is a power of two; the first ring is made by the first push.
  explicit deque(std::int64_t capacity = 256) : capacity_(capacity) {}
  deque(deque const&) = delete;
  deque& operator=(deque const&) = delete;
  ~deque() {
    for (ring* r = ring_.load(std::memory_order_relaxed); r != nullptr;) {
      ring* const older = r->older;
      delete r;
      r = older;
    }
  }

  /// Owner only. Throws std::bad_alloc, and then nothing has changed. If `is_announced`, a later load of the owner that is
  /// sequentially consistent comes after the item is visible to thieves.
  void push(Item const& item, bool is_announced = true) {
    std::int64_t const bottom = bottom_.load(std::memory_order_relaxed);
    ring* r = ring_.load(std::memory_order_relaxed);
    if (r == nullptr || bottom - top_seen_ > r->mask) {
      top_seen_ = top_.load(std::memory_order_acquire);
      if (r == nullptr || bottom - top_seen_ > r->mask) r = grow(r, bottom);
    }
    r->put(bottom, item);
    if (is_announced)
      bottom_.store(bottom + 1, std::memory_order_seq_cst);
    else
      bottom_.store(bottom + 1, std::memory_order_release);
  }

  /// Owner only: the item pushed last. False where there is none.
  bool pop(Item& item) {
    std::int64_t const bottom = bottom_.load(std::memory_order_relaxed) - 1;
    // Without this, each look into an empty deque would be a full barrier. `top` never goes back.
    if (bottom < top_.load(std::memory_order_relaxed)) return false;
    ring* const r = ring_.load(std::memory_order_relaxed);
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_release);
      return false;
    }
    r->get(bottom, item);
    if (top < bottom) return true;
    bool const won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
    bottom_.store(bottom + 1, std::memory_order_release);
    return won;
  }

  /// Any thread: the oldest item.
  stolen steal(Item& item) {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    std::int64_t const bottom = bottom_.load(std::memory_order_seq_cst);
    if (top >= bottom) return stolen::nothing;
    ring_.load(std::memory_order_acquire)->get(top, item);
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? stolen::item
                                                                                 : stolen::lost_race;
  }

  /// Any thread; exact when nobody else uses the deque.
  bool empty() const {
    std::int64_t const top = top_.load(std::memory_order_seq_cst);
    return top >= bottom_.load(std::memory_order_seq_cst);
  }

 private:
  static constexpr std::size_t words = sizeof(Item) / sizeof(std::uint64_t);

  struct ring {
    explicit ring(std::int64_t capacity, ring* before)
        : mask(capacity - 1), older(before), slots(new slot[static_cast<std::size_t>(capacity)]) {}

    // Word by word: vector registers, which a std::bit_cast of the whole gets, would wait for the stores of the words.
    void put(std::int64_t at, Item const& item) {
      slot& to = slots[static_cast<std::size_t>(at & mask)];
      for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word;
        std::memcpy(&word, reinterpret_cast<char const*>(&item) + sizeof word * i, sizeof word);
        to[i].store(word, std::memory_order_relaxed);
      }
    }
    void get(std::int64_t at, Item& item) const {
      slot const& from = slots[static_cast<std::size_t>(at & mask)];
      for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t const word = from[i].load(std::memory_order_relaxed);
        std::memcpy(reinterpret_cast<char*>(&item) + sizeof word * i, &word, sizeof word);
      }
    }

    using slot = std::array<Atomic<std::uint64_t>, words>;
    std::int64_t mask;
    ring* older;
    std::unique_ptr<slot[]> slots;
  };

  ring* grow(ring* old, std::int64_t bottom) {
    ring* const made = new ring(old == nullptr ? capacity_ : 2 * (old->mask + 1), old);
    for (std::int64_t i = top_seen_; i < bottom; ++i) {
      Item item;
      old->get(i, item);
      made->put(i, item);
    }
    ring_.store(made, std::memory_order_release);
    return made;
  }

  alignas(64) Atomic<std::int64_t> top_{0};
  alignas(64) Atomic<std::int64_t> bottom_{0};
  Atomic<ring*> ring_{nullptr};
  std::int64_t top_seen_ = 0;  // the owner's: not more than `top`
  std::int64_t capacity_;
};

}  // namespace memo::detail
