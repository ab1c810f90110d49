#include <memo/report/screen.hpp>

#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using memo::detail::screen;

namespace {

/// A pipe whose other end is read.
struct pipe_ends {
  pipe_ends() {
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  pipe_ends(pipe_ends const&) = delete;
  pipe_ends& operator=(pipe_ends const&) = delete;
  ~pipe_ends() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  /// What was written since the last call.
  std::string read() {
    std::string all(1 << 21, '\0');
    std::size_t size = 0;
    for (ssize_t got; (got = ::read(ends[0], all.data() + size, all.size() - size)) > 0;)
      size += static_cast<std::size_t>(got);
    all.resize(size);
    return all;
  }
  int writer() const { return ends[1]; }

  int ends[2];
};

auto const always = [] { return true; };

}  // namespace

TEST_CASE("a live line is drawn in its place, and lines come above it") {
  pipe_ends ends;
  screen on(ends.writer(), true);
  on.write_lines("first\n");
  CHECK(ends.read() == "first\n");
  on.draw("[1/2]", always);
  CHECK(ends.read() == "\r\x1b[?7l[1/2]\x1b[K\x1b[?7h");
  on.write_lines("second\n");
  CHECK(ends.read() == "\r\x1b[Ksecond\n\r\x1b[?7l[1/2]\x1b[K\x1b[?7h");
  on.draw("[2/2]", [] { return false; });
  CHECK(ends.read() == "");
  on.finish("end\n");
  CHECK(ends.read() == "\r\x1b[Kend\n");
  on.clear();
  on.finish("");
  CHECK(ends.read() == "");
}

TEST_CASE("where nothing is drawn again there is no escape sequence") {
  pipe_ends ends;
  screen on(ends.writer(), false);
  on.draw("[1/2]", always);
  on.write_lines("first\n");
  on.clear();
  on.finish("end\n");
  CHECK(ends.read() == "first\nend\n");
}

TEST_CASE("a pipe that nobody reads neither ends the program nor is tried again") {
  pipe_ends ends;
  ends.close_reader();
  CHECK(test::in_child([&] {
          screen on(ends.writer(), false);
          for (int i = 0; i < 3; ++i) on.write_lines("lost\n");
          sigset_t pending;
          ::sigpending(&pending);
          sigset_t blocked;
          ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
          return ::sigismember(&pending, SIGPIPE) + 2 * ::sigismember(&blocked, SIGPIPE);
        }) == 0);
}

TEST_CASE("a closed descriptor and a full disk lose lines and nothing else") {
  screen closed(1023, false);
  closed.write_lines("lost\n");
  int const full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) return;
  screen on(full, false);
  on.write_lines("lost\n");
  on.finish("lost\n");
  ::close(full);
}

TEST_CASE("a descriptor that does not block gets lines whole, and a full one loses them") {
  pipe_ends ends;
  ::fcntl(ends.writer(), F_SETFL, O_NONBLOCK);
  screen on(ends.writer(), false);
  std::string const line = std::string(1 << 20, 'x') + '\n';  // more than a pipe holds
  std::string got;
  std::atomic<bool> is_over = false;
  std::thread reader([&] {
    while (!is_over) got += ends.read();
  });
  on.write_lines(line);
  is_over = true;
  reader.join();
  got += ends.read();
  CHECK(got == line);
  on.write_lines(line);  // nobody reads: the rest of the line is lost
  std::string const begun = ends.read();
  CHECK(begun.size() < line.size());
  on.write_lines("next\n");
  CHECK(ends.read() == "\nnext\n");  // begins on a line of its own
}

TEST_CASE("lines of many threads never mix") {
  pipe_ends ends;
  screen on(ends.writer(), false);
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'e'; ++letter)
    threads.emplace_back([&on, letter] {
      for (int i = 0; i < 40; ++i) on.write_lines(std::string(100, letter) + '\n');
    });
  for (auto& thread : threads) thread.join();
  std::string const all = ends.read();
  CHECK(all.size() == 4 * 40 * 101);
  for (std::size_t at = 0; at < all.size(); at += 101)
    CHECK(all.substr(at, 101) == std::string(100, all[at]) + '\n');
}

TEST_CASE("where there is no terminal the width is what COLUMNS says") {
  pipe_ends ends;
  screen on(ends.writer(), true);
  char const* const before = std::getenv("COLUMNS");
  std::string const kept = before == nullptr ? "" : before;
  ::setenv("COLUMNS", "20", 1);
  CHECK(on.columns() == 19);
  for (char const* const bad : {"", "x", "0", "-3", "99999999999999999999"}) {
    ::setenv("COLUMNS", bad, 1);
    CHECK(on.columns() == 79);
  }
  ::unsetenv("COLUMNS");
  CHECK(on.columns() == 79);
  if (before != nullptr) ::setenv("COLUMNS", kept.c_str(), 1);
}
