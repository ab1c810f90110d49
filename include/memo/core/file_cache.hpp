/// A private copy of bytes of a file that never change, read when they are asked for and kept.
///
/// A mapping would do the same for less memory, but a read from it is a fatal signal where somebody truncates the file.
#pragma once

#include <memo/core/file.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace memo::detail {

/// The first bytes of a file, piece by piece in memory. Any thread may call every function.
///
/// What was read stays where it is until the cache is destroyed. Of a file that is shorter than what is asked for, or that
/// cannot be read, only bytes that were read are given.
class file_cache {
 public:
  /// Read at once. It costs 7 us where this was measured, most of it for four new pages of memory, and its neighbours come
  /// with it: reading a whole file takes 1.4 times as long with 4 KiB, and with 64 KiB the first look-up takes 20 us.
  static constexpr std::uint64_t piece_size = 16 * 1024;

  /// Reserves addresses for `capacity` bytes, and memory only for what is read, at most `budget` bytes. Where the system
  /// has no such addresses, nothing is kept.
  file_cache(std::shared_ptr<os::unique_fd const> file, std::uint64_t capacity, std::uint64_t budget)
      : file_(std::move(file)), budget_(budget) {
    constexpr std::uint64_t most = std::uint64_t{1} << 56;
    if (capacity == 0 || capacity > most) return;
    std::uint64_t const pieces = capacity / piece_size + 1;
    std::uint64_t const size = pieces * piece_size + pieces * sizeof(std::uint32_t);
    void* const made =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) return;
    base_ = static_cast<std::byte*>(made);
    read_ = reinterpret_cast<std::uint32_t*>(base_ + pieces * piece_size);
    reserved_ = size;
    capacity_ = capacity;
  }
  file_cache(file_cache const&) = delete;
  file_cache& operator=(file_cache const&) = delete;
  ~file_cache() {
    if (base_ != nullptr) ::munmap(base_, reserved_);
  }

  /// The bytes from `at` on, contiguous and aligned as they are in the file; null where they cannot be had: beyond the
  /// capacity, over the budget, or not read. The file's bytes below `mark` never change, and `mark` is not below their end.
  /// Takes a few loads where they are there.
  std::byte const* bytes(std::uint64_t at, std::size_t size, std::uint64_t mark) {
    if (at > capacity_ || size > capacity_ - at || base_ == nullptr) return nullptr;
    if (at + size <= end_of(at / piece_size)) return base_ + at;
    return fill(at, at + size, mark);
  }

  /// As `bytes`, of what was read before: nothing is read now.
  std::byte const* kept(std::uint64_t at, std::size_t size) const {
    if (at > capacity_ || size > capacity_ - at || base_ == nullptr) return nullptr;
    return at + size <= end_of(at / piece_size) ? base_ + at : nullptr;
  }

  /// As `bytes`, or else read into `room`; null only where the file does not give them. `size` bytes fit into `room`.
  std::byte const* bytes_or_read(std::uint64_t at, std::size_t size, std::uint64_t mark, std::byte* room) {
    if (std::byte const* const kept = bytes(at, size, mark)) return kept;
    return os::read_at(file_->get(), room, size, at).value == size ? room : nullptr;
  }

  /// How many bytes can be kept at most; 0 where nothing can be.
  std::uint64_t capacity() const { return capacity_; }

  /// How many bytes are kept.
  std::uint64_t filled() const { return filled_.load(std::memory_order_relaxed); }

  int file() const { return file_->get(); }

 private:
  // Threads that read different parts of a file for the first time do not wait for each other's disk.
  static constexpr std::uint64_t pieces_of_lock = 64;
  static constexpr std::size_t locks = 16;

  /// How much of a piece was read. The addresses that nobody wrote to are zero and cost nothing.
  std::atomic_ref<std::uint32_t> read_of(std::uint64_t piece) const {
    return std::atomic_ref<std::uint32_t>(read_[piece]);
  }
  /// Where the bytes of a piece that are there end.
  std::uint64_t end_of(std::uint64_t piece) const {
    return piece * piece_size + read_of(piece).load(std::memory_order_acquire);
  }

  std::byte const* fill(std::uint64_t at, std::uint64_t end, std::uint64_t mark) {
    std::uint64_t const last = (end - 1) / piece_size;
    std::uint64_t piece = at / piece_size;
    while (piece <= last && end_of(piece) >= std::min(end, (piece + 1) * piece_size)) ++piece;
    if (piece > last) return base_ + at;
    if (end > mark) return nullptr;
    while (piece <= last) {
      std::uint64_t const stop = std::min(last + 1, (piece / pieces_of_lock + 1) * pieces_of_lock);
      if (!fill_pieces(piece, stop, end, std::min(mark, capacity_))) return nullptr;
      piece = stop;
    }
    return base_ + at;
  }

  /// Reads what is missing in pieces of one lock, as far as `mark`; false where not all below `end` came.
  bool fill_pieces(std::uint64_t piece, std::uint64_t stop, std::uint64_t end, std::uint64_t mark) {
    std::lock_guard const guard(locks_[piece / pieces_of_lock % locks]);
    while (piece < stop) {
      std::uint64_t const from = end_of(piece);
      if (from >= std::min(end, (piece + 1) * piece_size)) {
        ++piece;
        continue;
      }
      // Pieces of which nothing is there come with the same call.
      std::uint64_t next = piece + 1;
      while (next < stop && end_of(next) == next * piece_size) ++next;
      std::uint64_t const to = std::min(next * piece_size, mark);
      if (!take(to - from)) return false;
      std::uint64_t const until =
          from + os::read_at(file_->get(), base_ + from, static_cast<std::size_t>(to - from), from).value;
      filled_.fetch_sub(to - until, std::memory_order_relaxed);
      for (; piece < next && piece * piece_size < until; ++piece)
        read_of(piece).store(static_cast<std::uint32_t>(std::min(until - piece * piece_size, piece_size)),
                             std::memory_order_release);
      if (until < std::min(end, next * piece_size)) return false;
      piece = next;
    }
    return true;
  }

  bool take(std::uint64_t size) {
    std::uint64_t const before = filled_.fetch_add(size, std::memory_order_relaxed);
    if (before <= budget_ && size <= budget_ - before) return true;
    filled_.fetch_sub(size, std::memory_order_relaxed);
    return false;
  }

  std::byte* base_ = nullptr;
  std::uint32_t* read_ = nullptr;
  std::uint64_t capacity_ = 0;
  std::shared_ptr<os::unique_fd const> file_;
  std::uint64_t budget_ = 0;
  std::uint64_t reserved_ = 0;
  std::atomic<std::uint64_t> filled_{0};
  std::array<std::mutex, locks> locks_{};
};

}  // namespace memo::detail
