// Memory over a directory: what one of them lost is a hit all the same, and live values stay at hand.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>

using namespace memo::literals;
using memo::outcome;
using test::all_hit;
using test::all_ran;
using test::hits;
using test::names;
using test::ran;

namespace {

int computed = 0;

std::vector<double> series(int n) {
  ++computed;
  return std::vector<double>(2000, n);
}
std::string name_of(std::span<double const> all) {
  ++computed;
  return "all are " + std::to_string(static_cast<int>(all[0]));
}
std::size_t length(std::string const& text, std::vector<double> const& all) {
  ++computed;
  return text.size() + all.size();
}

int square(int n) {
  ++computed;
  return n * n;
}

constexpr auto described =
    memo::pipeline<"described">(memo::input<"n", int>, memo::step<"series">(series).from<"n">().version<1>(),
                                memo::step<"name">(name_of).from<"series">().version<1>(),
                                memo::step<"length">(length).from<"name", "series">().version<1>());

memo::report run(memo::any_store const& store, int n = 7) {
  auto const result = memo::runner{store}.run(described, "n"_in = n);
  CHECK(result.get<"length">() == 2009);
  CHECK(result.get<"series">()[9] == n);
  CHECK(result.view<"series">()[9] == n);
  return result.report();
}

}  // namespace

TEST_CASE("what memory lost is a hit from the directory, and the other way round") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  computed = 0;
  CHECK(all_ran(run(store)));
  CHECK(computed == 3);
  CHECK(all_hit(run(store)));
  fast.clear();
  CHECK(all_hit(run(store)));
  CHECK(all_hit(run(fast)));  // promoted
  slow.clear();
  CHECK(all_hit(run(store)));
  CHECK(computed == 3);
  CHECK(store.stats().entries == 3);
}

TEST_CASE("a memory tier that is too small for anything costs no computation") {
  scratch_folder const folder;
  memo::tiered_store const store{memo::memory_store{{.max_bytes = 1000}},
                                 memo::directory_store{folder / "cache"}};
  computed = 0;
  for (int n = 1; n < 5; ++n) CHECK(all_ran(run(store, n)));
  for (int n = 1; n < 5; ++n) {
    auto const report = run(store, n);
    CHECK(all_hit(report));
    CHECK(report.warnings.empty());
  }
  CHECK(computed == 12);
}

TEST_CASE("memory over a mapped store answers as one") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::tiered_store const store{fast, memo::mmap_store{folder / "cache"}};
  computed = 0;
  CHECK(all_ran(run(store)));
  fast.clear();
  CHECK(all_hit(run(store)));
  CHECK(computed == 3);
}

TEST_CASE("a memoized function over tiers gives its small live values back without decoding") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  computed = 0;
  auto const kept = memo::memoize<"name">([](int n) { return name_of(std::vector<double>(3, n)); }, store);
  auto const first = kept.shared(4);
  CHECK(*first == "all are 4");
  CHECK(kept.shared(4) == first);
  fast.clear();
  CHECK(*kept.shared(4) == "all are 4");
  CHECK(computed == 1);
  CHECK(kept.stats().hits == 2);
  CHECK(kept.stats().misses == 1);
  CHECK(slow.stats().objects == 0);  // it sits in its entry
}

TEST_CASE("a result that has expired in memory is taken from another process's newer one") {
  scratch_folder const folder;
  memo::manual_clock clock;
  memo::tiered_store const one{memo::memory_store{}, memo::directory_store{folder / "cache"}};
  memo::tiered_store const other{memo::memory_store{}, memo::directory_store{folder / "cache"}};
  static constexpr auto fresh = memo::pipeline<"fresh">(
      memo::input<"n", int>,
      memo::step<"series">(series).from<"n">().version<1>().ttl(std::chrono::hours(1)));
  auto const run_in = [&](memo::tiered_store const& store) {
    memo::runner const runner{store, {.clock = &clock}};
    auto const result = runner.run(fresh, "n"_in = 3);
    CHECK(result.get<"series">()[0] == 3);
    return result.report();
  };
  computed = 0;
  CHECK(all_ran(run_in(one)));
  CHECK(all_hit(run_in(other)));
  clock.advance(std::chrono::hours(2));
  CHECK(all_ran(run_in(other)));
  CHECK(computed == 2);
  CHECK(all_hit(run_in(one)));  // its own is too old, that of the other process is not
  CHECK(all_hit(run_in(one)));
  CHECK(computed == 2);
}

TEST_CASE("elements of a map that another process computed are hits in tiers") {
  scratch_folder const folder;
  memo::tiered_store const one{memo::memory_store{}, memo::directory_store{folder / "cache"}};
  memo::tiered_store const other{memo::memory_store{}, memo::directory_store{folder / "cache"}};
  static constexpr auto squares = memo::pipeline<"squares">(
      memo::input<"all", std::vector<int>>, memo::step<"squares">(square).over<"all">().version<1>());
  auto const run_in = [&](memo::tiered_store const& store, std::vector<int> all) {
    auto const result = memo::runner{store, {.jobs = 1}}.run(squares, "all"_in = all);
    CHECK(result.get<"squares">().size() == all.size());
    CHECK(result.get<"squares">().back() == all.back() * all.back());
    return result.report()["squares"].elements_ran;
  };
  CHECK(run_in(one, {1, 2, 3}) == 3);
  CHECK(run_in(other, {1, 2, 3, 4}) == 1);
  CHECK(run_in(one, {1, 2, 3, 4, 5}) == 1);
  CHECK(run_in(other, {5, 4, 3}) == 0);
}

TEST_CASE("a value that only this process can have is kept in the memory tier") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::tiered_store const store{fast, memo::directory_store{folder / "cache"}};
  static constexpr auto held = memo::pipeline<"held">(
      memo::input<"n", int>, memo::step<"series">(series).from<"n">().version<1>().cache(memo::in_memory),
      memo::step<"name">([](std::vector<double> const& all) { return name_of(all); })
          .from<"series">()
          .version<1>());
  auto const run_in = [&] {
    auto const result = memo::runner{store}.run(held, "n"_in = 3);
    CHECK(result.get<"series">()[0] == 3);
    return result.report();
  };
  computed = 0;
  CHECK(all_ran(run_in()));
  CHECK(all_hit(run_in()));
  CHECK(computed == 2);
  fast.clear();
  auto const report = run_in();
  CHECK(ran(report) == names{"series"});
  CHECK(hits(report) == names{"name"});
}
