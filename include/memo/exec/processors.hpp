#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

namespace detail {

/// The text of a file; empty if it cannot be read.
using text_reader = std::string (*)(char const* path);

inline std::string text_of(char const* path) {
  std::string text;
  int const file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char part[4096];
  for (ssize_t n = ::read(file, part, sizeof part); n > 0; n = ::read(file, part, sizeof part))
    text.append(part, static_cast<std::size_t>(n));
  ::close(file);
  return text;
}

/// A number at the beginning of the text, which is then cut off with the white space around it; -1 if there is none.
inline std::int64_t take_number(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  std::int64_t number = -1;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// Processors that a quota of `quota` microseconds in each `period` is worth, rounded up; 0 for no limit.
inline std::int64_t processors_of_quota(std::int64_t quota, std::int64_t period) {
  return quota > 0 && period > 0 ? (quota - 1) / period + 1 : 0;
}

/// The smallest CPU quota of this process's control group and those above it, in processors; 0 for no limit.
///
/// Version 2 has cpu.max ("quota period" or "max period"), version 1 cpu.cfs_quota_us (-1 for none) and cpu.cfs_period_us. In a
/// container the path in /proc/self/cgroup may be the host's; then only the root of the mount is found, which is the
/// container's group.
inline std::int64_t quota_processors(text_reader read) {
  std::string const groups = read("/proc/self/cgroup");
  std::int64_t least = 0;
  auto const limit = [&](std::int64_t processors) {
    if (processors > 0 && (least == 0 || processors < least)) least = processors;
  };
  for (std::string_view rest = groups; !rest.empty();) {
    std::string_view const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::size_t const first = line.find(':');
    std::size_t const second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    std::string const controllers(line.substr(first + 1, second - first - 1));
    bool const is_v2 = controllers.empty();
    bool const has_cpu = ("," + controllers + ",").find(",cpu,") != std::string::npos;
    if (!is_v2 && !has_cpu) continue;
    for (std::string path(line.substr(second + 1));;) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      std::string const base = "/sys/fs/cgroup";
      if (is_v2) {
        for (char const* const mount : {"", "/unified"}) {
          std::string const text = read((base + mount + path + "/cpu.max").c_str());
          std::string_view view = text;
          std::int64_t const quota = take_number(view);
          limit(processors_of_quota(quota, take_number(view)));
        }
      } else {
        for (std::string const& mount : {controllers, std::string("cpu")}) {
          std::string const folder = base + "/" + mount + path;
          std::string const quota = read((folder + "/cpu.cfs_quota_us").c_str());
          std::string const period = read((folder + "/cpu.cfs_period_us").c_str());
          std::string_view quota_view = quota, period_view = period;
          limit(processors_of_quota(take_number(quota_view), take_number(period_view)));
        }
      }
      if (path.empty()) break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return least;
}

/// Processors that the affinity mask of this thread allows, at least 1; the mask may have any size.
inline unsigned affinity_processors() {
  for (std::size_t processors = 1024; processors <= (1U << 20); processors *= 2) {
    std::vector<unsigned long> mask(processors / (8 * sizeof(unsigned long)));
    std::size_t const bytes = mask.size() * sizeof(unsigned long);
    if (::sched_getaffinity(0, bytes, reinterpret_cast<cpu_set_t*>(mask.data())) == 0)
      return static_cast<unsigned>(
          std::max(1, CPU_COUNT_S(bytes, reinterpret_cast<cpu_set_t const*>(mask.data()))));
  }
  return 1;
}

inline unsigned processors_within(unsigned affinity, text_reader read) {
  std::int64_t const quota = quota_processors(read);
  return quota > 0 && quota < affinity ? static_cast<unsigned>(quota) : affinity;
}

}  // namespace detail

/// How many processors this process may use at the same time, at least 1: its affinity mask, and the CPU quota of its control
/// groups (versions 1 and 2) rounded up. Reads files: some ten microseconds.
inline unsigned usable_processors() {
  return detail::processors_within(detail::affinity_processors(), detail::text_of);
}

}  // namespace memo
