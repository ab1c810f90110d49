// What a console costs a warm run of 100 steps. Runs with and without it take turns, so that what else the machine does
// counts for both; `share` is what is added, as a part of the run without it, from the medians. Time is that of the processor
// for the running thread: on a busy machine the wall clock tells who else was let run after a write.
#include "chain.hpp"

#include <memo/memo.hpp>
#include <memo/report/console.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

using namespace memo::literals;

namespace {

/// A terminal that somebody reads.
class terminal {
 public:
  terminal() : main_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (main_ < 0 || ::grantpt(main_) != 0 || ::unlockpt(main_) != 0) return;
    other_ = ::open(::ptsname(main_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    reader_ = std::thread([this] {
      std::array<char, 4096> bytes;
      while (::read(main_, bytes.data(), bytes.size()) > 0) {
      }
    });
  }
  terminal(terminal const&) = delete;
  terminal& operator=(terminal const&) = delete;
  ~terminal() {
    if (other_ >= 0) ::close(other_);  // then the reader's call fails
    if (reader_.joinable()) reader_.join();
    if (main_ >= 0) ::close(main_);
  }
  int fd() const { return other_; }

 private:
  int main_, other_ = -1;
  std::thread reader_;
};

std::int64_t processor_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t median(std::vector<std::int64_t>& times) {
  auto const middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

enum class store_kind { memory, directory };

void warm(benchmark::State& state, store_kind kind, memo::console_options options) {
  auto const path = std::filesystem::temp_directory_path() / "memo-bench-console";
  std::filesystem::remove_all(path);
  memo::any_store store = memo::memory_store{};
  if (kind == store_kind::directory) store = memo::directory_store{path};
  memo::runner runner{store, {.jobs = 1}};
  runner.run(chain, "000"_in = 1.0);
  memo::console console{options};
  std::array<std::vector<std::int64_t>, 2> times;
  for (auto _ : state)
    for (bool const observed : {false, true}) {
      runner.options().observer = observed ? &console : nullptr;
      std::int64_t const start = processor_ns();
      benchmark::DoNotOptimize(runner.run(chain, "000"_in = 1.0));
      times[observed].push_back(processor_ns() - start);
    }
  auto const without = static_cast<double>(median(times[0])), with = static_cast<double>(median(times[1]));
  state.counters["without_us"] = without / 1e3;
  state.counters["added_us"] = (with - without) / 1e3;
  state.counters["share"] = with / without - 1;
  std::filesystem::remove_all(path);
}

void quiet(benchmark::State& state, store_kind kind) {
  warm(state, kind, {.level = memo::verbosity::quiet, .live = false});
}
void to_a_file(benchmark::State& state, store_kind kind, bool summary) {
  int const file = ::open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  warm(state, kind, {.descriptor = file, .live = false, .summary = summary});
  ::close(file);
}
void on_a_terminal(benchmark::State& state, store_kind kind, bool summary) {
  terminal const screen;
  warm(state, kind, {.descriptor = screen.fd(), .live = true, .summary = summary});
}

BENCHMARK_CAPTURE(quiet, memory, store_kind::memory);
BENCHMARK_CAPTURE(quiet, directory, store_kind::directory);
BENCHMARK_CAPTURE(to_a_file, memory_without_summary, store_kind::memory, false);
BENCHMARK_CAPTURE(to_a_file, memory, store_kind::memory, true);
BENCHMARK_CAPTURE(to_a_file, directory, store_kind::directory, true);
BENCHMARK_CAPTURE(on_a_terminal, memory_without_summary, store_kind::memory, false);
BENCHMARK_CAPTURE(on_a_terminal, memory, store_kind::memory, true);
BENCHMARK_CAPTURE(on_a_terminal, directory, store_kind::directory, true);

}  // namespace
