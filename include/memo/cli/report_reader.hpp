/// Reports read back from the JSON documents that to_json writes.
#pragma once

#include <memo/export/json.hpp>
#include <memo/export/picture.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// A value of a JSON document together with its place in it, of which errors tell.
class json_place {
 public:
  using json = nlohmann::json;

  explicit json_place(json const& document) : value_(document) {}

  /// Throws usage_error: `wanted` should be here.
  [[noreturn]] void fail(std::string_view wanted) const {
    constexpr std::size_t longest = 80;
    std::string found = value_.dump(-1, ' ', false, json::error_handler_t::replace);
    if (found.size() > longest)
      found = std::string(value_.type_name()) + " of " + std::to_string(found.size()) + " bytes";
    throw usage_error("the JSON document is no report of memo",
                      {{"place", place_.empty() ? "the document" : place_},
                       {"expected", std::string(wanted)},
                       {"found", std::move(found)}},
                      "docs/report.schema.json describes what such a document holds");
  }

  /// Throws unless this is an object with so many members.
  void expect_members(std::size_t count) const {
    if (!value_.is_object()) fail("an object");
    if (value_.size() != count) fail("an object with " + std::to_string(count) + " members");
  }

  json_place operator[](std::string_view member) const {
    if (!value_.is_object()) fail("an object");
    auto const found = value_.find(std::string(member));
    if (found == value_.end()) fail("an object with the member `" + std::string(member) + "`");
    return {*found, (place_.empty() ? "" : place_ + ".") + std::string(member)};
  }

  /// Calls `on(place)` for each element of this array.
  template <class On>
  void for_each(On&& on) const {
    if (!value_.is_array()) fail("an array");
    std::size_t at = 0;
    for (json const& element : value_) on(json_place(element, place_ + "[" + std::to_string(at++) + "]"));
  }

  bool is_null() const { return value_.is_null(); }

  std::string text() const {
    if (!value_.is_string()) fail("a string");
    return value_.get_ref<std::string const&>();
  }
  bool truth() const {
    if (!value_.is_boolean()) fail("true or false");
    return value_.get<bool>();
  }
  /// A whole number from 0 to `most`.
  std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    // A number above 2^64 has become a floating-point one.
    if (!value_.is_number_unsigned()) fail("a whole number that is not negative");
    auto const read = value_.get<std::uint64_t>();
    if (read > most) fail("a number up to " + std::to_string(most));
    return read;
  }
  std::int64_t time() const {
    return static_cast<std::int64_t>(number(std::numeric_limits<std::int64_t>::max()));
  }
  std::uint32_t small_number(std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) const {
    return static_cast<std::uint32_t>(number(most));
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> read;
    for_each([&](json_place const& one) { read.push_back(one.text()); });
    return read;
  }
  memo::digest digest() const {
    if (is_null()) return {};
    auto const read = digest_from_hex(text());
    if (!read) fail("32 lower-case hexadecimal digits, or null");
    return *read;
  }
  /// Throws unless this is a number from 0 to 1, or null.
  void share() const {
    if (is_null()) return;
    if (!value_.is_number() || !(value_.get<double>() >= 0 && value_.get<double>() <= 1))
      fail("a number from 0 to 1, or null");
  }
  /// The bytes that hexadecimal digits spell.
  std::string bytes() const {
    std::string const digits = text();
    auto const nibble = [&](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      fail("pairs of lower-case hexadecimal digits");
    };
    if (digits.size() % 2 != 0) fail("pairs of lower-case hexadecimal digits");
    std::string read;
    read.reserve(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2)
      read += static_cast<char>(nibble(digits[i]) * 16 + nibble(digits[i + 1]));
    return read;
  }
  /// One of `all` by its name in documents.
  template <class All>
  auto one_of(All const& all) const {
    std::string const name = text();
    std::string names;
    for (auto const one : all) {
      if (json_name(one) == name) return one;
      names += (names.empty() ? "" : ", ") + std::string(json_name(one));
    }
    fail("one of " + names);
  }

 private:
  json_place(json const& value, std::string place) : value_(value), place_(std::move(place)) {}

  json const& value_;
  std::string place_;
};

inline step_report read_step(json_place const& from) {
  from.expect_members(21);
  step_report s;
  s.name = from["name"].text();
  s.names = from["names"].texts();
  s.outcome = from["outcome"].one_of(all_outcomes);
  s.forecast = from["forecast"].one_of(all_forecasts);
  s.reason = from["reason"].text();
  s.change = from["change"].text();
  s.key = from["key"].digest();
  s.value = from["value"].digest();
  from["values"].for_each([&](json_place const& one) { s.values.push_back(one.digest()); });
  s.time_ns = from["time_ns"].time();
  s.saved_ns = from["saved_ns"].time();
  s.bytes = from["bytes"].number();
  s.elements = from["elements"].number();
  s.elements_ran = from["elements_ran"].number();
  s.element_reasons = from["element_reasons"].texts();
  s.differs = from["differs"].truth();
  s.difference = from["difference"].text();
  s.not_reproducible = from["not_reproducible"].truth();
  s.waited_for = from["waited_for"].text();
  s.parts = from["parts"].bytes();
  from["key_parts"].texts();
  return s;
}

/// Totals follow from the steps: they are checked and not kept.
inline void check_totals(json_place const& from) {
  from.expect_members(9);
  from["outcomes"].expect_members(all_outcomes.size());
  for (outcome const one : all_outcomes) from["outcomes"][json_name(one)].number();
  from["forecasts"].expect_members(all_forecasts.size());
  for (forecast const one : all_forecasts) from["forecasts"][json_name(one)].number();
  for (char const* const name : {"steps", "bytes", "elements", "elements_ran"}) from[name].number();
  for (char const* const name : {"time_ns", "saved_ns"}) from[name].time();
  from["hit_rate"].share();
}

inline work_span read_span(json_place const& from, std::size_t steps) {
  from.expect_members(5);
  if (steps == 0) from.fail("no span of work, as there is no step");
  work_span span;
  span.step = from["step"].small_number(static_cast<std::uint32_t>(steps - 1));
  span.worker = from["worker"].small_number();
  span.start_ns = from["start_ns"].time();
  span.end_ns = from["end_ns"].time();
  span.elements = from["elements"].number();
  if (span.end_ns < span.start_ns) from["end_ns"].fail("a time that is not before start_ns");
  return span;
}

/// Throws unless everything that the step waits for comes from a lower level: then there is no cycle.
inline void check_wiring(json_place const& from, step_description const& s,
                         std::unordered_map<std::string_view, std::uint32_t> const& levels) {
  for (char const* const list : {"reads", "after"})
    from[list].for_each([&](json_place const& one) {
      auto const found = levels.find(one.text());
      if (found == levels.end()) one.fail("the name of an input, or of an output of a step");
      if (found->second >= s.level) one.fail("a name of a level below " + std::to_string(s.level));
    });
}

inline graph_description read_graph(json_place const& from, std::vector<step_report> const& steps) {
  from.expect_members(3);
  graph_description g{.name = from["name"].text(), .inputs = {}, .steps = {}};
  from["inputs"].for_each([&](json_place const& one) {
    one.expect_members(2);
    g.inputs.push_back({one["name"].text(), one["schema"].text()});
  });
  from["steps"].for_each([&](json_place const& one) {
    one.expect_members(10);
    step_description s;
    s.name = one["name"].text();
    s.names = one["names"].texts();
    s.schemas = one["schemas"].texts();
    s.pipeline = one["pipeline"].text();
    s.reads = one["reads"].texts();
    s.after = one["after"].texts();
    s.level = one["level"].small_number(static_cast<std::uint32_t>(steps.size()));
    s.is_map = one["is_map"].truth();
    s.code = one["code"].text();
    s.policy = one["policy"].one_of(all_policies);
    if (s.level == 0) one["level"].fail("a number from 1 on");
    if (s.schemas.size() != s.names.size()) one["schemas"].fail("as many as `names`");
    if (g.steps.size() == steps.size() || steps[g.steps.size()].names != s.names)
      one["names"].fail("the names of the step at this place of the report");
    g.steps.push_back(std::move(s));
  });
  if (g.steps.size() != steps.size()) from["steps"].fail("as many as the report has");
  std::unordered_map<std::string_view, std::uint32_t> levels;
  for (input_description const& input : g.inputs)
    if (!levels.emplace(input.name, 0).second)
      from.fail("names that differ; `" + input.name + "` is there twice");
  for (step_description const& s : g.steps)
    for (std::string const& name : s.names)
      if (!levels.emplace(name, s.level).second)
        from.fail("names that differ; `" + name + "` is there twice");
  std::size_t at = 0;
  from["steps"].for_each([&](json_place const& one) { check_wiring(one, g.steps[at++], levels); });
  return g;
}

inline nlohmann::json parse_json(std::string_view text) {
  // Values are printed by recursion where one of them is wrong; a report is not half as deep.
  constexpr int deepest = 16;
  auto const bound = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > deepest)
      throw usage_error("the text is no report of memo", {{"expected", "a document of at most 16 levels"}},
                        "docs/report.schema.json describes what such a document holds");
    return true;
  };
  try {
    return nlohmann::json::parse(text, bound);
  } catch (nlohmann::json::exception const& e) {
    std::string_view problem = e.what();
    problem.remove_prefix(std::min(problem.find("] ") + 2, problem.size()));
    throw usage_error("the text is no JSON", {{"problem", shortened(problem, 200)}},
                      "a report is written by run --json, or by memo::to_json");
  }
}

inline void check_form(json_place const& document) {
  std::string const schema = document["schema"].text();
  if (schema == graph_schema_name) document["schema"].fail("a report; this is a graph without one");
  if (schema != report_schema_name) document["schema"].fail(report_schema_name);
  std::uint64_t const version = document["version"].number();
  if (version != json_version)
    throw usage_error("the report has a form that this program does not read",
                      {{"version", std::to_string(version)}, {"known", std::to_string(json_version)}},
                      version > json_version
                          ? "read it with the version of memo that wrote it, or a newer one"
                          : "write it again with this version of memo");
}

}  // namespace detail

/// The report that a document of to_json holds; written again, it gives the same document. Throws usage_error, which names the
/// place and what is wrong there, for any other text.
inline report report_from_json(std::string_view text) {
  nlohmann::json const parsed = detail::parse_json(text);
  detail::json_place const document(parsed);
  detail::check_form(document);
  document.expect_members(12);
  report r;
  r.pipeline = document["pipeline"].text();
  r.is_plan = document["is_plan"].truth();
  r.started_ms = document["started_ms"].time();
  r.time_ns = document["time_ns"].time();
  detail::check_totals(document["totals"]);
  r.notes = document["notes"].texts();
  r.warnings = document["warnings"].texts();
  document["steps"].for_each([&](auto const& one) { r.steps.push_back(detail::read_step(one)); });
  document["work"].for_each(
      [&](auto const& one) { r.work.push_back(detail::read_span(one, r.steps.size())); });
  if (!document["graph"].is_null())
    r.graph = std::make_shared<graph_description const>(detail::read_graph(document["graph"], r.steps));
  return r;
}

}  // namespace memo
