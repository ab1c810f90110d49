#include <memo/memo.hpp>

#include "../laws/scratch.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace memo::literals;
using namespace std::chrono_literals;

namespace {

std::atomic<int> running{0}, most{0}, calls{0};

/// Notes how many of these live at once.
struct counted {
  counted() {
    int const now = ++running;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
    }
    ++calls;
  }
  ~counted() { --running; }
};

void reset() { running = most = calls = 0; }

/// Waits until `count` calls run at once, or a while.
void meet(int count) {
  for (int i = 0; i < 2000 && running < count; ++i) std::this_thread::sleep_for(1ms);
}

double first(double x) {
  counted const here;
  meet(2);
  return x + 1;
}
double second(double x) {
  counted const here;
  meet(2);
  return x + 2;
}
double sum(double a, double b) { return a + b; }

constexpr auto two_branches = memo::pipeline<"two branches">(
    memo::input<"x", double>, memo::step<"a">(first).from<"x">().version<1>(),
    memo::step<"b">(second).from<"x">().version<1>(), memo::step<"c">(sum).from<"a", "b">().version<1>());

double slow(double x) {
  counted const here;
  std::this_thread::sleep_for(3ms);
  return x;
}
double slow_sum(double a, double b, double c, double d) { return a + b + c + d; }

constexpr auto exclusive = memo::pipeline<"exclusive">(
    memo::input<"x", double>, memo::step<"a">(slow).from<"x">().uses<"hdf5">().version<1>(),
    memo::step<"b">(slow).from<"x">().uses<"hdf5">().version<1>(),
    memo::step<"c">(slow).from<"x">().uses<"mpi", "hdf5">().version<1>(),
    memo::step<"d">(slow).from<"x">().uses<"hdf5">().version<1>(),
    memo::step<"e">(slow_sum).from<"a", "b", "c", "d">().version<1>());

constexpr auto heavy = memo::pipeline<"heavy">(
    memo::input<"x", double>, memo::step<"a">(slow).from<"x">().threads(4).version<1>(),
    memo::step<"b">(slow).from<"x">().threads(4).version<1>(),
    memo::step<"c">(slow).from<"x">().threads(99).version<1>(),
    memo::step<"d">(slow).from<"x">().threads(3).version<1>(),
    memo::step<"e">(slow_sum).from<"a", "b", "c", "d">().version<1>());

std::string shown(memo::report const& r) {
  std::string text;
  for (auto const& s : r.steps)
    text += s.name + ' ' + std::string(to_text(s.outcome)) + ' ' + s.reason + ' ' + to_hex(s.key) + ' ' +
            to_hex(s.value) + ' ' + std::to_string(s.elements) + ' ' + std::to_string(s.elements_ran) + '\n';
  for (auto const& w : r.warnings) text += w + '\n';
  return text;
}

}  // namespace

TEST_CASE("steps that do not depend on each other run at the same time") {
  reset();
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  auto const run = runner.run(two_branches, "x"_in = 1.0);
  CHECK(run.get<"c">() == 5);
  CHECK(most == 2);
  CHECK(run.report()["c"].outcome == memo::outcome::ran);
  CHECK(runner.run(two_branches, "x"_in = 1.0).report().count(memo::outcome::hit) == 3);
}

TEST_CASE("with one job every step runs on the caller's thread") {
  static std::thread::id where;
  constexpr auto p = memo::pipeline<"where">(memo::step<"a">([] {
                                               where = std::this_thread::get_id();
                                               return 1;
                                             }).version<1>());
  memo::runner runner{memo::memory_store{}, {.jobs = 1}};
  CHECK(runner.run(p).report()["a"].outcome == memo::outcome::ran);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("steps that share a name of .uses never run at the same time") {
  reset();
  memo::runner runner{memo::memory_store{}, {.jobs = 8}};
  auto const run = runner.run(exclusive, "x"_in = 1.0);
  CHECK(run.get<"e">() == 4);
  CHECK(run.report().count(memo::outcome::ran) == 5);
  CHECK(most == 1);
}

TEST_CASE("a step of four threads takes four of the jobs") {
  reset();
  memo::runner runner{memo::memory_store{}, {.jobs = 6}};
  auto const run = runner.run(heavy, "x"_in = 1.0);
  CHECK(run.get<"e">() == 4);
  CHECK(run.report().count(memo::outcome::ran) == 5);
  CHECK(most == 1);
}

TEST_CASE("results, keys and reports are the same for 1 to 8 jobs") {
  constexpr auto p = memo::pipeline<"same">(
      memo::input<"n", int>,
      memo::step<"list">([](int n) {
        std::vector<int> v(static_cast<std::size_t>(n));
        std::iota(v.begin(), v.end(), 0);
        return v;
      })
          .from<"n">()
          .version<1>(),
      memo::step<"squares">([](int x) { return x * x; }).over<"list">().version<1>(),
      memo::step<"odd">([](std::vector<int> const& v) { return static_cast<int>(v.size()) % 2; })
          .from<"squares">()
          .version<1>(),
      memo::step<"bad">([](int n) -> int { throw std::runtime_error("no " + std::to_string(n)); })
          .from<"n">()
          .version<1>(),
      memo::step<"behind">([](int x) { return x; }).from<"bad">().version<1>(),
      memo::step<"end">([](int a, std::vector<int> const& b) { return a + b.back(); })
          .from<"odd", "squares">()
          .version<1>());
  std::vector<std::string> seen;
  for (unsigned jobs = 1; jobs <= 8; ++jobs) {
    memo::runner runner{memo::memory_store{}, {.jobs = jobs, .keep_going = true}};
    std::string text;
    for (int const n : {100, 100, 101}) text += shown(runner.run(p, "n"_in = n).report());
    seen.push_back(text);
    CHECK(seen.back() == seen.front());
  }
}

TEST_CASE("a failure reaches the contexts of the steps that run") {
  static std::atomic<bool> heard;
  heard = false;
  constexpr auto p = memo::pipeline<"failing">(memo::input<"x", int>,
                                               memo::step<"long">([](memo::context& ctx, int x) {
                                                 for (int i = 0; i < 20'000 && !ctx.stop_requested(); ++i)
                                                   std::this_thread::sleep_for(1ms);
                                                 heard = ctx.stop_requested();
                                                 return x;
                                               })
                                                   .from<"x">()
                                                   .version<1>(),
                                               memo::step<"bad">([](int) -> int {
                                                 std::this_thread::sleep_for(5ms);
                                                 throw std::runtime_error("broken");
                                               })
                                                   .from<"x">()
                                                   .version<1>());
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  try {
    runner.run(p, "x"_in = 1);
    FAIL("it does not throw");
  } catch (memo::step_failed const& e) {
    CHECK(e.step() == "bad");
    CHECK_THROWS_WITH(std::rethrow_if_nested(e), "broken");
  }
  CHECK(heard);
  // What heard of the end may have given half a value: it is not kept.
  runner.options().jobs = 1;
  runner.options().mode = memo::mode::read_only;
  CHECK(runner.plan(p, "x"_in = 1)["long"].forecast == memo::forecast::run);
}

TEST_CASE("what runs when another step fails is finished and kept") {
  constexpr auto p = memo::pipeline<"kept">(memo::input<"x", int>,
                                            memo::step<"long">([](int x) {
                                              counted const here;
                                              meet(2);
                                              std::this_thread::sleep_for(20ms);
                                              return x;
                                            })
                                                .from<"x">()
                                                .version<1>(),
                                            memo::step<"bad">([](int) -> int {
                                              counted const here;
                                              meet(2);
                                              throw std::runtime_error("broken");
                                            })
                                                .from<"x">()
                                                .version<1>());
  reset();
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  CHECK_THROWS_AS(runner.run(p, "x"_in = 1), memo::step_failed);
  CHECK(runner.plan(p, "x"_in = 1)["long"].forecast == memo::forecast::hit);
}

TEST_CASE("the pause of .retry doubles and ends early when the run is stopped") {
  static std::vector<std::chrono::steady_clock::time_point> tries;
  tries.clear();
  constexpr auto p = memo::pipeline<"retries">(memo::step<"flaky">([] {
                                                 tries.push_back(std::chrono::steady_clock::now());
                                                 if (tries.size() < 4) throw std::runtime_error("not yet");
                                                 return 1;
                                               })
                                                   .retry(3, 10ms)
                                                   .version<1>());
  memo::runner runner{memo::memory_store{}, {.jobs = 1}};
  CHECK(runner.run(p).get<"flaky">() == 1);
  REQUIRE(tries.size() == 4);
  CHECK(tries[1] - tries[0] >= 10ms);
  CHECK(tries[2] - tries[1] >= 20ms);
  CHECK(tries[3] - tries[2] >= 40ms);

  constexpr auto hopeless = memo::pipeline<"hopeless">(
      memo::step<"bad">([]() -> int { throw std::runtime_error("never"); }).retry(3, 1h).version<1>());
  std::stop_source source;
  runner.options().stop = source.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_AS(runner.run(hopeless), memo::step_failed);
  stopper.join();
}

TEST_CASE("two runs of one process compute a step once") {
  reset();
  memo::memory_store const store;
  constexpr auto p = memo::pipeline<"once">(memo::step<"a">([] {
                                              counted const here;
                                              std::this_thread::sleep_for(30ms);
                                              return 7;
                                            }).version<1>());
  std::vector<std::thread> threads;
  std::atomic<int> hits{0}, right{0};
  for (unsigned i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      memo::runner runner{store, {.jobs = 1 + i % 3}};
      auto const run = runner.run(p);
      right += run.get<"a">() == 7;
      hits += run.report()["a"].outcome == memo::outcome::hit;
    });
  for (auto& t : threads) t.join();
  CHECK(right == 8);
  CHECK(calls == 1);
  CHECK(hits == 7);
}

TEST_CASE("a runner may be used within a step of another, with the same threads") {
  static memo::memory_store const store;
  static constexpr auto inner = memo::pipeline<"inner">(memo::input<"n", int>, memo::step<"twice">([](int n) {
                                                                                 counted const here;
                                                                                 return 2 * n;
                                                                               })
                                                                                   .from<"n">()
                                                                                   .uses<"disk">()
                                                                                   .version<1>());
  constexpr auto outer =
      memo::pipeline<"outer">(memo::input<"list", std::vector<int>>,
                              memo::step<"all">([](int n) {
                                memo::runner nested{store, {.jobs = 3}};
                                return nested.run(inner, "n"_in = n).get<"twice">();
                              })
                                  .over<"list">()
                                  .version<1>(),
                              memo::step<"one">([](std::vector<int> const& list) {
                                memo::runner nested{store, {.jobs = 3}};
                                return nested.run(inner, "n"_in = list.front()).get<"twice">();
                              })
                                  .from<"list">()
                                  .uses<"disk">()
                                  .version<1>());
  reset();
  memo::runner runner{store, {.jobs = 3}};
  auto const run = runner.run(outer, "list"_in = {1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(run.get<"all">() == std::vector<int>{2, 4, 6, 8, 10, 12, 14, 16, 18});
  CHECK(run.get<"one">() == 2);
  CHECK(run.report().count(memo::outcome::ran) == 2);
  CHECK(calls == 9);
}

TEST_CASE("the longest way through the graph goes first where earlier runs tell how long steps take") {
  static std::mutex lock;
  static std::vector<std::string> order;
  auto const note = [](char const* name, std::chrono::milliseconds time) {
    {
      std::lock_guard const guard(lock);
      order.emplace_back(name);
    }
    std::this_thread::sleep_for(time);
    return 1;
  };
  static auto const noted = note;
  constexpr auto p = memo::pipeline<"critical">(
      memo::input<"x", int>, memo::step<"s1">([](int) { return noted("s1", 30ms); }).from<"x">().version<1>(),
      memo::step<"s2">([](int) { return noted("s2", 30ms); }).from<"x">().version<1>(),
      memo::step<"s3">([](int) { return noted("s3", 30ms); }).from<"x">().version<1>(),
      memo::step<"s4">([](int) { return noted("s4", 30ms); }).from<"x">().version<1>(),
      memo::step<"long">([](int) { return noted("long", 120ms); }).from<"x">().version<1>());
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  CHECK(runner.run(p, "x"_in = 1).report().count(memo::outcome::ran) == 5);
  order.clear();
  CHECK(runner.run(p, "x"_in = 2).report().count(memo::outcome::ran) == 5);
  REQUIRE(order.size() == 5);
  bool const is_early = order[0] == "long" || order[1] == "long" || order[2] == "long";
  CHECK(is_early);
}

namespace {

memo::runner const* self = nullptr;
int recursive(int n);
constexpr auto circle =
    memo::pipeline<"circle">(memo::input<"n", int>, memo::step<"r">(recursive).from<"n">().version<1>());
int recursive(int n) { return self->run(circle, "n"_in = n).get<"r">() + 1; }
int recursive_map(int n);
constexpr auto map_circle = memo::pipeline<"map circle">(
    memo::input<"list", std::vector<int>>, memo::step<"r">(recursive_map).over<"list">().version<1>());
int recursive_map(int n) { return self->run(map_circle, "list"_in = {n, n, n}).get<"r">().front() + 1; }

constexpr auto shared_part =
    memo::pipeline<"shared part">(memo::input<"n", int>, memo::step<"s">([](int n) {
                                                           counted const here;
                                                           std::this_thread::sleep_for(5ms);
                                                           return n + 1;
                                                         })
                                                             .from<"n">()
                                                             .version<1>());
int ask(int n) {
  std::this_thread::sleep_for(2ms);
  return self->run(shared_part, "n"_in = n).get<"s">();
}
int ask_too(int n) { return ask(n) * 2; }
constexpr auto asking = memo::pipeline<"asking">(shared_part, memo::step<"a">(ask).from<"n">().version<1>(),
                                                 memo::step<"b">(ask_too).from<"n">().version<1>());

}  // namespace

TEST_CASE("a step that runs a pipeline with itself in it is an error that names the chain") {
  for (unsigned const jobs : {1u, 2u, 4u}) {
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    self = &runner;
    try {
      runner.run(circle, "n"_in = 1);
      FAIL("it does not throw");
    } catch (memo::step_failed const& e) {
      std::string const text = e.what();
      CHECK(text.find("a step asks for its own result") != std::string::npos);
      CHECK(text.find("r \u2192 r") != std::string::npos);
    }
    CHECK_THROWS_WITH(runner.run(map_circle, "list"_in = {1, 1, 1}),
                      Catch::Matchers::Contains("a step asks for its own result"));
  }
}

TEST_CASE(
    "runs within steps that want what another step of the run gives never wait for each other in a circle") {
  for (unsigned jobs = 1; jobs <= 4; ++jobs) {
    reset();
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    self = &runner;
    for (int n = 0; n < 10; ++n) {
      auto const run = runner.run(asking, "n"_in = n);
      CHECK(run.get<"a">() == n + 1);
      CHECK(run.get<"b">() == 2 * (n + 1));
    }
    CHECK(calls == 10);
  }
}
