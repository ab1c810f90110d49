// A map of 66 000 trivial elements with a directory store, through the whole runner: first run, unchanged, one element
// changed, and shuffled. Wanted: `cold` at most 2 s, `unchanged`
// below 5 ms, `one_changed` below 0.5 s; `disk_to_values` is what lies on disk over the bytes of the results alone, and
// `disk_to_elements` over results and the 16 bytes that each element is known by, wanted at most 1.3.
#include <memo/memo.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace memo::literals;

namespace {

constexpr int elements = 66'000;

double half(int x) { return x * 0.5; }
std::array<double, 16> sixteen(int x) {
  std::array<double, 16> made{};
  made.fill(x);
  return made;
}
std::string text(int x) { return "element " + std::to_string(x); }

template <auto F>
constexpr auto mapped = memo::pipeline<"bench">(
    memo::input<"xs", std::vector<int>>, memo::step<"ys">(F).template over<"xs">().template version<1>());

/// A folder of its own, gone at the end.
struct scratch {
  scratch() { std::filesystem::remove_all(path); }
  ~scratch() { std::filesystem::remove_all(path); }
  std::filesystem::path const path = std::filesystem::current_path() / "memo-bench-map";
};

std::vector<int> numbers() {
  std::vector<int> xs(elements);
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

void check(benchmark::State& state, memo::report const& report, std::uint64_t wanted) {
  if (report["ys"].elements_ran != wanted)
    state.SkipWithError(("ran " + std::to_string(report["ys"].elements_ran)).c_str());
}

template <auto F>
void cold(benchmark::State& state, std::size_t result_bytes) {
  auto const xs = numbers();
  for (auto _ : state) {
    state.PauseTiming();
    {
      scratch const folder;
      memo::directory_store const store{folder.path};
      memo::runner runner{store, {.jobs = static_cast<unsigned>(state.range(0))}};
      state.ResumeTiming();
      auto const run = runner.run(mapped<F>, "xs"_in = xs);
      state.PauseTiming();
      check(state, run.report(), elements);
      auto const stats = store.stats();
      double const each = static_cast<double>(stats.bytes) / elements;
      state.counters["disk_to_values"] = each / static_cast<double>(result_bytes);
      state.counters["disk_to_elements"] = each / static_cast<double>(result_bytes + 16);
      state.counters["files"] = static_cast<double>(stats.entries + stats.objects);
    }
    state.ResumeTiming();
  }
}

template <auto F>
void unchanged(benchmark::State& state) {
  scratch const folder;
  memo::runner runner{memo::directory_store{folder.path}, {.jobs = static_cast<unsigned>(state.range(0))}};
  auto const xs = numbers();
  runner.run(mapped<F>, "xs"_in = xs);
  for (auto _ : state) {
    auto const run = runner.run(mapped<F>, "xs"_in = xs);
    check(state, run.report(), 0);
  }
}

/// Until every result is in memory.
template <auto F>
void unchanged_and_loaded(benchmark::State& state) {
  scratch const folder;
  memo::runner runner{memo::directory_store{folder.path}, {.jobs = static_cast<unsigned>(state.range(0))}};
  auto const xs = numbers();
  runner.run(mapped<F>, "xs"_in = xs);
  for (auto _ : state) {
    auto const run = runner.run(mapped<F>, "xs"_in = xs);
    benchmark::DoNotOptimize(run.template get<"ys">().size());
    check(state, run.report(), 0);
  }
}

template <auto F>
void one_changed(benchmark::State& state) {
  scratch const folder;
  memo::runner runner{memo::directory_store{folder.path}, {.jobs = static_cast<unsigned>(state.range(0))}};
  auto xs = numbers();
  runner.run(mapped<F>, "xs"_in = xs);
  int next = elements;
  for (auto _ : state) {
    xs[1000] = next++;
    auto const run = runner.run(mapped<F>, "xs"_in = xs);
    check(state, run.report(), 1);
  }
}

template <auto F>
void shuffled(benchmark::State& state) {
  scratch const folder;
  memo::runner runner{memo::directory_store{folder.path}, {.jobs = static_cast<unsigned>(state.range(0))}};
  auto xs = numbers();
  runner.run(mapped<F>, "xs"_in = xs);
  std::mt19937 random(5);
  for (auto _ : state) {
    state.PauseTiming();
    std::shuffle(xs.begin(), xs.end(), random);
    state.ResumeTiming();
    auto const run = runner.run(mapped<F>, "xs"_in = xs);
    check(state, run.report(), 0);
  }
}

/// What the same calls cost without memo.
template <auto F>
void plain(benchmark::State& state) {
  auto const xs = numbers();
  for (auto _ : state) {
    std::vector<decltype(F(0))> ys;
    ys.reserve(xs.size());
    for (int const x : xs) ys.push_back(F(x));
    benchmark::DoNotOptimize(ys.data());
  }
}

template <auto F>
void add(std::string const& name, std::size_t result_bytes) {
  auto const with = [&](char const* what, auto function) {
    benchmark::RegisterBenchmark((name + "/" + what).c_str(), function)
        ->ArgName("jobs")
        ->Arg(1)
        ->Arg(2)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  };
  with("cold", [result_bytes](benchmark::State& state) { cold<F>(state, result_bytes); });
  with("unchanged", &unchanged<F>);
  with("unchanged_and_loaded", &unchanged_and_loaded<F>);
  with("one_changed", &one_changed<F>);
  with("shuffled", &shuffled<F>);
  benchmark::RegisterBenchmark((name + "/plain").c_str(), &plain<F>)->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] bool const registered = [] {
  add<half>("8_bytes", 8);
  add<sixteen>("128_bytes", 128);
  add<text>("text", 13);
  return true;
}();

}  // namespace
