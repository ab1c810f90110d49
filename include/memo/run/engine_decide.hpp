/// Decisions: the key of a step, its look-up, and the words for why it runs.
#pragma once

#include <memo/exec/parallel_for.hpp>
#include <memo/key/unhashable.hpp>
#include <memo/run/chance.hpp>
#include <memo/run/engine_files.hpp>
#include <memo/run/engine_reason.hpp>
#include <memo/run/engine_schedule.hpp>
#include <memo/run/map_keys.hpp>

namespace memo::detail {

/// Throws unhashable, and what a user's hash_of or serialize function throws.
inline fingerprint const& engine::fingerprint_of_slot(std::uint32_t slot) const {
  slot_state const& s = slots_[slot];
  slot_row const& described = rows().slots[slot];
  if (s.fingerprint) return *s.fingerprint;
  if (s.unhashable) std::rethrow_exception(s.unhashable);
  throw unhashable("`" + std::string(described.name) + "` cannot be hashed", {}, "");
}

/// Hashes a value, and the one that an input was added with. Called without the mutex, by whoever made the slot busy.
inline engine::hashed engine::hash_slot(std::uint32_t slot, void const* value) const {
  hashed result;
  value_type const& type = *rows().slots[slot].type;
  file_scope const files(&files_, workers());
  try {
    for (input_row const& in : rows().inputs)
      if (in.slot == slot && in.added != nullptr) result.without = in.added(in.node, seed_);
    std::uint32_t const from = rows().slots[slot].step;
    step_row const* const r = from == no_step ? nullptr : &row(from);
    if (r != nullptr && r->identity != nullptr && slot == r->first_output)
      result.fingerprint = r->identity(r->identity_function, value, seed_);
    else if (type.is_hashable())
      result.fingerprint = type.fingerprint_of(value, seed_);
  } catch (...) {
    result.problem = std::current_exception();
  }
  return result;
}

/// Makes sure that what a step reads is hashed as far as it is known: an input once in a run. Gives false where another
/// thread is at one of them: then the step is taken up again when that is done.
inline bool engine::hash_reads(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  std::vector<std::pair<std::uint32_t, std::shared_ptr<void const>>> mine;
  bool waits = false;
  for (std::uint32_t const slot : row(step).reads) {
    slot_state& s = slots_[slot];
    if (s.fingerprint || s.unhashable || s.object == nullptr) continue;
    if (!s.busy) {
      s.busy = true;
      mine.emplace_back(slot, s.object);
    } else if (std::none_of(mine.begin(), mine.end(), [&](auto const& m) { return m.first == slot; })) {
      s.waiters.push_back(step);
      waits = true;
    }
  }
  if (mine.empty()) return !waits;
  std::vector<hashed> results(mine.size());
  std::exception_ptr thrown;
  {
    executor_ref const executor = *executor_;
    released const open(*this, lock);
    struct work {
      engine const& self;
      decltype(mine)& slots;
      std::vector<hashed>& results;
    } all{*this, mine, results};
    auto const hash = [](void* state, std::size_t first, std::size_t last) {
      work& w = *static_cast<work*>(state);
      for (std::size_t i = first; i < last; ++i)
        w.results[i] = w.self.hash_slot(w.slots[i].first, w.slots[i].second.get());
    };
    try {
      if (mine.size() == 1)
        hash(&all, 0, 1);
      else
        parallel_for(executor, mine.size(), {hash, &all});
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  for (std::size_t i = 0; i < mine.size(); ++i) {
    slot_state& s = slots_[mine[i].first];
    s.busy = false;
    s.fingerprint = results[i].fingerprint;
    s.without = results[i].without;
    s.unhashable = results[i].problem;
    for (std::uint32_t const waiter : std::exchange(s.waiters, {})) submit(waiter);
  }
  if (thrown) std::rethrow_exception(thrown);
  return !waits;
}

inline omitted_reads engine::find_omitted(step_row const& r) const {
  omitted_reads omitted;
  for (std::size_t i = 0; i < r.reads.size(); ++i) {
    auto const& without = slots_[r.reads[i]].without;
    if (!without || !(fingerprint_of_slot(r.reads[i]) == *without)) continue;
    omitted.resize(r.reads.size());
    omitted[i] = true;
  }
  return omitted;
}

/// True where the key is made of values and not of their fingerprints alone.
inline bool needs_values(graph const& g, step_row const& r) {
  if (r.key != nullptr) return true;
  auto const is_placed = [&](std::uint16_t slot) { return has_place(*g.slots[slot].type); };
  return r.takes_context && (std::any_of(r.reads.begin(), r.reads.end(), is_placed) ||
                             (r.map != nullptr && has_place(*r.map->element)));
}

/// Where a file lies, or each file of the range that a map runs over.
inline void add_paths(key_parts& parts, slot_row const& slot, map_row const* map, void const* value,
                      std::uint64_t seed) {
  if (map == nullptr || !has_place(*map->element))
    return parts.add(part::path, slot.name, place_of(*slot.type, value, seed));
  for (void const* const element : map->elements(value).at)
    parts.add(part::path, slot.name, place_of(*map->element, element, seed));
}

/// Gives false, and says why, where a part of the key cannot be had: then nothing of the step is cached. `arguments` are
/// what a step with `.key` reads.
inline bool engine::derive_key(std::uint32_t step, std::span<argument const> arguments, std::string& problem,
                               std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  try {
    s.seen.clear();
    s.omitted.clear();
    s.omitted = find_omitted(r);
    omitted_reads const& omitted = s.omitted;
    std::vector<std::shared_ptr<void const>> located(r.reads.size());
    for (std::size_t i = 0; i < r.reads.size(); ++i) {
      s.seen.push_back(fingerprint_of_slot(r.reads[i]));
      bool const is_placed = has_place(*rows().slots[r.reads[i]].type) ||
                             (i == 0 && r.map != nullptr && has_place(*r.map->element));
      if (r.takes_context && is_placed) located[i] = slots_[r.reads[i]].object;
    }
    digest key, group;
    {
      released const open(*this, lock);
      key_parts prefix, parts;
      add_prefix(prefix, rows(), r, request_.options.project, omitted, seed_);
      for (std::size_t i = 0; i < r.reads.size(); ++i) {
        slot_row const& slot = rows().slots[r.reads[i]];
        if (!omitted.empty() && omitted[i]) continue;
        if (r.key == nullptr) parts.add(part::input, slot.name, s.seen[i]);
        if (located[i]) add_paths(parts, slot, i == 0 ? r.map : nullptr, located[i].get(), seed_);
      }
      if (r.key != nullptr)
        parts.add(part::user_key, r.key_schema(), r.key(r.key_function, arguments, seed_));
      std::vector<std::string_view> variables = r.options.environment.all();
      variables.insert(variables.end(), request_.options.env.begin(), request_.options.env.end());
      if (!variables.empty()) add_environment(parts, std::move(variables));

      s.report.parts.assign(as_text(prefix.bytes()));
      s.report.parts.append(as_text(parts.bytes()));
      key = parts.key(prefix.prefix(seed_), seed_);
      if (r.map != nullptr && r.map->element->is_hashable()) {
        std::vector<argument> located_arguments(r.reads.size());
        for (std::size_t i = 0; i < located.size(); ++i) located_arguments[i].object = located[i].get();
        group = group_of(rows(), r,
                         {omitted, s.seen, located_arguments, request_.options.project, request_.options.env},
                         seed_);
      }
    }
    s.group = group;
    s.call = cached_call{};
    s.call.skip_look_up(key, {}, false);
    return true;
  } catch (unhashable const& e) {
    problem = e.headline();
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    // A function of the user's: .key, hash_of or a serialize function.
    problem = message_of(std::current_exception());
  }
  return false;
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
          .how = how(),
          .seed = seed_};
}

/// Takes a step from look_up to done (hit, skipped, cancelled), to gather or to verify.
inline void engine::decide(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  if (auto const end = inherited_end(step)) {
    settle(step, *end, s.why);
    return send_back_successors(step);
  }
  if (runs_ && request_.options.stop.stop_requested()) stop("options.stop was requested");
  if (runs_ && !stopped_by_.empty()) {
    settle(step, outcome::cancelled, stopped_by_);
    return send_back_successors(step);
  }
  if (request_.plan_only) return forecast_step(step, lock);

  s.uncacheable = false;
  digest const before = s.call.key();
  s.why = runs_anyway(step);
  s.must_run = !s.why.empty();
  if (s.must_run) s.cause = step;
  if (request_.options.mode != mode::off) {
    std::string problem;
    std::vector<argument> arguments;
    if (!hash_reads(step, lock)) return;
    if (needs_values(rows(), row(step)) && !gather(step, arguments, lock)) return;
    if (!derive_key(step, arguments, problem, lock)) {
      s.uncacheable = s.must_run = true;
      s.cause = step;
      s.why = "not cached: " + problem;
    }
    // From other inputs, it is another computation than the one whose value was lost.
    if (s.call.key() != before || s.uncacheable) s.recompute = false;
    if (s.must_run)
      s.call.skip_look_up(s.call.key(), s.why, rules().replaces || s.forced);
    else
      look_up(step, lock);
  } else if (row(step).takes_context && !hash_reads(step, lock)) {
    return;  // they count for the context's seed
  }
  if (!s.must_run) {
    if (s.call.where() == cached_call::state::hit) return accept_hit(step);
    s.why = miss_reason(step);
  }
  s.phase = phase::gather;
}

/// Looks a key up.
inline void engine::look_up(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  any_store& store = value_store_of(row(step));
  digest const key = s.call.key();
  hit_rules const wanted = hit_rules_of(step);
  cached_call call = s.call;
  {
    released const open(*this, lock);
    s.claim.reset();
    file_scope const files(&files_, workers());
    call.look_up(store, key, wanted);
  }
  s.call = std::move(call);
  if (s.call.where() == cached_call::state::hit) return keep_hit(step, store, lock);
  if (s.call.failed_to_read()) warn(step, "step `" + s.report.name + "`: " + s.call.reason());
}

/// What a hit needs stays in the store while the run lives; a check that it has not passed is made up for.
inline void engine::keep_hit(std::uint32_t step, any_store& store, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  std::vector<digest> keys{s.call.key()};
  // The value of a map lies in its elements; they count as used, too.
  bool const in_elements = s.group && !s.call.found().outputs.front().has_value();
  if (in_elements) keys.push_back(s.group);
  std::shared_ptr<void> pin;
  {
    released const open(*this, lock);
    pin = store.pin(keys);
    if (in_elements) store.find(s.group, how());
  }
  pins_.push_back(std::move(pin));
  if (s.call.lacks_checks()) check_again(step, store, lock);
}

/// An entry from before a check was declared: its values are loaded and checked now.
inline void engine::check_again(std::uint32_t step, any_store& store, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  cached_call call = s.call;
  put_result noted;
  {
    released const open(*this, lock);
    std::string problem;
    std::vector<std::shared_ptr<void const>> values;
    for (std::size_t i = 0; i < r.names.size() && problem.empty(); ++i) {
      loaded value = call.load(store, i, *rows().slots[r.first_output + i].type, false, how());
      problem = std::move(value.problem);
      values.push_back(std::move(value.object));
    }
    std::size_t failing = r.check_whys.size();
    try {
      if (problem.empty()) failing = r.check(r.check_functions, values);
    } catch (...) {
      // It throws again, and fails the step, when the step has run.
      failing = 0;
    }
    if (failing < r.check_whys.size())
      problem = "a stored output fails the check \"" + std::string(r.check_whys[failing]) + "\"";
    if (!problem.empty())
      call.reopen(std::move(problem), true);
    else if (rules().writes)
      noted = call.note_checks(store, s.checks);
  }
  s.call = std::move(call);
  if (!noted.warning.empty()) warn(step, noted.warning);
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

inline void engine::forecast_step(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  auto said = [&](forecast f, std::string why) {
    s.forecast = f;
    settle(step, outcome::not_needed, std::move(why));
  };
  if (std::string_view const why = runs_anyway(step); !why.empty())
    return said(forecast::run, std::string(why));
  for (std::uint16_t const slot : r.reads)
    if (rows().slots[slot].step != no_step && !slots_[slot].fingerprint)
      return said(forecast::depends, "`" + std::string(rows().slots[slot].name) + "` is not known yet");
  std::string problem;
  std::vector<argument> arguments;
  hash_reads(step, lock);
  if (needs_values(rows(), r)) {
    for (std::uint16_t const slot : r.reads)
      while (load(slot, false, step, problem, lock) != load_result::there)
        if (!problem.empty()) return said(forecast::depends, problem);
    gather(step, arguments, lock);
  }
  if (!derive_key(step, arguments, problem, lock)) return said(forecast::run, "not cached: " + problem);
  {
    file_scope const files(&files_, workers());
    s.call.look_up(value_store_of(r), s.call.key(), hit_rules_of(step));
  }
  if (s.call.where() != cached_call::state::hit) {
    std::string why = miss_reason(step);
    if (r.map != nullptr) return forecast_map(step, std::move(why), lock);
    return said(forecast::run, std::move(why));
  }
  for (std::size_t i = 0; i < r.names.size(); ++i)
    slots_[r.first_output + i].fingerprint = s.call.found().outputs[i].value;
  if (s.call.lacks_checks()) return said(forecast::depends, "its value is to be checked");
  said(forecast::hit, "unchanged");
}

}  // namespace memo::detail
