#pragma once

#include <memo/key/codec.hpp>
#include <memo/key/file_digest.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

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

 private:
  std::filesystem::path path_;
};

template <>
struct hash_of<file> {
  static constexpr std::string_view schema = "file";
  static digest of(file const& f, std::uint64_t seed) { return file_digest(f.path().string(), seed); }
};

}  // namespace memo
