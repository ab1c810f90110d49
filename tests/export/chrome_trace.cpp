#include <memo/export/chrome_trace.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

using test::contains;

TEST_CASE("the trace of an empty report has the run as its one event") {
  CHECK(memo::to_chrome_trace(memo::report{}) ==
        R"({"traceEvents":[{"name":"process_name","ph":"M","pid":1,"args":{"name":"pipeline"}},)"
        R"({"name":"thread_name","ph":"M","pid":1,"tid":0,"args":{"name":"run"}},)"
        R"({"name":"thread_sort_index","ph":"M","pid":1,"tid":0,"args":{"sort_index":0}},)"
        R"({"name":"pipeline","cat":"run","ph":"X","ts":0.000,"dur":0.000,"pid":1,"tid":0,)"
        R"("args":{"is_plan":false,"steps":0}}],"displayTimeUnit":"ms",)"
        R"("otherData":{"pipeline":"","started_ms":0,"hits":[]}})");
}

TEST_CASE("each span of work is an event on the track of its worker, to the nanosecond") {
  std::string const text = memo::to_chrome_trace(test::sample_report());
  CHECK(contains(text, R"({"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"worker 0"}})"));
  CHECK(contains(text, R"({"name":"thread_name","ph":"M","pid":1,"tid":2,"args":{"name":"worker 1"}})"));
  CHECK_FALSE(contains(text, "worker 2"));
  CHECK(
      contains(text, R"({"name":"sample","cat":"run","ph":"X","ts":0.000,"dur":12345.678,"pid":1,"tid":0,)"));
  CHECK(contains(
      text,
      R"({"name":"low,high","cat":"step","ph":"X","ts":1.000,"dur":1234.567,"pid":1,"tid":1,"args":{"step":"low,high",)"
      R"("outcome":"ran","reason":")"));
  CHECK(contains(text, R"("bytes":1000000,"key":"00000000000000030000000000000004"}})"));
  CHECK(contains(text, R"({"name":"each","cat":"step","ph":"X","ts":2.000,"dur":898.001,"pid":1,"tid":2,)"));
  CHECK(contains(text, R"("elements":2,"bytes":0,"key":null}})"));
  CHECK(text.ends_with(R"("otherData":{"pipeline":"sample","started_ms":1700000000123,"hits":["load"]}})"));
}

TEST_CASE("times at the ends of their type, and spans of steps that are not there, are no harm") {
  std::string const text = memo::to_chrome_trace(test::extreme_report());
  CHECK(contains(text, R"("ts":0.000,"dur":9223372036854775.807,"pid":1,"tid":4294967296,)"));
  CHECK(contains(text, R"("ts":0.000,"dur":0.000,"pid":1,"tid":4,)"));
  CHECK_FALSE(contains(text, R"("tid":1,)"));
}

TEST_CASE("the trace of a plan has no hits") {
  auto r = test::sample_report();
  r.is_plan = true;
  r.work.clear();
  CHECK(contains(memo::to_chrome_trace(r), R"("args":{"is_plan":true,"steps":6})"));
  CHECK(contains(memo::to_chrome_trace(r), R"("hits":[])"));
}
