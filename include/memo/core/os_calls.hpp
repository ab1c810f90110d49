/// The system calls that memo makes on files, as a table, so that tests can make the Nth of them fail.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

namespace memo::detail::os {

/// Pointers to the system's functions. Replaced by tests only, while no other thread uses memo.
struct calls {
  int (*openat)(int, char const*, int, mode_t) = [](int folder, char const* name, int flags, mode_t mode) {
    return ::openat(folder, name, flags, mode);
  };
  int (*fstat)(int, struct stat*) = [](int fd, struct stat* status) { return ::fstat(fd, status); };
  int (*fstatat)(int, char const*, struct stat*, int) = [](int folder, char const* name, struct stat* status,
                                                           int flags) {
    return ::fstatat(folder, name, status, flags);
  };
  ssize_t (*read)(int, void*, std::size_t) = [](int fd, void* to, std::size_t n) {
    return ::read(fd, to, n);
  };
  ssize_t (*pread)(int, void*, std::size_t, off_t) = [](int fd, void* to, std::size_t n, off_t at) {
    return ::pread(fd, to, n, at);
  };
  ssize_t (*writev)(int, iovec const*, int) = [](int fd, iovec const* pieces, int count) {
    return ::writev(fd, pieces, count);
  };
  ssize_t (*pwrite)(int, void const*, std::size_t, off_t) =
      [](int fd, void const* from, std::size_t n, off_t at) { return ::pwrite(fd, from, n, at); };
  ssize_t (*pwritev)(int, iovec const*, int, off_t) = [](int fd, iovec const* pieces, int count, off_t at) {
    return ::pwritev(fd, pieces, count, at);
  };
  int (*close)(int) = [](int fd) { return ::close(fd); };
  int (*fsync)(int) = [](int fd) { return ::fsync(fd); };
  int (*fdatasync)(int) = [](int fd) { return ::fdatasync(fd); };
  // To read, shared with the kernel's copy of the file.
  void* (*mmap)(std::size_t, int, off_t) = [](std::size_t n, int fd, off_t at) {
    return ::mmap(nullptr, n, PROT_READ, MAP_SHARED, fd, at);
  };
  int (*renameat)(int, char const*, int, char const*) = [](int from_folder, char const* from, int to_folder,
                                                           char const* to) {
    return ::renameat(from_folder, from, to_folder, to);
  };
  int (*unlinkat)(int, char const*, int) = [](int folder, char const* name, int flags) {
    return ::unlinkat(folder, name, flags);
  };
  int (*mkdirat)(int, char const*, mode_t) = [](int folder, char const* name, mode_t mode) {
    return ::mkdirat(folder, name, mode);
  };
  int (*fcntl)(int, int, struct flock*) = [](int fd, int command, struct flock* range) {
    return ::fcntl(fd, command, range);
  };
  int (*fstatfs)(int, struct statfs*) = [](int fd, struct statfs* status) { return ::fstatfs(fd, status); };
  ssize_t (*getrandom)(void*, std::size_t) = [](void* to, std::size_t n) { return ::getrandom(to, n, 0); };
};

inline calls table;

/// A value, or the errno that says why there is none.
template <class T>
struct outcome {
  T value{};
  int error = 0;

  explicit operator bool() const { return error == 0; }
};

// strerror_r gives the text in glibc and an error in other libraries.
inline char const* error_words(char const* text, char const*) { return text; }
inline char const* error_words(int failed, char const* text) {
  return failed == 0 ? text : "an unknown error";
}

/// An errno in words.
inline std::string error_text(int error) {
  char text[128] = "";
  return error_words(::strerror_r(error, text, sizeof text), text);
}

/// Calls until it is not interrupted by a signal. Returns 0 or an errno in `error`, else the call's value.
template <class Call>
inline auto retried(int& error, Call call) {
  for (;;) {
    auto const made = call();
    error = made < 0 ? errno : 0;
    if (error != EINTR) return made;
  }
}

/// A file descriptor that is closed with its owner.
class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) table.close(release());
  }

  /// Closes and tells the errno of it: on a network file system it can be the first word of a failed write.
  /// An interrupted close has closed the descriptor.
  int close() {
    if (fd_ < 0 || table.close(release()) == 0 || errno == EINTR) return 0;
    return errno;
  }

 private:
  int fd_ = -1;
};

}  // namespace memo::detail::os
