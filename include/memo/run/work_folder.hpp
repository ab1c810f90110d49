/// Folders that steps use while they run, and that outlive an attempt that failed.
///
///     ROOT/KEY        ROOT/KEY.lock       of the first computation of a key, in 32 hexadecimal digits
///     ROOT/KEY.2      ROOT/KEY.2.lock     of the second at the same time, and so on
///     ROOT/once-HEX   ROOT/once-HEX.lock  of a computation that has no key
///     ROOT/gone-HEX                       to be removed
///     ROOT/.swept                         its time is that of the last look for old folders
///
/// A folder belongs to whom has the whole-file lock (flock) of the file beside it, which the kernel gives back when a
/// process dies. That file is removed only by who has its lock. It holds what the attempts that used the folder read
/// through their contexts, as what they left may follow from it:
///
///     reads ::= ("memo-reads" version:u8 read*)?
///     read  ::= kind:u8 content_high:u64 content_low:u64 size:u32 name
///
/// Little-endian. Of what does not fit nothing is known, and the folder begins anew. Versions:
/// 1: as above.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/core/folder.hpp>
#include <memo/core/fork.hpp>
#include <memo/core/temporary_folder.hpp>
#include <memo/store/record_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Where work folders lie: `$MEMO_WORKDIR`, else `memo-work` in the user's folder for caches; empty where there is none.
inline std::string work_root() {
  char const* const given = std::getenv("MEMO_WORKDIR");
  if (given != nullptr && *given != '\0') return std::filesystem::absolute(given).string();
  std::string const base = os::user_cache_folder();
  return base.empty() ? base : base + "/memo-work";
}

/// Whether a name is one of those above, without ".lock": others may have files in the same folder.
inline bool is_work_name(std::string_view name) {
  if (name.starts_with("once-")) name.remove_prefix(5);
  constexpr std::size_t digits = 32;
  auto const is_number = [](std::string_view text, std::string_view of) {
    return !text.empty() && text.find_first_not_of(of) == std::string_view::npos;
  };
  if (name.size() < digits || !is_number(name.substr(0, digits), "0123456789abcdef")) return false;
  name.remove_prefix(digits);
  return name.empty() || (name.front() == '.' && is_number(name.substr(1), "0123456789"));
}

/// Puts a folder out of the way and removes it: one that is half removed is not taken for one that can be used.
inline void remove_work(std::string const& root, std::string const& name) noexcept {
  try {
    std::string const gone = root + "/gone-" + to_hex(os::random_digest());
    if (os::rename_file(os::here, (root + '/' + name).c_str(), os::here, gone.c_str()) == 0)
      remove_tree(gone);
  } catch (...) {
    // No memory for the names: it is removed when it is old.
  }
}

inline constexpr std::string_view reads_head{"memo-reads\1", 11};

/// Gives false where the end of a read is missing, as its writer was killed, or where it is of another version.
inline bool decode_reads(byte_view bytes, std::vector<dependency>& into) {
  if (bytes.empty()) return true;
  byte_reader from(bytes);
  if (as_text(from.bytes(reads_head.size())) != reads_head) return false;
  while (from.good() && from.left() != 0) {
    dependency read;
    read.what = static_cast<dependency::kind>(from.number<std::uint8_t>());
    read.content = from.id();
    read.name = from.text();
    if (from.good()) into.push_back(std::move(read));
  }
  return from.good();
}

/// The lock of a work folder, held until the end or a fork; none where it is held by others or cannot be had.
inline os::outcome<unshared_fd> lock_work(std::string const& path, bool makes) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    auto opened = unshared_fd::open([&] {
      return makes ? os::open_to_lock(os::here, path.c_str(), 0600, os::own_group)
                   : os::open_at(os::here, path.c_str(), O_RDWR | O_NONBLOCK);
    });
    if (!opened) return opened;
    int const fd = opened.value.get();
    if (int const error = os::try_lock(fd)) return {{}, error};
    auto const status = os::status_of(fd);
    if (!status || status.value.owner != ::geteuid()) {
      os::unlock(fd);
      return {{}, status ? EACCES : status.error};
    }
    if (status.value.links != 0) return opened;
    os::unlock(fd);  // whoever had it removed it meanwhile
  }
  return {{}, EWOULDBLOCK};
}

/// Removes the folders that nobody used for so long, at most once a day.
inline void sweep_work_folders(std::string const& root) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  constexpr std::int64_t oldest_ns = 30 * day_ns;
  std::int64_t const now_ns = clock::system().wall_ms() * 1'000'000;
  auto const folder = os::open_folder(os::here, root.c_str());
  if (!folder) return;
  int const fd = folder.value.get();
  auto const swept = os::status_at(fd, ".swept");
  if (swept && now_ns - swept.value.modified_ns < day_ns) return;
  auto const marker = os::open_or_create(fd, ".swept", 0600, os::own_group);
  if (!marker || os::touch(marker.value.get()) != 0) return;
  for (std::string const& name : os::names_in(fd).value) {
    if (name.starts_with("gone-") && is_work_name(std::string_view(name).substr(5))) {
      auto const status = os::status_at(fd, name.c_str());
      if (status && status.value.is_folder && status.value.owner == ::geteuid())
        remove_tree(root + '/' + name);
      continue;
    }
    if (!name.ends_with(".lock")) continue;
    std::string const work = name.substr(0, name.size() - 5);
    auto const is_old = [&] {
      auto const status = os::status_at(fd, name.c_str());
      return status && status.value.is_file && now_ns - status.value.modified_ns > oldest_ns;
    };
    if (!is_work_name(work) || !is_old()) continue;
    auto const lock = lock_work(root + '/' + name, false);
    if (!lock || !is_old()) continue;
    remove_work(root, work);
    os::remove_file(fd, name.c_str());
    os::unlock(lock.value.get());
  }
}

/// The folder of one computation, made when it is asked for. Used by one thread at a time.
///
/// One with a key is left for the next computation of that key, unless `remove` is called; one without is gone with its
/// owner. In a forked child it is the parent's.
class work_folder {
 public:
  work_folder() = default;
  work_folder(work_folder&& other) noexcept
      : key_(other.key_),
        root_(std::move(other.root_)),
        path_(std::exchange(other.path_, {})),
        lock_(std::move(other.lock_)),
        reads_(std::move(other.reads_)),
        reads_size_(other.reads_size_),
        is_unknown_(other.is_unknown_),
        generation_(other.generation_) {}
  work_folder& operator=(work_folder&& other) noexcept {
    std::swap(key_, other.key_);
    root_.swap(other.root_);
    path_.swap(other.path_);
    std::swap(lock_, other.lock_);
    reads_.swap(other.reads_);
    std::swap(reads_size_, other.reads_size_);
    std::swap(is_unknown_, other.is_unknown_);
    std::swap(generation_, other.generation_);
    return *this;
  }
  ~work_folder() {
    if (!is_mine()) return;
    if (!key_) {
      remove();
    } else {
      os::touch(lock_.get());
      os::unlock(lock_.get());
    }
  }

  /// What the folder is found by; called before `path`.
  void set_key(digest const& key) { key_ = key; }

  bool is_made() const { return !path_.empty(); }
  /// Its path; empty where it is not made.
  std::string_view place() const { return path_.native(); }

  /// The folder. Throws memo::error where it cannot be made.
  std::filesystem::path const& path() {
    if (!is_made()) make();
    return path_;
  }

  /// What the attempts that left the folder behind had read; known after `path`. Where one of these has changed, what is in
  /// the folder may be out of date.
  std::vector<dependency> const& reads() const { return reads_; }

  /// Writes down that this attempt has read something, for the next one. Where that cannot be written, there is no next one.
  void note(dependency const& read) {
    if (!is_mine() || !key_) return;
    byte_writer made;
    if (reads_size_ == 0) made.bytes(as_byte_view(reads_head));
    made.number(static_cast<std::uint8_t>(read.what));
    made.id(read.content);
    made.text(read.name);
    if (os::write_at(lock_.get(), made.view(), reads_size_) != 0) key_ = {};
    reads_size_ += made.view().size();
  }

  /// This attempt has read something that cannot be looked at again: what it leaves is of no use to others.
  void note_unknown() {
    if (std::exchange(is_unknown_, true)) return;
    note({dependency::kind::file, {}, digest{1, 1}});  // no file has that name and a content
  }

  /// Removes what is in the folder, and forgets what was read. Throws memo::error where the folder cannot be made again.
  void start_anew() {
    if (!is_mine()) return;
    std::string const name = path_.filename().native();
    int error = os::cut_file(lock_.get(), 0);
    reads_.clear();
    reads_size_ = 0;
    remove_work(root_, name);
    if (error == 0) error = make_at(name);
    if (error != 0) throw_unmade(os::error_text(error));
  }

  /// Removes the folder, as nobody needs it any more.
  void remove() noexcept {
    if (!is_mine()) return;
    try {
      std::string const name = path_.filename().native();
      path_.clear();
      remove_work(root_, name);
      if (lock_.get() < 0) return;
      os::remove_file(os::here, (root_ + '/' + name + ".lock").c_str());
      os::unlock(lock_.get());
    } catch (...) {
      // No memory for the names: it is removed when it is old.
    }
  }

 private:
  bool is_mine() const { return is_made() && generation_ == process_generation(); }

  void make() {
    root_ = work_root();
    if (root_.empty()) throw_unmade("neither XDG_CACHE_HOME nor HOME is an absolute path");
    if (int const error = os::make_folders(root_)) throw_unmade(os::error_text(error));
    sweep_work_folders(root_);
    std::string const name = key_ ? to_hex(key_) : once();
    constexpr int most_at_once = 1000;
    int error = 0;
    for (int number = 1; number <= most_at_once; ++number) {
      error = take(number == 1 ? name : name + '.' + std::to_string(number));
      if (error == 0) return;
      // Somebody has it, or something else is in its place.
      bool const is_taken = error == EWOULDBLOCK || error == EACCES || error == ELOOP || error == EISDIR ||
                            error == ENOTDIR || error == EEXIST;
      if (!is_taken) break;
    }
    // Some file systems have no such locks: then nothing is found again.
    bool const is_lockless = error == ENOSYS || error == ENOLCK || error == EOPNOTSUPP;
    if (!is_lockless) throw_unmade(os::error_text(error));
    key_ = {};
    error = make_at(once());
    if (error != 0) throw_unmade(os::error_text(error));
  }

  static std::string once() { return "once-" + to_hex(os::random_digest()); }

  int take(std::string const& name) {
    auto lock = lock_work(root_ + '/' + name + ".lock", true);
    if (!lock) return lock.error;
    if (int const error = make_at(name)) {
      os::unlock(lock.value.get());
      return error;
    }
    lock_ = std::move(lock.value);
    os::touch(lock_.get());
    int const error = learn_reads();
    if (error != 0) {
      // Without them, what lies in the folder may be of other files.
      path_.clear();
      os::unlock(lock_.get());
    }
    return error;
  }

  int learn_reads() {
    auto const status = os::status_of(lock_.get());
    if (!status) return status.error;
    std::string bytes(static_cast<std::size_t>(status.value.size), '\0');
    auto const got = os::read_at(lock_.get(), reinterpret_cast<std::byte*>(bytes.data()), bytes.size(), 0);
    if (!got) return got.error;
    if (!decode_reads(as_byte_view(bytes), reads_))
      start_anew();
    else
      reads_size_ = bytes.size();
    return 0;
  }

  int make_at(std::string const& name) {
    std::string path = root_ + '/' + name;
    if (int const error = os::make_folder(os::here, path.c_str())) return error;
    auto const status = os::status_at(os::here, path.c_str());
    if (!status) return status.error;
    if (!status.value.is_folder || status.value.owner != ::geteuid()) return EACCES;
    if (int const error = notice_forks()) return error;
    generation_ = process_generation();
    path_ = std::move(path);
    return 0;
  }

  [[noreturn]] void throw_unmade(std::string const& problem) const {
    throw error("the work folder of a step cannot be made: " + problem, {{"in", root_.empty() ? "?" : root_}},
                "set MEMO_WORKDIR to a folder in which this process may write");
  }

  digest key_;
  std::string root_;
  std::filesystem::path path_;
  unshared_fd lock_;
  std::vector<dependency> reads_;
  std::uint64_t reads_size_ = 0;  // in the file beside the folder
  bool is_unknown_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace memo::detail
