/// Decisions: the key of a step, its look-up, and the words for why it runs.
#pragma once

#include <memo/exec/parallel_for.hpp>
#include <memo/key/unhashable.hpp>
#include <memo/report/reason.hpp>
#include <memo/run/chance.hpp>
#include <memo/run/engine_schedule.hpp>
#include <memo/run/waiting.hpp>

namespace memo::detail {

/// Throws unhashable, and what a user's hash_of or serialize function throws.
inline fingerprint const& engine::fingerprint_of_slot(std::uint32_t slot) const {
  slot_state const& s = slots_[slot];
  slot_row const& described = request_.graph.slots[slot];
  if (s.fingerprint) return *s.fingerprint;
  if (s.unhashable) std::rethrow_exception(s.unhashable);
  throw unhashable("`" + std::string(described.name) + "` cannot be hashed", {}, "");
}

/// Hashes a value, and the one that an input was added with. Called without the mutex, by whoever made the slot busy.
inline engine::hashed engine::hash_slot(std::uint32_t slot, void const* value) const {
  hashed result;
  value_type const& type = *request_.graph.slots[slot].type;
  try {
    for (input_row const& in : request_.graph.inputs)
      if (in.slot == slot && in.added != nullptr) result.without = in.added(in.node, seed_);
    if (type.is_hashable()) result.fingerprint = type.fingerprint_of(value, seed_);
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

/// Gives false, and says why, where a part of the key cannot be had: then nothing of the step is cached. `arguments` are
/// what a step with `.key` reads.
inline bool engine::derive_key(std::uint32_t step, std::span<argument const> arguments, std::string& problem,
                               std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  try {
    omitted_reads const omitted = find_omitted(r);
    s.seen.clear();
    std::vector<std::shared_ptr<void const>> located(r.reads.size());
    for (std::size_t i = 0; i < r.reads.size(); ++i) {
      s.seen.push_back(fingerprint_of_slot(r.reads[i]));
      if (r.takes_context && request_.graph.slots[r.reads[i]].type->location != nullptr)
        located[i] = slots_[r.reads[i]].object;
    }
    digest key;
    {
      released const open(*this, lock);
      key_parts prefix, parts;
      add_prefix(prefix, request_.graph, r, request_.options.project, omitted, seed_);
      for (std::size_t i = 0; i < r.reads.size(); ++i) {
        slot_row const& slot = request_.graph.slots[r.reads[i]];
        if (!omitted.empty() && omitted[i]) continue;
        if (r.key == nullptr) parts.add(part::input, slot.name, s.seen[i]);
        if (located[i]) parts.add(part::path, slot.name, slot.type->location(located[i].get()));
      }
      if (r.key != nullptr)
        parts.add(part::user_key, r.key_schema(), r.key(r.key_function, arguments, seed_));
      std::vector<std::string_view> variables = r.options.environment.all();
      variables.insert(variables.end(), request_.options.env.begin(), request_.options.env.end());
      if (!variables.empty()) add_environment(parts, std::move(variables));

      s.report.parts.assign(as_text(prefix.bytes()));
      s.report.parts.append(as_text(parts.bytes()));
      key = parts.key(prefix.prefix(seed_), seed_);
    }
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

inline std::string engine::miss_reason(std::uint32_t step) {
  step_state& s = steps_[step];
  if (!s.call.reason().empty()) return s.call.reason();
  learn_lengths();
  last_step const* const before = find_step(*last_, s.report.name, step);
  if (before == nullptr) return "first time";
  std::string difference = first_difference(as_byte_view(before->parts), as_byte_view(s.report.parts));
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
  if (request_.plan_only) return forecast_step(step, lock);

  s.uncacheable = false;
  s.why = runs_anyway(step);
  s.must_run = !s.why.empty();
  if (request_.options.mode != mode::off) {
    std::string problem;
    std::vector<argument> arguments;
    if (!hash_reads(step, lock)) return;
    if (row(step).key != nullptr && !gather(step, arguments, lock)) return;
    if (!derive_key(step, arguments, problem, lock)) {
      s.uncacheable = s.must_run = true;
      s.why = "not cached: " + problem;
    }
    if (s.must_run)
      s.call.skip_look_up(s.call.key(), s.why, rules().replaces || s.forced);
    else
      look_up(step, lock);
    if (s.parked) return;
  } else if (row(step).takes_context && !hash_reads(step, lock)) {
    return;  // they count for the context's seed
  }
  if (!s.must_run) {
    if (s.call.where() == cached_call::state::hit) return accept_hit(step);
    s.why = miss_reason(step);
  }
  s.phase = phase::gather;
}

/// How a step claims its key.
inline claim_request engine::claim_of(std::uint32_t step) {
  step_state& s = steps_[step];
  claim_request request{.key = s.call.key(), .waiter = {&engine::wake, this, step}};
  options const& o = request_.options;
  if (!rules().writes || !waits_for_processes(o)) return request;
  request.reach = o.wait ? claim_reach::asked : claim_reach::machine;
  if (s.wait_until_ns == 0) s.wait_until_ns = clock::system().steady_ns() + wait_ns(o);
  request.until_ns = s.wait_until_ns;
  return request;
}

/// Says in the report why other processes are not waited for; `why` is what the store says.
inline void engine::note_waiting(std::string_view why) {
  if (!waiting_note_.empty() || !rules().writes) return;
  std::string const launcher = request_.options.wait ? std::string() : mpi_launcher();
  if (launcher.empty() && why.empty()) return;
  waiting_note_ = "waiting for other processes that compute the same is off: ";
  waiting_note_ +=
      launcher.empty() ? std::string(why) : "an MPI launcher started this program (" + launcher + ")";
  if (!request_.options.wait) waiting_note_ += "; options.wait asks for it";
}

/// Looks a key up; where it misses, claims it. Parks the step where somebody else computes it now.
inline void engine::look_up(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  any_store& store = value_store_of(row(step));
  digest const key = s.call.key();
  hit_rules const wanted = hit_rules_of(step);
  cached_call call = s.call;
  auto const missed = [&] { return call.where() != cached_call::state::hit; };
  std::shared_ptr<void> pin;
  claim_result claim;
  {
    released const open(*this, lock);
    s.claim.reset();
    call.look_up(store, key, wanted);
    if (missed() && !s.waited_out) {
      claim = store.claim(claim_of(step));
      s.waited_out = claim.what == claim_result::status::busy && claim.is_other_process &&
                     clock::system().steady_ns() >= s.wait_until_ns;
      if (s.waited_out) claim.hold.reset();
      if (claim.what == claim_result::status::mine) {
        // Between the look-up and the claim somebody may have stored it. If not, the first answer says more: it may have
        // been that an entry was damaged.
        cached_call second;
        second.look_up(store, key, wanted);
        if (second.where() == cached_call::state::hit) call = std::move(second);
      }
      if (!missed()) claim.hold.reset();
    }
    if (!missed()) pin = store.pin({&key, 1});
  }
  bool const hit = !missed();
  if (claim.hold != nullptr && store.capabilities().shared) note_waiting(claim.note);
  s.call = std::move(call);
  if (pin) pins_.push_back(std::move(pin));
  if (hit) {
    if (s.call.lacks_checks()) check_again(step, store, lock);
    return;
  }
  if (s.call.failed_to_read()) warn(step, "step `" + s.report.name + "`: " + s.call.reason());
  if (claim.hold == nullptr) return;
  if (claim.what == claim_result::status::mine) {
    s.claim = std::move(claim.hold);
  } else if (s.again || !stopped_by_.empty()) {
    // The key is free again, or what the step reads has changed, or nobody is to wait any more.
    given_up_.push_back(std::move(claim.hold));
    s.again = true;
  } else {
    park(step, std::move(claim));
  }
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
      loaded value = call.load(store, i, *request_.graph.slots[r.first_output + i].type, false, how());
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
    if (request_.graph.slots[slot].step != no_step && !slots_[slot].fingerprint)
      return said(forecast::depends,
                  "`" + std::string(request_.graph.slots[slot].name) + "` is not known yet");
  std::string problem;
  std::vector<argument> arguments;
  hash_reads(step, lock);
  if (r.key != nullptr) {
    for (std::uint16_t const slot : r.reads)
      while (load(slot, false, step, problem, lock) != load_result::there)
        if (!problem.empty()) return said(forecast::depends, problem);
    gather(step, arguments, lock);
  }
  if (!derive_key(step, arguments, problem, lock)) return said(forecast::run, "not cached: " + problem);
  s.call.look_up(value_store_of(r), s.call.key(), hit_rules_of(step));
  if (s.call.where() != cached_call::state::hit) return said(forecast::run, miss_reason(step));
  for (std::size_t i = 0; i < r.names.size(); ++i)
    slots_[r.first_output + i].fingerprint = s.call.found().outputs[i].value;
  if (s.call.lacks_checks()) return said(forecast::depends, "its value is to be checked");
  said(forecast::hit, "unchanged");
}

}  // namespace memo::detail
