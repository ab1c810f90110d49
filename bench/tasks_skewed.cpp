// A skewed graph of sleeping tasks on 8 threads: one long chain beside many short tasks, which are there first. With priorities by
// the critical path it should take little more than max(critical path, work / threads); level by level, with a barrier
// between the levels, much more. Prints both as multiples of that bound, the medians of five rounds.
#include <memo/exec/work_stealing_executor.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

constexpr unsigned threads = 8;
constexpr int chain_length = 40, chain_ms = 5;  // critical path: 200 ms
constexpr int chains = 14, short_length = 4,
              short_ms = 25;  // the rest: 1400 ms of work, in levels of their own

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Node: which chain (0 is the long one) and how far.
struct graph_run {
  memo::work_stealing_executor& executor;
  memo::task_group group{};

  static int length(std::uint64_t chain) { return chain == 0 ? chain_length : short_length; }
  static int ms(std::uint64_t chain) { return chain == 0 ? chain_ms : short_ms; }

  void submit(std::uint64_t chain, std::uint64_t at, bool next) {
    memo::task t;
    t.run = [](void* self, std::uint64_t node) noexcept {
      auto& r = *static_cast<graph_run*>(self);
      std::uint64_t const of = node >> 32, step = node & 0xffffffff;
      std::this_thread::sleep_for(std::chrono::milliseconds(ms(of)));
      if (static_cast<int>(step) + 1 < length(of)) r.submit(of, step + 1, true);
    };
    t.state = this;
    t.argument = chain << 32 | at;
    t.priority = static_cast<std::int64_t>(length(chain) - static_cast<int>(at)) * ms(chain);
    t.next = next;
    executor.submit(group, t);
  }
};

double by_data_flow(memo::work_stealing_executor& executor) {
  double const start = now_ms();
  graph_run r{executor};
  for (std::uint64_t c = chains; c != 0; --c) r.submit(c, 0, false);
  r.submit(0, 0, false);
  executor.wait(r.group);
  return now_ms() - start;
}

double level_by_level(memo::work_stealing_executor& executor) {
  double const start = now_ms();
  for (int level = 0; level < chain_length; ++level) {
    memo::task_group group;
    for (std::uint64_t c = 0; c <= chains; ++c) {
      if (level >= graph_run::length(c)) continue;
      memo::task t;
      t.run = [](void*, std::uint64_t ms) noexcept {
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      };
      t.argument = static_cast<std::uint64_t>(graph_run::ms(c));
      executor.submit(group, t);
    }
    executor.wait(group);
  }
  return now_ms() - start;
}

}  // namespace

int main() {
  memo::work_stealing_executor executor(threads);
  double const critical = chain_length * chain_ms;
  double const work = critical + chains * short_length * short_ms;
  double const bound = std::max(critical, work / threads);
  std::array<double, 5> flow, levels;
  for (std::size_t i = 0; i < flow.size(); ++i) {
    flow[i] = by_data_flow(executor) / bound;
    levels[i] = level_by_level(executor) / bound;
  }
  std::sort(flow.begin(), flow.end());
  std::sort(levels.begin(), levels.end());
  std::printf("bound %.0f ms: by data flow %.3f, level by level %.3f\n", bound, flow[2], levels[2]);
}
