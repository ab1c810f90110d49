#include <memo/report/progress_line.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using memo::elapsed_text;
using memo::event_kind;
using memo::progress_line;
using memo::rough_text;

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct script {
  memo::progress run;
  std::int64_t now = 0;

  void tell(event_kind kind, std::string_view step, std::string_view text = {}, std::uint64_t count = 0,
            std::uint64_t total = 0) {
    run.take({kind, step, text, count, total}, now);
  }
  void pass(std::int64_t tenths) {
    for (std::int64_t i = 0; i < tenths; ++i) run.tick(now += second / 10);
  }
};

/// The run of the header's example.
script example() {
  script s;
  s.tell(event_kind::will_start, {}, "study", 40);
  for (int i = 0; i < 7; ++i) s.tell(event_kind::did_hit, "hit " + std::to_string(i));
  for (int i = 0; i < 5; ++i) {
    s.tell(event_kind::will_run, "ran");
    s.pass(10);
    s.tell(event_kind::did_run, "ran " + std::to_string(i));
    s.tell(event_kind::did_run, "ran");
  }
  s.tell(event_kind::will_run, "train");
  s.tell(event_kind::will_run, "curve");
  s.tell(event_kind::did_progress, "curve", "elements", 310, 1000);
  s.pass(12);
  s.tell(event_kind::did_progress, "curve", "elements", 340, 1000);
  s.run.tick(s.now);
  return s;
}

}  // namespace

TEST_CASE("the line of progress says what is done, what is hit, what runs, and how long") {
  script s = example();
  CHECK(progress_line(s.run, 100) ==
        "[13/40] 7 hit \u00b7 train, curve 340/1000 \u00b7 6.2 s \u00b7 about 30 s left");
}

TEST_CASE("a narrow line does without what matters less") {
  script s = example();
  CHECK(progress_line(s.run, 58) == "[13/40] 7 hit \u00b7 train, +1 \u00b7 6.2 s \u00b7 about 30 s left");
  CHECK(progress_line(s.run, 47) == "[13/40] 7 hit \u00b7 train, +1 \u00b7 about 30 s left");
  CHECK(progress_line(s.run, 40) == "[13/40] train, +1 \u00b7 about 30 s left");
  CHECK(progress_line(s.run, 30) == "[13/40] train, curve 340/1000");
  CHECK(progress_line(s.run, 20) == "[13/40] train, +1");
  CHECK(progress_line(s.run, 12) == "[13/40] tra\u2026");
}

TEST_CASE("a line of progress is never wider than it may be") {
  script s = example();
  for (char const* const name : {"\u6e2c\u5b9a\u306e\u9577\u3044\u540d\u524d", "e\u0301t\u00e9", "\x1b[31m",
                                 "a name that is longer than any line has a right to be, and goes on and on"})
    s.tell(event_kind::will_run, name);
  s.tell(event_kind::will_wait, "asked", "process 4711");
  s.tell(event_kind::did_fail, "broken", "why");
  for (std::size_t columns = 0; columns <= 220; ++columns) {
    std::string const line = progress_line(s.run, columns);
    CHECK(memo::detail::columns_in(line) <= columns);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
    if (columns >= 8) CHECK(line.substr(0, 7) == "[14/40]");
  }
}

TEST_CASE("a run that has begun says how many steps it needs") {
  script s;
  s.tell(event_kind::will_start, {}, "study", 100);
  CHECK(progress_line(s.run, 80) == "[  0/100] \u00b7 0.0 s");
  s.tell(event_kind::did_fail, "a", "why");
  CHECK(progress_line(s.run, 80) == "[  1/100] 1 failed \u00b7 0.0 s");
  s.tell(event_kind::did_hit, "b");
  s.tell(event_kind::will_wait, "c", "process 4711");
  CHECK(progress_line(s.run, 80) == "[  2/100] 1 hit, 1 failed \u00b7 c waits for process 4711 \u00b7 0.0 s");
}

TEST_CASE("an estimate of a step says of which") {
  script s;
  s.tell(event_kind::will_start, {}, "study", 2);
  s.tell(event_kind::will_run, "curve");
  for (std::uint64_t done = 0; done <= 30; ++done) {
    s.tell(event_kind::did_progress, "curve", "elements", done, 130);
    s.pass(1);
  }
  CHECK(progress_line(s.run, 80) == "[0/2] curve 30/130 \u00b7 3.1 s \u00b7 about 10 s left of curve");
  CHECK(progress_line(s.run, 40) == "[0/2] curve 30/130");
  CHECK(progress_line(s.run, 45) == "[0/2] curve 30/130 \u00b7 about 10 s left of curve");
}

TEST_CASE("a time that passes is told in whole units") {
  CHECK(elapsed_text(-5) == "0.0 s");
  CHECK(elapsed_text(1'249'000'000) == "1.2 s");
  CHECK(elapsed_text(9'999'000'000) == "9.9 s");
  CHECK(elapsed_text(12'900'000'000) == "12 s");
  CHECK(elapsed_text(200 * second) == "3 min 20 s");
  CHECK(elapsed_text(3605 * second) == "1 h 00 min");
  CHECK(elapsed_text(100 * 3600 * second) == "100 h 00 min");
}

TEST_CASE("an estimate is told roughly") {
  CHECK(rough_text(0) == "1 s");
  CHECK(rough_text(8'300'000'000) == "8 s");
  CHECK(rough_text(9'600'000'000) == "10 s");
  CHECK(rough_text(34 * second) == "35 s");
  CHECK(rough_text(57 * second) == "55 s");
  CHECK(rough_text(58 * second) == "1 min");
  CHECK(rough_text(250 * second) == "4 min");
  CHECK(rough_text(3590 * second) == "1 h");
  CHECK(rough_text(9100 * second) == "2.5 h");
  CHECK(rough_text(20 * 3600 * second) == "20 h");
  CHECK(rough_text(70 * 3600 * second) == "3 days");
  CHECK(rough_text(INT64_MAX) == "106752 days");
}
