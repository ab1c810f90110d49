#pragma once

#include <memo/key/file.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace memo {

/// A directory as an input: what counts is what lies in it when the run looks at it, at any depth, by relative name and
/// content, hidden names and empty folders too; not its own name. What lies behind links counts as if it lay there; of
/// pipes, sockets and devices, name and kind. Hashable, not storable; hashing throws unhashable where something cannot be
/// read, and where links lead round in a circle.
class directory {
 public:
  directory() = default;
  directory(std::filesystem::path path) : path_(std::move(path)) {}  // NOLINT: a path is meant to convert
  directory(std::string const& path) : path_(path) {}                // NOLINT
  directory(char const* path) : path_(path) {}                       // NOLINT

  std::filesystem::path const& path() const { return path_; }

  /// The absolute path without `.` and `..`, as text.
  std::string location() const { return std::filesystem::absolute(path_).lexically_normal().string(); }

  /// The same directory, of which the absolute path and the names, sizes and times of modification of its files count,
  /// and not their content: for what is too big to be read, and where nobody sets times back.
  directory by_stat() const {
    directory made = *this;
    made.is_by_stat_ = true;
    return made;
  }
  bool is_by_stat() const { return is_by_stat_; }

 private:
  std::filesystem::path path_;
  bool is_by_stat_ = false;
};

template <>
inline constexpr bool detail::is_located<directory> = true;

template <>
struct hash_of<directory> {
  static constexpr std::string_view schema = "directory";
  static digest of(directory const& d, std::uint64_t seed) {
    if (detail::place_scope::is_on()) return detail::place_scope::digest_of(d, seed);
    auto items = detail::items_in(d.path().string());
    if (d.is_by_stat()) return detail::digest_by_stat(d.location(), items, seed);
    return detail::digest_by_content(items, seed);
  }
};

}  // namespace memo
