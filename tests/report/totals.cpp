#include <memo/report/totals.hpp>

#include "../export/sample_reports.hpp"

#include <catch2/catch.hpp>
#include <limits>

using memo::forecast;
using memo::outcome;

TEST_CASE("totals count outcomes and forecasts, and add up times, sizes and elements") {
  auto const t = memo::totals_of(test::sample_report());
  CHECK(t.steps == 6);
  for (outcome const o : {outcome::hit, outcome::ran, outcome::failed, outcome::skipped, outcome::cancelled})
    CHECK(t.count(o) == 1);
  CHECK(t.count(forecast::run) == 2);
  CHECK(t.count(forecast::not_needed) == 2);
  CHECK(t.time_ns == 3'234'567);
  CHECK(t.saved_ns == 5'000'000'000);
  CHECK(t.bytes == 1'004'096);
  CHECK(t.elements == 10);
  CHECK(t.elements_ran == 3);
  REQUIRE(t.hit_rate);
  CHECK(*t.hit_rate == Approx(1.0 / 3));
}

TEST_CASE("the hit rate of a plan is that of its forecasts") {
  auto r = test::sample_report();
  r.is_plan = true;
  r.steps[1].forecast = forecast::hit;
  r.steps[1].saved_ns = 7;
  auto const t = memo::totals_of(r);
  CHECK(*t.hit_rate == 0.5);
  CHECK(t.saved_ns == 5'000'000'007);
}

TEST_CASE("a report without steps that were needed has no hit rate") {
  CHECK_FALSE(memo::totals_of({}).hit_rate);
  memo::report r;
  r.steps = {test::sample_step("a", outcome::not_needed), test::sample_step("b", outcome::skipped)};
  CHECK_FALSE(memo::totals_of(r).hit_rate);
}

TEST_CASE("totals that do not fit stay at the largest number, and times below zero do not count") {
  auto r = test::extreme_report();
  auto const t = memo::totals_of(r);
  CHECK(t.time_ns == std::numeric_limits<std::int64_t>::max());
  CHECK(t.saved_ns == std::numeric_limits<std::int64_t>::max());
  CHECK(t.bytes == std::numeric_limits<std::uint64_t>::max());
  r.steps.resize(1);
  r.steps[0].time_ns = -5;
  r.steps[0].saved_ns = std::numeric_limits<std::int64_t>::min();
  CHECK(memo::totals_of(r).time_ns == 0);
  CHECK(memo::totals_of(r).saved_ns == 0);
}
