/// The stored results of a map's elements: found at its start, and written by its threads while it runs.
#pragma once

#include <memo/key/collect.hpp>
#include <memo/run/map_group.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// What was found of one element.
struct stored_element {
  byte_view item;
  std::int64_t created_ms = 0;
  std::int64_t cost_ns = 0;  ///< of its computation: its share of what all of its pack cost
  packed kind = packed::bytes;
  bool is_found = false;
  bool is_out_of_time = false;  ///< where none was found: there is one that is too old, or of the future
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
  /// A process that dies loses no more of computing than this, and what was under way.
  static constexpr std::int64_t flush_every_ns = 500'000'000;

  map_packs(any_store& store, pack_group group)
      : group_(store, std::move(group)), flushed_at_ns_(clock::system().steady_ns()) {}

  /// What the store has of the wanted elements, by their places; of several results the newest. The items live until
  /// `forget_found`.
  std::vector<stored_element> look_up(key_places const& wanted) {
    std::vector<stored_element> found(wanted.size());
    std::vector<digest> seen;
    // A pack may be gone because another process has merged it since the entry was read: then the entry is read again.
    for (int attempt = 0; attempt < 2; ++attempt) {
      found_entries const answer = group_.find();
      if (answer.status == lookup::error) group_.warn(answer.reason);
      if (answer.status != lookup::hit) break;
      bool is_gone = false;
      for (entry const& variant : *answer.variants) {
        if (std::find(seen.begin(), seen.end(), variant.variant) != seen.end() ||
            !group_.is_readable(variant))
          continue;
        shared_bytes pack;
        switch (group_.read(variant, pack)) {
          case lookup::hit:
            if (take(pack.view, variant.cost_ns, wanted, found)) packs_.push_back(std::move(pack));
            seen.push_back(variant.variant);
            break;
          case lookup::miss:
            is_gone = true;
            break;
          case lookup::error:
            seen.push_back(variant.variant);
            has_lost_ = true;
            break;
        }
      }
      if (!is_gone) break;
      has_lost_ = has_lost_ || attempt == 1;
    }
    return found;
  }

  /// The stored form of a result; empty, with a reason, where it cannot be had.
  shared_bytes bytes_of(stored_element const& found, std::string& problem) {
    if (found.kind == packed::bytes) return {nullptr, found.item};
    found_object object = group_.store().read(object_in(found.item).object, nullptr, group_.named().how);
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
      must_wait = pending_.results.size() + pending_.large_bytes >= 8 * stored_group::full_pack;
    }
    // Again where others came meanwhile and found somebody writing: the next element may take hours.
    for (bool again = true; again;) {
      std::unique_lock writing(writing_, std::defer_lock);
      if (must_wait)
        writing.lock();
      else if (!writing.try_lock())
        return;
      write_pending();
      writing.unlock();
      std::lock_guard const guard(lock_);
      again = is_due();
    }
  }

  /// Writes what was added so far; false where results could not be written, or were dropped.
  bool write_now() {
    std::lock_guard const writing(writing_);
    write_pending();
    return !has_failed_ && !has_dropped_;
  }

  /// An element has a result elsewhere now: what packs have of it goes with `flush`.
  void remove_later(digest const& key) {
    std::lock_guard const writing(writing_);
    elsewhere_.add(key);
  }

  /// Writes what is left.
  void flush() {
    std::lock_guard const writing(writing_);
    write_pending();
    if (group_.named().replaces && written_.size() != 0) group_.remove_older(written_, written_since_ms_);
    if (elsewhere_.size() != 0) group_.remove_older(elsewhere_, INT64_MAX);
  }

  /// True where `look_up` met packs that it could not read: nobody knows what was in them.
  bool has_lost() const { return has_lost_; }
  /// True where results were dropped.
  bool has_dropped() const { return has_dropped_; }
  /// True where results could not be written.
  bool has_failed() const { return has_failed_; }
  /// Each different thing that went wrong with the store, as a sentence or clause; only after `flush`.
  std::vector<std::string> const& warnings() const { return group_.warnings(); }

 private:
  struct pending {
    section_writer results;
    std::vector<large_result> large;
    std::uint64_t large_bytes = 0;
    std::int64_t cost_ns = 0;

    bool empty() const { return results.count() == 0 && large.empty(); }
  };

  /// True where something wanted lies in the pack.
  bool take(byte_view pack, std::int64_t cost_ns, key_places const& wanted,
            std::vector<stored_element>& found) {
    auto const sections = read_pack(pack);
    if (!sections) {
      has_lost_ = true;
      if (pack.size() < 12 || load_little<std::uint32_t>(pack.data() + 8) == pack_format_version)
        group_.warn("pack of elements damaged");
      return false;
    }
    std::uint64_t count = 0;
    for (pack_section const& section : *sections) count += section.count;
    std::int64_t const share_ns = count == 0 ? 0 : cost_ns / static_cast<std::int64_t>(count);
    bool is_used = false;
    std::int64_t const now_ms = group_.named().time.wall_ms();
    for (pack_section const& section : *sections) {
      bool const is_of_time = group_.is_of_time(section.created_ms, now_ms);
      each_packed(section, [&](digest const& key, byte_view item) {
        std::uint32_t const place = wanted.find(key);
        if (place == key_places::none) return;
        stored_element& known = found[place];
        if (!is_of_time) {
          known.is_out_of_time = true;
          return;
        }
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
    return pending_.results.size() + pending_.large_bytes >= stored_group::full_pack ||
           pending_.cost_ns >= wait_ns_ || clock::system().steady_ns() - flushed_at_ns_ >= wait_ns_;
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
    pack_draft draft = group_.draft(now.cost_ns);
    entry& made = draft.value;
    std::int64_t const now_ms = made.created_ms;
    found_entries const before = group_.find();
    std::vector<entry const*> small;
    if (before.variants != nullptr) {
      for (entry const& variant : *before.variants) {
        if (!group_.is_readable(variant)) continue;
        // Newer than all that is there, whatever the clock says: of two results of an element the newer counts.
        made.created_ms = std::max(made.created_ms, variant.created_ms + 1);
        if (!group_.is_of_time(variant.created_ms, now_ms))
          group_.supersede(draft, variant);  // all of it is too old
        else if (variant.outputs[0].size < stored_group::full_pack)
          small.push_back(&variant);
      }
    }
    draft.pack.add(now.results, made.created_ms, packed::bytes);
    section_writer named;
    for (large_result const& one : now.large) {
      packed_object const object{one.form.object(), one.form.size()};
      named.add(one.key, object);
      group_.name_object(draft, object);
      draft.objects.push_back({.object = one.form.object(),
                               .checksum = one.form.checksum(),
                               .size = one.form.size(),
                               .pieces = one.form.pieces(),
                               .file = {},
                               .live = {}});
    }
    draft.pack.add(named, made.created_ms, packed::object);
    auto const add_keys = [&](key_places& keys) {
      now.results.each_key([&](digest const& key) { keys.add(key); });
      named.each_key([&](digest const& key) { keys.add(key); });
    };
    if (small.size() + 1 >= stored_group::merged_at_once) {
      key_places taken(now.results.count());
      add_keys(taken);
      group_.merge(small, taken, draft);
    }
    if (!group_.put(draft)) {
      has_failed_ = true;
    } else if (group_.named().replaces) {
      if (written_.size() == 0) written_since_ms_ = made.created_ms;
      add_keys(written_);
    }
  }

  stored_group group_;
  bool (*changed_)(void const*) = nullptr;
  void const* changed_state_ = nullptr;
  std::vector<shared_bytes> packs_;
  bool has_lost_ = false;
  bool has_dropped_ = false;
  bool has_failed_ = false;
  key_places elsewhere_;
  key_places written_;  // where they replace
  std::int64_t written_since_ms_ = 0;
  std::mutex lock_;  // of what follows
  pending pending_;
  std::int64_t flushed_at_ns_;
  std::int64_t wait_ns_ = flush_every_ns;
  std::mutex writing_;
};

}  // namespace memo::detail
