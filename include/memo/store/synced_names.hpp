/// Which names of a directory store's folders are known to be on the disk, for puts that wait for it.
#pragma once

#include <memo/core/folder.hpp>
#include <memo/store/directory_layout.hpp>
#include <memo/store/durability.hpp>
#include <memo/store/record.hpp>

#include <array>
#include <atomic>
#include <cstddef>

namespace memo::detail {

/// Forces the name of a record, and of the folders that it lies in, to the disk. Every function may be called from any
/// thread.
class synced_names {
 public:
  synced_names() {
    for (auto& kind : shards_)
      for (auto& shard : kind) shard.store(-1, std::memory_order_relaxed);
    for (auto& kind : kinds_) kind.store(-1, std::memory_order_relaxed);
  }

  /// `in` is the folder of the record's kind. 0 or an errno.
  int sync(int in, record_kind kind, record_name const& name) {
    auto const shard = os::open_folder(in, name.shard().c_str());
    if (!shard) return shard.error;
    if (int const error = os::sync_file(shard.value.get())) return error;
    // The folders above change seldom. They are known by their descriptor, which no other folder gets while the store is
    // open.
    auto& known_in = shards_[static_cast<std::size_t>(kind)][index_of(name)];
    if (known_in.load() != in) {
      if (int const error = os::sync_file(in)) return error;
      known_in.store(in);
    }
    auto& known_kind = kinds_[static_cast<std::size_t>(kind)];
    if (known_kind.load() != in) {
      if (int const error = sync_above(in)) return error;
      known_kind.store(in);
    }
    return 0;
  }

  /// The shard of a record was made again.
  void forget(record_kind kind, record_name const& name) {
    shards_[static_cast<std::size_t>(kind)][index_of(name)].store(-1);
  }

 private:
  static std::size_t index_of(record_name const& name) {
    auto const digit = [](char c) { return static_cast<std::size_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
    return digit(name.text[0]) * 16 + digit(name.text[1]);
  }

  /// The version's folder and the root have to be on the disk. Those above the root are, unless they were made with it, and
  /// they may be somebody else's: there, what cannot be done is left.
  static int sync_above(int in) {
    std::string path = "..";
    for (int level = 0;; ++level, path += "/..") {
      auto const folder = os::open_folder(in, path.c_str());
      int const error = folder ? os::sync_file(folder.value.get()) : folder.error;
      if (error != 0) return level < 2 ? error : 0;
      if (level < 2) continue;
      auto const here = os::status_of(folder.value.get());
      auto const above = os::status_at(in, (path + "/..").c_str(), true);
      if (!here || !above || here.value.device != above.value.device || here.value.inode == above.value.inode)
        return 0;
    }
  }

  std::array<std::array<std::atomic<int>, 256>, 3> shards_;  // by record_kind
  std::array<std::atomic<int>, 3> kinds_;
};

}  // namespace memo::detail
