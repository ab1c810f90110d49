#include <memo/export/json.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <string>

using test::contains;

TEST_CASE("an empty report is a whole document") {
  CHECK(
      memo::to_json(memo::report{}) ==
      R"({"schema":"memo.report","version":1,"pipeline":"","is_plan":false,"started_ms":0,"time_ns":0,)"
      R"("totals":{"steps":0,"outcomes":{"hit":0,"ran":0,"failed":0,"skipped":0,"not_needed":0,"cancelled":0},)"
      R"("forecasts":{"hit":0,"run":0,"depends":0,"not_needed":0},"time_ns":0,"saved_ns":0,"bytes":0,)"
      R"("elements":0,"elements_ran":0,"hit_rate":null},"notes":[],"warnings":[],"steps":[],"work":[],"graph":null})");
}

TEST_CASE("a document holds all that a step says") {
  std::string const text = memo::to_json(test::sample_report());
  CHECK(contains(
      text,
      R"({"name":"load","names":["load"],"outcome":"hit","forecast":"hit","reason":"unchanged","change":"",)"
      R"("key":"0123456789abcdeffedcba9876543210","value":"00000000000000010000000000000002",)"
      R"("values":["00000000000000010000000000000002"],"time_ns":0,"saved_ns":5000000000,"bytes":4096,"elements":0,)"
      R"("elements_ran":0,"element_reasons":[],"differs":false,"difference":"","not_reproducible":false,)"
      R"("waited_for":"process 4711","key_parts":[],"parts":""})"));
  CHECK(contains(text, R"("names":["low","high"],"outcome":"ran")"));
  CHECK(contains(text, R"("values":["00000000000000050000000000000006",null])"));
  CHECK(contains(text, "\"change\":\"2 \u2192 4\""));
  CHECK(contains(text, R"("differs":true,"difference":"digests differ","not_reproducible":true)"));
  CHECK(contains(text, R"("element_reasons":["element 5, 0.25, is new","element 6 changed"])"));
  CHECK(contains(text, R"("outcome":"not_needed","forecast":"not_needed")"));
  CHECK(contains(
      text,
      R"("work":[{"step":1,"worker":0,"start_ns":1000,"end_ns":1235567,"elements":0},{"step":2,"worker":1,)"));
  CHECK(contains(text, R"("notes":["a note"],"warnings":["a warning","another"])"));
  CHECK(contains(text, R"("hit_rate":0.3333333333333333})"));
}

TEST_CASE("a graph stands in the document of its report, and alone") {
  auto const r = test::sample_report();
  std::string const alone = memo::to_json(*r.graph);
  CHECK(alone.starts_with(R"({"schema":"memo.graph","version":1,"name":"sample","inputs":[)"
                          R"({"name":"path","schema":"str"},{"name":"scale","schema":"f64"}],"steps":[)"));
  CHECK(contains(
      alone, R"({"name":"log","names":["log"],"schemas":["f64"],"pipeline":"sample","reads":["high"],)"
             R"("after":["each","high"],"level":4,"is_map":false,"code":"version 1","policy":"stored"})"));
  CHECK(contains(alone, R"("is_map":true)"));
  CHECK(contains(alone, R"("policy":"digest_only")"));
  std::string const members = alone.substr(alone.find("\"name\""));
  CHECK(memo::to_json(r).ends_with("\"graph\":{" + members + "}"));
}

TEST_CASE("the parts of a key are text and bytes, without the values of environment variables") {
  memo::key_parts parts;
  parts.add(memo::part::version, {}, std::uint64_t{2});
  parts.add(memo::part::environment, "TOKEN", std::string_view("\0s3cret", 7));
  memo::report r;
  r.steps = {test::sample_step("a", memo::outcome::ran)};
  r.steps[0].parts = memo::as_text(parts.bytes());
  std::string const text = memo::to_json(r);
  CHECK(contains(text, R"("key_parts":["version 2","environment TOKEN is set"],"parts":"07)"));
  CHECK_FALSE(contains(text, "s3cret"));
  CHECK_FALSE(contains(text, memo::detail::hex_of(memo::as_byte_view("s3cret"))));
}

TEST_CASE("times that cannot be are zero, and work of steps that are not there is left out") {
  std::string const text = memo::to_json(test::extreme_report());
  CHECK(contains(text, R"("started_ms":0,"time_ns":9223372036854775807)"));
  CHECK(contains(
      text,
      R"("work":[{"step":0,"worker":4294967295,"start_ns":0,"end_ns":9223372036854775807,"elements":18446744073709551615},)"
      R"({"step":1,"worker":3,"start_ns":0,"end_ns":0,"elements":0}])"));
  CHECK_FALSE(contains(text, ":-"));
}

TEST_CASE("a document with strange texts has one line and can stand in a script") {
  std::string const text = memo::to_json(test::strange_report());
  CHECK_FALSE(contains(text, "\n"));
  CHECK_FALSE(contains(text, "</"));
  CHECK_FALSE(contains(text, "<!"));
  CHECK_FALSE(contains(text, "\u2028"));
  CHECK(memo::detail::valid_utf8(text) == text);
}
