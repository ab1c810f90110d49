// Hashing of values against XXH3 over bytes that are ready. The ratio of two rows in one run is what counts:
// `ready` / `value` is to be 0.9 or more for arrays and packed structs, 0.3 or more for nested structs, and an int and
// a double may take a handful of nanoseconds more.
#include <memo/key/encoding.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct point {
  float x, y, z;
};
struct params {
  int epochs;
  double rate;
};
struct record {
  std::string name;
  std::vector<double> values;
  std::vector<std::string> tags;
  params how;
};

std::vector<double> const& doubles() {
  static std::vector<double> const made = [] {
    std::vector<double> values(8192);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) * 0.5;
    return values;
  }();
  return made;
}

std::vector<point> const& points() {
  static std::vector<point> const made = [] {
    std::vector<point> values(10'000'000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = {static_cast<float>(i), 1.0f, 2.0f};
    return values;
  }();
  return made;
}

std::vector<record> const& records() {
  static std::vector<record> const made = [] {
    std::vector<record> values(100'000);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::string const number = std::to_string(i);
      values[i] = {"record " + number,
                   std::vector<double>(10 + i % 7, 0.5),
                   {"train", number, "a longer tag of it"},
                   {static_cast<int>(i), 0.1}};
    }
    return values;
  }();
  return made;
}

// The bytes that a value is hashed as, made beforehand; also the check that both sides hash the same.
template <class T>
memo::shared_bytes ready_bytes(T const& value) {
  memo::shared_bytes bytes = memo::encode(value).join();
  if (memo::hash_bytes(bytes.view) != memo::digest_of(value)) {
    std::fputs("the two sides of a benchmark hash different bytes\n", stderr);
    std::abort();
  }
  return bytes;
}

template <class T>
void ready(benchmark::State& state, T const& value) {
  auto const bytes = ready_bytes(value);
  for (auto _ : state) benchmark::DoNotOptimize(memo::hash_bytes(bytes.view));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes.view.size()));
}

template <class T>
void value(benchmark::State& state, T const& value) {
  auto const bytes = ready_bytes(value);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&value);
    benchmark::ClobberMemory();
    benchmark::DoNotOptimize(memo::digest_of(value));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes.view.size()));
}

template <class T>
void encoded(benchmark::State& state, T const& value) {
  std::uint64_t size = 0;
  for (auto _ : state) {
    auto const made = memo::encode(value);
    size = made.size();
    benchmark::DoNotOptimize(made.object());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(size));
}

void compare(std::string const& name, auto const& value) {
  benchmark::RegisterBenchmark((name + "/ready").c_str(), [&value](auto& state) { ready(state, value); });
  benchmark::RegisterBenchmark((name + "/value").c_str(), [&value](auto& state) { ::value(state, value); });
  benchmark::RegisterBenchmark((name + "/encoded").c_str(), [&value](auto& state) { encoded(state, value); });
}

}  // namespace

int main(int argc, char** argv) {
  static params const small{3, 0.1};
  compare("int_and_double", small);
  compare("doubles_64KiB", doubles());
  compare("points_1e7", points());
  compare("records_1e5", records());
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
