/// Which files are too young for their stamps to tell them from what they become by the next edit.
///
/// A file system stamps with the ticks of a clock, 1 ns to 2 s long, which is not always this machine's. Two edits in one
/// tick give equal stamps; so a digest is remembered only where the file's stamps are older than the stamp that a new file
/// there got before the reading began: whoever edits later gets that stamp or a later one. The same problem, with other
/// answers: git's "racily clean" entries, and the age below which ccache takes no file from its table of inodes.
///
/// What the stamps of no file system tell: a page that a program has mapped and writes again without a write between.
#pragma once

#include <memo/core/folder.hpp>
#include <memo/core/mapping.hpp>

#include <time.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

namespace memo::detail {

enum class stamp_rule : std::uint8_t {
  by_probe,    ///< a new file tells
  by_machine,  ///< the machine's clock, where no new file can be made
  none,        ///< stamps tell nothing, or tell it too late
};

/// By the numbers of statfs(2). On FAT, exFAT and HFS the time of change is that of the making; those behind a network, and
/// what a process serves, may give a status that another machine has outdated.
inline stamp_rule stamp_rule_of(int fd) {
  struct statfs status{};
  int error = 0;
  os::retried(error, [&] { return os::table.fstatfs(fd, &status); });
  if (error != 0) return stamp_rule::none;
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case 0x4d44:      // FAT
    case 0x2011bab0:  // exFAT
    case 0x4244:      // HFS
    case 0x482b:      // HFS+
    case 0x6969:      // NFS
    case 0x517b:      // SMB
    case 0xff534d42:  // CIFS
    case 0xfe534d42:  // SMB 2
    case 0x65735546:  // FUSE
    case 0x01021997:  // 9P
    case 0x5346414f:  // AFS
    case 0x6b414653:  // AFS of the kernel
    case 0x73757245:  // Coda
    case 0x00c36400:  // Ceph
    case 0x0bd00bd0:  // Lustre
    case 0x47504653:  // GPFS
      return stamp_rule::none;
    default:
      return os::mapping_rule_of(fd).name[0] != '\0' ? stamp_rule::by_machine : stamp_rule::by_probe;
  }
}

/// What is known of the clocks of file systems, by device. Any thread; a process has one.
class file_clocks {
 public:
  static file_clocks& process() {
    static file_clocks& one = *new file_clocks;
    return one;
  }

  /// A stamp that no edit from now on comes before, or INT64_MIN. `path` names the open file.
  std::int64_t earliest_stamp(int fd, std::string const& path, os::file_status const& file) {
    if (std::int64_t const recent = recent_stamp(file); recent != 0) return recent;
    stamp_rule const rule = stamp_rule_of(fd);
    if (rule == stamp_rule::none) return INT64_MIN;
    if (std::int64_t const stamp = probe_beside(path, file.device); stamp != INT64_MIN) return stamp;
    if (std::string const real = os::link_target(("/proc/self/fd/" + std::to_string(fd)).c_str());
        real != path && !real.empty())
      if (std::int64_t const stamp = probe_beside(real, file.device); stamp != INT64_MIN) return stamp;
    return rule == stamp_rule::by_machine ? machine_stamp() : INT64_MIN;
  }

  void clear() {
    std::lock_guard const lock(mutex_);
    known_ = {};
  }

 private:
  struct device_clock {
    std::uint64_t device = 0;
    std::int64_t stamp = INT64_MIN;
    std::int64_t asked_ns = 0;
    bool has_probes = true;
  };

  // Long enough for one probe to serve many files, short enough that nobody sets the clock back meanwhile.
  static constexpr std::int64_t recent_ns = 100'000'000;
  // The longest tick known is FAT's.
  static constexpr std::int64_t longest_tick_ns = 2'000'000'000;

  static std::int64_t now_by(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
  static std::int64_t machine_stamp() { return now_by(CLOCK_REALTIME_COARSE) - longest_tick_ns; }

  device_clock& of(std::uint64_t device) {
    for (device_clock& known : known_)
      if (known.device == device) return known;
    device_clock& made = known_[next_++ % known_.size()];
    made = {device};
    return made;
  }

  /// An earlier stamp does as well where the file is older than that; zero where it is not.
  std::int64_t recent_stamp(os::file_status const& file) {
    std::lock_guard const lock(mutex_);
    device_clock const& known = of(file.device);
    bool const does = file.changed_ns < known.stamp && now_by(CLOCK_MONOTONIC) - known.asked_ns < recent_ns;
    return does ? known.stamp : 0;
  }

  /// The stamp of a file without a name, which nobody else sees and which leaves the folder's own stamps alone; INT64_MIN
  /// where none can be made on that device.
  std::int64_t probe_beside(std::string const& path, std::uint64_t device) {
    {
      std::lock_guard const lock(mutex_);
      if (!of(device).has_probes) return INT64_MIN;
    }
    std::size_t const slash = path.find_last_of('/');
    std::string const folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    std::int64_t const asked = now_by(CLOCK_MONOTONIC);
    int error = 0;
    os::unique_fd const probe(os::retried(error, [&] {
      return os::table.openat(os::here, folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode_t{0600});
    }));
    if (error == 0) {
      auto const status = os::status_of(probe.get());
      if (!status || status.value.device != device) return INT64_MIN;
      std::lock_guard const lock(mutex_);
      device_clock& known = of(device);
      known.stamp = status.value.changed_ns;
      known.asked_ns = asked;
      return known.stamp;
    }
    // Kernels from before 3.11 say EISDIR. A folder that this user may not write in says nothing of the others.
    if (error == EOPNOTSUPP || error == EISDIR || error == EROFS || error == EINVAL) {
      auto const there = os::status_at(os::here, folder.c_str(), true);
      std::lock_guard const lock(mutex_);
      if (there && there.value.device == device) of(device).has_probes = false;
    }
    return INT64_MIN;
  }

  std::mutex mutex_;
  std::array<device_clock, 16> known_{};
  std::size_t next_ = 0;
};

}  // namespace memo::detail
