/// Values: loading them when somebody needs them, and letting them go when nobody does.
#pragma once

#include <memo/run/engine_class.hpp>

namespace memo::detail {

/// True where no earlier parameter of the step reads the same slot.
inline bool is_first_read(step_row const& r, std::size_t parameter) {
  for (std::size_t i = 0; i < parameter; ++i)
    if (r.reads[i] == r.reads[parameter]) return false;
  return true;
}

/// The first parameter of a map takes an element, and not the value that the step reads.
inline bool takes_view(step_row const& r, std::size_t parameter) {
  return r.passings[parameter] == passing::view && !(r.map != nullptr && parameter == 0);
}

/// Makes sure that the slot has its value, and says what came of it: it is there; a load was tried with the mutex
/// released (look again); another thread is at it (`reader` is taken up again when it is done); or only its step can make
/// it, with the reason in `problem`.
inline engine::load_result engine::load(std::uint32_t slot, bool elements_only, std::uint32_t reader,
                                        std::string& problem, std::unique_lock<std::mutex>& lock) {
  slot_state& s = slots_[slot];
  slot_row const& described = rows().slots[slot];
  if (s.object != nullptr || (elements_only && s.elements.owner != nullptr)) return load_result::there;
  if (s.busy) {
    if (reader != no_step) s.waiters.push_back(reader);
    return load_result::elsewhere;
  }
  if (described.step == no_step) {
    problem = "the input was not given";
    return load_result::lost;
  }
  step_state& from = steps_[described.step];
  shared_bytes const elements = s.elements;
  entries const* const answer = from.call.answer();
  if (elements.owner == nullptr && answer == nullptr) {
    problem = "its value was not kept";
    return load_result::lost;
  }
  step_row const& r = row(described.step);
  std::shared_ptr<entries const> const kept = from.call.variants();
  stored_output const output =
      elements.owner != nullptr ? stored_output{} : from.call.found().outputs[slot - r.first_output];
  s.busy = true;
  loaded value;
  std::exception_ptr thrown;
  {
    released const open(*this, lock);
    try {
      if (elements.owner != nullptr)
        value.object = described.type->decode(elements.view);
      else
        value = load_output(value_store_of(r), output, *described.type, elements_only, how());
    } catch (decode_error const&) {
      value.problem = "its value is damaged";
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  s.busy = false;
  for (std::uint32_t const waiter : std::exchange(s.waiters, {})) submit(waiter);
  if (thrown) std::rethrow_exception(thrown);
  // Meanwhile the step may have run again and given another value.
  if (s.object != nullptr || s.elements.owner != elements.owner || from.call.answer() != answer)
    return load_result::tried;
  if (!value.problem.empty()) {
    problem = std::move(value.problem);
    return load_result::lost;
  }
  s.object = std::move(value.object);
  if (value.elements.owner != nullptr) s.elements = std::move(value.elements);
  tell(event_kind::did_load, described.step);
  return load_result::tried;
}

/// Collects the arguments of a step. Gives false where one has to be computed or loaded by others first: then the step is
/// taken up again when it is there.
inline bool engine::gather(std::uint32_t step, std::vector<argument>& arguments,
                           std::unique_lock<std::mutex>& lock) {
  step_row const& r = row(step);
  for (bool complete = false; !complete;) {
    complete = true;
    bool waits = false;
    for (std::size_t i = 0; i < r.reads.size(); ++i) {
      bool const elements_only = takes_view(r, i) && r.key == nullptr;
      std::string problem;
      switch (load(r.reads[i], elements_only, step, problem, lock)) {
        case load_result::there:
          break;
        case load_result::tried:
          complete = false;
          break;
        case load_result::elsewhere:
          waits = true;
          break;
        case load_result::lost:
          waits = true;
          demand(rows().slots[r.reads[i]].step, step, std::move(problem));
          break;
      }
    }
    if (waits) return false;
  }
  arguments.resize(r.reads.size());
  for (std::size_t i = 0; i < r.reads.size(); ++i) {
    slot_state& s = slots_[r.reads[i]];
    argument& a = arguments[i];
    // The owner is that of whichever form is handed out, and of no other.
    if (s.object != nullptr) {
      a.object = s.object.get();
      a.owner = s.object;
      if (takes_view(r, i)) a.elements = rows().slots[r.reads[i]].type->elements(a.object);
    } else {
      a.elements = s.elements.view;
      a.owner = s.elements.owner;
    }
  }
  return true;
}

/// A decided step wants what it read once more.
inline void engine::want_reads(std::uint32_t step) {
  step_row const& r = row(step);
  for (std::size_t i = 0; i < r.reads.size(); ++i)
    if (is_first_read(r, i)) ++slots_[r.reads[i]].readers_left;
}

/// Sends a decided step back to compute what was lost.
inline void engine::demand(std::uint32_t step, std::uint32_t demander, std::string why) {
  step_state& s = steps_[step];
  if (demander != no_step && std::find(s.demanders.begin(), s.demanders.end(), demander) == s.demanders.end())
    s.demanders.push_back(demander);
  if (s.phase != phase::done) return;
  if (runs_ && !stopped_by_.empty()) {
    // Nothing new starts: who needs the value ends like its step.
    s.outcome = outcome::cancelled;
    s.why = stopped_by_;
    if (demander != no_step) submit(demander);
    s.demanders.clear();
    return;
  }
  want_reads(step);
  s.phase = phase::gather;
  s.must_run = s.recompute = true;
  s.why = why;
  s.call.reopen(std::move(why), true);
  if (executor_ != nullptr) submit(step);
}

/// Takes the value out of the slot, and keeps it for a caller who may still refer to it.
inline void engine::put_aside(std::uint32_t slot) {
  slot_state& s = slots_[slot];
  if (s.object != nullptr) replaced_.push_back(std::move(s.object));
  if (s.elements.owner != nullptr) replaced_.push_back(std::move(s.elements.owner));
  s.object = nullptr;
  s.elements = {};
}

/// True where the store has the value, so that it can leave memory.
inline bool engine::can_give_back(std::uint32_t slot) const {
  slot_row const& described = rows().slots[slot];
  if (described.step == no_step) return false;
  step_state const& s = steps_[described.step];
  return s.phase == phase::done && s.call.has_entry() &&
         (s.packed || s.call.found().outputs[slot - row(described.step).first_output].has_value());
}

/// A decided step no longer needs what it read.
inline void engine::release(std::uint32_t step) {
  step_row const& r = row(step);
  for (std::size_t i = 0; i < r.reads.size(); ++i) {
    if (!is_first_read(r, i)) continue;
    slot_state& s = slots_[r.reads[i]];
    if (s.readers_left > 0) --s.readers_left;
    if (s.readers_left == 0 && !s.retained && can_give_back(r.reads[i])) {
      s.object.reset();
      s.elements = {};
    }
  }
}

/// True where nobody else can need the value that a parameter takes by value: no other reader or parameter, no target,
/// no handle in a store, no further attempt; and its bytes are published.
inline bool engine::may_move(std::uint32_t step, std::size_t parameter) const {
  step_row const& r = row(step);
  std::uint32_t const slot = r.reads[parameter];
  slot_state const& s = slots_[slot];
  return r.passings[parameter] == passing::value && r.options.retries == 0 && r.map == nullptr &&
         steps_[step].phase != phase::verify && !s.retained && s.readers_left == 1 &&
         s.object.use_count() <= 2 && can_give_back(slot) &&
         std::count(r.reads.begin(), r.reads.end(), r.reads[parameter]) == 1;
}

/// Hands the value out, with the stored bytes where they will do, and keeps it from here on.
inline engine::handed engine::obtain(std::uint32_t slot, bool elements_only) {
  slot_state& s = slots_[slot];
  std::uint32_t const from = rows().slots[slot].step;
  auto there = [&] { return s.object != nullptr || (elements_only && s.elements.owner != nullptr); };
  {
    // Without `outside_`: whoever holds it may run a step that waits for this very caller.
    std::unique_lock lock(mutex_);
    s.retained = true;
    if (from != no_step) refuse(steps_[from]);
    if (there()) return {s.object, s.elements};
  }
  std::unique_lock outside(outside_);
  std::unique_lock lock(mutex_);
  for (;;) {
    std::string problem;
    if (from != no_step) refuse(steps_[from]);
    load_result const result = load(slot, elements_only, no_step, problem, lock);
    if (result == load_result::there) return {s.object, s.elements};
    if (result != load_result::lost) continue;
    take_report_back();
    demand(from, no_step, std::move(problem));
    lock.unlock();
    drive(from);
    lock.lock();
    owes_report_ = true;
    if (strict_error_) std::rethrow_exception(strict_error_);
  }
}

/// Throws where a step has no value to give.
inline void engine::refuse(step_state const& s) const {
  if (s.error) std::rethrow_exception(s.error);
  if (s.outcome == outcome::not_needed)
    throw usage_error("a value was asked for that the run did not need",
                      {{"step", s.report.name}, {"pipeline", std::string(rows().name)}},
                      "add its name to the targets of the run, or run without targets");
  if (s.outcome == outcome::cancelled)
    throw run_cancelled("the step was not run because the run was stopped", {{"step", s.report.name}},
                        "run again: what was finished is a hit");
}

inline std::shared_ptr<void const> engine::value(std::uint32_t slot) { return obtain(slot, false).object; }

inline shared_bytes engine::elements(std::uint32_t slot) {
  handed const value = obtain(slot, true);
  if (value.elements.owner != nullptr) return value.elements;
  return {value.object, rows().slots[slot].type->elements(value.object.get())};
}

}  // namespace memo::detail
