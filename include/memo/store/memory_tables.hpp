/// What a memory store keeps: entries and objects in several tables, each with a lock of its own.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/memory_shards.hpp>

#include <algorithm>
#include <optional>

namespace memo::detail {

/// The tables, without limits. Every function may be called from any thread.
class memory_tables {
 public:
  /// `tracks_hits`: every hit counts for the order of last use, also one that takes no lock.
  explicit memory_tables(bool tracks_hits) : tracks_hits_(tracks_hits) {}
  memory_tables(memory_tables const&) = delete;
  memory_tables& operator=(memory_tables const&) = delete;

  std::uint64_t bytes() const { return bytes_.load(); }
  std::uint64_t count() const { return count_.load(); }

  found_entries find(digest const& key, access how) {
    memory_shard& shard = shard_of(key);
    found_entries found;
    std::lock_guard const guard(shard.lock);
    memory_entry* const kept = shard.keyed.find(key);
    if (kept == nullptr) return found;
    if (how == access::normal) kept->used = stamps_.of_use();
    found.status = lookup::hit;
    found.variants = kept->variants;
    return found;
  }

  std::int64_t recall(digest const& key, recall_request const& request) {
    memory_shard& shard = shard_of(key);
    bool const is_small = request.plain != nullptr && request.plain_size <= recall_slot::capacity;
    if (is_small) {
      auto const found = shard.recalled.find(key, request.tag, request.plain, request.plain_size);
      if (found.slot != nullptr) {
        if (request.how == access::normal) note_use(*found.slot);
        return found.created_ms;
      }
    }
    std::lock_guard const guard(shard.lock);
    memory_entry* const kept = shard.keyed.find(key);
    if (kept == nullptr || kept->only.tag == nullptr || kept->only.tag != request.tag) return -1;
    memory_value const& only = kept->only;
    if (request.plain != nullptr)
      std::memcpy(request.plain, only.value.get(), request.plain_size);
    else
      *request.handle = only.value;
    if (request.how == access::normal) {
      kept->used = stamps_.of_use();
      if (is_small) shard.recalled.set(key, only.tag, only.created_ms, request.plain, request.plain_size);
    }
    return only.created_ms;
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

  /// Stores objects and their entry.
  put_result put(put_request const& request) {
    put_result result;
    live_value live;
    if (request.value != nullptr) refer(*request.value);
    try {
      for (auto const& source : request.objects) {
        live_value kept;
        int const error = put_object(source, request.policy, kept);
        if (request.value != nullptr && request.value->outputs.size() == 1 &&
            request.value->outputs.front().object == source.object)
          live = std::move(kept);
        if (error == 0) continue;
        result.stored = false;
        result.warning = "a value could not be kept in memory: " + os::error_text(error);
      }
      if (request.value != nullptr && result.stored) put_entry(request, std::move(live));
    } catch (...) {  // no memory
      if (request.value != nullptr) release(*request.value);
      throw;
    }
    if (request.value != nullptr && !result.stored) release(*request.value);
    return result;
  }

  void discard(digest const& object) {
    memory_object gone;  // destroyed after the lock
    memory_shard& shard = shard_of(object);
    std::lock_guard const guard(shard.lock);
    memory_object* const kept = shard.objects.find(object);
    if (kept == nullptr || kept->references != 0) return;
    bytes_ -= kept->size;
    --unnamed_;
    gone = std::move(*kept);
    shard.objects.erase(object);
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

  void clear() {
    for (auto& shard : shards_) {
      digest_map<memory_entry> keyed;
      digest_map<memory_object> objects;  // destroyed after the lock: values run users' destructors
      std::lock_guard const guard(shard.lock);
      shard.keyed.each([&](digest const&, memory_entry const& kept) { bytes_ -= kept.size; });
      shard.objects.each([&](digest const&, memory_object const& kept) {
        bytes_ -= kept.size;
        if (kept.references == 0) --unnamed_;
      });
      count_ -= shard.keyed.size();
      shard.recalled.clear();
      shard.keyed.swap(keyed);
      shard.objects.swap(objects);
      shard.order.clear();
    }
  }

  void drop_unnamed(digest_map<memory_object>& gone) {
    if (unnamed_.load() == 0) return;  // so that a put into a full store does not look at all objects
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      shard.objects.move_if(gone, [&](digest const&, memory_object const& kept) {
        if (kept.references != 0) return false;
        bytes_ -= kept.size;
        --unnamed_;
        return true;
      });
    }
  }

  /// Removes a key; true where it was there.
  bool take_out(digest const& key, std::vector<memory_object>& gone) {
    std::shared_ptr<entries const> variants;
    gone.emplace_back();
    memory_value only;
    {
      memory_shard& shard = shard_of(key);
      std::lock_guard const guard(shard.lock);
      memory_entry* const kept = shard.keyed.find(key);
      if (kept == nullptr) return false;
      variants = kept->variants;
      bytes_ -= kept->size;
      --count_;
      only = std::move(kept->only);
      shard.recalled.remove(key);
      shard.keyed.erase(key);
    }
    // With the rest: its destructor may use this store, when the caller holds no lock any more.
    gone.back().live.value = std::move(only.value);
    for (auto const& variant : *variants) release(variant, gone);
    return true;
  }

  /// Removes what was created that long ago; gives how many entries.
  std::uint64_t drop_old(std::int64_t max_age_ms, pins const& pinned) {
    std::int64_t const now = clock::system().wall_ms();
    std::vector<digest> old;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      shard.keyed.each([&](digest const& key, memory_entry const& kept) {
        if (now - kept.variants->front().created_ms >= max_age_ms && !pinned.contains(key))
          old.push_back(key);
      });
    }
    std::vector<memory_object> gone;
    for (auto const& key : old) take_out(key, gone);
    return old.size();
  }

  /// The key that is worth least, pinned ones aside.
  std::optional<digest> least_valuable(pins const& pinned) {
    std::optional<use_order::use> found;
    for (auto& shard : shards_) {
      std::lock_guard const guard(shard.lock);
      auto const oldest = shard.least_valuable(pinned, stamps_);
      if (oldest && (!found || oldest->stamp < found->stamp)) found = oldest;
    }
    if (!found) return std::nullopt;
    return found->key;
  }

 private:
  memory_shard& shard_of(digest const& id) { return shards_[id.high % shards_.size()]; }

  void note_use(recall_slot& slot) {
    // Where nothing is ever removed for its age, hits on one value by many threads need not write to it.
    if (tracks_hits_ || slot.used.load(std::memory_order_relaxed) < stamps_.of_last_put())
      slot.used.store(stamps_.of_use(), std::memory_order_relaxed);
  }

  /// Keeps an object, if it is not there; 0 or an errno. `live` becomes the live value that is kept, if one is.
  int put_object(object_source const& source, put_policy policy, live_value& live) {
    bool const keep_live = source.live && (source.live.encode != nullptr || source.pieces.empty());
    memory_shard& shard = shard_of(source.object);
    if (policy == put_policy::keep) {
      std::lock_guard const guard(shard.lock);
      memory_object const* const kept = shard.objects.find(source.object);
      if (kept != nullptr && kept->is_kept() && (kept->live || !keep_live)) {
        live = kept->live;
        return 0;
      }
    }
    memory_object made;
    made.checksum = source.checksum;
    made.size = std::max<std::uint64_t>(source.size, 1);
    if (keep_live) {
      made.live = live = source.live;
      made.size = std::max(made.size, source.live.size);
    } else {
      auto gathered = gather(source);
      if (!gathered) return gathered.error;
      made.bytes = std::move(gathered.value);
      made.has_bytes = true;
    }
    std::lock_guard const guard(shard.lock);
    memory_object& kept = object_in(shard, source.object);
    made.references = kept.references;
    bytes_ += made.size - kept.size;
    std::swap(kept, made);
    return 0;
  }

  void put_entry(put_request const& request, live_value live) {
    entry owned = owned_entry(*request.value);
    digest const added = owned.variant;
    memory_shard& shard = shard_of(request.key);
    entry const* unnamed = request.value;  // whose objects lose a reference
    entries replaced;
    memory_value only;  // what was, destroyed after the lock
    bool is_new = false;
    {
      std::lock_guard const guard(shard.lock);
      memory_entry* kept = shard.keyed.find(request.key);
      entries const none;
      entries const& old = kept == nullptr ? none : *kept->variants;
      if (!has_variant(old, added) || request.policy == put_policy::replace) {
        unnamed = nullptr;
        entries next = with_variant(old, std::move(owned), request.supersedes, request.most_variants);
        for (auto const& variant : old)
          if (variant.variant == added || !has_variant(next, variant.variant)) replaced.push_back(variant);
        std::uint64_t const size = memory_entry_size(next);
        std::uint64_t const doublings = doublings_of(next);
        auto variants = std::make_shared<entries const>(std::move(next));
        if (kept == nullptr) {
          kept = &shard.keyed[request.key];
          is_new = true;
          stamps_.note_count(++count_);
        }
        bytes_ += size - kept->size;
        kept->size = size;
        kept->doublings = doublings;
        kept->variants = std::move(variants);
        shard.recalled.remove(request.key);
        only = std::exchange(kept->only, only_value(*kept->variants, std::move(live)));
      }
      kept->used = stamps_.of_put();
      if (is_new) shard.note_use(request.key, *kept, stamps_);
    }
    if (unnamed != nullptr) release(*unnamed);
    for (auto const& variant : replaced) release(variant);
  }

  static memory_value only_value(entries const& variants, live_value live) {
    entry const& first = variants.front();
    if (!live || variants.size() != 1 || first.outputs.size() != 1 || !first.dependencies.empty() ||
        first.created_ms < 0)
      return {};
    return {std::move(live.value), live.tag, first.created_ms};
  }

  /// The object, made where there is none. The caller has the lock.
  memory_object& object_in(memory_shard& shard, digest const& id) {
    if (memory_object* const there = shard.objects.find(id)) return *there;
    memory_object& made = shard.objects[id];
    ++unnamed_;
    return made;
  }

  void refer(entry const& value) {
    for (auto const& output : value.outputs) {
      if (!output.object) continue;
      memory_shard& shard = shard_of(output.object);
      std::lock_guard const guard(shard.lock);
      if (object_in(shard, output.object).references++ == 0) --unnamed_;
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

  bool const tracks_hits_;
  std::array<memory_shard, 16> shards_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> unnamed_{0};  ///< objects without a reference
  use_stamps stamps_;
};

}  // namespace memo::detail
