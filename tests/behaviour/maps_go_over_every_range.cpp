// Maps as a user declares them, over ranges of every kind: what comes out, and what runs again.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/sweep.hpp>

#include <array>
#include <atomic>
#include <list>
#include <set>

using namespace memo::literals;

namespace {

std::atomic<int> ran_elements{0};

struct point {
  int size;
  double temperature;
};
struct observable {
  double energy;
  double magnetisation;

  friend bool operator==(observable const&, observable const&) = default;
};

observable simulate(point const& p, double field) {
  ++ran_elements;
  return {p.size * p.temperature, p.size * field};
}
double hottest(std::vector<observable> const& all) {
  double most = 0;
  for (auto const& one : all) most = std::max(most, one.energy);
  return most;
}

constexpr auto model = memo::pipeline<"model">(
    memo::input<"points", std::vector<point>>, memo::input<"field", double>.defaults_to(0.5),
    memo::step<"results">(simulate).over<"points">().from<"field">().version<1>(),
    memo::step<"hottest">(hottest).from<"results">().version<1>());

constexpr auto twice = [](auto const& x) {
  ++ran_elements;
  return x + x;
};

/// Runs a map cold and warm, and with one element added, and gives the results.
template <class Range, class Function, class Element>
auto mapped(Function f, Range range, Element added) {
  scratch_folder const folder;
  auto const p = memo::pipeline<"p">(memo::input<"xs", Range>,
                                     memo::step<"ys">(f).template over<"xs">().template version<1>());
  auto const run = [&](int expected) {
    ran_elements = 0;
    memo::runner runner{memo::directory_store{folder.path()}};
    auto done = runner.run(p, "xs"_in = range);
    auto const value = done.template get<"ys">();
    auto const& row = done.report()["ys"];
    CHECK(ran_elements == expected);
    CHECK(row.outcome == (expected == 0 ? memo::outcome::hit : memo::outcome::ran));
    return value;
  };
  auto const count = static_cast<int>(std::distance(range.begin(), range.end()));
  auto const cold = run(count);
  CHECK(run(0) == cold);
  range.insert(range.end(), added);
  CHECK(run(1).size() == cold.size() + 1);
  return cold;
}

}  // namespace

TEST_CASE("a sweep runs its new points, and a table shows what came out") {
  scratch_folder const folder;
  auto const run = [&](std::vector<point> const& points, double field = 0.5) {
    ran_elements = 0;
    memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 2}};
    return runner.run(model, "points"_in = points, "field"_in = field);
  };
  auto const coarse = memo::grid<point>("size"_in = {1, 2}, "temperature"_in = memo::linspace(0, 2, 3));
  auto cold = run(coarse);
  CHECK(ran_elements == 6);
  CHECK(test::all_ran(cold.report()));
  CHECK(cold.get<"hottest">() == 4);
  CHECK(memo::csv(coarse, cold.get<"results">()) ==
        "size,temperature,energy,magnetisation\n"
        "1,0,0,0.5\n1,1,1,0.5\n1,2,2,0.5\n2,0,0,1\n2,1,2,1\n2,2,4,1\n");

  auto const fine = memo::grid<point>("temperature"_in = memo::linspace(0, 2, 5), "size"_in = {2, 1});
  auto finer = run(fine);
  CHECK(ran_elements == 4);
  CHECK(finer.report()["results"].elements == 10);
  CHECK(finer.report()["results"].elements_ran == 4);
  CHECK(finer.get<"results">().front() == observable{0, 1});

  CHECK(test::all_hit(run(fine).report()));
  CHECK(ran_elements == 0);
  run(coarse, 0.25);
  CHECK(ran_elements == 6);
}

TEST_CASE("a map goes over every range, cold and warm") {
  CHECK(mapped(twice, std::vector{1, 2, 3}, 4) == std::vector{2, 4, 6});
  CHECK(mapped(twice, std::list<double>{1.5, 2.5}, 3.5) == std::vector{3.0, 5.0});
  CHECK(mapped(twice, std::set<std::string>{"b", "a"}, "c") == std::vector<std::string>{"aa", "bb"});
  auto const is_vowel = [](char c) {
    ++ran_elements;
    return c == 'a' || c == 'e';
  };
  CHECK(mapped(is_vowel, std::string("abe"), 'd') == std::vector<bool>{true, false, true});
  auto const inverted = [](bool b) {
    ++ran_elements;
    return !b;
  };
  CHECK(mapped(inverted, std::vector<bool>{true}, false) == std::vector<bool>{false});
  auto const length = [](std::pair<std::string const, std::vector<int>> const& entry) {
    ++ran_elements;
    return entry.first + std::to_string(entry.second.size());
  };
  using entries = std::map<std::string, std::vector<int>>;
  CHECK(mapped(length, entries{{"a", {1}}, {"b", {}}}, entries::value_type{"c", {1, 2}}) ==
        std::vector<std::string>{"a1", "b0"});
  auto const sum = [](std::span<double const> numbers) {
    ++ran_elements;
    double all = 0;
    for (double const x : numbers) all += x;
    return all;
  };
  using rows = std::vector<std::vector<double>>;
  CHECK(mapped(sum, rows{{1, 2}, {}}, std::vector{3.0}) == std::vector{3.0, 0.0});
}

TEST_CASE("a map over nothing gives nothing, and is a hit the next time") {
  scratch_folder const folder;
  for (bool const warm : {false, true}) {
    memo::runner runner{memo::directory_store{folder.path()}};
    auto run = runner.run(model, "points"_in = std::vector<point>{});
    CHECK(run.get<"results">().empty());
    CHECK(run.report()["results"].outcome == (warm ? memo::outcome::hit : memo::outcome::ran));
  }
}

TEST_CASE("a map whose function returns nothing runs each element once") {
  auto const p =
      memo::pipeline<"p">(memo::input<"xs", std::vector<int>>,
                          memo::step<"done">([](int) { ++ran_elements; }).over<"xs">().version<1>());
  memo::memory_store const store;
  ran_elements = 0;
  for (bool const warm : {false, true}) {
    memo::runner runner{store};
    auto run = runner.run(p, "xs"_in = {1, 2, 3});
    CHECK(run.get<"done">().size() == 3);
    CHECK(ran_elements == 3);
    CHECK(run.report()["done"].outcome == (warm ? memo::outcome::hit : memo::outcome::ran));
  }
}

TEST_CASE("what stands for the inputs decides which elements run") {
  auto const p = memo::pipeline<"p">(memo::input<"xs", std::vector<int>>, memo::input<"n", int>,
                                     memo::step<"ys">([](int x, int n) {
                                       ++ran_elements;
                                       return x / 10 + n / 10;
                                     })
                                         .over<"xs">()
                                         .from<"n">()
                                         .key([](int x, int n) { return std::pair(x / 10, n / 10); })
                                         .version<1>());
  memo::memory_store const store;
  auto const run = [&](std::vector<int> const& xs, int n) {
    ran_elements = 0;
    memo::runner runner{store};
    return runner.run(p, "xs"_in = xs, "n"_in = n).get<"ys">();
  };
  CHECK(run({11, 19, 25}, 30) == std::vector{4, 4, 5});
  CHECK(ran_elements == 2);  // 11 and 19 have one key
  CHECK(run({12, 27}, 39) == std::vector{4, 5});
  CHECK(ran_elements == 0);
  CHECK(run({12, 35}, 30) == std::vector{4, 6});
  CHECK(ran_elements == 1);
}

TEST_CASE("a check of a map sees the whole vector, and a map that fails it is not kept") {
  static bool is_strict = false;
  auto const p = memo::pipeline<"p">(
      memo::input<"xs", std::vector<int>>,
      memo::step<"ys">([](int x) {
        ++ran_elements;
        return x;
      })
          .over<"xs">()
          .check([](std::vector<int> const& all) { return !is_strict || all.size() < 3; }, "holds few values")
          .version<1>());
  memo::memory_store const store;
  ran_elements = 0;
  is_strict = true;
  std::string const text = test::error_of<memo::step_failed>([&] {
    memo::runner runner{store};
    runner.run(p, "xs"_in = {1, 2, 3});
  });
  INFO(text);
  CHECK(test::contains(text, "holds few values"));
  CHECK(ran_elements == 3);
  is_strict = false;
  memo::runner runner{store};
  auto run = runner.run(p, "xs"_in = {1, 2, 3});
  CHECK(run.get<"ys">() == std::vector{1, 2, 3});
  CHECK(run.report()["ys"].outcome != memo::outcome::failed);
}

TEST_CASE("the identity of a map decides whether its readers run") {
  auto const p = memo::pipeline<"p">(
      memo::input<"xs", std::vector<double>>,
      memo::step<"ys">([](double x) { return 2 * x; })
          .over<"xs">()
          .identity([](std::vector<double> const& all) { return all.size(); })
          .version<1>(),
      memo::step<"count">([](std::vector<double> const& ys) { return ys.size(); }).from<"ys">().version<1>());
  memo::memory_store const store;
  auto const run = [&](std::vector<double> const& xs) {
    memo::runner runner{store};
    return runner.run(p, "xs"_in = xs).report();
  };
  CHECK(test::ran(run({1, 2})) == test::names{"ys", "count"});
  CHECK(test::ran(run({3, 4})) == test::names{"ys"});
  CHECK(test::ran(run({3, 4, 5})) == test::names{"ys", "count"});
}

TEST_CASE("results that cannot be stored stay in memory, or are made each time") {
  struct handle {
    int const* at = nullptr;
  };
  static int const somewhere = 3;
  auto const step = memo::step<"ys">([](int) {
                      ++ran_elements;
                      return handle{&somewhere};
                    })
                        .over<"xs">()
                        .version<1>();
  auto const counted = [&](auto node) {
    auto const p = memo::pipeline<"p">(memo::input<"xs", std::vector<int>>, node);
    memo::memory_store const store;
    ran_elements = 0;
    for (int i = 0; i < 2; ++i) {
      memo::runner runner{store};
      auto run = runner.run(p, "xs"_in = {1, 2});
      CHECK(*run.template get<"ys">().at(1).at == 3);
    }
    return ran_elements.load();
  };
  CHECK(counted(step.cache(memo::never)) == 4);
  CHECK(counted(step.cache(memo::in_memory)) == 2);
}
