/// Many files in one digest: what lies in a folder, or what matches a pattern.
///
///     digest  ::= hash of "memo-tree" version:u8 item*                                   by content
///                 hash of "memo-stat" version:u8 place_length:u32 place item*            by status
///     item    ::= kind:u8 name_length:u32 name content:digest?                           by content, of files
///                 kind:u8 name_length:u32 name (size:u64 modified_ns:i64)?               by status, of files
///
/// Little-endian; the items are in the order of a walk that takes the names of each folder sorted by bytes and goes into
/// a folder before the next name. `place` is an absolute path. Versions:
/// 1: as above.
#pragma once

#include <memo/key/glob_match.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

inline constexpr std::string_view tree_head{"memo-tree\1", 10};
inline constexpr std::string_view stat_head{"memo-stat\1", 10};

/// What a name stands for, behind all links.
enum class item_kind : std::uint8_t { file = 1, folder = 2, nothing = 3, pipe = 4, socket = 5, device = 6 };

inline item_kind kind_of(os::file_status const& status) {
  switch (status.type) {
    case S_IFREG:
      return item_kind::file;
    case S_IFDIR:
      return item_kind::folder;
    case S_IFLNK:
      return item_kind::nothing;
    case S_IFIFO:
      return item_kind::pipe;
    case S_IFSOCK:
      return item_kind::socket;
    default:
      return item_kind::device;
  }
}

struct file_item {
  std::string path;
  std::size_t name_at = 0;  ///< where in the path the name begins that counts
  os::file_status status{};
  digest content{};

  item_kind kind() const { return kind_of(status); }
  std::string_view name() const { return std::string_view(path).substr(name_at); }
};

/// The folders that a walk is in, from the innermost out.
struct open_folder_list {
  os::file_status const* status;
  open_folder_list const* outer;
};

/// Adds what a path names, and what lies below it; nothing where nothing is there. Links are followed. Throws unhashable
/// where they lead round in a circle, and where a folder cannot be read.
inline void collect_items(std::string const& path, std::size_t name_at, std::vector<file_item>& items,
                          open_folder_list const* folders = nullptr) {
  auto status = status_of_path(path, true);
  if (!status) status = status_of_path(path, false);  // a link to nothing
  if (!status) return;
  items.push_back({path, name_at, status.value});
  if (!status.value.is_folder) return;
  for (open_folder_list const* open = folders; open != nullptr; open = open->outer)
    if (open->status->device == status.value.device && open->status->inode == status.value.inode)
      refuse_path("folder", path, "it lies in itself, by a link");
  open_folder_list const inside{&status.value, folders};
  std::string const beginning = path.ends_with('/') ? path : path + '/';
  for (std::string const& name : sorted_names_in(path))
    collect_items(beginning + name, name_at, items, &inside);
}

/// Finds the content of all items that are files. Several that are not known yet are read at the same time, where they are
/// big enough. Throws unhashable.
inline void hash_items(std::span<file_item> items, std::uint64_t seed) {
  // Waking a thread costs as much as hashing some 100 KB.
  constexpr std::uint64_t worth_workers = std::uint64_t{2} << 20;
  std::vector<file_item*> unknown;
  std::uint64_t size = 0;
  for (file_item& item : items) {
    if (item.kind() != item_kind::file) continue;
    item.content = remembered_digest(item.path, path_id(item.path, seed), item.status);
    if (item.content) continue;
    unknown.push_back(&item);
    size += item.status.size;
  }
  struct work {
    file_item** items;
    std::uint64_t seed;
  } all{unknown.data(), seed};
  auto const read = [](void* of, std::size_t first, std::size_t last) {
    work const& w = *static_cast<work*>(of);
    for (std::size_t i = first; i < last; ++i)
      w.items[i]->content = new_digest(w.items[i]->path, path_id(w.items[i]->path, w.seed), w.seed);
  };
  if (size < worth_workers)
    read(&all, 0, unknown.size());
  else
    file_scope::run(unknown.size(), read, &all);
}

inline void add_name(byte_hasher& hasher, std::string_view name) {
  std::byte length[4];
  store_little(length, static_cast<std::uint32_t>(name.size()));
  hasher.update(length);
  hasher.update(as_byte_view(name));
}

inline void add_numbers(byte_hasher& hasher, std::uint64_t first, std::uint64_t second) {
  std::byte both[16];
  store_little(both, first);
  store_little(both + 8, second);
  hasher.update(both);
}

inline void add_kind(byte_hasher& hasher, item_kind kind) {
  std::byte const one[1] = {static_cast<std::byte>(kind)};
  hasher.update(one);
}

/// The digest of the items by content. Throws unhashable.
inline digest digest_by_content(std::span<file_item> items, std::uint64_t seed) {
  hash_items(items, seed);
  byte_hasher hasher(seed);
  hasher.update(as_byte_view(tree_head));
  for (file_item const& item : items) {
    add_kind(hasher, item.kind());
    add_name(hasher, item.name());
    if (item.kind() == item_kind::file) add_numbers(hasher, item.content.high, item.content.low);
  }
  return hasher.finish();
}

/// The digest of the items by size and time. `place` is where they are, absolute: two files of one size and time are no
/// rarity.
inline digest digest_by_stat(std::string_view place, std::span<file_item const> items, std::uint64_t seed) {
  byte_hasher hasher(seed);
  hasher.update(as_byte_view(stat_head));
  add_name(hasher, place);
  for (file_item const& item : items) {
    add_kind(hasher, item.kind());
    add_name(hasher, item.name());
    if (item.kind() == item_kind::file)
      add_numbers(hasher, item.status.size, static_cast<std::uint64_t>(item.status.modified_ns));
  }
  return hasher.finish();
}

/// What lies in a folder, its own name left out. Throws unhashable where there is no such folder.
inline std::vector<file_item> items_in(std::string const& folder) {
  auto const status = os::status_at(os::here, folder.c_str(), true);
  if (!status || !status.value.is_folder)
    refuse_path("folder", folder, status ? std::string("it is no folder") : os::error_text(status.error));
  std::vector<file_item> items;
  open_folder_list const inside{&status.value, nullptr};
  std::string const beginning = folder.ends_with('/') ? folder : folder + '/';
  for (std::string const& name : sorted_names_in(folder))
    collect_items(beginning + name, beginning.size(), items, &inside);
  return items;
}

/// What matches a pattern, and what lies in the folders that do. Names begin behind the pattern's part without wildcards.
inline std::vector<file_item> items_matching(std::string const& pattern) {
  auto const paths = paths_matching(pattern);
  auto const wanted = names_of_path(pattern);
  std::size_t name_at = pattern.starts_with('/') ? 1 : 0;
  for (std::size_t i = 0; i + 1 < wanted.size() && !has_wildcard(wanted[i]); ++i)
    name_at += wanted[i].size() + 1;
  auto const is_among = [&](std::string const& path) {
    return std::binary_search(paths.begin(), paths.end(), path);
  };
  std::vector<file_item> items;
  for (std::string const& path : paths) {
    // What lies in a folder that matches, too, has come with it.
    bool has_come = false;
    for (std::size_t at = path.find('/', name_at); at < path.size() - 1 && !has_come;
         at = path.find('/', at + 1))
      has_come = is_among(path.substr(0, at)) || is_among(path.substr(0, at + 1));
    if (!has_come) collect_items(path, name_at, items);
  }
  return items;
}

}  // namespace memo::detail
