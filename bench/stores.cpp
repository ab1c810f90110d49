// memo's stores on disk against LMDB, LevelDB, RocksDB, SQLite and plain files: put (one per transaction, nothing is forced
// to the disk), get (first and last byte touched; memo verifies a checksum, LMDB and the files do not), a key that is
// missing, open + first get, and the bytes on the disk for each entry. All run in rounds, one after the other; a table of
// medians, with ratios to the best peer of the same round, comes at the end. Times are nanoseconds.
//
//   MEMO_BENCH_LONG=1     also 10^6 entries of 64 bytes, and the slowest gets beside a writing process
//   MEMO_BENCH_ROUNDS=N   rounds, 3 where not said
//
// To be seen: get of mmap_store not above LMDB's at 64 B and 1 KiB; its first view at most 1.1 of XXH3 over the mapped
// bytes from 64 KiB; put at most twice the best peer's; open with 10^6 entries within 10 ms; at most 1.3 of the payload on
// the disk from 1 KiB; directory_store's read at most 1.3 of `file and XXH3`; p99 beside a writer within 50 us.
#include "store_memo.hpp"
#include "store_peers.hpp"
#include "store_table.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include <signal.h>
#include <sys/wait.h>

namespace {

using bench::work;
namespace fs = std::filesystem;
using clock_type = std::chrono::steady_clock;

/// What the benchmarks of one load share.
struct stage {
  explicit stage(bench::load const& of) : load(of), all(of) {}

  bench::load load;
  work all;
  std::set<std::string> filled;  ///< names of folders that hold every value

  std::string named(char const* operation, char const* row) const {
    return std::string(operation) + "/" + std::string(load.name) + "/" + row;
  }
  /// How often each value is asked for.
  std::size_t passes() const { return load.count > 100'000 ? 1 : load.size >= 65'536 ? 4 : 10; }
  auto gets() const { return static_cast<benchmark::IterationCount>(passes() * load.count); }
};

template <class Row>
void fill(stage& s, std::string const& folder) {
  if (!s.filled.insert(folder).second) return;
  bench::scratch::remove(bench::scratch::folder(folder));
  Row row(bench::scratch::folder(folder));
  for (std::size_t i = 0; i < s.load.count; ++i) row.put(s.all, i);
}

void warm_for(stage const& s) {
  bench::warm_memory(std::min((s.load.size + 512) * s.load.count * 2, std::size_t{3} << 30));
}

/// Runs once for each value.
template <class Row, class Put>
void put_all(benchmark::State& state, stage& s, std::string const& folder, Put put) {
  auto const path = bench::scratch::folder(folder);
  bench::scratch::remove(path);
  warm_for(s);
  {
    Row row(path);
    std::size_t i = 0;
    for (auto _ : state) put(row, i++);
  }
  s.filled.insert(folder);
  state.counters["bytes on disk"] =
      static_cast<double>(bench::disk_bytes(path)) / static_cast<double>(s.load.count);
}

template <class Row>
void get(benchmark::State& state, stage& s, std::string const& folder) {
  fill<Row>(s, folder);
  Row row(bench::scratch::folder(folder));
  for (std::size_t i = 0; i < s.load.count; ++i)
    if (row.get(s.all, i) != s.all.ends(i)) return state.SkipWithError("a value is missing or wrong");
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(row.get(s.all, s.all.random_order(i)));
    if (++i == s.load.count) i = 0;
  }
}

template <class Row>
void miss(benchmark::State& state, stage& s, std::string const& folder) {
  fill<Row>(s, folder);
  Row row(bench::scratch::folder(folder));
  for (std::size_t i = 0; i < s.load.count; ++i)
    if (row.has(s.all.missing_key(i))) return state.SkipWithError("found what was never put");
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(row.has(s.all.missing_key(i)));
    if (++i == s.load.count) i = 0;
  }
}

template <class Row>
void open_and_get(benchmark::State& state, stage& s, std::string const& folder) {
  fill<Row>(s, folder);
  std::size_t i = 0;
  for (auto _ : state) {
    std::size_t const wanted = s.all.random_order(i++ % s.load.count);
    auto const start = clock_type::now();
    Row row(bench::scratch::folder(folder));
    std::uint64_t const ends = row.get(s.all, wanted);
    state.SetIterationTime(std::chrono::duration<double>(clock_type::now() - start).count());
    if (ends != s.all.ends(wanted)) state.SkipWithError("a value is missing or wrong");
  }
}

/// Each value once, of a store that was written for this: no process has seen any of them.
template <class Row>
void first_view(benchmark::State& state, stage& s, std::string const& folder) {
  s.filled.erase(folder);
  warm_for(s);
  fill<Row>(s, folder);
  Row row(bench::scratch::folder(folder));
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(row.get(s.all, s.all.random_order(i++ % s.load.count)));
  s.filled.erase(folder);
}

/// The same for a file that is nothing but the values, one after the other, mapped by nobody before: what verifying costs
/// where nothing has to be found. With `again`, the pages are there.
void hash_mapped(benchmark::State& state, stage& s, bool again) {
  auto const path = bench::scratch::folder("flat");
  std::size_t const bytes = s.load.count * s.load.size;
  if (s.filled.insert("flat").second) {
    fs::create_directories(path.parent_path());
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    for (std::size_t i = 0; i < s.load.count; ++i) std::fwrite(s.all.value(i).data(), 1, s.load.size, file);
    std::fclose(file);
  }
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) return state.SkipWithError("no mapping");
  auto const value = [&](std::size_t i) {
    return memo::byte_view(static_cast<std::byte const*>(mapped) + i * s.load.size, s.load.size);
  };
  if (again)
    for (std::size_t i = 0; i < s.load.count; ++i) benchmark::DoNotOptimize(memo::hash_bytes(value(i)));
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(memo::hash_bytes(value(s.all.random_order(i++ % s.load.count))));
  ::munmap(mapped, bytes);
}

/// Plain files whose content is hashed as the directory store does it.
struct hashed_files : bench::raw_files {
  using raw_files::raw_files;
  std::uint64_t get(work const& all, std::size_t i) {
    std::uint64_t const ends = raw_files::get(all, i);
    benchmark::DoNotOptimize(memo::hash_bytes(content(all.size())));
    return ends;
  }
};

/// Gets while another process puts other values; the counters are percentiles.
template <class Row>
void get_beside_writer(benchmark::State& state, stage& s, std::string const& folder) {
  fill<Row>(s, folder);
  s.filled.erase(folder);  // the writer adds to it
  pid_t const writer = ::fork();
  if (writer == 0) {
    bench::load const more{"more", s.load.size, s.load.count + 1};
    work const others(more);
    Row row(bench::scratch::folder(folder));
    for (std::size_t i = 0; i < others.count(); ++i) row.put(others, i);
    for (;;) ::pause();
  }
  {
    Row row(bench::scratch::folder(folder));
    for (std::size_t i = 0; i < s.load.count; ++i) benchmark::DoNotOptimize(row.get(s.all, i));
    std::vector<double> times;
    times.reserve(static_cast<std::size_t>(state.max_iterations));
    std::size_t i = 0;
    for (auto _ : state) {
      auto const start = clock_type::now();
      if (row.get(s.all, s.all.random_order(i++ % s.load.count)) == 0) state.SkipWithError("a miss");
      times.push_back(std::chrono::duration<double, std::nano>(clock_type::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    auto const at = [&](std::size_t permille) { return times[times.size() * permille / 1000]; };
    state.counters["p50"] = at(500);
    state.counters["p99"] = at(990);
    state.counters["p99.9"] = at(999);
  }
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
}

/// Views of values from this size on are compared with hashing them.
constexpr std::size_t first_viewed = 65'536;

template <class Act>
benchmark::internal::Benchmark* row(std::string const& name, Act act) {
  return benchmark::RegisterBenchmark(name.c_str(), act)->Unit(benchmark::kNanosecond);
}

template <class Row>
void register_put(stage& s, char const* name, std::string const& folder) {
  row(s.named("put", name),
      [&s, folder](benchmark::State& state) {
        put_all<Row>(state, s, folder, [&](Row& to, std::size_t i) { to.put(s.all, i); });
      })
      ->Iterations(static_cast<benchmark::IterationCount>(s.load.count))
      ->UseRealTime();
}

/// `name` is the row's, `folder` where its values are.
template <class Row>
void register_gets(stage& s, char const* name, std::string const& folder) {
  row(s.named("get", name), [&s, folder](benchmark::State& state) { get<Row>(state, s, folder); })
      ->Iterations(s.gets())
      ->UseRealTime();
}
template <class Row>
void register_rest(stage& s, char const* name, std::string const& folder) {
  row(s.named("missing key", name), [&s, folder](benchmark::State& state) { miss<Row>(state, s, folder); })
      ->Iterations(s.gets())
      ->UseRealTime();
  row(s.named("open and get", name),
      [&s, folder](benchmark::State& state) { open_and_get<Row>(state, s, folder); })
      ->Iterations(20)
      ->UseManualTime();
}

template <class Row>
void register_peer(stage& s, char const* name) {
  register_put<Row>(s, name, name);
  register_gets<Row>(s, name, name);
  register_rest<Row>(s, name, name);
}

template <class Row>
void register_slowest(stage& s, char const* name, std::string const& folder) {
  if (s.load.count <= 100'000) return;
  row(s.named("get beside a writer", name),
      [&s, folder](benchmark::State& state) { get_beside_writer<Row>(state, s, folder); })
      ->Iterations(200'000)
      ->UseRealTime();
}

template <class Store>
void register_memo(stage& s, std::string const& name) {
  using read = bench::memo_row<Store, bench::way::read>;
  using view = bench::memo_row<Store, bench::way::view>;
  using step = bench::memo_row<Store, bench::way::step>;
  std::string const entries = name + " entries", objects = name + " objects";
  register_put<step>(s, name.c_str(), entries);
  constexpr std::size_t batch = 100;
  if (s.load.count % batch == 0)
    row(s.named("put", (name + ", 100 at once").c_str()),
        [&s, name](benchmark::State& state) {
          put_all<step>(state, s, name + " batches", [&](step& to, std::size_t i) {
            if (i % batch == 0) to.subject().put(s.all, i, batch, bench::place::entry);
          });
        })
        ->Iterations(static_cast<benchmark::IterationCount>(s.load.count))
        ->UseRealTime();
  register_gets<step>(s, (name + ", step").c_str(), entries);
  register_gets<read>(s, (name + ", read").c_str(), objects);
  register_gets<view>(s, (name + ", view").c_str(), objects);
  register_rest<step>(s, name.c_str(), entries);
  if (s.load.size >= first_viewed)
    row(s.named("first view", name.c_str()),
        [&s, name](benchmark::State& state) { first_view<view>(state, s, name + " unseen"); })
        ->Iterations(static_cast<benchmark::IterationCount>(s.load.count))
        ->UseRealTime();
  register_slowest<step>(s, (name + ", step").c_str(), entries);
  register_slowest<read>(s, (name + ", read").c_str(), objects);
}

void register_all(stage& s) {
  bool const is_large = s.load.count > 100'000;
#ifdef MEMO_BENCH_MMAP_STORE
  register_memo<memo::mmap_store>(s, "mmap_store");
#endif
  if (!is_large) register_memo<memo::directory_store>(s, "directory_store");
#ifdef MEMO_BENCH_LMDB
  register_peer<bench::lmdb<0>>(s, "LMDB");
  register_peer<bench::lmdb<MDB_WRITEMAP>>(s, "LMDB, writable map");
  register_slowest<bench::lmdb<0>>(s, "LMDB", "LMDB");
#endif
#ifdef MEMO_BENCH_LEVELDB
  register_peer<bench::level_db>(s, "LevelDB");
#endif
#ifdef MEMO_BENCH_ROCKSDB
  register_peer<bench::rocks_db>(s, "RocksDB");
#endif
#ifdef MEMO_BENCH_SQLITE
  register_peer<bench::sqlite>(s, "SQLite");
  register_slowest<bench::sqlite>(s, "SQLite", "SQLite");
#endif
  if (!is_large) {
    register_peer<bench::raw_files>(s, "file");
    register_gets<hashed_files>(s, "file and XXH3", "file");
  }
  if (s.load.size < first_viewed) return;
  for (bool const again : {false, true})
    row(s.named("first view", again ? "XXH3, pages there" : "XXH3, new mapping"),
        [&s, again](benchmark::State& state) { hash_mapped(state, s, again); })
        ->Iterations(static_cast<benchmark::IterationCount>(s.load.count))
        ->UseRealTime();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  std::vector<bench::load> loads{{"64 B x 10k", 64, 10'000},
                                 {"1 KiB x 10k", 1024, 10'000},
                                 {"64 KiB x 2k", 65'536, 2'000},
                                 {"4 MiB x 128", std::size_t{4} << 20, 128}};
  if (std::getenv("MEMO_BENCH_LONG") != nullptr) loads.push_back({"64 B x 1M", 64, 1'000'000});
  char const* const wanted = std::getenv("MEMO_BENCH_ROUNDS");
  int const rounds = wanted != nullptr ? std::atoi(wanted) : 3;
  bench::table_reporter reporter;
  for (auto const& load : loads) {
    stage s(load);
    benchmark::ClearRegisteredBenchmarks();
    register_all(s);
    for (int round = 0; round < rounds; ++round) benchmark::RunSpecifiedBenchmarks(&reporter);
    bench::scratch::remove_all();
  }
  reporter.print();
}
