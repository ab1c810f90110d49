#include <memo/run/context.hpp>

#include "../support/behaviour.hpp"

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

// context.parallel_for: in steps, in elements of maps, and within itself.

using namespace memo::literals;
using memo::context;
using memo::outcome;
using test::names;

namespace {

std::size_t square_sum(std::size_t n) { return n == 0 ? 0 : (n - 1) * n * (2 * n - 1) / 6; }

/// Sums the squares below n, each by a call of its own.
std::size_t sum_squares(context& c, std::size_t n) {
  std::vector<std::size_t> squares(n, 0);
  c.parallel_for(n, [&](std::size_t i) { squares[i] += i * i; });
  return std::accumulate(squares.begin(), squares.end(), std::size_t{0});
}

/// The same for a table of n rows, each of which is a loop of its own.
std::size_t sum_table(context& c, std::size_t n) {
  std::vector<std::size_t> rows(n, 0);
  c.parallel_for(n, [&](std::size_t row) {
    std::vector<std::size_t> columns(n, 0);
    c.parallel_for(n, [&](std::size_t column) { columns[column] += row * column; });
    rows[row] += std::accumulate(columns.begin(), columns.end(), std::size_t{0});
  });
  return std::accumulate(rows.begin(), rows.end(), std::size_t{0});
}

constexpr auto sums = memo::pipeline<"sums">(
    memo::input<"n", std::size_t>, memo::step<"squares">(sum_squares).from<"n">().version<1>(),
    memo::step<"table">(sum_table).from<"n">().version<1>(),
    memo::step<"total">([](std::size_t a, std::size_t b) { return a + b; })
        .from<"squares", "table">()
        .version<1>());

constexpr auto mapped =
    memo::pipeline<"mapped">(memo::input<"sizes", std::vector<std::size_t>>,
                             memo::step<"sums">(sum_squares).over<"sizes">().version<1>(),
                             memo::step<"tables">(sum_table).over<"sizes">().version<1>());

/// Waits until `count` is at least `wanted`; false after a time that no machine needs.
bool reached(std::atomic<int> const& count, int wanted) {
  for (int i = 0; i < 60'000 && count.load() < wanted; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return count.load() >= wanted;
}

}  // namespace

TEST_CASE("every index is called once, by any number of threads, also where loops are nested") {
  for (unsigned const jobs : {1u, 2u, 4u, 8u}) {
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    for (std::size_t const n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
      auto const cold = runner.run(sums, "n"_in = n);
      std::size_t const triangle = n == 0 ? 0 : n * (n - 1) / 2;
      CHECK(cold.get<"squares">() == square_sum(n));
      CHECK(cold.get<"table">() == triangle * triangle);
      CHECK(test::all_ran(cold.report()) == (n != 1));  // for n = 1, the sums are those of n = 0
      CHECK(test::all_hit(runner.run(sums, "n"_in = n).report()));
    }
  }
}

TEST_CASE("elements of maps may have loops of their own") {
  std::vector<std::size_t> sizes(60);
  std::iota(sizes.begin(), sizes.end(), std::size_t{1});
  for (unsigned const jobs : {1u, 4u}) {
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    auto const cold = runner.run(mapped, "sizes"_in = sizes);
    CHECK(cold.report()["sums"].elements_ran == sizes.size());
    CHECK(cold.report()["tables"].elements_ran == sizes.size());
    bool right = true;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      right = right && cold.get<"sums">()[i] == square_sum(sizes[i]);
    CHECK(right);
    CHECK(test::all_hit(runner.run(mapped, "sizes"_in = sizes).report()));
  }
}

TEST_CASE("with one job the loop runs on the caller's thread, in order") {
  auto const p = memo::pipeline<"order">(memo::step<"order">([](context& c) {
    std::vector<std::size_t> order;
    bool here = true;
    c.parallel_for(100, [&, id = std::this_thread::get_id()](std::size_t i) {
      order.push_back(i);
      here = here && std::this_thread::get_id() == id;
    });
    return here && std::is_sorted(order.begin(), order.end()) && order.size() == 100;
  }));
  auto const run = memo::runner{memo::memory_store{}, {.jobs = 1}}.run(p);
  CHECK(run.get<"order">());
  CHECK(test::all_ran(run.report()));
}

TEST_CASE("calls run at the same time where there are several jobs") {
  auto const p = memo::pipeline<"meeting">(memo::step<"met">([](context& c) {
    std::atomic<int> arrived{0};
    std::atomic<bool> all_met{true};
    c.parallel_for(2, [&](std::size_t) {
      arrived.fetch_add(1);
      if (!reached(arrived, 2)) all_met.store(false);
    });
    return all_met.load();
  }));
  auto const run = memo::runner{memo::memory_store{}, {.jobs = 2}}.run(p);
  CHECK(run.get<"met">());
  CHECK(test::all_ran(run.report()));
}

TEST_CASE("what a call throws fails the step, and no further calls begin") {
  static std::atomic<int> begun{0};
  static std::atomic<bool> fails{true};
  constexpr auto p = memo::pipeline<"failing">(memo::input<"n", std::size_t>,
                                               memo::step<"loop">([](context& c, std::size_t n) {
                                                 c.parallel_for(n, [&](std::size_t i) {
                                                   begun.fetch_add(1);
                                                   if (fails && i == 3)
                                                     throw std::runtime_error("index 3 is out of bounds");
                                                 });
                                                 return n;
                                               })
                                                   .from<"n">()
                                                   .version<1>());
  constexpr std::size_t many = 1'000'000;
  for (unsigned const jobs : {1u, 4u}) {
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    fails = true;
    begun = 0;
    try {
      runner.run(p, "n"_in = many);
      FAIL("the run has to fail");
    } catch (memo::step_failed const& e) {
      CHECK(e.step() == "loop");
      CHECK(e.message() == "index 3 is out of bounds");
      CHECK_THROWS_AS(std::rethrow_if_nested(e), std::runtime_error);
    }
    if (jobs == 1) CHECK(begun == 4);
    CHECK(begun < static_cast<int>(many));
    fails = false;
    begun = 0;
    auto const again = runner.run(p, "n"_in = many);
    CHECK(test::ran(again.report()) == names{"loop"});
    CHECK(begun == static_cast<int>(many));
  }
}

TEST_CASE("an exception passes through nested loops") {
  auto const p = memo::pipeline<"nested">(memo::step<"loops">([](context& c) {
    c.parallel_for(20, [&](std::size_t i) {
      c.parallel_for(20, [i](std::size_t j) {
        if (i == 7 && j == 11) throw std::out_of_range("deep inside");
      });
    });
    return 1;
  }));
  for (unsigned const jobs : {1u, 4u})
    CHECK(test::contains(
        test::error_of<memo::step_failed>([&] { memo::runner{memo::memory_store{}, {.jobs = jobs}}.run(p); }),
        "deep inside"));
}

TEST_CASE("calls on all threads see that the run is to stop, and nothing of the step is kept") {
  static std::atomic<int> waiting{0};
  static std::atomic<bool> waits{true};
  constexpr auto p = memo::pipeline<"stopping">(
      memo::step<"loop">([](context& c) {
        c.parallel_for(2, [&](std::size_t) {
          waiting.fetch_add(1);
          while (waits && !c.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        return 1;
      }).version<1>(),
      memo::step<"after">([](int n) { return n + 1; }).from<"loop">().version<1>());
  for (unsigned const jobs : {1u, 2u}) {
    memo::memory_store const store;
    waits = true;
    waiting = 0;
    std::stop_source source;
    std::jthread const stopper([&] {
      reached(waiting, static_cast<int>(jobs));
      source.request_stop();
    });
    CHECK_THROWS_AS((memo::runner{store, {.jobs = jobs, .stop = source.get_token()}}.run(p)),
                    memo::run_cancelled);
    waits = false;
    auto const next = memo::runner{store, {.jobs = jobs}}.run(p);
    CHECK(test::ran(next.report()) == names{"loop", "after"});
    CHECK(next.get<"after">() == 2);
  }
}

TEST_CASE("runs of several threads share the workers of their loops") {
  memo::runner const runner{memo::memory_store{}, {.mode = memo::mode::off, .jobs = 3}};
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t round = 0; round < 20; ++round) {
        auto const run = runner.run(sums, "n"_in = 10 + t);
        if (run.get<"squares">() == square_sum(10 + t) && test::all_ran(run.report())) right.fetch_add(1);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(right == 80);
}

TEST_CASE("a context that belongs to no run calls its loops itself") {
  context const c("alone", 0, {}, nullptr);
  std::size_t sum = 0;
  c.parallel_for(10, [&](std::size_t i) { sum += i; });
  CHECK(sum == 45);
}
