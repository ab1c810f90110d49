/// What a report adds up to.
#pragma once

#include <memo/report/report.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace memo {

/// The sums of a report. Sums that do not fit stay at the largest number; times below zero count as zero.
struct report_totals {
  std::size_t steps = 0;
  std::array<std::size_t, 6> outcomes{};   ///< how many steps have each, by its number
  std::array<std::size_t, 4> forecasts{};  ///< the same; of a run, what its outcomes correspond to
  std::int64_t time_ns = 0;                ///< spent in functions, on all threads
  std::int64_t saved_ns = 0;               ///< what the hits cost when they were computed
  std::uint64_t bytes = 0;                 ///< of the stored forms of all outputs
  std::uint64_t elements = 0;              ///< of maps that were run or put together
  std::uint64_t elements_ran = 0;          ///< of them, those that were not found
  /// The share of hits among hits, ran and failed, or, of a plan, among all that is needed: 0 to 1. Empty where there are none.
  std::optional<double> hit_rate;

  std::size_t count(outcome what) const { return outcomes[static_cast<std::size_t>(what)]; }
  std::size_t count(forecast what) const { return forecasts[static_cast<std::size_t>(what)]; }
};

namespace detail {

template <class Integer>
constexpr Integer saturating_sum(Integer a, Integer b) {
  return b > std::numeric_limits<Integer>::max() - a ? std::numeric_limits<Integer>::max() : a + b;
}

}  // namespace detail

/// Adds up what the steps say.
inline report_totals totals_of(report const& r) {
  report_totals made;
  made.steps = r.steps.size();
  for (step_report const& s : r.steps) {
    ++made.outcomes[static_cast<std::size_t>(s.outcome)];
    ++made.forecasts[static_cast<std::size_t>(s.forecast)];
    bool const is_hit = r.is_plan ? s.forecast == forecast::hit : s.outcome == outcome::hit;
    if (s.time_ns > 0) made.time_ns = detail::saturating_sum(made.time_ns, s.time_ns);
    if (is_hit && s.saved_ns > 0) made.saved_ns = detail::saturating_sum(made.saved_ns, s.saved_ns);
    made.bytes = detail::saturating_sum(made.bytes, s.bytes);
    made.elements = detail::saturating_sum(made.elements, s.elements);
    made.elements_ran = detail::saturating_sum(made.elements_ran, s.elements_ran);
  }
  std::size_t const hits = r.is_plan ? made.count(forecast::hit) : made.count(outcome::hit);
  std::size_t const all = hits + (r.is_plan ? made.count(forecast::run) + made.count(forecast::depends)
                                            : made.count(outcome::ran) + made.count(outcome::failed));
  if (all != 0) made.hit_rate = static_cast<double>(hits) / static_cast<double>(all);
  return made;
}

}  // namespace memo
