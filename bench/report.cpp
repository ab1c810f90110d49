// What reports cost a warm run of 100 steps from a directory: the run alone, which collects what a report is made of; the
// same with the report made; told to a console that writes a log; written to the history; and as a file of JSON, as the
// command line keeps it. The ways take turns, so that all see the same machine; medians and their ratios are printed.
#include "chain.hpp"

#include <memo/memo.hpp>

#include <memo/export.hpp>
#include <memo/report/console.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

using namespace memo::literals;

namespace {

struct way {
  char const* name;
  std::function<void()> run;
  std::vector<double> times{};
};

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main() {
  auto const folder = std::filesystem::temp_directory_path() / "memo-bench-report";
  std::filesystem::remove_all(folder);
  memo::directory_store const store{folder / "cache"};
  memo::runner const runner{store, {.jobs = 1}};
  if (!runner.run(chain, "000"_in = 1.0).ok()) return 1;

  int const log = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  memo::console console({.descriptor = log});
  memo::runner const told{store, {.jobs = 1, .observer = &console}};
  memo::history const history(memo::history_file_in(store.location()));
  std::size_t used = 0;
  std::vector<way> ways{
      {"the run alone", [&] { runner.run(chain, "000"_in = 1.0); }},
      {"and its report", [&] { used += runner.run(chain, "000"_in = 1.0).report().steps.size(); }},
      {"told to a console", [&] { told.run(chain, "000"_in = 1.0); }},
      {"in the history", [&] { used += history.append(runner.run(chain, "000"_in = 1.0).report()).size(); }},
      {"as JSON in a file", [&] {
         std::ofstream(folder / "report.json") << memo::to_json(runner.run(chain, "000"_in = 1.0).report());
       }}};
  constexpr int rounds = 400, batch = 4;
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < ways.size(); ++i) {
      way& one = ways[(i + static_cast<std::size_t>(round)) % ways.size()];
      auto const start = std::chrono::steady_clock::now();
      for (int n = 0; n < batch; ++n) one.run();
      one.times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() /
          batch);
    }
  double const alone = median(ways.front().times);
  for (way const& one : ways)
    std::printf("%-20s %8.1f us  %.3f\n", one.name, median(one.times), median(one.times) / alone);
  std::filesystem::remove_all(folder);
  return used == 0;
}
