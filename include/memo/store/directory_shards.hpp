/// Which files lie in a directory store.
#pragma once

#include <memo/store/directory_files.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A file that is named like a record, or like one that is being written.
struct found_file {
  digest id;
  std::string name;  ///< relative to the folder of its kind
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool is_temporary = false;
};

/// What lies in the folder of a kind, or in a part of it.
struct found_files {
  std::vector<found_file> files;
  bool is_complete = true;  ///< false where something could not be looked at
};

/// Names of folders.
struct shard_names {
  std::vector<std::string> names;
  bool is_complete = true;
};

/// One of the folders into which the records of a kind are spread, with all names in it.
struct open_shard {
  std::string name;
  os::unique_fd folder;
  std::vector<std::string> names;
  bool is_complete = true;
};

/// What is gone, or is no folder of ours, is missed by nobody.
inline bool is_missed_by_nobody(int error) {
  return error == 0 || error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/// The names of a kind's shards, in no order.
inline shard_names shards_of(directory_files& files, record_kind kind) {
  int const in = files.folder(kind);
  if (in < 0) return {};
  auto found = os::names_in(in);
  std::erase_if(found.value, [](std::string const& name) { return !is_shard_name(name); });
  return {std::move(found.value), is_missed_by_nobody(found.error)};
}

inline open_shard open_shard_of(directory_files& files, record_kind kind, std::string const& name) {
  open_shard shard;
  shard.name = name;
  auto opened = os::open_folder(files.folder(kind), name.c_str());
  shard.is_complete = is_missed_by_nobody(opened.error);
  if (!opened) return shard;
  auto found = os::names_in(opened.value.get());
  shard.is_complete = is_missed_by_nobody(found.error);
  shard.names = std::move(found.value);
  shard.folder = std::move(opened.value);
  return shard;
}

/// The files of a shard with names of ours, with their sizes and times where `with_status`.
inline found_files list_files(open_shard const& shard, bool with_status) {
  found_files all;
  all.is_complete = shard.is_complete;
  for (auto const& name : shard.names) {
    found_file file;
    file.is_temporary = is_temporary_name(name);
    if (!file.is_temporary && !is_record_rest(name)) continue;
    if (!file.is_temporary) file.id = *digest_from_hex(shard.name + name);
    if (with_status || file.is_temporary) {
      auto const status = os::status_at(shard.folder.get(), name.c_str());
      all.is_complete = all.is_complete && is_missed_by_nobody(status.error);
      if (!status) continue;
      file.size = status.value.size;
      file.modified_ns = status.value.modified_ns;
    }
    file.name = shard.name + '/' + name;
    all.files.push_back(std::move(file));
  }
  return all;
}

/// Calls `seen(found_file)` for all files of a kind, a shard at a time; false where something could not be looked at.
template <class Seen>
bool each_file(directory_files& files, record_kind kind, bool with_status, Seen seen) {
  auto const shards = shards_of(files, kind);
  bool is_complete = shards.is_complete;
  for (auto const& name : shards.names) {
    auto part = list_files(open_shard_of(files, kind, name), with_status);
    is_complete = is_complete && part.is_complete;
    for (auto& file : part.files) seen(std::move(file));
  }
  return is_complete;
}

}  // namespace memo::detail
