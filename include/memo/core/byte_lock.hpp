/// Locks on single bytes of a file, which processes exclude each other by. They belong to the open file, not to the
/// process (F_OFD_SETLK): closing another descriptor of the same file does not release them, and the kernel does where
/// the process dies. The bytes need not exist.
#pragma once

#include <memo/core/os_calls.hpp>

#include <algorithm>
#include <cstdint>

namespace memo::detail::os {

inline int change_byte_lock([[maybe_unused]] int fd, [[maybe_unused]] short type,
                            [[maybe_unused]] std::uint64_t offset) {
#ifdef F_OFD_SETLK
  if constexpr (sizeof(off_t) >= 8) {
    struct flock range{};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(offset);
    range.l_len = 1;
    int error = 0;
    retried(error, [&] { return table.fcntl(fd, F_OFD_SETLK, &range); });
    return error;
  }
#endif
  return EOPNOTSUPP;
}

/// Does not wait: EAGAIN where somebody has it, another errno where it cannot be had at all. `fd` is open for writing,
/// and `offset` less than 2^63.
inline int try_lock_byte(int fd, std::uint64_t offset) { return change_byte_lock(fd, F_WRLCK, offset); }

inline void unlock_byte(int fd, std::uint64_t offset) { change_byte_lock(fd, F_UNLCK, offset); }

/// Whether somebody else has a byte.
inline outcome<bool> is_byte_locked([[maybe_unused]] int fd, [[maybe_unused]] std::uint64_t offset) {
#ifdef F_OFD_GETLK
  if constexpr (sizeof(off_t) >= 8) {
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(offset);
    range.l_len = 1;
    int error = 0;
    retried(error, [&] { return table.fcntl(fd, F_OFD_GETLK, &range); });
    return {error == 0 && range.l_type != F_UNLCK, error};
  }
#endif
  return {false, EOPNOTSUPP};
}

/// A byte from `first` to `last` that somebody else has, and none before it is had; `last + 1` where there is none.
inline outcome<std::uint64_t> next_locked_byte([[maybe_unused]] int fd, std::uint64_t first,
                                               std::uint64_t last) {
#ifdef F_OFD_GETLK
  if constexpr (sizeof(off_t) >= 8) {
    std::uint64_t found = last + 1;
    // Of several locks the system tells any: before it there may be more.
    while (first < found) {
      struct flock range{};
      range.l_type = F_WRLCK;
      range.l_whence = SEEK_SET;
      range.l_start = static_cast<off_t>(first);
      range.l_len = static_cast<off_t>(found - first);
      int error = 0;
      retried(error, [&] { return table.fcntl(fd, F_OFD_GETLK, &range); });
      if (error != 0) return {last + 1, error};
      if (range.l_type == F_UNLCK) break;
      found = std::max(first, static_cast<std::uint64_t>(range.l_start));
    }
    return {found, 0};
  }
#endif
  return {last + 1, EOPNOTSUPP};
}

/// The name of the file system of an open file where several machines share it, or where a program outside the kernel
/// stands behind it: locks there may be slow, may count on one machine only, or may not be released. "" for all others.
/// The numbers are those of statfs(2) and of the file systems' own headers.
inline char const* network_file_system(int fd) {
  struct statfs status{};
  int error = 0;
  retried(error, [&] { return table.fstatfs(fd, &status); });
  if (error != 0) return "";
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case 0x6969:
      return "nfs";
    case 0x517b:
      return "smb";
    case 0xff534d42:
      return "cifs";
    case 0xfe534d42:
      return "smb2";
    case 0x0bd00bd0:
      return "lustre";
    case 0x65735546:
      return "fuse";
    case 0x01021997:
      return "9p";
    case 0x5346414f:
    case 0x6b414653:
      return "afs";
    case 0x00c36400:
      return "ceph";
    case 0x47504653:
      return "gpfs";
    case 0xaad7aaea:
      return "panfs";
    case 0x19830326:
      return "beegfs";
    case 0x20030528:
      return "orangefs";
    case 0x01161970:
      return "gfs2";
    case 0x7461636f:
      return "ocfs2";
    case 0x73757245:
      return "coda";
    case 0x564c:
      return "ncp";
    case 0x786f4256:
      return "vboxsf";
    default:
      return "";
  }
}

}  // namespace memo::detail::os
