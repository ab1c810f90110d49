// What the whole engine costs for each step, caching off: pipelines of 10^3 and 10^4 steps made of rows at run time, as
// a chain, a fan (all read the input) and layers of 100 steps that each read three of the layer before; steps that add
// what they read, and the same with 1 us of work. Beside them direct calls in the same order, and oneTBB's flow_graph
// where the build finds it, built once and built for each run. A run of memo makes its state, runs, and makes its report.
//
// Prints nanoseconds per step: medians of rounds in which all ways take turns.
#include "rows.hpp"

#include <memo/exec/inline_executor.hpp>
#include <memo/exec/work_stealing_executor.hpp>
#include <memo/run/engine.hpp>
#include <memo/store/memory_store.hpp>

#ifdef MEMO_BENCH_TBB
#  include <tbb/flow_graph.h>
#  include <tbb/global_control.h>
#  include <tbb/task_arena.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

double nanoseconds_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::nano>(clock_type::now() - start).count();
}

std::uint64_t spin(std::uint64_t turns) {
  std::uint64_t x = turns;
  for (std::uint64_t i = 0; i < turns; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
#if defined(__GNUC__)
    asm volatile("" : "+r"(x));
#endif
  }
  return x;
}

std::uint64_t turns_of_one_microsecond() {
  double best = 1e18;
  for (int i = 0; i < 20; ++i) {
    auto const start = clock_type::now();
    spin(100'000);
    best = std::min(best, nanoseconds_since(start));
  }
  return static_cast<std::uint64_t>(100'000 * 1000 / best);
}

/// The shape of a graph: what each step reads, by slot; slot 0 is the input, slot i + 1 what step i gives.
using bench::shape;

shape chain(std::size_t steps) {
  shape made(steps);
  for (std::size_t i = 0; i < steps; ++i) made[i] = {static_cast<std::uint16_t>(i)};
  return made;
}
shape fan(std::size_t steps) { return shape(steps, {0}); }
shape layers(std::size_t steps) {
  constexpr std::size_t width = 100;
  std::uint64_t seed = 1;
  auto const draw = [&seed] {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(seed >> 33) % width;
  };
  shape made(steps, {0});
  for (std::size_t i = width; i < steps; ++i) {
    std::size_t const before = (i / width - 1) * width + 1;
    made[i].clear();
    for (int reads = 0; reads < 3; ++reads) made[i].push_back(static_cast<std::uint16_t>(before + draw()));
  }
  return made;
}

std::uint64_t turns = 0;  // that a step spins

void add_up(void const*, memo::call_frame& frame) {
  std::uint64_t sum = 1;
  for (memo::argument const& a : frame.arguments) sum += *static_cast<std::uint64_t const*>(a.object);
  if (turns != 0) spin(turns);
  frame.results[0] = std::make_shared<std::uint64_t>(sum);
}

template <class Executor>
std::uint64_t run_memo(memo::graph const& rows, memo::any_store const& store, unsigned jobs, Executor& on) {
  memo::detail::engine engine({.graph = rows,
                               .inputs = {std::make_shared<std::uint64_t>(0)},
                               .targets = {},
                               .store = store,
                               .named_stores = {},
                               .options = {.mode = memo::mode::off, .jobs = jobs}});
  engine.run(on);
  return *static_cast<std::uint64_t const*>(
      engine.value(static_cast<std::uint32_t>(rows.slots.size() - 1)).get());
}

/// The same functions on the same values, called one after the other.
std::uint64_t run_direct(shape const& reads, std::vector<std::uint64_t>& values) {
  for (std::size_t i = 0; i < reads.size(); ++i) {
    std::uint64_t sum = 1;
    for (std::uint16_t const slot : reads[i]) sum += values[slot];
    if (turns != 0) spin(turns);
    values[i + 1] = sum;
  }
  return values.back();
}

#ifdef MEMO_BENCH_TBB
class tbb_graph {
 public:
  explicit tbb_graph(shape const& reads) : values_(reads.size() + 1, 0) {
    for (std::size_t i = 0; i < reads.size(); ++i) {
      steps_.push_back(std::make_unique<node>(graph_, [this, i, &reads](tbb::flow::continue_msg) {
        std::uint64_t sum = 1;
        for (std::uint16_t const slot : reads[i]) sum += values_[slot];
        if (turns != 0) spin(turns);
        values_[i + 1] = sum;
      }));
      for (std::uint16_t const slot : reads[i])
        if (slot == 0)
          tbb::flow::make_edge(start_, *steps_[i]);
        else
          tbb::flow::make_edge(*steps_[slot - 1u], *steps_[i]);
    }
  }
  std::uint64_t run() {
    start_.try_put({});
    graph_.wait_for_all();
    return values_.back();
  }

 private:
  using node = tbb::flow::continue_node<tbb::flow::continue_msg>;
  tbb::flow::graph graph_;
  tbb::flow::broadcast_node<tbb::flow::continue_msg> start_{graph_};
  std::vector<std::uint64_t> values_;
  std::vector<std::unique_ptr<node>> steps_;
};
#endif

struct way {
  std::string name;
  std::function<std::uint64_t()> run;
  std::vector<double> taken{};
};

void measure(char const* name, shape const& reads, int rounds) {
  memo::graph const rows = bench::rows_of(reads, &add_up);
  memo::any_store const store{memo::memory_store{}};
  std::vector<std::uint64_t> values(reads.size() + 1, 0);
  memo::inline_executor here;
  memo::work_stealing_executor two(2);
  std::vector<way> ways;
  ways.push_back({"direct", [&] { return run_direct(reads, values); }});
  ways.push_back({"memo 1", [&] { return run_memo(rows, store, 1, here); }});
  ways.push_back({"memo 2", [&] { return run_memo(rows, store, 2, two); }});
#ifdef MEMO_BENCH_TBB
  tbb::task_arena one_arena(1), two_arena(2);
  tbb_graph* once_one = nullptr;
  tbb_graph* once_two = nullptr;
  one_arena.execute([&] { once_one = new tbb_graph(reads); });
  two_arena.execute([&] { once_two = new tbb_graph(reads); });
  std::unique_ptr<tbb_graph> const keep_one(once_one), keep_two(once_two);
  auto const in = [](tbb::task_arena& arena, auto body) {
    std::uint64_t result = 0;
    arena.execute([&] { result = body(); });
    return result;
  };
  ways.push_back({"tbb once 1", [&, in] { return in(one_arena, [&] { return once_one->run(); }); }});
  ways.push_back({"tbb once 2", [&, in] { return in(two_arena, [&] { return once_two->run(); }); }});
  ways.push_back({"tbb built 1", [&, in] { return in(one_arena, [&] { return tbb_graph(reads).run(); }); }});
  ways.push_back({"tbb built 2", [&, in] { return in(two_arena, [&] { return tbb_graph(reads).run(); }); }});
#endif

  std::uint64_t const expected = run_direct(reads, values);
  for (int round = 0; round <= rounds; ++round)
    for (way& w : ways) {
      auto const start = clock_type::now();
      std::uint64_t const result = w.run();
      double const taken = nanoseconds_since(start);
      if (result != expected) {
        std::fprintf(stderr, "%s gives another result for %s\n", w.name.c_str(), name);
        std::exit(1);
      }
      if (round != 0) w.taken.push_back(taken / static_cast<double>(reads.size()));
    }
  static bool head = false;
  if (!std::exchange(head, true)) {
    std::printf("ns per step             ");
    for (way const& w : ways) std::printf("%13s", w.name.c_str());
    std::printf("\n");
  }
  std::printf("%-8s%7zu  %-7s", name, reads.size(), turns == 0 ? "empty" : "1 us");
  for (way& w : ways) {
    std::nth_element(w.taken.begin(), w.taken.begin() + rounds / 2, w.taken.end());
    std::printf("%13.1f", w.taken[static_cast<std::size_t>(rounds / 2)]);
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  int const rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 15;
#ifdef MEMO_BENCH_TBB
  tbb::global_control const two_threads(tbb::global_control::max_allowed_parallelism, 2);
#else
  std::printf("skipped: oneTBB (Debian package libtbb-dev) was not found by the build\n");
#endif
  std::uint64_t const microsecond = turns_of_one_microsecond();
  for (std::uint64_t const work : {std::uint64_t{0}, microsecond}) {
    turns = work;
    for (std::size_t const steps : {std::size_t{1000}, std::size_t{10'000}}) {
      measure("chain", chain(steps), rounds);
      measure("fan", fan(steps), rounds);
      measure("layers", layers(steps), rounds);
    }
  }
}
