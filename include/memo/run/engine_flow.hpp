/// The flow of a run: tasks, the ends of steps, and going back.
#pragma once

#include <memo/key/explain.hpp>
#include <memo/run/engine_attempt.hpp>
#include <memo/run/engine_claims.hpp>
#include <memo/run/engine_values.hpp>

namespace memo::detail {

/// One task: works on a step until it is decided or has to wait for another.
inline void engine::advance(std::uint32_t step) {
  std::unique_lock lock(mutex_);
  step_state& s = steps_[step];
  if (s.busy) {
    s.called = true;
  } else if (s.phase != phase::done) {
    s.busy = true;
    s.called = false;
    if (std::exchange(s.parked, false)) --parked_;
    try {
      work_on(step, lock);
      s.busy = false;
      if (s.phase == phase::done && !broken_)
        announce(step);
      else if (s.called && !s.parked)
        submit(step);  // what it waits for came before it was seen to wait
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      break_off();
      s.busy = false;
      s.phase = phase::done;
    }
  }
  flush(lock, true);
}

/// Out of memory, or an observer that threw: the run ends with what is being handled.
inline void engine::break_off() noexcept {
  if (!broken_) broken_ = std::current_exception();
  try {
    stop("the run broke off");
  } catch (...) {
    stopped_by_ = "broken off";  // short enough to need no memory
  }
}

inline void engine::work_on(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  do {
    s.again = false;
    if (runs_ && request_.options.stop.stop_requested()) stop("options.stop was requested");
    bool const decided = s.phase == phase::gather || s.phase == phase::verify;
    bool const ends = runs_ && !stopped_by_.empty();
    if (decided && (ends || reads_changed(step) || inherited_end(step))) s.phase = phase::look_up;
    if (s.phase == phase::look_up) {
      decide(step, lock);
      if (s.again) {
        take_up_again(step);
        continue;
      }
      if (s.phase == phase::gather && ordered_ && executor_->concurrency() > 1)
        return submit(step);  // it runs when it is the most critical
    }
    // A step that was looked up and missed; what must run anyway is not waited for.
    if (s.phase == phase::gather && !s.must_run && !s.waited_out) {
      claim_key(step, lock);
      if (s.parked) return;
      if (s.again) {
        take_up_again(step);
        continue;
      }
    }
    if (s.phase == phase::gather || s.phase == phase::verify) {
      std::vector<argument> arguments;
      if (!gather(step, arguments, lock)) {
        // Whoever waits for the key should not wait for a step that waits itself.
        if (s.claim) given_up_.push_back(std::move(s.claim));
        return;
      }
      if (s.again || reads_changed(step))
        s.again = true;
      else if (s.phase == phase::verify)
        verify_hit(step, arguments, lock);
      else
        compute(step, arguments, lock);
    }
    if (s.again) take_up_again(step);
  } while (s.again);
}

/// Back to the look-up; a step that was decided may want what it read once more.
inline void engine::take_up_again(std::uint32_t step) {
  step_state& s = steps_[step];
  if (s.phase == phase::done) want_reads(step);
  s.phase = phase::look_up;
  s.error = nullptr;
}

/// A decided step tells those who wait for it.
inline void engine::announce(std::uint32_t step) {
  step_state& s = steps_[step];
  if (!s.announced) {
    s.announced = true;
    for (std::uint32_t const next : s.successors)
      if (--steps_[next].waiting_for == 0) {
        steps_[next].phase = phase::look_up;
        submit(next);
      }
  }
  for (std::uint32_t const demander : std::exchange(s.demanders, {})) submit(demander);
}

inline void engine::settle(std::uint32_t step, memo::outcome what, std::string why) {
  step_state& s = steps_[step];
  s.phase = phase::done;
  s.outcome = what;
  s.why = std::move(why);
  if (request_.plan_only) return;
  if (s.claim) given_up_.push_back(std::move(s.claim));
  release(step);
  switch (what) {
    case outcome::hit:
      return tell(event_kind::did_hit, step);
    case outcome::ran:
      return tell(event_kind::did_run, step, s.why);
    case outcome::skipped:
      return tell(event_kind::did_skip, step, s.why);
    case outcome::cancelled:
      return tell(event_kind::did_cancel, step, s.why);
    default:
      return;
  }
}

inline void engine::fail(std::uint32_t step, attempt&& made) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  std::vector<fact> facts{{"pipeline", std::string(r.pipeline)}};
  for (std::uint16_t const slot : r.reads) {
    slot_row const& read = rows().slots[slot];
    auto const& known = slots_[slot].fingerprint;
    std::string shown = "not hashed";
    if (known)
      shown = known->is_small ? small_value_text(schema_or_unhashable(*read.type), known->small_bytes())
                              : "digest " + to_hex(known->value);
    facts.push_back({read.name, std::move(shown)});
  }
  facts.insert(facts.end(), made.map.facts.begin(), made.map.facts.end());
  s.error = std::make_exception_ptr(
      step_failed(s.report.name, made.message, facts, made.thrown, std::move(made.map.failed)));
  if (!request_.options.keep_going && runs_) stop("`" + s.report.name + "` failed");
  tell(event_kind::did_fail, step, made.message);
  settle(step, outcome::failed, std::move(made.message));
  // Who was decided with an earlier value of this step is skipped after all.
  send_back_successors(step);
}

/// The fingerprints of a step's outputs are these now. Where they were others before, its readers go back.
inline void engine::adopt_fingerprints(std::uint32_t step, std::vector<fingerprint> const& fingerprints) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  bool changed = false;
  for (std::size_t i = 0; i < fingerprints.size(); ++i) {
    slot_state& slot = slots_[r.first_output + i];
    bool const differs = slot.fingerprint && !(*slot.fingerprint == fingerprints[i]);
    slot.fingerprint = fingerprints[i];
    if (!differs) continue;
    changed = true;
    send_back_readers(static_cast<std::uint32_t>(r.first_output + i));
  }
  if (changed && s.recompute) {
    s.report.not_reproducible = true;
    tell(event_kind::did_replace, step);
    if (request_.options.strict && !strict_error_)
      strict_error_ = std::make_exception_ptr(not_reproducible(
          "a step gave another value than before from the same inputs", {{"step", s.report.name}},
          "its function depends on something that is not an input; options.mode = memo::mode::verify finds "
          "it"));
  }
  s.recompute = false;
}

/// A decided step looks again, as what it builds on is other than it was.
inline void engine::send_back(std::uint32_t step) {
  step_state& s = steps_[step];
  if (s.busy) {
    s.again = true;
  } else if (s.phase == phase::done && s.outcome != outcome::cancelled) {
    take_up_again(step);
    submit(step);
  }
}

inline void engine::send_back_readers(std::uint32_t slot) {
  for (std::uint32_t const reader : slots_[slot].readers) send_back(reader);
}

inline void engine::send_back_successors(std::uint32_t step) {
  for (std::uint32_t const next : steps_[step].successors) send_back(next);
}

inline bool engine::reads_changed(std::uint32_t step) const {
  step_state const& s = steps_[step];
  step_row const& r = row(step);
  for (std::size_t i = 0; i < s.seen.size(); ++i)
    if (!(slots_[r.reads[i]].fingerprint == s.seen[i])) return true;
  return false;
}

/// What becomes of a step without its doing: skipped where it needs one that failed, cancelled where it needs one that
/// was cancelled.
inline std::optional<memo::outcome> engine::inherited_end(std::uint32_t step) {
  std::optional<memo::outcome> end;
  auto look_at = [&](std::uint32_t slot) {
    std::uint32_t const from = rows().slots[slot].step;
    if (from == no_step || end) return;
    memo::outcome const o = steps_[from].outcome;
    if (steps_[from].phase != phase::done ||
        (o != outcome::failed && o != outcome::skipped && o != outcome::cancelled))
      return;
    end = o == outcome::cancelled ? outcome::cancelled : outcome::skipped;
    steps_[step].error = steps_[from].error;
    steps_[step].why = "it needs `" + steps_[from].report.name + "`, which " +
                       (o == outcome::failed    ? "failed"
                        : o == outcome::skipped ? "was skipped"
                                                : "was cancelled");
  };
  for (std::uint16_t const slot : row(step).reads) look_at(slot);
  for (std::uint16_t const slot : row(step).after) look_at(slot);
  return end;
}

}  // namespace memo::detail
