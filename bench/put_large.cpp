// A put of a gibibyte of doubles into a directory store, against hashing the same bytes and writing them to a file.
// The ratio of `put` to `hash + write` in one run is to be at most 1.2, and the peak of memory beside the value at most
// 64 MiB (row `extra_MiB`). The value is touched before anything is timed: pages that a virtual machine has not used
// for a while come back slowly, and would be charged to whoever is first.
#include <memo/key/encoding.hpp>
#include <memo/memo.hpp>

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace memo::literals;

namespace {

std::vector<double> const& gibibyte() {
  static std::vector<double> const made = [] {
    std::vector<double> values((std::size_t{1} << 30) / sizeof(double));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    return values;
  }();
  return made;
}

std::filesystem::path scratch() { return std::filesystem::current_path() / "memo-bench-put"; }

// Peak resident memory in MiB since the last reset, from the kernel's own count.
long peak_mib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      long kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

void write_file(std::string const& name, memo::byte_view bytes) {
  int const fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  while (!bytes.empty()) {
    ssize_t const wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote <= 0) break;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  ::close(fd);
}

void hash_and_write(benchmark::State& state) {
  auto const bytes = std::as_bytes(std::span(gibibyte()));
  std::filesystem::create_directories(scratch());
  auto const name = (scratch() / "raw").string();
  for (auto _ : state) {
    memo::digest d = memo::hash_bytes(bytes);
    benchmark::DoNotOptimize(d);
    write_file(name, bytes);
    state.PauseTiming();
    std::filesystem::remove(name);
    state.ResumeTiming();
  }
  std::filesystem::remove_all(scratch());
}

void put(benchmark::State& state) {
  std::filesystem::create_directories(scratch());
  memo::directory_store store{scratch() / "cache"};
  long extra = 0;
  for (auto _ : state) {
    state.PauseTiming();
    store.clear();
    gibibyte();
    reset_peak();
    long const before = peak_mib();
    state.ResumeTiming();
    memo::encoding const encoded = memo::encode(gibibyte());
    memo::entry made;
    made.step = "grid";
    made.outputs.push_back({.value = encoded.value(), .object = encoded.object(), .size = encoded.size()});
    memo::object_source const source{.object = encoded.object(),
                                     .checksum = encoded.checksum(),
                                     .size = encoded.size(),
                                     .pieces = encoded.pieces()};
    memo::put_request const request{.key = {1, 2}, .value = &made, .objects = {&source, 1}};
    if (!store.put({&request, 1}).stored) state.SkipWithError("not stored");
    state.PauseTiming();
    extra = std::max(extra, peak_mib() - before);
    state.ResumeTiming();
  }
  state.counters["extra_MiB"] = static_cast<double>(extra);
  std::filesystem::remove_all(scratch());
}

BENCHMARK(hash_and_write)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(put)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(hash_and_write)
    ->Name("hash_and_write_again")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(3);
BENCHMARK(put)->Name("put_again")->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

}  // namespace
