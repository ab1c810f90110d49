#include <memo/memo.hpp>

#include "../support/campaign.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <concepts>

// Processes that run pipelines into one store on disk are killed at any moment, with limits so small that its files are
// collected or written anew all the time. Afterwards everything in the store is right or missing: every value can be
// checked, since it is a function of the number that its run was given. MEMO_TEST_LONG=1 kills 2500 processes in each test
// of each store, MEMO_TEST_SEED=N at other moments.

using namespace memo::literals;
namespace fs = std::filesystem;

namespace {

using test::mixed;

// From what fits into an entry to what takes several writes.
std::vector<std::uint64_t> series(std::uint64_t n) {
  std::vector<std::uint64_t> all(16 + static_cast<std::size_t>(mixed(n) % 40'000));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = mixed(n + i);
  return all;
}
std::uint64_t sum(std::vector<std::uint64_t> const& all) {
  std::uint64_t total = 0;
  for (std::uint64_t const one : all) total += one;
  return total;
}
std::string text(std::uint64_t total) { return "the sum is " + std::to_string(total); }

constexpr auto sums = memo::pipeline<"sums">(memo::input<"n", std::uint64_t>,
                                             memo::step<"series">(series).from<"n">().version<1>(),
                                             memo::step<"sum">(sum).from<"series">().version<1>(),
                                             memo::step<"text">(text).from<"sum">().version<1>());

/// Numbers that victims draw from: few, so that they meet each other's records.
constexpr std::uint64_t kinds = 50;

constexpr std::uint64_t max_bytes = std::uint64_t{8} << 20;

template <class Store>
[[noreturn]] void write_until_killed(fs::path const& folder, std::uint64_t seed) {
  for (;;) {
    // A fresh handle now and then, so that making the directory is interrupted too.
    memo::runner runner{test::open_store<Store>(folder, max_bytes), {.jobs = 1}};
    for (int i = 0; i < 20; ++i) {
      runner.options().mode = mixed(++seed) % 4 == 0 ? memo::mode::write_only : memo::mode::read_write;
      auto const run = runner.run(sums, "n"_in = mixed(seed) % kinds);
    }
  }
}

/// Starts a victim and kills it after a random time.
template <class Store>
void kill_one(fs::path const& folder, std::uint64_t seed) {
  pid_t const victim = ::fork();
  if (victim == 0) write_until_killed<Store>(folder, seed);
  REQUIRE(victim > 0);
  ::usleep(static_cast<useconds_t>(mixed(seed) % 25'000));
  ::kill(victim, SIGKILL);
  int status = 0;
  ::waitpid(victim, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    FAIL("a victim ended by itself, status " << status);
}

struct found_files {
  std::size_t temporary = 0, all = 0;
};
found_files files_in(fs::path const& folder) {
  found_files found;
  for (auto const& item : fs::recursive_directory_iterator(folder)) {
    if (!item.is_regular_file()) continue;
    ++found.all;
    if (item.path().filename().string().starts_with(".t")) ++found.temporary;
  }
  return found;
}

/// Makes files that are being written look as old as those of a process that died two days ago.
void age_temporary_files(fs::path const& folder) {
  for (auto const& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file() && item.path().filename().string().starts_with(".t"))
      fs::last_write_time(item.path(), fs::file_time_type::clock::now() - std::chrono::hours(48));
}

/// Runs every number and checks the values. Gives how many steps were hits.
std::size_t check_all(memo::any_store const& store) {
  memo::runner runner{store, {.mode = memo::mode::read_only, .jobs = 1}};
  std::size_t hits = 0;
  for (std::uint64_t n = 0; n < kinds; ++n) {
    auto run = runner.run(sums, "n"_in = n);
    bool const right = run.get<"series">() == series(n) && run.get<"sum">() == sum(series(n)) &&
                       run.get<"text">() == text(sum(series(n)));
    if (!right) FAIL("wrong value for " << n);
    if (!run.report().warnings.empty()) FAIL("for " << n << ": " << run.report().warnings.front());
    hits += run.report().count(memo::outcome::hit);
  }
  return hits;
}

/// What a process that died was writing goes with a later collection, and the limits hold.
template <class Store>
void check_left(fs::path const& cache) {
  auto const store = test::open_store<Store>(cache, max_bytes);
  CHECK(store.verify().damaged == 0);
  age_temporary_files(cache);
  store.collect();
  found_files const left = files_in(cache / "v1");
  memo::store_stats const stats = store.stats();
  CHECK(stats.bytes <= max_bytes);
  if constexpr (std::same_as<Store, memo::directory_store>) {
    CHECK(left.temporary == 0);
    CHECK(left.all <=
          stats.entries + stats.objects + 4);  // with the lock, the claims, the usage and the last record
  } else {
    CHECK(left.all <= 6);  // two locks, the claims, and a log with its index and the file that names it
  }
}

}  // namespace

TEMPLATE_TEST_CASE("after writers were killed, everything in their store is right or missing", "",
                   memo::directory_store, memo::mmap_store) {
  int const rounds = test::is_long() ? 50 : 3, kills = test::is_long() ? 50 : 15;
  scratch_folder const folder;
  fs::path const cache = folder / "cache";
  std::size_t hits = 0;
  for (int round = 0; round < rounds; ++round) {
    // Some rounds start with no directory, so that kills fall into its making.
    if (round % 4 == 3) fs::remove_all(cache);
    for (int i = 0; i < kills; ++i)
      kill_one<TestType>(cache, test::seed_or(0) + static_cast<std::uint64_t>(round * 1000 + i) * 7919);
    hits += check_all(test::open_store<TestType>(cache));
    check_left<TestType>(cache);
  }
  CHECK(hits > 0);
}

TEMPLATE_TEST_CASE("writers killed beside one that lives leave nothing wrong behind", "",
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  fs::path const cache = folder / "cache";
  pid_t const other = ::fork();
  if (other == 0) write_until_killed<TestType>(cache, 1);
  REQUIRE(other > 0);
  for (int i = 0; i < (test::is_long() ? 2500 : 20); ++i)
    kill_one<TestType>(cache, test::seed_or(0) + static_cast<std::uint64_t>(i) * 104'729);
  CHECK(check_all(test::open_store<TestType>(cache)) > 0);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  CHECK(check_all(test::open_store<TestType>(cache)) > 0);
  check_left<TestType>(cache);
}
