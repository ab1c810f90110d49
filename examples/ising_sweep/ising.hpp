/// The two-dimensional Ising model without a field, on a square lattice of size by size spins with periodic boundaries;
/// coupling and Boltzmann's constant are 1. Nothing here knows memo. The results are the same on every compiler: no
/// random distribution of the standard library is used.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ising {

/// Where the infinite lattice loses its order: 2 / log(1 + sqrt 2).
constexpr double critical_temperature = 2.269185314213022;

/// What is simulated.
struct point {
  int size = 0;
  double temperature = 0;
};

/// Averages per spin; each error is one standard deviation of its average.
struct observables {
  double magnetisation = 0;  // of its absolute value
  double magnetisation_error = 0;
  double energy = 0;
  double energy_error = 0;
  double susceptibility = 0;
};

/// The magnetisation of the infinite lattice (Onsager 1944, Yang 1952).
inline double exact_magnetisation(double temperature) {
  if (temperature >= critical_temperature) return 0.0;
  return std::pow(1.0 - std::pow(std::sinh(2.0 / temperature), -4.0), 0.125);
}

/// The energy per spin of the infinite lattice (Onsager 1944).
inline double exact_energy(double temperature) {
  double const beta = 1.0 / temperature;
  double const t = std::tanh(2.0 * beta);
  double const modulus = 2.0 * std::sinh(2.0 * beta) / (std::cosh(2.0 * beta) * std::cosh(2.0 * beta));
  double const pi = 3.141592653589793;
  // At the critical temperature the integral is infinite, and its factor 0.
  double const anomalous = modulus < 1.0 ? (2.0 * t * t - 1.0) * std::comp_ellint_1(modulus) : 0.0;
  return -(1.0 + 2.0 / pi * anomalous) / t;
}

/// splitmix64: small, and the same everywhere.
class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// A lattice in thermal motion. It starts with all spins up.
class lattice {
 public:
  /// The sums over all spins, and over all pairs of neighbours, of one state.
  struct totals {
    double magnetisation;
    double energy;
  };

  lattice(point const& p, std::uint64_t seed)
      : size_(static_cast<std::size_t>(p.size)),
        spins_(size_ * size_, 1),
        cluster_(spins_.size()),
        random_(seed),
        bond_(static_cast<std::uint64_t>((1.0 - std::exp(-2.0 / p.temperature)) * 0x1p32)) {}

  /// One sweep of Swendsen and Wang (1987): equal neighbours are bound with the probability 1 - exp(-2/T), and each
  /// cluster gets a new random spin. Unlike flips of single spins it stays quick at the critical temperature. Gives the
  /// totals of the state that it found.
  totals sweep() {
    std::iota(cluster_.begin(), cluster_.end(), 0u);
    int sum = 0, equal_pairs = 0;
    for (std::size_t y = 0; y < size_; ++y)
      for (std::size_t x = 0; x < size_; ++x) {
        std::size_t const here = y * size_ + x;
        std::size_t const right = x + 1 < size_ ? here + 1 : here + 1 - size_;
        std::size_t const below = y + 1 < size_ ? here + size_ : x;
        std::uint64_t const bits = random_.next();
        sum += spins_[here];
        if (spins_[here] == spins_[right]) {
          ++equal_pairs;
          if ((bits & 0xffffffffu) < bond_) join(here, right);
        }
        if (spins_[here] == spins_[below]) {
          ++equal_pairs;
          if ((bits >> 32) < bond_) join(here, below);
        }
      }
    // A site is bound to itself or to one before it, which has its new spin already.
    for (std::size_t i = 0; i < spins_.size(); ++i)
      spins_[i] = cluster_[i] == i ? ((random_.next() >> 63) != 0 ? 1 : -1) : spins_[cluster_[i]];
    auto const pairs = 2.0 * static_cast<double>(spins_.size());
    return {static_cast<double>(sum), pairs - 2.0 * equal_pairs};
  }

 private:
  std::uint32_t first_of(std::size_t site) {
    auto at = static_cast<std::uint32_t>(site);
    while (cluster_[at] != at) at = cluster_[at] = cluster_[cluster_[at]];
    return at;
  }
  void join(std::size_t a, std::size_t b) {
    std::uint32_t const first = first_of(a), second = first_of(b);
    first < second ? cluster_[second] = first : cluster_[first] = second;
  }

  std::size_t size_;
  std::vector<signed char> spins_;
  std::vector<std::uint32_t> cluster_;
  generator random_;
  std::uint64_t bond_;  // the probability of a bond, in units of 2^-32
};

/// The mean of a series and its error, from the scatter of the means of 20 blocks: neighbours in the series are
/// correlated, blocks hardly.
struct block_average {
  static constexpr int blocks = 20;
  double sums[blocks] = {};
  double count = 0;  // of each block

  std::pair<double, double> mean_and_error() const {
    double mean = 0, scatter = 0;
    for (double const sum : sums) mean += sum / count / blocks;
    for (double const sum : sums) scatter += (sum / count - mean) * (sum / count - mean);
    return {mean, std::sqrt(scatter / (blocks - 1) / blocks)};
  }
};

/// Simulates one point: `sweeps` sweeps that are measured, after a fifth as many that are not. `give_up` is asked now
/// and then; once it says true, the simulation ends with an exception.
template <class GiveUp>
observables simulate(point const& p, int sweeps, std::uint64_t seed, GiveUp give_up) {
  if (p.size < 2 || p.size > 4096 || !(p.temperature > 0) || sweeps < block_average::blocks)
    throw std::runtime_error("a simulation needs a size from 2 to 4096, a temperature above 0 and at least " +
                             std::to_string(block_average::blocks) + " sweeps");
  lattice spins(p, seed);
  for (int i = 0; i < sweeps / 5; ++i) spins.sweep();

  int const per_block = sweeps / block_average::blocks;
  double const sites = static_cast<double>(p.size) * p.size;
  double squares = 0;
  block_average magnetisation{.count = per_block * sites}, energy = magnetisation;
  for (int block = 0; block < block_average::blocks; ++block) {
    if (give_up()) throw std::runtime_error("the simulation was stopped");
    for (int i = 0; i < per_block; ++i) {
      auto const [m, e] = spins.sweep();
      magnetisation.sums[block] += std::abs(m);
      energy.sums[block] += e;
      squares += m * m;
    }
  }

  observables result;
  std::tie(result.magnetisation, result.magnetisation_error) = magnetisation.mean_and_error();
  std::tie(result.energy, result.energy_error) = energy.mean_and_error();
  double const mean_square = squares / (per_block * block_average::blocks * sites);
  result.susceptibility = (mean_square - sites * result.magnetisation * result.magnetisation) / p.temperature;
  return result;
}
inline observables simulate(point const& p, int sweeps, std::uint64_t seed) {
  return simulate(p, sweeps, seed, [] { return false; });
}

}  // namespace ising
