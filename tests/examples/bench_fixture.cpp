#include "../../examples/bench_fixture/kd_tree.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>

// That the second start of the program reads its fixture back is tested by ../examples/second_start.py.

TEST_CASE("a tree holds the points that it was made of") {
  for (std::size_t const count : {0U, 1U, 2U, 3U, 10U, 1000U}) {
    auto points = kd::random_points(count, 1), tree = kd::random_tree(count, 1);
    CHECK(tree.size() == count);
    std::sort(points.begin(), points.end());
    std::sort(tree.begin(), tree.end());
    CHECK(tree == points);
  }
  CHECK(kd::random_points(10, 1) != kd::random_points(10, 2));
}

TEST_CASE("a tree finds the same nearest point as a look at all points") {
  for (std::size_t const count : {1U, 2U, 7U, 64U, 1000U}) {
    auto const tree = kd::random_tree(count, 3);
    for (kd::point const& to : kd::random_points(200, 4)) {
      float best = std::numeric_limits<float>::infinity();
      for (kd::point const& p : tree) best = std::min(best, kd::squared_distance(p, to));
      if (kd::nearest(tree, to) != best) FAIL("another distance among " << count);
    }
    CHECK(kd::nearest(tree, tree.front()) == 0.0f);
  }
  CHECK(kd::nearest({}, {0, 0, 0}) == std::numeric_limits<float>::infinity());
}
