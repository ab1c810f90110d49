/// A file system whose clock ticks coarsely and goes wrong, by what the system's calls say of its files.
#pragma once

#include <memo/core/os_calls.hpp>
#include <memo/key/file_clock.hpp>
#include <memo/key/file_table.hpp>

#include <cstdint>

namespace test {

/// While it lives, the stamps of all files are rounded down to ticks and shifted. Not while other threads use memo.
class stat_seam {
 public:
  explicit stat_seam(std::int64_t tick_seconds, std::int64_t shift_seconds = 0) {
    tick() = tick_seconds;
    shift() = shift_seconds;
    using namespace memo::detail::os;
    table.fstat = [](int fd, struct stat* status) { return seen(::fstat(fd, status), status); };
    table.fstatat = [](int folder, char const* name, struct stat* status, int flags) {
      return seen(::fstatat(folder, name, status, flags), status);
    };
    forget();
  }
  stat_seam(stat_seam const&) = delete;
  stat_seam& operator=(stat_seam const&) = delete;
  ~stat_seam() {
    memo::detail::os::calls const real;
    memo::detail::os::table.fstat = real.fstat;
    memo::detail::os::table.fstatat = real.fstatat;
    forget();
  }

  /// As a new process knows nothing of files.
  static void forget() {
    memo::detail::file_table::process().clear();
    memo::detail::file_clocks::process().clear();
  }

 private:
  static std::int64_t& tick() {
    static std::int64_t seconds = 1;
    return seconds;
  }
  static std::int64_t& shift() {
    static std::int64_t seconds = 0;
    return seconds;
  }
  static void round(timespec& stamp) {
    stamp.tv_sec += shift() - ((stamp.tv_sec + shift()) % tick());
    stamp.tv_nsec = 0;
  }
  static int seen(int failed, struct stat* status) {
    if (failed != 0) return failed;
    round(status->st_mtim);
    round(status->st_ctim);
    return failed;
  }
};

}  // namespace test
