#include <memo/export/mermaid.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <string>

using memo::detail::mermaid_text;
using test::contains;

TEST_CASE("an empty report is a flow chart without nodes") {
  CHECK(memo::to_mermaid(memo::report{}) == "flowchart TD\n");
}

TEST_CASE(
    "a flow chart has other shapes for inputs and maps, and dotted lines to what only has to run before") {
  auto const r = test::sample_report();
  CHECK(memo::to_mermaid(*r.graph) ==
        "flowchart TD\n"
        "  i0([\"path\"]):::input\n"
        "  i1([\"scale\"]):::input\n"
        "  s0[\"load\"]:::step\n"
        "  s1[\"low,high\"]:::step\n"
        "  s2[[\"each\"]]:::step\n"
        "  s3[\"sum\"]:::step\n"
        "  s4[\"log\"]:::step\n"
        "  s5[\"other\"]:::step\n"
        "  i0 --> s0\n"
        "  s0 --> s1\n"
        "  i1 --> s1\n"
        "  s0 --> s2\n"
        "  s1 -->|\"low, high\"| s2\n"
        "  s2 --> s3\n"
        "  s1 -->|\"high\"| s4\n"
        "  s2 -.-> s4\n"
        "  i1 --> s5\n"
        "  classDef input fill:#e8eaed,stroke:#7d858f,color:#1c2430\n"
        "  classDef step fill:#d5e4f7,stroke:#4a80bf,color:#10243d\n");
}

TEST_CASE("a flow chart of a report has reasons, and a legend of the colours that occur") {
  auto r = test::sample_report();
  r.steps.resize(2);
  std::string const text = memo::to_mermaid(r);
  CHECK(contains(text, "  s0[\"load<br/>unchanged#59; waited for process 4711\"]:::hit\n"));
  CHECK(contains(text, "  s1[\"low,high<br/>input #96;scale#96; changed#58; 2 \u2192 4#59; verify"));
  CHECK(contains(text,
                 "  subgraph legend\n    direction TB\n    legend_hit[\"hit\"]:::hit\n    "
                 "legend_ran[\"ran\"]:::ran\n  end\n"
                 "  style legend fill:none,stroke:#808080,color:#808080\n"
                 "  classDef hit fill:#cdebd3,stroke:#3f9a57,color:#0d3318\n  classDef ran "));
}

TEST_CASE("labels hold nothing that Mermaid could take for something else") {
  CHECK(mermaid_text("a, b. 1") == "a, b. 1");
  CHECK(mermaid_text("\"#[]`<%%") == "#34;#35;#91;#93;#96;#60;#37;#37;");
  CHECK(mermaid_text("one\ntwo\tthree") == "one<br/>two three");
  CHECK(mermaid_text("\u00e4\U0001f600\xff") == "\u00e4\U0001f600\xef\xbf\xbd");
  CHECK(mermaid_text("\x1b") == "\xef\xbf\xbd");
  CHECK(mermaid_text("\\n \\m") == "#92;\u200bn #92;m");
  CHECK(mermaid_text("$$ $") == "#36;\u200b#36; #36;");
  CHECK(mermaid_text("fa:fa-ban") == "fa#58;\u200bfa#45;ban");
  memo::report r;
  r.steps = {test::sample_step("", memo::outcome::hit)};
  CHECK(contains(memo::to_mermaid(r), "s0[\" \"]:::hit"));
}
