// What a run costs besides the work of its steps: a chain of 100 trivial functions, called through std::function (the
// floor), run with mode off, and run warm from a memory store and from a directory; beside the last, what opening,
// reading and closing 100 files costs. Ratios in one run are what counts.
#include "chain.hpp"

#include <memo/memo.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace memo::literals;

namespace {

std::filesystem::path scratch(char const* name) {
  auto const path = std::filesystem::temp_directory_path() / (std::string("memo-bench-") + name);
  std::filesystem::remove_all(path);
  return path;
}

void std_functions(benchmark::State& state) {
  std::vector<std::function<double(double)>> functions(100, increment);
  for (auto _ : state) {
    double x = 1;
    for (auto const& f : functions) x = f(x);
    benchmark::DoNotOptimize(x);
  }
}
BENCHMARK(std_functions);

void run_mode_off(benchmark::State& state) {
  memo::runner runner{memo::memory_store{}, {.mode = memo::mode::off}};
  for (auto _ : state) {
    auto run = runner.run(chain, "000"_in = 1.0);
    benchmark::DoNotOptimize(run.get<"100">());
  }
}
BENCHMARK(run_mode_off);

void run_warm(benchmark::State& state, memo::any_store store) {
  memo::runner runner{std::move(store)};
  runner.run(chain, "000"_in = 1.0);
  for (auto _ : state) {
    auto run = runner.run(chain, "000"_in = 1.0);
    if (run.report().count(memo::outcome::hit) != 100) state.SkipWithError("a step ran");
  }
}
void run_warm_memory(benchmark::State& state) { run_warm(state, memo::memory_store{}); }
BENCHMARK(run_warm_memory);

void run_warm_directory(benchmark::State& state) {
  auto const path = scratch("warm");
  run_warm(state, memo::directory_store{path});
  std::filesystem::remove_all(path);
}
BENCHMARK(run_warm_directory);

void open_read_close_100_files(benchmark::State& state) {
  auto const path = scratch("files");
  std::filesystem::create_directories(path);
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    names.push_back((path / std::to_string(i)).string());
    std::ofstream(names.back()) << std::string(300, 'x');
  }
  std::vector<char> buffer(4096);
  for (auto _ : state)
    for (auto const& name : names) {
      int const fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
      if (::read(fd, buffer.data(), buffer.size()) != 300) state.SkipWithError("cannot read");
      ::close(fd);
      benchmark::DoNotOptimize(buffer.data());
    }
  std::filesystem::remove_all(path);
}
BENCHMARK(open_read_close_100_files);

}  // namespace
