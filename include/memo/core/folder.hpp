/// Folders: open, make, list; what a file system's clock says; names that nobody else has.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/file.hpp>

#include <dirent.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail::os {

/// 128 bits that nobody else has, made of what tells processes, threads and moments apart: for where the system's
/// random source is not to be had.
inline digest improvised_digest() {
  static std::atomic<std::uint64_t> count{0};
  timespec wall{};
  timespec since_start{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_MONOTONIC, &since_start);
  std::array<std::uint64_t, 8> const parts{
      static_cast<std::uint64_t>(wall.tv_sec),        static_cast<std::uint64_t>(wall.tv_nsec),
      static_cast<std::uint64_t>(since_start.tv_sec), static_cast<std::uint64_t>(since_start.tv_nsec),
      static_cast<std::uint64_t>(::getpid()),         ++count,
      reinterpret_cast<std::uintptr_t>(&wall),        reinterpret_cast<std::uintptr_t>(&count),
  };
  return hash_bytes(std::as_bytes(std::span(parts)));
}

/// 128 bits from the system's random source.
inline digest random_digest() {
  std::array<std::byte, 16> bytes{};
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t const got = table.getrandom(bytes.data() + done, bytes.size() - done);
    if (got > 0)
      done += static_cast<std::size_t>(got);
    else if (got == 0 || errno != EINTR)
      return improvised_digest();
  }
  return {load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
}

inline outcome<unique_fd> open_folder(int folder, char const* name) {
  return open_at(folder, name, O_RDONLY | O_DIRECTORY);
}

/// Makes a folder with exactly these permissions, whatever the umask is, and for `group` where the system allows
/// that; an existing one stays as it is.
inline int make_folder(int folder, char const* name, mode_t mode = 0700, gid_t group = own_group) {
  int error = 0;
  retried(error, [&] { return table.mkdirat(folder, name, mode); });
  if (error == EEXIST) return 0;
  [[maybe_unused]] bool const is_given =
      error == 0 && group != own_group &&
      ::fchownat(folder, name, static_cast<uid_t>(-1), group, AT_SYMLINK_NOFOLLOW) == 0;
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

/// What the clock of a file's file system says now, in nanoseconds since 1970, by touching the file. Ages of files
/// there are differences to this, whatever the machine's own clock says. Needs no space on the disk.
inline outcome<std::int64_t> time_by(int fd) {
  if (int const error = touch(fd)) return {0, error};
  auto const status = status_of(fd);
  return {status.value.modified_ns, status.error};
}

/// True where this process acts for a group.
inline bool is_member_of(gid_t group) {
  if (group == ::getegid()) return true;
  int const count = ::getgroups(0, nullptr);
  if (count <= 0) return false;
  std::vector<gid_t> all(static_cast<std::size_t>(count));
  int const got = ::getgroups(count, all.data());
  for (int i = 0; i < got; ++i)
    if (all[static_cast<std::size_t>(i)] == group) return true;
  return false;
}

/// Takes a whole-file lock, which the kernel gives back when the descriptor is closed or its process ends.
/// Does not wait: EWOULDBLOCK where somebody has it.
inline int try_lock(int fd) {
  int error = 0;
  retried(error, [&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
  return error;
}

/// Gives a lock back. Closing is not enough where a child of this process has a copy of the descriptor.
inline void unlock(int fd) { ::flock(fd, LOCK_UN); }

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

/// The user's folder for caches: `$XDG_CACHE_HOME`, else `~/.cache`; empty where neither is an absolute path.
inline std::string user_cache_folder() {
  char const* const given = ::getenv("XDG_CACHE_HOME");
  if (given != nullptr && given[0] == '/') return given;
  char const* const home = ::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache" : std::string();
}

/// What a symbolic link points to, or an empty text.
inline std::string link_target(char const* path) {
  std::array<char, 4096> text;
  ssize_t const size = ::readlink(path, text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace memo::detail::os
