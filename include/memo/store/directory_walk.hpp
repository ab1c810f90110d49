/// Going through all records of a directory store: shard by shard, in memory for a few of them, and where there are very many
/// files on several threads, as it is the system's work on each file that takes the time.
#pragma once

#include <memo/store/directory_shards.hpp>
#include <memo/store/entry_outline.hpp>
#include <memo/store/ordered_walk.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// Calls `take(make(shard))` for the shards of a kind in the order of their names, `take` on this thread and `make` on any. A
/// shard that is gone is empty; `is_complete` is false where one could not be looked at.
template <class Make, class Take>
void walk_shards(directory_files& files, record_kind kind, bool& is_complete, Make make, Take take) {
  constexpr std::size_t few = 16'384;
  auto shards = shards_of(files, kind);
  is_complete = is_complete && shards.is_complete;
  auto& names = shards.names;
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  struct made_shard {
    decltype(make(std::declval<open_shard const&>())) result;
    bool is_complete;
    std::size_t names;
  };
  auto const open_and_make = [&](std::size_t number) {
    open_shard const shard = open_shard_of(files, kind, names[number]);
    return made_shard{make(shard), shard.is_complete, shard.names.size()};
  };
  std::size_t size = 0;
  auto const take_one = [&](made_shard&& made) {
    is_complete = is_complete && made.is_complete;
    size = made.names;
    take(std::move(made.result));
  };
  // Records are spread evenly: the first shard tells how many there are.
  walk_in_order(0, 1, 1, open_and_make, take_one);
  walk_in_order(1, names.size(), size * names.size() < few ? 1 : walking_threads(), open_and_make, take_one);
}

/// Reads records that are short into room that is used again. For one thread.
class record_room {
 public:
  enum class state : std::uint8_t { good, gone, other_format, damaged, unreadable };
  struct record {
    state what = state::gone;
    byte_view payload{};       ///< until the next call
    os::file_status status{};  ///< where it was asked for
  };

  /// Reads an entry of a shard; changes nothing, not a time.
  record read_entry(open_shard const& shard, std::string const& name, digest const& id, bool with_status) {
    auto const file = os::open_untouched(shard.folder.get(), name.c_str());
    record found{state::unreadable, {}, {}};
    if (!file) {
      if (file.error == ENOENT) found.what = state::gone;
      if (file.error == ELOOP || file.error == ENXIO) found.what = state::damaged;
      // What it takes counts, whatever it is.
      if (with_status && file.error != ENOENT)
        found.status = os::status_at(shard.folder.get(), name.c_str()).value;
      return found;
    }
    if (with_status) {
      auto const status = os::status_of(file.value.get());
      if (!status) return found;
      found.status = status.value;
      if (!status.value.is_file) return {state::damaged, {}, status.value};
    }
    byte_view bytes;
    if (!read(file.value.get(), bytes, found.what)) return found;
    switch (read_record(bytes, record_kind::entry, id, found.payload)) {
      case record_state::good:
        found.what = state::good;
        break;
      case record_state::other_format:
        found.what = state::other_format;
        break;
      case record_state::damaged:
        found.what = state::damaged;
    }
    return found;
  }

 private:
  /// All of a file; false where `what` says why not.
  bool read(int fd, byte_view& bytes, state& what) {
    int error = 0;
    ssize_t const some = os::retried(error, [&] { return os::table.read(fd, room_.data(), room_.size()); });
    if (error != 0) return false;
    std::size_t size = static_cast<std::size_t>(some);
    record_header header;
    // Most files end with the first read; that there is no more is not asked for where the header says so.
    bool const is_whole = read_fields(room_.view().first(size), 0, header) == record_state::good &&
                          header.size == size - record_header_size;
    if (!is_whole && size < room_.size()) {
      auto const rest = os::read_up_to(fd, room_.data() + size, room_.size() - size);
      if (!rest) return false;
      size += rest.value;
    }
    bytes = room_.view().first(size);
    if (is_whole || size < room_.size()) return true;
    auto const status = os::status_of(fd);
    if (!status) return false;
    what = state::damaged;
    if (!status.value.is_file || status.value.size > max_entry_size) return false;
    if (large_.size() < status.value.size)
      large_ = aligned_block(static_cast<std::size_t>(status.value.size));
    auto const got = os::read_at(fd, large_.data(), static_cast<std::size_t>(status.value.size), 0);
    if (!got) what = state::unreadable;
    bytes = large_.view().first(got.value);
    return static_cast<bool>(got);
  }

  aligned_block room_{std::size_t{64} << 10};
  aligned_block large_;
};

/// Throws store_error where a part of a root could not be looked at: it must not be told as empty.
inline void refuse_unread(directory_files& files, bool is_complete) {
  std::string const trouble = files.root().trouble();
  if (is_complete && trouble.empty()) return;
  throw store_error("a part of the cache cannot be read",
                    {{"directory", files.root().path()},
                     {"because", trouble.empty() ? "some of its folders cannot be opened" : trouble}},
                    "look at the owners and permissions of its folders, and at the limit of open files");
}

/// Calls `seen(entry_info)` for each entry that is sound, on this thread. Throws store_error in the end where some could not
/// be looked at.
template <class Seen>
void each_entry(directory_files& files, Seen seen) {
  bool is_complete = true;
  walk_shards(
      files, record_kind::entry, is_complete,
      [](open_shard const& shard) {
        std::vector<entry_info> all;
        record_room room;
        entry_outline outline;
        for (auto const& name : shard.names) {
          if (!is_record_rest(name)) continue;
          digest const id = *digest_from_hex(shard.name + name);
          auto const record = room.read_entry(shard, name, id, false);
          if (record.what != record_room::state::good || !read_outline(record.payload, outline)) continue;
          outline.info.key = id;
          all.push_back(outline.info);
        }
        return all;
      },
      [&](std::vector<entry_info>&& all) {
        for (auto const& info : all) seen(info);
      });
  refuse_unread(files, is_complete);
}

/// How many records of a kind lie in a root, and how long their files are together.
struct measured_kind {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};
inline measured_kind measure(directory_files& files, record_kind kind) {
  measured_kind sum;
  bool is_complete = true;
  walk_shards(
      files, kind, is_complete,
      [](open_shard const& shard) {
        measured_kind part;
        for (auto const& name : shard.names) {
          if (!is_record_rest(name)) continue;
          auto const status = os::status_at(shard.folder.get(), name.c_str());
          if (!status) continue;
          ++part.count;
          part.bytes += status.value.size;
        }
        return part;
      },
      [&](measured_kind const& part) {
        sum.count += part.count;
        sum.bytes += part.bytes;
      });
  return sum;
}

}  // namespace memo::detail
