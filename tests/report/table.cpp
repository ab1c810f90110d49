#include <memo/report/table.hpp>

#include <catch2/catch.hpp>
#include <sstream>

using memo::duration_text;
using memo::forecast;
using memo::outcome;
using memo::size_text;

namespace {

memo::report sample() {
  memo::report r;
  r.pipeline = "words";
  auto add = [&](std::string name, outcome what, std::string reason) -> memo::step_report& {
    memo::step_report step;
    step.name = name;
    step.names = {name};
    step.outcome = what;
    step.reason = std::move(reason);
    r.steps.push_back(step);
    return r.steps.back();
  };
  auto& load = add("load", outcome::hit, "unchanged");
  load.saved_ns = 2'500'000'000;
  load.bytes = 1'536;
  auto& fit = add("fit", outcome::ran, "version 1 \u2192 2");
  fit.time_ns = 1'234'567;
  fit.bytes = 64;
  add("grow,shrink", outcome::failed, "no route").time_ns = 812;
  add("after", outcome::skipped, "it needs `grow`, which failed");
  add("later", outcome::cancelled, "the run stops");
  add("unused", outcome::not_needed, "");
  r.notes = {"a note"};
  r.warnings = {"a warning"};
  r.time_ns = 4'700'000'000;
  return r;
}

}  // namespace

TEST_CASE("a report is a table with totals, notes and warnings") {
  std::ostringstream out;
  out << sample();
  CHECK(out.str() ==
        "step         outcome     time     size     why\n"
        "load         hit         -        1.5 KiB  unchanged\n"
        "fit          ran         1.23 ms  64 B     version 1 \u2192 2\n"
        "grow,shrink  failed      812 ns   -        no route\n"
        "after        skipped     -        -        it needs `grow`, which failed\n"
        "later        cancelled   -        -        the run stops\n"
        "unused       not needed  -        -\n"
        "1 hit, 1 ran, 1 failed, 1 skipped, 1 cancelled, 1 not needed in 4.7 s, saved 2.5 s\n"
        "note: a note\n"
        "warning: a warning\n");
  CHECK(memo::to_text(sample()) == out.str());
}

TEST_CASE("a plan is a table of forecasts without times") {
  auto plan = sample();
  plan.steps.resize(2);
  plan.is_plan = true;
  plan.notes.clear();
  plan.warnings.clear();
  plan.steps[0].forecast = forecast::hit;
  plan.steps[1].forecast = forecast::depends;
  plan.steps[1].bytes = 0;
  CHECK(memo::to_text(plan) ==
        "step  forecast  time  size     why\n"
        "load  hit       -     1.5 KiB  unchanged\n"
        "fit   depends   -     -        version 1 \u2192 2\n");
}

TEST_CASE("what verify found and what is not reproducible stands behind the reason") {
  auto r = sample();
  r.steps.resize(2);
  r.notes.clear();
  r.warnings.clear();
  r.steps[0].differs = true;
  r.steps[0].difference = "`load` stored 1, now 2";
  r.steps[1].not_reproducible = true;
  std::string const text = memo::to_text(r);
  CHECK(text.find("unchanged; verify: `load` stored 1, now 2\n") != std::string::npos);
  CHECK(text.find("version 1 \u2192 2; not reproducible\n") != std::string::npos);
}

TEST_CASE("columns are aligned by characters and not by bytes") {
  auto r = sample();
  r.steps.resize(2);
  r.steps[0].name = "\u03b1\u03b2\u03b3";  // 6 bytes, 3 characters
  std::istringstream lines(memo::to_text(r));
  std::string head, first, second;
  std::getline(lines, head);
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(first.find("hit") == second.find("ran") + 3);
}

TEST_CASE("a message with line breaks and escapes stays in its row") {
  memo::report r;
  memo::step_report& line = r.steps.emplace_back();
  line.name = "a";
  line.outcome = memo::outcome::failed;
  line.reason = "boom\n0 hit, 9 ran \x1b[31m";
  CHECK(memo::to_text(r) ==
        "step  outcome  time  size  why\na     failed   0 ns  -     boom\\x0a0 hit, 9 ran \\x1b[31m\n"
        "0 hit, 0 ran, 1 failed in 0 ns\n");
}

TEST_CASE("an empty report is a head and totals") {
  CHECK(memo::to_text(memo::report{}) == "step  outcome  time  size  why\n0 hit, 0 ran in 0 ns\n");
}

TEST_CASE("durations are short") {
  CHECK(duration_text(0) == "0 ns");
  CHECK(duration_text(812) == "812 ns");
  CHECK(duration_text(1'000) == "1 us");
  CHECK(duration_text(3'214'000) == "3.21 ms");
  CHECK(duration_text(4'700'000'000) == "4.7 s");
  CHECK(duration_text(999'999) == "1 ms");
  CHECK(duration_text(1'234'000'000'000) == "1234 s");
}

TEST_CASE("sizes have binary units") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1 KiB");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(1ull << 30) == "1 GiB");
  CHECK(size_text(5ull << 40) == "5 TiB");
}
