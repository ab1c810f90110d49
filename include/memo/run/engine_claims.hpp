/// Claims: a key that somebody else computes is waited for, without holding a thread.
#pragma once

#include <memo/run/engine_schedule.hpp>
#include <memo/run/running_step.hpp>
#include <memo/run/waiting.hpp>

namespace memo::detail {

/// How a step claims its key.
inline claim_request engine::claim_of(std::uint32_t step) {
  step_state& s = steps_[step];
  claim_request request{.key = s.call.key(), .waiter = {&engine::wake, this, step}};
  options const& o = request_.options;
  if (s.wait_until_ns == 0) s.wait_until_ns = clock::system().steady_ns() + wait_ns(o);
  if (!rules().writes || !waits_for_processes(o)) return request;
  request.reach = o.wait ? claim_reach::asked : claim_reach::machine;
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

/// Throws usage_error where the step runs within itself.
inline void engine::refuse_circle(std::uint32_t step, digest const& key, claim_result& busy) {
  try {
    running_step::refuse_circle(inside_, key, steps_[step].report.name);
  } catch (...) {
    busy.hold.reset();  // here: it may wait for `wake`, which wants the mutex
    throw;
  }
}

/// A step that is about to run claims its key, and keeps the claim only while it runs. Where somebody else computes the key
/// the step is parked; where it was stored since the look-up, it is a hit.
inline void engine::claim_key(std::uint32_t step, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  any_store& store = value_store_of(row(step));
  claim_request const request = claim_of(step);
  hit_rules const wanted = hit_rules_of(step);
  claim_result claim;
  cached_call second;
  {
    released const open(*this, lock);
    s.claim.reset();
    claim = store.claim(request);
    file_scope const files(&files_, workers());
    if (claim.what == claim_result::status::mine)
      second.look_up(store, request.key, wanted);
    else if (!claim.is_other_process)
      refuse_circle(step, request.key, claim);
  }
  if (store.capabilities().shared) note_waiting(claim.note);
  if (claim.what == claim_result::status::mine) {
    // The first answer says more than a second miss: it may have been that an entry was damaged.
    if (second.where() != cached_call::state::hit) {
      s.claim = std::move(claim.hold);
      return;
    }
    given_up_.push_back(std::move(claim.hold));
    s.call = std::move(second);
    keep_hit(step, store, lock);
    if (s.call.where() == cached_call::state::hit) accept_hit(step);
    return;
  }
  bool const bounded = claim.is_other_process || inside_ != nullptr;
  s.waited_out = bounded && clock::system().steady_ns() >= s.wait_until_ns;
  if (s.waited_out || s.again || !stopped_by_.empty()) {
    // It is computed twice, or the key is free again, or what the step reads has changed, or nobody is to wait any more.
    given_up_.push_back(std::move(claim.hold));
    s.again = s.again || !stopped_by_.empty();
  } else {
    park(step, std::move(claim));
  }
}

/// In a run within a step the holder may want what that step holds (a name of `.uses`, a result): waiting has a bound.
inline void engine::give_up_waiting() {
  std::int64_t const now = clock::system().steady_ns();
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i].parked && now >= steps_[i].wait_until_ns) {
      steps_[i].parked = false;
      --parked_;
      submit(static_cast<std::uint32_t>(i));
    }
}

}  // namespace memo::detail
