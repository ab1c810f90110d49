#include <memo/exec/processors.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

namespace {

/// The files of a machine; a test sets them.
std::vector<std::pair<std::string, std::string>> files;

std::string text_of(char const* path) {
  for (auto const& [name, text] : files)
    if (name == path) return text;
  return {};
}

std::int64_t quota_of(std::vector<std::pair<std::string, std::string>> set) {
  files = std::move(set);
  return memo::detail::quota_processors(&text_of);
}

}  // namespace

TEST_CASE("at least one processor is usable, and not more than the affinity mask has") {
  CHECK(memo::usable_processors() >= 1);
  CHECK(memo::usable_processors() <= memo::detail::affinity_processors());
}

TEST_CASE("the affinity mask of the thread counts") {
  cpu_set_t old;
  REQUIRE(::sched_getaffinity(0, sizeof old, &old) == 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &old)) CPU_SET(cpu, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(memo::usable_processors() == 1);
  REQUIRE(::sched_setaffinity(0, sizeof old, &old) == 0);
}

TEST_CASE("a quota of control groups version 2 is rounded up, the smallest of all levels counts") {
  CHECK(quota_of({}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/\n"}}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "max 100000\n"}}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "150000 100000\n"}}) == 2);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "1000 100000\n"}}) == 1);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/a.slice/b.service\n"},
                  {"/sys/fs/cgroup/a.slice/b.service/cpu.max", "800000 100000\n"},
                  {"/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n"}}) == 3);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/not/in/this/container\n"},
                  {"/sys/fs/cgroup/cpu.max", "400000 100000\n"}}) == 4);
}

TEST_CASE("a quota of control groups version 1 counts") {
  std::string const groups = "12:memory:/x\n5:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n";
  CHECK(quota_of({{"/proc/self/cgroup", groups}}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", groups},
                  {"/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "250000\n"},
                  {"/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n"}}) == 3);
  CHECK(quota_of({{"/proc/self/cgroup", groups},
                  {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n"},
                  {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "50000\n"}}) == 2);
  CHECK(quota_of({{"/proc/self/cgroup", groups},
                  {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
                  {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}) == 0);
}

TEST_CASE("files of control groups that make no sense set no limit") {
  CHECK(quota_of({{"/proc/self/cgroup", "no colon\n:\n0:\n0::/\n"}, {"/sys/fs/cgroup/cpu.max", "many\n"}}) ==
        0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/"}, {"/sys/fs/cgroup/cpu.max", "100000"}}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/"}, {"/sys/fs/cgroup/cpu.max", "100000 0\n"}}) == 0);
  CHECK(quota_of({{"/proc/self/cgroup", "0::/"}, {"/sys/fs/cgroup/cpu.max", "99999999999999999999 1\n"}}) ==
        0);
}

TEST_CASE("a quota above the affinity mask changes nothing") {
  files = {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "800000 100000\n"}};
  CHECK(memo::detail::processors_within(4, &text_of) == 4);
  CHECK(memo::detail::processors_within(16, &text_of) == 8);
}
