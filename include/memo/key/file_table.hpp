/// The digests of files that this process has read, so that an unchanged file is not read again, and who wants to know
/// which files were looked at.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/file.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// What tells whether a file is the one that was read. The time of the last change of the status counts, as no program
/// can set it back.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(file_identity const&, file_identity const&) = default;

  /// False where only the time of change differs: for a new name, other rights, or a time that was set back.
  bool is_edited_from(file_identity before) const {
    before.changed_ns = changed_ns;
    return *this != before;
  }
};

inline file_identity identity_of(os::file_status const& status) {
  return {status.device, status.inode, status.size, status.modified_ns, status.changed_ns};
}

/// What is known of a path.
struct known_file {
  digest path;  ///< of its text and the seed; zero where nothing is known
  file_identity identity;
  digest content;
  std::uint64_t changes = 0;  ///< the number of the edit by which it became this one
  bool is_certain = false;    ///< a later edit gives another identity: it need not be read again
};

/// Known files by path. Any thread; a process has one. Holds at most 800 000 paths, in 92 MB: a part of it that
/// is full begins anew.
class file_table {
 public:
  static file_table& process() {
    static file_table& one = *new file_table;  // for threads that outlive main
    return one;
  }

  /// A file with a zero path where none is known.
  known_file find(digest const& path) {
    shard& s = shard_of(path);
    std::lock_guard const lock(s.mutex);
    return s.files.empty() ? known_file{} : s.files[s.place_of(path)];
  }

  /// Keeps what is known by now, and gives the number of the edit that made it so; zero where the file was not known, or is
  /// not any more.
  std::uint64_t keep(known_file made) {
    shard& s = shard_of(made.path);
    std::lock_guard const lock(s.mutex);
    if (4 * s.count >= 3 * s.files.size()) s.grow();
    known_file& known = s.files[s.place_of(made.path)];
    bool const is_same = known.identity == made.identity && known.content == made.content;
    if (!known.path) ++s.count;
    made.changes = !known.path || is_same ? known.changes : changes_.fetch_add(1) + 1;
    known = made;
    return made.changes;
  }

  /// Keeps what an earlier process knew, where this one knows nothing.
  void recall(known_file const& made) {
    if (!find(made.path).path) keep(made);
  }

  /// The number of the last edit of any file.
  std::uint64_t changes() const { return changes_.load(); }

  void clear() {
    for (shard& s : shards_) {
      std::lock_guard const lock(s.mutex);
      s.files.clear();
      s.count = 0;
    }
  }

 private:
  static constexpr std::size_t shard_count = 64;
  static constexpr std::size_t most_places = (std::size_t{1} << 20) / shard_count;

  struct alignas(64) shard {
    std::mutex mutex;
    std::vector<known_file> files;  // a power of two; a path is at its place or soon behind it
    std::size_t count = 0;

    std::size_t place_of(digest const& path) const {
      std::size_t at = path.low & (files.size() - 1);
      while (files[at].path && files[at].path != path) at = (at + 1) & (files.size() - 1);
      return at;
    }

    void grow() {
      bool const is_full = files.size() == most_places;
      std::vector<known_file> before(is_full ? 16 : std::max<std::size_t>(16, 2 * files.size()));
      before.swap(files);
      count = 0;
      if (is_full) return;
      for (known_file const& file : before) {
        if (!file.path) continue;
        files[place_of(file.path)] = file;
        ++count;
      }
    }
  };

  shard& shard_of(digest const& path) { return shards_[path.high % shard_count]; }

  std::array<shard, shard_count> shards_;
  std::atomic<std::uint64_t> changes_{0};
};

/// The files that were looked at in a run, or in a part of it. Any thread.
class file_looks {
 public:
  void note(known_file const& file, std::string const& path, bool is_touched) {
    std::lock_guard const lock(mutex_);
    newest_change_ = std::max(newest_change_, file.changes);
    if (is_touched) touched_.push_back(path);
    seen_.push_back(file.path);
    if (seen_.size() < limit_) return;
    drop_repeated(seen_);
    limit_ = 2 * seen_.size() + 64;
  }

  /// The paths, as digests, sorted.
  std::vector<digest> seen() const {
    std::lock_guard const lock(mutex_);
    std::vector<digest> all = seen_;
    drop_repeated(all);
    return all;
  }

  /// The files that were written again and have their old content, sorted.
  std::vector<std::string> touched() const {
    std::lock_guard const lock(mutex_);
    std::vector<std::string> all = touched_;
    drop_repeated(all);
    return all;
  }

  /// The latest of the edits that the files went through.
  std::uint64_t newest_change() const {
    std::lock_guard const lock(mutex_);
    return newest_change_;
  }

 private:
  template <class T>
  static void drop_repeated(std::vector<T>& all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }

  mutable std::mutex mutex_;
  std::vector<digest> seen_;
  std::size_t limit_ = 64;  // of seen_, until what is repeated is dropped
  std::vector<std::string> touched_;
  std::uint64_t newest_change_ = 0;
};

/// Who runs a body over the indices [0, count), on several threads, and returns when all is done. May throw what it
/// throws.
struct file_workers {
  void (*run)(void* state, std::size_t count, void (*body)(void* of, std::size_t first, std::size_t last),
              void* of) = nullptr;
  void* state = nullptr;
};

/// While it lives, files that this thread looks at are noted and big ones are hashed by the workers.
class file_scope {
 public:
  explicit file_scope(file_looks* looks, file_workers workers = {})
      : looks_(looks), workers_(workers), outer_(std::exchange(innermost(), this)) {}
  file_scope(file_scope const&) = delete;
  file_scope& operator=(file_scope const&) = delete;
  ~file_scope() { innermost() = outer_; }

  static file_scope const* current() { return innermost(); }
  static void note(known_file const& file, std::string const& path, bool is_touched) {
    if (innermost() != nullptr && innermost()->looks_ != nullptr)
      innermost()->looks_->note(file, path, is_touched);
  }

  /// Runs the body for all indices, on this thread where nobody gave workers.
  static void run(std::size_t count, void (*body)(void* of, std::size_t first, std::size_t last), void* of) {
    file_scope const* const here = innermost();
    if (here == nullptr || here->workers_.run == nullptr || count < 2) return body(of, 0, count);
    struct work {
      file_looks* looks;
      void (*body)(void*, std::size_t, std::size_t);
      void* of;
    } all{here->looks_, body, of};
    // Who waits for the workers may do other work meanwhile, to which this scope is nothing.
    file_scope const none(nullptr);
    here->workers_.run(
        here->workers_.state, count,
        [](void* state, std::size_t first, std::size_t last) {
          work const& w = *static_cast<work*>(state);
          file_scope const inside(w.looks);
          w.body(w.of, first, last);
        },
        &all);
  }

 private:
  static file_scope*& innermost() {
    static thread_local file_scope* one = nullptr;
    return one;
  }

  file_looks* looks_;
  file_workers workers_;
  file_scope* outer_;
};

}  // namespace memo::detail
