/// The history of runs: one line of JSON for each, in a file beside the cache that does not grow without bound.
///
///     history ::= (line "\n")*
///     line    ::= {"memo_history": 1,             the version of this format
///                  "when": "2026-11-21T03:12:45.123Z",          when the run began
///                  "pipeline": text, "project": text, "mode": text,
///                  "program": text, "host": text, "pid": number,
///                  "ok": boolean,                 false where a step failed, was skipped or was cancelled
///                  "hit": number, "ran": number, "failed": number, "skipped": number, "cancelled": number,
///                  "not_needed": number,          of steps
///                  "time_ns": number,             of the whole run
///                  "saved_ns": number,            what the hits cost when they were computed
///                  "bytes": number,               of the stored forms of all results
///                  "steps": [{"name": text, "outcome": "ran" | "failed", "why": text, "time_ns": number}, ...],
///                                                 those that failed first, then the slowest; at most 20
///                  "more_steps": number}          that ran or failed, and are not among them
///
/// Members may be added without a new version; a reader passes over those that it does not know, and over lines of another
/// version. A member that is empty may be missing. Texts are cut to 300 bytes. A process that is killed may leave a line that
/// is cut off: the next writer closes it, and a reader passes over it.
#pragma once

#include <memo/core/byte_lock.hpp>
#include <memo/core/clock.hpp>
#include <memo/core/folder.hpp>
#include <memo/core/fork.hpp>
#include <memo/export/json_writer.hpp>
#include <memo/report/report.hpp>
#include <memo/report/totals.hpp>

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace memo {

/// The number of the format above.
///
/// 1: the first.
inline constexpr int history_version = 1;

/// What a report does not know of its run. What is left empty is not written, or found out.
struct run_facts {
  std::string mode{};     ///< "read_write" and the like
  std::string project{};  ///< options::project
  std::string program{};  ///< empty: the name of this process' file
  std::string host{};     ///< empty: the name of this machine
  std::int64_t pid = 0;   ///< 0: of this process
};

/// Options of a history.
struct history_options {
  /// How large the file may be; at least 64 KiB. Where a line more would be too many, the older half of the lines goes.
  std::uint64_t max_bytes = std::uint64_t{1} << 20;
  /// How long to wait for another process that writes at the same time.
  std::chrono::milliseconds wait{2000};
};

namespace detail {

inline constexpr std::size_t most_history_steps = 20, longest_history_text = 300;

/// "2026-11-21T03:12:45.123Z" for milliseconds since 1970.
inline std::string iso_time(std::int64_t wall_ms) {
  // From year 0 to 9999, as the form has four digits.
  std::int64_t const ms = std::clamp<std::int64_t>(wall_ms, -62'167'219'200'000, 253'402'300'799'999);
  std::int64_t const within = (ms % 1000 + 1000) % 1000;
  auto const seconds = static_cast<time_t>((ms - within) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(within));
  return text;
}

/// At most `longest_history_text` bytes of a text, whole characters, with "…" where something was cut.
inline std::string_view without_half_character(std::string_view text) {
  std::size_t const start = text.size() < 4 ? 0 : text.size() - 4;
  for (std::size_t at = text.size(); at-- > start;) {
    if ((text[at] & 0xc0) == 0x80) continue;
    return utf8_sequence_size(text.substr(at)) == text.size() - at ? text : text.substr(0, at);
  }
  return text;
}
inline std::string history_text_of(std::string_view text) {
  constexpr std::string_view mark = "\u2026";
  if (text.size() <= longest_history_text) return std::string(text);
  return std::string(without_half_character(text.substr(0, longest_history_text - mark.size()))).append(mark);
}

inline std::string const& own_program_name() {
  static std::string const name = [] {
    std::string const path = os::link_target("/proc/self/exe");
    return path.substr(path.find_last_of('/') + 1);
  }();
  return name;
}
inline std::string const& own_host_name() {
  static std::string const name = [] {
    std::array<char, 256> text{};
    return std::string(::gethostname(text.data(), text.size() - 1) == 0 ? text.data() : "");
  }();
  return name;
}

/// The line for a run, with a newline at its end.
inline std::string history_line_text(report const& r, run_facts const& facts) {
  report_totals const totals = totals_of(r);
  json_writer to;
  auto const text = [&](char const* name, std::string_view value) {
    if (!value.empty()) to.member(name, history_text_of(value));
  };
  to.begin_object().member("memo_history", history_version);
  to.member("when", iso_time(r.started_ms != 0 ? r.started_ms : clock::system().wall_ms()));
  text("pipeline", r.pipeline);
  text("project", facts.project);
  text("mode", facts.mode);
  text("program", facts.program.empty() ? own_program_name() : facts.program);
  text("host", facts.host.empty() ? own_host_name() : facts.host);
  to.member("pid", facts.pid != 0 ? facts.pid : static_cast<std::int64_t>(::getpid())).member("ok", r.ok());
  to.member("hit", totals.count(outcome::hit)).member("ran", totals.count(outcome::ran));
  to.member("failed", totals.count(outcome::failed)).member("skipped", totals.count(outcome::skipped));
  to.member("cancelled", totals.count(outcome::cancelled));
  to.member("not_needed", totals.count(outcome::not_needed));
  to.member("time_ns", std::max<std::int64_t>(0, r.time_ns)).member("saved_ns", totals.saved_ns);
  to.member("bytes", totals.bytes);

  std::vector<step_report const*> told;
  for (step_report const& s : r.steps)
    if (s.outcome == outcome::ran || s.outcome == outcome::failed) told.push_back(&s);
  std::size_t const shown = std::min(told.size(), most_history_steps);
  std::partial_sort(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(shown), told.end(),
                    [](step_report const* a, step_report const* b) {
                      bool const a_failed = a->outcome == outcome::failed,
                                 b_failed = b->outcome == outcome::failed;
                      if (a_failed != b_failed) return a_failed;
                      // Pointers into one vector: where times are the same, the order of the report.
                      return a->time_ns != b->time_ns ? a->time_ns > b->time_ns : a < b;
                    });
  to.key("steps").begin_array();
  for (std::size_t i = 0; i < shown; ++i)
    to.begin_object()
        .member("name", history_text_of(told[i]->name))
        .member("outcome", to_text(told[i]->outcome))
        .member("why", history_text_of(with_change(told[i]->reason, told[i]->change)))
        .member("time_ns", std::max<std::int64_t>(0, told[i]->time_ns))
        .end_object();
  to.end_array().member("more_steps", told.size() - shown).end_object();
  return std::move(to).text() + '\n';
}

/// The file of a history, opened for one line.
class history_file {
 public:
  history_file(std::string const& path, history_options const& options)
      : path_(path), limit_(std::max(options.max_bytes, std::uint64_t{1} << 16)), wait_(options.wait) {}

  /// Why the line was not written, or "".
  std::string append(std::string_view line) {
    std::size_t const slash = path_.find_last_of('/');
    name_ = path_.substr(slash + 1);  // npos + 1 is 0
    std::string const parent = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    auto folder = os::open_user_file(parent.c_str());
    if (!folder) return os::error_text(folder.error);
    folder_ = std::move(folder.value);
    if (name_.empty()) return os::error_text(EISDIR);
    std::string problem = open_and_lock();
    if (problem.empty()) problem = write(line);
    // A child that was made meanwhile by other means than fork must not keep the lock.
    if (is_locked_) os::unlock(file_.get());
    return problem;
  }

 private:
  /// The one that writes has the lock on the file that has the name at that time.
  std::string open_and_lock() {
    auto const until = std::chrono::steady_clock::now() + wait_;
    for (std::int64_t pause_us = 50;;) {
      if (std::string problem = open(); !problem.empty()) return problem;
      if (*os::network_file_system(file_.get()) != '\0') return {};  // a lock there may hang
      int const error = os::try_lock(file_.get());
      if (error == 0) {
        is_locked_ = true;
        if (has_name()) return {};
        os::unlock(file_.get());
        is_locked_ = false;
      } else if (error == EWOULDBLOCK) {
        if (std::chrono::steady_clock::now() >= until) return "another process has it locked";
        std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
        pause_us = std::min<std::int64_t>(2 * pause_us, 5000);
      } else {
        return {};  // a file system without locks: as on a network
      }
    }
  }

  std::string open() {
    auto const status = os::status_of(folder_.get());
    if (!status) return os::error_text(status.error);
    bool const is_shared = (status.value.mode & 0020u) != 0;
    gid_t const group = is_shared ? static_cast<gid_t>(status.value.group) : os::own_group;
    auto opened = unshared_fd::open([&]() -> os::outcome<os::unique_fd> {
      for (int attempt = 0;; ++attempt) {
        auto there = os::open_at(folder_.get(), name_.c_str(), O_RDWR | O_APPEND | O_NONBLOCK);
        if (there.error != ENOENT || attempt == 9) return there;
        auto const made = os::create_new(folder_.get(), name_.c_str(), is_shared ? 0660 : 0600, group);
        if (!made && made.error != EEXIST) return {{}, made.error};
      }
    });
    if (opened.error == ELOOP) return "it is a symbolic link";
    if (!opened) return os::error_text(opened.error);
    file_ = std::move(opened.value);
    auto const file = os::status_of(file_.get());
    if (!file) return os::error_text(file.error);
    if (!file.value.is_file) return "it is no regular file";
    size_ = file.value.size;
    mode_ = file.value.mode & 0660u;
    group_ = is_shared ? static_cast<gid_t>(file.value.group) : os::own_group;
    return {};
  }

  /// False where another process has put a shorter file into its place, or somebody removed it.
  bool has_name() {
    auto const opened = os::status_of(file_.get());
    size_ = opened.value.size;
    auto const named = os::status_at(folder_.get(), name_.c_str());
    return opened && named && opened.value.inode == named.value.inode &&
           opened.value.device == named.value.device;
  }

  std::string write(std::string_view line) {
    std::string text = is_cut_off() ? "\n" : "";
    text += line;
    if (size_ != 0 && size_ + text.size() > limit_) return replace(line);
    byte_view const bytes = as_byte_view(text);
    int const error = os::write_all(file_.get(), {&bytes, 1});
    if (error == 0) return {};
    // What was written of the line takes the disk's last place for nothing. Without a lock it may be another's.
    if (is_locked_) os::cut_file(file_.get(), size_);
    return os::error_text(error);
  }

  /// True where somebody was killed within a line.
  bool is_cut_off() const {
    std::byte last{'\n'};
    return size_ != 0 && os::read_at(file_.get(), &last, 1, size_ - 1).value == 1 && last != std::byte{'\n'};
  }

  /// Puts a file with the newer half of the lines and this one into the file's place.
  std::string replace(std::string_view line) {
    std::string kept(static_cast<std::size_t>(std::min(size_, limit_ / 2)), '\0');
    auto const got =
        os::read_at(file_.get(), reinterpret_cast<std::byte*>(kept.data()), kept.size(), size_ - kept.size());
    if (!got) return os::error_text(got.error);
    kept.resize(got.value);
    if (kept.size() < size_) {
      std::size_t const end = kept.find('\n');
      kept.erase(0, end == std::string::npos ? kept.size() : end + 1);
    }
    if (!kept.empty() && kept.back() != '\n') kept += '\n';
    kept += line;

    // One name where a lock tells that nobody else uses it, so that nothing piles up behind those who were killed.
    std::string const aside = is_locked_ ? name_ + ".new" : ".t" + to_hex(os::random_digest());
    if (is_locked_) os::remove_file(folder_.get(), aside.c_str());
    auto made = os::create_new(folder_.get(), aside.c_str(), static_cast<mode_t>(mode_), group_);
    if (!made) return os::error_text(made.error);
    byte_view const bytes = as_byte_view(kept);
    int error = os::write_all(made.value.get(), {&bytes, 1});
    if (error == 0) error = os::sync_data(made.value.get());
    if (int const closing = made.value.close(); error == 0) error = closing;
    if (error == 0) error = os::rename_file(folder_.get(), aside.c_str(), folder_.get(), name_.c_str());
    if (error == 0) return {};
    os::remove_file(folder_.get(), aside.c_str());
    return os::error_text(error);
  }

  std::string const& path_;
  std::uint64_t const limit_;
  std::chrono::milliseconds const wait_;
  std::string name_;
  os::unique_fd folder_;
  unshared_fd file_;
  std::uint64_t size_ = 0;
  std::uint32_t mode_ = 0600;
  gid_t group_ = os::own_group;
  bool is_locked_ = false;
};

}  // namespace detail

/// Where the history of the runs with a store in a directory lies: `location` is any_store::location(). "" where that
/// is empty.
inline std::string history_file_in(std::string_view location) {
  return location.empty() ? std::string() : std::string(location) + "/history.jsonl";
}

/// A file that gets a line for each run. Several threads and processes may append to one file at the same time: each has
/// the file to itself meanwhile, and no line is lost, torn or written twice. On network file systems there is no lock:
/// lines may be lost there while the older ones are removed.
///
/// The folder must exist. The file is made for the user alone, or for the group of a folder that its group may write to.
/// A symbolic link in the file's place is not followed.
class history {
 public:
  /// An empty path: nothing is kept.
  explicit history(std::string file, history_options options = {})
      : file_(std::move(file)), options_(options) {}

  std::string const& file() const { return file_; }

  /// Adds a line. Gives a sentence that says why it was not written, or "".
  std::string append(report const& r, run_facts const& facts = {}) const {
    if (file_.empty()) return {};
    std::string const problem =
        detail::history_file(file_, options_).append(detail::history_line_text(r, facts));
    return problem.empty() ? std::string() : "the run could not be noted in " + file_ + ": " + problem;
  }

 private:
  std::string file_;
  history_options options_;
};

}  // namespace memo
