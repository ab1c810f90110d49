#include <memo/run/work_log.hpp>

#include <catch2/catch.hpp>

#include <memo/memo.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace memo::literals;
using memo::detail::work_log;

namespace {

double halved(int x) { return x / 2.0; }
double summed(std::vector<double> const& all, double more) {
  for (double const x : all) more += x;
  return more;
}

constexpr auto sums = memo::pipeline<"sums">(
    memo::input<"xs", std::vector<int>>, memo::step<"half">(halved).over<"xs">().version<1>(),
    memo::step<"first">(+[](int x) { return x + 0.5; }).from<"x">().version<1>(),
    memo::step<"sum">(summed).from<"half", "first">().version<1>(), memo::input<"x", int>.defaults_to(2));

std::vector<int> numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("a call is a span from the beginning of the run, and threads are numbered as they come") {
  work_log log;
  log.start(1000);
  log.add(7, 1100, 1500, 0);
  std::thread([&] { log.add(8, 1200, 1300, 0); }).join();
  log.add(9, 1600, 1700, 0);
  auto const spans = log.spans();
  REQUIRE(spans.size() == 3);
  CHECK((spans[0].step == 7 && spans[0].worker == 0 && spans[0].start_ns == 100 && spans[0].end_ns == 500));
  CHECK((spans[1].step == 8 && spans[1].worker == 1 && spans[1].start_ns == 200));
  CHECK((spans[2].step == 9 && spans[2].worker == 0 && spans[2].elements == 0));
}

TEST_CASE("elements of one map that follow each other on a thread are one span") {
  work_log log;
  log.start(0);
  log.add(1, 0, 1000, 10);
  log.add(1, 1000 + 99'999, 200'000, 5);
  SECTION("a gap ends it") { log.add(1, 300'000, 400'000, 1); }
  SECTION("another step ends it") {
    log.add(2, 200'001, 200'002, 0);
    log.add(1, 200'003, 200'004, 1);
  }
  SECTION("another thread has its own") {
    std::thread([&] { log.add(1, 200'001, 200'002, 1); }).join();
  }
  auto const spans = log.spans();
  REQUIRE(spans.size() >= 2);
  CHECK((spans[0].start_ns == 0 && spans[0].end_ns == 200'000 && spans[0].elements == 15));
  CHECK(spans.back().elements == 1);
}

TEST_CASE("a step that is called twice has two spans") {
  work_log log;
  log.start(0);
  log.add(1, 0, 10, 0);
  log.add(1, 10, 20, 0);
  CHECK(log.spans().size() == 2);
}

TEST_CASE("there is a bound on the spans of a run") {
  work_log log;
  for (std::size_t i = 0; i < work_log::most + 5; ++i) log.add(static_cast<std::uint32_t>(i), 0, 1, 0);
  CHECK(log.spans().size() == work_log::most);
}

TEST_CASE("a report tells who worked for which step and when, and nothing of steps that are hits") {
  unsigned const jobs = GENERATE(1U, 2U);
  memo::runner runner{memo::memory_store{}, {.jobs = jobs}};
  auto const xs = numbers(500);
  auto const cold = runner.run(sums, "xs"_in = xs).report();
  std::uint64_t elements = 0;
  std::set<std::string> names;
  for (memo::work_span const& span : cold.work) {
    REQUIRE(span.step < cold.steps.size());
    names.insert(cold.steps[span.step].name);
    elements += span.elements;
    CHECK(span.worker < jobs);
    CHECK((0 <= span.start_ns && span.start_ns <= span.end_ns && span.end_ns <= cold.time_ns));
  }
  CHECK(names == std::set<std::string>{"half", "first", "sum"});
  CHECK(elements == 500);
  CHECK(cold.started_ms > 1'600'000'000'000);
  CHECK(cold.count(memo::outcome::ran) == 3);

  auto const warm = runner.run(sums, "xs"_in = xs).report();
  CHECK(warm.work.empty());
  CHECK(warm.count(memo::outcome::hit) == 3);
  CHECK(warm.started_ms >= cold.started_ms);
}

TEST_CASE("no two spans of one thread overlap unless one lies in the other") {
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  auto work = runner.run(sums, "xs"_in = numbers(2000)).report().work;
  std::sort(work.begin(), work.end(), [](auto const& a, auto const& b) {
    return a.worker != b.worker ? a.worker < b.worker : a.start_ns < b.start_ns;
  });
  for (std::size_t i = 1; i < work.size(); ++i)
    if (work[i].worker == work[i - 1].worker)
      CHECK((work[i].start_ns >= work[i - 1].end_ns || work[i].end_ns <= work[i - 1].end_ns));
}

TEST_CASE("a report describes its pipeline also when the run and the runner are gone") {
  memo::report kept;
  {
    memo::runner runner{memo::memory_store{}};
    kept = runner.run(sums, "xs"_in = numbers(3)).report();
  }
  REQUIRE(kept.graph);
  REQUIRE(kept.graph->steps.size() == kept.steps.size());
  for (std::size_t i = 0; i < kept.steps.size(); ++i) CHECK(kept.graph->steps[i].name == kept.steps[i].name);
  CHECK(kept.graph->steps[0].is_map);
  CHECK(kept.graph->steps[2].reads == std::vector<std::string>{"half", "first"});
  CHECK(kept.graph->steps[2].level == 2);
}

TEST_CASE("a pipeline runs with inputs and targets that are known at run time only") {
  using memo::detail::runner_access;
  memo::runner const runner{memo::memory_store{}};
  auto const xs = std::make_shared<std::vector<int> const>(numbers(4));
  auto const run = runner_access::engine_for(runner, sums, {xs, nullptr}, {}, false);
  runner_access::run(runner, *run);
  CHECK(run->report().count(memo::outcome::ran) == 3);
  auto const typed = runner.run(sums, "xs"_in = *xs);
  CHECK(typed.report().count(memo::outcome::hit) == 3);
  CHECK(typed.get<"sum">() == 5.5);

  auto const plan = runner_access::engine_for(runner, sums, {xs, std::make_shared<int const>(9)}, {}, true);
  runner_access::run(runner, *plan);
  CHECK(plan->report()["half"].forecast == memo::forecast::hit);
  CHECK(plan->report()["first"].forecast == memo::forecast::run);
}
