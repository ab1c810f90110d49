#include <memo/report/report.hpp>

#include <catch2/catch.hpp>

using memo::forecast;
using memo::outcome;

namespace {

memo::step_report step(std::string name, outcome what) {
  memo::step_report made;
  made.name = name;
  made.names = {name};
  made.outcome = what;
  return made;
}

memo::report sample() {
  memo::report r;
  r.pipeline = "p";
  r.steps = {step("a", outcome::hit), step("b", outcome::ran), step("c,d", outcome::ran),
             step("e", outcome::not_needed)};
  r.steps[2].names = {"c", "d"};
  return r;
}

}  // namespace

TEST_CASE("a step is found by each of its outputs") {
  auto const r = sample();
  CHECK(r["a"].outcome == outcome::hit);
  CHECK(&r["c"] == &r.steps[2]);
  CHECK(&r["d"] == &r.steps[2]);
}

TEST_CASE("a name that no step has is an error that lists the steps") {
  auto const r = sample();
  CHECK_THROWS_AS(r["c,d"], memo::usage_error);
  try {
    r["x"];
    FAIL("nothing was thrown");
  } catch (memo::usage_error const& e) {
    std::string const text = e.what();
    CHECK(text.find("`x`") != std::string::npos);
    CHECK(text.find("a, b, c,d, e") != std::string::npos);
    CHECK(text.find("\nhint: ") != std::string::npos);
  }
}

TEST_CASE("outcomes and forecasts are counted") {
  auto r = sample();
  CHECK(r.count(outcome::ran) == 2);
  CHECK(r.count(outcome::failed) == 0);
  CHECK(r.count(forecast::not_needed) == 4);
  r.steps[0].forecast = forecast::depends;
  CHECK(r.count(forecast::depends) == 1);
}

TEST_CASE("a report is fine unless a step failed, was skipped or was cancelled") {
  CHECK(memo::report{}.ok());
  for (outcome const what : {outcome::hit, outcome::ran, outcome::failed, outcome::skipped,
                             outcome::not_needed, outcome::cancelled}) {
    auto r = sample();
    r.steps.push_back(step("last", what));
    bool const fine = what == outcome::hit || what == outcome::ran || what == outcome::not_needed;
    CHECK(r.ok() == fine);
  }
}

TEST_CASE("outcomes and forecasts have words") {
  CHECK(to_text(outcome::hit) == "hit");
  CHECK(to_text(outcome::ran) == "ran");
  CHECK(to_text(outcome::failed) == "failed");
  CHECK(to_text(outcome::skipped) == "skipped");
  CHECK(to_text(outcome::not_needed) == "not needed");
  CHECK(to_text(outcome::cancelled) == "cancelled");
  CHECK(to_text(forecast::hit) == "hit");
  CHECK(to_text(forecast::run) == "run");
  CHECK(to_text(forecast::depends) == "depends");
  CHECK(to_text(forecast::not_needed) == "not needed");
}
