/// The pipeline of the sweep: each point of the grid is simulated once, whatever grid it belongs to.
///
///     points -+-> results -+
///     sweeps -+            +-> picture
///     points --------------+
///
#pragma once

#include "ising.hpp"
#include "plot.hpp"

#include <memo/memo.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ising {

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
    memo::input<"points", std::vector<point>>, memo::input<"sweeps", int>,
    memo::step<"results">(simulate_point).over<"points">().from<"sweeps">().version<1>(),
    memo::step<"picture">(draw).from<"points", "results">().version<1>());

}  // namespace ising
