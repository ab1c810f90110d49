// What an executor costs for each task: chains, fans and random layered graphs (three predecessors each) of 10^3 to 10^5 tasks,
// empty and of 1 us, by 1 and 2 workers. Beside it, in the same rounds: plain calls, oneTBB's task_group (atomic counters; the first
// ready successor returned to the scheduler, or called by the task itself), its flow_graph built once, OpenMP tasks,
// Taskflow. The table has the median of all rounds, in ns per task.
//
// usage: tasks [--quick] [--least]   (--least: the least of the rounds in place of the median, for a busy machine)
#include <memo/exec/work_stealing_executor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#ifdef MEMO_BENCH_TBB
#  define TBB_PREVIEW_TASK_GROUP_EXTENSIONS 1
#  include <tbb/flow_graph.h>
#  include <tbb/global_control.h>
#  include <tbb/task_arena.h>
#  include <tbb/task_group.h>
#endif
#ifdef MEMO_BENCH_TASKFLOW
#  include <taskflow/taskflow.hpp>
#endif

namespace {

using steady = std::chrono::steady_clock;

double ns_since(steady::time_point start) {
  return std::chrono::duration<double, std::nano>(steady::now() - start).count();
}

/// Turns of the loop that take 1 us.
std::uint64_t turns_of_a_microsecond = 0;

[[gnu::noinline]] std::uint64_t spin(std::uint64_t turns, std::uint64_t x) {
  for (std::uint64_t i = 0; i < turns; ++i) x = x * 6364136223846793005U + 1442695040888963407U;
  return x;
}

void calibrate() {
  double best = 1e30;
  constexpr std::uint64_t turns = 1'000'000;
  std::uint64_t volatile sink = 0;
  for (int i = 0; i < 20; ++i) {
    auto const start = steady::now();
    sink = spin(turns, sink);
    best = std::min(best, ns_since(start));
  }
  turns_of_a_microsecond = static_cast<std::uint64_t>(1000.0 * turns / best);
}

struct graph {
  std::vector<std::uint32_t> first_of;  // successors of i: targets[first_of[i]] up to first_of[i + 1]
  std::vector<std::uint32_t> targets;
  std::vector<std::uint32_t> predecessors;
  std::vector<std::uint32_t> roots;
  std::unique_ptr<std::atomic<std::uint32_t>[]> missing;
  std::vector<std::uint64_t> values;
  std::uint64_t turns = 0;

  explicit graph(std::vector<std::vector<std::uint32_t>> const& successors)
      : predecessors(successors.size()),
        missing(new std::atomic<std::uint32_t>[successors.size()]),
        values(successors.size()) {
    for (auto const& s : successors) {
      first_of.push_back(static_cast<std::uint32_t>(targets.size()));
      for (std::uint32_t const t : s) {
        targets.push_back(t);
        ++predecessors[t];
      }
    }
    first_of.push_back(static_cast<std::uint32_t>(targets.size()));
    for (std::uint32_t i = 0; i < size(); ++i)
      if (predecessors[i] == 0) roots.push_back(i);
  }
  std::size_t size() const { return values.size(); }
  void reset() {
    for (std::size_t i = 0; i < size(); ++i) missing[i].store(predecessors[i], std::memory_order_relaxed);
  }
  [[gnu::noinline]] void body(std::uint32_t i) { values[i] = spin(turns, values[i]) + 1; }
  template <class F>
  void each_ready(std::uint32_t done, F&& ready) {
    for (std::uint32_t s = first_of[done]; s != first_of[done + 1]; ++s) {
      std::uint32_t const to = targets[s];
      if (missing[to].fetch_sub(1, std::memory_order_acq_rel) == 1) ready(to);
    }
  }
};

using lists = std::vector<std::vector<std::uint32_t>>;

lists chain(std::uint32_t n) {
  lists made(n);
  for (std::uint32_t i = 0; i + 1 < n; ++i) made[i] = {i + 1};
  return made;
}
lists fan(std::uint32_t n) {
  lists made(n);
  for (std::uint32_t i = 1; i < n; ++i) made[0].push_back(i);
  return made;
}
lists layered(std::uint32_t n) {
  constexpr std::uint32_t width = 100;
  lists made(n);
  std::mt19937 random(7);
  for (std::uint32_t i = width; i < n; ++i) {
    std::uint32_t const layer = i / width - 1;
    std::uint32_t chosen[3] = {width, width, width};
    for (int k = 0; k < 3; ++k) {
      std::uint32_t p;
      do p = static_cast<std::uint32_t>(random() % width);
      while (std::find(chosen, chosen + k, p) != chosen + k);
      chosen[k] = p;
      made[layer * width + p].push_back(i);
    }
  }
  return made;
}

/// A way to run a graph.
struct contender {
  std::string name;
  std::function<std::function<void()>(graph&)> prepare;  // gives what is timed
};

struct memo_run {
  memo::work_stealing_executor& executor;
  graph& g;
  memo::task_group group{};

  memo::task task_of(std::uint32_t i) {
    memo::task made;
    made.run = [](void* self, std::uint64_t node) noexcept {
      auto& r = *static_cast<memo_run*>(self);
      r.g.body(static_cast<std::uint32_t>(node));
      bool next = true;
      r.g.each_ready(static_cast<std::uint32_t>(node), [&](std::uint32_t to) {
        memo::task t = r.task_of(to);
        t.next = std::exchange(next, false);
        r.executor.submit(r.group, t);
      });
    };
    made.state = this;
    made.argument = i;
    return made;
  }
  void operator()() {
    bool next = true;
    for (std::uint32_t const root : g.roots) {
      memo::task t = task_of(root);
      t.next = std::exchange(next, false);
      executor.submit(group, t);
    }
    executor.wait(group);
  }
};

std::vector<contender> contenders(unsigned workers) {
  std::vector<contender> all;
  all.push_back({"memo", [workers](graph& g) {
                   auto executor = memo::work_stealing_executor::shared(workers);
                   return [executor, &g] { memo_run{*executor, g}(); };
                 }});
  if (workers == 1)
    all.push_back({"plain calls", [](graph& g) {
                     return [&g] {
                       for (std::uint32_t i = 0; i < g.size(); ++i) g.body(i);
                     };
                   }});
#ifdef MEMO_BENCH_TBB
  static std::unique_ptr<tbb::global_control> limit;
  auto arena = std::make_shared<tbb::task_arena>(static_cast<int>(workers));
  auto limited = [workers] {
    limit.reset();
    limit = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, workers);
  };
  struct returning {
    graph& g;
    tbb::task_group& group;
    std::uint32_t node;
    tbb::task_handle operator()() const {
      g.body(node);
      tbb::task_handle next;
      g.each_ready(node, [&](std::uint32_t to) {
        if (next)
          group.run(returning{g, group, to});
        else
          next = group.defer(returning{g, group, to});
      });
      return next;
    }
  };
  struct calling {
    graph& g;
    tbb::task_group& group;
    std::uint32_t node;
    void operator()() const {
      for (std::uint32_t i = node;;) {
        std::uint32_t next = UINT32_MAX;
        g.body(i);
        g.each_ready(i, [&](std::uint32_t to) {
          if (next == UINT32_MAX)
            next = to;
          else
            group.run(calling{g, group, to});
        });
        if (next == UINT32_MAX) return;
        i = next;
      }
    }
  };
  all.push_back({"tbb bypass", [arena, limited](graph& g) {
                   limited();
                   return [arena, &g] {
                     arena->execute([&g] {
                       tbb::task_group group;
                       for (std::uint32_t const root : g.roots) group.run(returning{g, group, root});
                       group.wait();
                     });
                   };
                 }});
  all.push_back({"tbb inline", [arena, limited](graph& g) {
                   limited();
                   return [arena, &g] {
                     arena->execute([&g] {
                       tbb::task_group group;
                       for (std::uint32_t const root : g.roots) group.run(calling{g, group, root});
                       group.wait();
                     });
                   };
                 }});
  all.push_back({"tbb flow", [arena, limited](graph& g) {
                   limited();
                   using node = tbb::flow::continue_node<tbb::flow::continue_msg>;
                   struct built {
                     tbb::flow::graph flow;
                     std::vector<std::unique_ptr<node>> nodes;
                   };
                   std::shared_ptr<built> made;
                   arena->execute([&] {
                     made = std::make_shared<built>();
                     for (std::uint32_t i = 0; i < g.size(); ++i)
                       made->nodes.push_back(std::make_unique<node>(
                           made->flow, [&g, i](tbb::flow::continue_msg const&) { g.body(i); }));
                     for (std::uint32_t i = 0; i < g.size(); ++i)
                       for (std::uint32_t s = g.first_of[i]; s != g.first_of[i + 1]; ++s)
                         tbb::flow::make_edge(*made->nodes[i], *made->nodes[g.targets[s]]);
                   });
                   return [arena, made, &g] {
                     arena->execute([&] {
                       for (std::uint32_t const root : g.roots) made->nodes[root]->try_put({});
                       made->flow.wait_for_all();
                     });
                   };
                 }});
#endif
#ifdef MEMO_BENCH_TASKFLOW
  auto pool = std::make_shared<tf::Executor>(workers);
  all.push_back({"taskflow", [pool](graph& g) {
                   auto flow = std::make_shared<tf::Taskflow>();
                   std::vector<tf::Task> nodes;
                   for (std::uint32_t i = 0; i < g.size(); ++i)
                     nodes.push_back(flow->emplace([&g, i] { g.body(i); }));
                   for (std::uint32_t i = 0; i < g.size(); ++i)
                     for (std::uint32_t s = g.first_of[i]; s != g.first_of[i + 1]; ++s)
                       nodes[i].precede(nodes[g.targets[s]]);
                   return [pool, flow] { pool->run(*flow).wait(); };
                 }});
#endif
#ifdef _OPENMP
  struct omp {
    static void run(graph* g, std::uint32_t node) {
      g->body(node);
      g->each_ready(node, [g](std::uint32_t to) { submit(g, to); });
    }
    static void submit(graph* g, std::uint32_t node) {
#  pragma omp task firstprivate(g, node)
      run(g, node);
    }
  };
  all.push_back({"openmp", [workers](graph& g) -> std::function<void()> {
                   // A task that finds many waiting runs at once, inside the other: too deep for the stack.
                   if (g.size() > 10'000 && g.first_of[1] + 1 < g.size()) return nullptr;
                   return [workers, p = &g] {
                     graph* const all_of = p;
#  pragma omp parallel num_threads(static_cast<int>(workers))
#  pragma omp single
                     for (std::uint32_t const root : all_of->roots) omp::submit(all_of, root);
                   };
                 }});
#endif
  return all;
}

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

double least(std::vector<double> of) { return *std::min_element(of.begin(), of.end()); }

}  // namespace

int main(int argc, char** argv) {
  auto const given = [&](char const* option) {
    return std::any_of(argv + 1, argv + argc, [&](char const* a) { return std::strcmp(a, option) == 0; });
  };
  bool const quick = given("--quick");
  auto const middle = given("--least") ? least : median;
  calibrate();
#ifndef MEMO_BENCH_TBB
  std::puts("oneTBB (Debian package libtbb-dev) was not found: skipped");
#endif
#ifndef MEMO_BENCH_TASKFLOW
  std::puts("Taskflow (<taskflow/taskflow.hpp>) was not found: skipped");
#endif
#ifndef _OPENMP
  std::puts("compiled without OpenMP: skipped");
#endif
  struct shape {
    char const* name;
    lists (*make)(std::uint32_t);
  };
  bool first_line = true;
  for (double const us : {0.0, 1.0})
    for (unsigned const workers : {1U, 2U})
      for (shape const s : {shape{"chain", chain}, shape{"fan", fan}, shape{"layered", layered}})
        for (std::uint32_t const n : {1'000U, 10'000U, 100'000U}) {
          std::vector<contender> const all = contenders(workers);
          graph g(s.make(n));
          g.turns = us == 0.0 ? 0 : turns_of_a_microsecond;
          std::vector<std::function<void()>> runs;
          for (contender const& c : all) runs.push_back(c.prepare(g));
          std::vector<std::vector<double>> times(all.size());
          double const budget = (quick ? 0.05e9 : 0.6e9) * (us == 0.0 ? 1 : 2);
          auto const start = steady::now();
          std::uint64_t rounds = 0;
          for (; rounds < 3 || (ns_since(start) < budget && rounds < 400); ++rounds)
            for (std::size_t i = 0; i < all.size(); ++i) {
              if (runs[i] == nullptr) continue;
              if (rounds != 0 && times[i].back() * n > 0.3e9 && times[i].size() >= 3) continue;
              // The threads of the one before stop spinning.
              if (workers > 1) std::this_thread::sleep_for(std::chrono::milliseconds(3));
              g.reset();
              if (us == 0.0) std::fill(g.values.begin(), g.values.end(), rounds);
              auto const begin = steady::now();
              runs[i]();
              times[i].push_back(ns_since(begin) / n);
              if (us == 0.0 && std::any_of(g.values.begin(), g.values.end(),
                                           [&](std::uint64_t v) { return v != rounds + 1; })) {
                std::printf("%s ran a task not once\n", all[i].name.c_str());
                return 1;
              }
            }
          if (std::exchange(first_line, false)) {
            std::printf("ns per task          tasks  W");
            for (contender const& c : all) std::printf(" %12s", c.name.c_str());
            std::puts("");
          }
          std::printf("%-5s %-10s %9u  %u", us == 0.0 ? "empty" : "1 us", s.name, n, workers);
          for (std::size_t i = 0; i < all.size(); ++i) {
            if (workers != 1 && i == 1) std::printf(" %12s", "");
            if (times[i].empty())
              std::printf(" %12s", "-");
            else
              std::printf(" %12.1f", middle(times[i]));
          }
          std::puts("");
          std::fflush(stdout);
        }
}
