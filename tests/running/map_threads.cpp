// Maps on several threads: the same values, counts and failures as on one.
#include <memo/run/map_run.hpp>

#include <memo/exec/work_stealing_executor.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "map_rows.hpp"

#include <array>
#include <stdexcept>
#include <thread>

namespace {

using test::hand_map;
using test::numbers;

void sleep_us(long us) {
  timespec const time{0, us * 1000};
  ::nanosleep(&time, nullptr);
}

}  // namespace

TEST_CASE("a map gives the same on any number of threads, each different element once") {
  for (unsigned const jobs : {1u, 2u, 4u, 8u}) {
    CAPTURE(jobs);
    memo::work_stealing_executor executor(jobs);
    scratch_folder const folder;
    memo::directory_store const store{folder.path()};
    std::array<std::atomic<int>, 2000> calls{};
    hand_map<int, std::string> map([&](int const& x, double, memo::context* context) {
      ++calls[static_cast<std::size_t>(x)];
      if (x % 50 == 0) sleep_us(300);
      return std::to_string(x) + (context->seed() != 0 ? "!" : "?");
    });
    map.row().takes_context = true;
    map.executor = memo::executor_ref(executor);
    auto xs = numbers(0, 2000);
    for (int i = 0; i < 500; ++i) xs.push_back(i);
    auto const cold = map.run(xs, store);
    CHECK(cold.ran == 2000);
    CHECK(cold.warnings.empty());
    REQUIRE(cold.values.size() == 2500);
    bool right = true;
    for (std::size_t i = 0; i < xs.size(); ++i)
      right = right && cold.values[i] == std::to_string(xs[i]) + "!";
    CHECK(right);
    bool once = true;
    for (auto const& count : calls) once = once && count == 1;
    CHECK(once);
    auto const warm = map.run(xs, store);
    CHECK(warm.ran == 0);
    CHECK(warm.found == 2000);
    CHECK(warm.values == cold.values);
    map.options.mode = memo::mode::verify;
    map.options.verify = 0.5;
    CHECK(map.run(xs, store).difference == "");
  }
}

TEST_CASE("elements of several threads overlap, and those of an exclusive step never do") {
  memo::work_stealing_executor executor(4);
  memo::memory_store const store;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    int const now = ++inside;
    for (int known = most; known < now && !most.compare_exchange_weak(known, now);) {
    }
    sleep_us(2000);
    --inside;
    return x / 2.0;
  });
  map.executor = memo::executor_ref(executor);
  CHECK(map.run(numbers(0, 40), store).ran == 40);
  CHECK(most > 1);
  most = 0;
  static constexpr std::string_view names[] = {"library"};
  map.row().options.exclusions.add(names);
  CHECK(map.run(numbers(100, 120), store).ran == 20);
  CHECK(most == 1);
}

TEST_CASE("a failure on one thread ends the map on all, and what was finished is kept") {
  memo::work_stealing_executor executor(4);
  memo::memory_store const store;
  std::atomic<bool> fails{true};
  std::atomic<int> calls{0};
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    ++calls;
    sleep_us(100);
    if (x == 100 && fails) throw std::runtime_error("no hundred");
    return x / 2.0;
  });
  map.executor = memo::executor_ref(executor);
  auto const failed = map.run(numbers(0, 1000), store);
  CHECK(failed.value == nullptr);
  CHECK(failed.failed == std::vector<std::size_t>{100});
  CHECK(failed.message == "element 100: no hundred");
  CHECK(failed.ran == static_cast<std::uint64_t>(calls) - 1);
  CHECK(calls < 1000);
  fails = false;
  auto const resumed = map.run(numbers(0, 1000), store);
  CHECK(resumed.found == failed.ran);
  CHECK(resumed.ran == 1000 - failed.ran);

  SECTION("and with keep_going all are tried") {
    map.options.keep_going = true;
    fails = true;
    map.row().options.version = 2;
    auto const tried = map.run(numbers(0, 1000), store);
    CHECK(tried.ran == 999);
    CHECK(tried.failed == std::vector<std::size_t>{100});
  }
}

TEST_CASE("a long element sees that another has failed") {
  memo::work_stealing_executor executor(4);
  memo::memory_store const store;
  std::atomic<bool> is_waiting{false};
  hand_map<int, double> map([&](int const& x, double, memo::context* context) -> double {
    if (x == 1) {
      while (!is_waiting) sleep_us(100);
      throw std::runtime_error("one");
    }
    is_waiting = true;
    while (!context->stop_requested()) sleep_us(100);
    return 0;
  });
  map.row().takes_context = true;
  map.executor = memo::executor_ref(executor);
  auto const failed = map.run({0, 1}, store);
  CHECK(failed.message == "element 1: one");
  CHECK(failed.failed == std::vector<std::size_t>{1});
  CHECK(failed.ran == 0);
}

TEST_CASE("maps inside elements of maps come to their end") {
  memo::work_stealing_executor executor(3);
  memo::memory_store const store;
  hand_map<int, double> outer([&](int const& x, double, memo::context*) {
    hand_map<int, double> inner([](int const& y, double scale, memo::context*) { return y * scale; });
    inner.executor = memo::executor_ref(executor);
    double sum = 0;
    for (double const y : inner.run(numbers(0, 30), store, x).values) sum += y;
    return sum;
  });
  outer.executor = memo::executor_ref(executor);
  auto const made = outer.run(numbers(0, 60), store);
  CHECK(made.ran == 60);
  for (int x = 0; x < 60; ++x) CHECK(made.values[static_cast<std::size_t>(x)] == 435.0 * x);
}

TEST_CASE("elements that end at the same time are stored before the next ones end") {
  memo::work_stealing_executor executor(4);
  memo::memory_store const store;
  std::atomic<bool> is_seen{false};
  std::thread running([&] {
    hand_map<int, double> map([&](int const& x, double, memo::context*) {
      if (x < 4) sleep_us(600'000);
      while (x >= 4 && !is_seen) sleep_us(1000);
      return x / 2.0;
    });
    map.executor = memo::executor_ref(executor);
    map.run(numbers(0, 8), store);
  });
  hand_map<int, double> map([](int const& x, double, memo::context*) { return x / 2.0; });
  map.options.mode = memo::mode::read_only;
  std::uint64_t found = 0;
  for (int i = 0; i < 1000 && found < 4; ++i) {
    sleep_us(10'000);
    found = map.run(numbers(0, 4), store).found;
  }
  is_seen = true;
  running.join();
  CHECK(found == 4);
}

TEST_CASE("the reason why a map is not cached names its first such element, on any number of threads") {
  for (unsigned const jobs : {1u, 4u}) {
    memo::work_stealing_executor executor(jobs);
    hand_map<int, double> map([](int const& x, double, memo::context* context) {
      if (x < 8) sleep_us(2000 * (8 - x));
      if (x > 1) context->notes().refuse("file `b.txt` changed while it ran");
      return x / 2.0;
    });
    map.row().takes_context = true;
    map.executor = memo::executor_ref(executor);
    auto const made = map.run(numbers(0, 50), memo::memory_store{});
    CHECK(made.uncacheable == "element 2: file `b.txt` changed while it ran");
    CHECK(made.ran == 50);
  }
}
