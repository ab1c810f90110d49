/// Who computes which key, among the threads of this process.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/store/entry.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace memo::detail {

/// A small number for the calling thread, given out in the order in which threads ask.
inline std::uint64_t thread_number() {
  static std::atomic<std::uint64_t> last{0};
  thread_local std::uint64_t const mine = ++last;
  return mine;
}

/// The table behind `claim` of a store. A claim is `hit` where the key was stored not long ago, by anybody in
/// this process, and once for each thread and put: a thread that looked, found nothing that it can use, and
/// asks again gets the claim.
/// Copies of the handle share the table; every function may be called from any thread.
class claims {
 public:
  claims() : table_(std::make_shared<table>()) {}

  claim_result claim(digest const& key) {
    auto const me = thread_number();
    std::lock_guard const guard(table_->lock);
    claim_result result;
    if (auto const busy = table_->holders.find(key); busy != table_->holders.end()) {
      result.what = claim_result::status::busy;
      result.holder = "thread " + std::to_string(busy->second) + " of this process";
      return result;
    }
    if (auto const recent = table_->stored.find(key); recent != table_->stored.end()) {
      auto& told = recent->second;
      if (std::find(told.begin(), told.end(), me) == told.end()) {
        told.push_back(me);
        result.what = claim_result::status::hit;
        return result;
      }
    }
    auto hold = std::make_shared<holding>(table_, key);
    table_->holders.emplace(key, me);
    hold->active = true;
    result.hold = std::move(hold);
    return result;
  }

  /// Notes that the calling thread has put an entry.
  void note_stored(digest const& key) {
    auto const me = thread_number();
    std::lock_guard const guard(table_->lock);
    auto const [place, is_new] = table_->stored.try_emplace(key);
    place->second.assign(1, me);
    if (!is_new) return;
    table_->order.push_back(key);
    if (table_->order.size() <= most_remembered) return;
    table_->stored.erase(table_->order.front());
    table_->order.pop_front();
  }

  /// Notes that entries are gone: nobody is told of them any more.
  void note_removed(digest const& key) {
    std::lock_guard const guard(table_->lock);
    if (auto const place = table_->stored.find(key); place != table_->stored.end()) {
      table_->stored.erase(place);
      table_->order.erase(std::find(table_->order.begin(), table_->order.end(), key));
    }
  }
  void note_all_removed() {
    std::lock_guard const guard(table_->lock);
    table_->stored.clear();
    table_->order.clear();
  }

 private:
  /// Enough for the keys that are between two threads' look-ups at one time.
  static constexpr std::size_t most_remembered = 1024;

  struct table {
    std::mutex lock;
    std::unordered_map<digest, std::uint64_t> holders;
    std::unordered_map<digest, std::vector<std::uint64_t>> stored;  // key -> the threads that know
    std::deque<digest> order;                                       // of `stored`, oldest first
  };

  struct holding {
    holding(std::shared_ptr<table> const& of, digest const& what) : owner(of), key(what) {}
    holding(holding const&) = delete;
    holding& operator=(holding const&) = delete;
    ~holding() {
      if (!active) return;
      std::lock_guard const guard(owner->lock);
      owner->holders.erase(key);
    }
    std::shared_ptr<table> owner;
    digest key;
    bool active = false;
  };

  std::shared_ptr<table> table_;
};

/// Keys that limits and `collect` leave alone. Copies share the set.
class pins {
 public:
  pins() : set_(std::make_shared<set>()) {}

  /// Counts each key once more until the returned handle is destroyed.
  std::shared_ptr<void> pin(std::span<digest const> keys) {
    auto hold = std::make_shared<holding>(set_);
    hold->keys.reserve(keys.size());
    std::lock_guard const guard(set_->lock);
    for (auto const& key : keys) {
      ++set_->counts[key];
      hold->keys.push_back(key);
    }
    return hold;
  }

  bool contains(digest const& key) const {
    std::lock_guard const guard(set_->lock);
    return set_->counts.contains(key);
  }

 private:
  struct set {
    std::mutex lock;
    std::unordered_map<digest, std::size_t> counts;
  };
  struct holding {
    explicit holding(std::shared_ptr<set> const& of) : owner(of) {}
    holding(holding const&) = delete;
    holding& operator=(holding const&) = delete;
    ~holding() {
      std::lock_guard const guard(owner->lock);
      for (auto const& key : keys) {
        auto const place = owner->counts.find(key);
        if (place != owner->counts.end() && --place->second == 0) owner->counts.erase(place);
      }
    }
    std::shared_ptr<set> owner;
    std::vector<digest> keys;
  };
  std::shared_ptr<set> set_;
};

}  // namespace memo::detail
