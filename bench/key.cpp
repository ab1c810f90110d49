// Deriving the key of a call with an int and a double, against one-shot XXH3-128 of the same bytes behind a 32-byte
// prefix. The ratio of the two rows in one run is what counts: at most 3.
#include <memo/key/key_value.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace {

void one_shot(benchmark::State& state) {
  std::array<std::byte, 32 + sizeof(int) + sizeof(double)> bytes{};
  int steps = 100;
  double dt = 0.5;
  for (auto _ : state) {
    ++steps;
    std::memcpy(bytes.data() + 32, &steps, sizeof steps);
    std::memcpy(bytes.data() + 36, &dt, sizeof dt);
    benchmark::DoNotOptimize(bytes);
    memo::digest d = memo::hash_bytes(bytes);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(one_shot);

void derived_key(benchmark::State& state) {
  memo::digest const prefix{1, 2};
  int steps = 100;
  double dt = 0.5;
  for (auto _ : state) {
    ++steps;
    benchmark::DoNotOptimize(dt);
    memo::key_parts parts;
    memo::add_value(parts, memo::part::input, {}, steps, 0);
    memo::add_value(parts, memo::part::input, {}, dt, 0);
    memo::digest d = parts.key(prefix, 0);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(derived_key);

}  // namespace
