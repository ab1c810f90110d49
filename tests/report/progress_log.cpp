#include <memo/report/progress_log.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

using memo::event_kind;

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct script {
  memo::progress run;
  memo::detail::progress_log log;
  std::int64_t now = 0;

  explicit script(std::uint64_t needed) {
    tell(event_kind::will_start, {}, "study", needed);
    log.start(now);
  }
  void tell(event_kind kind, std::string_view step, std::string_view text = {}, std::uint64_t count = 0,
            std::uint64_t total = 0) {
    run.take({kind, step, text, count, total}, now);
  }
  /// The lines of so many seconds.
  std::string pass(int seconds, bool with_steps = true) {
    std::string lines;
    for (int i = 0; i < seconds; ++i) {
      run.tick(now += second);
      lines += log.due(run, now, with_steps);
    }
    return lines;
  }
};

}  // namespace

TEST_CASE("a log tells of a step when it has run for five seconds") {
  script s(3);
  s.tell(event_kind::will_run, "train", "input `n` changed");
  CHECK(s.pass(4) == "");
  CHECK(s.pass(1) == "train: runs: input `n` changed\n");
  CHECK(s.pass(4) == "");
  s.tell(event_kind::did_run, "train");
  s.tell(event_kind::will_run, "quick", "first time");
  s.tell(event_kind::did_run, "quick");
  s.tell(event_kind::will_run, "again", "verify");
  CHECK(s.pass(1) == "study: [2/3] again \u00b7 10 s\n");
  CHECK(s.pass(4) == "again: runs again to verify it\n");
}

TEST_CASE("a log tells how far a run is at growing intervals") {
  script s(1);
  s.tell(event_kind::will_run, "curve", "first time");
  std::string const minute = s.pass(60, false);
  CHECK(std::count(minute.begin(), minute.end(), '\n') == 6);
  std::string const hour = s.pass(3540, false);
  CHECK(std::count(hour.begin(), hour.end(), '\n') < 80);
  std::string const day = s.pass(23 * 3600, false);
  CHECK(std::count(day.begin(), day.end(), '\n') < 330);
  CHECK(day.find("23 h 00 min") != std::string::npos);
}

TEST_CASE("a log has the elements of maps, and no control characters") {
  script s(1);
  s.tell(event_kind::will_run, "cur\nve", "first\ntime");
  s.tell(event_kind::did_progress, "cur\nve", "elements", 340, 1000);
  CHECK(s.pass(10) ==
        "cur\\x0ave: runs: first\ncur\\x0ave: time\nstudy: [0/1] cur\\x0ave 340/1000 \u00b7 10 s\n");
}
