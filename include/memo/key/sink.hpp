/// Where canonical bytes go: into a hash, into pieces of memory, or into one growing block.
///
/// The writer fills a window of memory and asks its sink for a new one when it is full, so that small
/// values cost a copy of a few bytes each and no call.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/fingerprint.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace memo {
namespace detail {

inline constexpr std::size_t window_size = 4096;
// Contiguous data from this size on is hashed or kept where it lies instead of being copied into the window.
inline constexpr std::size_t large_size = 4096;

using window = std::span<std::byte>;

/// What a writer writes into. `used` is always the filled beginning of the window that was given last.
class byte_sink {
 public:
  /// Takes what the window holds and gives a new one, of `needed` bytes or more.
  virtual window next(byte_view used, std::size_t needed) = 0;
  /// Takes what the window holds, then `large` bytes that outlive the sink, and gives a window.
  virtual window take(byte_view used, byte_view large) = 0;

 protected:
  ~byte_sink() = default;
};

/// Hashes: in one go where everything fits into the window, else as a stream.
class hash_sink final : public byte_sink {
 public:
  explicit hash_sink(std::uint64_t seed) : seed_(seed), stream_(seed) {}
  hash_sink(hash_sink const&) = delete;

  window first() { return buffer_; }

  window next(byte_view used, std::size_t) override {
    stream_.update(used);
    return buffer_;
  }
  window take(byte_view used, byte_view large) override {
    stream_.update(used);
    stream_.update(large);
    return buffer_;
  }

  digest finish(byte_view used) {
    // g++ warns of the buffer, which nothing was written to, when it sees through the hash of nothing.
    if (used.empty() && !stream_.has_started()) return hash_bytes({}, seed_);
    if (!stream_.has_started()) return hash_bytes(used, seed_);
    stream_.update(used);
    return stream_.finish();
  }
  fingerprint finish_fingerprint(byte_view used) {
    if (used.empty() && !stream_.has_started()) return fingerprint::of_bytes({}, seed_);
    return stream_.has_started() ? fingerprint::of_digest(finish(used)) : fingerprint::of_bytes(used, seed_);
  }

 private:
  std::uint64_t seed_;
  byte_hasher stream_;
  std::byte buffer_[window_size];
};

/// One growing block, to be read back at once.
class block_sink final : public byte_sink {
 public:
  window next(byte_view used, std::size_t needed) override {
    filled_ += used.size();
    if (bytes_.size() - filled_ < needed) bytes_.resize(2 * bytes_.size() + needed);
    return {begin() + filled_, bytes_.size() - filled_};
  }
  window take(byte_view used, byte_view large) override {
    window const room = next(used, large.size());
    std::memcpy(room.data(), large.data(), large.size());
    return next(byte_view(room).first(large.size()), 0);
  }

  window first() {
    bytes_.resize(512);
    return {begin(), bytes_.size()};
  }
  /// How much was written so far.
  std::size_t size(std::size_t used) const { return filled_ + used; }
  byte_view view() const { return as_byte_view(bytes_); }

 private:
  std::byte* begin() { return reinterpret_cast<std::byte*>(bytes_.data()); }

  std::string bytes_;
  std::size_t filled_ = 0;
};

}  // namespace detail
}  // namespace memo
