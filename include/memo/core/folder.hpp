/// Folders: open, make, list; what a file system's clock says; names that nobody else has.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/file.hpp>

#include <dirent.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail::os {

/// 128 bits from the system's random source.
inline digest random_digest() {
  std::array<std::byte, 16> bytes{};
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t const got = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (got > 0)
      done += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      break;
  }
  return {load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
}

inline outcome<unique_fd> open_folder(int folder, char const* name) {
  return open_at(folder, name, O_RDONLY | O_DIRECTORY);
}

/// Makes a folder with exactly these permissions, whatever the umask is; an existing one stays as it is.
inline int make_folder(int folder, char const* name, mode_t mode = 0700) {
  int error = 0;
  retried(error, [&] { return table.mkdirat(folder, name, mode); });
  if (error == EEXIST) return 0;
  if (error == 0 && ::fchmodat(folder, name, mode, 0) != 0 && errno != EPERM) return errno;
  return error;
}

/// Makes a folder and those above it that do not exist.
inline int make_folders(std::string const& path, mode_t mode = 0700) {
  int error = make_folder(here, path.c_str(), mode);
  if (error != ENOENT) return error;
  std::size_t const slash = path.find_last_of('/');
  if (slash == std::string::npos || slash == 0) return error;
  error = make_folders(path.substr(0, slash), mode);
  return error != 0 ? error : make_folder(here, path.c_str(), mode);
}

/// The names in a folder, without "." and "..", in no order.
inline outcome<std::vector<std::string>> names_in(int folder) {
  outcome<std::vector<std::string>> found;
  auto again = open_folder(folder, ".");  // a position of its own, so that threads may list at the same time
  if (!again) return {{}, again.error};
  DIR* const list = ::fdopendir(again.value.get());
  if (list == nullptr) return {{}, errno};
  again.value.release();
  for (;;) {
    errno = 0;
    dirent const* const item = ::readdir(list);
    if (item == nullptr) break;
    std::string_view const name = item->d_name;
    if (name != "." && name != "..") found.value.emplace_back(name);
  }
  found.error = errno;
  ::closedir(list);
  return found;
}

/// What the clock of a folder's file system says now, in nanoseconds since 1970, by the time stamp of a new file
/// in it. Ages of files there are differences to this, whatever the machine's own clock says.
inline outcome<std::int64_t> time_in(int folder) {
  std::string const name = ".t" + to_hex(random_digest());
  auto made = create_new(folder, name.c_str());
  if (!made) return {0, made.error};
  auto const status = status_of(made.value.get());
  remove_file(folder, name.c_str());
  return {status.value.modified_ns, status.error};
}

/// Takes a whole-file lock, which the kernel gives back when the descriptor is closed or its process ends.
/// Does not wait: EWOULDBLOCK where somebody has it.
inline int try_lock(int fd) {
  int error = 0;
  retried(error, [&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
  return error;
}

/// An absolute path without links, as far as it exists; the rest of it is kept as it was given, with "." and
/// ".." resolved by their text.
inline std::string canonical_path(std::string_view given) {
  std::string path(given);
  if (path.empty() || path.front() != '/') {
    char* const now = ::getcwd(nullptr, 0);
    if (now != nullptr) {
      path = path.empty() ? std::string(now) : std::string(now) + '/' + path;
      ::free(now);
    }
  }
  std::string rest;
  for (;;) {
    if (char* const real = ::realpath(path.empty() ? "/" : path.c_str(), nullptr)) {
      path = real;
      ::free(real);
      break;
    }
    std::size_t const slash = path.find_last_of('/');
    if (slash == std::string::npos) break;
    rest = path.substr(slash) + rest;
    path.resize(slash);
  }
  for (std::size_t at = 0; at < rest.size();) {
    std::size_t const end = std::min(rest.find('/', at + 1), rest.size());
    std::string_view const part = std::string_view(rest).substr(at + 1, end - at - 1);
    if (part == "..")
      path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
    else if (!part.empty() && part != ".")
      path = (path == "/" ? path : path + '/').append(part);
    at = end;
  }
  return path.empty() ? "/" : path;
}

/// What a symbolic link points to, or an empty text.
inline std::string link_target(char const* path) {
  std::array<char, 4096> text;
  ssize_t const size = ::readlink(path, text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace memo::detail::os
