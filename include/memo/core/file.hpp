/// Files, through small functions that neither throw for what a disk does nor follow a symbolic link in the
/// last part of a name: they return an errno, 0 where all went well.
///
/// Names are relative to an open folder's descriptor, or to the working directory with `os::here`. Every
/// function may be called from any thread and goes on after a signal.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/os_calls.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace memo::detail::os {

inline constexpr int here = AT_FDCWD;

/// In the place of a group: the one that the system gives to what this process makes.
inline constexpr gid_t own_group = static_cast<gid_t>(-1);

/// What memo needs of a file's status. Times are nanoseconds since 1970.
struct file_status {
  std::uint64_t size = 0;
  bool is_file = false;
  bool is_folder = false;
  bool is_link = false;
  std::uint32_t type = 0;  ///< S_IFREG and its like
  std::uint32_t mode = 0;  ///< permission bits
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;  ///< zero where the name is gone and only descriptors are left
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

inline file_status status_from(struct stat const& raw) {
  auto const nanoseconds = [](timespec const& t) {
    // Beyond the year 2262 there are too many nanoseconds for 64 bits.
    constexpr std::int64_t most = INT64_MAX / 1'000'000'000 - 1;
    auto const seconds = std::clamp<std::int64_t>(t.tv_sec, -most, most);
    return seconds * 1'000'000'000 + t.tv_nsec;
  };
  file_status made;
  made.size = static_cast<std::uint64_t>(raw.st_size);
  made.is_file = S_ISREG(raw.st_mode);
  made.is_folder = S_ISDIR(raw.st_mode);
  made.is_link = S_ISLNK(raw.st_mode);
  made.type = raw.st_mode & S_IFMT;
  made.mode = raw.st_mode & 07777u;
  made.owner = raw.st_uid;
  made.group = raw.st_gid;
  made.device = raw.st_dev;
  made.inode = raw.st_ino;
  made.links = raw.st_nlink;
  made.modified_ns = nanoseconds(raw.st_mtim);
  made.changed_ns = nanoseconds(raw.st_ctim);
  return made;
}

/// The status of an open file.
inline outcome<file_status> status_of(int fd) {
  struct stat raw;
  if (table.fstat(fd, &raw) != 0) return {{}, errno};
  return {status_from(raw), 0};
}

/// The status of a name; of a symbolic link itself unless `follow`.
inline outcome<file_status> status_at(int folder, char const* name, bool follow = false) {
  struct stat raw;
  if (table.fstatat(folder, name, &raw, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return {{}, errno};
  return {status_from(raw), 0};
}

inline outcome<unique_fd> open_at(int folder, char const* name, int flags, mode_t mode = 0) {
  outcome<unique_fd> made;
  made.value = unique_fd(
      retried(made.error, [&] { return table.openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, mode); }));
  return made;
}

/// Opens a file for reading; never waits, so that a pipe in its place cannot stop the program.
inline outcome<unique_fd> open_for_reading(int folder, char const* name, int more_flags = 0) {
  return open_at(folder, name, O_RDONLY | O_NONBLOCK | more_flags);
}

/// As `open_for_reading`, and leaves the time of last access alone where this process may ask for that.
inline outcome<unique_fd> open_untouched(int folder, char const* name) {
  auto opened = open_for_reading(folder, name, O_NOATIME);
  if (opened.error == EPERM) return open_for_reading(folder, name);
  return opened;
}

/// Opens a file by path, following links, for reading what belongs to the user.
inline outcome<unique_fd> open_user_file(char const* path) {
  outcome<unique_fd> made;
  made.value = unique_fd(retried(
      made.error, [&] { return table.openat(here, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, mode_t{0}); }));
  return made;
}

/// Makes a file that did not exist, with exactly these permissions, whatever the umask is, and for `group` where
/// the system allows that.
inline outcome<unique_fd> create_new(int folder, char const* name, mode_t mode = 0600,
                                     gid_t group = own_group) {
  auto made = open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL, mode);
  [[maybe_unused]] bool const is_given =
      made && group != own_group && ::fchown(made.value.get(), static_cast<uid_t>(-1), group) == 0;
  if (made && ::fchmod(made.value.get(), mode) != 0 && errno != EPERM && errno != ENOSYS) {
    made.error = errno;
    table.unlinkat(folder, name, 0);
  }
  return made;
}

/// Opens a file for writing, made where there was none as `create_new` does it.
inline outcome<unique_fd> open_or_create(int folder, char const* name, mode_t mode, gid_t group) {
  for (int attempt = 0;; ++attempt) {
    auto opened = open_at(folder, name, O_WRONLY | O_NONBLOCK);
    if (opened.error != ENOENT) return opened;
    opened = create_new(folder, name, mode, group);
    if (opened.error != EEXIST || attempt == 9) return opened;
  }
}

/// Opens a file for reading and writing, made where there was none as `create_new` does it. Its locks are what it is
/// good for.
inline outcome<unique_fd> open_to_lock(int folder, char const* name, mode_t mode, gid_t group) {
  for (int attempt = 0;; ++attempt) {
    auto opened = open_at(folder, name, O_RDWR | O_NONBLOCK);
    if (opened.error != ENOENT || attempt == 9) return opened;
    auto const made = create_new(folder, name, mode, group);
    if (!made && made.error != EEXIST) return {{}, made.error};
  }
}

/// Reads from the descriptor's position until `size` bytes are there or the file ends; tells how many.
inline outcome<std::size_t> read_up_to(int fd, std::byte* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    int error = 0;
    ssize_t const got = retried(error, [&] { return table.read(fd, to + done, size - done); });
    if (error != 0) return {done, error};
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return {done, 0};
}

/// Reads at an offset until `size` bytes are there or the file ends; tells how many.
inline outcome<std::size_t> read_at(int fd, std::byte* to, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    int error = 0;
    ssize_t const got = retried(
        error, [&] { return table.pread(fd, to + done, size - done, static_cast<off_t>(offset + done)); });
    if (error != 0) return {done, error};
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return {done, 0};
}

/// Cuts a file off.
inline int cut_file(int fd, std::uint64_t size) {
  int error = 0;
  retried(error, [&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
  return error;
}

/// Where a file ends: a third of the cost of its whole status. Moves the descriptor's position.
inline outcome<std::uint64_t> end_of(int fd) {
  off_t const end = ::lseek(fd, 0, SEEK_END);
  return {static_cast<std::uint64_t>(end < 0 ? 0 : end), end < 0 ? errno : 0};
}

/// Writes all pieces, one after the other. `write(batch, count, done)` writes one batch, after `done` bytes.
template <class Write>
int write_pieces(std::span<byte_view const> pieces, Write write) {
  constexpr std::size_t most =
      64;  // well below IOV_MAX, and enough that a call costs nothing beside the copy
  std::size_t first = 0;
  std::size_t skip = 0;  // bytes of the first piece that are written already
  std::uint64_t done = 0;
  while (first < pieces.size()) {
    iovec batch[most];
    std::size_t count = 0;
    for (std::size_t i = first; i < pieces.size() && count < most; ++i) {
      byte_view const piece = i == first ? pieces[i].subspan(skip) : pieces[i];
      if (piece.empty()) continue;
      batch[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    }
    if (count == 0) {
      // Only empty pieces in what is left, or in its first part.
      first = std::min(first + most, pieces.size());
      skip = 0;
      continue;
    }
    int error = 0;
    ssize_t const got = retried(error, [&] { return write(batch, static_cast<int>(count), done); });
    if (error != 0) return error;
    if (got == 0) return EIO;
    std::size_t left = static_cast<std::size_t>(got);
    done += left;
    while (first < pieces.size() && left >= pieces[first].size() - skip) {
      left -= pieces[first].size() - skip;
      ++first;
      skip = 0;
    }
    skip += left;
  }
  return 0;
}

/// Writes all pieces at the descriptor's position.
inline int write_all(int fd, std::span<byte_view const> pieces) {
  return write_pieces(
      pieces, [fd](iovec const* batch, int count, std::uint64_t) { return table.writev(fd, batch, count); });
}

/// Writes all pieces at an offset.
inline int write_all_at(int fd, std::span<byte_view const> pieces, std::uint64_t offset) {
  return write_pieces(pieces, [fd, offset](iovec const* batch, int count, std::uint64_t done) {
    return table.pwritev(fd, batch, count, static_cast<off_t>(offset + done));
  });
}

/// Writes all bytes at an offset.
inline int write_at(int fd, byte_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    int error = 0;
    ssize_t const got = retried(
        error, [&] { return table.pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (error != 0) return error;
    if (got == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return 0;
}

/// Forces a file's bytes to the disk. After a failure they may be lost although the next call succeeds: the
/// file must be dropped, not synchronised again.
inline int sync_file(int fd) {
  int error = 0;
  retried(error, [&] { return table.fsync(fd); });
  return error;
}

/// The same for a file whose times may be lost.
inline int sync_data(int fd) {
  int error = 0;
  retried(error, [&] { return table.fdatasync(fd); });
  return error;
}

inline int rename_file(int from_folder, char const* from, int to_folder, char const* to) {
  int error = 0;
  retried(error, [&] { return table.renameat(from_folder, from, to_folder, to); });
  return error;
}

inline int remove_file(int folder, char const* name) {
  int error = 0;
  retried(error, [&] { return table.unlinkat(folder, name, 0); });
  return error;
}

/// Removes an empty folder.
inline int remove_folder(int folder, char const* name) {
  int error = 0;
  retried(error, [&] { return table.unlinkat(folder, name, AT_REMOVEDIR); });
  return error;
}

/// Sets a file's times of last access and modification to now.
inline int touch(int fd) { return ::futimens(fd, nullptr) == 0 ? 0 : errno; }

}  // namespace memo::detail::os
