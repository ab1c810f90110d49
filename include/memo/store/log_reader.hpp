/// Look-ups in a folder of logs: which log is the current one, what it holds, and what others add to it.
#pragma once

#include <memo/core/mapping.hpp>
#include <memo/core/shared_handle.hpp>
#include <memo/store/log_file.hpp>
#include <memo/store/log_snapshot.hpp>
#include <memo/store/log_table.hpp>
#include <memo/store/store_root.hpp>

#include <time.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace memo::detail {

/// What a log holds, in numbers.
struct log_counts {
  std::uint64_t entries = 0;
  std::uint64_t objects = 0;
  std::uint64_t dead_bytes = 0;  ///< of records that are superseded or gone
};

/// A log with all that is known of where its records are. What look-ups use is published whole; the tail grows in place.
struct log_view {
  std::shared_ptr<log_file> log;
  std::shared_ptr<log_snapshot const> snapshot;  ///< null: the tail has it all
  std::shared_ptr<log_table> tail;               ///< of what was appended after the snapshot

  /// Where a record is; 0 where there is none, or none any more.
  std::uint64_t find(record_kind kind, digest const& id) const {
    auto place = tail->find(kind, id);
    if (!place && snapshot != nullptr) place = snapshot->find(kind, id);
    return place && !place->gone ? place->offset : 0;
  }
};

/// A record that was looked up: its payload, or why there is none.
struct log_answer {
  lookup status = lookup::miss;
  shared_bytes payload;
  char const* reason = "";  ///< a clause, where `error`
};

/// Every function may be called from any thread. A hit on a short record takes no lock and, once its part of the log was
/// read, no system call; it may be some milliseconds older than what another process wrote meanwhile. Before a miss is
/// given, the log is asked for what was added.
class log_reader {
 public:
  /// Of the folder `m` of this root, which outlives the reader. Up to `budget` bytes of a log are kept in memory.
  log_reader(store_root& root, std::uint64_t budget) : root_(root), budget_(budget) {}

  log_answer read(record_kind kind, digest const& id, access how) {
    for (bool is_fresh = sync_at_tick();; is_fresh = sync()) {
      auto const view = view_.get();
      std::uint64_t const offset = view == nullptr ? 0 : view->find(kind, id);
      if (offset == 0 && !is_fresh) continue;
      if (offset == 0) return missed(view != nullptr);
      log_answer found;
      switch (view->log->read(kind, id, offset, view, found.payload)) {
        case record_state::good:
          found.status = lookup::hit;
          if (kind == record_kind::entry) note_use(id);
          return found;
        case record_state::other_format:
          return {};
        case record_state::damaged:
          break;
      }
      if (!is_fresh) continue;
      if (how == access::normal) forget(kind, id, offset);
      return {lookup::error, {}, word_for(kind)};
    }
  }

  /// As `read`, but that the payload of an object is handed out as it lies in the file, mapped. `verified(uuid, offset, payload,
  /// checksum)` says whether it may be.
  template <class Verified>
  log_answer map(digest const& id, access how, Verified verified) {
    for (bool is_fresh = sync_at_tick();; is_fresh = sync()) {
      auto const view = view_.get();
      std::uint64_t const offset = view == nullptr ? 0 : view->find(record_kind::object, id);
      if (offset == 0 && !is_fresh) continue;
      if (offset == 0) return missed(view != nullptr);
      if (view->log->is_known_below(least_mapped, offset)) return read(record_kind::object, id, how);
      std::uint64_t size = 0;
      auto const mapped = mapping_of(*view->log, offset + record_header_size, size);
      if (mapped == nullptr) return read(record_kind::object, id, how);
      byte_view const file = mapped->view();
      record_header header;
      record_state const state = view->log->check(
          file.subspan(static_cast<std::size_t>(offset), record_header_size), offset, size, header);
      if (state == record_state::other_format) return {};
      log_answer found;
      if (state == record_state::good && header.kind == record_kind::object && header.id == id &&
          !header.is_gone) {
        if (header.size < least_mapped) return read(record_kind::object, id, how);
        found.payload = {mapped, file.subspan(static_cast<std::size_t>(offset + record_header_size),
                                              static_cast<std::size_t>(header.size))};
        if (verified(view->log->uuid(), offset, found.payload.view, header.checksum)) {
          found.status = lookup::hit;
          return found;
        }
      }
      if (!is_fresh) continue;
      if (how == access::normal) forget(record_kind::object, id, offset);
      return {lookup::error, {}, word_for(record_kind::object)};
    }
  }

  /// The machine's coarse clock in nanoseconds: it moves every few milliseconds, and costs a hundredth of a system call.
  static std::int64_t coarse_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * a_second_ns + now.tv_nsec;
  }

  /// When this process last found an entry, in milliseconds of the wall clock, or one that shares its place in a table of
  /// uses; 0 where it never did. `now_ms` is the present time.
  std::int64_t last_use_ms(digest const& key, std::int64_t now_ms) const {
    std::uint32_t const used = used_[key.low % used_.size()].load(std::memory_order_relaxed);
    if (used == 0) return 0;
    // The whole second: nothing counts as used later than it was.
    return now_ms - (tick_.load(std::memory_order_relaxed) / a_second_ns - used + 1) * 1000;
  }

  /// What look-ups use now; null where there is no log.
  std::shared_ptr<log_view> view() const { return view_.get(); }

  /// How things are for somebody who is to write.
  struct standing {
    std::shared_ptr<log_view> view;  ///< null: there is no log, or `error` says why that cannot be told
    int error = 0;
    bool is_cut = false;    ///< the log lost some of its end, by somebody else's hand
    bool has_rest = false;  ///< behind all that counts is something else, which a writer goes round
  };

  /// As `sync`, and tells what came of it.
  standing sync_to_write() {
    std::lock_guard const guard(lock_);
    sync_with_lock();
    return {view_.get(), error_, is_cut_, has_rest_};
  }

  log_counts counts() {
    std::lock_guard const guard(lock_);
    return counts_;
  }

  /// Looks at what the current log is and at what was added to it. Always true: all that was there is known then.
  bool sync() {
    std::lock_guard const guard(lock_);
    sync_with_lock();
    return true;
  }

  /// Takes a log over that the caller made or found, with what an index of it says.
  void adopt(std::shared_ptr<log_file> log, std::shared_ptr<log_snapshot const> snapshot) {
    std::lock_guard const guard(lock_);
    adopt_with_lock(std::move(log), std::move(snapshot));
    scan();
  }

  /// The log was replaced, or is not to be found any more: the next look-up starts anew.
  void drop() {
    std::lock_guard const guard(lock_);
    drop_with_lock();
  }

  /// Takes over records that the caller appended to a log, in their order, up to `end`.
  template <class Records>
  void note(log_file const& to, Records const& records, std::uint64_t end) {
    std::lock_guard const guard(lock_);
    auto const view = view_.get();
    // A look-up may have found another log meanwhile, where somebody deleted this one.
    if (view == nullptr || view->log->uuid() != to.uuid()) return;
    bool const is_next = !records.empty() && scanned_ == records.front().offset;
    if (!is_next) return scan();
    // First, as what the tail names must count already.
    view->log->advance(end);
    for (auto const& one : records) note_record(one.header, one.offset);
    scanned_ = end;
  }

  /// A record that cannot be read is not there for this process any more: it will be computed and written again.
  void forget(record_kind kind, digest const& id, std::uint64_t offset) {
    std::lock_guard const guard(lock_);
    auto const view = view_.get();
    if (view == nullptr || view->find(kind, id) != offset) return;
    if (kind == record_kind::entry) --counts_.entries;
    if (kind == record_kind::object) --counts_.objects;
    if (view->tail->put_gone(kind, id)) return;
    auto const larger = std::make_shared<log_view>(*view);
    larger->tail = view->tail->grown();
    larger->tail->put_gone(kind, id);
    view_.set(larger);
  }

 private:
  /// Below this a copy costs less than finding and checking a mapping.
  static constexpr std::uint64_t least_mapped = 4096;

  static constexpr std::int64_t a_second_ns = 1'000'000'000;

  void note_use(digest const& key) {
    auto& used = used_[key.low % used_.size()];
    auto const now = static_cast<std::uint32_t>(tick_.load(std::memory_order_relaxed) / a_second_ns);
    if (used.load(std::memory_order_relaxed) != now) used.store(now, std::memory_order_relaxed);
  }

  static char const* word_for(record_kind kind) {
    return kind == record_kind::entry    ? "entry damaged"
           : kind == record_kind::object ? "value damaged"
                                         : "last record damaged";
  }

  log_answer missed(bool has_log) {
    if (has_log || root_.trouble().empty()) return {};
    return {lookup::error, {}, "store unreadable"};
  }

  /// Syncs where the coarse clock went on since the last time. True where it did.
  bool sync_at_tick() {
    std::int64_t const tick = coarse_ns();
    if (tick_.load(std::memory_order_relaxed) == tick) return false;
    tick_.store(tick, std::memory_order_relaxed);
    return sync();
  }

  void sync_with_lock() {
    auto view = view_.get();
    if (view != nullptr && !is_current(*view->log)) {
      drop_with_lock();
      view = nullptr;
    }
    if (view == nullptr) open();
    scan();
    view = view_.get();
    if (view == nullptr || !view->log->is_closed() || is_current(*view->log)) return;
    // The last record told that there is another log.
    drop_with_lock();
    open();
    scan();
  }

  /// False where the log was replaced, deleted, or spoiled. What cannot be asked now is taken to be as it was.
  bool is_current(log_file& log) {
    if (log.is_closed()) {
      auto const now = current();
      if (now && now.value != log.generation()) return false;
    }
    // Deleting a folder closes no log: look for that now and then.
    std::int64_t const now = coarse_ns();
    if (now - looked_ns_ < a_second_ns / 10) return true;
    looked_ns_ = now;
    auto const status = os::status_of(log.descriptor());
    if (!status) return true;
    if (status.value.links != 0) return log.refresh_mark() != EINVAL;
    if (int const folder = root_.folder(0); folder >= 0) root_.forget_if_deleted(folder);
    return false;
  }

  /// The generation that is the current one: 0 where there is none; an errno where that cannot be told.
  os::outcome<std::uint64_t> current() {
    int const folder = root_.folder(0);
    if (folder < 0) return {0, 0};
    auto const file = os::open_for_reading(folder, "current");
    if (!file) return {0, is_none(file.error) ? 0 : file.error};
    std::array<std::byte, 64> text;
    auto const got = os::read_at(file.value.get(), text.data(), text.size(), 0);
    if (!got) return {0, is_none(got.error) ? 0 : got.error};
    return {current_generation(as_text(byte_view(text).first(got.value))).value_or(0), 0};
  }

  /// True for the errors that say that no file of ours is there; others may pass.
  static bool is_none(int error) {
    return error == ENOENT || error == ELOOP || error == ENXIO || error == EISDIR || error == ENOTDIR ||
           error == ESPIPE;
  }

  void open() {
    // Between finding a name and opening it, the log may be replaced by the next one.
    for (int attempt = 0; attempt < 3; ++attempt) {
      auto const generation = current();
      error_ = generation.error;
      if (!generation || generation.value == 0) return;
      error_ = open(generation.value);
      if (error_ == 0) return;
    }
    if (is_none(error_) || error_ == EINVAL) error_ = 0;
  }

  int open(std::uint64_t generation) {
    int const folder = root_.folder(0);
    auto file = os::open_untouched(folder, log_name("log", generation).c_str());
    if (!file) return file.error;
    auto const status = os::status_of(file.value.get());
    if (!status) return status.error;
    if (!status.value.is_file) return EINVAL;
    auto const mark = log_file::read_mark(file.value.get());
    if (!mark) return mark.error;
    if (mark.value.generation != generation) return EINVAL;
    auto const shared = std::make_shared<os::unique_fd const>(std::move(file.value));
    adopt_with_lock(std::make_shared<log_file>(shared, mark.value, budget_),
                    log_snapshot::open(folder, log_name("index", generation).c_str(), mark.value.uuid,
                                       generation, budget_));
    return 0;
  }

  void adopt_with_lock(std::shared_ptr<log_file> log, std::shared_ptr<log_snapshot const> snapshot) {
    if (snapshot != nullptr && snapshot->numbers().watermark > log->marked()) snapshot = nullptr;
    auto const fresh = std::make_shared<log_view>();
    scanned_ = log_page_size;
    counts_ = {};
    if (snapshot != nullptr) {
      auto const& numbers = snapshot->numbers();
      scanned_ = numbers.watermark;
      counts_ = {numbers.entries, numbers.objects, numbers.watermark - log_page_size - numbers.live_bytes};
    }
    fresh->tail = std::make_shared<log_table>(log_seed(log->uuid(), log->generation()));
    fresh->log = std::move(log);
    fresh->snapshot = std::move(snapshot);
    view_.set(fresh);
  }

  void drop_with_lock() {
    view_.set(nullptr);
    scanned_ = 0;
    counts_ = {};
    is_cut_ = has_rest_ = false;
    std::lock_guard const guard(mapping_lock_);
    mapped_ = nullptr;
  }

  /// Goes through what was appended since the last time.
  void scan() {
    if (auto const view = view_.get(); view != nullptr) error_ = scan(*view->log);
  }

  int scan(log_file& log) {
    auto const end = os::end_of(log.descriptor());
    if (!end) return end.error;
    is_cut_ = has_rest_ = false;
    if (end.value == log.committed() && scanned_ == end.value) return 0;
    auto const behind = log.look_behind();
    if (!behind) return behind.error;
    is_cut_ = behind.value == log_file::behind::cut;
    has_rest_ = behind.value == log_file::behind::rest;
    // Whoever goes round something that is no record says so.
    if (has_rest_)
      if (int const error = log.refresh_mark(); error != 0 && error != EINVAL) return error;
    if (scanned_ >= log.committed() && behind.value != log_file::behind::record) return 0;
    std::uint64_t const size = std::max(end.value, log.committed());
    log_scan records(log, scanned_, size / payload_alignment * payload_alignment, log.committed());
    while (records.next()) {
      log.advance(records.offset() + records.size());
      note_record(records.header(), records.offset());
      scanned_ = records.offset() + records.size();
    }
    if (records.error() != 0) return records.error();
    scanned_ = log.committed();
    has_rest_ = end.value > log.committed();
    return 0;
  }

  void note_record(record_header const& header, std::uint64_t offset) {
    auto view = view_.get();
    view->log->set_closed(is_closing(header));
    if (is_closing(header)) return;
    if (is_filling(header, view->log->uuid())) {
      counts_.dead_bytes += log_record_size(header.size);
      return;
    }
    std::uint64_t const before = view->find(header.kind, header.id);
    if (before != 0) {
      record_header old;
      if (view->log->peek_header_at(before, old) == record_state::good)
        counts_.dead_bytes += log_record_size(old.size);
    }
    if (header.is_gone) counts_.dead_bytes += record_header_size;
    if (std::uint64_t* const count = header.kind == record_kind::entry    ? &counts_.entries
                                     : header.kind == record_kind::object ? &counts_.objects
                                                                          : nullptr) {
      if (before == 0 && !header.is_gone) ++*count;
      if (before != 0 && header.is_gone) --*count;
    }
    auto const tell = [&](log_table& to) {
      return header.is_gone ? to.put_gone(header.kind, header.id) : to.put(header.kind, header.id, offset);
    };
    if (tell(*view->tail)) return;
    auto const larger = std::make_shared<log_view>(*view);
    larger->tail = view->tail->grown();
    tell(*larger->tail);
    view_.set(larger);
  }

  /// A mapping of the log's first bytes, as many as it has now, which is `size`; null where it does not reach to `end`.
  std::shared_ptr<os::mapping const> mapping_of(log_file const& log, std::uint64_t end, std::uint64_t& size) {
    auto const status = os::status_of(log.descriptor());
    size = status.value.size / payload_alignment * payload_alignment;
    if (!status || size < end) return nullptr;
    std::lock_guard const guard(mapping_lock_);
    if (mapped_ != nullptr && mapped_uuid_ == log.uuid() && mapped_->view().size() >= size) return mapped_;
    // Beyond the end of the file, so that the mapping serves for what is appended: addresses cost nothing.
    auto made = os::map(log.descriptor(), 0, std::max(2 * size, std::uint64_t{64} << 20));
    if (!made) made = os::map(log.descriptor(), 0, size);
    if (!made) return nullptr;
    mapped_ = std::move(made.value);
    mapped_uuid_ = log.uuid();
    return mapped_;
  }

  store_root& root_;
  std::uint64_t const budget_;
  shared_handle<log_view> view_;
  std::atomic<std::int64_t> tick_{0};
  /// The coarse clock's second in which an entry was last found, by the low bits of its key.
  std::array<std::atomic<std::uint32_t>, 16384> used_{};

  std::mutex lock_;  ///< of what follows, and of setting `view_` and putting into its tail
  std::uint64_t scanned_ = 0;
  log_counts counts_;
  bool is_cut_ = false;
  bool has_rest_ = false;
  int error_ = 0;
  std::int64_t looked_ns_ = 0;

  std::mutex mapping_lock_;
  std::shared_ptr<os::mapping const> mapped_;
  digest mapped_uuid_;
};

}  // namespace memo::detail
