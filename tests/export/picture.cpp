#include <memo/export/picture.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

using memo::detail::node_shape;
using memo::detail::picture_of;

namespace {

/// The relative luminance of a colour "#rrggbb" (WCAG 2.1).
double luminance(std::string_view colour) {
  auto const channel = [&](std::size_t at) {
    double const c = static_cast<double>(std::stoi(std::string(colour.substr(at, 2)), nullptr, 16)) / 255;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

double contrast(std::string_view a, std::string_view b) {
  double const x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

}  // namespace

TEST_CASE("a picture has a node for each input and each step, and one edge for each pair of them") {
  auto const r = test::sample_report();
  auto const p = picture_of(*r.graph);
  REQUIRE(p.nodes.size() == 8);
  CHECK(p.nodes[0].id == "i0");
  CHECK(p.nodes[1].shape == node_shape::input);
  CHECK(p.nodes[2].id == "s0");
  CHECK(p.nodes[3].lines == std::vector<std::string>{"low,high"});
  CHECK(p.nodes[4].shape == node_shape::map);
  CHECK(p.legend.empty());
  std::string edges;
  for (auto const& e : p.edges)
    edges += p.nodes[e.from].id + (e.is_read ? ">" : "-") + p.nodes[e.to].id + "(" + e.label + ") ";
  CHECK(edges == "i0>s0() s0>s1() i1>s1() s0>s2() s1>s2(low, high) s2>s3() s1>s4(high) s2-s4() i1>s5() ");
}

TEST_CASE("names that a graph does not have lead to no edge") {
  memo::graph_description g;
  g.steps = {test::sample_description({"a"}, {"nowhere"}, 1)};
  g.steps[0].after = {"neither"};
  CHECK(picture_of(g).edges.empty());
}

TEST_CASE("the picture of a report has the outcome as colour, the reason as second line, and a legend") {
  auto const r = test::sample_report();
  auto const p = picture_of(r);
  CHECK(p.nodes[0].colour == "input");
  CHECK(p.nodes[2].colour == "hit");
  CHECK(p.nodes[3].colour == "ran");
  CHECK(p.nodes[3].lines == std::vector<std::string>{"low,high",
                                                     "input `scale` changed: 2 \u2192 4; verify: digests "
                                                     "differ; not reproducible"});
  CHECK(p.nodes[7].lines == std::vector<std::string>{"other"});
  CHECK(p.legend ==
        std::vector<std::string_view>{"hit", "ran", "failed", "skipped", "cancelled", "not_needed"});
}

TEST_CASE("the picture of a plan has the forecast as colour") {
  auto r = test::sample_report();
  r.is_plan = true;
  CHECK(picture_of(r).nodes[5].colour == "depends");
  CHECK(picture_of(r).legend == std::vector<std::string_view>{"hit", "run", "depends", "not_needed"});
}

TEST_CASE("a report without a graph, or with that of another pipeline, is drawn without edges") {
  auto r = test::sample_report();
  r.steps.pop_back();
  CHECK(picture_of(r).nodes.size() == 5);
  CHECK(picture_of(r).edges.empty());
  r.graph = {};
  CHECK(picture_of(r).nodes.size() == 5);
}

TEST_CASE("long texts are cut between characters") {
  using memo::detail::shortened;
  CHECK(shortened("12345", 5) == "12345");
  CHECK(shortened("123456", 5) == "1234\u2026");
  CHECK(shortened("\u00e4\u00f6\u00fc", 3) == "\u00e4\u00f6\u00fc");
  CHECK(shortened("\u00e4\u00f6\u00fcx", 3) == "\u00e4\u00f6\u2026");
  CHECK(shortened("", 3).empty());
}

TEST_CASE("the text of a node can be read on its surface, and its border seen on light and dark") {
  for (auto const& c : memo::detail::all_node_colours) {
    INFO(c.name);
    CHECK(contrast(c.text, c.fill) >= 7);
    CHECK(contrast(c.border, "#ffffff") >= 2.5);
    CHECK(contrast(c.border, "#0d1117") >= 3);
  }
  for (auto const o : memo::detail::all_outcomes)
    CHECK(memo::detail::colours_of(memo::json_name(o)).name == memo::json_name(o));
  for (auto const f : memo::detail::all_forecasts)
    CHECK(memo::detail::colours_of(memo::json_name(f)).name == memo::json_name(f));
}
