#include <memo/run/memoize.hpp>

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Where the function leaves one byte for each time that it is called, in any process.
std::string calls_file;
/// A file that makes the function hang, for as long as it is there.
std::string hang_file;

void note_call() {
  int const file = ::open(calls_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, "x", 1) != 1) ::_exit(9);
  ::close(file);
}

double slowly(int n) {
  note_call();
  while (::access(hang_file.c_str(), F_OK) == 0) ::usleep(1000);
  ::usleep(50'000);
  return n * 0.5;
}

/// A process that calls the function once and says by its exit status whether the value is right, 0, and whether it
/// was a hit, 10.
pid_t start_caller(std::filesystem::path const& cache, int const* gate) {
  pid_t const child = ::fork();
  if (child != 0) return child;
  ::alarm(100);
  if (gate != nullptr) {
    ::close(gate[1]);
    char byte = 0;
    if (::read(gate[0], &byte, 1) != 0) ::_exit(8);  // ends when the parent closes the other end
  }
  int status = 7;
  {
    auto const f = memo::memoize<"slowly">(slowly, memo::directory_store{cache}).version<1>();
    if (f(3) == 1.5) status = f.stats().hits == 1 ? 10 : 0;
  }
  ::_exit(status);
}

int status_of(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("processes that miss one key compute it once") {
  scratch_folder const folder;
  calls_file = folder / "calls";
  hang_file = folder / "hang";
  int gate[2];
  REQUIRE(::pipe(gate) == 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    pid_t const child = start_caller(folder / "cache", gate);
    REQUIRE(child > 0);
    children.push_back(child);
  }
  ::usleep(20'000);
  ::close(gate[1]);
  ::close(gate[0]);
  int hits = 0, misses = 0;
  for (pid_t const child : children) {
    int const status = status_of(child);
    hits += status == 10 ? 1 : 0;
    misses += status == 0 ? 1 : 0;
  }
  CHECK(content_of(calls_file) == "x");
  CHECK(hits == 5);
  CHECK(misses == 1);
}

TEST_CASE("where a process is killed while it computes, one that waits takes over") {
  scratch_folder const folder;
  calls_file = folder / "calls";
  hang_file = folder / "hang";
  write_content(hang_file, "");
  pid_t const holder = start_caller(folder / "cache", nullptr);
  REQUIRE(holder > 0);
  while (content_of(calls_file).empty()) ::usleep(1000);
  pid_t const waiter = start_caller(folder / "cache", nullptr);
  REQUIRE(waiter > 0);
  ::usleep(50'000);
  CHECK(content_of(calls_file) == "x");
  auto const start = std::chrono::steady_clock::now();
  ::kill(holder, SIGKILL);
  CHECK(status_of(holder) == -SIGKILL);
  std::filesystem::remove(hang_file);
  CHECK(status_of(waiter) == 0);
  CHECK(content_of(calls_file) == "xx");
  // Far less than the bound of waiting, which is a minute.
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

TEST_CASE("a forked child does not wait for what its parent's threads compute") {
  static std::atomic<int> entered, may_end;
  entered = may_end = 0;
  auto const f = memo::memoize<"parents">(
      [](int n) {
        ++entered;
        while (n == 1 && may_end == 0) ::usleep(1000);
        return 2 * n;
      },
      memo::memory_store{});
  std::atomic<int> got{0};
  std::thread holder([&] { got = f(1); });
  while (entered == 0) ::usleep(1000);
  pid_t const child = ::fork();
  if (child == 0) {
    ::alarm(100);
    may_end = 1;
    ::_exit(f(1) == 2 && f(2) == 4 && f.stats().misses == 3 ? 0 : 1);
  }
  REQUIRE(child > 0);
  CHECK(status_of(child) == 0);
  may_end = 1;
  holder.join();
  CHECK(got == 2);
  CHECK(f.stats().misses == 1);
}

TEST_CASE("a memoized function may fork, and its child may call memoized functions") {
  static std::function<int(int)> self;
  auto const f = memo::memoize<"forks">(
      [](int n) {
        if (n == 0) return 0;
        pid_t const child = ::fork();
        if (child == 0) ::_exit(self(n - 1) == 10 * (n - 1) ? 0 : 1);
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 10 * n : -1;
      },
      memo::memory_store{});
  self = f;
  CHECK(f(3) == 30);
  CHECK(f.stats().misses == 1);
  self = nullptr;
}
