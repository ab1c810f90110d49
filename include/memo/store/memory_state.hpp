/// What the copies of a memory store share: the tables, their limits, claims and pins.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claims.hpp>
#include <memo/store/memory_shards.hpp>

#include <algorithm>
#include <optional>

namespace memo {

/// Limits of a memory store; zero means none.
struct memory_options {
  std::uint64_t max_bytes = 0;
  std::uint64_t max_entries = 0;
  std::chrono::milliseconds max_age{0};  ///< from an entry's creation
};

namespace detail {

/// What the copies of a memory store share.
class memory_state {
 public:
  explicit memory_state(memory_options const& limits) : limits_(limits) {}
  memory_state(memory_state const&) = delete;
  memory_state& operator=(memory_state const&) = delete;

  found_entries find(digest const& key, access how) {
    memory_shard& shard = shard_of(key);
    found_entries found;
    std::lock_guard const guard(shard.lock);
    auto const place = shard.keyed.find(key);
    if (place == shard.keyed.end()) return found;
    if (how == access::normal) {
      place->second.used = puts_.load(std::memory_order_relaxed);
      shard.order.splice(shard.order.begin(), shard.order, place->second.place);
    }
    found.status = lookup::hit;
    found.variants = place->second.variants;
    return found;
  }

  found_object read(digest const& object, void const* tag) {
    found_object found;
    digest checksum;
    {
      memory_shard& shard = shard_of(object);
      std::lock_guard const guard(shard.lock);
      auto const place = shard.objects.find(object);
      if (place == shard.objects.end() || !place->second.is_kept()) return found;
      memory_object const& kept = place->second;
      if (tag != nullptr && kept.live && kept.live.tag == tag) {
        found.live = kept.live;
        found.status = lookup::hit;
        return found;
      }
      if (kept.has_bytes) {
        found.bytes = kept.bytes;
        found.status = lookup::hit;
        return found;
      }
      if (kept.live.encode == nullptr) return found;
      found.live = kept.live;
      checksum = kept.checksum;
    }
    // Outside of the lock: this runs a user's code. The value is not kept as bytes too, it may be large.
    live_value const live = std::exchange(found.live, {});
    found.bytes = live.encode(live.value.get());
    if (hash_bytes(found.bytes.view) != checksum) {
      found.bytes = {};
      found.status = lookup::error;
      found.reason = "the value was changed after it was stored";
      return found;
    }
    if (reinterpret_cast<std::uintptr_t>(found.bytes.view.data()) % payload_alignment != 0) {
      aligned_block const block(found.bytes.view.size());
      std::copy(found.bytes.view.begin(), found.bytes.view.end(), block.data());
      found.bytes = block.share();
    }
    found.status = lookup::hit;
    return found;
  }

  put_result put(put_request const& request) {
    put_result result;
    if (request.value != nullptr) refer(*request.value);
    for (auto const& source : request.objects) {
      int const error = put_object(source, request.policy);
      if (error == 0) continue;
      result.stored = false;
      result.warning = "a value could not be kept in memory: " + os::error_text(error);
    }
    if (request.value == nullptr || !result.stored) {
      if (request.value != nullptr) release(*request.value);
      return result;
    }
    put_entry(request);
    claims_.note_stored(request.key);
    store_limits limits = own_limits();
    if (limits.max_age_ms != 0) {
      // Looking at every entry's age costs a pass over all of them.
      std::int64_t const now = clock::system().wall_ms();
      if (std::int64_t last = age_checked_ms_.load(); now - last < 1000 && now >= last)
        limits.max_age_ms = 0;
      else
        age_checked_ms_.store(now);
    }
    enforce(limits);
    return result;
  }

  bool erase(digest const& key) {
    claims_.note_removed(key);
    return take_out(key) != nullptr;
  }

  /// Calls for every key; `seen(key, variants)` runs without a lock.
  template <class Seen>
  void each(Seen seen) {
    for (auto& shard : shards_) {
      std::vector<std::pair<digest, std::shared_ptr<entries const>>> there;
      {
        std::lock_guard const guard(shard.lock);
        there.reserve(shard.keyed.size());
        for (auto const& [key, kept] : shard.keyed) there.emplace_back(key, kept.variants);
      }
      for (auto const& [key, variants] : there) seen(key, *variants);
    }
  }

  store_stats stats() {
    store_stats sum;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      sum.entries += shard.keyed.size();
      for (auto const& [key, kept] : shard.keyed) sum.bytes += kept.size;
      for (auto const& [id, object] : shard.objects) {
        sum.objects += object.is_kept() ? 1 : 0;
        sum.bytes += object.size;
      }
    }
    return sum;
  }

  verify_result verify() {
    verify_result result;
    result.checked = stats().entries;
    for (auto& shard : shards_) {
      std::vector<std::pair<digest, memory_object>> there;
      {
        std::lock_guard const guard(shard.lock);
        for (auto const& [id, object] : shard.objects)
          if (object.has_bytes) there.emplace_back(id, object);
      }
      for (auto const& [id, object] : there) {
        ++result.checked;
        if (hash_bytes(object.bytes.view) == object.checksum) continue;
        ++result.damaged;
        std::lock_guard const guard(shard.lock);
        if (auto const place = shard.objects.find(id); place != shard.objects.end()) forget(place->second);
      }
    }
    return result;
  }

  collect_result collect(store_limits const& limits) {
    drop_unnamed();
    return enforce(limits);
  }

  store_limits own_limits() const {
    return {limits_.max_bytes, limits_.max_entries, static_cast<std::int64_t>(limits_.max_age.count())};
  }

  void clear() {
    claims_.note_all_removed();
    for (auto& shard : shards_) {
      decltype(shard.keyed) keyed;
      decltype(shard.objects) objects;  // destroyed after the lock: values run users' destructors
      {
        std::lock_guard const guard(shard.lock);
        for (auto const& [key, kept] : shard.keyed) bytes_ -= kept.size;
        for (auto const& [id, object] : shard.objects) bytes_ -= object.size;
        count_ -= shard.keyed.size();
        shard.keyed.swap(keyed);
        shard.objects.swap(objects);
        shard.order.clear();
      }
    }
    std::lock_guard const guard(last_lock_);
    last_.clear();
  }

  std::optional<std::string> read_last(digest const& id) {
    std::lock_guard const guard(last_lock_);
    auto const place = last_.find(id);
    return place == last_.end() ? std::nullopt : std::optional(place->second);
  }
  void write_last(digest const& id, byte_view text) {
    std::lock_guard const guard(last_lock_);
    last_[id] = std::string(as_text(text));
  }

  claim_result claim(digest const& key) { return claims_.claim(key); }
  std::shared_ptr<void> pin(std::span<digest const> keys) { return pins_.pin(keys); }

 private:
  memory_shard& shard_of(digest const& id) { return shards_[id.high % shards_.size()]; }

  /// Keeps an object, if it is not there; 0 or an errno.
  int put_object(object_source const& source, put_policy policy) {
    bool const keep_live = source.live && (source.live.encode != nullptr || source.pieces.empty());
    memory_shard& shard = shard_of(source.object);
    if (policy == put_policy::keep) {
      std::lock_guard const guard(shard.lock);
      auto const place = shard.objects.find(source.object);
      if (place != shard.objects.end() && place->second.is_kept() && (place->second.live || !keep_live))
        return 0;
    }
    memory_object made;
    made.checksum = source.checksum;
    made.size = std::max<std::uint64_t>(source.size, 1);
    if (keep_live) {
      made.live = source.live;
      made.size = std::max(made.size, source.live.size);
    } else {
      auto gathered = gather(source);
      if (!gathered) return gathered.error;
      made.bytes = std::move(gathered.value);
      made.has_bytes = true;
    }
    std::lock_guard const guard(shard.lock);
    memory_object& kept = shard.objects[source.object];
    made.references = kept.references;
    bytes_ += made.size - kept.size;
    std::swap(kept, made);
    return 0;
  }

  void put_entry(put_request const& request) {
    entry const owned = owned_entry(*request.value);
    memory_shard& shard = shard_of(request.key);
    entry const* unnamed = request.value;  // whose objects lose a reference
    entries replaced;
    {
      std::lock_guard const guard(shard.lock);
      auto const [place, is_new] = shard.keyed.try_emplace(request.key);
      memory_entry& kept = place->second;
      if (is_new) {
        shard.order.push_front(request.key);
        kept.place = shard.order.begin();
        ++count_;
      } else {
        shard.order.splice(shard.order.begin(), shard.order, kept.place);
      }
      kept.used = ++puts_;
      entries const none;
      entries const& old = is_new ? none : *kept.variants;
      bool const present =
          std::any_of(old.begin(), old.end(), [&](entry const& e) { return e.variant == owned.variant; });
      if (!present || request.policy == put_policy::replace) {
        unnamed = nullptr;
        entries next = with_variant(old, owned);
        for (auto const& variant : old) {
          bool const stays = std::any_of(next.begin() + 1, next.end(),
                                         [&](entry const& e) { return e.variant == variant.variant; });
          if (!stays) replaced.push_back(variant);
        }
        std::uint64_t const size = memory_entry_size(next);
        bytes_ += size - kept.size;
        kept.size = size;
        kept.variants = std::make_shared<entries const>(std::move(next));
      }
    }
    if (unnamed != nullptr) release(*unnamed);
    for (auto const& variant : replaced) release(variant);
  }

  void refer(entry const& value) {
    for (auto const& output : value.outputs) {
      if (!output.object) continue;
      memory_shard& shard = shard_of(output.object);
      std::lock_guard const guard(shard.lock);
      ++shard.objects[output.object].references;
    }
  }

  void release(entry const& value) {
    for (auto const& output : value.outputs) {
      if (!output.object) continue;
      memory_object gone;  // destroyed after the lock
      memory_shard& shard = shard_of(output.object);
      std::lock_guard const guard(shard.lock);
      auto const place = shard.objects.find(output.object);
      if (place == shard.objects.end() || place->second.references == 0 || --place->second.references != 0)
        continue;
      bytes_ -= place->second.size;
      gone = std::move(place->second);
      shard.objects.erase(place);
    }
  }

  void forget(memory_object& object) {
    bytes_ -= object.size;
    object.size = 0;
    object.bytes = {};
    object.has_bytes = false;
  }

  void drop_unnamed() {
    for (auto& shard : shards_) {
      std::vector<memory_object> gone;
      std::lock_guard const guard(shard.lock);
      for (auto place = shard.objects.begin(); place != shard.objects.end();) {
        if (place->second.references != 0) {
          ++place;
          continue;
        }
        bytes_ -= place->second.size;
        gone.push_back(std::move(place->second));
        place = shard.objects.erase(place);
      }
    }
  }

  /// Removes a key; gives what it held.
  std::shared_ptr<entries const> take_out(digest const& key) {
    std::shared_ptr<entries const> variants;
    {
      memory_shard& shard = shard_of(key);
      std::lock_guard const guard(shard.lock);
      auto const place = shard.keyed.find(key);
      if (place == shard.keyed.end()) return nullptr;
      variants = place->second.variants;
      bytes_ -= place->second.size;
      --count_;
      shard.order.erase(place->second.place);
      shard.keyed.erase(place);
    }
    for (auto const& variant : *variants) release(variant);
    return variants;
  }

  bool is_over(store_limits const& limits) const {
    return (limits.max_bytes != 0 && bytes_.load() > limits.max_bytes) ||
           (limits.max_entries != 0 && count_.load() > limits.max_entries);
  }

  collect_result enforce(store_limits const& limits) {
    collect_result result;
    std::uint64_t const before = bytes_.load();
    if (limits.max_age_ms != 0) result.removed_entries += drop_old(limits.max_age_ms);
    if (is_over(limits)) {
      std::lock_guard const guard(collecting_);
      drop_unnamed();
      while (is_over(limits)) {
        auto const victim = least_recently_used();
        if (!victim) break;
        if (take_out(*victim) != nullptr) ++result.removed_entries;
      }
    }
    std::uint64_t const after = bytes_.load();
    result.removed_bytes = before > after ? before - after : 0;
    return result;
  }

  std::uint64_t drop_old(std::int64_t max_age_ms) {
    std::int64_t const now = clock::system().wall_ms();
    std::vector<digest> old;
    each([&](digest const& key, entries const& variants) {
      if (now - variants.front().created_ms >= max_age_ms && !pins_.contains(key)) old.push_back(key);
    });
    for (auto const& key : old) take_out(key);
    return old.size();
  }

  /// The key whose last use lies furthest back, pinned ones aside.
  std::optional<digest> least_recently_used() {
    std::optional<digest> found;
    std::uint64_t oldest = ~std::uint64_t{0};
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      for (auto key = shard.order.rbegin(); key != shard.order.rend(); ++key) {
        if (pins_.contains(*key)) continue;
        std::uint64_t const used = shard.keyed.find(*key)->second.used;
        if (used < oldest) {
          oldest = used;
          found = *key;
        }
        break;
      }
    }
    return found;
  }

  memory_options const limits_;
  std::array<memory_shard, 16> shards_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> puts_{0};
  std::atomic<std::int64_t> age_checked_ms_{0};
  std::mutex collecting_;
  claims claims_;
  pins pins_;
  std::mutex last_lock_;
  std::unordered_map<digest, std::string> last_;
};

}  // namespace detail

}  // namespace memo
