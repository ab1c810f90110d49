#include <memo/cli/report_reader.hpp>

#include "../export/sample_reports.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

using memo::report_from_json;
using nlohmann::json;
using test::contains;

namespace {

/// What the error says; nothing where the text is read, and then it has to be a document that is written as it was.
std::optional<std::string> refusal(std::string const& text) {
  try {
    std::string const again = memo::to_json(report_from_json(text));
    CHECK(memo::to_json(report_from_json(again)) == again);
    return std::nullopt;
  } catch (memo::usage_error const& e) {
    return e.what();
  }
}

bool is_refused(json const& document) { return refusal(document.dump()).has_value(); }

/// The sample without what may be empty.
memo::report small_report() {
  auto r = test::sample_report();
  r.steps.resize(1);
  r.steps[0].key = {};
  memo::graph_description g = *r.graph;
  g.steps.resize(1);
  r.graph = std::make_shared<memo::graph_description const>(std::move(g));
  r.work = {{0, 0, 1, 2, 0}};
  return r;
}

/// Calls `on` with each place in the document, as a pointer. Of an array, one element counts for all.
template <class On>
void for_each_place(json const& value, json::json_pointer const& at, On const& on) {
  on(at);
  if (value.is_object())
    for (auto const& [name, one] : value.items()) for_each_place(one, at / name, on);
  if (value.is_array() && !value.empty()) for_each_place(value[0], at / 0, on);
}

json sample_json() { return json::parse(memo::to_json(test::sample_report())); }

std::string refusal_with(char const* pointer, json value) {
  json document = sample_json();
  document[json::json_pointer(pointer)] = std::move(value);
  return refusal(document.dump()).value_or("it is read");
}

}  // namespace

TEST_CASE("a report that is written, read and written again is the same document") {
  auto r = test::sample_report();
  for (bool const is_plan : {false, true}) {
    r.is_plan = is_plan;
    std::string const text = memo::to_json(r);
    CHECK(memo::to_json(report_from_json(text)) == text);
  }
  memo::report unwired = r;
  unwired.graph = {};
  for (memo::report const& one :
       {memo::report{}, unwired, test::strange_report(), test::extreme_report(), test::wide_report(200)}) {
    std::string const text = memo::to_json(one);
    CHECK(memo::to_json(report_from_json(text)) == text);
  }
}

TEST_CASE("a report that is read has the same members") {
  auto const r = test::sample_report();
  auto const back = report_from_json(memo::to_json(r));
  CHECK(back.pipeline == r.pipeline);
  CHECK(back.started_ms == r.started_ms);
  CHECK(back.time_ns == r.time_ns);
  CHECK(back.notes == r.notes);
  CHECK(back.warnings == r.warnings);
  REQUIRE(back.steps.size() == r.steps.size());
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    memo::step_report const &a = back.steps[i], &b = r.steps[i];
    CHECK(a.name == b.name);
    CHECK(a.names == b.names);
    CHECK(a.outcome == b.outcome);
    CHECK(a.forecast == b.forecast);
    CHECK(a.key == b.key);
    CHECK(a.value == b.value);
    CHECK(a.values == b.values);
    CHECK(a.element_reasons == b.element_reasons);
    CHECK(a.waited_for == b.waited_for);
  }
  REQUIRE(back.work.size() == 3);
  CHECK(back.work[1].worker == 1);
  CHECK(back.work[1].elements == 2);
  REQUIRE(back.graph);
  CHECK(back.graph->inputs[1].schema == "f64");
  CHECK(back.graph->steps[2].is_map);
  CHECK(back.graph->steps[3].policy == memo::cache_policy::digest_only);
  CHECK(back.graph->steps[4].after == std::vector<std::string>{"each", "high"});
}

TEST_CASE("the parts of keys come back as bytes") {
  memo::key_parts parts;
  parts.add(memo::part::version, {}, std::uint64_t{0x0102030405060708});
  auto r = test::sample_report();
  r.steps[0].parts = memo::as_text(parts.bytes());
  CHECK(report_from_json(memo::to_json(r)).steps[0].parts == r.steps[0].parts);
}

TEST_CASE("a document that is cut at any byte is refused") {
  std::string const text = memo::to_json(small_report());
  REQUIRE_FALSE(refusal(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    auto const problem = refusal(text.substr(0, size));
    REQUIRE(problem);
    if (!contains(*problem, "the text is no JSON")) FAIL(*problem);
  }
  CHECK(refusal(text + "}"));
  CHECK_FALSE(refusal(" " + text + "\n"));
}

TEST_CASE("a document with any byte replaced is refused, or read as another report") {
  std::string const text = memo::to_json(small_report());
  std::minstd_rand random(1);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at)
    for (char const c : {'\0', '"', '0', '9', '}', '\xff', static_cast<char>(random() & 0xff)}) {
      std::string other = text;
      other[at] = c;
      refused += refusal(other).has_value();
    }
  CHECK(refused > 3 * text.size());
}

TEST_CASE("a member that is missing, of another type, or not known is refused wherever it is") {
  json const document = sample_json();
  std::size_t places = 0;
  for_each_place(document, json::json_pointer(), [&](json::json_pointer const& at) {
    ++places;
    INFO(at.to_string());
    json const& value = document[at];
    for (json const& other : {json(1.5), json("?"), json(-1), json(true), json::object(), json::array()}) {
      if (other.type() == value.type() && !other.is_object()) continue;
      json changed = document;
      changed[at] = other;
      CHECK(is_refused(changed));
    }
    if (!value.is_object()) return;
    json changed = document;
    changed[at]["another"] = 1;
    CHECK(is_refused(changed));
    for (auto const& [name, one] : value.items()) {
      changed = document;
      changed[at].erase(name);
      CHECK(is_refused(changed));
      changed[at]["another"] = one;
      CHECK(is_refused(changed));
    }
  });
  CHECK(places > 80);
}

TEST_CASE("an error names the place, what should be there and what is") {
  std::string const text = refusal_with("/steps/2/time_ns", "soon");
  CHECK(contains(text, "memo: the JSON document is no report of memo\n"));
  CHECK(contains(text, "place     steps[2].time_ns\n"));
  CHECK(contains(text, "expected  a whole number that is not negative\n"));
  CHECK(contains(text, "found     \"soon\"\n"));
  CHECK(contains(refusal_with("/steps/0/outcome", "won"),
                 "expected  one of hit, ran, failed, skipped, not_needed, cancelled"));
  CHECK(contains(refusal_with("/notes/0", std::string(1000, 'x')), "it is read"));
  CHECK(contains(refusal_with("/is_plan", std::string(1000, 'x')), "found     string of 1002 bytes"));
  json without = sample_json();
  without["steps"][1].erase("bytes");
  CHECK(contains(*refusal(without.dump()), "expected  an object with 21 members"));
  without["steps"][1]["byte"] = 1;
  CHECK(contains(*refusal(without.dump()), "expected  an object with the member `bytes`"));
  CHECK(contains(*refusal("{\"a\": tru}"), "parse error at line 1, column 10"));
  CHECK(refusal("[" + std::string(5000, 'x'))->size() < 500);
}

TEST_CASE("numbers that do not fit are refused") {
  for (char const* const number :
       {"18446744073709551616", "1e400", "1e18", "-1", "-9223372036854775809", "0.5", "12.0"}) {
    std::string text = memo::to_json(small_report());
    std::string const member = "\"bytes\":4096,\"elements\"";
    REQUIRE(contains(text, member));
    text.replace(text.find(member), member.size(), "\"bytes\":" + std::string(number) + ",\"elements\"");
    CHECK(refusal(text));
  }
  CHECK(contains(refusal_with("/time_ns", std::uint64_t{1} << 63), "a number up to 9223372036854775807"));
  CHECK(contains(refusal_with("/work/0/step", 6), "a number up to 5"));
  CHECK(contains(refusal_with("/work/0/worker", std::uint64_t{1} << 32), "a number up to 4294967295"));
  CHECK(contains(refusal_with("/work/0/end_ns", 999), "a time that is not before start_ns"));
  CHECK(contains(refusal_with("/totals/hit_rate", 1.5), "a number from 0 to 1"));
  CHECK(contains(refusal_with("/graph/steps/0/level", 0), "a number from 1 on"));
  CHECK(contains(refusal_with("/graph/steps/0/level", 7), "a number up to 6"));
}

TEST_CASE("digests and bytes are pairs of lower-case hexadecimal digits") {
  for (char const* const wrong :
       {"", "0", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdeg"})
    CHECK(contains(refusal_with("/steps/0/key", wrong), "32 lower-case hexadecimal digits, or null"));
  for (char const* const wrong : {"0", "0g", "AA", " 0", "0x"})
    CHECK(contains(refusal_with("/steps/0/parts", wrong), "pairs of lower-case hexadecimal digits"));
  CHECK(refusal_with("/steps/0/parts", "00ff") == "it is read");
}

TEST_CASE("a graph that does not fit its report, or has a cycle, is refused") {
  CHECK(
      contains(refusal_with("/graph/steps/0/names/0", "other_name"), "the names of the step at this place"));
  CHECK(contains(refusal_with("/graph/steps/0/reads/0", "nowhere"), "place     graph.steps[0].reads[0]"));
  CHECK(contains(refusal_with("/graph/steps/0/reads/0", "load"), "a name of a level below 1"));
  CHECK(contains(refusal_with("/graph/steps/1/after", json::array({"sum"})), "a name of a level below 2"));
  CHECK(contains(refusal_with("/graph/inputs/0/name", "load"), "`load` is there twice"));
  CHECK(contains(refusal_with("/graph/inputs/0/name", "scale"), "`scale` is there twice"));
  CHECK(contains(refusal_with("/graph/steps/0/schemas", json::array()), "as many as `names`"));
  json fewer = sample_json();
  fewer["graph"]["steps"].erase(5);
  CHECK(contains(*refusal(fewer.dump()), "as many as the report has"));
}

TEST_CASE("another kind of document, and another version, are told as such") {
  CHECK(contains(*refusal(memo::to_json(*test::sample_report().graph)), "a report; this is a graph"));
  CHECK(contains(refusal_with("/schema", "else"), "expected  memo.report"));
  CHECK(contains(refusal_with("/version", 2), "hint: read it with the version of memo that wrote it"));
  CHECK(contains(refusal_with("/version", 0), "hint: write it again"));
  for (char const* const text :
       {"", " ", "null", "1", "\"report\"", "[]", "{}", "\xef\xbb\xbf", "nul", "\xff"})
    CHECK(refusal(text));
}

TEST_CASE("a document of a million levels is refused without a recursion") {
  for (std::string const open : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 1'000'000; ++i) text += open;
    CHECK(contains(*refusal(text), "at most 16 levels"));
  }
}
