/// Reports and graphs as JSON. docs/report.schema.json describes every member.
///
///     document ::= {"schema": "memo.report" | "memo.graph", "version": number, ...}
///
/// A document of this version is valid under that schema, whatever the report holds: bytes that are no UTF-8 are written as
/// U+FFFD, times below zero as zero, and spans of work for steps that are not there are left out. Digests are hexadecimal, and
/// null for none. The values of environment variables are not in it (key_text.hpp).
#pragma once

#include <memo/export/json_writer.hpp>
#include <memo/report/key_text.hpp>
#include <memo/report/report.hpp>
#include <memo/report/totals.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace memo {

/// The number of the form of JSON documents; any change of their members changes it.
/// 1: first.
inline constexpr int json_version = 1;

/// The word for an outcome in documents: an identifier.
inline std::string_view json_name(outcome o) { return o == outcome::not_needed ? "not_needed" : to_text(o); }
/// The same for a forecast.
inline std::string_view json_name(forecast f) {
  return f == forecast::not_needed ? "not_needed" : to_text(f);
}
/// The same for a cache policy.
inline std::string_view json_name(cache_policy p) {
  switch (p) {
    case cache_policy::stored:
      return "stored";
    case cache_policy::never:
      return "never";
    case cache_policy::inputs_only:
      return "inputs_only";
    case cache_policy::digest_only:
      return "digest_only";
    case cache_policy::in_memory:
      return "in_memory";
  }
  return "?";
}

namespace detail {

inline constexpr std::string_view report_schema_name = "memo.report";
inline constexpr std::string_view graph_schema_name = "memo.graph";

inline constexpr std::array all_outcomes{outcome::hit,     outcome::ran,        outcome::failed,
                                         outcome::skipped, outcome::not_needed, outcome::cancelled};
inline constexpr std::array all_forecasts{forecast::hit, forecast::run, forecast::depends,
                                          forecast::not_needed};
inline constexpr std::array all_policies{cache_policy::stored, cache_policy::never, cache_policy::inputs_only,
                                         cache_policy::digest_only, cache_policy::in_memory};

inline std::int64_t at_least_zero(std::int64_t value) { return std::max<std::int64_t>(value, 0); }

inline void write_digest(json_writer& to, digest const& d) {
  if (d)
    to.string(to_hex(d));
  else
    to.null();
}

inline void write_graph_members(json_writer& to, graph_description const& g) {
  to.member("name", g.name).key("inputs").begin_array();
  for (input_description const& input : g.inputs)
    to.begin_object().member("name", input.name).member("schema", input.schema).end_object();
  to.end_array().key("steps").begin_array();
  for (step_description const& s : g.steps) {
    to.begin_object().member("name", s.name).member("names", s.names).member("schemas", s.schemas);
    to.member("pipeline", s.pipeline).member("reads", s.reads).member("after", s.after);
    to.member("level", s.level).member("is_map", s.is_map).member("code", s.code);
    to.member("policy", json_name(s.policy)).end_object();
  }
  to.end_array();
}

inline void write_step(json_writer& to, step_report const& s) {
  to.begin_object().member("name", s.name).member("names", s.names);
  to.member("outcome", json_name(s.outcome)).member("forecast", json_name(s.forecast));
  to.member("reason", s.reason).member("change", s.change);
  write_digest(to.key("key"), s.key);
  write_digest(to.key("value"), s.value);
  to.key("values").begin_array();
  for (digest const& d : s.values) write_digest(to, d);
  to.end_array();
  to.member("time_ns", at_least_zero(s.time_ns)).member("saved_ns", at_least_zero(s.saved_ns));
  to.member("bytes", s.bytes).member("elements", s.elements).member("elements_ran", s.elements_ran);
  to.member("element_reasons", s.element_reasons);
  to.member("differs", s.differs).member("difference", s.difference);
  to.member("not_reproducible", s.not_reproducible).member("waited_for", s.waited_for);
  to.key("key_parts").begin_array();
  for_each_key_line(s.parts, [&](std::string const& line) { to.string(line); });
  to.end_array().key("parts").hex(parts_to_share(s.parts)).end_object();
}

inline void write_totals(json_writer& to, report_totals const& t) {
  to.begin_object().member("steps", t.steps).key("outcomes").begin_object();
  for (outcome const o : all_outcomes) to.member(json_name(o), t.count(o));
  to.end_object().key("forecasts").begin_object();
  for (forecast const f : all_forecasts) to.member(json_name(f), t.count(f));
  to.end_object().member("time_ns", t.time_ns).member("saved_ns", t.saved_ns).member("bytes", t.bytes);
  to.member("elements", t.elements).member("elements_ran", t.elements_ran).key("hit_rate");
  (t.hit_rate ? to.number(*t.hit_rate) : to.null()).end_object();
}

inline void write_work(json_writer& to, report const& r) {
  to.begin_array();
  for (work_span const& span : r.work) {
    if (span.step >= r.steps.size()) continue;
    std::int64_t const start = at_least_zero(span.start_ns);
    to.begin_object().member("step", span.step).member("worker", span.worker).member("start_ns", start);
    to.member("end_ns", std::max(start, span.end_ns)).member("elements", span.elements).end_object();
  }
  to.end_array();
}

}  // namespace detail

/// A report as a JSON document, on one line without a line break at its end.
inline std::string to_json(report const& r) {
  detail::json_writer to;
  to.reserve(1000 + 1400 * r.steps.size());
  to.begin_object().member("schema", detail::report_schema_name).member("version", json_version);
  to.member("pipeline", r.pipeline).member("is_plan", r.is_plan);
  to.member("started_ms", detail::at_least_zero(r.started_ms));
  to.member("time_ns", detail::at_least_zero(r.time_ns));
  detail::write_totals(to.key("totals"), totals_of(r));
  to.member("notes", r.notes).member("warnings", r.warnings).key("steps").begin_array();
  for (step_report const& s : r.steps) detail::write_step(to, s);
  to.end_array();
  detail::write_work(to.key("work"), r);
  to.key("graph");
  if (r.graph == nullptr) {
    to.null();
  } else {
    to.begin_object();
    detail::write_graph_members(to, *r.graph);
    to.end_object();
  }
  to.end_object();
  return std::move(to).text();
}

/// A graph alone as a JSON document.
inline std::string to_json(graph_description const& g) {
  detail::json_writer to;
  to.begin_object().member("schema", detail::graph_schema_name).member("version", json_version);
  detail::write_graph_members(to, g);
  to.end_object();
  return std::move(to).text();
}

}  // namespace memo
