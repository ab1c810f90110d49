#pragma once

#include <memo/core/file.hpp>
#include <memo/core/file_cache.hpp>
#include <memo/core/large_pages.hpp>
#include <memo/store/log_format.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace memo::detail {

/// The log of one generation, open for reading. Every function may be called from any thread. What others do to the
/// file, cut it or damage it, makes a record unreadable and nothing else.
class log_file {
 public:
  /// Payloads up to this size are kept in memory once they were read.
  static constexpr std::uint64_t cached_payload = std::uint64_t{64} << 10;

  /// Of an open log with this slot; up to `budget` bytes of it are kept in memory.
  log_file(std::shared_ptr<os::unique_fd const> file, log_mark const& slot, std::uint64_t budget)
      : file_(std::move(file)),
        uuid_(slot.uuid),
        generation_(slot.generation),
        marked_(slot.marked),
        sequence_(slot.sequence),
        committed_(slot.marked),
        cache_(file_, addresses_for(slot.marked), budget) {}

  /// The slot that counts now, as the file has it; an errno, or EINVAL where it has none.
  static os::outcome<log_mark> read_mark(int fd) {
    std::array<std::byte, log_marks_size> start;
    auto const got = os::read_at(fd, start.data(), start.size(), 0);
    if (!got) return {{}, got.error};
    auto const slot = newest_mark(byte_view(start).first(got.value));
    if (!slot) return {{}, EINVAL};
    return {*slot, 0};
  }

  digest const& uuid() const { return uuid_; }
  std::uint64_t generation() const { return generation_; }
  int descriptor() const { return file_->get(); }

  /// Records before this offset count, as far as this process knows, and stay as they are.
  std::uint64_t committed() const { return committed_.load(std::memory_order_acquire); }
  /// All before this offset count, as the file itself says.
  std::uint64_t marked() const { return marked_.load(std::memory_order_acquire); }
  std::uint64_t sequence() const { return sequence_.load(std::memory_order_acquire); }
  /// A later generation was written, or was about to be.
  bool is_closed() const { return is_closed_.load(std::memory_order_acquire); }

  /// Takes over what the file's slots say; an errno, EINVAL where they say nothing of this log.
  int refresh_mark() {
    auto const mark = read_mark(descriptor());
    if (!mark) return mark.error;
    if (mark.value.uuid != uuid_) return EINVAL;
    advance(mark.value);
    return 0;
  }

  /// Takes over a mark that was read or written. An older one is of a slot that was damaged since.
  void advance(log_mark const& mark) {
    if (mark.sequence < sequence()) return;
    sequence_.store(mark.sequence, std::memory_order_release);
    marked_.store(mark.marked, std::memory_order_release);
    advance(mark.marked);
  }

  /// What lies before this counts. Nothing goes back.
  void advance(std::uint64_t committed) {
    if (committed > this->committed()) committed_.store(committed, std::memory_order_release);
  }
  void set_closed(bool is_closed) { is_closed_.store(is_closed, std::memory_order_release); }

  /// What is behind all that counts, as far as this process knows: nothing, one more record, something else; or the file
  /// does not even reach there.
  enum class behind : std::uint8_t { nothing, record, rest, cut };

  /// Looks there, at the cost of one system call.
  os::outcome<behind> look_behind() const {
    std::uint64_t const at = committed();
    std::array<std::byte, payload_alignment + record_header_size> raw;
    auto const got = os::read_at(descriptor(), raw.data(), raw.size(), at - payload_alignment);
    if (!got) return {behind::nothing, got.error};
    if (got.value < payload_alignment) return {behind::cut, 0};
    if (got.value == payload_alignment) return {behind::nothing, 0};
    record_header header;
    auto const there = byte_view(raw).first(got.value).subspan(payload_alignment);
    record_state const state = read_fields(there, record_seed(uuid_, at), header);
    return {state == record_state::good ? behind::record : behind::rest, 0};
  }

  /// The header of the record at an offset.
  record_state header_at(std::uint64_t offset, record_header& found) {
    std::uint64_t const mark = committed();
    if (offset > mark || mark - offset < record_header_size) return record_state::damaged;
    std::byte const* const there = cache_.bytes(offset, record_header_size, mark);
    if (there != nullptr) return check(byte_view(there, record_header_size), offset, mark, found);
    return read_header_at(offset, mark, found);
  }

  /// The same, without keeping more of the log in memory for it.
  record_state peek_header_at(std::uint64_t offset, record_header& found) const {
    std::uint64_t const mark = committed();
    if (offset > mark || mark - offset < record_header_size) return record_state::damaged;
    std::byte const* const there = cache_.kept(offset, record_header_size);
    if (there != nullptr) return check(byte_view(there, record_header_size), offset, mark, found);
    return read_header_at(offset, mark, found);
  }

  /// True where the record at an offset is known to be shorter than `size`, without asking the file.
  bool is_known_below(std::uint64_t size, std::uint64_t offset) const {
    std::byte const* const there = cache_.kept(offset, record_header_size);
    record_header header;
    return there != nullptr &&
           check(byte_view(there, record_header_size), offset, committed(), header) == record_state::good &&
           header.size < size;
  }

  /// Checks the header of a record at an offset below `mark`.
  record_state check(byte_view raw, std::uint64_t offset, std::uint64_t mark, record_header& found) const {
    record_state const state = read_fields(raw, record_seed(uuid_, offset), found);
    if (state != record_state::good) return state;
    bool const fits = found.size <= max_log_payload && log_record_size(found.size) <= mark - offset;
    return fits ? state : record_state::damaged;
  }

  /// The record at an offset, verified; a short one without a system call, once its part of the file was read. `owner` is
  /// what keeps this log alive.
  record_state read(record_kind kind, digest const& id, std::uint64_t offset,
                    std::shared_ptr<void const> const& owner, shared_bytes& payload) {
    record_header header;
    record_state const state = header_at(offset, header);
    if (state != record_state::good) return state;
    if (header.kind != kind || header.id != id || header.is_gone) return record_state::damaged;
    std::byte const* const there =
        header.size > cached_payload
            ? nullptr
            : cache_.bytes(offset + record_header_size, static_cast<std::size_t>(header.size), committed());
    if (there != nullptr) {
      payload = {owner, byte_view(there, static_cast<std::size_t>(header.size))};
    } else if (!read_apart(offset + record_header_size, header.size, payload)) {
      return record_state::damaged;
    }
    return hash_bytes(payload.view) == header.checksum ? record_state::good : record_state::damaged;
  }

 private:
  /// Address space costs nothing where nobody limits it; what lies beyond is not kept in memory.
  static std::uint64_t addresses_for(std::uint64_t committed) {
    rlimit limit{};
    bool const is_limited = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_limited ? 2 * committed + (std::uint64_t{64} << 20)
                      : std::max(std::uint64_t{16} << 30, 4 * committed);
  }

  record_state read_header_at(std::uint64_t offset, std::uint64_t mark, record_header& found) const {
    header_bytes raw;
    auto const got = os::read_at(descriptor(), raw.data(), raw.size(), offset);
    if (!got) return record_state::damaged;
    return check(byte_view(raw).first(got.value), offset, mark, found);
  }

  bool read_apart(std::uint64_t offset, std::uint64_t size, shared_bytes& payload) const {
    // Before memory is taken: a header may be sound and the file cut behind it.
    if (size > cached_payload) {
      auto const status = os::status_of(descriptor());
      if (!status || status.value.size < offset || status.value.size - offset < size) return false;
    }
    aligned_block const block(static_cast<std::size_t>(size));
    prefer_large_pages(block.data(), block.size());
    auto const got = os::read_at(descriptor(), block.data(), block.size(), offset);
    if (!got || got.value != block.size()) return false;
    payload = block.share();
    return true;
  }

  std::shared_ptr<os::unique_fd const> const file_;
  digest const uuid_;
  std::uint64_t const generation_;
  std::atomic<std::uint64_t> marked_;
  std::atomic<std::uint64_t> sequence_;
  std::atomic<std::uint64_t> committed_;
  std::atomic<bool> is_closed_{false};
  file_cache cache_;
};

/// Goes through the records of a part of a log in their order, and finds its way after damage.
class log_scan {
 public:
  /// From `from`, a multiple of 64, through all that counts now.
  log_scan(log_file const& log, std::uint64_t from) : log_scan(log, from, log.committed(), log.committed()) {}

  /// From `from` to `end`, but from `mark` on only as long as there is one record after the other.
  log_scan(log_file const& log, std::uint64_t from, std::uint64_t end, std::uint64_t mark)
      : log_(log), at_(from), end_(end), mark_(mark) {
    buffer_ = aligned_block(static_cast<std::size_t>(std::min(end_ - std::min(from, end_), most_at_once)));
  }

  /// The next record whose header is sound; false at the end, or where the file cannot be read.
  bool next() {
    at_ += size_;
    size_ = 0;
    while (at_ < end_ && end_ - at_ >= record_header_size) {
      byte_view const raw = window(at_, record_header_size);
      if (raw.size() < record_header_size) return false;
      if (log_.check(raw, at_, end_, header_) == record_state::good) {
        size_ = log_record_size(header_.size);
        return true;
      }
      if (at_ >= mark_) return false;
      at_ += payload_alignment;
    }
    return false;
  }

  /// Goes to the record at an offset; false where there is none whose header is sound.
  bool go_to(std::uint64_t offset) {
    at_ = offset;
    size_ = 0;
    if (offset > end_ || end_ - offset < record_header_size) return false;
    if (log_.check(window(offset, record_header_size), offset, end_, header_) != record_state::good)
      return false;
    size_ = log_record_size(header_.size);
    return true;
  }

  record_header const& header() const { return header_; }
  std::uint64_t offset() const { return at_; }
  /// Of the record, with its header and what fills it up.
  std::uint64_t size() const { return size_; }
  /// Why the file could not be read; 0 where it could, as far as it goes.
  int error() const { return error_; }
  std::uint64_t end() const { return end_; }

  /// Some bytes of the log, valid until the next call; fewer where the file has no more. At most `most_at_once`.
  byte_view window(std::uint64_t offset, std::uint64_t size) {
    if (offset < start_ || offset - start_ > filled_ || filled_ - (offset - start_) < size) {
      // Where records are long, what follows a header is nothing that is asked for.
      ahead_ = offset > start_ + filled_ ? least_ahead : std::min(4 * ahead_, most_at_once);
      auto const wanted = std::min({std::max(size, ahead_), std::uint64_t{buffer_.size()}, end_ - offset});
      auto const got =
          os::read_at(log_.descriptor(), buffer_.data(), static_cast<std::size_t>(wanted), offset);
      start_ = offset;
      filled_ = got.value;
      if (error_ == 0) error_ = got.error;
    }
    auto const skipped = static_cast<std::size_t>(offset - start_);
    return buffer_.view().subspan(skipped, static_cast<std::size_t>(std::min(size, filled_ - skipped)));
  }

  /// The payload of the record that it is at, verified, valid until the next call; nothing where it is damaged, cut off, or
  /// longer than `most`. Nothing of it is kept.
  std::optional<byte_view> payload(std::uint64_t most) {
    if (header_.size > most) return std::nullopt;
    std::uint64_t const at = at_ + record_header_size;
    byte_view bytes;
    if (header_.size <= buffer_.size()) {
      bytes = window(at, header_.size);
    } else {
      // Before memory is taken: a header may be sound and the file cut behind it.
      auto const end = os::end_of(log_.descriptor());
      if (error_ == 0) error_ = end.error;
      if (!end || end.value < at || end.value - at < header_.size) return std::nullopt;
      if (long_.size() < header_.size) long_ = aligned_block(static_cast<std::size_t>(header_.size));
      auto const got =
          os::read_at(log_.descriptor(), long_.data(), static_cast<std::size_t>(header_.size), at);
      if (error_ == 0) error_ = got.error;
      bytes = long_.view().first(got.value);
    }
    if (bytes.size() != header_.size || hash_bytes(bytes) != header_.checksum) return std::nullopt;
    return bytes;
  }

  static constexpr std::uint64_t most_at_once = std::uint64_t{1} << 20;

 private:
  static constexpr std::uint64_t least_ahead = 4096;

  log_file const& log_;
  std::uint64_t at_;
  std::uint64_t const end_;
  std::uint64_t const mark_;
  std::uint64_t size_ = 0;
  record_header header_;
  aligned_block buffer_;
  aligned_block long_;
  std::uint64_t start_ = 0;
  std::uint64_t filled_ = 0;
  std::uint64_t ahead_ = least_ahead;
  int error_ = 0;
};

}  // namespace memo::detail
