#include <memo/core/os_calls.hpp>

#include <catch2/catch.hpp>

using namespace memo::detail::os;

TEST_CASE("a descriptor is closed with its owner, and once") {
  int const fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  {
    unique_fd one(fd);
    unique_fd two(std::move(one));
    CHECK_FALSE(one);
    one = std::move(two);
    CHECK(one.get() == fd);
  }
  CHECK(::fcntl(fd, F_GETFD) == -1);
  unique_fd three(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(three.close() == 0);
  CHECK(three.close() == 0);
  unique_fd gone(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ::close(gone.get());
  CHECK(gone.close() == EBADF);
}

TEST_CASE("a call that a signal interrupts is made again") {
  int error = 1;
  int calls = 0;
  int const value = retried(error, [&] {
    errno = EINTR;
    return ++calls < 4 ? -1 : 42;
  });
  CHECK(value == 42);
  CHECK(error == 0);
  CHECK(calls == 4);
  retried(error, [] {
    errno = EIO;
    return -1;
  });
  CHECK(error == EIO);
}

TEST_CASE("an errno has words") { CHECK(error_text(ENOSPC) == "No space left on device"); }
