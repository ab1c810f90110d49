/// When the bytes of a mapped object are checked, and which objects this process has checked already.
#pragma once

#include <memo/core/digest.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memo {

/// When a view checks an object's checksum. What is read into memory is checked each time, and an object's header always.
///
/// - `first_view`: the first time that this process views the object as it lies on the disk; the speed is that of the hash.
/// - `every_view`: each time.
/// - `trust_large`: as `first_view`, but objects of at least `trusted_size` bytes are not checked: a view of them costs the
///   same for any size, and what damaged their bytes on the disk goes into results.
enum class integrity : std::uint8_t { first_view, every_view, trust_large };

namespace detail {

/// How a store checks what it maps.
struct view_rules {
  integrity check = integrity::first_view;
  std::uint64_t trusted_size = std::uint64_t{16} << 20;  ///< for `trust_large`, in bytes

  bool trusts(std::uint64_t size) const { return check == integrity::trust_large && size >= trusted_size; }
};

/// Digests of objects that were found whole, each together with what would tell of a change: its file, size and times, or
/// its place in a log. Of fixed size: what it forgets is checked again. Every function may be called from any thread,
/// takes some nanoseconds and no lock.
///
/// Each digest is kept as its high half and the exclusive or of both halves, so that halves of two digests, written by two
/// threads at once, are taken for a third one with a chance of 2^-64 (Hyatt and Mann, "A lockless transposition table",
/// 2002).
class verified_objects {
 public:
  bool has(digest const& id) const {
    for (slot const& s : set_of(id))
      if (s.holds(id)) return true;
    return false;
  }

  void add(digest const& id) {
    auto& slots = set_of(id);
    for (slot& s : slots)
      if (s.holds(id) || s.is_empty()) return s.store(id);
    // The victim follows from the newcomer: no counter is needed, and it is spread as evenly.
    slots[id.high % slots.size()].store(id);
  }

  void forget(digest const& id) {
    for (slot& s : set_of(id))
      if (s.holds(id)) s.store({});
  }

 private:
  struct slot {
    std::atomic<std::uint64_t> high{0};
    std::atomic<std::uint64_t> mixed{0};

    bool holds(digest const& id) const {
      auto const kept = high.load(std::memory_order_relaxed);
      return kept == id.high && (mixed.load(std::memory_order_relaxed) ^ kept) == id.low;
    }
    bool is_empty() const {
      return (high.load(std::memory_order_relaxed) | mixed.load(std::memory_order_relaxed)) == 0;
    }
    void store(digest const& id) {
      high.store(id.high, std::memory_order_relaxed);
      mixed.store(id.high ^ id.low, std::memory_order_relaxed);
    }
  };
  using set = std::array<slot, 4>;

  set& set_of(digest const& id) { return sets_[id.low % sets_.size()]; }
  set const& set_of(digest const& id) const { return sets_[id.low % sets_.size()]; }

  std::array<set, 8192> sets_{};
};

/// The objects that this process has verified, of all stores: half a mebibyte, of which only what is used is in memory.
inline verified_objects verified_here;

}  // namespace detail
}  // namespace memo
