// Looking at files: what it costs to see that one did not change, whatever its size, in this process and first of all in
// one that has the record of an earlier one; and hashing several big files at once.
//
// An unchanged file is to cost less than 5 us, of 1 byte and of 1 GiB.
#include <memo/exec/parallel_for.hpp>
#include <memo/exec/work_stealing_executor.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/file.hpp>
#include <memo/run/file_record.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;
using memo::detail::file_table;

class folder {
 public:
  folder() {
    std::string name = (fs::temp_directory_path() / "memo-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  // Sparse, and old enough to be remembered.
  std::string make(std::string const& name, std::uint64_t size) const {
    fs::path const path = path_ / name;
    if (fs::exists(path)) return path.string();
    std::ofstream(path) << 'x';
    fs::resize_file(path, size);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return path.string();
  }

 private:
  fs::path path_;
};

folder const& files() {
  static folder const made;
  return made;
}

std::uint64_t size_of(benchmark::State const& state) { return static_cast<std::uint64_t>(state.range(0)); }

void unchanged(benchmark::State& state) {
  std::string const path = files().make(std::to_string(size_of(state)), size_of(state));
  memo::file_digest(path);
  for (auto _ : state) benchmark::DoNotOptimize(memo::file_digest(path));
}
BENCHMARK(unchanged)->Arg(1)->Arg(1 << 20)->Arg(1 << 30);

// The record is read, of this file and 999 others, and the file is looked at.
void unchanged_in_new_process(benchmark::State& state) {
  std::string const path = files().make(std::to_string(size_of(state)), size_of(state));
  memo::file_digest(path);
  std::vector<memo::detail::known_file> known{file_table::process().find(memo::detail::path_id(path, 0))};
  for (std::uint64_t i = 1; i < static_cast<std::uint64_t>(state.range(1)); ++i) {
    known.push_back(known.front());
    known.back().path.low += i;
  }
  std::string const record = memo::detail::write_file_record(known);
  for (auto _ : state) {
    state.PauseTiming();
    file_table::process().clear();
    state.ResumeTiming();
    for (auto const& file : memo::detail::read_file_record(record)) file_table::process().recall(file);
    benchmark::DoNotOptimize(memo::file_digest(path));
  }
}
BENCHMARK(unchanged_in_new_process)->Args({1, 1})->Args({1 << 30, 1})->Args({1 << 30, 1000});

// A small file that has to be read, and what the question to the file system's clock adds to it.
void changed(benchmark::State& state) {
  std::string const path = files().make("small", 100);
  for (auto _ : state) {
    file_table::process().clear();
    if (state.range(0) == 0) memo::detail::file_clocks::process().clear();
    benchmark::DoNotOptimize(memo::file_digest(path));
  }
}
BENCHMARK(changed)->ArgName("clock_known")->Arg(0)->Arg(1);

void a_thousand_unchanged(benchmark::State& state) {
  std::vector<memo::file> all;
  for (int i = 0; i < 1000; ++i) {
    std::string const path = files().make("one", 1);
    all.emplace_back(path);
  }
  for (auto _ : state) benchmark::DoNotOptimize(memo::digest_of(all));
}
BENCHMARK(a_thousand_unchanged)->Unit(benchmark::kMicrosecond);

void four_big_files(benchmark::State& state) {
  std::vector<memo::file> all;
  for (int i = 0; i < 4; ++i) all.emplace_back(files().make("big" + std::to_string(i), 64 << 20));
  auto const threads = static_cast<unsigned>(state.range(0));
  memo::work_stealing_executor executor(threads);
  memo::executor_ref ref(executor);
  memo::detail::file_workers const workers{
      [](void* of, std::size_t count, void (*body)(void*, std::size_t, std::size_t), void* with) {
        memo::parallel_for(*static_cast<memo::executor_ref*>(of), count, {body, with});
      },
      &ref};
  memo::detail::file_scope const scope(nullptr, workers);
  memo::digest_of(all);  // so that the kernel has them
  for (auto _ : state) {
    file_table::process().clear();
    benchmark::DoNotOptimize(memo::digest_of(all));
  }
  state.SetBytesProcessed(state.iterations() * (std::int64_t{256} << 20));
}
BENCHMARK(four_big_files)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
