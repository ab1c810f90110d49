/// Decisions: the key of a step, its look-up, and the words for why it runs.
#pragma once

#include <memo/key/unhashable.hpp>
#include <memo/report/reason.hpp>
#include <memo/run/chance.hpp>
#include <memo/run/engine_class.hpp>

namespace memo::detail {

/// Throws unhashable, and what a user's hash_of or serialize function throws.
inline fingerprint const& engine::fingerprint_of_slot(std::uint32_t slot) {
  slot_state& s = slots_[slot];
  slot_row const& described = request_.graph.slots[slot];
  if (!s.fingerprint) {
    if (!described.type->is_hashable())
      throw unhashable("`" + std::string(described.name) + "` cannot be hashed", {}, "");
    s.fingerprint = described.type->fingerprint_of(s.object.get(), seed_);
  }
  return *s.fingerprint;
}

inline omitted_reads engine::find_omitted(step_row const& r) {
  omitted_reads omitted;
  for (input_row const& in : request_.graph.inputs) {
    if (in.added == nullptr) continue;
    for (std::size_t i = 0; i < r.reads.size(); ++i)
      if (r.reads[i] == in.slot && fingerprint_of_slot(in.slot) == in.added(in.node, seed_)) {
        omitted.resize(r.reads.size());
        omitted[i] = true;
      }
  }
  return omitted;
}

/// Gives false, and says why, where a part of the key cannot be had: then nothing of the step is cached.
inline bool engine::derive_key(std::uint32_t step, std::string& problem) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  key_parts prefix, parts;
  try {
    omitted_reads const omitted = find_omitted(r);
    add_prefix(prefix, request_.graph, r, request_.options.project, omitted, seed_);
    s.seen.clear();
    for (std::size_t i = 0; i < r.reads.size(); ++i) {
      slot_row const& slot = request_.graph.slots[r.reads[i]];
      fingerprint const& known = fingerprint_of_slot(r.reads[i]);
      s.seen.push_back(known);
      if (!omitted.empty() && omitted[i]) continue;
      if (r.key == nullptr) parts.add(part::input, slot.name, known);
      if (r.takes_context && slot.type->location != nullptr && slots_[r.reads[i]].object != nullptr)
        parts.add(part::path, slot.name, slot.type->location(slots_[r.reads[i]].object.get()));
    }
    if (r.key != nullptr) {
      std::vector<argument> arguments(r.reads.size());
      for (std::size_t i = 0; i < r.reads.size(); ++i) arguments[i].object = slots_[r.reads[i]].object.get();
      parts.add(part::user_key, r.key_schema(), r.key(r.key_function, arguments, seed_));
    }
  } catch (unhashable const& e) {
    problem = e.headline();
    return false;
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    // A function of the user's: .key, hash_of or a serialize function.
    problem = message_of(std::current_exception());
    return false;
  }
  std::vector<std::string_view> variables = r.options.environment.all();
  variables.insert(variables.end(), request_.options.env.begin(), request_.options.env.end());
  if (!variables.empty()) add_environment(parts, std::move(variables));

  s.report.parts.assign(as_text(prefix.bytes()));
  s.report.parts.append(as_text(parts.bytes()));
  digest const key = parts.key(prefix.prefix(seed_), seed_);
  s.call = cached_call{};
  s.call.skip_look_up(key, {}, false);
  return true;
}

inline std::string engine::miss_reason(std::uint32_t step) {
  step_state& s = steps_[step];
  if (!s.call.reason().empty()) return s.call.reason();
  if (!last_) {
    std::optional<std::string> record =
        request_.store.read_last(last_record_id(request_.options.project, request_.graph.name));
    last_ = record ? read_last_record(*record) : last_parts{};
  }
  std::string const* const before = find_parts(*last_, s.report.name, step);
  if (before == nullptr) return "first time";
  std::string difference = first_difference(as_byte_view(*before), as_byte_view(s.report.parts));
  return difference.empty() ? "the store has no result of it" : difference;
}

/// Why a step runs without a look-up; empty where it is looked up.
inline std::string_view engine::runs_anyway(std::uint32_t step) const {
  if (request_.options.mode == mode::off) return "caching is off";
  if (steps_[step].forced) return "forced";
  if (row(step).policy == cache_policy::never) return "never cached";
  return rules().looks_up ? std::string_view() : "the mode looks nothing up";
}

inline hit_rules engine::hit_rules_of(std::uint32_t step) const {
  return {.now_ms = time().wall_ms(),
          .ttl_ms = row(step).options.ttl_ms,
          .outputs = row(step).names.size(),
          .checks = steps_[step].checks,
          .how = how()};
}

/// Takes a step from look_up to done (hit, skipped, cancelled), to gather or to verify.
inline void engine::decide(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  if (auto const end = inherited_end(step)) return settle(step, *end, s.why);
  if (request_.options.stop.stop_requested()) stop("options.stop was requested");
  if (!stopped_by_.empty()) return settle(step, outcome::cancelled, stopped_by_);
  if (request_.plan_only) return forecast_step(step);

  s.uncacheable = false;
  s.why = runs_anyway(step);
  s.must_run = !s.why.empty();
  if (request_.options.mode != mode::off) {
    std::string problem;
    std::vector<argument> ignored;
    if (row(step).key != nullptr && !gather(step, ignored)) return;
    if (!derive_key(step, problem)) {
      s.uncacheable = s.must_run = true;
      s.why = "not cached: " + problem;
    }
    if (s.must_run)
      s.call.skip_look_up(s.call.key(), s.why, rules().replaces || s.forced);
    else
      look_up(step, lock);
  }
  if (!s.must_run) {
    if (s.call.where() == cached_call::state::hit) return accept_hit(step);
    s.why = miss_reason(step);
  }
  s.phase = phase::gather;
}

inline void engine::look_up(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  any_store& store = value_store_of(r);
  digest const key = s.call.key();
  hit_rules const wanted = hit_rules_of(step);
  lock.unlock();
  s.call.look_up(store, key, wanted);
  lock.lock();
  if (s.call.where() != cached_call::state::hit) {
    if (s.call.failed_to_read()) warn("step `" + s.report.name + "`: " + s.call.reason());
    return;
  }
  pins_.push_back(store.pin({&key, 1}));
  if (s.call.lacks_checks()) check_again(step, store);
}

/// An entry from before a check was declared: its values are loaded and checked now.
inline void engine::check_again(std::uint32_t step, any_store& store) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  std::vector<std::shared_ptr<void const>> values;
  for (std::size_t i = 0; i < r.names.size(); ++i) {
    loaded value = s.call.load(store, i, *request_.graph.slots[r.first_output + i].type, false, how());
    if (value.object == nullptr) return s.call.reopen(value.problem, true);
    values.push_back(std::move(value.object));
  }
  std::size_t failing = 0;
  try {
    failing = r.check(r.check_functions, values);
  } catch (...) {
    // It throws again, and fails the step, when the step has run.
  }
  if (failing < r.check_whys.size())
    return s.call.reopen("a stored output fails the check \"" + std::string(r.check_whys[failing]) + "\"",
                         true);
  if (!rules().writes) return;
  put_result const noted = s.call.note_checks(store, s.checks);
  if (!noted.warning.empty()) warn(noted.warning);
}

inline void engine::accept_hit(std::uint32_t step) {
  step_state& s = steps_[step];
  std::vector<fingerprint> fingerprints;
  for (stored_output const& o : s.call.found().outputs) fingerprints.push_back(o.value);
  // A value that was computed from what the step read before is not the one of this entry.
  for (std::size_t i = 0; i < fingerprints.size(); ++i) {
    std::uint32_t const slot = row(step).first_output + static_cast<std::uint32_t>(i);
    if (slots_[slot].fingerprint && !(*slots_[slot].fingerprint == fingerprints[i])) put_aside(slot);
  }
  if (rules().verifies && !s.ran && by_chance(random_, request_.options.verify)) {
    adopt_fingerprints(step, fingerprints);
    s.phase = phase::verify;
    return;
  }
  adopt_fingerprints(step, fingerprints);
  settle(step, outcome::hit, "unchanged");
}

inline void engine::forecast_step(std::uint32_t step) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  auto said = [&](forecast f, std::string why) {
    s.forecast = f;
    settle(step, outcome::not_needed, std::move(why));
  };
  if (std::string_view const why = runs_anyway(step); !why.empty())
    return said(forecast::run, std::string(why));
  for (std::uint16_t const slot : r.reads)
    if (request_.graph.slots[slot].step != no_step && !slots_[slot].fingerprint)
      return said(forecast::depends,
                  "`" + std::string(request_.graph.slots[slot].name) + "` is not known yet");
  std::string problem;
  if (r.key != nullptr) {
    for (std::uint16_t const slot : r.reads)
      if (!load(slot, false, problem)) return said(forecast::depends, problem);
  }
  if (!derive_key(step, problem)) return said(forecast::run, "not cached: " + problem);
  s.call.look_up(value_store_of(r), s.call.key(), hit_rules_of(step));
  if (s.call.where() != cached_call::state::hit) return said(forecast::run, miss_reason(step));
  for (std::size_t i = 0; i < r.names.size(); ++i)
    slots_[r.first_output + i].fingerprint = s.call.found().outputs[i].value;
  if (s.call.lacks_checks()) return said(forecast::depends, "its value is to be checked");
  said(forecast::hit, "unchanged");
}

}  // namespace memo::detail
