/// Who computes which key, among the threads of this process, and which keys have to stay.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/store/digest_map.hpp>
#include <memo/store/entry.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace memo::detail {

/// A small number for the calling thread, given out in the order in which threads ask.
inline std::uint64_t thread_number() {
  static std::atomic<std::uint64_t> last{0};
  thread_local std::uint64_t const mine = ++last;
  return mine;
}

/// Keys that somebody holds, how often, and the thread that began it.
struct held_keys {
  struct held {
    std::uint64_t count = 0;
    std::uint64_t thread = 0;
  };
  std::mutex lock;
  digest_map<held> keys;
};

/// Holds keys until it is destroyed.
class key_hold {
 public:
  /// Room for `count` keys, so that adding one cannot throw.
  key_hold(std::shared_ptr<held_keys> const& table, std::size_t count) : table_(table) {
    keys_.reserve(count);
  }
  key_hold(key_hold const&) = delete;
  key_hold& operator=(key_hold const&) = delete;
  ~key_hold() {
    std::lock_guard const guard(table_->lock);
    for (auto const& key : keys_)
      if (--table_->keys[key].count == 0) table_->keys.erase(key);
  }

  /// The caller has the table's lock.
  void add(digest const& key, std::uint64_t thread) {
    auto& held = table_->keys[key];
    ++held.count;
    held.thread = thread;
    keys_.push_back(key);
  }

 private:
  std::shared_ptr<held_keys> table_;
  std::vector<digest> keys_;
};

/// The table behind `claim` of a store. A claim is `hit` where the key was stored not long ago, by anybody in
/// this process, and once for each thread and put: a thread that looked, found nothing that it can use, and
/// asks again gets the claim.
/// Every function may be called from any thread; a claim may outlive the table.
class claims {
 public:
  claim_result claim(digest const& key) {
    auto const me = thread_number();
    auto hold = std::make_shared<key_hold>(table_, 1);
    std::lock_guard const guard(table_->lock);
    claim_result result;
    if (auto const* const busy = table_->keys.find(key)) {
      result.what = claim_result::status::busy;
      result.holder = "thread " + std::to_string(busy->thread) + " of this process";
    } else if (is_told(key, me)) {
      result.what = claim_result::status::hit;
    } else {
      hold->add(key, me);
      result.hold = std::move(hold);
    }
    return result;
  }

  /// Notes that the calling thread has put an entry.
  void note_stored(digest const& key) {
    auto const me = thread_number();
    std::lock_guard const guard(table_->lock);
    auto& told = stored_[key];
    bool const is_new = told.empty();
    told.assign(1, me);
    if (!is_new) return;
    order_.push_back(key);
    if (order_.size() <= most_remembered) return;
    stored_.erase(order_.front());
    order_.erase(order_.begin());
  }

  /// Notes that entries are gone: nobody is told of them any more.
  void note_removed(digest const& key) {
    std::lock_guard const guard(table_->lock);
    if (!stored_.erase(key)) return;
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (order_[i] == key) {
        order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
  }
  void note_all_removed() {
    std::lock_guard const guard(table_->lock);
    stored_.clear();
    order_.clear();
  }

 private:
  /// Enough for the keys that are between two threads' look-ups at one time.
  static constexpr std::size_t most_remembered = 1024;

  /// True, once for each thread and put, where the key was stored.
  bool is_told(digest const& key, std::uint64_t thread) {
    auto* const told = stored_.find(key);
    if (told == nullptr) return false;
    for (auto const known : *told)
      if (known == thread) return false;
    told->push_back(thread);
    return true;
  }

  std::shared_ptr<held_keys> const table_ = std::make_shared<held_keys>();
  digest_map<std::vector<std::uint64_t>> stored_;  // key -> the threads that know
  std::vector<digest> order_;                      // of `stored_`, oldest first
};

/// Keys that limits and `collect` leave alone.
class pins {
 public:
  /// Counts each key once more until the returned handle is destroyed.
  std::shared_ptr<void> pin(std::span<digest const> keys) {
    auto hold = std::make_shared<key_hold>(table_, keys.size());
    std::lock_guard const guard(table_->lock);
    for (auto const& key : keys) hold->add(key, 0);
    return hold;
  }

  bool contains(digest const& key) const {
    std::lock_guard const guard(table_->lock);
    return table_->keys.find(key) != nullptr;
  }

 private:
  std::shared_ptr<held_keys> const table_ = std::make_shared<held_keys>();
};

}  // namespace memo::detail
