// A memoized hit with a 16-byte argument from a memory store, against tables that a program may write by hand around
// the same function. Every row measures both in turns, in one run, and gives the median of the pairs: `ours` and
// `theirs` in nanoseconds a call, `ratio` of them (must: at most 2 against unordered_map_mutex with one thread), and in
// the rows of `two_threads` the throughput of two threads on different keys over that of one, ours and theirs (must:
// 1.6, on a machine that has two processors). Pairs during which another program got a processor are left out;
// `undisturbed` is how many are left.
#include <memo/run/memoize.hpp>
#include <memo/store/memory_store.hpp>

#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#ifdef MEMO_BENCH_TBB  // defined where oneTBB is linked
#  include <tbb/concurrent_hash_map.h>
#endif
#if __has_include(<boost/unordered/concurrent_flat_map.hpp>)
#  include <boost/unordered/concurrent_flat_map.hpp>
#  define MEMO_BENCH_FLAT_MAP 1
#endif

namespace {

struct arguments {
  int steps;
  double dt;
  friend bool operator==(arguments const&, arguments const&) = default;
};
struct hash_of_arguments {
  std::size_t operator()(arguments const& a) const {
    return std::hash<int>{}(a.steps) * 0x9e3779b97f4a7c15U ^ std::hash<double>{}(a.dt);
  }
  static std::size_t hash(arguments const& a) { return hash_of_arguments{}(a); }
  static bool equal(arguments const& a, arguments const& b) { return a == b; }
};

double simulate(int steps, double dt) { return steps * dt; }

auto make_memoized() { return memo::memoize<"simulate">(simulate, memo::memory_store{}); }
struct ours {
  double operator()(arguments const& a) { return table(a.steps, a.dt); }
  decltype(make_memoized()) table = make_memoized();
};

struct unordered_map_mutex {
  double operator()(arguments const& a) {
    {
      std::lock_guard const guard(lock);
      if (auto const found = table.find(a); found != table.end()) return found->second;
    }
    double const made = simulate(a.steps, a.dt);
    std::lock_guard const guard(lock);
    table.emplace(a, made);
    return made;
  }
  std::mutex lock;
  std::unordered_map<arguments, double, hash_of_arguments> table;
};

struct unordered_map_shared_mutex {
  double operator()(arguments const& a) {
    {
      std::shared_lock const guard(lock);
      if (auto const found = table.find(a); found != table.end()) return found->second;
    }
    double const made = simulate(a.steps, a.dt);
    std::lock_guard const guard(lock);
    table.emplace(a, made);
    return made;
  }
  std::shared_mutex lock;
  std::unordered_map<arguments, double, hash_of_arguments> table;
};

#ifdef MEMO_BENCH_TBB
struct tbb_concurrent_hash_map {
  using map = tbb::concurrent_hash_map<arguments, double, hash_of_arguments>;
  double operator()(arguments const& a) {
    map::const_accessor found;
    if (table.find(found, a)) return found->second;
    double const made = simulate(a.steps, a.dt);
    table.emplace(a, made);
    return made;
  }
  map table;
};
#endif

#ifdef MEMO_BENCH_FLAT_MAP
struct boost_concurrent_flat_map {
  double operator()(arguments const& a) {
    double made = 0;
    if (table.visit(a, [&](auto const& found) { made = found.second; }) != 0) return made;
    made = simulate(a.steps, a.dt);
    table.emplace(a, made);
    return made;
  }
  boost::concurrent_flat_map<arguments, double, hash_of_arguments> table;
};
#endif

using times = std::vector<double>;

double median(times all) {
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

/// In the order in which the tables are filled; they are asked in another one, as a node's neighbours would help.
std::vector<arguments> all_arguments(std::size_t count) {
  std::vector<arguments> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({static_cast<int>(i), 0.5 + static_cast<double>(i % 7)});
  return all;
}

struct turn {
  double nanoseconds = 0;      ///< of wall time for each call
  bool was_disturbed = false;  ///< another program got a processor of ours meanwhile
};

/// `threads` threads each ask for `calls` of their own part of `asked`, beginning at the same time.
template <class Table>
turn take_turn(Table& table, std::vector<arguments> const& asked, std::size_t& at, std::size_t threads,
               std::size_t calls) {
  using clock = std::chrono::steady_clock;
  std::size_t const part = asked.size() / threads;
  std::atomic<std::size_t> ready{0};
  std::vector<clock::time_point> starts(threads), ends(threads);
  std::vector<long> preemptions(threads);
  auto const preempted = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
  };
  auto work = [&](std::size_t thread) {
    double sum = 0;
    std::size_t i = at % part;
    ++ready;
    while (ready.load() != threads) {
    }
    long const before = preempted();
    starts[thread] = clock::now();
    for (std::size_t n = 0; n < calls; ++n) {
      sum += table(asked[thread * part + i]);
      if (++i == part) i = 0;
    }
    ends[thread] = clock::now();
    preemptions[thread] = preempted() - before;
    benchmark::DoNotOptimize(sum);
  };
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (auto& other : others) other.join();
  at += calls;
  auto const [first_start, last_start] = std::minmax_element(starts.begin(), starts.end());
  auto const took = *std::max_element(ends.begin(), ends.end()) - *first_start;
  return {std::chrono::duration<double, std::nano>(took).count() / static_cast<double>(calls * threads),
          std::any_of(preemptions.begin(), preemptions.end(), [](long n) { return n != 0; }) ||
              (*last_start - *first_start) * 20 > took};
}

/// Medians of the pairs that nobody disturbed, or of all where there are none.
class pairs {
 public:
  void add(turn const& first, turn const& second) {
    bool const counts = !first.was_disturbed && !second.was_disturbed;
    for (kept* const to : {&all_, counts ? &undisturbed_ : nullptr}) {
      if (to == nullptr) continue;
      to->first.push_back(first.nanoseconds);
      to->second.push_back(second.nanoseconds);
      to->ratios.push_back(first.nanoseconds / second.nanoseconds);
    }
  }
  double first() const { return median(used().first); }
  double second() const { return median(used().second); }
  double ratio() const { return median(used().ratios); }
  double undisturbed() const { return static_cast<double>(undisturbed_.first.size()); }

 private:
  struct kept {
    times first, second, ratios;
  };
  kept const& used() const { return undisturbed_.first.empty() ? all_ : undisturbed_; }
  kept all_, undisturbed_;
};

/// So that a turn takes about a millisecond, less than a slice of processor time.
std::size_t calls_in_turn(std::size_t entries) { return entries > 100'000 ? 5000 : 30'000; }

template <class Theirs>
void one_thread(benchmark::State& state) {
  auto asked = all_arguments(static_cast<std::size_t>(state.range(0)));
  ours mine;
  Theirs theirs;
  for (auto const& a : asked) mine(a), theirs(a);
  std::shuffle(asked.begin(), asked.end(), std::mt19937_64(7));
  for (auto const& a : asked) mine(a), theirs(a);
  std::size_t const calls = calls_in_turn(asked.size());
  std::size_t at_mine = 0, at_theirs = 0;
  pairs seen;
  for (auto _ : state) {
    turn const of_mine = take_turn(mine, asked, at_mine, 1, calls);
    seen.add(of_mine, take_turn(theirs, asked, at_theirs, 1, calls));
  }
  state.counters["ours"] = seen.first();
  state.counters["theirs"] = seen.second();
  state.counters["ratio"] = seen.ratio();
  state.counters["undisturbed"] = seen.undisturbed();
}

template <class Theirs>
void two_threads(benchmark::State& state) {
  auto asked = all_arguments(static_cast<std::size_t>(state.range(0)));
  ours mine;
  Theirs theirs;
  for (auto const& a : asked) mine(a), theirs(a);
  std::shuffle(asked.begin(), asked.end(), std::mt19937_64(7));
  for (auto const& a : asked) mine(a), theirs(a);
  std::size_t const calls = calls_in_turn(asked.size());
  std::size_t at[4] = {};
  pairs of_mine, of_theirs;
  for (auto _ : state) {
    turn const one = take_turn(mine, asked, at[0], 1, calls);
    of_mine.add(one, take_turn(mine, asked, at[1], 2, calls));
    turn const their_one = take_turn(theirs, asked, at[2], 1, calls);
    of_theirs.add(their_one, take_turn(theirs, asked, at[3], 2, calls));
  }
  state.counters["ours"] = of_mine.ratio();
  state.counters["theirs"] = of_theirs.ratio();
  state.counters["undisturbed"] = of_mine.undisturbed();
}

#define MEMO_BENCH_AGAINST(Table)                                                                          \
  BENCHMARK(one_thread<Table>)->Arg(1000)->Arg(1'000'000)->Iterations(301)->Unit(benchmark::kMillisecond); \
  BENCHMARK(two_threads<Table>)->Arg(1000)->Arg(1'000'000)->Iterations(301)->Unit(benchmark::kMillisecond)

MEMO_BENCH_AGAINST(unordered_map_mutex);
MEMO_BENCH_AGAINST(unordered_map_shared_mutex);
#ifdef MEMO_BENCH_TBB
MEMO_BENCH_AGAINST(tbb_concurrent_hash_map);
#endif
#ifdef MEMO_BENCH_FLAT_MAP
MEMO_BENCH_AGAINST(boost_concurrent_flat_map);
#endif

}  // namespace
