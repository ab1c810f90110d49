/// Removes what a directory store can do without: what is left over, and what is least valuable.
#pragma once

#include <memo/store/directory_files.hpp>
#include <memo/store/directory_usage.hpp>
#include <memo/store/limits.hpp>
#include <memo/store/pins.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace memo::detail {

/// What lies in a root, by file sizes.
inline store_stats measure(directory_files& files) {
  store_stats sum;
  for (auto const& file : files.list(record_kind::entry, true).files) {
    if (file.is_temporary) continue;
    ++sum.entries;
    sum.bytes += file.size;
  }
  for (auto const& file : files.list(record_kind::object, true).files) {
    if (file.is_temporary) continue;
    ++sum.objects;
    sum.bytes += file.size;
  }
  return sum;
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
    scan();
    std::uint64_t const before = total_;
    std::uint64_t const entries_before = entries_.size() - gone_;
    drop_old(limits.max_age_ms);
    drop_unnamed(ten_minutes_ns);
    if (is_over(limits)) drop_unnamed(is_alone ? 0 : ten_minutes_ns / 10);
    if (is_over(limits)) drop_least_valuable(limits);
    result.removed_entries = entries_before - (entries_.size() - gone_) + damaged_;
    result.removed_bytes = before - total_ + damaged_bytes_;
    return result;
  }

  /// What is left, known after `collect` did its work; nothing where another process was collecting.
  std::optional<store_stats> left() const {
    if (now_ns_ == 0) return std::nullopt;
    return store_stats{entries_.size() - gone_, objects_.size(), total_};
  }

 private:
  static constexpr std::int64_t ten_minutes_ns = 600'000'000'000;
  static constexpr std::int64_t a_day_ns = 86'400'000'000'000;

  struct kept_entry {
    found_file file;
    std::int64_t created_ms = 0;
    double worth = 0;
    std::vector<digest> objects;
    bool gone = false;
    bool is_unread = false;
  };
  struct kept_object {
    found_file file;
    std::uint64_t references = 0;
  };

  void scan() {
    for (auto& file : files_.list(record_kind::object, true).files) {
      if (drop_temporary(record_kind::object, file)) continue;
      total_ += file.size;
      objects_[file.id].file = std::move(file);
    }
    for (auto& file : files_.list(record_kind::last, false).files) drop_temporary(record_kind::last, file);
    files_.remove_temporaries([&](std::int64_t modified_ns) { return now_ns_ - modified_ns > a_day_ns; });
    auto found = files_.list(record_kind::entry, true);
    if (!found.is_complete) ++unread_;
    for (auto& file : found.files) {
      if (drop_temporary(record_kind::entry, file)) continue;
      read_entry_of(std::move(file));
    }
  }

  void read_entry_of(found_file file) {
    auto const record = files_.read(record_kind::entry, file.id, access::read_only);
    auto const variants = record.status == lookup::hit ? decode_entries(record.payload) : std::nullopt;
    if (!variants) {
      if (record.status == lookup::miss &&
          os::status_at(files_.folder(record_kind::entry), file.name.c_str()).error == ENOENT)
        return;
      bool const is_damaged = record.status == lookup::hit || record.is_damaged;
      if (is_damaged && files_.remove(record_kind::entry, file.name.c_str())) {
        ++damaged_;
        damaged_bytes_ += file.size;
        return;
      }
      total_ += file.size;
      ++unread_;
      // One of another format is worthless here; one that cannot be read now may be worth anything.
      double const worth = record.status == lookup::error ? std::numeric_limits<double>::max() : 0;
      entries_.push_back({std::move(file), now_ns_ / 1'000'000, worth, {}, false, true});
      return;
    }
    kept_entry kept;
    total_ += file.size;
    std::uint64_t bytes = file.size;
    for (auto const& variant : *variants) {
      kept.created_ms = std::max(kept.created_ms, variant.created_ms);
      for (auto const& output : variant.outputs) {
        kept_object* const object = objects_.find(output.object);
        if (object == nullptr) continue;
        ++object->references;
        bytes += object->file.size;
        kept.objects.push_back(output.object);
      }
    }
    kept.worth = worth(recompute_cost(*variants), bytes, now_ns_ - file.modified_ns);
    kept.file = std::move(file);
    entries_.push_back(std::move(kept));
  }

  /// True where the file is one that is being written, or was left half-written.
  bool drop_temporary(record_kind kind, found_file const& file) {
    if (file.is_temporary && now_ns_ - file.modified_ns > a_day_ns) files_.remove(kind, file.name.c_str());
    return file.is_temporary;
  }

  bool is_over(store_limits const& limits) const {
    return detail::is_over(limits, total_, entries_.size() - gone_);
  }

  void drop_old(std::int64_t max_age_ms) {
    if (max_age_ms == 0) return;
    for (auto& kept : entries_)
      if (now_ns_ / 1'000'000 - kept.created_ms >= max_age_ms) drop(kept);
  }

  void drop_least_valuable(store_limits const& limits) {
    std::vector<kept_entry*> order;
    for (auto& kept : entries_)
      if (!kept.gone) order.push_back(&kept);
    std::sort(order.begin(), order.end(), [](kept_entry const* a, kept_entry const* b) {
      if (a->worth != b->worth) return a->worth < b->worth;
      return a->file.modified_ns != b->file.modified_ns ? a->file.modified_ns < b->file.modified_ns
                                                        : a->file.id < b->file.id;
    });
    for (kept_entry* const kept : order) {
      if (!is_over(limits)) return;
      drop(*kept);
      if (kept->gone && kept->is_unread && unread_ == 0 && is_over(limits)) drop_unnamed(0);
    }
  }

  void drop(kept_entry& kept) {
    if (kept.gone || pins_.contains(kept.file.id)) return;
    if (!files_.remove(record_kind::entry, kept.file.name.c_str())) return;
    kept.gone = true;
    ++gone_;
    if (kept.is_unread) --unread_;
    total_ -= kept.file.size;
    for (auto const& id : kept.objects) {
      kept_object* const object = objects_.find(id);
      if (object != nullptr && --object->references == 0 && remove(*object)) objects_.erase(id);
    }
  }

  bool remove(kept_object const& object) {
    if (!files_.remove(record_kind::object, object.file.name.c_str())) return false;
    total_ -= object.file.size;
    return true;
  }

  void drop_unnamed(std::int64_t older_than_ns) {
    if (unread_ != 0) return;  // what they name is not known
    digest_map<kept_object> gone;
    objects_.move_if(gone, [&](digest const&, kept_object const& object) {
      return object.references == 0 && now_ns_ - object.file.modified_ns >= older_than_ns && remove(object);
    });
  }

  directory_files& files_;
  pins const& pins_;
  os::unique_fd lock_;
  bool has_lock_ = false;
  std::int64_t now_ns_ = 0;
  std::vector<kept_entry> entries_;
  digest_map<kept_object> objects_;
  std::uint64_t total_ = 0;
  std::uint64_t gone_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  std::uint64_t unread_ = 0;  ///< entries that could not be read, and one more where some were not even seen
};

/// Removes every record; what other programs put into the folders stays.
inline void remove_all(directory_files& files) {
  for (record_kind const kind : {record_kind::entry, record_kind::object, record_kind::last})
    for (auto const& file : files.list(kind, false).files) files.remove(kind, file.name.c_str());
}

}  // namespace memo::detail
