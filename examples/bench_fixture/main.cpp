// A benchmark whose fixture takes longer than what is measured: it is built by the first start of the program, and read
// back by all others. Change `count`, and it is built again; go back, and the old one is still there.
#include "kd_tree.hpp"

#include <memo/memo.hpp>

#include <benchmark/benchmark.h>

#include <iostream>
#include <vector>

using namespace memo::literals;

constexpr auto fixtures =
    memo::pipeline<"bench_fixture">(memo::input<"count", std::size_t>, memo::input<"seed", std::uint64_t>,
                                    memo::step<"tree">(kd::random_tree).from<"count", "seed">().version<1>());

std::vector<kd::point> const& tree() {
  static auto const run = [] {
    auto made = memo::runner{memo::directory_store{}}.run(fixtures, "count"_in = 3'000'000, "seed"_in = 1);
    std::cerr << made.report();
    return made;
  }();
  return run.get<"tree">();
}

void nearest_neighbour(benchmark::State& state) {
  std::vector<kd::point> const& points = tree();
  auto const queries = kd::random_points(1024, 2);
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(kd::nearest(points, queries[next++ % queries.size()]));
}
BENCHMARK(nearest_neighbour);

void scan(benchmark::State& state) {
  auto const points = std::span(tree()).first(static_cast<std::size_t>(state.range(0)));
  kd::point const to{0.5f, 0.5f, 0.5f};
  for (auto _ : state) {
    float best = 1;
    for (kd::point const& p : points) best = std::min(best, kd::squared_distance(p, to));
    benchmark::DoNotOptimize(best);
  }
}
BENCHMARK(scan)->Arg(1000)->Arg(100'000);

BENCHMARK_MAIN();
