/// The work of a run in the Trace Event Format (JSON object form), which ui.perfetto.dev and chrome://tracing open.
///
///     document ::= {"traceEvents": [event...], "displayTimeUnit": "ms", "otherData": {...}}
///
/// The run is one complete event (ph "X") on a track of its own; each span of work is one on the track of its worker, with
/// times in microseconds, to the nanosecond. Hits take no time and have no event: otherData names them.
#pragma once

#include <memo/export/json.hpp>
#include <memo/report/report.hpp>
#include <memo/report/table.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace memo {
namespace detail {

/// Microseconds with three decimals: a double would lose nanoseconds after some hours.
inline std::string microseconds(std::int64_t ns) {
  std::string const part = std::to_string(ns % 1000);
  return std::to_string(ns / 1000) + "." + std::string(3 - part.size(), '0') + part;
}

// Track 0 is the run, so worker i has track i + 1.
inline void write_track_name(json_writer& to, std::uint64_t track, std::string_view name) {
  to.begin_object().member("name", "thread_name").member("ph", "M").member("pid", 1).member("tid", track);
  to.key("args").begin_object().member("name", name).end_object().end_object();
  to.begin_object().member("name", "thread_sort_index").member("ph", "M").member("pid", 1);
  to.member("tid", track).key("args").begin_object().member("sort_index", track).end_object().end_object();
}

/// Opens a complete event; its `args` are to be filled in, and both closed.
inline void begin_complete(json_writer& to, std::string_view name, std::string_view category,
                           std::uint64_t track, std::int64_t start_ns, std::int64_t end_ns) {
  to.begin_object().member("name", name).member("cat", category).member("ph", "X");
  to.key("ts").raw(microseconds(start_ns)).key("dur").raw(microseconds(end_ns - start_ns));
  to.member("pid", 1).member("tid", track).key("args").begin_object();
}

inline void write_span(json_writer& to, work_span const& span, step_report const& s) {
  std::int64_t const start = at_least_zero(span.start_ns);
  begin_complete(to, s.name.empty() ? "step" : s.name, "step", std::uint64_t{span.worker} + 1, start,
                 std::max(start, span.end_ns));
  to.member("step", s.name).member("outcome", json_name(s.outcome)).member("reason", reason_text(s));
  if (span.elements != 0) to.member("elements", span.elements);
  to.member("bytes", s.bytes);
  write_digest(to.key("key"), s.key);
  to.end_object().end_object();
}

}  // namespace detail

/// The work of a run as a trace. That of a plan has no spans.
inline std::string to_chrome_trace(report const& r) {
  detail::json_writer to;
  std::string_view const name = r.pipeline.empty() ? std::string_view("pipeline") : r.pipeline;
  to.begin_object().key("traceEvents").begin_array();
  to.begin_object().member("name", "process_name").member("ph", "M").member("pid", 1);
  to.key("args").begin_object().member("name", name).end_object().end_object();
  detail::write_track_name(to, 0, "run");
  std::vector<std::uint32_t> workers;
  for (work_span const& span : r.work)
    if (span.step < r.steps.size()) workers.push_back(span.worker);
  std::sort(workers.begin(), workers.end());
  workers.erase(std::unique(workers.begin(), workers.end()), workers.end());
  for (std::uint32_t const worker : workers)
    detail::write_track_name(to, std::uint64_t{worker} + 1, "worker " + std::to_string(worker));

  detail::begin_complete(to, name, "run", 0, 0, detail::at_least_zero(r.time_ns));
  to.member("is_plan", r.is_plan).member("steps", r.steps.size()).end_object().end_object();
  for (work_span const& span : r.work)
    if (span.step < r.steps.size()) detail::write_span(to, span, r.steps[span.step]);
  to.end_array().member("displayTimeUnit", "ms").key("otherData").begin_object();
  to.member("pipeline", r.pipeline).member("started_ms", detail::at_least_zero(r.started_ms));
  to.key("hits").begin_array();
  for (step_report const& s : r.steps)
    if (!r.is_plan && s.outcome == outcome::hit) to.string(s.name);
  to.end_array().end_object().end_object();
  return std::move(to).text();
}

}  // namespace memo
