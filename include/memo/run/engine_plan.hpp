/// What a plan says of a map, whose value may lie in its elements.
#pragma once

#include <memo/run/engine_attempt.hpp>
#include <memo/run/engine_decide.hpp>
#include <memo/run/engine_values.hpp>

namespace memo::detail {

/// For a map whose own entry was not found. Where the store has results of elements, what it reads is loaded, as they have
/// to be looked up. A plan works on one thread.
inline void engine::forecast_map(std::uint32_t step, std::string why, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  auto said = [&](forecast f, std::string text) {
    s.forecast = f;
    settle(step, outcome::not_needed, std::move(text));
  };
  bool const is_kept = r.policy == cache_policy::stored || r.policy == cache_policy::inputs_only;
  if (!is_kept || !r.map->result->is_storable()) return said(forecast::run, std::move(why));
  // Elements that read something through a context lie in entries of their own, which the group does not name.
  if (s.group && !r.takes_context && value_store_of(r).find(s.group, how()).status == lookup::miss)
    return said(forecast::run, why == "first time" ? why : why + "; all elements run");
  std::string problem;
  std::vector<argument> arguments;
  for (std::uint16_t const slot : r.reads)
    while (load(slot, false, step, problem, lock) != load_result::there)
      if (!problem.empty()) return said(forecast::depends, problem);
  if (!gather(step, arguments, lock)) return said(forecast::depends, "what it reads cannot be had");
  map_outcome made;
  {
    map_request asked = map_request_of(step, arguments, true);
    asked.writes = false;
    asked.only_looks = true;
    released const open(*this, lock);
    made = request_.run_map(asked);
  }
  s.report.elements = made.elements;
  s.report.element_reasons = std::move(made.element_reasons);
  if (made.found == made.distinct && made.distinct != 0)
    return said(forecast::hit, "all elements were found");
  if (!made.reason.empty() && (made.found != 0 || why != "first time")) why += "; " + made.reason;
  said(forecast::run, std::move(why));
}

}  // namespace memo::detail
