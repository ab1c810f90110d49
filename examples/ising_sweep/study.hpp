/// The pipeline of the sweep: each point of the grid is simulated once, whatever grid it belongs to.
///
///     sizes, temperatures, also -> points -+-> results -+
///                                  sweeps -+            +-> picture
///                                  points --------------+
///
#pragma once

#include "ising.hpp"
#include "plot.hpp"

#include <memo/memo.hpp>
#include <memo/sweep.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ising {

/// So many temperatures from 1.5 to 3.5, evenly spaced, and some more; for each of the sizes.
inline std::vector<point> grid(std::vector<int> const& sizes, unsigned count,
                               std::vector<double> const& also) {
  using namespace memo::literals;
  auto temperatures = memo::linspace(1.5, 3.5, count);
  temperatures.insert(temperatures.end(), also.begin(), also.end());
  return memo::grid<point>("size"_in = sizes, "temperature"_in = temperatures);
}

/// The seed belongs to project, pipeline, step, point and number of sweeps: the same in every run, on every machine.
inline observables simulate_point(memo::context& context, point const& p, int sweeps) {
  return simulate(p, sweeps, context.seed(), [&] { return context.stop_requested(); });
}

/// The magnetisation against the temperature, a curve for each size, and the exact one of the infinite lattice.
inline std::string draw(std::vector<point> const& points, std::vector<observables> const& results) {
  std::map<int, std::map<double, observables>> by_size;
  for (std::size_t i = 0; i < points.size(); ++i) by_size[points[i].size][points[i].temperature] = results[i];

  std::vector<plot::curve> curves;
  double lowest = critical_temperature, highest = critical_temperature;
  for (auto const& [size, by_temperature] : by_size) {
    plot::curve& one = curves.emplace_back();
    one.label = "L = " + std::to_string(size);
    for (auto const& [temperature, result] : by_temperature) {
      one.x.push_back(temperature);
      one.y.push_back(result.magnetisation);
      one.error.push_back(result.magnetisation_error);
    }
    lowest = std::min(lowest, one.x.front());
    highest = std::max(highest, one.x.back());
  }
  plot::curve exact{.label = "exact, L = ∞", .x = {}, .y = {}, .dashed = true};
  auto const add = [&](double t) {
    exact.x.push_back(t);
    exact.y.push_back(exact_magnetisation(t));
  };
  // The curve falls as the eighth root of the distance to the critical temperature: points crowd there.
  constexpr int pieces = 120;
  for (int i = 0; i <= pieces; ++i)
    add(critical_temperature - (critical_temperature - lowest) * std::pow(1.0 - i * (1.0 / pieces), 4));
  add(highest);
  curves.push_back(std::move(exact));
  return plot::svg({"Magnetisation of the 2-D Ising model", "temperature T / J", "⟨|m|⟩"}, curves);
}

inline constexpr auto study = memo::pipeline<"ising_sweep">(
    memo::input<"sizes", std::vector<int>>.defaults_to([] { return std::vector{8, 16, 32, 64}; }),
    memo::input<"temperatures", unsigned>.defaults_to(41),
    memo::input<"also", std::vector<double>>.defaults_to([] { return std::vector<double>{}; }),
    memo::input<"sweeps", int>.defaults_to(1000),
    memo::input<"folder", std::filesystem::path>.defaults_to("build/ising_sweep"),  // read by no step
    memo::step<"points">(grid).from<"sizes", "temperatures", "also">().version<1>(),
    memo::step<"results">(simulate_point).over<"points">().from<"sweeps">().version<1>(),
    memo::step<"picture">(draw).from<"points", "results">().version<1>());

}  // namespace ising
