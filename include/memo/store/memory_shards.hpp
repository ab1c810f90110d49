/// The tables of the memory store: entries in order of use, and objects with the number of entries that name
/// them.
#pragma once

#include <memo/core/file.hpp>
#include <memo/core/stripes.hpp>
#include <memo/store/digest_map.hpp>
#include <memo/store/entry.hpp>
#include <memo/store/pins.hpp>
#include <memo/store/recall_table.hpp>
#include <memo/store/record.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

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

/// The live value of an entry that has one output, nothing that it depends on, and one variant.
struct memory_value {
  std::shared_ptr<void const> value;
  void const* tag = nullptr;  ///< null: none
  std::int64_t created_ms = 0;
};

struct memory_entry {
  std::shared_ptr<entries const> variants;
  memory_value only;
  std::uint64_t size = 0;
  std::uint64_t used = 0;       ///< the stamp of the last use, hits on `recalled` aside
  std::uint64_t doublings = 0;  ///< the logarithm of what it costs to compute it again, against its bytes
};

/// Stamps for uses, which grow with time: exactly among the uses of one thread and among puts; of what several threads
/// look up between the same two puts, only until which put it was. Any thread.
class use_stamps {
 public:
  std::uint64_t of_put() { return (puts_.fetch_add(1, std::memory_order_relaxed) + 1) << uses_bits; }

  std::uint64_t of_use() {
    std::uint64_t const since = of_last_put();
    std::atomic<std::uint64_t>& last = last_[stripes::own()];
    std::uint64_t stamp = last.load(std::memory_order_relaxed) + 1;
    if (stamp < since) stamp = since + 1;
    // No use may look later than the next put.
    stamp = std::min(stamp, since | ((std::uint64_t{1} << uses_bits) - 1));
    last.store(stamp, std::memory_order_relaxed);
    return stamp;
  }

  /// There are so many entries.
  void note_count(std::uint64_t entries_now) {
    std::uint64_t most = most_entries_.load(std::memory_order_relaxed);
    while (most < entries_now &&
           !most_entries_.compare_exchange_weak(most, entries_now, std::memory_order_relaxed)) {
    }
  }

  /// How much longer than a worthless one an entry stays after its last use: by a quarter of as many puts as there were
  /// entries for each doubling of its value. What is dear and was not used for long leaves after all. After GreedyDual
  /// (Cao and Irani, 1997), with the cost on a logarithmic scale. It grows only, so that what was ranked is never too high.
  std::uint64_t credit_for(std::uint64_t doublings) const {
    return (doublings * std::max<std::uint64_t>(most_entries_.load(std::memory_order_relaxed) / 4, 1))
           << uses_bits;
  }

  /// No stamp that was given since the last put is less.
  std::uint64_t of_last_put() const { return puts_.load(std::memory_order_relaxed) << uses_bits; }

 private:
  static constexpr int uses_bits = 20;
  alignas(64) std::atomic<std::uint64_t> puts_{0};
  std::atomic<std::uint64_t> most_entries_{0};
  striped<std::atomic<std::uint64_t>> last_;
};

/// Keys by the stamps of their last use with their credit, as it was when they were added: a heap, the one that leaves
/// first on top. Keys that are gone or were used since are the caller's to see.
class use_order {
 public:
  struct use {
    std::uint64_t stamp;
    digest key;
  };

  /// False until somebody asked for the oldest key: a store that never removes any keeps no order.
  bool is_kept() const { return is_kept_; }
  std::size_t size() const { return heap_.size(); }
  use const& oldest() const { return heap_.front(); }

  void begin() { is_kept_ = true; }
  void push(use const& added) {
    heap_.push_back(added);
    std::push_heap(heap_.begin(), heap_.end(), &is_later);
  }
  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), &is_later);
    heap_.pop_back();
  }
  void clear() {
    heap_.clear();
    is_kept_ = false;
  }

 private:
  static bool is_later(use const& a, use const& b) { return a.stamp > b.stamp; }

  std::vector<use> heap_;
  bool is_kept_ = false;
};

/// One of several tables, each with a lock of its own and on cache lines of its own; no thread holds two.
struct alignas(64) memory_shard {
  std::mutex lock;
  digest_map<memory_entry> keyed;
  use_order order;  ///< of `keyed`
  digest_map<memory_object> objects;
  recall_table recalled;  ///< of `keyed`; read without the lock

  /// Adds a key to the order. The caller has the lock, as for all that follow.
  void note_use(digest const& key, memory_entry const& entry, use_stamps const& stamps) {
    if (!order.is_kept()) return;
    try {
      if (order.size() > 2 * keyed.size() + 64)
        rebuild_order(stamps);  // with this key
      else
        order.push({entry.used + stamps.credit_for(entry.doublings), key});
    } catch (std::bad_alloc const&) {
      order.clear();  // to be made anew when it is asked for
    }
  }

  /// The key that is worth least, those in `pinned` aside, which count as used now.
  std::optional<use_order::use> least_valuable(pins const& pinned, use_stamps& stamps) {
    std::uint64_t const now = stamps.of_use();
    if (!order.is_kept()) rebuild_order(stamps);
    // Each key comes up at most twice, once as used since and once as pinned.
    for (std::size_t left = 2 * order.size() + 1; left != 0 && order.size() != 0; --left) {
      use_order::use const first = order.oldest();
      memory_entry const* const entry = keyed.find(first.key);
      std::uint64_t rank = 0;
      if (entry != nullptr) {
        rank = rank_of(first.key, *entry, stamps);
        if (rank <= first.stamp && pinned.contains(first.key))
          rank = std::max(now + stamps.credit_for(entry->doublings), first.stamp + 1);
        if (rank <= first.stamp) return first;
      }
      order.pop();
      if (entry != nullptr) order.push({rank, first.key});
    }
    return std::nullopt;
  }

 private:
  std::uint64_t rank_of(digest const& key, memory_entry const& entry, use_stamps const& stamps) const {
    return std::max(entry.used, recalled.used(key)) + stamps.credit_for(entry.doublings);
  }

  void rebuild_order(use_stamps const& stamps) {
    order.clear();
    order.begin();
    keyed.each([&](digest const& key, memory_entry const& entry) {
      order.push({rank_of(key, entry, stamps), key});
    });
  }
};

/// The logarithm of what it costs to compute an entry again, against its bytes. The constants keep small and cheap ones from
/// counting as priceless or free.
inline std::uint64_t doublings_of(entries const& variants) {
  constexpr std::int64_t most_cost_ns = 1'000'000'000'000'000;  // so that the product below fits
  std::uint64_t bytes = 4096;
  for (auto const& variant : variants) bytes += stored_size(variant);
  auto const cost = 1'000'000 + static_cast<std::uint64_t>(
                                    std::clamp<std::int64_t>(recompute_cost(variants), 0, most_cost_ns));
  return static_cast<std::uint64_t>(std::bit_width(cost * 1024 / bytes));
}

/// What an entry takes in memory beside the stored forms, roughly: names, digests and the tables' own cost.
inline std::uint64_t memory_entry_size(entries const& variants) {
  std::uint64_t size = 192;
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
  if (source.owner != nullptr && source.pieces.size() == 1 && source.pieces[0].size() == source.size &&
      reinterpret_cast<std::uintptr_t>(source.pieces[0].data()) % payload_alignment == 0)
    return {{source.owner, source.pieces[0]}, 0};
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
