/// Removes what a directory store can do without: what is left over, and what is least valuable.
#pragma once

#include <memo/store/directory_files.hpp>
#include <memo/store/pins.hpp>

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

/// How much it would hurt to lose an entry: the cost of computing it again, against the bytes that it takes and
/// the time since it was last used. The constants keep small and fresh ones from counting as free or priceless.
inline double worth(std::int64_t cost_ns, std::uint64_t bytes, std::int64_t idle_ns) {
  double const cost = static_cast<double>(cost_ns < 0 ? 0 : cost_ns) + 1e6;
  double const idle = static_cast<double>(idle_ns < 0 ? 0 : idle_ns) + 6e10;
  return cost / ((static_cast<double>(bytes) + 4096) * idle);
}

/// One pass over a root. The caller sees to it that no thread of this process puts meanwhile; that no other
/// process collects is seen to here.
class directory_collector {
 public:
  directory_collector(directory_files& files, pins const& pinned) : files_(files), pins_(pinned) {}

  /// Removes entries that are too old, then the least valuable until the limits hold, and what nothing names:
  /// objects after 10 minutes, or at once where bytes are short, and half-written files after a day.
  collect_result collect(store_limits const& limits) {
    collect_result result;
    if (files_.folder(record_kind::entry) < 0) return result;
    auto const lock = files_.root().open_lock();
    if (!lock || os::try_lock(lock.value.get()) != 0) return result;
    held_lock const held{lock.value.get()};
    auto const now = os::time_by(held.fd);
    if (!now) return result;
    now_ns_ = now.value;
    scan();
    std::uint64_t const before = total_;
    std::uint64_t const entries_before = entries_.size() - gone_;
    drop_old(limits.max_age_ms);
    drop_unnamed(ten_minutes_ns);
    if (is_over(limits)) drop_unnamed(0);
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

  struct held_lock {
    ~held_lock() { os::unlock(fd); }
    int fd;
  };

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
    std::int64_t cost = 0;
    for (auto const& variant : *variants) {
      kept.created_ms = std::max(kept.created_ms, variant.created_ms);
      // Variants without dependencies are parts of one result: the packs of a map's elements.
      bool const is_part = variant.variant && variant.dependencies.empty();
      cost = is_part ? cost + std::max<std::int64_t>(variant.cost_ns, 0) : std::max(cost, variant.cost_ns);
      for (auto const& output : variant.outputs) {
        kept_object* const object = objects_.find(output.object);
        if (object == nullptr) continue;
        ++object->references;
        bytes += object->file.size;
        kept.objects.push_back(output.object);
      }
    }
    kept.worth = worth(cost, bytes, now_ns_ - file.modified_ns);
    kept.file = std::move(file);
    entries_.push_back(std::move(kept));
  }

  /// True where the file is one that is being written, or was left half-written.
  bool drop_temporary(record_kind kind, found_file const& file) {
    if (file.is_temporary && now_ns_ - file.modified_ns > a_day_ns) files_.remove(kind, file.name.c_str());
    return file.is_temporary;
  }

  bool is_over(store_limits const& limits) const {
    return (limits.max_bytes != 0 && total_ > limits.max_bytes) ||
           (limits.max_entries != 0 && entries_.size() - gone_ > limits.max_entries);
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
