/// The index of a log as a file: where its records are, for those below a mark.
///
///     snapshot := header slot*                   `length` slots, nothing behind them
///     header   := magic       8 bytes            "MEMO-IDX"
///                 format      u32                log_snapshot_format_version
///                 zero        u32
///                 uuid        digest             of the log
///                 generation  u64                of the log
///                 watermark   u64                the log's records below this offset are in it, and no others
///                 slots       u64                where the search for a tag begins is scaled to this
///                 length      u64                slots in the file, not fewer than `slots`
///                 reach       u64                no place is further than this from where its search begins
///                 entries     u64                how many places are of entries,
///                 objects     u64                of objects,
///                 lasts       u64                and of last records
///                 live_bytes  u64                what these records take in the log
///                 zero        u64
///                 sum         u64                XXH3-64 of the 120 bytes before it
///     slot     := tag:u64 word:u64               as in log_table.hpp, none gone; tags ascend, empty slots are zero
///     digest   := high:u64 low:u64
///
/// All numbers are little-endian. The header begins the file, but is written last. The file is written aside and renamed,
/// and never changes then. It may be lost at any time: the log says all that it says.
#pragma once

#include <memo/core/file_cache.hpp>
#include <memo/core/folder.hpp>
#include <memo/store/log_table.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// The number of the format above. A snapshot of another number is not used.
///
/// 1: the first.
inline constexpr std::uint32_t log_snapshot_format_version = 1;

/// What a snapshot is of, and what it says of all its records.
struct log_snapshot_numbers {
  digest uuid{};
  std::uint64_t generation = 0;
  std::uint64_t watermark = 0;   ///< the log's records below this offset are in it
  std::uint64_t live_bytes = 0;  ///< what its records take in the log
  std::uint64_t entries = 0;     ///< counted by who writes the file, as are the next two
  std::uint64_t objects = 0;
  std::uint64_t lasts = 0;
};

/// The layout of the slots, which the header of a snapshot tells too.
struct log_snapshot_shape {
  std::uint64_t slots = 0;
  std::uint64_t length = 0;
  std::uint64_t reach = 0;
};

inline constexpr std::size_t log_snapshot_header_size = 128;
inline constexpr std::size_t log_slot_size = 16;

inline std::array<std::byte, log_snapshot_header_size> encode_snapshot_header(
    log_snapshot_numbers const& of, log_snapshot_shape const& shape) {
  std::array<std::byte, log_snapshot_header_size> bytes{};
  std::memcpy(bytes.data(), "MEMO-IDX", 8);
  store_little(bytes.data() + 8, log_snapshot_format_version);
  store_digest(bytes.data() + 16, of.uuid);
  std::array<std::uint64_t, 10> const numbers{
      of.generation, of.watermark, shape.slots, shape.length,  shape.reach,
      of.entries,    of.objects,   of.lasts,    of.live_bytes, 0};
  for (std::size_t i = 0; i < numbers.size(); ++i) store_little(bytes.data() + 32 + 8 * i, numbers[i]);
  store_little(bytes.data() + 120, checksum_bytes({bytes.data(), 120}));
  return bytes;
}

/// False where these bytes are no header of a snapshot in this format, or say what cannot be.
inline bool decode_snapshot_header(std::byte const* from, log_snapshot_numbers& of,
                                   log_snapshot_shape& shape) {
  if (as_text({from, 8}) != "MEMO-IDX" ||
      load_little<std::uint32_t>(from + 8) != log_snapshot_format_version ||
      load_little<std::uint64_t>(from + 120) != checksum_bytes({from, 120}))
    return false;
  of.uuid = {load_little<std::uint64_t>(from + 16), load_little<std::uint64_t>(from + 24)};
  std::uint64_t* const numbers[] = {&of.generation, &of.watermark, &shape.slots, &shape.length, &shape.reach,
                                    &of.entries,    &of.objects,   &of.lasts,    &of.live_bytes};
  std::byte const* at = from + 32;
  for (std::uint64_t* const number : numbers) {
    *number = load_little<std::uint64_t>(at);
    at += 8;
  }
  constexpr std::uint64_t most = most_log_size / log_slot_size;
  return shape.slots > 0 && shape.slots <= shape.length && shape.length <= most && shape.reach < shape.length;
}

/// An open snapshot. Any thread may call every function. What is damaged or cut off is not found; a place that is found was
/// written as it is, but for one damaged slot in a million, and the record there still says whose it is.
class log_snapshot {
 public:
  /// Opens the snapshot of a log; null where there is none for it that is whole at this moment. Costs four system calls,
  /// whatever is in it. At most `budget` bytes of it are kept in memory; beyond that each look-up reads.
  static std::unique_ptr<log_snapshot> open(int folder, char const* name, digest const& uuid,
                                            std::uint64_t generation, std::uint64_t budget) {
    auto opened = os::open_untouched(folder, name);
    if (!opened) return nullptr;
    std::array<std::byte, log_snapshot_header_size> header;
    auto const status = os::status_of(opened.value.get());
    if (!status || !status.value.is_file ||
        os::read_at(opened.value.get(), header.data(), header.size(), 0).value != header.size())
      return nullptr;
    log_snapshot_numbers numbers;
    log_snapshot_shape shape;
    if (!decode_snapshot_header(header.data(), numbers, shape) || numbers.uuid != uuid ||
        numbers.generation != generation ||
        status.value.size != log_snapshot_header_size + shape.length * log_slot_size)
      return nullptr;
    return std::unique_ptr<log_snapshot>(
        new log_snapshot(std::move(opened.value), numbers, shape, status.value.size, budget));
  }

  log_snapshot_numbers const& numbers() const { return numbers_; }
  std::uint64_t watermark() const { return numbers_.watermark; }
  /// How many records it has places of.
  std::uint64_t size() const { return numbers_.entries + numbers_.objects + numbers_.lasts; }
  /// Of the file, in bytes.
  std::uint64_t file_size() const { return file_size_; }
  std::uint64_t seed() const { return seed_; }

  /// The place of a record; nothing where the snapshot does not know of it, or can no longer say.
  std::optional<log_place> find(record_kind kind, digest const& id) const {
    std::uint64_t const tag = log_slot::tag_of(kind, id);
    std::uint64_t at = log_slot::start_of(tag, shape_.slots);
    std::uint64_t const end = std::min(at + shape_.reach + 1, shape_.length);
    std::array<std::byte, few * log_slot_size> room;
    while (at < end) {
      std::uint64_t const count = std::min<std::uint64_t>(few, end - at);
      std::byte const* from = cache_.bytes_or_read(
          offset_of(at), static_cast<std::size_t>(count) * log_slot_size, file_size_, room.data());
      if (from == nullptr) return std::nullopt;
      for (std::uint64_t i = 0; i < count; ++i, from += log_slot_size) {
        log_slot const there = slot_at(from);
        // The check bits are asked for where something depends on this slot only.
        if (there.tag < tag && there.word != 0) continue;
        if (there.is_empty()) return std::nullopt;
        if (!there.is_good(seed_)) continue;
        if (there.tag > tag) return std::nullopt;
        if (!there.is_of(kind)) return std::nullopt;
        return there.place();
      }
      at += count;
    }
    return std::nullopt;
  }

  /// Calls `seen(log_slot)` for each good slot, with ascending tags, and gives 0, or the errno that ended it: EIO where the
  /// file is shorter than it was. Reads the file without keeping it.
  template <class Seen>
  int each_slot(Seen seen) const {
    slot_reader from(*this);
    for (;; from.next()) {
      if (from.error() != 0 || !from.slot()) return from.error();
      seen(*from.slot());
    }
  }

  /// Calls `seen(kind, offset)` for each place, in the order of the file. As `each_slot`.
  template <class Seen>
  int each(Seen seen) const {
    return each_slot([&](log_slot const& one) { seen(one.place().kind, one.place().offset); });
  }

  /// Reads the slots of a snapshot one after the other, with big reads.
  class slot_reader {
   public:
    /// Stands before the first one. Null gives none.
    explicit slot_reader(log_snapshot const* of) : of_(of) { next(); }
    explicit slot_reader(log_snapshot const& of) : slot_reader(&of) {}

    /// The slot that it is at; nothing behind the last one, and after an error.
    std::optional<log_slot> const& slot() const { return slot_; }
    int error() const { return error_; }

    void next() {
      while (of_ != nullptr && read_more()) {
        log_slot const there = slot_at(buffer_.data() + used_);
        used_ += log_slot_size;
        // Tags ascend: one that does not is damage that the check bits let through.
        if (there.is_empty() || !there.is_good(of_->seed_) || (slot_ && there.tag <= slot_->tag)) continue;
        slot_ = there;
        return;
      }
      slot_.reset();
    }

   private:
    static constexpr std::size_t most_read = std::size_t{256} << 10;

    /// False where there is no slot left.
    bool read_more() {
      if (used_ < buffer_.size()) return true;
      std::uint64_t const left = of_->shape_.length - at_;
      if (left == 0 || error_ != 0) return false;
      auto const count = static_cast<std::size_t>(std::min<std::uint64_t>(left, most_read / log_slot_size));
      buffer_.resize(count * log_slot_size);
      used_ = 0;
      auto const got = os::read_at(of_->cache_.file(), buffer_.data(), buffer_.size(), offset_of(at_));
      if (got.value != buffer_.size()) {
        error_ = got.error != 0 ? got.error : EIO;
        buffer_.clear();
        return false;
      }
      at_ += count;
      return true;
    }

    log_snapshot const* of_;
    std::vector<std::byte> buffer_;
    std::size_t used_ = 0;
    std::uint64_t at_ = 0;  // of the next slot to be read
    std::optional<log_slot> slot_;
    int error_ = 0;
  };

 private:
  // Asked for at once: nearly always all that a search needs.
  static constexpr std::size_t few = 8;

  log_snapshot(os::unique_fd file, log_snapshot_numbers const& numbers, log_snapshot_shape const& shape,
               std::uint64_t size, std::uint64_t budget)
      : numbers_(numbers),
        shape_(shape),
        file_size_(size),
        seed_(log_seed(numbers.uuid, numbers.generation)),
        cache_(std::make_shared<os::unique_fd const>(std::move(file)), size, budget) {}

  static std::uint64_t offset_of(std::uint64_t slot) {
    return log_snapshot_header_size + slot * log_slot_size;
  }
  static log_slot slot_at(std::byte const* from) {
    return {load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + 8)};
  }

  log_snapshot_numbers const numbers_;
  log_snapshot_shape const shape_;
  std::uint64_t const file_size_;
  std::uint64_t const seed_;
  mutable file_cache cache_;
};

/// The slots of a table with ascending tags.
class ordered_slots {
 public:
  explicit ordered_slots(log_table const& of) : of_(of) { next(); }

  std::optional<log_slot> const& slot() const { return slot_; }

  void next() {
    if (used_ == run_.size()) gather();
    slot_.reset();
    if (used_ < run_.size()) slot_ = run_[used_++];
  }

 private:
  /// Slots between two empty ones are out of order among themselves only.
  void gather() {
    run_.clear();
    used_ = 0;
    for (; at_ < of_.slots(); ++at_) {
      log_slot const there = of_.slot(at_);
      if (there.word != 0)
        run_.push_back(there);
      else if (!run_.empty())
        break;
    }
    std::sort(run_.begin(), run_.end(), [](log_slot const& a, log_slot const& b) { return a.tag < b.tag; });
  }

  log_table const& of_;
  std::uint64_t at_ = 0;
  std::vector<log_slot> run_;
  std::size_t used_ = 0;
  std::optional<log_slot> slot_;
};

/// Calls `seen(log_slot)` with ascending tags for what an old snapshot (or null) and the log's tail say together: the tail
/// wins, and what it says is gone leaves. Gives 0 or an errno.
template <class Seen>
int merge_slots(log_snapshot const* old, log_table const& tail, Seen seen) {
  log_snapshot::slot_reader before(old);
  ordered_slots after(tail);
  for (;;) {
    if (before.error() != 0) return before.error();
    auto const& a = before.slot();
    auto const& b = after.slot();
    if (!a && !b) return 0;
    if (a && (!b || a->tag < b->tag)) {
      seen(*a);
      before.next();
      continue;
    }
    if (a && a->tag == b->tag) before.next();
    if (!b->place().gone) seen(*b);
    after.next();
  }
}

/// Writes slots into a new file as they come, with ascending tags.
class slot_writer {
 public:
  explicit slot_writer(std::uint64_t slots)
      : capacity_(std::min(slots, most_in_buffer)),
        buffer_(static_cast<std::size_t>(capacity_) * log_slot_size),
        shape_{slots, 0, 0} {}

  /// To be called before the first slot.
  void write_to(int file) { file_ = file; }

  void add(log_slot const& slot) {
    std::uint64_t const start = log_slot::start_of(slot.tag, shape_.slots);
    std::uint64_t const at = std::max(start, shape_.length);
    shape_.reach = std::max(shape_.reach, at - start);
    make_room(at + 1);
    std::byte* const to = buffer_.data() + (at - first_) * log_slot_size;
    store_little(to, slot.tag);
    store_little(to + 8, slot.word);
    shape_.length = at + 1;
  }

  /// Writes what is left. Gives 0 or an errno.
  int finish() {
    shape_.length = std::max(shape_.length, shape_.slots);
    make_room(shape_.length);
    flush(shape_.length - first_);
    return error_;
  }
  log_snapshot_shape const& shape() const { return shape_; }

 private:
  static constexpr std::uint64_t most_in_buffer = (std::uint64_t{256} << 10) / log_slot_size;

  void make_room(std::uint64_t end) {
    while (end - first_ > capacity_) {
      flush(capacity_);
      std::fill(buffer_.begin(), buffer_.end(), std::byte{});
      first_ += capacity_;
    }
  }
  void flush(std::uint64_t count) {
    if (error_ == 0)
      error_ = os::write_at(file_, {buffer_.data(), static_cast<std::size_t>(count) * log_slot_size},
                            log_snapshot_header_size + first_ * log_slot_size);
  }

  int file_ = -1;
  std::uint64_t const capacity_;  // slots in the buffer
  std::vector<std::byte> buffer_;
  log_snapshot_shape shape_;  // `length` is where the next slot may be
  std::uint64_t first_ = 0;   // the slot at the front of the buffer
  int error_ = 0;
};

/// A file that goes unless it was finished.
struct unfinished_file {
  int folder;
  std::string name;
  bool is_finished = false;

  ~unfinished_file() {
    if (!is_finished) os::remove_file(folder, name.c_str());
  }
};

/// How the file of a snapshot is made.
struct log_snapshot_file {
  mode_t mode = 0600;
  gid_t group = os::own_group;
  bool is_durable = false;  ///< forced to the disk before it is shown
};

/// Writes the snapshot of a log from what `each(seen)` says: it calls `seen(log_slot)` with ascending tags and gives 0 or an
/// errno, and is asked twice, as the first slot's place depends on how many there are; this keeps memory small. `numbers`
/// tells the log, the watermark and the live bytes. A reader of `name` sees the old file or the whole new one. Gives 0 or
/// an errno, and then `name` is as it was.
template <class Each>
int write_log_slots(int folder, char const* name, log_snapshot_numbers numbers, Each each,
                    log_snapshot_file const& how = {}) {
  numbers.entries = numbers.objects = numbers.lasts = 0;
  int error = each([&](log_slot const& one) {
    auto const what = one.place().kind;
    ++(what == record_kind::entry    ? numbers.entries
       : what == record_kind::object ? numbers.objects
                                     : numbers.lasts);
  });
  if (error != 0) return error;
  std::uint64_t const records = numbers.entries + numbers.objects + numbers.lasts;
  slot_writer to(std::max<std::uint64_t>(records * 100 / 62, 16));
  std::string temporary = ".t" + to_hex(os::random_digest());
  auto made = os::create_new(folder, temporary.c_str(), how.mode, how.group);
  if (!made) return made.error;
  unfinished_file aside{folder, std::move(temporary)};
  to.write_to(made.value.get());
  error = each([&](log_slot const& one) { to.add(one); });
  if (int const failed = to.finish(); error == 0) error = failed;
  auto const header = encode_snapshot_header(numbers, to.shape());
  if (error == 0) error = os::write_at(made.value.get(), header, 0);
  if (error == 0 && how.is_durable) error = os::sync_file(made.value.get());
  if (int const failed = made.value.close(); error == 0) error = failed;
  if (error == 0) error = os::rename_file(folder, aside.name.c_str(), folder, name);
  aside.is_finished = error == 0;
  return error;
}

/// The same from what `old` (or null) says, as `tail` changes it: EIO where `old` cannot be read, EINVAL where it or `tail` is
/// of another log. What is put into `tail` meanwhile is in it or not. Takes 0.06 us a record. May throw std::bad_alloc.
inline int write_log_snapshot(int folder, char const* name, log_snapshot_numbers const& numbers,
                              log_snapshot const* old, log_table const& tail,
                              log_snapshot_file const& how = {}) {
  std::uint64_t const seed = log_seed(numbers.uuid, numbers.generation);
  if (tail.seed() != seed || (old != nullptr && old->seed() != seed)) return EINVAL;
  return write_log_slots(folder, name, numbers, [&](auto seen) { return merge_slots(old, tail, seen); }, how);
}

}  // namespace memo::detail
