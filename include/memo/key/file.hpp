#pragma once

#include <memo/key/codec.hpp>
#include <memo/key/file_tree.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// A file as an input: what counts is its content when the run looks at it, not its name. Hashable, not
/// storable; hashing throws unhashable where the file cannot be read.
class file {
 public:
  file() = default;
  file(std::filesystem::path path) : path_(std::move(path)) {}  // NOLINT: a path is meant to convert
  file(std::string const& path) : path_(path) {}                // NOLINT
  file(char const* path) : path_(path) {}                       // NOLINT

  std::filesystem::path const& path() const { return path_; }

  /// The absolute path without `.` and `..`, as text.
  std::string location() const { return std::filesystem::absolute(path_).lexically_normal().string(); }

  /// The same file, of which the absolute path, the size and the time of modification count, and not the content: for
  /// what is too big to be read, and where nobody sets times back.
  file by_stat() const {
    file made = *this;
    made.is_by_stat_ = true;
    return made;
  }
  bool is_by_stat() const { return is_by_stat_; }

 private:
  std::filesystem::path path_;
  bool is_by_stat_ = false;
};

namespace detail {

inline file_item item_of(file const& f) {
  file_item item;
  item.path = f.path().string();
  auto const status = os::status_at(os::here, item.path.c_str(), true);
  if (!status || !status.value.is_file) refuse_file(item.path, status.error);
  item.name_at = item.path.size();
  item.status = status.value;
  return item;
}

inline digest stat_digest_of(file const& f, file_item const& item, std::uint64_t seed) {
  return digest_by_stat(f.location(), {&item, 1}, seed);
}

/// While it lives, what this thread hashes of files and directories, wherever in a value they are, is not what they hold
/// but where they lie.
class place_scope {
 public:
  place_scope() : was_on_(std::exchange(flag(), true)) {}
  place_scope(place_scope const&) = delete;
  place_scope& operator=(place_scope const&) = delete;
  ~place_scope() { flag() = was_on_; }

  static bool is_on() { return flag(); }

  /// The digest of where a file or directory lies.
  template <class Located>
  static digest digest_of(Located const& one, std::uint64_t seed) {
    return hash_bytes(as_byte_view(one.location()), seed);
  }

 private:
  static bool& flag() {
    static thread_local bool on = false;
    return on;
  }

  bool was_on_;
};

/// True for what stands for files that lie somewhere: it has `location()`.
template <class T>
inline constexpr bool is_located = false;
template <>
inline constexpr bool is_located<file> = true;

}  // namespace detail

template <>
struct hash_of<file> {
  static constexpr std::string_view schema = "file";
  static digest of(file const& f, std::uint64_t seed) {
    if (detail::place_scope::is_on()) return detail::place_scope::digest_of(f, seed);
    if (f.is_by_stat()) return detail::stat_digest_of(f, detail::item_of(f), seed);
    return file_digest(f.path().string(), seed);
  }
};

/// Files one after the other, as elsewhere, but read at the same time where they are big.
template <class Allocator>
struct hash_of<std::vector<file, Allocator>> {
  static constexpr std::string_view schema = "vec<file>";
  static std::vector<digest> of(std::vector<file, Allocator> const& files, std::uint64_t seed) {
    std::vector<digest> digests(files.size());
    if (detail::place_scope::is_on()) {
      for (std::size_t i = 0; i < files.size(); ++i)
        digests[i] = detail::place_scope::digest_of(files[i], seed);
      return digests;
    }
    std::vector<detail::file_item> items;
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto item = detail::item_of(files[i]);
      if (files[i].is_by_stat())
        digests[i] = detail::stat_digest_of(files[i], item, seed);
      else
        items.push_back(std::move(item));
    }
    detail::hash_items(items, seed);
    std::size_t next = 0;
    for (std::size_t i = 0; i < files.size(); ++i)
      if (!files[i].is_by_stat()) digests[i] = items[next++].content;
    return digests;
  }
};

}  // namespace memo
