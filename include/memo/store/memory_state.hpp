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
    memory_entry* const kept = shard.keyed.find(key);
    if (kept == nullptr) return found;
    if (how == access::normal) {
      kept->used = puts_.load(std::memory_order_relaxed);
      shard.order.remove(*kept);
      shard.order.push(*kept);
    }
    found.status = lookup::hit;
    found.variants = kept->variants;
    return found;
  }

  found_object read(digest const& object, void const* tag) {
    found_object found;
    digest checksum;
    {
      memory_shard& shard = shard_of(object);
      std::lock_guard const guard(shard.lock);
      memory_object const* const kept = shard.objects.find(object);
      if (kept == nullptr || !kept->is_kept()) return found;
      if (tag != nullptr && kept->live && kept->live.tag == tag) {
        found.live = kept->live;
        found.status = lookup::hit;
        return found;
      }
      if (kept->has_bytes) {
        found.bytes = kept->bytes;
        found.status = lookup::hit;
        return found;
      }
      if (kept->live.encode == nullptr) return found;
      found.live = kept->live;
      checksum = kept->checksum;
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
    try {
      for (auto const& source : request.objects) {
        int const error = put_object(source, request.policy);
        if (error == 0) continue;
        result.stored = false;
        result.warning = "a value could not be kept in memory: " + os::error_text(error);
      }
      if (request.value != nullptr && result.stored) put_entry(request);
    } catch (...) {  // no memory
      if (request.value != nullptr) release(*request.value);
      throw;
    }
    if (request.value == nullptr || !result.stored) {
      if (request.value != nullptr) release(*request.value);
      return result;
    }
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
    std::vector<memory_object> gone;
    return take_out(key, gone);
  }

  std::vector<entry_info> list() {
    std::vector<entry_info> all;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      shard.keyed.each(
          [&](digest const& key, memory_entry const& kept) { all.push_back(info_of(key, *kept.variants)); });
    }
    return all;
  }

  store_stats stats() {
    store_stats sum;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      sum.entries += shard.keyed.size();
      shard.keyed.each([&](digest const&, memory_entry const& kept) { sum.bytes += kept.size; });
      shard.objects.each([&](digest const&, memory_object const& kept) {
        sum.objects += kept.is_kept() ? 1 : 0;
        sum.bytes += kept.size;
      });
    }
    return sum;
  }

  verify_result verify() {
    verify_result result;
    result.checked = stats().entries;
    for (auto& shard : shards_) {
      std::vector<digest> there;
      {
        std::lock_guard const guard(shard.lock);
        shard.objects.each([&](digest const& id, memory_object const& kept) {
          if (kept.has_bytes) there.push_back(id);
        });
      }
      for (auto const& id : there) {
        auto const object = read(id, nullptr);
        if (object.status != lookup::hit) continue;
        ++result.checked;
        digest const checksum = hash_bytes(object.bytes.view);
        std::lock_guard const guard(shard.lock);
        memory_object* const kept = shard.objects.find(id);
        if (kept == nullptr || kept->checksum == checksum) continue;
        ++result.damaged;
        forget(*kept);
      }
    }
    return result;
  }

  collect_result collect(store_limits const& limits) {
    {
      digest_map<memory_object> gone;
      drop_unnamed(gone);
    }
    return enforce(limits);
  }

  store_limits own_limits() const {
    return {limits_.max_bytes, limits_.max_entries, static_cast<std::int64_t>(limits_.max_age.count())};
  }

  void clear() {
    claims_.note_all_removed();
    for (auto& shard : shards_) {
      digest_map<memory_entry> keyed;
      digest_map<memory_object> objects;  // destroyed after the lock: values run users' destructors
      std::lock_guard const guard(shard.lock);
      shard.keyed.each([&](digest const&, memory_entry const& kept) { bytes_ -= kept.size; });
      shard.objects.each([&](digest const&, memory_object const& kept) { bytes_ -= kept.size; });
      count_ -= shard.keyed.size();
      shard.keyed.swap(keyed);
      shard.objects.swap(objects);
      shard.order.clear();
    }
    std::lock_guard const guard(last_lock_);
    last_.clear();
  }

  std::optional<std::string> read_last(digest const& id) {
    std::lock_guard const guard(last_lock_);
    std::string const* const text = last_.find(id);
    if (text == nullptr) return std::nullopt;
    return *text;
  }
  void write_last(digest const& id, byte_view text) {
    std::lock_guard const guard(last_lock_);
    last_[id] = as_text(text);
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
      memory_object const* const kept = shard.objects.find(source.object);
      if (kept != nullptr && kept->is_kept() && (kept->live || !keep_live)) return 0;
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
    entry owned = owned_entry(*request.value);
    digest const added = owned.variant;
    memory_shard& shard = shard_of(request.key);
    entry const* unnamed = request.value;  // whose objects lose a reference
    entries replaced;
    {
      std::lock_guard const guard(shard.lock);
      memory_entry* kept = shard.keyed.find(request.key);
      entries const none;
      entries const& old = kept == nullptr ? none : *kept->variants;
      if (!has_variant(old, added) || request.policy == put_policy::replace) {
        unnamed = nullptr;
        entries next = with_variant(old, std::move(owned));
        for (auto const& variant : old)
          if (variant.variant == added || !has_variant(next, variant.variant)) replaced.push_back(variant);
        std::uint64_t const size = memory_entry_size(next);
        auto variants = std::make_shared<entries const>(std::move(next));
        if (kept == nullptr) {
          kept = &shard.keyed[request.key];
          kept->key = request.key;
          shard.order.push(*kept);
          ++count_;
        }
        bytes_ += size - kept->size;
        kept->size = size;
        kept->variants = std::move(variants);
      }
      kept->used = ++puts_;
      shard.order.remove(*kept);
      shard.order.push(*kept);
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
    std::vector<memory_object> gone;
    release(value, gone);
  }

  /// Values run users' destructors, which may use this store: the caller destroys `gone` where it holds no lock.
  void release(entry const& value, std::vector<memory_object>& gone) {
    for (auto const& output : value.outputs) {
      if (!output.object) continue;
      gone.emplace_back();
      memory_shard& shard = shard_of(output.object);
      std::lock_guard const guard(shard.lock);
      memory_object* const kept = shard.objects.find(output.object);
      if (kept == nullptr || kept->references == 0 || --kept->references != 0) continue;
      bytes_ -= kept->size;
      gone.back() = std::move(*kept);
      shard.objects.erase(output.object);
    }
  }

  void forget(memory_object& object) {
    bytes_ -= object.size;
    object.size = 0;
    object.bytes = {};
    object.has_bytes = false;
  }

  void drop_unnamed(digest_map<memory_object>& gone) {
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      shard.objects.move_if(gone, [&](digest const&, memory_object const& kept) {
        if (kept.references == 0) bytes_ -= kept.size;
        return kept.references == 0;
      });
    }
  }

  /// Removes a key; true where it was there.
  bool take_out(digest const& key, std::vector<memory_object>& gone) {
    std::shared_ptr<entries const> variants;
    {
      memory_shard& shard = shard_of(key);
      std::lock_guard const guard(shard.lock);
      memory_entry* const kept = shard.keyed.find(key);
      if (kept == nullptr) return false;
      variants = kept->variants;
      bytes_ -= kept->size;
      --count_;
      shard.order.remove(*kept);
      shard.keyed.erase(key);
    }
    for (auto const& variant : *variants) release(variant, gone);
    return true;
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
      std::vector<memory_object> gone;  // destroyed after the lock
      digest_map<memory_object> unnamed;
      std::lock_guard const guard(collecting_);
      drop_unnamed(unnamed);
      while (is_over(limits)) {
        auto const victim = least_recently_used();
        if (!victim) break;
        if (take_out(*victim, gone)) ++result.removed_entries;
      }
    }
    std::uint64_t const after = bytes_.load();
    result.removed_bytes = before > after ? before - after : 0;
    return result;
  }

  std::uint64_t drop_old(std::int64_t max_age_ms) {
    std::int64_t const now = clock::system().wall_ms();
    std::vector<digest> old;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      shard.keyed.each([&](digest const& key, memory_entry const& kept) {
        if (now - kept.variants->front().created_ms >= max_age_ms && !pins_.contains(key)) old.push_back(key);
      });
    }
    std::vector<memory_object> gone;
    for (auto const& key : old) take_out(key, gone);
    return old.size();
  }

  /// The key whose last use lies furthest back, pinned ones aside.
  std::optional<digest> least_recently_used() {
    std::optional<digest> found;
    std::uint64_t oldest = ~std::uint64_t{0};
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      memory_entry const* kept = shard.order.oldest();
      while (kept != nullptr && pins_.contains(kept->key)) kept = kept->newer;
      if (kept == nullptr || kept->used >= oldest) continue;
      oldest = kept->used;
      found = kept->key;
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
  digest_map<std::string> last_;
};

}  // namespace detail

}  // namespace memo
