/// The stored results of a map's elements: few packs under one key of the store, the group. Each pack is named by a
/// variant of the group's entry, as are results that are too large for a pack.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/key/collect.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/map_keys.hpp>
#include <memo/store/any_store.hpp>
#include <memo/store/pack.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A group and how it is used.
struct pack_group {
  digest key;
  digest codec;  ///< of packs of its results
  std::string_view project;
  std::string_view pipeline;
  std::string step;
  std::int64_t ttl_ms = -1;
  std::uint64_t seed = 0;
  access how = access::normal;
  clock const& time;
};

/// What was found of one element.
struct stored_element {
  byte_view item;
  std::int64_t created_ms = 0;
  std::int64_t cost_ns = 0;  ///< of its computation: its share of what all of its pack cost
  packed kind = packed::bytes;
  bool is_found = false;
};

/// A result that is stored as an object of its own. The value that `form` was made of outlives it.
struct large_result {
  digest key;
  encoding form;
};

/// The packs of one group. `add` may be called from any thread, the others by one at a time.
class map_packs {
 public:
  /// Results of more bytes are objects of their own.
  static constexpr std::uint64_t largest_packed = std::uint64_t{1} << 20;
  /// Packs of fewer bytes are merged when there are `merged_at_once` of them.
  static constexpr std::uint64_t full_pack = std::uint64_t{4} << 20;
  static constexpr std::size_t merged_at_once = 16;
  /// A process that dies loses what was computed in this time, and what was under way.
  static constexpr std::int64_t flush_every_ns = 500'000'000;

  map_packs(any_store& store, pack_group group)
      : store_(store), group_(std::move(group)), flushed_at_ns_(clock::system().steady_ns()) {}

  /// What the store has of the wanted elements, by their places; of several results the newest. The items live until
  /// `forget_found`.
  std::vector<stored_element> look_up(key_places const& wanted) {
    std::vector<stored_element> found(wanted.size());
    std::vector<digest> seen;
    // A pack may be gone because another process has merged it since the entry was read: then the entry is read again.
    for (int attempt = 0; attempt < 2; ++attempt) {
      found_entries const answer = store_.find(group_.key, group_.how);
      if (answer.status == lookup::error) warn(answer.reason);
      if (answer.status != lookup::hit) break;
      bool is_gone = false;
      for (entry const& variant : *answer.variants) {
        if (std::find(seen.begin(), seen.end(), variant.variant) != seen.end() || !is_ours(variant)) continue;
        shared_bytes pack;
        switch (read(variant, pack)) {
          case lookup::hit:
            if (take(pack.view, variant.cost_ns, wanted, found)) packs_.push_back(std::move(pack));
            seen.push_back(variant.variant);
            break;
          case lookup::miss:
            is_gone = true;
            break;
          case lookup::error:
            seen.push_back(variant.variant);
            break;
        }
      }
      if (!is_gone) break;
    }
    return found;
  }

  /// The stored form of a result; empty, with a reason, where it cannot be had.
  shared_bytes bytes_of(stored_element const& found, std::string& problem) {
    if (found.kind == packed::bytes) return {nullptr, found.item};
    found_object object = store_.read(object_in(found.item).object, nullptr, group_.how);
    if (object.status != lookup::hit) problem = object.reason.empty() ? "its value is gone" : object.reason;
    return std::move(object.bytes);
  }

  /// Lets go of what `look_up` gave.
  void forget_found() { packs_ = {}; }

  /// Called before results are written: where it gives true, what they were computed from has changed meanwhile, and
  /// they are dropped.
  void drop_if(bool (*changed)(void const*), void const* state) {
    changed_ = changed;
    changed_state_ = state;
  }

  /// Takes results, and writes where it is time to.
  void add(section_writer const& results, std::vector<large_result>&& large, std::int64_t cost_ns) {
    bool must_wait = false;
    {
      std::lock_guard const guard(lock_);
      pending_.results.append(results);
      for (auto& one : large) {
        pending_.large_bytes += one.form.size();
        pending_.large.push_back(std::move(one));
      }
      pending_.cost_ns += cost_ns;
      if (!is_due()) return;
      // Who computes faster than the store writes must not fill the memory.
      must_wait = pending_.results.size() + pending_.large_bytes >= 8 * full_pack;
    }
    std::unique_lock writing(writing_, std::defer_lock);
    if (must_wait)
      writing.lock();
    else if (!writing.try_lock())
      return;
    write_pending();
  }

  /// Writes what is left.
  void flush() {
    std::lock_guard const writing(writing_);
    write_pending();
  }

  /// True where results were dropped.
  bool has_dropped() const { return has_dropped_; }
  /// Each different thing that went wrong with the store, as a sentence or clause; only after `flush`.
  std::vector<std::string> const& warnings() const { return warnings_; }

 private:
  struct pending {
    section_writer results;
    std::vector<large_result> large;
    std::uint64_t large_bytes = 0;
    std::int64_t cost_ns = 0;

    bool empty() const { return results.count() == 0 && large.empty(); }
  };

  bool is_ours(entry const& variant) const {
    return !variant.outputs.empty() && variant.outputs[0].has_value() &&
           variant.outputs[0].codec == group_.codec && !is_future(variant.created_ms);
  }
  bool is_future(std::int64_t created_ms) const {
    return created_ms < 0 || created_ms > group_.time.wall_ms() + clock_skew_ms;
  }
  bool is_of_time(std::int64_t created_ms, std::int64_t now_ms) const {
    return created_ms >= 0 && created_ms <= now_ms + clock_skew_ms &&
           (group_.ttl_ms < 0 || now_ms - created_ms < group_.ttl_ms);
  }

  lookup read(entry const& variant, shared_bytes& pack) {
    stored_output const& named = variant.outputs[0];
    if (named.is_inline) {
      pack = named.bytes;
      return lookup::hit;
    }
    found_object object = store_.read(named.object, nullptr, group_.how);
    if (object.status == lookup::error) warn(object.reason);
    pack = std::move(object.bytes);
    return object.status;
  }

  /// True where something wanted lies in the pack.
  bool take(byte_view pack, std::int64_t cost_ns, key_places const& wanted,
            std::vector<stored_element>& found) {
    auto const sections = read_pack(pack);
    if (!sections) {
      if (pack.size() < 12 || load_little<std::uint32_t>(pack.data() + 8) == pack_format_version)
        warn("pack of elements damaged");
      return false;
    }
    std::uint64_t count = 0;
    for (pack_section const& section : *sections) count += section.count;
    std::int64_t const share_ns = count == 0 ? 0 : cost_ns / static_cast<std::int64_t>(count);
    bool is_used = false;
    std::int64_t const now_ms = group_.time.wall_ms();
    for (pack_section const& section : *sections) {
      if (!is_of_time(section.created_ms, now_ms)) continue;
      each_packed(section, [&](digest const& key, byte_view item) {
        std::uint32_t const place = wanted.find(key);
        if (place == key_places::none) return;
        stored_element& known = found[place];
        if (known.is_found && known.created_ms >= section.created_ms) return;
        known = {item, section.created_ms, share_ns, section.kind, true};
        is_used = true;
      });
    }
    return is_used;
  }

  /// The caller holds `lock_`.
  bool is_due() const {
    if (pending_.empty()) return false;
    return pending_.results.size() + pending_.large_bytes >= full_pack ||
           clock::system().steady_ns() - flushed_at_ns_ >= wait_ns_;
  }

  /// The caller holds `writing_`.
  void write_pending() {
    pending now;
    {
      std::lock_guard const guard(lock_);
      std::swap(now, pending_);
    }
    if (now.empty()) return;
    std::int64_t const start = clock::system().steady_ns();
    if (changed_ != nullptr && changed_(changed_state_))
      has_dropped_ = true;
    else
      write(now);
    std::int64_t const end = clock::system().steady_ns();
    std::lock_guard const guard(lock_);
    flushed_at_ns_ = end;
    // A store that is slow is not asked more often than it can bear: a twentieth of the time at most.
    wait_ns_ = std::max(flush_every_ns, 20 * (end - start));
  }

  void write(pending& now) {
    entry made;
    made.project = group_.project;
    made.pipeline = group_.pipeline;
    made.step = group_.step;
    made.created_ms = group_.time.wall_ms();
    made.cost_ns = now.cost_ns;
    made.outputs.resize(1);
    std::vector<object_source> objects(1);

    found_entries const before = store_.find(group_.key, group_.how);
    std::vector<entry const*> small;
    if (before.variants != nullptr) {
      for (entry const& variant : *before.variants) {
        if (!is_ours(variant)) continue;
        // Newer than all that is there, whatever the clock says: of two results of an element the newer counts.
        made.created_ms = std::max(made.created_ms, variant.created_ms + 1);
        if (variant.outputs[0].size < full_pack) small.push_back(&variant);
      }
    }
    key_places taken(now.results.count());
    pack_writer pack;
    pack.add(now.results, made.created_ms, packed::bytes);
    section_writer named;
    for (large_result const& one : now.large) {
      named.add(one.key, packed_object{one.form.object(), one.form.size()});
      name_object(made, {one.form.object(), one.form.size()});
      objects.push_back({.object = one.form.object(),
                         .checksum = one.form.checksum(),
                         .size = one.form.size(),
                         .pieces = one.form.pieces(),
                         .file = {},
                         .live = {}});
    }
    pack.add(named, made.created_ms, packed::object);
    std::vector<digest> merged, gone;
    if (small.size() + 1 >= merged_at_once) {
      now.results.each_key([&](digest const& key) { taken.add(key); });
      named.each_key([&](digest const& key) { taken.add(key); });
      merge(small, taken, pack, made, merged, gone);
    }

    byte_writer const bytes = pack.finish();
    byte_view const view = bytes.view();
    stored_output& out = made.outputs[0];
    digest const checksum = hash_bytes(view);
    made.variant = group_.seed == 0 ? checksum : hash_bytes(view, group_.seed);
    out.value = fingerprint::of_digest(made.variant);
    out.codec = group_.codec;
    out.size = view.size();
    out.is_inline = view.size() <= store_.capabilities().inline_limit;
    if (out.is_inline) {
      out.bytes = {nullptr, view};
    } else {
      out.object = made.variant;
      objects[0].object = out.object;
      objects[0].checksum = checksum;
      objects[0].size = view.size();
      objects[0].pieces = {&view, 1};
    }
    std::span<object_source const> const stored(objects.data() + (out.is_inline ? 1 : 0),
                                                objects.size() - (out.is_inline ? 1 : 0));
    put_request const request{group_.key, &made, put_policy::keep, stored, merged, max_listed_variants};
    put_result const put = store_.put({&request, 1});
    if (!put.warning.empty()) warn(put.warning);
    if (!put.stored) return;
    for (digest const& object : gone) store_.discard(object);
  }

  void name_object(entry& made, packed_object const& named) const {
    stored_output out;
    out.value = fingerprint::of_digest(named.object);
    out.object = named.object;
    out.codec = group_.codec;
    out.size = named.size;
    made.outputs.push_back(std::move(out));
  }

  /// Adds what lies in small packs and is not in `taken`; `merged` are their variants, `gone` their objects.
  void merge(std::vector<entry const*>& small, key_places& taken, pack_writer& pack, entry& made,
             std::vector<digest>& merged, std::vector<digest>& gone) {
    // The newest first. They nearly are: only packs of processes that write at the same time are not.
    for (std::size_t i = 1; i < small.size(); ++i)
      for (std::size_t at = i; at > 0 && small[at - 1]->created_ms < small[at]->created_ms; --at)
        std::swap(small[at - 1], small[at]);
    std::int64_t const now_ms = group_.time.wall_ms();
    for (entry const* const variant : small) {
      shared_bytes bytes;
      lookup const status = read(*variant, bytes);
      auto const sections = status == lookup::hit ? read_pack(bytes.view) : std::nullopt;
      if (status == lookup::error) continue;  // it may be there again later
      // What another process merges at this moment has a name there; what is lost or damaged needs none.
      merged.push_back(variant->variant);
      if (!sections) continue;
      if (!variant->outputs[0].is_inline) gone.push_back(variant->outputs[0].object);
      made.cost_ns += variant->cost_ns;
      for (pack_section const& section : *sections) {
        if (!is_of_time(section.created_ms, now_ms)) continue;
        section_writer kept;
        each_packed(section, [&](digest const& key, byte_view item) {
          std::uint32_t const known = taken.size();
          if (taken.add(key) != known) return;
          kept.add(key, item);
          if (section.kind == packed::object) name_object(made, object_in(item));
        });
        pack.add(kept, section.created_ms, section.kind);
      }
    }
  }

  void warn(std::string const& text) {
    if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end()) warnings_.push_back(text);
  }

  any_store& store_;
  pack_group const group_;
  bool (*changed_)(void const*) = nullptr;
  void const* changed_state_ = nullptr;
  std::vector<shared_bytes> packs_;
  std::vector<std::string> warnings_;
  bool has_dropped_ = false;
  std::mutex lock_;  // of what follows
  pending pending_;
  std::int64_t flushed_at_ns_;
  std::int64_t wait_ns_ = flush_every_ns;
  std::mutex writing_;
};

}  // namespace memo::detail
