/// Which keys have to stay, whatever the limits say.
#pragma once

#include <memo/store/digest_map.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace memo::detail {

/// Keys that limits and `collect` leave alone. Every function may be called from any thread; what `pin` gives may
/// outlive the table.
class pins {
 public:
  /// Counts each key once more until the returned handle is destroyed.
  std::shared_ptr<void> pin(std::span<digest const> keys) {
    auto hold = std::make_shared<pinned>(table_, keys.size());
    std::lock_guard const guard(table_->lock);
    for (auto const& key : keys) {
      ++table_->counts[key];
      hold->keys.push_back(key);
    }
    return hold;
  }

  bool empty() const {
    std::lock_guard const guard(table_->lock);
    return table_->counts.size() == 0;
  }

  bool contains(digest const& key) const {
    std::lock_guard const guard(table_->lock);
    return table_->counts.find(key) != nullptr;
  }

 private:
  struct table {
    std::mutex lock;
    digest_map<std::uint64_t> counts;
  };

  struct pinned {
    /// Room for `count` keys, so that adding one cannot throw.
    pinned(std::shared_ptr<table> const& shared, std::size_t count) : of(shared) { keys.reserve(count); }
    pinned(pinned const&) = delete;
    pinned& operator=(pinned const&) = delete;
    ~pinned() {
      std::lock_guard const guard(of->lock);
      for (auto const& key : keys)
        if (--of->counts[key] == 0) of->counts.erase(key);
    }
    std::shared_ptr<table> of;
    std::vector<digest> keys;
  };

  std::shared_ptr<table> const table_ = std::make_shared<table>();
};

}  // namespace memo::detail
