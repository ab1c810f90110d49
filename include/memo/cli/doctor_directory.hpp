/// What can be wrong with what lies in a directory store.
#pragma once

#include <memo/cli/doctor_content.hpp>
#include <memo/store/directory_walk.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace memo::detail {

/// One pass over the files of a directory store, which changes nothing. Others may write meanwhile: what is on its way is no
/// trouble, and what seems to be one is looked at twice.
class directory_examination {
 public:
  directory_examination(doctor_notes& to, sharing share) : to_(to), files_(to.path(), share) {}

  void run() {
    if (files_.folder(record_kind::entry) < 0) {
      if (std::string const why = files_.root().trouble(); !why.empty())
        to_.problem("the store cannot be read: " + why, "ls -la " + to_.quoted("/v1"));
      else
        to_.ok("directory_store without a record");
      return;
    }
    now_ns_ = to_.now_ms() * 1'000'000;
    look_for_temporaries_beside();
    look_at_objects();
    look_at_entries();
    look_at_lasts();
    say();
  }

 private:
  static constexpr std::int64_t ten_minutes_ns = 600'000'000'000;
  static constexpr std::int64_t a_day_ns = 86'400'000'000'000;

  struct known_object {
    digest id;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    bool is_named = false;
  };

  void note_temporary(std::uint64_t size, std::int64_t modified_ns) {
    if (now_ns_ - modified_ns < ten_minutes_ns) return;
    ++temporaries_;
    temporary_bytes_ += size;
    oldest_ns_ = std::max(oldest_ns_, now_ns_ - modified_ns);
  }
  void look_for_temporaries_beside() {
    for (char const* const place : {".", ".."}) {
      auto const in = os::open_folder(files_.root().version_folder(), place);
      if (!in) continue;
      for (auto const& name : os::names_in(in.value.get()).value)
        if (auto const status = os::status_at(in.value.get(), name.c_str());
            status && is_temporary_name(name))
          note_temporary(status.value.size, status.value.modified_ns);
    }
  }

  /// Names in the shards of a kind that are none of memo's.
  void look_for_strangers(record_kind kind, char const* letter) {
    int const in = files_.folder(kind);
    for (auto const& shard : os::names_in(in).value) {
      std::string const where = "v1/" + std::string(letter) + '/' + shard;
      auto const inside =
          is_shard_name(shard) ? os::open_folder(in, shard.c_str()) : os::outcome<os::unique_fd>{{}, 1};
      if (!inside) {
        if (!is_temporary_name(shard)) note_stranger(where);
        continue;
      }
      for (auto const& name : os::names_in(inside.value.get()).value)
        if (!is_record_rest(name) && !is_temporary_name(name)) note_stranger(where + '/' + name);
    }
  }
  void note_stranger(std::string name) {
    if (strangers_.size() < 1000) strangers_.push_back(std::move(name));
  }

  bool is_in_sample(std::uint64_t count, std::uint64_t bytes) const {
    auto const& how = to_.how();
    return how.is_full || (count < how.sample_records && bytes < how.sample_bytes);
  }

  /// True where a file that is there holds no sound record; false where it went meanwhile.
  bool is_damaged(record_kind kind, digest const& id) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      auto const found = files_.read(kind, id, access::read_only);
      if (!found.is_damaged) {
        if (found.status == lookup::error) ++unreadable_;
        return false;
      }
    }
    return true;
  }

  void look_at_objects() {
    look_for_strangers(record_kind::object, "o");
    std::uint64_t read = 0;
    each_file(files_, record_kind::object, true, [&](found_file const& file) {
      if (file.is_temporary) return note_temporary(file.size, file.modified_ns);
      objects_.push_back({file.id, file.size, file.modified_ns, false});
      bytes_ += file.size;
      if (!is_in_sample(checked_, read)) {
        is_sample_ = true;
        return;
      }
      read += file.size;
      ++checked_;
      if (is_damaged(record_kind::object, file.id)) ++damaged_;
    });
    std::sort(objects_.begin(), objects_.end(),
              [](known_object const& a, known_object const& b) { return a.id < b.id; });
  }

  known_object* find_object(digest const& id) {
    auto const at =
        std::lower_bound(objects_.begin(), objects_.end(), id,
                         [](known_object const& a, digest const& wanted) { return a.id < wanted; });
    return at != objects_.end() && at->id == id ? &*at : nullptr;
  }

  void look_at_entries() {
    look_for_strangers(record_kind::entry, "e");
    std::uint64_t read = 0;
    each_file(files_, record_kind::entry, true, [&](found_file const& file) {
      if (file.is_temporary) return note_temporary(file.size, file.modified_ns);
      ++entries_;
      bytes_ += file.size;
      if (!is_in_sample(read, 0)) {
        all_entries_ = false;
        is_sample_ = true;
        return;
      }
      ++read;
      ++checked_;
      look_at_entry(file);
    });
  }

  void look_at_entry(found_file const& file) {
    auto const record = files_.read(record_kind::entry, file.id, access::read_only);
    bool const is_good = record.status == lookup::hit && read_outline(record.payload.view, outline_);
    if (!is_good) {
      bool const is_whole = record.status == lookup::hit;
      if (is_whole || is_damaged(record_kind::entry, file.id)) ++damaged_;
      if (record.status == lookup::miss) all_entries_ = false;
      return;
    }
    sums_.add(outline_, file.size);
    bool is_lost = false;
    for (digest const& id : outline_.objects) {
      if (known_object* const object = find_object(id))
        object->is_named = true;
      else
        is_lost = is_lost || !has_object(id);
    }
    if (is_lost && is_still_lost(file.id)) ++lost_;
  }

  bool has_object(digest const& id) {
    return static_cast<bool>(os::status_at(files_.folder(record_kind::object), record_name(id).file()));
  }
  /// Somebody may have replaced or removed the entry, and then its objects.
  bool is_still_lost(digest const& key) {
    auto const record = files_.read(record_kind::entry, key, access::read_only);
    if (record.status != lookup::hit || !read_outline(record.payload.view, outline_)) return false;
    return std::any_of(outline_.objects.begin(), outline_.objects.end(),
                       [&](digest const& id) { return !has_object(id); });
  }

  void look_at_lasts() {
    look_for_strangers(record_kind::last, "l");
    each_file(files_, record_kind::last, false, [&](found_file const& file) {
      if (file.is_temporary) return note_temporary(file.size, file.modified_ns);
      if (!is_in_sample(lasts_++, 0)) return;
      ++checked_;
      if (is_damaged(record_kind::last, file.id)) ++damaged_;
    });
  }

  void say() {
    judge_damage(to_, damaged_, checked_, lost_);
    if (unreadable_ != 0)
      to_.problem(
          counted(unreadable_, "record", "records") + " cannot be read by this user or from this disk",
          "ls -laR " + to_.quoted("/v1") + "   (look at the owners and permissions)");
    if (temporaries_ != 0) {
      std::string const text = counted(temporaries_, "file was", "files were") +
                               " left half-written, the oldest " + duration_text(oldest_ns_) + " ago (" +
                               size_text(temporary_bytes_) + "): a program ended while it wrote";
      if (oldest_ns_ > a_day_ns)
        to_.warn(text, to_.command("gc"));
      else
        to_.note(text, to_.command("gc") + "   (removes them a day after they were written)");
    }
    if (!strangers_.empty())
      to_.note(counted(strangers_.size(), "name", "names") + " among the records " +
                   (strangers_.size() == 1 ? "is" : "are") + " none of memo's: " + some_of(strangers_),
               "move away what you need");
    say_unnamed();
    judge_content(to_, sums_, !all_entries_);
    std::uint64_t const files = entries_ + objects_.size();
    if (files > to_.how().many_files && bytes_ / files < 8192)
      to_.note("there are " + std::to_string(files) + " small files, which file systems are slow with",
               "use memo::mmap_store, which keeps them in one log");
    to_.ok("directory_store: " + counted(entries_, "entry", "entries") + ", " +
           counted(objects_.size(), "object", "objects") + ", " + size_text(bytes_));
    to_.ok(counted(checked_, "record was", "records were") + " read and verified" +
           (is_sample_ ? ", as a sample: --full reads all" : ""));
  }

  /// Only where all entries are known; what is young may be part of a put.
  void say_unnamed() {
    if (!all_entries_ || unreadable_ != 0) return;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    for (auto const& object : objects_) {
      if (object.is_named || now_ns_ - object.modified_ns < ten_minutes_ns) continue;
      ++count;
      bytes += object.size;
    }
    if (count == 0) return;
    to_.note(
        counted(count, "object is", "objects are") + " named by no entry any more (" + size_text(bytes) + ")",
        to_.command("gc"));
  }

  doctor_notes& to_;
  directory_files files_;
  std::int64_t now_ns_ = 0;
  std::vector<known_object> objects_;
  entry_outline outline_;
  content_sums sums_;
  std::vector<std::string> strangers_;
  std::uint64_t entries_ = 0;
  std::uint64_t lasts_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t checked_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t unreadable_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t temporaries_ = 0;
  std::uint64_t temporary_bytes_ = 0;
  std::int64_t oldest_ns_ = 0;
  bool all_entries_ = true;  ///< were read
  bool is_sample_ = false;
};

}  // namespace memo::detail
