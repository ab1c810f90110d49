#include <memo/core/fork.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"

#include <memo/core/byte_lock.hpp>
#include <memo/core/file.hpp>

#include <fcntl.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using memo::detail::process_generation;
using memo::detail::unshared_fd;
namespace os = memo::detail::os;

namespace {

os::outcome<unshared_fd> open_unshared() {
  return unshared_fd::open([] {
    os::outcome<os::unique_fd> opened;
    opened.value = os::unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return opened;
  });
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a child has another generation, and a grandchild a third") {
  REQUIRE(memo::detail::notice_forks() == 0);
  auto const own = process_generation();
  test::process child([&] {
    auto const second = process_generation();
    test::process grandchild(
        [&] { return process_generation() != own && process_generation() != second ? 0 : 1; });
    return second != own ? grandchild.join() : 2;
  });
  CHECK(child.join() == 0);
  CHECK(process_generation() == own);
}

TEST_CASE("a child does not have what is not to be shared") {
  auto one = open_unshared();
  auto two = open_unshared();
  REQUIRE(one);
  REQUIRE(two);
  int const fd = one.value.get();
  CHECK(is_open(fd));
  test::process child([&] {
    if (is_open(fd) || one.value.get() != -1 || two.value.get() != -1) return 1;
    auto own = open_unshared();
    if (!own || !is_open(own.value.get())) return 2;
    int const number = own.value.get();
    one.value = {};  // closes nothing that is the child's
    return is_open(number) ? 0 : 3;
  });
  CHECK(child.join() == 0);
  CHECK(is_open(fd));
  one.value = {};
  CHECK_FALSE(is_open(fd));
  CHECK(is_open(two.value.get()));
}

TEST_CASE("a descriptor that cannot be opened says why") {
  auto const failed = unshared_fd::open([] { return os::outcome<os::unique_fd>{{}, EMFILE}; });
  CHECK(failed.error == EMFILE);
  CHECK(failed.value.get() == -1);
}

TEST_CASE("what a thread keeps open while others fork is in no child") {
  scratch_folder const folder;
  auto const open_file = [&] {
    return os::open_to_lock(os::here, (folder / "file").c_str(), 0600, os::own_group);
  };
  auto const other = open_file();
  std::atomic<bool> is_done{false};
  std::atomic<int> left_locked{0}, tried{0};
  std::thread thread([&] {
    while (!is_done) {
      {
        auto const mine = unshared_fd::open([&] {
          auto opened = open_file();
          ::usleep(300);  // so that forks come between
          return opened;
        });
        if (!mine || os::try_lock_byte(mine.value.get(), 0) != 0) continue;
      }
      // Now a copy in a child that lives on would keep the lock. Just after a fork there is one for a moment.
      ++tried;
      int attempts = 5000;
      while (attempts > 0 && os::is_byte_locked(other.value.get(), 0).value) --attempts, ::usleep(1000);
      if (attempts == 0) ++left_locked;
    }
  });
  std::vector<test::process> children;  // which live to the end
  for (int i = 0; i < (test::is_long() ? 500 : 100) && left_locked == 0; ++i)
    children.emplace_back([] { return ::pause(); });
  is_done = true;
  thread.join();
  CHECK(left_locked == 0);
  CHECK(tried > 0);
}
