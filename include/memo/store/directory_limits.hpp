/// Removes what a directory store can do without: what is left over, and what is least valuable.
#pragma once

#include <memo/store/directory_usage.hpp>
#include <memo/store/directory_walk.hpp>
#include <memo/store/limits.hpp>
#include <memo/store/pins.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace memo::detail {

/// What lies in a root, by file sizes.
inline store_stats measure(directory_files& files) {
  auto const entries = measure(files, record_kind::entry);
  auto const objects = measure(files, record_kind::object);
  return {entries.count, objects.count, entries.bytes + objects.bytes};
}

/// One pass over a root. The caller sees to it that no thread of this process puts meanwhile.
class directory_collector {
 public:
  directory_collector(directory_files& files, pins const& pinned) : files_(files), pins_(pinned) {}
  directory_collector(directory_collector const&) = delete;
  directory_collector& operator=(directory_collector const&) = delete;
  ~directory_collector() {
    if (has_lock_) os::unlock(lock_.get());
  }

  /// Takes the lock by which one process at a time collects; false where another has it for so long, or where there is
  /// nothing to collect.
  bool begin(std::int64_t wait_ns) {
    if (files_.folder(record_kind::entry) < 0) return false;
    auto opened = files_.root().open_lock();
    if (!opened) return false;
    lock_ = std::move(opened.value);
    has_lock_ = try_for(wait_ns, [&] { return os::try_lock(lock_.get()); }) == 0;
    return has_lock_;
  }

  /// Removes entries that are too old, then the least valuable until the limits hold, and what nothing names:
  /// objects after 10 minutes, or where bytes are short after one, and at once where this process `is_alone`: the entry
  /// of an object that another process has just put may be on its way. Half-written files go after a day.
  collect_result collect(store_limits const& limits, bool is_alone) {
    collect_result result;
    auto const now = os::time_by(lock_.get());
    if (!now) return result;
    now_ns_ = now.value;
    scan(limits);
    std::uint64_t const before = total_;
    std::uint64_t const entries_before = entries_.size() - gone_;
    for (std::uint32_t const number : old_) drop(number);
    drop_unnamed(600);
    if (is_over(limits)) drop_unnamed(is_alone ? 0 : 60);
    if (is_over(limits)) drop_least_valuable(limits);
    result.removed_entries = entries_before - (entries_.size() - gone_) + damaged_;
    result.removed_bytes = before - total_ + damaged_bytes_;
    return result;
  }

  /// What is left, known after `collect` did its work; nothing where another process was collecting.
  std::optional<store_stats> left() const {
    if (now_ns_ == 0) return std::nullopt;
    return store_stats{entries_.size() - gone_, objects_left_, total_};
  }

 private:
  static constexpr std::int64_t a_day_ns = 86'400'000'000'000;

  /// An entry that may stay; 32 bytes, as there may be very many.
  struct kept_entry {
    digest id;
    double worth = 0;
    std::uint32_t size = 0;       ///< of its file
    std::uint32_t names_end = 0;  ///< in `named_`: its objects begin where those of the entry before it end
  };
  struct kept_object {
    digest id;
    std::uint64_t size = 0;  ///< of its file
    std::int32_t age_s = 0;
    std::uint32_t references = 0;
  };
  static constexpr std::uint32_t no_object = UINT32_MAX;
  static constexpr std::uint32_t gone_object = UINT32_MAX;  ///< in the place of references
  /// More than this grows as it comes.
  static constexpr std::size_t most_reserved = std::size_t{1} << 24;

  /// What a shard of entries holds, on its way from the thread that read it.
  struct scanned_entry {
    digest id;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t newest_ms = 0;
    std::int64_t recompute_ns = 0;
    std::size_t names_end = 0;
    record_room::state what = record_room::state::good;
  };
  struct scanned_shard {
    std::vector<scanned_entry> entries;
    std::vector<digest> named;
    std::vector<found_file> temporaries;
  };

  void scan(store_limits const& limits) {
    scan_objects();
    each_file(files_, record_kind::last, false,
              [&](found_file const& file) { drop_temporary(record_kind::last, file); });
    files_.remove_temporaries([&](std::int64_t modified_ns) { return now_ns_ - modified_ns > a_day_ns; });
    bool is_complete = true;
    walk_shards(
        files_, record_kind::entry, is_complete, [](open_shard const& shard) { return scan_entries(shard); },
        [&](scanned_shard&& part) { keep_entries(part, limits); });
    if (!is_complete) ++unread_;
  }

  void scan_objects() {
    bool is_complete = true;
    walk_shards(
        files_, record_kind::object, is_complete,
        [](open_shard const& shard) { return list_files(shard, true).files; },
        [&](std::vector<found_file>&& found) {
          // Of 256 shards, all like this one: what is not used costs nothing.
          if (objects_.empty()) objects_.reserve(std::min(found.size() * 300, most_reserved));
          for (auto const& file : found) {
            if (drop_temporary(record_kind::object, file)) continue;
            total_ += file.size;
            objects_.push_back({file.id, file.size, seconds_since(file.modified_ns), 0});
          }
        });
    std::sort(objects_.begin(), objects_.end(),
              [](kept_object const& a, kept_object const& b) { return a.id < b.id; });
    objects_left_ = objects_.size();
  }

  static scanned_shard scan_entries(open_shard const& shard) {
    scanned_shard part;
    record_room room;
    entry_outline outline;
    for (auto const& name : shard.names) {
      if (is_temporary_name(name)) {
        if (auto const status = os::status_at(shard.folder.get(), name.c_str()))
          part.temporaries.push_back(
              {{}, shard.name + '/' + name, status.value.size, status.value.modified_ns, true});
        continue;
      }
      if (!is_record_rest(name)) continue;
      digest const id = *digest_from_hex(shard.name + name);
      auto const record = room.read_entry(shard, name, id, true);
      scanned_entry one{id, record.status.size, record.status.modified_ns, 0, 0, 0, record.what};
      if (one.what == record_room::state::gone) continue;
      if (one.what == record_room::state::good && !read_outline(record.payload, outline))
        one.what = record_room::state::damaged;
      if (one.what == record_room::state::good) {
        one.newest_ms = outline.newest_ms;
        one.recompute_ns = outline.recompute_ns;
        part.named.insert(part.named.end(), outline.objects.begin(), outline.objects.end());
      }
      one.names_end = part.named.size();
      part.entries.push_back(one);
    }
    return part;
  }

  void keep_entries(scanned_shard const& part, store_limits const& limits) {
    if (entries_.empty()) entries_.reserve(std::min(part.entries.size() * 300, most_reserved));
    for (auto const& file : part.temporaries) drop_temporary(record_kind::entry, file);
    std::size_t name = 0;
    for (auto const& one : part.entries) {
      bool const is_good = one.what == record_room::state::good;
      if (one.what == record_room::state::damaged && files_.remove(record_kind::entry, one.id)) {
        ++damaged_;
        damaged_bytes_ += one.size;
        continue;
      }
      kept_entry kept;
      kept.id = one.id;
      kept.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(one.size, UINT32_MAX));
      total_ += kept.size;
      std::uint64_t bytes = kept.size;
      for (; name < one.names_end; ++name) {
        std::uint32_t const object = find_object(part.named[name]);
        if (object == no_object) continue;
        ++objects_[object].references;
        bytes += objects_[object].size;
        named_.push_back(object);
      }
      kept.names_end = static_cast<std::uint32_t>(named_.size());
      std::int64_t const created_ms = is_good ? one.newest_ms : now_ns_ / 1'000'000;
      bool const is_old = limits.max_age_ms != 0 && now_ns_ / 1'000'000 - created_ms >= limits.max_age_ms;
      // One of another format is worthless here; one that cannot be read now may be worth anything.
      kept.worth = is_good ? worth(one.recompute_ns, bytes, now_ns_ - one.modified_ns)
                   : one.what == record_room::state::other_format ? 0
                                                                  : std::numeric_limits<double>::max();
      if (is_old) old_.push_back(static_cast<std::uint32_t>(entries_.size()));
      if (!is_good) unread_entries_.push_back(static_cast<std::uint32_t>(entries_.size()));
      if (!is_good) ++unread_;
      entries_.push_back(kept);
    }
  }

  std::int32_t seconds_since(std::int64_t modified_ns) const {
    std::int64_t const seconds = (now_ns_ - modified_ns) / 1'000'000'000 - (now_ns_ < modified_ns ? 1 : 0);
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(seconds, INT32_MIN, INT32_MAX));
  }

  std::uint32_t find_object(digest const& id) const {
    auto const at =
        std::lower_bound(objects_.begin(), objects_.end(), id,
                         [](kept_object const& a, digest const& wanted) { return a.id < wanted; });
    bool const is_there = at != objects_.end() && at->id == id;
    return is_there ? static_cast<std::uint32_t>(at - objects_.begin()) : no_object;
  }

  /// True where the file is one that is being written, or was left half-written.
  bool drop_temporary(record_kind kind, found_file const& file) {
    if (file.is_temporary && now_ns_ - file.modified_ns > a_day_ns) files_.remove(kind, file.name.c_str());
    return file.is_temporary;
  }

  bool is_over(store_limits const& limits) const {
    return detail::is_over(limits, total_, entries_.size() - gone_);
  }

  void drop_least_valuable(store_limits const& limits) {
    std::vector<std::uint32_t> order;
    order.reserve(entries_.size() - gone_);
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
      if (!is_gone(entries_[i])) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return entries_[a].worth != entries_[b].worth ? entries_[a].worth < entries_[b].worth
                                                    : entries_[a].id < entries_[b].id;
    });
    for (std::uint32_t const number : order) {
      if (!is_over(limits)) return;
      bool const was_unread = is_unread(number);
      drop(number);
      if (is_gone(entries_[number]) && was_unread && unread_ == 0 && is_over(limits)) drop_unnamed(0);
    }
  }

  /// No entry that is there is worth less than nothing.
  static bool is_gone(kept_entry const& kept) { return kept.worth < 0; }
  bool is_unread(std::uint32_t number) const {
    return std::binary_search(unread_entries_.begin(), unread_entries_.end(), number);
  }

  void drop(std::uint32_t number) {
    kept_entry& kept = entries_[number];
    if (is_gone(kept) || pins_.contains(kept.id)) return;
    if (!files_.remove(record_kind::entry, kept.id)) return;
    kept.worth = -1;
    ++gone_;
    if (is_unread(number)) --unread_;
    total_ -= kept.size;
    for (std::uint32_t i = number == 0 ? 0 : entries_[number - 1].names_end; i < kept.names_end; ++i) {
      kept_object& object = objects_[named_[i]];
      if (--object.references == 0) remove(object);
    }
  }

  void remove(kept_object& object) {
    if (!files_.remove(record_kind::object, object.id)) return;
    total_ -= object.size;
    object.references = gone_object;
    --objects_left_;
  }

  void drop_unnamed(std::int64_t older_than_s) {
    if (unread_ != 0) return;  // what they name is not known
    for (kept_object& object : objects_)
      if (object.references == 0 && object.age_s >= older_than_s) remove(object);
  }

  directory_files& files_;
  pins const& pins_;
  os::unique_fd lock_;
  bool has_lock_ = false;
  std::int64_t now_ns_ = 0;
  std::vector<kept_entry> entries_;
  std::vector<kept_object> objects_;  ///< by their digests
  std::vector<std::uint32_t> named_;  ///< numbers of objects, by entries
  std::vector<std::uint32_t> old_;    ///< numbers of entries that are too old
  std::vector<std::uint32_t> unread_entries_;
  std::uint64_t objects_left_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t gone_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  std::uint64_t unread_ = 0;  ///< entries that could not be read, and one more where some were not even seen
};

/// Removes every record; what other programs put into the folders stays.
inline void remove_all(directory_files& files) {
  for (record_kind const kind : {record_kind::entry, record_kind::object, record_kind::last})
    each_file(files, kind, false, [&](found_file const& file) { files.remove(kind, file.name.c_str()); });
}

}  // namespace memo::detail
