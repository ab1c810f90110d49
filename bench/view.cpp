// A vector of 1 GiB from a directory store: a view whose checksum is verified, against XXH3-128 over bytes that are mapped
// already (the ratio `hash_mapped` to `verified_view` in one run is to be at least 0.9); a trusted view (to be at most 100
// us); the store's read into memory, as a vector, by an ifstream, and by numpy.load where python3 has it. Rows of what
// reads into memory have touched as much memory before: pages that a virtual machine has not used for a while come back
// slowly, and would be charged to whoever is first.
#include <memo/core/large_pages.hpp>
#include <memo/core/mapping.hpp>
#include <memo/key/encoding.hpp>
#include <memo/store/directory_store.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr std::size_t count = (std::size_t{1} << 30) / sizeof(double);

struct stored {
  stored() {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(i);
    memo::encoding const encoded = memo::encode(values);
    object = encoded.object();
    memo::object_source const source{
        .object = object, .checksum = encoded.checksum(), .size = encoded.size(), .pieces = encoded.pieces()};
    memo::put_request const request{.key = object, .objects = {&source, 1}};
    if (!memo::directory_store{root()}.put({&request, 1}).stored) std::abort();
    file = root() / "v1/o" / memo::to_hex(object).insert(2, "/");
    std::ofstream array(root() / "array.npy", std::ios::binary);
    std::string header =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
    header.resize(117, ' ');
    array << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header << '\n';
    array.write(reinterpret_cast<char const*>(values.data()), static_cast<std::streamsize>(encoded.size()));
  }
  ~stored() { std::filesystem::remove_all(root()); }
  static std::filesystem::path root() { return std::filesystem::current_path() / "memo-bench-view"; }

  memo::digest object;
  std::filesystem::path file;
};

stored const& made() {
  static stored const once;
  return once;
}

void touch_memory() {
  // In large pages, as what is taken of the freed memory next may be, or not.
  std::vector<double> memory;
  memory.reserve(count);
  memo::detail::prefer_large_pages(memory.data(), count * sizeof(double));
  memory.assign(count, 1);
  benchmark::DoNotOptimize(memory.data());
}

void hash_mapped(benchmark::State& state) {
  auto const file = memo::detail::os::open_for_reading(AT_FDCWD, made().file.c_str());
  auto const mapped = memo::detail::os::map(file.value.get(), 0, std::filesystem::file_size(made().file));
  auto const bytes = mapped.value->view().subspan(64);
  memo::digest warm = memo::hash_bytes(bytes);
  benchmark::DoNotOptimize(warm);
  for (auto _ : state) {
    memo::digest digest = memo::hash_bytes(bytes);
    benchmark::DoNotOptimize(digest);
  }
}

void view(benchmark::State& state, memo::integrity check) {
  made();
  memo::directory_store const store{stored::root(), {.integrity = check}};
  if (!store.capabilities().mappable) state.SkipWithError("files are not mapped on this file system");
  for (auto _ : state) {
    auto found = store.view(made().object);
    if (found.status != memo::lookup::hit) state.SkipWithError("no hit");
    benchmark::DoNotOptimize(found.bytes.view.back());
  }
}
void verified_view(benchmark::State& state) { view(state, memo::integrity::every_view); }
void view_verified_before(benchmark::State& state) {
  (void)memo::directory_store{stored::root()}.view(made().object);
  view(state, memo::integrity::first_view);
}
void trusted_view(benchmark::State& state) { view(state, memo::integrity::trust_large); }

void read(benchmark::State& state) {
  made();
  memo::directory_store const store{stored::root()};
  for (auto _ : state) {
    state.PauseTiming();
    touch_memory();
    state.ResumeTiming();
    auto found = store.read(made().object);
    if (found.status != memo::lookup::hit) state.SkipWithError("no hit");
    benchmark::DoNotOptimize(found.bytes.view.back());
  }
}

void read_as_vector(benchmark::State& state) {
  made();
  memo::directory_store const store{stored::root()};
  for (auto _ : state) {
    state.PauseTiming();
    touch_memory();
    state.ResumeTiming();
    auto const found = store.view(made().object);
    auto values = memo::decode<std::vector<double>>(found.bytes.view);
    benchmark::DoNotOptimize(values.back());
  }
}

void ifstream_into_vector(benchmark::State& state) {
  made();
  for (auto _ : state) {
    state.PauseTiming();
    touch_memory();
    state.ResumeTiming();
    std::ifstream in(made().file, std::ios::binary);
    in.seekg(64);
    std::vector<double> values(count);
    in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(double)));
    if (in.gcount() != static_cast<std::streamsize>(count * sizeof(double))) state.SkipWithError("not read");
    benchmark::DoNotOptimize(values.back());
  }
}

// Gives the seconds of numpy.load alone, without the interpreter's start.
void numpy_load(benchmark::State& state) {
  made();
  std::string const path = (stored::root() / "array.npy").string();
  std::string const command =
      "python3 -c \"import time, numpy; numpy.ones(1 << 27); start = time.perf_counter(); "
      "a = numpy.load('" +
      path + "'); print(time.perf_counter() - start if a[-1] == len(a) - 1 else 'wrong')\" 2>/dev/null";
  for (auto _ : state) {
    double seconds = 0;
    FILE* const output = ::popen(command.c_str(), "r");
    bool const done = output != nullptr && std::fscanf(output, "%lf", &seconds) == 1;
    if (output != nullptr) ::pclose(output);
    if (!done) {
      state.SkipWithError("python3 with numpy was not found (Debian package python3-numpy)");
      return;
    }
    state.SetIterationTime(seconds);
  }
}

BENCHMARK(hash_mapped)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5)->Repetitions(3);
BENCHMARK(verified_view)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5)->Repetitions(3);
BENCHMARK(view_verified_before)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(trusted_view)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(read)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(read_as_vector)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(ifstream_into_vector)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);
BENCHMARK(numpy_load)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(3);

}  // namespace
