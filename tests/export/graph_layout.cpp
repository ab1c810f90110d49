#include <memo/export/graph_layout.hpp>

#include <catch2/catch.hpp>
#include <random>

using memo::detail::graph_layout;
using memo::detail::layout_box;
using memo::detail::layout_edge;
using memo::detail::layout_graph;

namespace {

struct sample {
  std::vector<layout_box> boxes;
  std::vector<layout_edge> edges;
};

// Boxes on random levels of which each but the first has a box; edges from lower to higher levels.
sample random_sample(std::uint32_t boxes, std::size_t edges, std::uint32_t levels, unsigned seed) {
  std::mt19937 random(seed);
  sample made;
  for (std::uint32_t i = 0; i < boxes; ++i)
    made.boxes.push_back({i < levels ? i : static_cast<std::uint32_t>(random() % levels),
                          static_cast<double>(60 + random() % 150), static_cast<double>(24 + random() % 30)});
  while (made.edges.size() < edges) {
    auto const from = static_cast<std::uint32_t>(random() % boxes),
               to = static_cast<std::uint32_t>(random() % boxes);
    if (made.boxes[from].level < made.boxes[to].level) made.edges.push_back({from, to});
  }
  return made;
}

bool overlap(sample const& s, graph_layout const& l, std::size_t a, std::size_t b) {
  return l.boxes[a].x < l.boxes[b].x + s.boxes[b].width && l.boxes[b].x < l.boxes[a].x + s.boxes[a].width &&
         l.boxes[a].y < l.boxes[b].y + s.boxes[b].height && l.boxes[b].y < l.boxes[a].y + s.boxes[a].height;
}

std::size_t overlaps(sample const& s, graph_layout const& l) {
  std::size_t found = 0;
  for (std::size_t a = 0; a < s.boxes.size(); ++a)
    for (std::size_t b = a + 1; b < s.boxes.size(); ++b) found += overlap(s, l, a, b);
  return found;
}

// Straight pieces of edges, which pass columns, must keep away from boxes; curves lie between columns.
std::size_t edges_behind_boxes(sample const& s, graph_layout const& l) {
  std::size_t found = 0;
  for (auto const& points : l.edges)
    for (std::size_t i = 0; i + 1 < points.size(); ++i)
      for (std::size_t b = 0; b < s.boxes.size(); ++b) {
        double const left = l.boxes[b].x, right = left + s.boxes[b].width;
        bool const level = points[i].y == points[i + 1].y;
        bool const beside = points[i + 1].x <= left || points[i].x >= right;
        bool const above_or_below =
            level && (points[i].y <= l.boxes[b].y || points[i].y >= l.boxes[b].y + s.boxes[b].height);
        found += !beside && !above_or_below;
      }
  return found;
}

void check(sample const& s) {
  graph_layout const l = layout_graph(s.boxes, s.edges);
  REQUIRE(l.boxes.size() == s.boxes.size());
  REQUIRE(l.edges.size() == s.edges.size());
  CHECK(overlaps(s, l) == 0);
  CHECK(edges_behind_boxes(s, l) == 0);
  bool forward = true, inside = true, levels_kept = true;
  for (std::size_t i = 0; i < s.edges.size(); ++i) {
    auto const& points = l.edges[i];
    REQUIRE(points.size() >= 2);
    for (std::size_t k = 0; k + 1 < points.size(); ++k) forward = forward && points[k].x < points[k + 1].x;
    auto const from = s.edges[i].from, to = s.edges[i].to;
    CHECK(points.front().x == l.boxes[from].x + s.boxes[from].width);
    CHECK(points.back().x == l.boxes[to].x);
  }
  for (std::size_t i = 0; i < s.boxes.size(); ++i) {
    inside = inside && l.boxes[i].x >= 0 && l.boxes[i].y >= -0.5 &&
             l.boxes[i].x + s.boxes[i].width <= l.width && l.boxes[i].y + s.boxes[i].height <= l.height + 1;
    for (std::size_t k = 0; k < s.boxes.size(); ++k)
      if (s.boxes[i].level < s.boxes[k].level)
        levels_kept = levels_kept && l.boxes[i].x + s.boxes[i].width < l.boxes[k].x;
  }
  CHECK(forward);
  CHECK(inside);
  CHECK(levels_kept);
}

}  // namespace

TEST_CASE("boxes of a layout do not overlap and edges go forward beside them") {
  for (unsigned seed = 0; seed < 20; ++seed) check(random_sample(30, 45, 2 + seed % 9, seed));
}

TEST_CASE("a layout of no, one or unconnected boxes has no surprises") {
  CHECK(layout_graph({}, {}).boxes.empty());
  CHECK(layout_graph({}, {}).width == 0);
  graph_layout const one = layout_graph({{7, 100, 40}}, {});
  CHECK(one.boxes[0].x == 0);
  CHECK(one.boxes[0].y == 0);
  CHECK(one.width == 100);
  CHECK(one.height == 40);
  check(random_sample(150, 0, 1, 1));
}

TEST_CASE("a chain is drawn as a straight line") {
  sample s;
  for (std::uint32_t i = 0; i < 60; ++i) {
    s.boxes.push_back({i, 120, 44});
    if (i != 0) s.edges.push_back({i - 1, i});
  }
  graph_layout const l = layout_graph(s.boxes, s.edges);
  for (auto const& box : l.boxes) CHECK(box.y == l.boxes[0].y);
  CHECK(l.height == 44);
}

TEST_CASE("a graph that can be drawn without crossings is drawn without") {
  // Two chains, declared across each other.
  sample const s{{{0, 9, 9}, {0, 9, 9}, {1, 9, 9}, {1, 9, 9}, {2, 9, 9}, {2, 9, 9}},
                 {{0, 3}, {1, 2}, {3, 4}, {2, 5}}};
  CHECK(layout_graph(s.boxes, s.edges).crossings == 0);
}

TEST_CASE("levels need not be dense and edges that do not go forward are left out of a layout") {
  sample const s{{{4'000'000'000, 9, 9}, {5, 9, 9}, {5, 9, 9}}, {{1, 0}, {0, 1}, {1, 2}, {1, 1}, {1, 9}}};
  graph_layout const l = layout_graph(s.boxes, s.edges);
  CHECK(l.edges[0].size() == 2);
  for (std::size_t i = 1; i < 5; ++i) CHECK(l.edges[i].empty());
}

TEST_CASE("edges from one box share the rows by which they pass columns") {
  sample s{{{0, 9, 9}, {1, 9, 9}, {2, 9, 9}, {3, 9, 9}, {3, 9, 9}}, {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {0, 4}}};
  graph_layout const l = layout_graph(s.boxes, s.edges);
  REQUIRE(l.edges[3].size() == 6);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(l.edges[3][i].x == l.edges[4][i].x);
    CHECK(l.edges[3][i].y == l.edges[4][i].y);
  }
  check(s);
}

TEST_CASE("the same graph is laid out in the same way") {
  sample const s = random_sample(120, 200, 12, 3);
  graph_layout const first = layout_graph(s.boxes, s.edges), second = layout_graph(s.boxes, s.edges);
  for (std::size_t i = 0; i < s.boxes.size(); ++i) {
    CHECK(first.boxes[i].x == second.boxes[i].x);
    CHECK(first.boxes[i].y == second.boxes[i].y);
  }
}

TEST_CASE("large graphs are laid out with bounded work") {
  for (std::uint32_t const levels : {2U, 10U, 60U}) {
    sample const s = random_sample(200, 400, levels, levels);
    check(s);
    graph_layout const l = layout_graph(s.boxes, s.edges);
    // At most 49 sweeps over the boxes and at most one row for each box and column.
    CHECK(l.visits <= 49 * 200 * (1 + levels / 2));
  }
}
