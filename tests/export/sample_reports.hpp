/// Reports that were made by hand, for the tests of exports.
#pragma once

#include <memo/report/report.hpp>

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

inline memo::step_report sample_step(std::string name, memo::outcome what, std::string reason = "") {
  memo::step_report made;
  made.name = name;
  made.names = {std::move(name)};
  made.outcome = what;
  made.reason = std::move(reason);
  return made;
}

inline memo::step_description sample_description(std::vector<std::string> names,
                                                 std::vector<std::string> reads, std::uint32_t level) {
  memo::step_description made;
  for (std::string const& name : names) made.name += (made.name.empty() ? "" : ",") + name;
  made.schemas.assign(names.size(), "f64");
  made.names = std::move(names);
  made.pipeline = "sample";
  made.reads = std::move(reads);
  made.level = level;
  made.code = "version 1";
  return made;
}

/// Two inputs; `load` (hit), `low,high` (ran, two outputs), `each` (a map that failed), `sum` (skipped), `log` (after `each`,
/// cancelled) and `other` (not needed); two workers. Every member has a value of its own.
inline memo::report sample_report() {
  using memo::outcome;
  memo::report r;
  r.pipeline = "sample";
  r.time_ns = 12'345'678;
  r.started_ms = 1'700'000'000'123;
  r.notes = {"a note"};
  r.warnings = {"a warning", "another"};
  r.steps = {sample_step("load", outcome::hit, "unchanged"),
             sample_step("low", outcome::ran, "input `scale` changed"),
             sample_step("each", outcome::failed, "particle out of bounds"),
             sample_step("sum", outcome::skipped, "`each` failed"),
             sample_step("log", outcome::cancelled, "`each` failed"),
             sample_step("other", outcome::not_needed)};
  memo::forecast const forecasts[] = {memo::forecast::hit,        memo::forecast::run,
                                      memo::forecast::run,        memo::forecast::depends,
                                      memo::forecast::not_needed, memo::forecast::not_needed};
  for (std::size_t i = 0; i < r.steps.size(); ++i) r.steps[i].forecast = forecasts[i];
  memo::step_report& load = r.steps[0];
  load.key = {0x0123456789abcdef, 0xfedcba9876543210};
  load.value = {1, 2};
  load.values = {{1, 2}};
  load.saved_ns = 5'000'000'000;
  load.bytes = 4096;
  load.waited_for = "process 4711";
  memo::step_report& low = r.steps[1];
  low.name = "low,high";
  low.names = {"low", "high"};
  low.change = "2 \u2192 4";
  low.key = {3, 4};
  low.value = {5, 6};
  low.values = {{5, 6}, {}};
  low.time_ns = 1'234'567;
  low.bytes = 1'000'000;
  low.differs = true;
  low.difference = "digests differ";
  low.not_reproducible = true;
  memo::step_report& each = r.steps[2];
  each.elements = 10;
  each.elements_ran = 3;
  each.element_reasons = {"element 5, 0.25, is new", "element 6 changed"};
  each.time_ns = 2'000'000;
  r.work = {{1, 0, 1000, 1'235'567, 0}, {2, 1, 2000, 900'001, 2}, {2, 0, 1'300'000, 2'000'000, 1}};

  memo::graph_description g;
  g.name = "sample";
  g.inputs = {{"path", "str"}, {"scale", "f64"}};
  g.steps = {sample_description({"load"}, {"path", "path"}, 1),
             sample_description({"low", "high"}, {"load", "scale"}, 2),
             sample_description({"each"}, {"load", "low", "high"}, 3),
             sample_description({"sum"}, {"each"}, 4),
             sample_description({"log"}, {"high"}, 4),
             sample_description({"other"}, {"scale"}, 1)};
  g.steps[2].is_map = true;
  g.steps[3].policy = memo::cache_policy::digest_only;
  g.steps[4].after = {"each", "high"};
  g.steps[5].pipeline = "part";
  g.steps[5].code = "source";
  r.graph = std::make_shared<memo::graph_description const>(std::move(g));
  return r;
}

/// Texts that mean something in one of the languages that are written.
inline std::vector<std::string> strange_texts() {
  using namespace std::string_literals;
  return {"",
          "\"quoted\" and 'single'",
          "back\\slash \\N \\n \\l",
          "line one\nline two\r\n\ttab",
          "</script><script>alert(1)</script><!-- -->",
          "&amp; &lt; & < > &#34; #quot; #35; #",
          "[square] (round) {curly} |bar| <angle>",
          "end",
          "graph subgraph click style classDef",
          "%% comment %%{init: {}}%%",
          "`code` `\"**bold**\"` _under_ 1. list",
          "a --> b; c -.-> d",
          "\u00e4\u00f6\u00fc \u65e5\u672c\u8a9e \u2028 \u2029 \U0001f600",
          "not utf-8: \xff\xfe\xc0\xaf\xed\xa0\x80 \xf0\x9f\x98",
          "nul\0inside"s,
          "control \x01\x02\x1b[31m\x7f",
          "\u0085 \u009f next line",
          ":::hit",
          "@{ shape: circle }",
          "$$\\sqrt{2}$$",
          "fa:fa-ban http://example.com \U0001f469\u200d\U0001f52c",
          std::string(3000, 'x')};
}

/// Steps and inputs whose names, reasons and other texts are the strange ones.
inline memo::report strange_report() {
  memo::report r;
  memo::graph_description g;
  auto const texts = strange_texts();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    // A number in front keeps names different when bytes that are no UTF-8 have been replaced.
    std::string const name = std::to_string(i) + texts[i];
    auto step = sample_step(name, static_cast<memo::outcome>(i % 6), texts[i]);
    step.forecast = static_cast<memo::forecast>(i % 4);
    step.change = texts[i];
    step.difference = texts[i];
    step.waited_for = texts[i];
    step.element_reasons = {texts[i], texts[i]};
    r.steps.push_back(std::move(step));
    g.inputs.push_back({"in" + name, texts[i]});
    g.steps.push_back(sample_description({name}, {"in" + name}, static_cast<std::uint32_t>(i + 1)));
    if (i > 0) g.steps[i].reads.push_back(g.steps[i - 1].name);
    g.steps[i].is_map = i % 3 == 1;
  }
  r.pipeline = g.name = texts[4] + texts[1];
  r.notes = r.warnings = texts;
  r.graph = std::make_shared<memo::graph_description const>(std::move(g));
  return r;
}

/// Numbers at the ends of their types, and times and spans that cannot be.
inline memo::report extreme_report() {
  using std::numeric_limits;
  memo::report r;
  r.steps = {sample_step("a", memo::outcome::hit), sample_step("b", memo::outcome::hit)};
  for (memo::step_report& s : r.steps) {
    s.time_ns = s.saved_ns = numeric_limits<std::int64_t>::max();
    s.bytes = s.elements = s.elements_ran = numeric_limits<std::uint64_t>::max();
  }
  r.time_ns = numeric_limits<std::int64_t>::max();
  r.started_ms = numeric_limits<std::int64_t>::min();
  r.work = {{0, 0xffffffff, 0, numeric_limits<std::int64_t>::max(), numeric_limits<std::uint64_t>::max()},
            {2, 0, 0, 1, 0},
            {1, 3, numeric_limits<std::int64_t>::min(), -5, 0}};
  return r;
}

/// Steps in levels of ten, each of which reads two of the level before.
inline memo::report wide_report(std::size_t steps) {
  memo::report r;
  memo::graph_description g;
  r.pipeline = g.name = "wide";
  g.inputs = {{"n", "i32"}};
  for (std::size_t i = 0; i < steps; ++i) {
    std::string const name = "step_" + std::to_string(i);
    r.steps.push_back(sample_step(name, static_cast<memo::outcome>(i % 6), "input `n` changed"));
    std::vector<std::string> reads{"n"};
    if (i >= 10) reads = {"step_" + std::to_string(i - 10), "step_" + std::to_string(i / 10 * 10 - 1)};
    g.steps.push_back(sample_description({name}, std::move(reads), static_cast<std::uint32_t>(i / 10 + 1)));
    auto const at = static_cast<std::int64_t>(i) * 1'000'000;
    r.work.push_back(
        {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i % 4), at, at + 3'500'000, 0});
  }
  r.time_ns = static_cast<std::int64_t>(steps + 4) * 1'000'000;
  r.graph = std::make_shared<memo::graph_description const>(std::move(g));
  return r;
}

/// True where `part` occurs in `text`.
inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace test
