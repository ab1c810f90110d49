// The packs of a map's elements: how many there are, what damage does to them, and who may write them at the same time.
#include <memo/run/map_packs.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"
#include "map_rows.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace {

using test::hand_map;
using test::numbers;

double half(int const& x, double, memo::context*) { return x / 2.0; }

std::vector<double> halves(std::vector<int> const& xs) {
  std::vector<double> all;
  for (int const x : xs) all.push_back(x / 2.0);
  return all;
}

template <class Test>
void on_each_store(Test test) {
  SECTION("memory") { test(memo::any_store(memo::memory_store{})); }
  SECTION("directory") {
    scratch_folder const folder;
    test(memo::any_store(memo::directory_store{folder.path()}));
  }
}

/// The only entry of a store: that of the group.
memo::entries only_entry(memo::any_store store) {
  auto const all = store.list();
  REQUIRE(all.size() == 1);
  return store.show(all[0].key);
}

std::vector<std::filesystem::path> files_below(std::filesystem::path const& folder) {
  std::vector<std::filesystem::path> all;
  for (auto const& one : std::filesystem::recursive_directory_iterator(folder))
    if (one.is_regular_file()) all.push_back(one.path());
  return all;
}

void sleep_ms(long ms) {
  timespec const time{ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);
}

}  // namespace

TEST_CASE("many maps that add a few elements each leave few packs") {
  on_each_store([](memo::any_store store) {
    hand_map<int, std::vector<double>> map(
        [](int const& x, double, memo::context*) { return std::vector<double>(100, x); });
    for (int i = 0; i < 100; ++i) {
      auto const made = map.run(numbers(10 * i, 10 * i + 10), store);
      CHECK(made.ran == 10);
      CHECK(made.warnings.empty());
      CHECK(only_entry(store).size() < memo::detail::stored_group::merged_at_once);
    }
    CHECK(store.stats().objects < memo::detail::stored_group::merged_at_once);
    auto const all = map.run(numbers(0, 1000), store);
    CHECK(all.ran == 0);
    for (int i = 0; i < 1000; ++i) CHECK(all.values[static_cast<std::size_t>(i)].at(99) == i);
  });
}

TEST_CASE("merging keeps large results and the newest of each element") {
  on_each_store([](memo::any_store store) {
    double version = 0;
    hand_map<int, std::vector<double>> map([&](int const& x, double, memo::context*) {
      return std::vector<double>(x == 0 ? 200'000 : 1, x + version);
    });
    CHECK(map.run({0, 1, 2}, store).ran == 3);
    version = 0.5;
    map.is_forced = true;
    CHECK(map.run({2, 3}, store).ran == 2);
    map.is_forced = false;
    for (int i = 10; i < 40; ++i) CHECK(map.run({i}, store).ran == 1);
    auto const all = map.run({0, 1, 2, 3}, store);
    CHECK(all.ran == 0);
    CHECK(all.values[0].size() == 200'000);
    CHECK(all.values[1][0] == 1);
    CHECK(all.values[2][0] == 2.5);
    CHECK(all.values[3][0] == 3.5);
    store.collect({});
    CHECK(map.run({0}, store).ran == 0);
  });
}

TEST_CASE("a newer result counts although the clock stands still or went back") {
  memo::memory_store const store;
  memo::manual_clock clock(1'700'000'000'000);
  double added = 0;
  hand_map<int, double> map([&](int const& x, double, memo::context*) { return x + added; });
  map.options.clock = &clock;
  auto const xs = numbers(0, 3);
  CHECK(map.run(xs, store).ran == 3);
  map.is_forced = true;
  for (int i = 1; i < 40; ++i) {
    if (i == 20) clock.advance(std::chrono::milliseconds(-5000));
    added = i;
    CHECK(map.run(xs, store).ran == 3);
  }
  map.is_forced = false;
  CHECK(map.run(xs, store).values.front() == 39);
}

TEST_CASE("elements older than the time to live run again, as do those of the future") {
  memo::memory_store const store;
  memo::manual_clock clock(1'700'000'000'000);
  hand_map<int, double> map(half);
  map.options.clock = &clock;
  map.row().options.ttl_ms = 1000;
  CHECK(map.run(numbers(0, 5), store).ran == 5);
  clock.advance(std::chrono::milliseconds(600));
  CHECK(map.run(numbers(0, 8), store).ran == 3);
  clock.advance(std::chrono::milliseconds(399));
  CHECK(map.run(numbers(0, 8), store).ran == 0);
  clock.advance(std::chrono::milliseconds(1));
  CHECK(map.run(numbers(0, 8), store).ran == 5);
  clock.advance(std::chrono::milliseconds(-3'600'000));
  CHECK(map.run(numbers(0, 8), store).ran == 8);
  CHECK(map.run(numbers(0, 8), store).ran == 0);
}

TEST_CASE("what is replaced or too old does not pile up") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  memo::manual_clock clock(1'700'000'000'000);
  hand_map<int, std::string> map([](int const& x, double, memo::context*) {
    return std::string(500'000, static_cast<char>('a' + x % 26));
  });
  map.options.clock = &clock;
  auto const xs = numbers(0, 20);
  CHECK(map.run(xs, store).ran == 20);
  auto const once = store.stats().bytes;
  SECTION("by runs that do not look up") { map.is_forced = true; }
  SECTION("by age") { map.row().options.ttl_ms = 1000; }
  for (int i = 0; i < 4; ++i) {
    clock.advance(std::chrono::seconds(2));
    CHECK(map.run(xs, store).ran == 20);
    CHECK(store.stats().bytes < once + once / 4);
  }
  map.is_forced = false;
  CHECK(map.run(xs, store).ran == 0);
}

TEST_CASE("large packs are not merged, and there may be many of them") {
  memo::memory_store const store;
  int const count = test::is_long() ? 1600 : 136;  // eight fill a pack
  hand_map<int, std::string> map([](int const& x, double, memo::context*) {
    return std::string(600'000, static_cast<char>('a' + x % 26));
  });
  CHECK(map.run(numbers(0, count), store).ran == static_cast<std::uint64_t>(count));
  CHECK(only_entry(store).size() > static_cast<std::size_t>(count) / 10);
  auto const warm = map.run(numbers(0, count), store);
  CHECK(warm.ran == 0);
  CHECK(warm.values[30] == std::string(600'000, 'e'));
}

TEST_CASE("a reader that finds a merged pack gone reads the entry again") {
  // A store whose objects vanish once, as if another process had merged them: here they were merged by this one.
  memo::memory_store const kept;
  hand_map<int, std::vector<double>> map(
      [](int const& x, double, memo::context*) { return std::vector<double>(1000, x); });
  for (int i = 0; i < 5; ++i) CHECK(map.run({i}, kept).ran == 1);
  auto const before = only_entry(kept);
  for (int i = 5; i < 15; ++i) CHECK(map.run({i}, kept).ran == 1);
  CHECK(only_entry(kept).size() == 15);
  CHECK(map.run({15}, kept).ran == 1);
  CHECK(only_entry(kept).size() == 1);

  struct stale_store : memo::memory_store {
    explicit stale_store(memo::memory_store const& held, memo::entries old)
        : memo::memory_store(held), stale(std::make_shared<memo::entries const>(std::move(old))) {}
    memo::found_entries find(memo::digest const& key, memo::access how = memo::access::normal) const {
      auto found = memo::memory_store::find(key, how);
      if ((*finds)++ == 0) found.variants = stale;
      return found;
    }
    void find(std::span<memo::digest const> keys, std::span<memo::found_entries> answers,
              memo::access how = memo::access::normal) const {
      memo::memory_store::find(keys, answers, how);
    }
    std::shared_ptr<memo::entries const> stale;
    std::shared_ptr<int> finds = std::make_shared<int>(0);
  };
  stale_store const stale(kept, before);
  auto const made = map.run(numbers(0, 16), stale);
  CHECK(made.ran == 0);
  CHECK(*stale.finds == 2);
}

TEST_CASE("no flipped bit in what a map stored makes a wrong value") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  auto campaign = [&](int count, std::size_t step) {
    hand_map<int, double> map(half);
    auto const xs = numbers(0, count);
    CHECK(map.run(xs, store).ran == xs.size());
    map.options.mode = memo::mode::read_only;
    REQUIRE(map.run(xs, store).ran == 0);
    std::size_t flipped = 0;
    std::size_t wrong = 0;
    std::size_t missed = 0;
    for (char const* const kind : {"e", "o"})
      for (auto const& path : files_below(folder / "v1" / kind)) {
        std::string const good = content_of(path);
        for (std::size_t bit = 0; bit < 8 * good.size(); bit += test::is_long() ? 1 : step) {
          std::string bad = good;
          bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1u << bit % 8));
          write_content(path, bad);
          auto const made = map.run(xs, store);
          ++flipped;
          wrong += made.values == halves(xs) ? 0 : 1;
          missed += made.ran == xs.size() ? 1 : 0;
        }
        write_content(path, good);
      }
    CHECK(flipped > 300);
    CHECK(wrong == 0);
    CHECK(missed == flipped);
    CHECK(map.run(xs, store).ran == 0);
  };
  SECTION("in a pack that lies in its entry") { campaign(8, 7); }
  SECTION("in a pack that is an object") { campaign(250, 149); }
}

TEST_CASE("a pack that was cut short is a miss, and is replaced") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  hand_map<int, double> map(half);
  auto const xs = numbers(0, 250);
  CHECK(map.run(xs, store).ran == 250);
  auto const packs = files_below(folder / "v1" / "o");
  REQUIRE(packs.size() == 1);
  std::string const good = content_of(packs[0]);
  for (std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{64}, good.size() / 2, good.size() - 1}) {
    write_content(packs[0], good.substr(0, size));
    auto const made = map.run(xs, store);
    CHECK(made.ran == 250);
    CHECK(made.values == halves(xs));
    CHECK(map.run(xs, store).ran == 0);
    for (auto const& path : files_below(folder / "v1" / "o")) std::filesystem::remove(path);
  }
}

TEST_CASE("a store that cannot write is a warning and no failure") {
  if (::geteuid() == 0) return;  // who may do anything
  scratch_folder const folder;
  std::filesystem::create_directory(folder / "cache");
  std::filesystem::permissions(folder / "cache", std::filesystem::perms::owner_read);
  hand_map<int, double> map(half);
  auto const made = map.run(numbers(0, 10), memo::directory_store{folder / "cache"});
  CHECK(made.values == halves(numbers(0, 10)));
  CHECK(made.warnings.size() >= 1);
}

TEST_CASE("threads that fill one group lose nothing") {
  on_each_store([](memo::any_store const& store) {
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        hand_map<int, double> map(half);
        for (int i = 0; i < 30; ++i) {
          auto const xs = numbers(100 * t + 3 * i, 100 * t + 3 * i + 3);
          auto const made = map.run(xs, store);
          if (made.values != halves(xs) || made.ran != 3) ++wrong;
        }
      });
    for (auto& thread : threads) thread.join();
    CHECK(wrong == 0);
    hand_map<int, double> map(half);
    for (int t = 0; t < 4; ++t) {
      auto const xs = numbers(100 * t, 100 * t + 90);
      auto const made = map.run(xs, store);
      CHECK(made.ran == 0);
      CHECK(made.values == halves(xs));
    }
  });
}

TEST_CASE("processes that fill one group lose nothing") {
  scratch_folder const folder;
  std::vector<test::process> children;
  for (int p = 0; p < 4; ++p)
    children.emplace_back([&, p] {
      memo::directory_store const store{folder.path()};
      hand_map<int, double> map(half);
      for (int i = 0; i < 30; ++i) {
        auto const xs = numbers(100 * p + 3 * i, 100 * p + 3 * i + 4);
        if (map.run(xs, store).values != halves(xs)) return 1;
      }
      return 0;
    });
  for (auto& child : children) CHECK(child.join() == 0);
  memo::directory_store const store{folder.path()};
  hand_map<int, double> map(half);
  for (int p = 0; p < 4; ++p) {
    auto const xs = numbers(100 * p, 100 * p + 91);
    auto const made = map.run(xs, store);
    CHECK(made.ran == 0);
    CHECK(made.values == halves(xs));
  }
  CHECK(only_entry(store).size() < 2 * memo::detail::stored_group::merged_at_once);
}

TEST_CASE("a map that was killed goes on where it was half a second before") {
  scratch_folder const folder;
  struct shared {
    std::atomic<int> done{0};
    std::atomic<std::int64_t> at_ns[1000]{};
  };
  void* const page =
      ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  shared& seen = *new (page) shared;
  auto const now_ns = [] { return memo::clock::system().steady_ns(); };
  auto const slow_half = [&](int const& x, double, memo::context*) {
    sleep_ms(5);
    int const at = seen.done.load();
    seen.at_ns[at] = now_ns();
    seen.done = at + 1;
    return x / 2.0;
  };
  auto const xs = numbers(0, 1000);
  std::int64_t const start = now_ns();
  {
    test::process child([&] {
      hand_map<int, double> map(slow_half);
      return map.run(xs, memo::directory_store{folder.path()}).ran == 1000 ? 0 : 1;
    });
    while (seen.done < 900 && (seen.done == 0 || seen.at_ns[seen.done - 1] - start < 1'700'000'000))
      sleep_ms(5);
    child.end(SIGKILL);
  }
  int const done = seen.done;
  int due =
      0;  // what was done so long before that it must have been written; a slow disk is written to less often
  while (due < done && seen.at_ns[due] < seen.at_ns[done - 1] - 1'100'000'000) ++due;
  CHECK(due > 0);
  hand_map<int, double> map(half);
  map.options.mode = memo::mode::read_only;
  auto const resumed = map.run(xs, memo::directory_store{folder.path()});
  CHECK(resumed.values == halves(xs));
  CHECK(resumed.found >= static_cast<std::uint64_t>(due));
  CHECK(resumed.found <= static_cast<std::uint64_t>(done));
  ::munmap(page, sizeof(shared));
}

TEST_CASE("whoever is killed while packs are written and merged takes nothing with him") {
  scratch_folder const folder;
  struct shared {
    std::atomic<int> done[2]{};
  };
  void* const page =
      ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  shared& seen = *new (page) shared;
  int const rounds = test::is_long() ? 1000 : 12;
  int wrong = 0;
  int lost = 0;
  for (int round = 0; round < rounds; ++round) {
    for (auto& done : seen.done) done = 0;
    std::vector<test::process> children;
    for (int p = 0; p < 2; ++p)
      children.emplace_back([&, p] {
        memo::directory_store const store{folder.path()};
        hand_map<int, double> map(half);
        for (int i = 0; i < 1000; ++i) {
          int const first = 100'000 * round + 10'000 * p + 3 * i;
          map.run(numbers(first, first + 3), store);
          seen.done[p] = i + 1;
        }
        return 0;
      });
    sleep_ms(5 + 7 * (round % 16));
    for (auto& child : children) child.end(SIGKILL);
    memo::directory_store const store{folder.path()};
    hand_map<int, double> map(half);
    map.options.mode = memo::mode::read_only;
    for (int p = 0; p < 2; ++p) {
      int const first = 100'000 * round + 10'000 * p;
      auto const xs = numbers(first, first + 3 * seen.done[p]);
      auto const made = map.run(xs, store);
      wrong += made.values == halves(xs) ? 0 : 1;
      lost += static_cast<int>(made.ran);
    }
  }
  CHECK(wrong == 0);
  CHECK(lost == 0);
  ::munmap(page, sizeof(shared));
}
