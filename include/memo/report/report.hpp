/// What a run did, or a plan would do, step by step, as data.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/graph/describe.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// What became of a step.
enum class outcome : std::uint8_t { hit, ran, failed, skipped, not_needed, cancelled };

/// What a plan says of a step. `depends`: whether it runs depends on values that are not there before the run.
enum class forecast : std::uint8_t { hit, run, depends, not_needed };

inline std::string_view to_text(outcome o) {
  switch (o) {
    case outcome::hit:
      return "hit";
    case outcome::ran:
      return "ran";
    case outcome::failed:
      return "failed";
    case outcome::skipped:
      return "skipped";
    case outcome::not_needed:
      return "not needed";
    case outcome::cancelled:
      return "cancelled";
  }
  return "?";
}

inline std::string_view to_text(forecast f) {
  switch (f) {
    case forecast::hit:
      return "hit";
    case forecast::run:
      return "run";
    case forecast::depends:
      return "depends";
    case forecast::not_needed:
      return "not needed";
  }
  return "?";
}

/// One step in a report. Times are in nanoseconds.
struct step_report {
  std::string name;                ///< of its outputs, joined by commas
  std::vector<std::string> names;  ///< of its outputs
  memo::outcome outcome = outcome::not_needed;
  memo::forecast forecast = forecast::not_needed;  ///< in a plan; in a run, what the outcome corresponds to
  std::string reason;  ///< why it ran, failed or was skipped; "unchanged" for a hit
  std::string
      change;  ///< of the value that the reason is about, where it is small: "2 \u2192 4", "epochs 3 \u2192 4"
  digest key;
  digest value;                    ///< of its first output; zero where it was not needed for anything
  std::vector<digest> values;      ///< of all outputs
  std::int64_t time_ns = 0;        ///< spent in its function in this run
  std::int64_t saved_ns = 0;       ///< what a hit cost when it was computed
  std::uint64_t bytes = 0;         ///< of the stored form of its outputs
  std::uint64_t elements = 0;      ///< of a map that was run or put together; zero where it was found whole
  std::uint64_t elements_ran = 0;  ///< of them, those that were not found
  std::vector<std::string> element_reasons;  ///< of the first ten of these: "element 5, 0.25, is new"
  bool differs = false;                      ///< verify: it gives another result than the stored one
  std::string difference;                    ///< what differs: digests, and the first differing byte
  bool not_reproducible = false;  ///< it ran again because its value was lost, and gave another one
  std::string waited_for;         ///< who computed its key while it waited: "process 4711"; empty: nobody
  std::string parts;              ///< of its key, for `explain`
};

namespace detail {

/// "input `n` changed: 1 \u2192 2; all elements run" for a reason and a change.
inline std::string with_change(std::string_view reason, std::string_view change) {
  constexpr std::string_view changed = " changed";
  std::string text(reason);
  std::size_t const at = text.find(changed);
  if (!change.empty() && at != text.npos) text.insert(at + changed.size(), ": " + std::string(change));
  return text;
}

}  // namespace detail

/// A time in which one thread worked for one step. Times are in nanoseconds from the beginning of the run.
struct work_span {
  std::uint32_t step = 0;    ///< its place in `report::steps`
  std::uint32_t worker = 0;  ///< the thread, numbered in the order in which threads first worked for the run
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::uint64_t elements = 0;  ///< of a map that were computed in this time; 0 where the step is no map
};

/// What a run did, or a plan would do. A copy is independent of the run.
class report {
 public:
  std::string pipeline;
  std::vector<step_report> steps;     ///< in the order of their declaration
  std::vector<std::string> notes;     ///< what a user may want to know
  std::vector<std::string> warnings;  ///< what went wrong without failing the run
  std::int64_t time_ns = 0;           ///< of the whole run
  std::int64_t started_ms = 0;        ///< when it began: wall clock, milliseconds since 1970
  bool is_plan = false;
  std::vector<work_span> work;  ///< calls of functions, in the order in which they ended; at most 10 000
  /// How the steps hang together; `graph->steps[i]` describes `steps[i]`. Null in reports that were made by hand.
  lazy_description graph;

  /// The step with this output. Throws usage_error where there is none.
  step_report const& operator[](std::string_view name) const {
    for (auto const& s : steps)
      for (auto const& n : s.names)
        if (n == name) return s;
    throw usage_error("the report has no step `" + std::string(name) + "`",
                      {{"pipeline", pipeline}, {"steps", names()}}, "inputs have no line of their own");
  }

  std::size_t count(outcome what) const {
    std::size_t n = 0;
    for (auto const& s : steps) n += s.outcome == what;
    return n;
  }
  std::size_t count(forecast what) const {
    std::size_t n = 0;
    for (auto const& s : steps) n += s.forecast == what;
    return n;
  }

  /// True where nothing failed, was skipped or was cancelled.
  bool ok() const {
    return count(outcome::failed) + count(outcome::skipped) + count(outcome::cancelled) == 0;
  }

 private:
  std::string names() const {
    std::string all;
    for (auto const& s : steps) all += (all.empty() ? "" : ", ") + s.name;
    return all;
  }
};

/// What would run and why; `forecast` is what counts.
using plan_report = report;

}  // namespace memo
