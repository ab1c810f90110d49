/// A k-d tree over points in space (Bentley 1975), as plain functions on plain data. Nothing here knows memo.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace kd {

using point = std::array<float, 3>;

inline float squared_distance(point const& a, point const& b) {
  float sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// Points in the unit cube, the same for the same seed on every compiler (splitmix64).
inline std::vector<point> random_points(std::size_t count, std::uint64_t seed) {
  auto const uniform = [&seed] {
    std::uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<float>((z ^ (z >> 31)) >> 40) * 0x1p-24f;
  };
  std::vector<point> points(count);
  for (point& p : points) p = {uniform(), uniform(), uniform()};
  return points;
}

/// Puts the median along `axis` into the middle, what is below it in front and what is above it behind, and does the
/// same to both halves along the next axis.
inline void arrange(std::span<point> points, std::size_t axis = 0) {
  if (points.size() < 2) return;
  std::size_t const middle = points.size() / 2;
  std::nth_element(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(middle), points.end(),
                   [axis](point const& a, point const& b) { return a[axis] < b[axis]; });
  arrange(points.first(middle), (axis + 1) % 3);
  arrange(points.subspan(middle + 1), (axis + 1) % 3);
}

/// The tree over `count` random points: the points themselves, arranged. O(n log n).
inline std::vector<point> random_tree(std::size_t count, std::uint64_t seed) {
  std::vector<point> points = random_points(count, seed);
  arrange(points);
  return points;
}

/// The squared distance from `to` to the nearest point of a tree, or `best` if that is less. O(log n) on average.
inline float nearest(std::span<point const> tree, point const& to, std::size_t axis = 0,
                     float best = std::numeric_limits<float>::infinity()) {
  if (tree.empty()) return best;
  std::size_t const middle = tree.size() / 2;
  best = std::min(best, squared_distance(tree[middle], to));
  auto const lower = tree.first(middle), upper = tree.subspan(middle + 1);
  float const beyond = to[axis] - tree[middle][axis];
  std::size_t const next = (axis + 1) % 3;
  best = nearest(beyond < 0 ? lower : upper, to, next, best);
  return beyond * beyond < best ? nearest(beyond < 0 ? upper : lower, to, next, best) : best;
}

}  // namespace kd
