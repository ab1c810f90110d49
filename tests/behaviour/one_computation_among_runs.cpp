#include <memo/memo.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

// Programs that run one pipeline on one directory at the same time. MEMO_TEST_LONG=1 makes 1000 rounds of 20.

using namespace memo::literals;
using namespace std::chrono_literals;
using test::channel;
using test::process;

namespace {

channel* computing = nullptr;  // told of each call
int cost_ms = 50;

double simulate(int key) {
  computing->send();
  std::this_thread::sleep_for(std::chrono::milliseconds(cost_ms));
  return key + 0.5;
}
double doubled(double x) { return 2 * x; }

constexpr auto study = memo::pipeline<"study">(
    memo::input<"key", int>, memo::step<"simulated">(simulate).from<"key">().version<1>(),
    memo::step<"doubled">(doubled).from<"simulated">().version<1>());

int rounds() { return test::is_long() ? 1000 : 20; }

/// What a program of this test gives: 0 it computed, 1 it found, 2 something is wrong, 3 it waited and says for whom.
int run_study(std::filesystem::path const& folder, int key, memo::options const& options) {
  memo::runner runner{memo::directory_store{folder}, options};
  auto const run = runner.run(study, "key"_in = key);
  if (run.get<"doubled">() != 2 * key + 1) return 2;
  memo::step_report const& line = run.report()["simulated"];
  if (line.outcome == memo::outcome::ran) return 0;
  if (line.outcome != memo::outcome::hit) return 2;
  return line.waited_for.starts_with("process ") ? 3 : 1;
}

}  // namespace

TEST_CASE("of sixteen programs that start on one cold key one computes") {
  scratch_folder const folder;
  cost_ms = 50;
  int waited = 0;
  for (int round = 0; round < rounds(); ++round) {
    channel begin, calls;
    computing = &calls;
    std::vector<process> all;
    for (unsigned p = 0; p < 16; ++p)
      all.emplace_back([&] {
        begin.receive();
        return run_study(folder / "cache", round, {.jobs = 1 + p % 3});
      });
    begin.send(16);
    int computed = 0;
    for (auto& one : all) {
      int const status = one.join();
      CHECK((status == 0 || status == 1 || status == 3));
      computed += status == 0;
      waited += status == 3;
    }
    CHECK(computed == 1);
    CHECK(calls.count() == 1);
  }
  CHECK(waited > 0);
}

TEST_CASE("where the program that computes is killed another takes over") {
  scratch_folder const folder;
  std::chrono::nanoseconds longest{};
  for (int round = 0; round < rounds(); ++round) {
    channel calls;
    computing = &calls;
    cost_ms = 100'000;
    process first([&] { return run_study(folder / "cache", round, {.jobs = 1}); });
    calls.receive();
    cost_ms = 1;
    std::vector<process> all;
    for (unsigned p = 0; p < 3; ++p)
      all.emplace_back([&] { return run_study(folder / "cache", round, {.jobs = 1 + p}); });
    std::this_thread::sleep_for(std::chrono::milliseconds(round % 5 * 2));
    CHECK(calls.count() == 0);
    first.end(SIGKILL);
    auto const killed = std::chrono::steady_clock::now();
    calls.receive();
    longest = std::max(longest, std::chrono::steady_clock::now() - killed);
    int computed = 0;
    for (auto& one : all) computed += one.join() == 0;
    CHECK(computed == 1);
    CHECK(calls.count() == 0);
  }
  WARN("a program took over from a killed one within " << longest / 1ms << " ms");
  CHECK(longest < 20s);
}

TEST_CASE("a program waits no longer than options.wait, and says so") {
  scratch_folder const folder;
  channel calls;
  computing = &calls;
  cost_ms = 3'000;
  process first([&] { return run_study(folder / "cache", 1, {.jobs = 1}); });
  calls.receive();
  cost_ms = 1;
  {
    process second([&] { return run_study(folder / "cache", 1, {.jobs = 2, .wait = 30ms}); });
    CHECK(second.join() == 0);
  }
  CHECK(calls.count() == 1);
  first.end(SIGKILL);
  // What the second computed is there for the third.
  process third([&] { return run_study(folder / "cache", 1, {.jobs = 2}); });
  CHECK(third.join() == 1);
  CHECK(calls.count() == 0);
}

TEST_CASE("a mode that writes nothing waits for no other program and makes no file") {
  scratch_folder const folder;
  channel calls;
  computing = &calls;
  cost_ms = 1;
  process only([&] { return run_study(folder / "cache", 1, {.mode = memo::mode::read_only, .jobs = 2}); });
  CHECK(only.join() == 0);
  CHECK(calls.count() == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));
}
