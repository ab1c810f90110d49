// The passages of README.md that are no whole program.
#include <memo/memo.hpp>
#include <memo/report/console.hpp>
#include <memo/sweep.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace memo::literals;

namespace {

int calls = 0;

double simulate(int steps, double dt) {
  ++calls;
  return steps * dt;
}

// clang-format off
struct point {
  int size;
  double temperature;
};
double magnetisation(memo::context& context, point const& p);  // context.seed() belongs to the point

constexpr auto study = memo::pipeline<"study">(
    memo::input<"points", std::vector<point>>,
    memo::step<"curve">(magnetisation).over<"points">().version<1>());
// clang-format on

double magnetisation(memo::context& context, point const& p) {
  return p.size / p.temperature + static_cast<double>(context.seed() % 2) * 1e-9;
}

}  // namespace

TEST_CASE("the README's sweep runs each point once, and writes its table") {
  memo::runner runner{memo::memory_store{}};
  for (int times = 0; times < 2; ++times) {
    // clang-format off
auto points = memo::grid<point>("size"_in = {16, 32}, "temperature"_in = memo::linspace(1.5, 3.5, 41));
auto run = runner.run(study, "points"_in = points);
memo::write_csv("curve.csv", points, memo::column<"magnetisation">(run.get<"curve">()));
    // clang-format on
    CHECK(run.report()["curve"].outcome == (times == 0 ? memo::outcome::ran : memo::outcome::hit));
    std::ifstream table("curve.csv");
    std::string line;
    REQUIRE(std::getline(table, line));
    CHECK(line == "size,temperature,magnetisation");
    int rows = 0;
    while (std::getline(table, line)) ++rows;
    CHECK(rows == 82);
  }
  std::filesystem::remove("curve.csv");
}

TEST_CASE("the README's console observes a run") {
  memo::memory_store const store;
  // clang-format off
memo::console console;
memo::runner runner{store, {.observer = &console}};
  // clang-format on
  auto const points = memo::grid<point>("size"_in = {16}, "temperature"_in = {1.5});
  CHECK(runner.run(study, "points"_in = points).report()["curve"].outcome == memo::outcome::ran);
  CHECK(runner.run(study, "points"_in = points).report()["curve"].outcome == memo::outcome::hit);
}

TEST_CASE("the README's memoized function is computed once and then read back") {
  std::filesystem::remove_all(".cache");
  int const steps = 100;
  double const dt = 0.5;
  for (int times = 0; times < 2; ++times) {
    // clang-format off
memo::directory_store store{".cache"};
auto sim = memo::memoize<"simulate">(simulate, store).version<1>();  // a new number after each change of simulate
double energy = sim(steps, dt);                                      // computed once, then read back
    // clang-format on
    CHECK(energy == 50.0);
    CHECK(calls == 1);
    CHECK(sim.stats().hits == (times == 0 ? 0u : 1u));
  }
  std::filesystem::remove_all(".cache");
}
