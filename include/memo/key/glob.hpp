#pragma once

#include <memo/key/file.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// All that matches a pattern, as an input: what counts is which names match when the run looks, behind the part of the
/// pattern that has no wildcard, and the content of what they name, folders with all that lies in them. That nothing
/// matches counts, too. Hashable, not storable; hashing throws unhashable where something cannot be read.
///
/// `*` stands for any text within one name, `?` for a character, `[a-z]` and `[!a-z]` for one of those or of all others,
/// and a name `**` for any number of folders, or as the last one for everything below. Names that begin with a dot match
/// only where the pattern has the dot.
class glob {
 public:
  glob() = default;
  glob(std::string pattern) : pattern_(std::move(pattern)) {}  // NOLINT: it is meant to convert
  glob(char const* pattern) : pattern_(pattern) {}             // NOLINT
  glob(std::filesystem::path const& pattern) : pattern_(pattern.string()) {}  // NOLINT

  std::string const& pattern() const { return pattern_; }

  /// What matches now, sorted; relative where the pattern is. Throws unhashable where a folder cannot be read.
  std::vector<std::filesystem::path> paths() const {
    auto const found = detail::paths_matching(pattern_);
    return {found.begin(), found.end()};
  }

  /// The pattern as an absolute path without `.` and `..`.
  std::string location() const { return std::filesystem::absolute(pattern_).lexically_normal().string(); }

  /// The same files, of which the absolute pattern and the names, sizes and times of modification count, and not their
  /// content: for what is too big to be read, and where nobody sets times back.
  glob by_stat() const {
    glob made = *this;
    made.is_by_stat_ = true;
    return made;
  }
  bool is_by_stat() const { return is_by_stat_; }

 private:
  std::string pattern_;
  bool is_by_stat_ = false;
};

template <>
inline constexpr bool detail::is_located<glob> = true;

template <>
struct hash_of<glob> {
  static constexpr std::string_view schema = "glob";
  static digest of(glob const& g, std::uint64_t seed) {
    if (detail::place_scope::is_on()) return detail::place_scope::digest_of(g, seed);
    auto items = detail::items_matching(g.pattern());
    if (g.is_by_stat()) return detail::digest_by_stat(g.location(), items, seed);
    return detail::digest_by_content(items, seed);
  }
};

}  // namespace memo
