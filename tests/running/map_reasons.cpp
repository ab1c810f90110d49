#include <memo/run/map_reasons.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"
#include "random_graph.hpp"

#include <chrono>
#include <filesystem>

using namespace memo::literals;
using memo::forecast;
using memo::outcome;
using memo::detail::map_reasons;
using memo::detail::words_for;
using test::names;

namespace {

std::string label(std::uint32_t place) { return "element " + std::to_string(10 * place); }

double half(double x, int k) { return x / 2 + k; }
std::size_t length(memo::file const& f) { return content_of(f.path()).size(); }
std::string with_common(memo::context& ctx, memo::file const& f) {
  std::string const text = ctx.read(f.path());
  return text == "import" ? ctx.read(f.path().parent_path() / "common") : text;
}
std::vector<int> large(int n) { return std::vector<int>(400'000, n); }
std::size_t total(std::vector<std::vector<int>> const& all) { return all.size(); }

constexpr auto halves = memo::pipeline<"halves">(
    memo::input<"xs", std::vector<double>>, memo::input<"k", int>,
    memo::step<"ys">(half).over<"xs">().from<"k">().version<1>().ttl(std::chrono::hours(1)));
constexpr auto newer_halves = memo::pipeline<"halves">(
    memo::input<"xs", std::vector<double>>, memo::input<"k", int>,
    memo::step<"ys">(half).over<"xs">().from<"k">().version<2>().ttl(std::chrono::hours(1)));

}  // namespace

TEST_CASE("what is said of the elements that run") {
  map_reasons none, some;
  some.add(2, "its stored result is damaged");
  CHECK(words_for({}, 3, 3, none, "new", label).clause == "");
  CHECK(words_for({0, 1, 2}, 3, 3, none, "new", label).clause == "all elements run");
  CHECK(words_for({0, 1, 2}, 3, 3, none, "new", label).named.empty());
  CHECK(words_for({1}, 3, 3, none, "new", label).clause == "1 of 3 elements is new: element 10");
  CHECK(words_for({1, 2}, 3, 9, none, "new", label).clause ==
        "2 of 3 different elements are new, the first is element 10");
  CHECK(words_for({2}, 3, 3, some, "new", label).clause ==
        "1 of 3 elements runs; element 20: its stored result is damaged");
  auto const mixed = words_for({1, 2}, 3, 3, some, "new", label);
  CHECK(mixed.clause == "2 of 3 elements run; element 10 is new");
  CHECK(mixed.named == names{"element 10 is new", "element 20: its stored result is damaged"});
  map_reasons crowded;
  for (std::uint32_t place = 1000; place-- > 0;) crowded.add(place, "its result is older than its ttl");
  REQUIRE(crowded.find(0) != nullptr);
  CHECK(*crowded.find(9) == "its result is older than its ttl");
  CHECK(crowded.find(999) == nullptr);
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 0; i < 50; ++i) many.push_back(i);
  CHECK(words_for(many, 99, 99, none, "new", label).named.size() == map_reasons::most_named);
}

TEST_CASE("a map says which of its elements run and why, and a plan says it beforehand") {
  memo::manual_clock clock;
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  auto go = [&](auto const& p, std::vector<double> const& xs, int k) {
    auto const planned = runner.plan(p, "xs"_in = xs, "k"_in = k);
    auto const run = runner.run(p, "xs"_in = xs, "k"_in = k);
    auto const& ys = run.template get<"ys">();
    REQUIRE(ys.size() == xs.size());
    for (std::size_t i = 0; i < xs.size(); ++i) CHECK(ys[i] == half(xs[i], k));
    memo::step_report line = run.report()["ys"];
    CHECK(line.forecast == planned["ys"].forecast);
    CHECK(line.reason == planned["ys"].reason);
    CHECK(line.change == planned["ys"].change);
    CHECK(line.element_reasons == planned["ys"].element_reasons);
    return line;
  };
  CHECK(go(halves, {1, 2, 3}, 0).reason == "first time");
  CHECK(go(halves, {1, 2, 3}, 0).outcome == outcome::hit);
  auto const one = go(halves, {1, 2, 3, 0.1}, 0);
  CHECK(one.outcome == outcome::ran);
  CHECK(one.elements_ran == 1);
  CHECK(one.reason == "input `xs` changed; 1 of 4 elements is new: element 3, 0.1");
  CHECK(one.element_reasons == names{"element 3, 0.1, is new"});
  auto const two = go(halves, {7, 1, 7, 8, 2}, 0);
  CHECK(two.elements_ran == 2);
  CHECK(two.reason == "input `xs` changed; 2 of 4 different elements are new, the first is element 0, 7");
  auto const found = go(halves, {3, 2, 1}, 0);
  CHECK(found.outcome == outcome::hit);
  CHECK(found.reason == "all elements were found");
  auto const other = go(halves, {3, 2, 1}, 4);
  CHECK(other.reason == "input `k` changed; all elements run");
  CHECK(other.change == "0 \u2192 4");
  CHECK(go(newer_halves, {3, 2, 1}, 4).reason == "version 1 \u2192 2; all elements run");

  clock.advance(std::chrono::minutes(30));
  CHECK(go(newer_halves, {3, 2, 1, 5}, 4).reason ==
        "input `xs` changed; 1 of 4 elements is new: element 3, 5");
  clock.advance(std::chrono::minutes(40));
  auto const old = go(newer_halves, {3, 2, 1, 5}, 4);
  CHECK(old.elements_ran == 3);
  CHECK(old.reason ==
        "older than its ttl; 3 of 4 elements run; element 0, 3: its result is older than its ttl");
}

TEST_CASE("after random edits of a map, what a plan said is what happens") {
  for (std::uint64_t seed = 0; seed < (test::is_long() ? 500u : 10u); ++seed) {
    random_graph::numbers draw(seed);
    memo::manual_clock clock;
    memo::any_store const store{memo::memory_store{}};
    memo::runner const runner{store, {.clock = &clock}};
    std::vector<double> xs{1};
    int k = 0;
    bool is_newer = false;
    memo::digest key;
    std::size_t ran = 0, hits = 0;
    for (int i = 0; i < 40; ++i) {
      switch (draw.below(8)) {
        case 0:
          k = static_cast<int>(draw.below(3));
          break;
        case 1:
          is_newer = !is_newer;
          break;
        case 2:
          clock.advance(std::chrono::minutes(25));
          break;
        case 3:
          store.erase(key);
          break;
        case 4:
          if (draw.one_in(4)) store.clear();
          break;
        case 5:
          if (xs.size() > 1) xs.erase(xs.begin());
          break;
        default:
          xs.push_back(static_cast<double>(draw.below(20)) / 4);
      }
      auto const check = [&](auto const& p) {
        auto const planned = runner.plan(p, "xs"_in = xs, "k"_in = k);
        auto const run = runner.run(p, "xs"_in = xs, "k"_in = k);
        auto const& ys = run.template get<"ys">();
        bool is_right = ys.size() == xs.size();
        for (std::size_t x = 0; is_right && x < xs.size(); ++x) is_right = ys[x] == half(xs[x], k);
        memo::step_report const &line = run.report()["ys"], &said = planned["ys"];
        INFO("seed " << seed << ", run " << i << ": " << said.reason << " / " << line.reason);
        CHECK(is_right);
        CHECK(line.forecast == said.forecast);
        CHECK(line.reason == said.reason);
        CHECK(line.change == said.change);
        CHECK(line.element_reasons == said.element_reasons);
        key = line.key;
        ++(line.outcome == outcome::hit ? hits : ran);
      };
      is_newer ? check(newer_halves) : check(halves);
    }
    CHECK(ran > 5);
    CHECK(hits > 5);
  }
}

TEST_CASE("a file among the elements that changed is named") {
  scratch_folder const folder;
  constexpr auto p = memo::pipeline<"lengths">(memo::input<"files", std::vector<memo::file>>,
                                               memo::step<"lengths">(length).over<"files">().version<1>());
  memo::runner const runner{memo::memory_store{}};
  std::vector<memo::file> const files{folder / "a.csv", folder / "b.csv"};
  write_content(folder / "a.csv", "1");
  write_content(folder / "b.csv", "22");
  CHECK(runner.run(p, "files"_in = files).get<"lengths">() == std::vector<std::size_t>{1, 2});
  write_content(folder / "b.csv", "333");
  auto const run = runner.run(p, "files"_in = files);
  CHECK(run.get<"lengths">() == std::vector<std::size_t>{1, 3});
  CHECK(run.report()["lengths"].elements_ran == 1);
  CHECK(run.report()["lengths"].reason ==
        "input `files` changed; 1 of 2 elements is new or changed: element 1, b.csv");
}

TEST_CASE("what an element read beside its file is named where it changed") {
  scratch_folder const folder;
  constexpr auto p = memo::pipeline<"texts">(memo::input<"files", std::vector<memo::file>>,
                                             memo::step<"texts">(with_common).over<"files">().version<1>());
  memo::runner const runner{memo::memory_store{}};
  std::vector<memo::file> const files{folder / "a", folder / "b", folder / "c"};
  write_content(folder / "a", "alone");
  write_content(folder / "b", "import");
  write_content(folder / "c", "import");
  auto go = [&] {
    auto const planned = runner.plan(p, "files"_in = files);
    auto const run = runner.run(p, "files"_in = files);
    CHECK(run.get<"texts">().size() == 3);
    memo::step_report line = run.report()["texts"];
    CHECK(line.forecast == planned["texts"].forecast);
    CHECK(line.reason == planned["texts"].reason);
    CHECK(line.element_reasons == planned["texts"].element_reasons);
    return line;
  };
  write_content(folder / "common", "one");
  CHECK(go().reason == "first time");
  CHECK(go().outcome == outcome::hit);
  write_content(folder / "common", "two");
  auto const changed = go();
  CHECK(changed.elements_ran == 2);
  CHECK(changed.element_reasons ==
        names{"element 1, b: file `" + (folder / "common").string() + "` changed",
              "element 2, c: file `" + (folder / "common").string() + "` changed"});
  write_content(folder / "a", "other");
  auto const own = go();
  CHECK(own.elements_ran == 1);
  CHECK(own.reason == "input `files` changed; 1 of 3 elements is new or changed: element 0, a");
  write_content(folder / "common", "one");  // and back: these results are still there
  auto const back = go();
  CHECK(back.outcome == outcome::hit);
  CHECK(back.reason == "all elements were found");
}

TEST_CASE("an element whose result is lost is told from one that is new") {
  scratch_folder const folder;
  constexpr auto p = memo::pipeline<"large">(memo::input<"ns", std::vector<int>>,
                                             memo::step<"all">(large).over<"ns">().version<1>(),
                                             memo::step<"total">(total).from<"all">().version<1>());
  memo::runner const runner{memo::directory_store{folder / "cache"}};
  CHECK(runner.run(p, "ns"_in = std::vector<int>{1, 2}).get<"total">() == 2);
  std::size_t removed = 0;
  for (auto const& one : std::filesystem::recursive_directory_iterator(folder / "cache" / "v1" / "o"))
    if (one.is_regular_file() && one.file_size() > 1'000'000 && removed == 0)
      removed += std::filesystem::remove(one.path()) ? 1 : 0;
  REQUIRE(removed == 1);
  auto const run = runner.run(p, "ns"_in = std::vector<int>{1, 2, 3});
  CHECK(run.get<"total">() == 3);
  auto const& line = run.report()["all"];
  CHECK(line.elements_ran == 2);
  REQUIRE(line.element_reasons.size() == 2);
  CHECK(test::contains(line.element_reasons[0], "its stored result is lost"));
  CHECK(line.element_reasons[1] == "element 2, 3, is new");
}
