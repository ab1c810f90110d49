// A skewed pipeline of sleeping steps on 8 threads: one chain of 12 steps beside 60 short ones, declared before it, all of
// 20 ms. No schedule is shorter than the chain, or than all work divided by 8. Prints how far memo is from that on a
// first run, where it knows nothing of the steps' lengths, and on a second one; and how far a run level by level is.
#include "rows.hpp"

#include <memo/exec/parallel_for.hpp>
#include <memo/exec/work_stealing_executor.hpp>
#include <memo/store/memory_store.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace {

constexpr std::size_t shorts = 60, links = 12;
constexpr unsigned threads = 8;
constexpr std::chrono::milliseconds length{20};

void sleep_and_add(void const* number, memo::call_frame& frame) {
  std::this_thread::sleep_for(length);
  std::uint64_t sum = *static_cast<std::size_t const*>(number);
  for (memo::argument const& a : frame.arguments) sum += *static_cast<std::uint64_t const*>(a.object);
  frame.results[0] = std::make_shared<std::uint64_t>(sum);
}

double milliseconds_of(auto&& act) {
  auto const start = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main() {
  bench::shape reads(shorts, {0});
  for (std::size_t i = 0; i < links; ++i)
    reads.push_back({static_cast<std::uint16_t>(i == 0 ? 0 : reads.size())});
  memo::graph const rows = bench::rows_of(reads, &sleep_and_add);
  memo::memory_store const store;
  memo::work_stealing_executor executor(threads);
  auto const run = [&](std::uint64_t input) {
    memo::detail::engine engine({.graph = rows,
                                 .inputs = {std::make_shared<std::uint64_t>(input)},
                                 .targets = {},
                                 .store = store,
                                 .named_stores = {},
                                 .options = {.jobs = threads}});
    engine.run(executor);
  };
  auto const by_levels = [&] {
    auto const level = [&](std::size_t steps) {
      auto const work = [](void*, std::size_t first, std::size_t last) {
        for (; first < last; ++first) std::this_thread::sleep_for(length);
      };
      memo::parallel_for(executor, steps, {work, nullptr});
    };
    level(shorts + 1);
    for (std::size_t i = 1; i < links; ++i) level(1);
  };
  double const bound = std::max(links * 20.0, (shorts + links) * 20.0 / threads);
  std::printf("no schedule is shorter than %.0f ms; each line is the median of 5\n", bound);
  auto const print = [&](char const* what, auto&& act) {
    double times[5];
    for (double& time : times) time = milliseconds_of(act);
    std::sort(times, times + 5);
    std::printf("%-40s %6.1f ms  %.3f of the bound\n", what, times[2], times[2] / bound);
  };
  std::uint64_t input = 0;
  print("first run, lengths unknown", [&] {
    memo::any_store(store).clear();
    run(++input);
  });
  print("further runs", [&] { run(++input); });
  print("level by level", by_levels);
}
