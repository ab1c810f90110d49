// A run as the arguments describe it, for a script that looks at what a person would see of it.
//
// usage: progress LEVEL LIVE MILLISECONDS WORD...
//   LEVEL         quiet, normal, verbose or very_verbose
//   LIVE          live, plain, or auto
//   MILLISECONDS  how long the slow step and the whole map take, each
//   WORD          fail: the last step fails; log: steps write lines, some with escape sequences; warm: the run is made twice,
//                 and told the second time only; wide: the slow step has a name of wide characters; hold: waits for a line
//                 on the standard input in the slow step
#include <memo/memo.hpp>
#include <memo/report/console.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace memo::literals;

namespace {

std::chrono::milliseconds duration{0};
bool fails = false, logs = false, holds = false;

int quick(int n) { return n + 1; }

int slow(memo::context& context, int n) {
  if (logs) context.log("begins\nwith two lines, \x1b[31mred\x1b[2J and \xff");
  if (holds) std::getchar();
  std::this_thread::sleep_for(duration);
  return n + 1;
}

int element(memo::context& context, int n) {
  if (logs && n % 10 == 0) context.log("element " + std::to_string(n));
  std::this_thread::sleep_for(duration / 100);
  return n;
}

int total(std::vector<int> const& values, int n) {
  if (fails) throw std::runtime_error("the total is odd\nand that \x1b[5mcannot be");
  return std::accumulate(values.begin(), values.end(), n);
}

template <memo::fixed_string Slow>
constexpr auto made =
    memo::pipeline<"seen">(memo::input<"n", int>, memo::input<"points", std::vector<int>>,
                           memo::step<"quick">(quick).from<"n">().template version<1>(),
                           memo::step<Slow>(slow).template from<"quick">().template version<1>(),
                           memo::step<"curve">(element).over<"points">().template version<1>(),
                           memo::step<"total">(total).template from<"curve", Slow>().template version<1>());

template <class Pipeline>
int run(Pipeline const& pipeline, memo::console_options options, bool is_warm) {
  std::vector<int> points(100);
  std::iota(points.begin(), points.end(), 0);
  memo::runner runner{memo::memory_store{}, {.jobs = 4}};
  if (is_warm) runner.run(pipeline, "n"_in = 1, "points"_in = points);
  memo::console console{options};
  runner.options().observer = &console;
  try {
    runner.run(pipeline, "n"_in = 1, "points"_in = points);
  } catch (memo::step_failed const&) {
    return 1;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  std::string_view const level = words[1], live = words[2];
  memo::console_options options;
  options.level = level == "quiet"     ? memo::verbosity::quiet
                  : level == "verbose" ? memo::verbosity::verbose
                  : level == "normal"  ? memo::verbosity::normal
                                       : memo::verbosity::very_verbose;
  if (live != "auto") options.live = live == "live";
  duration = std::chrono::milliseconds(std::atoi(words[3]));
  bool is_warm = false, is_wide = false;
  for (int i = 4; i < count; ++i) {
    std::string_view const word = words[i];
    fails |= word == "fail";
    logs |= word == "log";
    holds |= word == "hold";
    is_warm |= word == "warm";
    is_wide |= word == "wide";
  }
  if (is_wide) return run(made<"測定の長い名前のステップ">, options, is_warm);
  return run(made<"slow">, options, is_warm);
}
