#include <memo/report/console.hpp>

#include "../support/deadline.hpp"
#include "../support/processes.hpp"

#include <memo/core/folder.hpp>

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using memo::event_kind;
using memo::verbosity;

namespace {

/// What a console wrote to a file that has no name.
class paper {
 public:
  paper() : fd_(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC | O_APPEND, 0600)) {
    if (fd_ < 0) std::abort();
  }
  paper(paper const&) = delete;
  paper& operator=(paper const&) = delete;
  ~paper() { ::close(fd_); }
  int fd() const { return fd_; }
  std::string text() const {
    std::string all(1 << 20, '\0');
    ssize_t const got = ::pread(fd_, all.data(), all.size(), 0);
    all.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return all;
  }
  /// Waits until a text is there.
  bool gets(std::string_view wanted) const {
    std::atomic<bool> is_there = false;
    std::jthread const looks([&](std::stop_token const stop) {
      while (!stop.stop_requested() && !is_there) {
        is_there = text().find(wanted) != std::string::npos;
        std::this_thread::yield();
      }
    });
    return test::comes_true(is_there);
  }

 private:
  int fd_;
};

struct told {
  explicit told(verbosity level, bool live = false, bool summary = true)
      : console(
            {.descriptor = page.fd(), .level = level, .live = live, .clock = &clock, .summary = summary}) {}

  void tell(event_kind kind, std::string_view step, std::string_view text = {}, std::uint64_t count = 0,
            std::uint64_t total = 0) {
    console.notice({kind, step, text, count, total});
  }
  void pass(int milliseconds) { clock.advance(std::chrono::milliseconds(milliseconds)); }

  /// A run with everything that can happen.
  void tell_all() {
    tell(event_kind::will_start, {}, "study", 8);
    tell(event_kind::did_hit, "load");
    tell(event_kind::will_run, "fit", "input `n` changed");
    tell(event_kind::did_log, "fit", "begins\nwith \x1b[31m");
    tell(event_kind::did_load, "load");
    tell(event_kind::did_progress, "fit", {}, 1, 2);
    pass(1200);
    tell(event_kind::did_warn, {}, "the disk is full");
    tell(event_kind::did_replace, "fit");
    tell(event_kind::did_run, "fit", "input `n` changed");
    tell(event_kind::will_wait, "asked", "process 4711");
    tell(event_kind::did_hit, "asked");
    tell(event_kind::will_run, "checked", "verify");
    tell(event_kind::did_differ, "checked", "stored 1, now 2");
    tell(event_kind::did_hit, "checked");
    tell(event_kind::will_run, "bad", "first time");
    tell(event_kind::did_fail, "bad", "no\nroute");
    tell(event_kind::did_skip, "after", "it needs `bad`, which failed");
    tell(event_kind::did_cancel, "later", "`bad` failed");
    tell(event_kind::did_finish, {});
  }

  paper page;
  memo::manual_clock clock;
  memo::console console;
};

}  // namespace

TEST_CASE("a quiet console tells of failures only") {
  told t(verbosity::quiet);
  t.tell_all();
  CHECK(t.page.text() == "bad: failed: no\nbad: route\n");
}

TEST_CASE("a normal console tells what somebody should know, and how the run ended") {
  told t(verbosity::normal);
  t.tell_all();
  CHECK(t.page.text() ==
        "warning: the disk is full\n"
        "fit: gave another value than before, from the same inputs\n"
        "checked: gives another result than the stored one: stored 1, now 2\n"
        "bad: failed: no\nbad: route\n"
        "study: 3 hit, 1 ran, 1 failed, 1 skipped, 1 cancelled in 1.2 s\n");
}

TEST_CASE("a verbose console tells of each step that runs") {
  told t(verbosity::verbose, false, false);
  t.tell_all();
  CHECK(t.page.text() ==
        "fit: runs: input `n` changed\n"
        "fit: begins\nfit: with \\x1b[31m\n"
        "warning: the disk is full\n"
        "fit: gave another value than before, from the same inputs\n"
        "fit: ran in 1.2 s\n"
        "checked: runs again to verify it\n"
        "checked: gives another result than the stored one: stored 1, now 2\n"
        "bad: runs: first time\n"
        "bad: failed: no\nbad: route\n"
        "after: skipped: it needs `bad`, which failed\n"
        "later: cancelled: `bad` failed\n");
}

TEST_CASE("a very verbose console tells of all that happens") {
  told t(verbosity::very_verbose, false, false);
  t.tell_all();
  std::string const text = t.page.text();
  for (char const* const line : {"load: hit\n", "load: value loaded\n", "asked: waits for process 4711\n",
                                 "asked: hit\n", "checked: verified\n"})
    CHECK(text.find(line) != std::string::npos);
}

TEST_CASE("a log tells of steps that take long, at their end too") {
  told t(verbosity::normal, false, false);
  t.tell(event_kind::will_start, {}, "study", 2);
  t.tell(event_kind::will_run, "long", "first time");
  t.pass(65'000);
  CHECK(t.page.gets("long: runs: first time\nstudy: [0/2] long \u00b7 1 min 05 s\n"));
  t.tell(event_kind::did_run, "long", "first time");
  t.tell(event_kind::will_run, "short", "first time");
  t.pass(4'900);
  t.tell(event_kind::did_run, "short", "first time");
  t.tell(event_kind::did_finish, {});
  CHECK(t.page.text() ==
        "long: runs: first time\nstudy: [0/2] long \u00b7 1 min 05 s\nlong: ran in 1 min 05 s\n");
}

TEST_CASE("a live line shows that time goes on while nothing happens, and is gone at the end") {
  told t(verbosity::normal, true, false);
  t.tell(event_kind::will_start, {}, "study", 2);
  t.tell(event_kind::will_run, "long", "first time");
  t.pass(300);
  CHECK(t.page.gets("[0/2] long \u00b7 0.3 s"));
  t.pass(5000);
  CHECK(t.page.gets("[0/2] long \u00b7 5.3 s"));
  t.tell(event_kind::did_run, "long");
  t.tell(event_kind::did_finish, {});
  CHECK(t.page.text().ends_with("\r\x1b[K"));
  // The next run begins where the first one did.
  t.tell(event_kind::will_start, {}, "study", 1);
  t.tell(event_kind::will_run, "next", "first time");
  t.pass(200);
  CHECK(t.page.gets("[0/1] next \u00b7 0.2 s"));
  t.tell(event_kind::did_finish, {});
}

TEST_CASE("a live line comes where look-ups alone take long") {
  told t(verbosity::normal, true, false);
  t.tell(event_kind::will_start, {}, "study", 100);
  for (int i = 0; i < 40; ++i) {
    t.pass(50);
    t.tell(event_kind::did_hit, std::to_string(i));
  }
  CHECK(t.page.gets("[ 40/100] 40 hit \u00b7 2.0 s"));
}

TEST_CASE("a run of hits starts no thread and writes nothing but its end") {
  auto const threads = [] {
    std::size_t count = 0;
    int const folder = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return count;
    auto const names = memo::detail::os::names_in(folder);
    ::close(folder);
    return names.value.size();
  };
  std::size_t const before = threads();
  told t(verbosity::normal, true);
  t.tell(event_kind::will_start, {}, "study", 100);
  for (int i = 0; i < 100; ++i) t.tell(event_kind::did_hit, std::to_string(i));
  t.tell(event_kind::did_finish, {});
  CHECK(threads() == before);
  CHECK(t.page.text() == "study: 100 hit, 0 ran in 0 ns\n");
}

TEST_CASE("what the program prints comes above the live line, at every level") {
  told t(verbosity::normal, true, false);
  t.tell(event_kind::will_start, {}, "study", 1);
  t.tell(event_kind::will_run, "long", "first time");
  t.pass(300);
  CHECK(t.page.gets("[0/1] long"));
  t.console.print("a line\nand \x07 another");
  CHECK(t.page.gets("\r\x1b[Ka line\nand \\x07 another\n\r\x1b[?7l[0/1] long"));
  t.console.clear();
  t.pass(1000);
  CHECK(t.page.gets("[0/1] long \u00b7 1.3 s"));  // it comes back as long as the run goes on
  t.tell(event_kind::did_finish, {});
  told quiet(verbosity::quiet);
  quiet.console.print("told");
  CHECK(quiet.page.text() == "told\n");
}

TEST_CASE("a console that goes away within a run takes its line with it") {
  paper page;
  {
    memo::manual_clock clock;
    memo::console console({.descriptor = page.fd(), .live = true, .clock = &clock});
    console.notice({event_kind::will_start, {}, "study", 1, 0});
    console.notice({event_kind::will_run, "long", "first time", 0, 0});
    clock.advance(std::chrono::seconds(1));
    CHECK(page.gets("[0/1] long"));
  }
  CHECK(page.text().ends_with("\r\x1b[K"));
}

TEST_CASE("many threads may tell a console at once") {
  told t(verbosity::verbose, true, false);
  t.tell(event_kind::will_start, {}, "study", 400);
  t.pass(500);
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'e'; ++letter)
    threads.emplace_back([&t, letter] {
      for (int i = 0; i < 100; ++i) {
        std::string const step = letter + std::to_string(i);
        t.tell(event_kind::will_run, step, "first time");
        t.tell(event_kind::did_progress, step, "elements", 1, 2);
        t.tell(event_kind::did_log, step, std::string(50, letter) + '\n' + std::string(50, letter));
        t.tell(event_kind::did_run, step, "first time");
      }
    });
  for (auto& thread : threads) thread.join();
  t.tell(event_kind::did_finish, {});
  std::string const text = t.page.text();
  std::size_t logged = 0;
  for (char letter = 'a'; letter < 'e'; ++letter)
    for (int i = 0; i < 100; ++i) {
      std::string const prefix = letter + std::to_string(i) + ": ", dots(50, letter);
      logged += text.find(prefix + dots + '\n' + prefix + dots + '\n') != std::string::npos;
    }
  CHECK(logged == 400);
}

TEST_CASE("runs within runs end the line with the outer one") {
  told t(verbosity::normal, false);
  t.tell(event_kind::will_start, {}, "outer", 1);
  t.tell(event_kind::will_run, "a", "first time");
  t.tell(event_kind::will_start, {}, "inner", 1);
  t.tell(event_kind::did_hit, "b");
  t.tell(event_kind::did_finish, {});
  CHECK(t.page.text() == "");
  t.tell(event_kind::did_run, "a");
  t.tell(event_kind::did_finish, {});
  CHECK(t.page.text() == "outer: 1 hit, 1 ran in 0 ns\n");
}

TEST_CASE("what fails outside of a run is told too") {
  told t(verbosity::normal);
  t.tell(event_kind::did_fail, "late", "why");
  t.tell(event_kind::did_warn, "simulate", "not cached: why");
  CHECK(t.page.text() == "late: failed: why\nsimulate: warning: not cached: why\n");
}

TEST_CASE("a forked child leaves the console alone") {
  told t(verbosity::normal, true);
  t.tell(event_kind::will_start, {}, "study", 2);
  t.tell(event_kind::will_run, "long", "first time");
  t.pass(300);
  CHECK(t.page.gets("[0/2] long"));
  CHECK(test::in_child([&] {
          t.tell(event_kind::did_fail, "long", "in the child");
          t.console.print("in the child");
          t.console.~console();
          return 0;
        }) == 0);
  t.tell(event_kind::did_finish, {});
  CHECK(t.page.text().find("child") == std::string::npos);
}

TEST_CASE("MEMO_PROGRESS says whether there is a live line") {
  struct variable {
    explicit variable(char const* value) { ::setenv("MEMO_PROGRESS", value, 1); }
    ~variable() { ::unsetenv("MEMO_PROGRESS"); }
  };
  auto const is_live = [](std::optional<bool> live) {
    paper page;
    memo::manual_clock clock;
    memo::console console({.descriptor = page.fd(), .live = live, .clock = &clock});
    console.notice({event_kind::will_start, {}, "study", 20, 0});
    clock.advance(std::chrono::seconds(20));
    for (int i = 0; i < 16; ++i) console.notice({event_kind::did_hit, std::to_string(i), {}, 0, 0});
    CHECK(page.gets("[16/20] 16 hit"));
    return page.text().starts_with("\r\x1b");
  };
  CHECK_FALSE(is_live(std::nullopt));  // it is no terminal
  variable const live("live");
  CHECK(is_live(std::nullopt));
  CHECK_FALSE(is_live(false));  // the program's word counts
  variable const plain("plain");
  CHECK_FALSE(is_live(std::nullopt));
  CHECK(is_live(true));
  variable const bad("\x1b[2Jloud");
  try {
    memo::console const console;
    FAIL("a value that cannot be is taken");
  } catch (memo::usage_error const& e) {
    CHECK(std::string(e.what()).find("\"\\x1b[2Jloud\"") != std::string::npos);
    CHECK(std::string(e.what()).find("live, plain") != std::string::npos);
  }
}
