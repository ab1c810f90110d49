/// Private folders: temporary ones that are gone with their owner, and removing what a folder holds.
#pragma once

#include <memo/core/error.hpp>
#include <memo/core/folder.hpp>
#include <memo/core/fork.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace memo::detail {

/// Removes a folder with all that is in it, as far as that can be done; does not follow links.
inline void remove_tree(std::filesystem::path const& path) noexcept {
  try {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  } catch (...) {
    // No memory for the names: what is left is only in the way.
  }
}

/// A new folder that only this user may enter, in the system's folder for temporary files (`TMPDIR`). It is removed with
/// its content by the destructor; not in a forked child, as the parent may still need it.
class temporary_folder {
 public:
  /// Throws memo::error where no folder can be made.
  temporary_folder() : generation_((notice_forks(), process_generation())) {
    std::error_code problem;
    std::filesystem::path const inside = std::filesystem::temp_directory_path(problem);
    int error = problem.value();
    if (!problem) {
      path_ = std::filesystem::absolute(inside) / ("memo-" + to_hex(os::random_digest()));
      os::retried(error, [&] { return os::table.mkdirat(os::here, path_.c_str(), 0700); });
    }
    if (error != 0)
      throw memo::error("a temporary folder cannot be made: " + os::error_text(error),
                        {{"folder", problem ? std::string("TMPDIR") : path_.string()}},
                        "set TMPDIR to a folder in which this process may write");
  }
  temporary_folder(temporary_folder&& other) noexcept
      : path_(std::move(other.path_)), generation_(other.generation_) {
    other.path_.clear();
  }
  temporary_folder& operator=(temporary_folder&&) = delete;
  ~temporary_folder() {
    if (!path_.empty() && generation_ == process_generation()) remove_tree(path_);
  }

  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::uint64_t generation_;
};

/// Makes a file of bytes in a folder for temporary files. Throws memo::error where that fails.
inline void write_new_file(std::filesystem::path const& path, byte_view bytes, mode_t mode) {
  auto opened = os::create_new(os::here, path.c_str(), mode);
  int error = opened.error;
  if (error == 0) error = os::write_all(opened.value.get(), {&bytes, 1});
  if (error == 0) error = opened.value.close();
  if (error != 0)
    throw memo::error("a temporary file cannot be written: " + os::error_text(error),
                      {{"file", path.string()}},
                      "set TMPDIR to a folder with room in which this process may write");
}

}  // namespace memo::detail
