#include <memo/export/dot.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <string>

using memo::detail::dot_string;
using test::contains;

TEST_CASE("an empty report is a digraph without nodes") {
  std::string const text = memo::to_dot(memo::report{});
  CHECK(text.starts_with("digraph \"pipeline\" {\n"));
  CHECK(text.ends_with("}\n"));
  CHECK_FALSE(contains(text, "label="));
}

TEST_CASE("inputs are ellipses, maps have two borders, and what only has to run before is dashed") {
  auto const r = test::sample_report();
  std::string const text = memo::to_dot(*r.graph);
  CHECK(text.starts_with("digraph \"sample\" {\n"));
  CHECK(contains(text,
                 "  i0 [label=\"path\", fillcolor=\"#e8eaed\", color=\"#7d858f\", fontcolor=\"#1c2430\", "
                 "shape=ellipse, style=filled];\n"));
  CHECK(contains(text, "  s1 [label=\"low,high\", "));
  CHECK(contains(text, "fontcolor=\"#10243d\", peripheries=2];\n"));
  CHECK(contains(text, "  i0 -> s0;\n"));
  CHECK(contains(text, "  s1 -> s2 [label=\"low, high\"];\n"));
  CHECK(contains(text, "  s2 -> s4 [style=dashed];\n"));
  CHECK_FALSE(contains(text, "legend"));
}

TEST_CASE("a digraph of a report has reasons and a legend of the colours that occur") {
  auto r = test::sample_report();
  r.steps.resize(2);
  std::string const text = memo::to_dot(r);
  CHECK(contains(text, "s0 [label=\"load\\nunchanged; waited for process 4711\", fillcolor=\"#cdebd3\""));
  CHECK(contains(text, "subgraph cluster_legend"));
  CHECK(contains(text, "legend_hit [label=\"hit\", fillcolor=\"#cdebd3\""));
  CHECK(contains(text, "legend_ran ["));
  CHECK_FALSE(contains(text, "legend_failed"));
}

TEST_CASE("strings of DOT show the text as it is") {
  CHECK(dot_string("a\"b\\N\\") == R"("a\"b\\N\\")");
  CHECK(dot_string("one\ntwo\tthree") == R"("one\ntwo three")");
  CHECK(dot_string("&amp; <b>") == R"("&amp;amp; <b>")");
  CHECK(dot_string(std::string_view("\0\x01\xff", 3)) == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(dot_string("") == "\"\"");
}
