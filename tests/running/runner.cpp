#include <memo/run/runner.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>
#include <unordered_map>
#include <variant>

using namespace memo::literals;
using memo::outcome;
using test::all_hit;
using test::all_ran;
using test::calls;
using test::hits;
using test::names;
using test::ran;

namespace {

int next(int n) { return n + 1; }

/// Runs twice in a fresh directory: all must run, then all must be hits; gives the second run.
template <class Pipeline, class... Given>
auto cold_and_warm(scratch_folder const& folder, Pipeline const& p, Given const&... given) {
  memo::runner const runner{memo::directory_store{folder / "cache"}};
  auto const cold = runner.run(p, given...);
  CHECK(all_ran(cold.report()));
  auto warm = runner.run(p, given...);
  CHECK(all_hit(warm.report()));
  for (std::size_t i = 0; i < warm.report().steps.size(); ++i)
    CHECK(warm.report().steps[i].values == cold.report().steps[i].values);
  return warm;
}

}  // namespace

TEST_CASE("a pipeline without steps, without inputs, or without anything runs") {
  memo::runner const runner{memo::memory_store{}};
  constexpr auto only_input = memo::pipeline<"only_input">(memo::input<"n", int>);
  CHECK(runner.run(only_input, "n"_in = 3).get<"n">() == 3);
  CHECK(runner.run(only_input, "n"_in = 3).report().steps.empty());
  constexpr auto only_step = memo::pipeline<"only_step">(memo::step<"x">([] { return 4; }));
  CHECK(runner.run(only_step).get<"x">() == 4);
  constexpr auto empty = memo::pipeline<"empty">();
  STATIC_REQUIRE(empty.steps() == 0);
  CHECK(runner.run(empty).ok());
}

TEST_CASE("values of many types come back from a directory") {
  struct point {
    double x = 0, y = 0;
    bool operator==(point const&) const = default;
  };
  struct settings {
    std::string name;
    std::vector<point> points;
    std::optional<std::variant<int, std::string>> choice;
    bool operator==(settings const&) const = default;
  };
  constexpr auto p = memo::pipeline<"types">(
      memo::input<"settings", settings>,
      memo::step<"same">([](settings const& s) { return s; }).from<"settings">(),
      memo::step<"bits">([](settings const& s) {
        return std::vector<bool>(s.points.size() + 9, true);
      }).from<"same">(),
      memo::step<"counts">([](settings const& s) {
        return std::unordered_map<std::string, std::size_t>{{s.name, s.points.size()}};
      }).from<"same">(),
      memo::step<"owned">([](settings const& s) {
        return std::make_unique<point>(s.points.front());
      }).from<"same">(),
      memo::step<"use">([](std::unique_ptr<point> const& q, std::vector<bool> const& bits) {
        return q->x + static_cast<double>(bits.size());
      }).from<"owned", "bits">(),
      memo::step<"nothing">([](settings const&) { return std::vector<point>{}; }).from<"same">(),
      memo::step<"limits">([](settings const&) {
        return std::pair(std::numeric_limits<double>::quiet_NaN(), -0.0);
      }).from<"same">());
  scratch_folder const folder;
  settings const given{"n\0ame", {{1, 2}, {3, 4}}, std::variant<int, std::string>("text")};
  auto const run = cold_and_warm(folder, p, "settings"_in = given);
  CHECK(run.get<"same">() == given);
  CHECK(run.get<"bits">() == std::vector<bool>(11, true));
  CHECK(run.get<"counts">().at(given.name) == 2);
  CHECK(*run.get<"owned">() == point{1, 2});
  CHECK(run.get<"use">() == 12);
  CHECK(run.get<"nothing">().empty());
  CHECK(std::isnan(run.get<"limits">().first));
  CHECK(std::signbit(run.get<"limits">().second));
}

TEST_CASE("NaN equals itself as an input, and the zeros differ") {
  constexpr auto p = memo::pipeline<"doubles">(memo::input<"x", double>,
                                               memo::step<"y">([](double x) { return 1 / x; }).from<"x">());
  memo::runner const runner{memo::memory_store{}};
  double const nan = std::numeric_limits<double>::quiet_NaN();
  runner.run(p, "x"_in = nan);
  CHECK(all_hit(runner.run(p, "x"_in = nan).report()));
  CHECK(runner.run(p, "x"_in = 0.0).get<"y">() > 0);
  auto const negative = runner.run(p, "x"_in = -0.0);
  CHECK(all_ran(negative.report()));
  CHECK(negative.get<"y">() < 0);
}

TEST_CASE("names may hold any characters") {
  constexpr auto p = memo::pipeline<"../up/\u03b1 \"quoted\"\n">(
      memo::input<"the input", int>,
      memo::step<"a/b:c*?", "">([](int n) { return std::pair(n, 2 * n); }).from<"the input">(),
      memo::step<"%s%n">(next).from<"">());
  scratch_folder const folder;
  memo::runner const runner{memo::directory_store{folder / "cache"}, {.project = "/etc/../x\n"}};
  runner.run(p, "the input"_in = 4);
  auto const run = runner.run(p, "the input"_in = 4);
  CHECK(all_hit(run.report()));
  CHECK(run.get<"%s%n">() == 9);
  CHECK(run.get<"a/b:c*?">() == 4);
  CHECK(run.report()["%s%n"].outcome == outcome::hit);
  for (auto const& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().filename() == "cache");
}

TEST_CASE("values of a temporary run are given as values") {
  memo::runner const runner{memo::memory_store{}};
  constexpr auto p = memo::pipeline<"temporary">(memo::step<"text">([] { return std::string(1000, 't'); }));
  STATIC_REQUIRE(std::is_same_v<decltype(runner.run(p).get<"text">()), std::string>);
  std::string const& text = runner.run(p).get<"text">();
  CHECK(text == std::string(1000, 't'));
  auto const run = runner.run(p);
  STATIC_REQUIRE(std::is_same_v<decltype(run.get<"text">()), std::string const&>);
}

TEST_CASE("a runner may be used by several threads at once") {
  scratch_folder const folder;
  memo::runner const runner{memo::directory_store{folder / "cache"}};
  constexpr auto p = memo::pipeline<"threads">(
      memo::input<"n", int>, memo::step<"many">([](int n) { return std::vector<int>(5000, n); }).from<"n">(),
      memo::step<"last">([](std::vector<int> v) { return v.back(); }).from<"many">());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 12; ++i) {
        auto const run = runner.run(p, "n"_in = i % 4);
        wrong += run.get<"last">() != i % 4;
        wrong += run.get<"many">()[17] != i % 4;
        wrong += static_cast<int>(run.report().warnings.size());
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(all_hit(runner.run(p, "n"_in = 3).report()));
}

TEST_CASE("a step may run a pipeline of its own") {
  static memo::runner const* inside;
  memo::runner const runner{memo::memory_store{}};
  inside = &runner;
  constexpr auto p = memo::pipeline<"outside">(
      memo::input<"n", int>, memo::step<"x">([](int n) {
                               constexpr auto q = memo::pipeline<"inside">(memo::input<"m", int>,
                                                                           memo::step<"y">(next).from<"m">());
                               return inside->run(q, "m"_in = n).get<"y">();
                             }).from<"n">());
  CHECK(runner.run(p, "n"_in = 1).get<"x">() == 2);
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
}

TEST_CASE("a lost value that differs only outside of its identity is no change") {
  static double noise;
  constexpr auto p = memo::pipeline<"noisy">(
      memo::input<"n", int>, memo::input<"k", int>.defaults_to(0),
      memo::step<"x">([](int n) { return std::vector<double>(2000, n + noise); })
          .from<"n">()
          .identity([](std::vector<double> const& v) { return static_cast<int>(v[0]); }),
      memo::step<"y">([](std::vector<double> const& v, int k) {
        return static_cast<int>(v[0]) + k;
      }).from<"x", "k">());
  scratch_folder const folder;
  memo::runner const runner{memo::directory_store{folder / "cache"}};
  noise = 0;
  runner.run(p, "n"_in = 1);
  std::vector<std::filesystem::path> objects;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file() && entry.file_size() > 10'000) objects.push_back(entry.path());
  REQUIRE(objects.size() == 1);
  std::filesystem::remove(objects[0]);
  noise = 0.25;
  auto const run = runner.run(p, "n"_in = 1, "k"_in = 5);
  CHECK(run.get<"y">() == 6);
  CHECK(run.get<"x">()[0] == 1.25);
  CHECK_FALSE(run.report()["x"].not_reproducible);
  auto const after = runner.run(p, "n"_in = 1, "k"_in = 6);
  CHECK(after.get<"x">()[0] == 1.25);
  CHECK(hits(after.report()) == names{"x"});
}

TEST_CASE("forcing works with every policy") {
  constexpr auto p = memo::pipeline<"forced">(
      memo::input<"n", int>, memo::step<"never">(next).from<"n">().cache(memo::never),
      memo::step<"held">([](int n) { return std::vector<int>{n}; }).from<"n">().cache(memo::in_memory),
      memo::step<"digest">([](int n) { return std::vector<int>{n}; }).from<"n">().cache(memo::digest_only),
      memo::step<"sum">([](int a, std::vector<int> const& b, std::vector<int> c) {
        return a + b[0] + c[0];
      }).from<"never", "held", "digest">());
  memo::runner runner{memo::memory_store{}};
  runner.run(p, "n"_in = 1);
  CHECK(ran(runner.run(p, "n"_in = 1).report()) == names{"never"});
  runner.options().force = {"never", "held", "digest"};
  auto const run = runner.run(p, "n"_in = 1);
  CHECK(run.get<"sum">() == 4);
  CHECK(ran(run.report()) == names{"never", "held", "digest"});
  CHECK(hits(run.report()) == names{"sum"});
  runner.options().force = {"sum"};
  auto const last = runner.run(p, "n"_in = 1);
  CHECK(last.get<"sum">() == 4);
  CHECK(last.report()["sum"].reason == "forced");
}

TEST_CASE("options may be changed between runs") {
  memo::runner runner{memo::memory_store{}};
  constexpr auto p = memo::pipeline<"changing">(memo::step<"x">([] { return ++calls("changing"); }));
  calls("changing") = 0;
  CHECK(runner.run(p).get<"x">() == 1);
  runner.options().project = "other";
  CHECK(runner.run(p).get<"x">() == 2);
  runner.options().project.clear();
  CHECK(runner.run(p).get<"x">() == 1);
  CHECK(std::as_const(runner).options().project.empty());
}

TEST_CASE("a run may be ignored") {
  memo::runner const runner{memo::memory_store{}};
  constexpr auto p = memo::pipeline<"ignored">(memo::step<"x">([] { return ++calls("ignored"); }));
  calls("ignored") = 0;
  runner.run(p);
  CHECK(calls("ignored") == 1);
}
