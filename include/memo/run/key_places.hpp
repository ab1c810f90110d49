#pragma once

#include <memo/core/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace memo::detail {

/// Numbers the different keys that it is given: 0, 1, 2 ... in the order of their first appearance. A table with open
/// addressing, as a map asks it for every element of every pack.
class key_places {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  explicit key_places(std::size_t most = 0) {
    if (most != 0) make(most);
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }
  digest const& key(std::uint32_t place) const { return keys_[place]; }

  std::uint32_t find(digest const& key) const { return slots_.empty() ? none : slots_[slot_of(key)]; }

  /// The place of a key, which gets the next one where it is new.
  std::uint32_t add(digest const& key) {
    if (slots_.empty()) make(8);
    std::uint32_t& there = slots_[slot_of(key)];
    if (there != none) return there;
    auto const place = size();
    keys_.push_back(key);
    there = place;
    if (2 * keys_.size() > slots_.size()) grow();
    return place;
  }

 private:
  void make(std::size_t most) {
    std::size_t size = 16;
    while (size < 2 * most) size *= 2;
    slots_.resize(size, none);
  }
  std::size_t slot_of(digest const& key) const {
    std::size_t const mask = slots_.size() - 1;
    std::size_t at = key.low & mask;
    while (slots_[at] != none && keys_[slots_[at]] != key) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<std::uint32_t> const old(2 * slots_.size(), none);
    slots_ = old;
    for (std::uint32_t place = 0; place < size(); ++place) slots_[slot_of(keys_[place])] = place;
  }

  std::vector<digest> keys_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace memo::detail
