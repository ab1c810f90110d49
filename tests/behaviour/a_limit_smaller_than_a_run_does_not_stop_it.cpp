// Limits: what a run uses stays while it lives, all else goes before it returns, and nothing is computed twice for it.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>

using namespace memo::literals;
using memo::outcome;
using test::all_hit;
using test::all_ran;
using test::contains;

namespace {

int computed = 0;

using numbers = std::vector<double>;
numbers series(int n) {
  ++computed;
  return numbers(12'500, n);  // 100 kB
}
numbers next(numbers const& before) {
  ++computed;
  numbers all = before;
  for (double& one : all) one += 1;
  return all;
}
double sum(numbers const& a, numbers const& b, numbers const& c, numbers const& d) {
  ++computed;
  return a[0] + b[0] + c[0] + d[0];
}

constexpr auto chain = memo::pipeline<"chain">(
    memo::input<"n", int>, memo::step<"a">(series).from<"n">(), memo::step<"b">(next).from<"a">(),
    memo::step<"c">(next).from<"b">(), memo::step<"d">(next).from<"c">(),
    memo::step<"total">(sum).from<"a", "b", "c", "d">());
constexpr std::size_t steps = 5;

int warnings_of_limit(memo::report const& report) {
  int count = 0;
  for (auto const& text : report.warnings) count += contains(text, "is less than this run uses") ? 1 : 0;
  return count;
}

/// With a store whose limit is half of what the chain needs.
template <class Store>
void runs_finish(Store store, bool warns = true) {
  int const expected = warns ? 1 : 0;
  memo::runner const runner{store, {.strict = true}};
  computed = 0;
  {
    auto const first = runner.run(chain, "n"_in = 1);
    CHECK(all_ran(first.report()));
    CHECK(computed == static_cast<int>(steps));
    CHECK(first.report().warnings.size() == static_cast<std::size_t>(expected));
    CHECK(warnings_of_limit(first.report()) == expected);
    CHECK(first.template get<"total">() == 1 + 2 + 3 + 4);
    // What the first one uses is there while it lives.
    auto const second = runner.run(chain, "n"_in = 1);
    CHECK(all_hit(second.report()));
    CHECK(second.template get<"d">()[7] == 4);
    CHECK(first.template get<"c">()[7] == 3);
    CHECK(computed == static_cast<int>(steps));
    CHECK(warnings_of_limit(second.report()) == expected);
  }
  // Then it may go, and the next run computes it once more, and not again and again.
  store.put({});
  for (int round = 0; round < 3; ++round) {
    computed = 0;
    auto const run = runner.run(chain, "n"_in = 1);
    auto const& report = run.report();
    CHECK(report.count(outcome::hit) + report.count(outcome::ran) == steps);
    CHECK(computed == static_cast<int>(report.count(outcome::ran)));
    CHECK(computed <= static_cast<int>(steps));
    CHECK(run.template get<"total">() == 1 + 2 + 3 + 4);
    CHECK(run.template get<"b">()[0] == 2);
  }
}

/// With a store whose limit is enough for two runs.
template <class Store, class Limited>
void limits_hold_when_a_run_returns(Store store, Limited limited, std::uint64_t limit) {
  memo::runner const runner{store};
  for (int n = 0; n < 12; ++n) {
    auto const run = runner.run(chain, "n"_in = n);
    CHECK(all_ran(run.report()));
    CHECK(run.report().warnings.empty());
    CHECK(limited.stats().bytes <= limit);
    // It drove out others.
    CHECK(all_hit(runner.run(chain, "n"_in = n).report()));
  }
}

constexpr std::uint64_t half = 200'000, twice = 900'000;

}  // namespace

TEST_CASE("a run that needs more than the limit of a memory store finishes") {
  runs_finish(memo::memory_store{{.max_bytes = half}});
}

TEST_CASE("a run that has more entries than a memory store may keep finishes") {
  runs_finish(memo::memory_store{{.max_entries = 2}});
}

TEST_CASE("a run that needs more than the limit of a directory store finishes") {
  scratch_folder const folder;
  runs_finish(memo::directory_store{folder / "cache", {.max_bytes = half}});
}

TEST_CASE("a run that has more entries than a directory store may keep finishes") {
  scratch_folder const folder;
  runs_finish(memo::directory_store{folder / "cache", {.max_entries = 2}});
}

TEST_CASE("a run that needs more than the limits of tiers finishes") {
  scratch_folder const folder;
  runs_finish(memo::tiered_store{memo::memory_store{{.max_bytes = half}},
                                 memo::directory_store{folder / "cache", {.max_bytes = half}}});
}

TEST_CASE("a run that needs more than the limit of a mapped store finishes") {
  scratch_folder const folder;
  runs_finish(memo::mmap_store{folder / "cache", memo::mmap_options{.max_bytes = half}});
}

TEST_CASE("the limits of a memory store hold when a run returns") {
  memo::memory_store const store{{.max_bytes = twice}};
  limits_hold_when_a_run_returns(store, store, twice);
}

TEST_CASE("the limits of a directory store hold when a run returns") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = twice}};
  limits_hold_when_a_run_returns(store, store, twice);
}

TEST_CASE("the limits of tiers hold when a run returns") {
  scratch_folder const folder;
  memo::memory_store const fast{{.max_bytes = twice / 2}};
  memo::directory_store const slow{folder / "cache", {.max_bytes = twice}};
  memo::tiered_store const store{fast, slow};
  limits_hold_when_a_run_returns(store, slow, twice);
  CHECK(fast.stats().bytes <= twice / 2);
}

TEST_CASE("the limits of a mapped store hold when a run returns") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache", memo::mmap_options{.max_bytes = 3 * twice}};
  limits_hold_when_a_run_returns(store, store, 3 * twice);
}

TEST_CASE("a memoized function whose results are more than the limit goes on") {
  memo::memory_store const store{{.max_bytes = half}};
  computed = 0;
  auto const kept = memo::memoize<"series">(series, store);
  for (int round = 0; round < 2; ++round)
    for (int n = 0; n < 10; ++n) CHECK(kept(n)[5] == n);
  CHECK(computed == 20);
  CHECK(kept(9)[5] == 9);
  CHECK(kept.stats().hits == 1);
  CHECK(kept.stats().misses == 20);
  CHECK(store.stats().bytes <= half);
}
