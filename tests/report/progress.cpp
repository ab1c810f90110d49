#include <memo/report/progress.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <string_view>

using memo::event_kind;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// A run that is told event by event.
struct script {
  memo::progress run;
  std::int64_t now = 100 * second;

  void tell(event_kind kind, std::string_view step, std::string_view text = {}, std::uint64_t count = 0,
            std::uint64_t total = 0) {
    run.take({kind, step, text, count, total}, now);
  }
  void start(std::uint64_t needed, std::string_view pipeline = "study") {
    tell(event_kind::will_start, {}, pipeline, needed);
  }
  /// Time passes, and is looked at as often as a console does it.
  void pass(double seconds) {
    auto const until = now + static_cast<std::int64_t>(seconds * 1e9);
    for (; now + second / 10 <= until; now += second / 10) run.tick(now);
    run.tick(now = until);
  }
  void run_step(std::string_view name, double seconds) {
    tell(event_kind::will_run, name, "first time");
    pass(seconds);
    tell(event_kind::did_run, name, "first time");
  }
  double left() {
    run.tick(now);
    auto const known = run.left_ns();
    return known ? static_cast<double>(*known) * 1e-9 : -1;
  }
};

std::string name_of(int i) { return "step " + std::to_string(i); }

}  // namespace

TEST_CASE("progress counts what became of each step once") {
  script s;
  CHECK_FALSE(s.run.is_going_on());
  s.start(6);
  CHECK(s.run.is_going_on());
  CHECK(s.run.pipeline() == "study");
  s.tell(event_kind::did_hit, "a");
  s.tell(event_kind::will_run, "b,c");
  CHECK(s.run.running().size() == 1);
  s.tell(event_kind::did_run, "b,c");
  s.tell(event_kind::will_run, "d");
  s.tell(event_kind::did_fail, "d", "why");
  s.tell(event_kind::did_skip, "e", "it needs `d`, which failed");
  s.tell(event_kind::did_cancel, "f", "the run stops");
  CHECK(s.run.needed() == 6);
  CHECK(s.run.done() == 5);
  CHECK(s.run.hits() == 1);
  CHECK(s.run.ran() == 1);
  CHECK(s.run.failed() == 1);
  CHECK(s.run.skipped() == 1);
  CHECK(s.run.cancelled() == 1);
  CHECK(s.run.running().empty());
  s.tell(event_kind::did_finish, {});
  CHECK_FALSE(s.run.is_going_on());
  CHECK(s.run.done() == 5);  // for who tells of the run when it is over
}

TEST_CASE("a step that is decided a second time counts as what it is then") {
  script s;
  s.start(2);
  s.tell(event_kind::did_hit, "a");
  s.tell(event_kind::will_run, "a", "value lost");  // its value was lost
  CHECK(s.run.done() == 1);
  CHECK(s.run.running().size() == 1);
  s.tell(event_kind::did_run, "a");
  CHECK(s.run.done() == 1);
  CHECK(s.run.hits() == 0);
  CHECK(s.run.ran() == 1);
  s.tell(event_kind::did_fail, "a", "no");
  CHECK(s.run.ran() == 0);
  CHECK(s.run.failed() == 1);
}

TEST_CASE("hits that run again to be verified are hits") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "a", "verify");
  REQUIRE(s.run.running().size() == 1);
  CHECK(s.run.running()[0].is_verify);
  s.tell(event_kind::did_hit, "a");
  CHECK(s.run.hits() == 1);
  CHECK(s.run.running().empty());
}

TEST_CASE("who is waited for is told until the step is decided or runs") {
  script s;
  s.start(2);
  s.tell(event_kind::will_wait, "a", "process 4711");
  REQUIRE(s.run.running().size() == 1);
  CHECK(s.run.running()[0].waits_for == "process 4711");
  s.pass(5);
  s.tell(event_kind::will_run, "a", "first time");
  REQUIRE(s.run.running().size() == 1);
  CHECK(s.run.running()[0].waits_for.empty());
  CHECK(s.run.running()[0].started_ns == s.now);
  s.tell(event_kind::will_wait, "b", "process 4712");
  s.tell(event_kind::did_hit, "b");
  CHECK(s.run.running().size() == 1);
}

TEST_CASE("what a step says of itself goes to the step with this first output") {
  script s;
  s.start(2);
  s.tell(event_kind::will_run, "alpha,beta");
  s.tell(event_kind::will_run, "alphabet");
  s.tell(event_kind::did_progress, "alpha", {}, 3, 10);
  s.tell(event_kind::did_progress, "nobody", {}, 1, 2);
  CHECK(s.run.running()[0].done == 3);
  CHECK(s.run.running()[0].total == 10);
  CHECK(s.run.running()[1].total == 0);
  CHECK(s.run.elements_done() == 3);
  CHECK(s.run.elements_total() == 10);
  s.tell(event_kind::did_progress, "alphabet", {}, 30, 10);  // more than all
  CHECK(s.run.running()[1].done == 10);
}

TEST_CASE("elements of a map that say how far they are do not change how far the map is") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "curve");
  s.tell(event_kind::did_progress, "curve", {}, 1, 3);
  s.tell(event_kind::did_progress, "curve", "elements", 340, 1000);
  s.tell(event_kind::did_progress, "curve", {}, 2, 3);
  CHECK(s.run.running()[0].done == 340);
  CHECK(s.run.running()[0].total == 1000);
}

TEST_CASE("a run in a run counts until the outer one is over") {
  script s;
  s.start(2, "outer");
  s.tell(event_kind::will_run, "a");
  s.start(3, "inner");
  CHECK(s.run.pipeline() == "outer");
  CHECK(s.run.needed() == 5);
  s.tell(event_kind::did_hit, "x");
  s.tell(event_kind::did_hit, "y");
  s.tell(event_kind::did_hit, "z");
  s.tell(event_kind::did_finish, {});
  CHECK(s.run.is_going_on());
  s.tell(event_kind::did_run, "a");
  s.tell(event_kind::did_hit, "b");
  CHECK(s.run.done() == 5);
  s.tell(event_kind::did_finish, {});
  CHECK_FALSE(s.run.is_going_on());
  s.start(1, "next");
  CHECK(s.run.pipeline() == "next");
  CHECK(s.run.needed() == 1);
  CHECK(s.run.done() == 0);
}

TEST_CASE("the same pipeline within itself never counts more than is needed") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "a");
  s.start(1);
  s.tell(event_kind::will_run, "a");
  s.tell(event_kind::did_run, "a");
  s.tell(event_kind::did_finish, {});
  s.tell(event_kind::did_run, "a");
  CHECK(s.run.done() <= s.run.needed());
  s.tell(event_kind::did_finish, {});
  CHECK_FALSE(s.run.is_going_on());
}

TEST_CASE("events outside of a run change nothing") {
  script s;
  s.tell(event_kind::will_run, "a");
  s.tell(event_kind::did_finish, {});
  s.tell(event_kind::did_hit, "a");
  CHECK_FALSE(s.run.is_going_on());
  CHECK(s.run.done() == 0);
  CHECK(s.run.running().empty());
}

TEST_CASE("a hundred thousand steps are told apart") {
  script s;
  s.start(100'000);
  for (int i = 0; i < 100'000; ++i) s.tell(event_kind::did_hit, name_of(i));
  for (int i = 0; i < 100'000; ++i) s.tell(event_kind::did_hit, name_of(i));
  CHECK(s.run.done() == 100'000);
  CHECK(s.run.hits() == 100'000);
}

TEST_CASE("the time left of a map follows from its speed") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "curve");
  CHECK(s.left() == -1);
  for (int done = 1; done <= 60; ++done) {
    s.pass(0.1);
    s.tell(event_kind::did_progress, "curve", "elements", static_cast<std::uint64_t>(done), 100);
    if (s.now - 100 * second < 2 * second) CHECK(s.left() == -1);
  }
  CHECK(s.left() == Approx(4.0).margin(0.3));
  // It goes on without an event: the time left goes down, and never below zero.
  double const before = s.left();
  s.pass(0.5);
  CHECK(s.left() < before);
}

TEST_CASE("elements that were found do not make a map fast") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "curve");
  s.pass(0.05);
  for (int done = 700; done <= 730; ++done) {
    s.tell(event_kind::did_progress, "curve", "elements", static_cast<std::uint64_t>(done), 1000);
    s.pass(0.1);
  }
  CHECK(s.left() == Approx(27).margin(3));
}

TEST_CASE("there is no estimate without a ground for one") {
  script s;
  s.start(10);
  s.pass(5);
  CHECK(s.left() == -1);  // nothing ran yet
  s.run_step("a", 1);
  s.run_step("b", 1);
  CHECK(s.left() == -1);  // two say too little
  s.tell(event_kind::will_wait, "c", "process 1");
  CHECK(s.left() == -1);
  s.run_step("d", 1);
  CHECK(s.left() == -1);  // nobody knows how long the other process takes
  s.tell(event_kind::did_hit, "c");
  CHECK(s.left() > 0);
}

TEST_CASE("a map has an estimate of its own where nothing is known of what comes after it") {
  script s;
  s.start(2);
  s.tell(event_kind::will_run, "curve");
  s.tell(event_kind::will_run, "short");
  s.tell(event_kind::will_run, "other");
  for (std::uint64_t done = 1; done <= 60; ++done) {
    s.tell(event_kind::did_progress, "curve", "elements", done, 300);
    s.tell(event_kind::did_progress, "short", "elements", done, 100);
    s.pass(0.1);
  }
  CHECK(s.left() == Approx(24).margin(2));
  CHECK(s.run.left_of() == "curve");
  s.tell(event_kind::did_run, "curve");
  CHECK(s.left() == Approx(4).margin(1));
  CHECK(s.run.left_of() == "short");
  s.tell(event_kind::did_run, "short");
  CHECK(s.left() == -1);
  CHECK(s.run.left_of() == "");
}

TEST_CASE("steps of very different lengths give no estimate") {
  script s;
  s.start(40);
  for (int i = 0; i < 3; ++i) s.run_step(name_of(i), 0.01);
  s.run_step(name_of(3), 60);
  CHECK(s.left() == -1);
}

TEST_CASE("a step that takes longer than any before ends the estimate") {
  script s;
  s.start(10);
  for (int i = 0; i < 5; ++i) s.run_step(name_of(i), 1);
  CHECK(s.left() == Approx(5).margin(0.5));
  s.tell(event_kind::will_run, "training");
  s.pass(1.9);
  CHECK(s.left() > 0);
  s.pass(0.2);
  CHECK(s.left() == -1);
  s.pass(600);
  CHECK(s.left() == -1);
}

TEST_CASE("steps that are not decided run with the chance with which others did") {
  script all, some;
  all.start(20);
  some.start(20);
  for (int i = 0; i < 5; ++i) all.run_step(name_of(i), 1);
  for (int i = 0; i < 5; ++i) some.tell(event_kind::did_hit, name_of(100 + i));
  for (int i = 0; i < 5; ++i) some.run_step(name_of(i), 1);
  all.pass(3);
  some.pass(3);
  CHECK(all.left() > 9);
  CHECK(some.left() > 2);
  CHECK(some.left() < 8);
}

TEST_CASE("work that goes on at the same time takes less time") {
  script s;
  s.start(40);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 4; ++i) s.tell(event_kind::will_run, name_of(4 * round + i));
    s.pass(1);
    for (int i = 0; i < 4; ++i) s.tell(event_kind::did_run, name_of(4 * round + i));
  }
  CHECK(s.left() == Approx(5).margin(1));
}

TEST_CASE("the estimate of a steady run goes down steadily") {
  script s;
  s.start(50);
  double last = -1;
  std::int64_t last_at = 0;
  for (int i = 0; i < 50; ++i) {
    // Between 0.7 and 1.3 seconds, in no order.
    double const took = 1 + 0.3 * std::sin(i * 12.9898);
    s.tell(event_kind::will_run, name_of(i));
    for (double passed = 0; passed < took; passed += 0.1) {
      s.pass(0.1);
      double const now = s.left();
      if (now < 0) continue;
      double const honest = (50 - i) * 1.0;
      CHECK(now > 0.6 * honest - 2);
      CHECK(now < 1.5 * honest + 2);
      if (last >= 0) {
        double const expected = last - static_cast<double>(s.now - last_at) * 1e-9;
        CHECK(std::abs(now - expected) < 0.05 * last + 0.25);  // it does not jump
      }
      last = now;
      last_at = s.now;
    }
    s.tell(event_kind::did_run, name_of(i));
  }
  CHECK(last >= 0);
}

TEST_CASE("a map that becomes ten times slower moves the estimate, and not at once") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "curve");
  std::uint64_t done = 0;
  for (int i = 0; i < 100; ++i) {
    s.pass(0.1);
    s.tell(event_kind::did_progress, "curve", "elements", ++done, 300);
  }
  double last = s.left();
  CHECK(last == Approx(20).margin(2));
  for (int i = 0; i < 60; ++i) {
    for (int tick = 0; tick < 10; ++tick) {
      s.pass(0.1);
      double const now = s.left();
      CHECK(std::abs(now - last) < 0.15 * last + 1);
      last = now;
    }
    s.tell(event_kind::did_progress, "curve", "elements", ++done, 300);
  }
  CHECK(last > 100);
}

TEST_CASE("a step that begins to count anew is measured anew") {
  script s;
  s.start(1);
  s.tell(event_kind::will_run, "a");
  for (std::uint64_t i = 0; i <= 30; ++i) {
    s.tell(event_kind::did_progress, "a", {}, i, 30);
    s.pass(0.1);
  }
  s.tell(event_kind::did_progress, "a", {}, 0, 500);
  CHECK(s.left() == -1);
  s.pass(1);
  s.tell(event_kind::did_progress, "a", {}, 10, 500);
  CHECK(s.left() == Approx(49).margin(1));
}

TEST_CASE("a clock that stands still gives no infinite numbers") {
  script s;
  s.start(3);
  s.tell(event_kind::will_run, "a");
  s.tell(event_kind::did_progress, "a", {}, 0, 0);
  s.tell(event_kind::did_progress, "a", {}, 1, 4);
  s.tell(event_kind::did_progress, "a", {}, 2, 4);
  s.pass(10);
  for (int i = 0; i < 10; ++i) CHECK(std::isfinite(s.left()));
}
