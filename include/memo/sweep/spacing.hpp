/// Evenly spaced numbers. They are part of keys, so `linspace` gives the same bits with every compiler and target, fused
/// multiplication or not (but not with -ffast-math); `logspace` and `geomspace` use the C library's `pow`, and are as
/// portable as that.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace memo {
namespace detail {

// Calls `between` with the fraction of the way from 0 to 1, exclusive; the ends are exact.
template <class Between>
std::vector<double> spaced(double first, double last, std::size_t count, Between between) {
  std::vector<double> values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(i == 0           ? first
                     : i + 1 == count ? last
                                      : between(static_cast<double>(i) / static_cast<double>(count - 1)));
  return values;
}

}  // namespace detail

/// `count` numbers from `first` to `last`, both included, with equal differences.
inline std::vector<double> linspace(double first, double last, std::size_t count) {
  // One rounding whether or not the processor can fuse, and whatever the compiler is allowed to contract.
  return detail::spaced(first, last, count, [&](double way) { return std::fma(way, last - first, first); });
}

/// `count` powers of ten, from 10^first to 10^last, both included: equal ratios, given by exponents.
inline std::vector<double> logspace(double first, double last, std::size_t count) {
  std::vector<double> values = linspace(first, last, count);
  for (double& value : values) value = std::pow(10.0, value);
  return values;
}

/// `count` numbers from `first` to `last`, both included, with equal ratios. Both have the same sign, and are not zero.
inline std::vector<double> geomspace(double first, double last, std::size_t count) {
  return detail::spaced(first, last, count, [&](double way) { return first * std::pow(last / first, way); });
}

}  // namespace memo
