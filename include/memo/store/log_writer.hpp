/// Writing to a folder of logs: one process at a time, and one thread of it.
#pragma once

#include <memo/core/fork.hpp>
#include <memo/store/durability.hpp>
#include <memo/store/log_appender.hpp>
#include <memo/store/log_reader.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// The right to write to the logs of a folder, taken for one change at a time. The threads of this process exclude each other
/// by other means.
class log_writer {
 public:
  log_writer(store_root& root, log_reader& reader, std::uint64_t budget)
      : root_(root), reader_(reader), budget_(budget) {}

  /// The right, given back at the end.
  class turn {
   public:
    turn() = default;
    explicit turn(int fd) : fd_(fd) {}
    turn(turn&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    turn& operator=(turn&& other) noexcept {
      std::swap(fd_, other.fd_);
      return *this;
    }
    ~turn() {
      if (fd_ >= 0) os::unlock(fd_);
    }
    explicit operator bool() const { return fd_ >= 0; }

   private:
    int fd_ = -1;
  };

  /// Waits for the right, and makes sure that there is a log and that all of it is known. Where it cannot be had, `error` is
  /// why: EWOULDBLOCK where another process keeps it for 10 seconds, ENOENT where the folder was deleted meanwhile.
  turn begin(int& error, bool waits = true) {
    turn mine = lock(error, waits);
    if (!mine) return mine;
    auto now = reader_.sync_to_write();
    if (root_.folder(0) != lock_folder_) {
      error = ENOENT;
      return {};
    }
    view_ = std::move(now.view);
    is_cut_ = now.is_cut;
    error = now.error;
    // Where the log's end could not be read, nobody knows where to append.
    if (view_ != nullptr) {
      if (error == 0) error = open_log(*view_->log);
      if (error == 0 && now.has_rest) error = go_round_rest();
    } else if (error == 0) {
      error = start_log();
    }
    if (error != 0) return {};
    return mine;
  }

  /// An appender behind what is committed. The caller has the right, as for all that follows.
  log_appender& appender() {
    appender_.restart(log_->get(), view_->log->uuid(), view_->log->committed());
    return appender_;
  }

  /// All that was there when the right was given, and what was committed since.
  log_view const& view() const { return *view_; }
  std::shared_ptr<log_view const> const& shared_view() const { return view_; }

  /// The log lost some of its end: what is appended would not be found behind the hole.
  bool is_cut() const { return is_cut_; }

  /// Writes what is left of the records, and waits for the disk where `level` wants that; 0 or an errno, and then the first
  /// of them may count.
  int commit(log_appender& records, durability level) {
    if (int const error = records.flush()) return error;
    if (records.records().empty()) return 0;
    if (level == durability::full)
      if (int const error = os::sync_data(log_->get())) {
        withdraw(records);
        return error;
      }
    reader_.note(*view_->log, records.records(), records.end());
    renew();
    log_file const& log = *view_->log;
    return log.committed() - log.marked() < most_unmarked ? 0 : mark();
  }

  /// Gives back what a put that failed has taken from the disk: what is behind all that counts now is its own, and nobody
  /// knows of it.
  void drop_rest() {
    auto const now = reader_.sync_to_write();
    bool const is_same = now.view != nullptr && now.view->log->uuid() == view_->log->uuid();
    if (is_same && now.error == 0 && now.has_rest) os::cut_file(log_->get(), now.view->log->committed());
    renew();
  }

  /// Has the log say what counts.
  int mark() {
    log_file& log = *view_->log;
    // Somebody else may have written a slot since this process looked.
    if (int const error = log.refresh_mark()) return error;
    log_mark const now{log.uuid(), log.generation(), log.sequence() + 1, log.committed()};
    int const error = write_mark(log_->get(), now);
    if (error == 0) log.advance(now);
    return error;
  }

  /// A new log of the generation after the present one, not yet the current one. Gives its descriptor.
  os::outcome<os::unique_fd> make_log(log_mark& mark) {
    int const folder = root_.folder(0);
    mark = {};
    mark.uuid = os::random_digest();
    mark.generation = next_generation(folder, view_ == nullptr ? 0 : view_->log->generation());
    std::string const name = log_name("log", mark.generation);
    auto const made = os::create_new(folder, name.c_str(), file_mode(root_.share()), root_.group());
    if (!made) return {{}, made.error};
    auto opened = os::open_at(folder, name.c_str(), O_RDWR | O_NONBLOCK);
    if (opened) opened.error = write_page(opened.value.get(), mark);
    if (opened) return opened;
    os::remove_file(folder, name.c_str());
    return {{}, opened.error};
  }

  /// Says what the log that `make_log` made holds by now.
  static int write_first_mark(int log, log_mark const& mark) { return write_mark(log, mark); }

  /// Removes a log that did not become the current one, and its index.
  void remove_log(std::uint64_t generation) {
    for (char const* const kind : {"log", "index"})
      os::remove_file(root_.folder(0), log_name(kind, generation).c_str());
  }

  /// Makes a log the current one and removes the one before it. Its index, where it has one, is there.
  int publish(log_mark const& mark, os::unique_fd log) {
    int const folder = root_.folder(0);
    if (view_ != nullptr) {
      // Readers look at what is current once the log says that it is closed. Said first, so that it is not left out where
      // this process dies: as long as `current` names the old one, it is as good as open.
      log_appender& closing = appender();
      closing.add(closing_record(), std::span<byte_view const>());
      if (int const error = closing.flush()) return error;
      // Where the rest fails, the log goes on behind this record: others may have counted it.
      view_->log->advance(closing.end());
    }
    std::string const text = current_text(mark.generation);
    std::string const temporary = ".t" + to_hex(os::random_digest());
    int error = write_text(folder, temporary, text);
    if (error == 0) error = os::rename_file(folder, temporary.c_str(), folder, "current");
    // An empty folder in its place would be in the way for ever.
    if (error == EISDIR && os::remove_folder(folder, "current") == 0)
      error = os::rename_file(folder, temporary.c_str(), folder, "current");
    if (error != 0) {
      os::remove_file(folder, temporary.c_str());
      return error;
    }
    log_ = std::make_shared<os::unique_fd const>(std::move(log));
    log_uuid_ = mark.uuid;
    reader_.adopt(std::make_shared<log_file>(log_, mark, budget_),
                  log_snapshot::open(folder, log_name("index", mark.generation).c_str(), mark.uuid,
                                     mark.generation, budget_));
    if (auto now = reader_.view(); now != nullptr) view_ = std::move(now);
    remove_others(mark.generation);
    return 0;
  }

  /// Writes the index of the present log anew, so that opening it is quick, and looks it up there from now on.
  void write_snapshot() {
    if (mark() != 0) return;
    renew();
    auto const counts = reader_.counts();
    log_snapshot_numbers numbers;
    numbers.uuid = view_->log->uuid();
    numbers.generation = view_->log->generation();
    numbers.watermark = view_->log->marked();
    std::uint64_t const written = numbers.watermark - log_page_size;
    numbers.live_bytes = written - std::min(written, counts.dead_bytes);
    if (write_log_snapshot(root_.folder(0), log_name("index", numbers.generation).c_str(), numbers,
                           view_->snapshot.get(), *view_->tail, index_file()) != 0)
      return;
    auto fresh = log_snapshot::open(root_.folder(0), log_name("index", numbers.generation).c_str(),
                                    numbers.uuid, numbers.generation, budget_);
    if (fresh != nullptr) reader_.adopt(view_->log, std::move(fresh));
    renew();
  }

  /// Writes the index of a log from slots, as `write_log_slots` wants them.
  template <class Each>
  int write_index(log_snapshot_numbers const& numbers, Each each) {
    return write_log_slots(root_.folder(0), log_name("index", numbers.generation).c_str(), numbers, each,
                           index_file());
  }

  /// Leaves no log, for where there is no room for an empty one. Other processes notice within a tenth of a second.
  int remove_all() {
    int const error = os::remove_file(root_.folder(0), "current");
    if (error != 0 && error != ENOENT) return error;
    remove_others(0);
    reader_.drop();
    view_ = nullptr;
    log_ = nullptr;
    return 0;
  }

  /// Removes logs and indexes of other generations, and files that were left half-written.
  void remove_others(std::uint64_t generation) {
    int const folder = root_.folder(0);
    for (auto const& name : os::names_in(folder).value) {
      bool const is_ours = is_temporary_name(name) || has_generation(name);
      if (is_ours && name != log_name("log", generation) && name != log_name("index", generation))
        os::remove_file(folder, name.c_str());
    }
  }

 private:
  static constexpr std::int64_t a_tenth_ns = 100'000'000;
  /// What damage can hide, beside what it hits.
  static constexpr std::uint64_t most_unmarked = std::uint64_t{1} << 20;

  /// Takes over what look-ups use now, unless they have lost the log meanwhile.
  void renew() {
    if (auto now = reader_.view(); now != nullptr && now->log->uuid() == view_->log->uuid())
      view_ = std::move(now);
  }

  /// A process that died left something that is no whole record, or damage did. Nobody writes over it, as others may know
  /// more of it than this process: it is marked as no record, and the log goes on behind it.
  int go_round_rest() {
    int const fd = log_->get();
    std::uint64_t const start = view_->log->committed();
    auto const there = os::end_of(fd);
    if (!there) return there.error;
    std::uint64_t const size = std::max(there.value, start + payload_alignment);
    std::uint64_t const end = (size + payload_alignment - 1) / payload_alignment * payload_alignment;
    std::array<std::byte, payload_alignment> const zeros{};
    if (int const error =
            os::write_at(fd, byte_view(zeros).first(static_cast<std::size_t>(end - size)), size))
      return error;
    // What is short is searched for records that somebody may know. What is long would be searched each time.
    header_bytes const filling = encode_header(filling_record(view_->log->uuid(), end - start),
                                               record_seed(view_->log->uuid(), start));
    byte_view const first = end - start > most_unmarked ? byte_view(filling) : byte_view(zeros);
    if (int const error = os::write_at(fd, first, start)) return error;
    view_->log->advance(end);
    reader_.sync();
    renew();
    return mark();
  }

  /// Takes back records that are written and not on the disk: what is there, counts.
  void withdraw(log_appender& records) {
    auto const written = records.records();
    reader_.sync();
    renew();
    log_appender& gone = appender();
    for (auto const& one : written)
      if (view_->find(one.header.kind, one.header.id) == one.offset)
        gone.add({one.header.kind, one.header.id, 0, hash_bytes({}), true}, std::span<byte_view const>());
    if (gone.flush() == 0) reader_.sync();
    renew();
  }

  static bool has_generation(std::string_view name) {
    for (std::string_view const kind : {"log.", "index."})
      if (name.size() == kind.size() + 16 && name.substr(0, kind.size()) == kind &&
          is_hex(name.substr(kind.size())))
        return true;
    return false;
  }

  /// Higher than that of any log in the folder, of one that nobody finished too.
  static std::uint64_t next_generation(int folder, std::uint64_t present) {
    std::uint64_t highest = present;
    for (auto const& name : os::names_in(folder).value)
      if (has_generation(name))
        if (auto const number = digest_from_hex(name.substr(name.size() - 16) + std::string(16, '0')))
          highest = std::max(highest, number->high);
    return highest + 1;
  }

  static int write_page(int fd, log_mark const& mark) {
    std::array<std::byte, log_page_size> page{};
    header_bytes const bytes = encode_mark(mark);
    std::copy(bytes.begin(), bytes.end(),
              page.begin() + static_cast<std::ptrdiff_t>(mark_offset(mark.sequence)));
    return os::write_at(fd, page, 0);
  }

  static int write_mark(int fd, log_mark const& mark) {
    header_bytes const bytes = encode_mark(mark);
    return os::write_at(fd, bytes, mark_offset(mark.sequence));
  }

  int write_text(int folder, std::string const& name, std::string_view text) {
    auto made = os::create_new(folder, name.c_str(), file_mode(root_.share()), root_.group());
    if (!made) return made.error;
    byte_view const bytes = as_byte_view(text);
    int const error = os::write_all(made.value.get(), {&bytes, 1});
    int const closing = made.value.close();
    return error != 0 ? error : closing;
  }

  log_snapshot_file index_file() const { return {file_mode(root_.share()), root_.group()}; }

  turn lock(int& error, bool waits) {
    int const folder = root_.folder(0);
    if (folder < 0) {
      error = ENOENT;
      return {};
    }
    // One that was deleted keeps nobody out.
    std::int64_t const now = log_reader::coarse_ns();
    bool is_gone = lock_.get() < 0 || folder != lock_folder_;
    if (!is_gone && now - lock_seen_ns_ > a_tenth_ns) {
      auto const status = os::status_of(lock_.get());
      is_gone = status && status.value.links == 0;
      lock_seen_ns_ = now;
    }
    if (is_gone) {
      auto opened = unshared_fd::open(
          [&] { return os::open_or_create(folder, "lock", file_mode(root_.share()), root_.group()); });
      error = opened.error;
      if (error == ENOENT) root_.forget_if_deleted(folder);
      if (!opened) return {};
      lock_ = std::move(opened.value);
      lock_folder_ = folder;
      // For those who delete what has not changed for long.
      [[maybe_unused]] int const ignored = os::touch(lock_.get());
    }
    std::int64_t pause_ns = 20'000;
    for (std::int64_t waited_ns = 0;; waited_ns += pause_ns) {
      error = os::try_lock(lock_.get());
      if (error == 0) return turn(lock_.get());
      if (error != EWOULDBLOCK || !waits || waited_ns >= 10'000'000'000) return {};
      pause_ns = std::min<std::int64_t>(pause_ns * 2, 2'000'000);
      timespec const pause{0, static_cast<long>(pause_ns)};
      ::nanosleep(&pause, nullptr);
    }
  }

  int start_log() {
    log_mark mark;
    auto made = make_log(mark);
    if (!made) return made.error;
    return publish(mark, std::move(made.value));
  }

  /// Opens the present log for writing, where that was not done.
  int open_log(log_file const& log) {
    if (log_ != nullptr && log_uuid_ == log.uuid()) return 0;
    auto opened =
        os::open_at(root_.folder(0), log_name("log", log.generation()).c_str(), O_RDWR | O_NONBLOCK);
    if (!opened) return opened.error;
    auto const mark = log_file::read_mark(opened.value.get());
    if (!mark) return mark.error == EINVAL ? EIO : mark.error;
    if (mark.value.uuid != log.uuid()) return EIO;
    log_ = std::make_shared<os::unique_fd const>(std::move(opened.value));
    log_uuid_ = log.uuid();
    return 0;
  }

  store_root& root_;
  log_reader& reader_;
  std::uint64_t const budget_;
  unshared_fd lock_;
  int lock_folder_ = -1;
  std::int64_t lock_seen_ns_ = 0;
  std::shared_ptr<os::unique_fd const> log_;
  digest log_uuid_;
  log_appender appender_{-1, {}, 0};
  std::shared_ptr<log_view const> view_;
  bool is_cut_ = false;
};

}  // namespace memo::detail
