#include "../../examples/ising_sweep/study.hpp"

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace memo::literals;

namespace {

/// What 65536 states of the lattice of 4 by 4 spins give.
ising::observables enumerated(double temperature) {
  double weights = 0, magnetisation = 0, energy = 0, squares = 0;
  for (unsigned state = 0; state < 65536; ++state) {
    auto const spin = [state](unsigned y, unsigned x) {
      return (state >> (4 * (y % 4) + x % 4) & 1u) != 0 ? 1 : -1;
    };
    int m = 0, e = 0;
    for (unsigned y = 0; y < 4; ++y)
      for (unsigned x = 0; x < 4; ++x) {
        m += spin(y, x);
        e -= spin(y, x) * (spin(y + 1, x) + spin(y, x + 1));
      }
    double const weight = std::exp(-e / temperature);
    weights += weight;
    magnetisation += weight * std::abs(m);
    energy += weight * e;
    squares += weight * m * m;
  }
  double const mean = magnetisation / weights / 16;
  return {.magnetisation = mean,
          .energy = energy / weights / 16,
          .susceptibility = (squares / weights / 16 - 16 * mean * mean) / temperature};
}

void within(double value, double expected, double error) {
  INFO(value << " is " << (value - expected) / error << " errors from " << expected);
  CHECK(error > 0);
  CHECK(std::abs(value - expected) < 5 * error);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::vector<ising::point> grid(std::vector<int> const& sizes, std::vector<double> const& temperatures) {
  std::vector<ising::point> points;
  for (int const size : sizes)
    for (double const temperature : temperatures) points.push_back({size, temperature});
  return points;
}

bool equal(std::vector<ising::observables> const& a, std::vector<ising::observables> const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto const& x, auto const& y) {
    return x.magnetisation == y.magnetisation && x.magnetisation_error == y.magnetisation_error &&
           x.energy == y.energy && x.energy_error == y.energy_error && x.susceptibility == y.susceptibility;
  });
}

}  // namespace

TEST_CASE("the exact values are those of the literature") {
  using namespace ising;
  CHECK(critical_temperature == Approx(2 / std::log(1 + std::sqrt(2.0))).epsilon(1e-14));
  CHECK(exact_magnetisation(2.0) == Approx(0.911319).epsilon(1e-6));
  CHECK(exact_magnetisation(0.1) == Approx(1.0));
  CHECK(exact_magnetisation(critical_temperature) == 0.0);
  CHECK(exact_magnetisation(3.0) == 0.0);
  CHECK(exact_energy(critical_temperature) == Approx(-std::sqrt(2.0)).epsilon(1e-9));
  CHECK(exact_energy(2.0) == Approx(-1.745565).epsilon(1e-6));
  CHECK(exact_energy(0.2) == Approx(-2.0).epsilon(1e-6));
  CHECK(exact_energy(100.0) == Approx(-0.02).epsilon(1e-3));  // -2 tanh(1/T) to first order
}

TEST_CASE("a lattice of 4 by 4 spins behaves as the enumeration of its states says") {
  for (double const temperature : {1.5, ising::critical_temperature, 3.5}) {
    ising::observables const exact = enumerated(temperature);
    ising::observables const found = ising::simulate({4, temperature}, 40'000, 1);
    within(found.magnetisation, exact.magnetisation, found.magnetisation_error);
    within(found.energy, exact.energy, found.energy_error);
    CHECK(found.susceptibility == Approx(exact.susceptibility).epsilon(0.1));
  }
}

TEST_CASE("away from the critical temperature a lattice of 32 by 32 spins is as the infinite one") {
  for (double const temperature : {1.5, 1.8, 2.0, 2.1}) {
    ising::observables const found = ising::simulate({32, temperature}, 2000, 2);
    within(found.magnetisation, ising::exact_magnetisation(temperature), found.magnetisation_error);
    CHECK(found.magnetisation_error < 0.005);
  }
  for (double const temperature : {1.5, 2.0, 3.0, 4.0}) {
    ising::observables const found = ising::simulate({32, temperature}, 2000, 3);
    within(found.energy, ising::exact_energy(temperature), found.energy_error);
    CHECK(found.energy_error < 0.01);
  }
}

TEST_CASE("a simulation depends on its seed alone, and refuses what it cannot do") {
  using ising::simulate;
  CHECK(equal({simulate({8, 2.2}, 100, 1)}, {simulate({8, 2.2}, 100, 1)}));
  CHECK_FALSE(equal({simulate({8, 2.2}, 100, 1)}, {simulate({8, 2.2}, 100, 2)}));
  CHECK_THROWS_AS(simulate({1, 2.2}, 100, 1), std::runtime_error);
  CHECK_THROWS_AS(simulate({8, 0.0}, 100, 1), std::runtime_error);
  CHECK_THROWS_AS(simulate({8, -1.0}, 100, 1), std::runtime_error);
  CHECK_THROWS_AS(simulate({8, 2.2}, 19, 1), std::runtime_error);
  CHECK_THROWS_AS(simulate({8, 2.2}, 100, 1, [] { return true; }), std::runtime_error);
}

TEST_CASE("the picture has a curve for each size, the exact one, and axes with numbers") {
  auto const points = grid({16, 8}, {1.5, 3.5, 2.5});
  std::vector<ising::observables> results;
  for (ising::point const& p : points) results.push_back(ising::simulate(p, 20, 1));
  std::string const picture = ising::draw(points, results);
  CHECK(picture.starts_with("<svg "));
  CHECK(picture.ends_with("</svg>\n"));
  CHECK(count(picture, "<polyline") == 6);  // and its sample in the legend
  CHECK(count(picture, "class=\"exact\"") == 2);
  CHECK(picture.find(">L = 8<") < picture.find(">L = 16<"));
  for (char const* part : {">1.5<", ">2.0<", ">3.5<", ">0.0<", ">1.0<", ">temperature T / J<"})
    CHECK(count(picture, part) == 1);
  CHECK(count(picture, "nan") + count(picture, "inf") == 0);
  CHECK(plot::svg({"a < b & c", "", ""}, {}).find("a &lt; b &amp; c") != std::string::npos);
}

TEST_CASE("a second sweep is all hits, and of a finer or larger grid only the new points run") {
  scratch_folder const folder;
  auto const sweep = [&](std::vector<int> sizes, unsigned temperatures, std::vector<double> also = {},
                         int sweeps = 40) {
    memo::runner const runner{memo::directory_store{folder / "cache"}};
    return runner.run(ising::study, "sizes"_in = std::move(sizes), "temperatures"_in = temperatures,
                      "also"_in = std::move(also), "sweeps"_in = sweeps);
  };
  auto const cold = sweep({4, 8}, 3);
  REQUIRE(cold.get<"points">().size() == 6);
  CHECK(cold.get<"points">()[4].temperature == 2.5);
  CHECK(cold.report()["results"].elements == 6);
  CHECK(cold.report()["results"].elements_ran == 6);

  auto const warm = sweep({4, 8}, 3);
  CHECK(warm.report().count(memo::outcome::hit) == 3);
  CHECK(warm.report()["results"].elements_ran == 0);
  CHECK(equal(warm.get<"results">(), cold.get<"results">()));

  auto const finer = sweep({4, 8}, 3, {2.0});
  CHECK(finer.report()["results"].elements == 8);
  CHECK(finer.report()["results"].elements_ran == 2);
  CHECK(equal({finer.get<"results">()[0], finer.get<"results">()[1]},
              {cold.get<"results">()[0], cold.get<"results">()[1]}));

  CHECK(sweep({8, 4, 16}, 1, {3.5}).report()["results"].elements_ran == 2);  // 16 at 1.5 and at 3.5
  CHECK(sweep({4, 8}, 3).report()["results"].outcome == memo::outcome::hit);
  CHECK(sweep({4, 8}, 3, {}, 60).report()["results"].elements_ran == 6);
}

TEST_CASE("the results of a sweep do not depend on the number of threads") {
  auto const with = [](unsigned jobs) {
    auto const run = memo::runner{memo::memory_store{}, {.jobs = jobs}}.run(
        ising::study, "sizes"_in = {4, 8, 16}, "temperatures"_in = 4U, "sweeps"_in = 40);
    CHECK(run.report()["results"].elements_ran == 12);
    return run.get<"results">();
  };
  CHECK(equal(with(1), with(4)));
}
