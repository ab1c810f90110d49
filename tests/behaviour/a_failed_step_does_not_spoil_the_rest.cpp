// Failures, cancellation, and what can be asked for afterwards.
#include "../support/behaviour.hpp"

using namespace memo::literals;
using memo::event_kind;
using memo::outcome;
using test::all_hit;
using test::calls;
using test::contains;
using test::error_of;
using test::hits;
using test::names;
using test::ran;

namespace {

struct no_route : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool reachable = false;

int fetch(int n) {
  if (!reachable) throw no_route("no route to " + std::to_string(n));
  return n;
}
int next(int n) { return n + 1; }

constexpr auto failing = memo::pipeline<"failing">(
    memo::input<"n", int>, memo::input<"data", std::vector<double>>, memo::step<"before">(next).from<"n">(),
    memo::step<"fetched">([](int n, std::vector<double> const&) {
      return fetch(n);
    }).from<"before", "data">(),
    memo::step<"after">(next).from<"fetched">(), memo::step<"last">(next).from<"after">(),
    memo::step<"ordered">(next).from<"n">().after<"fetched">(), memo::step<"aside">(next).from<"n">());

auto run_with(memo::runner const& runner) {
  return runner.run(failing, "n"_in = 1, "data"_in = std::vector<double>(100, 1.0));
}

}  // namespace

TEST_CASE("a step that throws ends the run with its name, its inputs and its exception nested") {
  memo::memory_store store;
  memo::runner const runner{store};
  reachable = false;
  bool caught = false;
  try {
    run_with(runner);
  } catch (memo::step_failed const& e) {
    caught = true;
    CHECK(e.step() == "fetched");
    CHECK(e.message() == "no route to 2");
    CHECK(e.headline() == "the step `fetched` failed: no route to 2");
    std::string const text = e.what();
    CHECK(contains(text, "\n  pipeline  failing"));
    CHECK(contains(text, "\n  before    2"));
    CHECK(contains(text,
                   "\n  data      digest " + memo::to_hex(memo::digest_of(std::vector<double>(100, 1.0)))));
    CHECK(contains(text, "\nhint: "));
    CHECK_THROWS_AS(std::rethrow_if_nested(e), no_route);
  }
  CHECK(caught);
  // What was finished is a hit, the failure is not kept.
  reachable = true;
  auto const run = run_with(runner);
  CHECK(contains(run.report()["before"].reason, "unchanged"));
  CHECK(run.report()["fetched"].outcome == outcome::ran);
  CHECK(run.get<"last">() == 4);
}

TEST_CASE("with keep_going what does not depend on the failure is finished") {
  test::recorder events;
  memo::runner const runner{memo::memory_store{}, {.keep_going = true, .observer = &events}};
  reachable = false;
  auto const run = run_with(runner);
  CHECK_FALSE(run.ok());
  CHECK_FALSE(run.report().ok());
  CHECK(run.report()["fetched"].outcome == outcome::failed);
  CHECK(run.report()["fetched"].reason == "no route to 2");
  CHECK(run.report()["after"].outcome == outcome::skipped);
  CHECK(run.report()["after"].reason == "it needs `fetched`, which failed");
  CHECK(run.report()["last"].reason == "it needs `after`, which was skipped");
  CHECK(run.report()["ordered"].outcome == outcome::skipped);
  CHECK(ran(run.report()) == names{"before", "aside"});
  CHECK(run.get<"aside">() == 2);
  CHECK(run.get<"n">() == 1);
  CHECK(events.steps(event_kind::did_fail) == names{"fetched"});
  CHECK(events.count(event_kind::did_skip) == 3);
  auto const failure = error_of<memo::step_failed>([&] { run.get<"fetched">(); });
  CHECK(contains(failure, "the step `fetched` failed"));
  CHECK(error_of<memo::step_failed>([&] { run.get<"last">(); }) == failure);
  CHECK(error_of<memo::step_failed>([&] { run.get<"ordered">(); }) == failure);
  reachable = true;
  auto const again = run_with(runner);
  CHECK(again.ok());
  CHECK(hits(again.report()) == names{"before", "aside"});
  CHECK(again.get<"last">() == 4);
}

TEST_CASE("an exception that is no std::exception is nested too") {
  constexpr auto p = memo::pipeline<"odd">(memo::input<"n", int>,
                                           memo::step<"x">([](int n) -> int { throw n; }).from<"n">());
  memo::runner const runner{memo::memory_store{}};
  try {
    runner.run(p, "n"_in = 7);
    FAIL("nothing was thrown");
  } catch (memo::step_failed const& e) {
    CHECK(contains(e.what(), "`x`"));
    CHECK_THROWS_AS(std::rethrow_if_nested(e), int);
  }
}

TEST_CASE("a step whose key function throws runs and is not cached") {
  constexpr auto p = memo::pipeline<"bad_key">(
      memo::input<"n", int>,
      memo::step<"x">(next).from<"n">().key([](int) -> int { throw std::runtime_error("no key"); }));
  memo::memory_store store;
  for (int i = 0; i < 2; ++i) {
    auto const run = memo::runner{store}.run(p, "n"_in = 7);
    CHECK(run.get<"x">() == 8);
    CHECK(run.report()["x"].outcome == outcome::ran);
    CHECK(contains(run.report()["x"].reason, "not cached"));
    CHECK(contains(run.report()["x"].reason, "no key"));
  }
  CHECK(store.stats().entries == 0);
}

TEST_CASE("a step whose check throws fails") {
  constexpr auto p = memo::pipeline<"bad_check">(
      memo::input<"n", int>, memo::step<"x">(next).from<"n">().check(
                                 [](int) -> bool { throw std::runtime_error("no check"); }, "fits"));
  memo::runner const runner{memo::memory_store{}};
  auto const text = error_of<memo::step_failed>([&] { runner.run(p, "n"_in = 7); });
  CHECK(contains(text, "`x`"));
  CHECK(contains(text, "no check"));
}

TEST_CASE("a step that hears of the stop counts as cancelled, whatever it gives") {
  static std::stop_source* source;
  std::stop_source stop;
  source = &stop;
  constexpr auto p =
      memo::pipeline<"heard">(memo::input<"n", int>, memo::step<"a">([](memo::context& c, int n) {
                                                       source->request_stop();
                                                       return c.stop_requested() ? 0 : n;
                                                     }).from<"n">(),
                              memo::step<"b">(next).from<"a">());
  memo::memory_store const store;
  memo::runner runner{store, {.keep_going = true, .stop = stop.get_token()}};
  auto const run = runner.run(p, "n"_in = 1);
  CHECK(run.report().count(outcome::cancelled) == 2);
  CHECK_THROWS_AS(run.get<"a">(), memo::run_cancelled);
  std::stop_source never;
  source = &never;
  runner.options().stop = {};
  auto const resumed = runner.run(p, "n"_in = 1);
  CHECK(ran(resumed.report()) == names{"a", "b"});
  CHECK(resumed.get<"b">() == 2);
}

TEST_CASE("a run stopped by its token starts nothing new and keeps what is finished") {
  static std::stop_source* source;
  std::stop_source stop;
  source = &stop;
  constexpr auto p = memo::pipeline<"stopped">(
      memo::input<"n", int>, memo::step<"a">(next).from<"n">(), memo::step<"b">([](int n) {
                                                                  source->request_stop();
                                                                  return n + 1;
                                                                }).from<"a">(),
      memo::step<"c">(next).from<"b">(), memo::step<"d">(next).from<"c">());
  memo::memory_store const store;
  SECTION("run throws") {
    memo::runner const runner{store, {.stop = stop.get_token()}};
    auto const text = error_of<memo::run_cancelled>([&] { runner.run(p, "n"_in = 1); });
    CHECK(contains(text, "stopped"));
    CHECK(contains(text, "hint: "));
    auto const resumed = memo::runner{store}.run(p, "n"_in = 1);
    CHECK(hits(resumed.report()) == names{"a", "b"});
    CHECK(resumed.get<"d">() == 5);
  }
  SECTION("with keep_going the report says it") {
    test::recorder events;
    memo::runner const runner{store, {.keep_going = true, .stop = stop.get_token(), .observer = &events}};
    auto const run = runner.run(p, "n"_in = 1);
    CHECK_FALSE(run.ok());
    CHECK(ran(run.report()) == names{"a", "b"});
    CHECK(run.report().count(outcome::cancelled) == 2);
    CHECK(events.steps(event_kind::did_cancel) == names{"c", "d"});
    CHECK(run.get<"b">() == 3);
    CHECK_THROWS_AS(run.get<"c">(), memo::run_cancelled);
  }
  SECTION("a token that is set before stops all") {
    stop.request_stop();
    memo::runner const runner{store, {.stop = stop.get_token()}};
    CHECK_THROWS_AS(runner.run(p, "n"_in = 1), memo::run_cancelled);
    CHECK(store.stats().entries == 0);
  }
}

TEST_CASE("an input that cannot be read keeps its step from being cached, and not from running") {
  constexpr auto p = memo::pipeline<"files">(
      memo::input<"path", memo::file>, memo::step<"size">([](memo::file const& f) {
                                         return ++calls("file"), f.path().string().size();
                                       }).from<"path">(),
      memo::step<"twice">([](std::size_t n) { return 2 * n; }).from<"size">());
  memo::memory_store store;
  memo::runner const runner{store};
  calls("file") = 0;
  for (int i = 0; i < 2; ++i) {
    auto const run = runner.run(p, "path"_in = "no/such/file");
    CHECK(run.get<"twice">() == 24);
    CHECK(run.report()["size"].outcome == outcome::ran);
    CHECK(contains(run.report()["size"].reason, "not cached"));
  }
  CHECK(calls("file") == 2);
  CHECK(store.stats().entries == 1);
}

TEST_CASE("an observer that throws ends the run with its exception") {
  struct thrower final : memo::observer {
    void notice(memo::event const& e) override {
      if (e.kind == event_kind::did_run && e.step == "before") throw std::logic_error("observer");
    }
  } observer;
  reachable = true;
  memo::runner const runner{memo::memory_store{}, {.observer = &observer}};
  CHECK_THROWS_AS(run_with(runner), std::logic_error);
}
