/// The tables of the memory store: entries in order of use, and objects with the number of entries that name
/// them.
#pragma once

#include <memo/core/file.hpp>
#include <memo/store/digest_map.hpp>
#include <memo/store/entry.hpp>
#include <memo/store/record.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace memo::detail {

/// An object as the memory store keeps it: a live value, bytes, both, or neither where an entry names an
/// object that was never given.
struct memory_object {
  std::uint64_t references = 0;
  std::uint64_t size = 0;  ///< what counts for limits; zero where nothing is kept
  digest checksum;
  shared_bytes bytes;
  bool has_bytes = false;
  live_value live;

  bool is_kept() const { return has_bytes || live; }
};

struct memory_entry {
  digest key;
  std::shared_ptr<entries const> variants;
  std::uint64_t size = 0;
  std::uint64_t used = 0;  ///< the count of puts when it was last looked up
  memory_entry* newer = nullptr;
  memory_entry* older = nullptr;
};

/// Entries in the order of their last use. Each is in one of these, or unlinked.
class use_order {
 public:
  memory_entry* oldest() const { return oldest_; }

  void push(memory_entry& entry) {
    entry.older = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer) = &entry;
    newest_ = &entry;
  }
  void remove(memory_entry& entry) {
    (entry.newer == nullptr ? newest_ : entry.newer->older) = entry.older;
    (entry.older == nullptr ? oldest_ : entry.older->newer) = entry.newer;
    entry.newer = entry.older = nullptr;
  }
  void clear() { newest_ = oldest_ = nullptr; }

 private:
  memory_entry* newest_ = nullptr;
  memory_entry* oldest_ = nullptr;
};

/// One of several tables, each with a lock of its own; no thread holds two.
struct memory_shard {
  std::mutex lock;
  digest_map<memory_entry> keyed;
  use_order order;  ///< of `keyed`
  digest_map<memory_object> objects;
};

/// What an entry takes in memory beside the stored forms, roughly: names, digests and the tables' own cost.
inline std::uint64_t memory_entry_size(entries const& variants) {
  std::uint64_t size = 128;
  for (auto const& variant : variants) {
    size += sizeof(entry) + variant.project.size() + variant.pipeline.size() + variant.step.size();
    size += variant.checks.size() * sizeof(digest) + variant.outputs.size() * sizeof(stored_output);
    for (auto const& dep : variant.dependencies) size += sizeof(dependency) + dep.name.size();
    for (auto const& output : variant.outputs) size += output.is_inline ? output.bytes.view.size() : 0;
  }
  return size;
}

/// The bytes of a source in one aligned block, or an errno.
inline os::outcome<shared_bytes> gather(object_source const& source) {
  aligned_block const block(static_cast<std::size_t>(source.size));
  std::size_t done = 0;
  if (!source.file.empty()) {
    auto const file = os::open_user_file(source.file.c_str());
    if (!file) return {{}, file.error};
    auto const got = os::read_up_to(file.value.get(), block.data(), block.size());
    if (!got) return {{}, got.error};
    done = got.value;
    if (hash_bytes(block.view()) != source.checksum) return {{}, EIO};
  } else {
    for (byte_view const piece : source.pieces) {
      if (piece.size() > block.size() - done) return {{}, EINVAL};
      if (!piece.empty()) std::memcpy(block.data() + done, piece.data(), piece.size());
      done += piece.size();
    }
  }
  if (done != block.size()) return {{}, EINVAL};
  return {block.share(), 0};
}

/// An entry whose inline bytes belong to it and are aligned, whatever the caller's were.
inline entry owned_entry(entry const& value) {
  entry made = value;
  for (auto& output : made.outputs) {
    if (!output.is_inline) continue;
    output.size = output.bytes.view.size();
    bool const aligned = reinterpret_cast<std::uintptr_t>(output.bytes.view.data()) % payload_alignment == 0;
    if (output.bytes.owner != nullptr && aligned) continue;
    aligned_block const block(output.bytes.view.size());
    if (!output.bytes.view.empty())
      std::memcpy(block.data(), output.bytes.view.data(), output.bytes.view.size());
    output.bytes = block.share();
  }
  return made;
}

}  // namespace memo::detail
