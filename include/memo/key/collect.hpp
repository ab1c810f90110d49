/// Stored forms as lists of pieces, so that large arrays are written from where they lie.
#pragma once

#include <memo/key/sink.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace memo {

/// The stored form of a value: owned pieces, and pieces of large arrays inside the value, which must
/// outlive it. Movable, not copyable; any thread may read it.
class encoding {
 public:
  encoding() = default;
  encoding(encoding&&) = default;
  encoding& operator=(encoding&&) = default;

  /// What stands for the value in keys.
  fingerprint const& value() const { return value_; }
  /// The seeded digest of the stored bytes: under which they are kept.
  digest object() const { return object_; }
  /// The digest of the stored bytes without a seed: by which their integrity is checked.
  digest checksum() const { return checksum_; }
  /// The number of stored bytes.
  std::uint64_t size() const { return size_; }
  /// The stored bytes, in order.
  std::span<byte_view const> pieces() const { return pieces_; }

  /// The stored bytes in one block of their own.
  shared_bytes join() const {
    aligned_block const block(size_);
    std::byte* to = block.data();
    for (byte_view const piece : pieces_) {
      std::memcpy(to, piece.data(), piece.size());
      to += piece.size();
    }
    return block.share();
  }

  // What follows serves the library.

  void add_piece(byte_view piece) {
    if (piece.empty()) return;
    pieces_.push_back(piece);
    size_ += piece.size();
  }
  void own(aligned_block const& block) { owned_.push_back(block.share().owner); }
  void set_digests(fingerprint const& value, digest const& checksum) {
    value_ = value;
    object_ = value.value;
    checksum_ = checksum;
  }
  void set_value(fingerprint const& value) { value_ = value; }

 private:
  fingerprint value_;
  digest object_;
  digest checksum_;
  std::uint64_t size_ = 0;
  std::vector<byte_view> pieces_;
  std::vector<std::shared_ptr<void const>> owned_;
};

namespace detail {

/// Collects the pieces of an encoding and hashes them on their way: in one go where everything fits into the
/// first window.
class collect_sink final : public byte_sink {
 public:
  explicit collect_sink(std::uint64_t seed) : seed_(seed), stream_(seed) {}
  collect_sink(collect_sink const&) = delete;

  window first() { return {buffer_, window_size}; }

  window next(byte_view used, std::size_t needed) override {
    keep(used);
    if (free_.size() < needed) grow(needed);
    return free_;
  }
  window take(byte_view used, byte_view large) override {
    keep(used);
    hash(large);
    made_.add_piece(large);
    if (free_.empty()) grow(1);
    return free_;
  }

  encoding finish(byte_view used) {
    if (!stream_.has_started() && made_.pieces().empty()) {
      own_copy(used);
      made_.set_digests(fingerprint::of_bytes(used, seed_), seed_ == 0 ? digest{} : hash_bytes(used));
    } else {
      keep(used);
      made_.set_digests(fingerprint::of_digest(stream_.finish()), seed_ == 0 ? digest{} : plain_.finish());
    }
    if (seed_ == 0) made_.set_digests(made_.value(), made_.object());
    return std::move(made_);
  }

 private:
  void keep(byte_view used) {
    hash(used);
    if (used.data() == buffer_) {
      own_copy(used);
    } else {
      made_.add_piece(used);
      free_ = free_.subspan(used.size());
    }
  }
  void own_copy(byte_view bytes) {
    if (bytes.empty()) return;
    aligned_block const block(bytes.size());
    std::memcpy(block.data(), bytes.data(), bytes.size());
    made_.add_piece(block.view());
    made_.own(block);
  }
  void hash(byte_view bytes) {
    stream_.update(bytes);
    if (seed_ != 0) plain_.update(bytes);
  }
  void grow(std::size_t needed) {
    std::size_t const size = std::max(needed, next_block_);
    next_block_ = std::min<std::size_t>(2 * next_block_, std::size_t{1} << 20);
    aligned_block const block(size);
    free_ = {block.data(), size};
    made_.own(block);
  }

  std::uint64_t seed_;
  encoding made_;
  byte_hasher stream_;
  byte_hasher plain_;  // used only with a seed
  window free_;
  std::size_t next_block_ = 4 * window_size;
  std::byte buffer_[window_size];
};

}  // namespace detail
}  // namespace memo
