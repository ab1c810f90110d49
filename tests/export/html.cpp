#include <memo/export/html.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>

namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// What lies between the first `before` and the next `after`.
std::string between(std::string_view text, std::string_view before, std::string_view after) {
  std::size_t const from = text.find(before);
  REQUIRE(from != text.npos);
  std::size_t const start = from + before.size(), end = text.find(after, start);
  REQUIRE(end != text.npos);
  return std::string(text.substr(start, end - start));
}

}  // namespace

TEST_CASE("a page holds its data as the JSON document of the report") {
  memo::report const r = test::sample_report();
  std::string const page = memo::to_html(r);
  CHECK(between(page, "id=\"data\">", "</script>") == memo::detail::json_in_script(memo::to_json(r)));
  CHECK(memo::detail::json_in_script(memo::to_json(test::strange_report())).find('<') == page.npos);
  CHECK(memo::detail::json_in_script("{\"a<b\":1}") == "{\"a\\u003cb\":1}");
  std::string const of_graph = memo::to_html(*r.graph);
  CHECK(between(of_graph, "id=\"data\">", "</script>") ==
        memo::detail::json_in_script(memo::to_json(*r.graph)));
}

TEST_CASE("the policy of a page names its one style and its one script by their hashes") {
  std::string const page = memo::to_html(test::sample_report());
  CHECK(count_of(page, "<style>") == 1);
  CHECK(count_of(page, "<script>") == 1);
  CHECK(between(page, "style-src '", "'") == memo::detail::policy_hash(between(page, "<style>", "</style>")));
  CHECK(between(page, "script-src '", "'") ==
        memo::detail::policy_hash(between(page, "<script>", "</script>")));
  CHECK(page.find("default-src 'none'") != page.npos);
  CHECK(page.find("unsafe-inline") == page.npos);
}

TEST_CASE("a page names nothing outside itself") {
  std::string const page = memo::to_html(test::sample_report());
  // The name space of SVG is a name, and nobody fetches it.
  CHECK(count_of(page, "http") - count_of(page, "http-equiv") ==
        count_of(page, "http://www.w3.org/2000/svg"));
  CHECK(count_of(page, " src=") == 0);
  CHECK(count_of(page, "url(") == 0);
  CHECK(count_of(page, "@import") == 0);
  CHECK(count_of(page, " style=") == 0);
}

TEST_CASE("no text of a report can become markup of its page") {
  std::string const plain = memo::to_html(test::sample_report());
  memo::report const strange = test::strange_report();
  for (std::string const& page : {memo::to_html(strange), memo::to_html(*strange.graph)}) {
    CHECK(count_of(page, "<script") == count_of(plain, "<script"));
    CHECK(count_of(page, "</script") == count_of(plain, "</script"));
    CHECK(count_of(page, "<style") == 1);
    CHECK(count_of(page, "<img") == 0);
    CHECK(count_of(page, "<!--") == 0);
    CHECK(memo::detail::valid_utf8(page) == page);
    CHECK(page.find('\0') == page.npos);
  }
}

TEST_CASE("a page tells failures, warnings and notes, and has a box and a line for each step") {
  memo::report const r = test::sample_report();
  std::string const page = memo::to_html(r);
  CHECK(between(page, "<b>failed</b> ", "</li>").find("particle out of bounds") != page.npos);
  CHECK(between(page, "<b>verify</b> ", "</li>").find("digests differ") != page.npos);
  CHECK(between(page, "<b>warning</b> ", "</li>") == "a warning");
  CHECK(between(page, "<b>note</b> ", "</li>") == "a note");
  CHECK(count_of(page, "<tr data-node=") == r.steps.size());
  CHECK(count_of(page, "<g class=\"node ") == r.steps.size() + r.graph->inputs.size());
  CHECK(count_of(page, "<g class=\"node failed map\"") == 1);
  CHECK(between(page, "<time datetime=\"", "\"") == "2023-11-14T22:13:20Z");
}

TEST_CASE("of many failures a page tells the first five and counts the others") {
  memo::report r;
  for (int i = 0; i < 9; ++i)
    r.steps.push_back(test::sample_step("s" + std::to_string(i), memo::outcome::failed, "x"));
  CHECK(count_of(memo::to_html(r), "<b>failed</b>") == 6);
  CHECK(memo::to_html(r).find("4 more steps") != std::string::npos);
}

TEST_CASE("a page of a report without wiring has boxes and no edge, and says so") {
  memo::report r = test::sample_report();
  r.graph = {};
  std::string const page = memo::to_html(r);
  CHECK(count_of(page, "<g class=\"node ") == r.steps.size());
  CHECK(count_of(page, "<path class=\"edge") == 0);
  CHECK(page.find("does not tell which step reads which") != page.npos);
  memo::report other = test::sample_report();
  other.steps.pop_back();
  CHECK(memo::to_html(other).find("does not tell which step reads which") != page.npos);
}

TEST_CASE("a page of nothing is a page") {
  CHECK(memo::to_html(memo::report{}).find("The pipeline has no step.") != std::string::npos);
  CHECK(memo::to_html(memo::graph_description{}).ends_with("</html>\n"));
}

TEST_CASE("the page of a plan tells forecasts") {
  memo::report r = test::sample_report();
  r.is_plan = true;
  std::string const page = memo::to_html(r);
  CHECK(page.find("plan: nothing has run") != page.npos);
  CHECK(count_of(page, "<g class=\"node depends\"") == 1);
  CHECK(count_of(page, "<b>failed</b>") == 0);
}

TEST_CASE("an edge that only waits is drawn in another way") {
  std::string const page = memo::to_html(test::sample_report());
  CHECK(count_of(page, "<path class=\"edge after\"") == 1);
}

TEST_CASE("text is escaped for HTML, and what it may not hold is replaced") {
  using memo::detail::html_text;
  CHECK(html_text("a < b && \"c\" > 'd'") == "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
  CHECK(html_text(std::string_view("\0\x1b\x7f\xff", 4)) == "\ufffd\ufffd\ufffd\ufffd");
  CHECK(html_text("one\ntwo\t\u00e4\u2028") == "one\ntwo\t\u00e4\u2028");
}

TEST_CASE("a long name loses its middle") {
  using memo::detail::shortened_in_middle;
  CHECK(shortened_in_middle("short", 5) == "short");
  CHECK(shortened_in_middle("abcdefghijkl", 10) == "abcdef\u2026jkl");
  std::string const wide = shortened_in_middle("\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22", 9);
  CHECK(memo::detail::text_columns(wide) <= 9);
}

TEST_CASE("a step is named in an address by letters, digits and percent signs") {
  using memo::detail::step_fragment;
  CHECK(step_fragment("a_b-1.c~") == "#step=a_b-1.c~");
  CHECK(step_fragment("low,high") == "#step=low%2Chigh");
  CHECK(step_fragment("\u00e4 \"\xff") == "#step=%C3%A4%20%22%EF%BF%BD");
}

TEST_CASE("sentences show names in backticks as code where backticks come in pairs") {
  using memo::detail::sentence_markup;
  CHECK(sentence_markup("input `a<b` changed") == "input <code>a&lt;b</code> changed");
  CHECK(sentence_markup("one ` only") == "one ` only");
}

TEST_CASE("long times are told in two units") {
  using memo::detail::long_duration_text;
  CHECK(long_duration_text(812) == "812 ns");
  CHECK(long_duration_text(119'000'000'000) == "119 s");
  CHECK(long_duration_text(125'000'000'000) == "2 min 5 s");
  CHECK(long_duration_text(12'000'000'000'000) == "3 h 20 min");
  CHECK(long_duration_text(187'200'000'000'000) == "2 d 4 h");
}

TEST_CASE("a wide graph is drawn with a box for each step") {
  memo::report const r = test::wide_report(200);
  CHECK(count_of(memo::to_html(r), "<g class=\"node ") == r.steps.size() + r.graph->inputs.size());
}
