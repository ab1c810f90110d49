/// Writing to a folder of logs: one process at a time, and one thread of it.
#pragma once

#include <memo/core/fork.hpp>
#include <memo/store/durability.hpp>
#include <memo/store/log_reader.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A record that was appended, and where.
struct appended_record {
  record_header header;
  std::uint64_t offset = 0;
};

/// Records on their way into a log: gathered, and written together behind what is there.
class log_appender {
 public:
  /// To the open log `fd`, from `at` on.
  log_appender(int fd, digest const& uuid, std::uint64_t at)
      : fd_(fd), uuid_(uuid), start_(at), at_(at), end_(at) {}

  /// Begins anew, with the memory that there is.
  void restart(int fd, digest const& uuid, std::uint64_t at) {
    fd_ = fd;
    uuid_ = uuid;
    start_ = at_ = end_ = at;
    forget_gathered();
    records_.clear();
  }

  /// Adds a record. Its pieces are used until the next `flush`. An errno where what came before could not be written.
  int add(record_header const& header, std::span<byte_view const> pieces) {
    note(header);
    for (byte_view const piece : pieces) pieces_.push_back(piece);
    std::uint64_t const size = log_record_size(header.size);
    pieces_.push_back(
        byte_view(zeros()).first(static_cast<std::size_t>(size - record_header_size - header.size)));
    end_ += size;
    bool const has_room = headers_.size() < most_records && pieces_.size() < most_pieces;
    return has_room && end_ - at_ < most_bytes ? 0 : flush();
  }

  /// As `add`, of a payload that is kept here.
  int add(record_header const& header, byte_writer payload) {
    // Full once it holds as many as there can be headers: it never moves what it holds.
    kept_.reserve(most_records);
    kept_.push_back(std::move(payload));
    byte_view const bytes = kept_.back().view();
    return add(header, std::span(&bytes, 1));
  }

  /// As `add`, of what a user's file holds; EIO where that is not what the header says.
  int add_file(record_header const& header, std::string const& path) {
    if (int const error = flush()) return error;
    auto const from = os::open_user_file(path.c_str());
    if (!from) return from.error;
    note(header);
    if (int const error = write_gathered()) return error;
    aligned_block const block(std::size_t{1} << 20);
    byte_hasher hasher;
    std::uint64_t done = 0;
    while (done <= header.size) {
      auto const got = os::read_up_to(from.value.get(), block.data(), block.size());
      if (!got) return got.error;
      if (got.value == 0) break;
      byte_view const piece = block.view().first(got.value);
      hasher.update(piece);
      if (int const error = os::write_at(fd_, piece, at_ + done)) return error;
      done += got.value;
    }
    if (done != header.size || hasher.finish() != header.checksum) return EIO;
    std::uint64_t const size = log_record_size(header.size);
    auto const padding = static_cast<std::size_t>(size - record_header_size - header.size);
    if (int const error = os::write_at(fd_, byte_view(zeros()).first(padding), at_ + done)) return error;
    at_ = end_ = end_ + size;
    return 0;
  }

  /// Writes what was gathered; 0 or an errno.
  int flush() {
    if (int const error = write_gathered()) return error;
    at_ = end_;
    return 0;
  }

  /// Makes none of them count.
  void cancel() { os::write_at(fd_, zeros(), start_); }

  std::vector<appended_record> const& records() const { return records_; }
  /// Where the next record goes.
  std::uint64_t end() const { return end_; }

 private:
  // A system call takes 64 pieces and costs as much as copying some kilobytes; beyond that there is nothing to gain.
  static constexpr std::size_t most_records = 64;
  static constexpr std::size_t most_pieces = 192;
  static constexpr std::uint64_t most_bytes = std::uint64_t{4} << 20;

  static std::array<std::byte, payload_alignment> const& zeros() {
    static constexpr std::array<std::byte, payload_alignment> bytes{};
    return bytes;
  }

  void note(record_header const& header) {
    records_.push_back({header, end_});
    headers_.reserve(most_records);
    headers_.push_back(encode_header(header, record_seed(uuid_, end_)));
    pieces_.push_back(headers_.back());
  }

  /// Writes the pieces at `at_`, and moves it to where a payload follows that is not among them.
  int write_gathered() {
    int const error = os::write_all_at(fd_, pieces_, at_);
    for (byte_view const piece : pieces_) at_ += piece.size();
    forget_gathered();
    return error;
  }

  void forget_gathered() {
    pieces_.clear();
    headers_.clear();
    kept_.clear();
  }

  int fd_;
  digest uuid_;
  std::uint64_t start_;
  std::uint64_t at_;   ///< what is gathered goes here
  std::uint64_t end_;  ///< behind what is gathered
  std::vector<byte_view> pieces_;
  std::vector<header_bytes> headers_;
  std::vector<byte_writer> kept_;
  std::vector<appended_record> records_;
};

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
    reader_.sync();
    if (root_.folder(0) != lock_folder_) {
      error = ENOENT;
      return {};
    }
    view_ = reader_.view();
    error = view_ == nullptr ? start_log() : open_log(*view_->log);
    if (error != 0) return {};
    return mine;
  }

  /// An appender behind what is committed. The caller has the right, as for all that follows.
  log_appender& appender() {
    appender_.restart(log_.get(), view_->log->uuid(), view_->log->committed());
    return appender_;
  }

  /// All that was there when the right was given, and what was committed since.
  log_view const& view() const { return *view_; }

  /// Writes what is left of the records, and waits for the disk where `level` wants that; 0 or an errno.
  int commit(log_appender& records, durability level) {
    if (int const error = records.flush()) return error;
    if (records.records().empty()) return 0;
    if (level == durability::full)
      if (int const error = os::sync_data(log_.get())) return error;
    reader_.note(records.records(), records.end());
    view_ = reader_.view();
    log_file const& log = *view_->log;
    return log.committed() - log.marked() < most_unmarked ? 0 : mark();
  }

  /// Has the log say what counts.
  int mark() {
    log_file& log = *view_->log;
    log_mark const now{log.uuid(), log.generation(), log.sequence() + 1, log.committed()};
    int const error = write_mark(log_.get(), now);
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
      closing.flush();
    }
    std::string const text = current_text(mark.generation);
    std::string const temporary = ".t" + to_hex(os::random_digest());
    int error = write_text(folder, temporary, text);
    if (error == 0) error = os::rename_file(folder, temporary.c_str(), folder, "current");
    if (error != 0) {
      os::remove_file(folder, temporary.c_str());
      return error;
    }
    auto const shared = std::make_shared<os::unique_fd const>(std::move(log));
    log_ = os::unique_fd(::fcntl(shared->get(), F_DUPFD_CLOEXEC, 0));
    log_uuid_ = mark.uuid;
    reader_.adopt(std::make_shared<log_file>(shared, mark, budget_),
                  log_snapshot::open(folder, log_name("index", mark.generation).c_str(), mark.uuid,
                                     mark.generation, budget_));
    view_ = reader_.view();
    remove_others(mark.generation);
    return log_ ? 0 : EMFILE;
  }

  /// Writes the index of the present log anew, so that opening it is quick, and looks it up there from now on.
  void write_snapshot() {
    if (mark() != 0) return;
    view_ = reader_.view();
    auto const counts = reader_.counts();
    log_snapshot_numbers numbers;
    numbers.uuid = view_->log->uuid();
    numbers.generation = view_->log->generation();
    numbers.watermark = view_->log->marked();
    std::uint64_t const written = numbers.watermark - log_page_size;
    numbers.live_bytes = written - std::min(written, counts.dead_bytes);
    if (write_index(numbers, view_->snapshot.get(), *view_->tail) != 0) return;
    auto fresh = log_snapshot::open(root_.folder(0), log_name("index", numbers.generation).c_str(),
                                    numbers.uuid, numbers.generation, budget_);
    if (fresh != nullptr) reader_.adopt(view_->log, std::move(fresh));
    view_ = reader_.view();
  }

  int write_index(log_snapshot_numbers const& numbers, log_snapshot const* before, log_table const& tail) {
    return write_log_snapshot(root_.folder(0), log_name("index", numbers.generation).c_str(), numbers, before,
                              tail, {file_mode(root_.share()), root_.group()});
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
  /// What damage can hide, beside what it hits.
  static constexpr std::uint64_t most_unmarked = std::uint64_t{1} << 20;

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

  turn lock(int& error, bool waits) {
    int const folder = root_.folder(0);
    if (folder < 0) {
      error = ENOENT;
      return {};
    }
    if (lock_.get() < 0 || folder != lock_folder_) {
      auto opened = unshared_fd::open(
          [&] { return os::open_or_create(folder, "lock", file_mode(root_.share()), root_.group()); });
      error = opened.error;
      if (!opened) return {};
      lock_ = std::move(opened.value);
      lock_folder_ = folder;
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
    if (log_ && log_uuid_ == log.uuid()) return 0;
    auto opened =
        os::open_at(root_.folder(0), log_name("log", log.generation()).c_str(), O_RDWR | O_NONBLOCK);
    if (!opened) return opened.error;
    auto const mark = log_file::read_mark(opened.value.get());
    if (!mark || mark.value.uuid != log.uuid()) return EIO;
    log_ = std::move(opened.value);
    log_uuid_ = log.uuid();
    return 0;
  }

  store_root& root_;
  log_reader& reader_;
  std::uint64_t const budget_;
  unshared_fd lock_;
  int lock_folder_ = -1;
  os::unique_fd log_;
  digest log_uuid_;
  log_appender appender_{-1, {}, 0};
  std::shared_ptr<log_view const> view_;
};

}  // namespace memo::detail
