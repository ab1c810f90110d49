// Mode verify: what depends on more than its key, and code that changed without a new version.
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

using namespace memo::literals;
using memo::mode;
using test::all_hit;
using test::all_ran;
using test::contains;
using test::names;

namespace {

std::string hidden_path;  // of a file that a step reads without saying so
int global = 0;

int count(int n) {
  static int calls = 0;
  return n + ++calls;
}
std::int64_t time_of_day(int) { return std::chrono::steady_clock::now().time_since_epoch().count(); }
std::uint64_t address(int n) {
  static std::vector<std::unique_ptr<int>> kept;  // so that no address comes twice
  kept.push_back(std::make_unique<int>(n));
  return reinterpret_cast<std::uintptr_t>(kept.back().get());
}
std::vector<double> left_over(int n) {
  static std::vector<double> buffer(16, 0.5);  // what the last call wrote is still there
  std::vector<double> const result = buffer;
  for (double& x : buffer) x += n;
  return result;
}
std::string environment(int) {
  char const* const value = std::getenv("MEMO_TEST_HIDDEN");
  return value == nullptr ? "none" : value;
}
int of_global(int n) { return n + global; }
std::string of_file(int) { return content_of(hidden_path); }
double random_draw(int n) {
  static std::uint64_t state = 1;
  state = state * 6364136223846793005U + 1442695040888963407U;
  return n * static_cast<double>(state >> 11);
}
int pure(int n) { return n * n; }
std::string longer(int n) { return std::string(static_cast<std::size_t>(n) * 100, 'x'); }

constexpr auto careless = memo::pipeline<"careless">(
    memo::input<"n", int>, memo::step<"count">(count).from<"n">(),
    memo::step<"time">(time_of_day).from<"n">(), memo::step<"address">(address).from<"n">(),
    memo::step<"left_over">(left_over).from<"n">(), memo::step<"environment">(environment).from<"n">(),
    memo::step<"global">(of_global).from<"n">(), memo::step<"file">(of_file).from<"n">(),
    memo::step<"random">(random_draw).from<"n">(), memo::step<"pure">(pure).from<"n">(),
    memo::step<"longer">(longer).from<"n">());

names differing(memo::report const& report) {
  names found;
  for (auto const& step : report.steps)
    if (step.differs) found.push_back(step.name);
  return found;
}

/// The code of ten steps: a number that stands for the text of their functions.
constexpr std::size_t steps = 10;
std::array<int, steps> code{};

struct model {
  std::string name = "model";
  double rate = 0.5;
  std::vector<int> counts{};
};
template <std::size_t I>
model improve(model const& m) {
  model better = m;
  better.rate += 0.25;
  better.counts.push_back(static_cast<int>(I));
  better.counts.front() += code[I];
  return better;
}

constexpr auto ten = memo::pipeline<"ten">(memo::input<"start", model>,
                                           memo::step<"s0">(improve<0>).from<"start">().version<1>(),
                                           memo::step<"s1">(improve<1>).from<"s0">().version<1>(),
                                           memo::step<"s2">(improve<2>).from<"s1">().version<1>(),
                                           memo::step<"s3">(improve<3>).from<"s2">().version<1>(),
                                           memo::step<"s4">(improve<4>).from<"s3">().version<1>(),
                                           memo::step<"s5">(improve<5>).from<"s4">().version<1>(),
                                           memo::step<"s6">(improve<6>).from<"s5">().version<1>(),
                                           memo::step<"s7">(improve<7>).from<"s6">().version<1>(),
                                           memo::step<"s8">(improve<8>).from<"s7">().version<1>(),
                                           memo::step<"s9">(improve<9>).from<"s8">().version<1>());

/// Code whose change shows in some elements only.
int changes_from = 1 << 30;
double scaled(int x, double factor) { return x * factor + (x >= changes_from ? 1 : 0); }
constexpr auto mapped =
    memo::pipeline<"mapped">(memo::input<"xs", std::vector<int>>, memo::input<"factor", double>,
                             memo::step<"ys">(scaled).over<"xs">().from<"factor">().version<1>());

std::vector<int> numbers(int size) {
  std::vector<int> made(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) made[static_cast<std::size_t>(i)] = i;
  return made;
}

int twice(int n) { return 2 * n; }
constexpr auto five =
    memo::pipeline<"five">(memo::input<"n", int>, memo::step<"a">(twice).from<"n">(),
                           memo::step<"b">(twice).from<"a">(), memo::step<"c">(twice).from<"b">(),
                           memo::step<"d">(twice).from<"c">(), memo::step<"e">(twice).from<"d">());

/// Within five standard deviations of a binomial distribution: wrong once in two million tests.
bool is_likely(double seen, double tries, double chance) {
  return std::abs(seen - tries * chance) < 5 * std::sqrt(tries * chance * (1 - chance));
}

memo::options verifying(double chance) {
  memo::options made;
  made.mode = mode::verify;
  made.jobs = 1;
  made.verify = chance;
  return made;
}

}  // namespace

TEST_CASE("verify at 1 finds every step that is no function of its inputs, and no other") {
  scratch_folder const folder;
  hidden_path = (folder / "hidden.txt").string();
  write_content(hidden_path, "one");
  global = 0;
  test::variable const before("MEMO_TEST_HIDDEN", "one");
  memo::directory_store const store{folder / "cache"};
  memo::runner const plain{store, {.jobs = 1}}, checking{store, verifying(1)};
  auto const first = plain.run(careless, "n"_in = 3);
  CHECK(all_ran(first.report()));

  write_content(hidden_path, "two");
  global = 1;
  test::variable const after("MEMO_TEST_HIDDEN", "two");
  auto const second = checking.run(careless, "n"_in = 3);
  CHECK(all_hit(second.report()));
  CHECK(differing(second.report()) ==
        names{"count", "time", "address", "left_over", "environment", "global", "file", "random"});
  // What is stored stays, and is used.
  CHECK(second.get<"environment">() == "one");
  CHECK(second.get<"global">() == 3);
  auto const third = plain.run(careless, "n"_in = 3);
  CHECK(all_hit(third.report()));
  CHECK(third.get<"file">() == "one");
}

TEST_CASE("what verify found tells step, inputs, digests and field") {
  memo::memory_store const store;
  code = {};
  model start;
  start.counts = {7};
  memo::runner const plain{store, {.jobs = 1}}, checking{store, verifying(1)};
  auto const first = plain.run(ten, "start"_in = start);
  CHECK(all_ran(first.report()));
  code[1] = 100;
  auto const second = checking.run(ten, "start"_in = start);
  CHECK(all_hit(second.report()));
  auto const& step = second.report()["s1"];
  model wrong = first.get<"s1">();
  wrong.counts.front() += 100;
  CHECK(contains(step.difference, "`s1` stored " + memo::to_hex(memo::digest_of(first.get<"s1">()))));
  CHECK(contains(step.difference, ", now " + memo::to_hex(memo::digest_of(wrong))));
  CHECK(contains(step.difference, "first difference at byte 29 of 41, in `counts[0]`: 7, now 107"));
  CHECK(contains(step.difference, "inputs: `s0` "));
  code = {};
}

TEST_CASE("verify at 1 finds every forgotten version, whichever step it is") {
  memo::memory_store const store;
  code = {};
  model start;
  start.counts = {0};
  memo::runner const plain{store, {.jobs = 1}}, checking{store, verifying(1)};
  CHECK(all_ran(plain.run(ten, "start"_in = start).report()));
  for (std::size_t i = 0; i < steps; ++i) {
    code = {};
    code[i] = 1;
    auto const run = checking.run(ten, "start"_in = start);
    CHECK(all_hit(run.report()));
    CHECK(differing(run.report()) == names{"s" + std::to_string(i)});
    CHECK(run.get<"s9">().counts.front() == 0);
  }
  code = {};
  CHECK(differing(checking.run(ten, "start"_in = start).report()).empty());
}

TEST_CASE("verify at 1 finds elements whose code changed, in a map that is found whole or in parts") {
  scratch_folder const folder;
  // One keeps the whole value, the other one the elements.
  bool const is_shared = GENERATE(false, true);
  memo::any_store const store = is_shared ? memo::any_store(memo::directory_store{folder / "cache"})
                                          : memo::any_store(memo::memory_store{});
  changes_from = 1 << 30;
  memo::runner const plain{store, {.jobs = 1}}, checking{store, verifying(1)};
  CHECK(all_ran(plain.run(mapped, "xs"_in = numbers(100), "factor"_in = 0.5).report()));

  changes_from = 37;
  auto const whole = checking.run(mapped, "xs"_in = numbers(100), "factor"_in = 0.5);
  CHECK(all_hit(whole.report()));
  CHECK(contains(whole.report()["ys"].difference, "in `[37]`: 18.5, now 19.5; inputs: `xs` digest "));
  CHECK(contains(whole.report()["ys"].difference, ", `factor` 0.5"));
  CHECK(whole.get<"ys">()[40] == 20);

  auto const parts = checking.run(mapped, "xs"_in = numbers(50), "factor"_in = 0.5);
  CHECK(parts.report()["ys"].elements_ran == 0);
  CHECK(contains(parts.report()["ys"].difference,
                 "element 37: stored 18.5, now 19.5, from 37; inputs: `xs` digest "));
  CHECK(parts.get<"ys">()[40] == 20);

  auto const unchanged = checking.run(mapped, "xs"_in = numbers(37), "factor"_in = 0.5);
  CHECK(unchanged.report()["ys"].elements_ran == 0);
  CHECK_FALSE(unchanged.report()["ys"].differs);
  changes_from = 1 << 30;
}

TEST_CASE("verify at 0.05 runs every twentieth hit again, of steps, elements and calls") {
  memo::memory_store const store;
  test::recorder events;
  memo::options options = verifying(0.05);
  options.observer = &events;
  memo::runner const checking{store, options};
  CHECK(all_ran(checking.run(five, "n"_in = 1).report()));
  events.clear();
  for (int i = 0; i < 2000; ++i) REQUIRE(all_hit(checking.run(five, "n"_in = 1).report()));
  CHECK(is_likely(static_cast<double>(events.count(memo::event_kind::will_run)), 10'000, 0.05));
  CHECK(events.count(memo::event_kind::did_differ) == 0);

  static int calls;
  constexpr auto counted = memo::pipeline<"counted">(
      memo::input<"xs", std::vector<int>>, memo::step<"ys">([](int x) { return ++calls, x; }).over<"xs">());
  memo::runner const elements{store, verifying(0.05)};
  CHECK(all_ran(elements.run(counted, "xs"_in = numbers(10'000)).report()));
  calls = 0;
  auto const more = elements.run(counted, "xs"_in = numbers(10'001));
  CHECK(more.report()["ys"].elements_ran == 1);
  CHECK(is_likely(calls - 1, 10'000, 0.05));

  auto const called = memo::memoize<"called">([](int x) { return ++calls, x; }, store, verifying(0.05));
  CHECK(called(1) == 1);
  calls = 0;
  for (int i = 0; i < 10'000; ++i) called(1);
  CHECK(called.stats().hits == 10'000);
  CHECK(is_likely(calls, 10'000, 0.05));
}
