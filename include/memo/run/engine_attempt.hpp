/// Attempts: calling a step's function, or running a map, without the engine's mutex.
#pragma once

#include <memo/key/unhashable.hpp>
#include <memo/run/engine_schedule.hpp>
#include <memo/run/map_request.hpp>
#include <memo/run/retry.hpp>
#include <memo/run/running_step.hpp>

namespace memo::detail {

/// What came of calling a step. It failed where `message` is not empty.
struct engine::attempt {
  std::vector<std::shared_ptr<void>> outputs{};
  std::int64_t took_ns = 0;
  std::string message{};
  std::exception_ptr thrown{};
  std::string uncacheable{};  ///< a clause why the outputs must not be stored; empty where they may be
  bool stopped = false;       ///< the step heard that the run should end: what it gave is no result
  std::vector<dependency> dependencies{};  ///< what it read while it ran
  map_outcome map{};                       ///< of a map; its value is in `outputs`
  work_folder work{};                      ///< of the step, where it asked for one
};

/// Calls the function, again after an exception as often as `.retry` allows, with a pause that doubles and that a stop
/// request cuts short. Throws what the last attempt threw.
inline std::vector<std::shared_ptr<void>> call_step(step_row const& r, std::span<argument const> arguments,
                                                    context* ctx, std::stop_token const& stop) {
  std::vector<std::shared_ptr<void>> outputs(r.names.size());
  call_frame frame{arguments, ctx, outputs};
  for (unsigned tries = 0;; ++tries) {
    try {
      r.invoke(r.function, frame);
      return outputs;
    } catch (...) {
      if (tries == r.options.retries || !pause_before(tries, r.options, stop)) throw;
    }
  }
}

/// In a mode without keys, what the seeds of a map's elements are drawn from, as far as it can be hashed.
inline void engine::see_for_seeds(std::uint32_t step) {
  step_state& s = steps_[step];
  s.seeds_from.clear();
  s.omitted.clear();
  try {
    for (std::uint16_t const slot : row(step).reads) s.seeds_from.push_back(fingerprint_of_slot(slot));
    s.omitted = find_omitted(row(step));
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    // An input cannot be hashed: what comes behind it is not drawn from.
  }
}

/// A map as `run_map` wants it. Called with the mutex; what it refers to outlives the attempt.
inline map_request engine::map_request_of(std::uint32_t step, std::span<argument const> arguments,
                                          bool caches) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  if (r.takes_context && s.seen.size() != r.reads.size()) see_for_seeds(step);
  bool const is_hashed = s.seen.size() == r.reads.size() && !s.uncacheable;
  bool const kept =
      caches && is_hashed && request_.options.mode != mode::off && r.policy != cache_policy::never;
  return {.graph = rows(),
          .row = r,
          .arguments = arguments,
          .seen = is_hashed ? std::span<fingerprint const>(s.seen) : std::span<fingerprint const>(),
          .omitted = s.omitted,
          .seeds_from = r.takes_context ? std::span<fingerprint const>(s.seen.empty() ? s.seeds_from : s.seen)
                                        : std::span<fingerprint const>(),
          .store = kept ? &value_store_of(r) : nullptr,
          .options = request_.options,
          .seed = seed_,
          .executor = *executor_,
          .stop = halt_.get_token(),
          .priority = ordered_ ? s.height : 0,
          // What this very run has stored is found again, whatever the mode.
          .looks_up = s.recompute || (rules().looks_up && !s.forced),
          .ignores_age = s.recompute,
          .writes = rules().writes,
          .verifies = rules().verifies && !s.recompute,
          .files = &files_,
          .work = request_.options.clock == nullptr ? &work_ : nullptr,
          .step = step};
}

/// Calls a step once, or runs it as a map, and judges what it gives. Throws std::bad_alloc, and what observers throw.
inline engine::attempt engine::try_step(std::uint32_t step, std::span<argument const> arguments, context* ctx,
                                        map_request const* mapped) {
  step_row const& r = row(step);
  attempt made;
  running_step const here(steps_[step].call.key(), steps_[step].report.name, inside_);
  running_step::scope const inside(&here);
  std::int64_t const start = time().steady_ns();
  std::uint64_t const edits_before = file_table::process().changes();
  try {
    if (mapped != nullptr) {
      made.map = request_.run_map(*mapped);
      if (made.map.broken) std::rethrow_exception(made.map.broken);
      made.message = std::move(made.map.message);
      made.thrown = made.map.error;
      made.uncacheable = std::move(made.map.uncacheable);
      made.stopped = made.message.empty() && made.map.value == nullptr;
      made.outputs.push_back(std::move(made.map.value));
    } else {
      made.outputs = call_step(r, arguments, ctx, halt_.get_token());
      bool const is_over = ctx != nullptr && ctx->saw_stop();
      for (std::size_t i = 0; i < made.outputs.size() && !is_over; ++i)
        if (auto const settle = rows().slots[r.first_output + i].type->settle)
          settle(made.outputs[i].get(), ctx != nullptr ? ctx->work().place() : std::string_view());
    }
  } catch (...) {
    if (mapped != nullptr) throw;
    made.thrown = std::current_exception();
    made.message = message_of(made.thrown);
  }
  made.took_ns = time().steady_ns() - start;
  if (mapped == nullptr) work_.add(step, start, start + made.took_ns, 0);
  if (ctx != nullptr && ctx->saw_stop()) made.stopped = true;
  if (!made.message.empty() || made.stopped) return made;
  if (r.check != nullptr) {
    try {
      std::vector<std::shared_ptr<void const>> const values(made.outputs.begin(), made.outputs.end());
      std::size_t const failing = r.check(r.check_functions, values);
      if (failing < r.check_whys.size())
        made.message = "an output fails the check \"" + std::string(r.check_whys[failing]) + "\"";
    } catch (...) {
      made.thrown = std::current_exception();
      made.message = message_of(made.thrown);
    }
    // What fails a check is kept nowhere: which element is to blame is not known.
    if (!made.message.empty() && mapped != nullptr && mapped->writes && made.map.group) {
      mapped->store->erase(made.map.group);
      for (digest const& key : made.map.entries) mapped->store->erase(key);
    }
  }
  bool const is_kept = request_.options.mode != mode::off && r.policy != cache_policy::never;
  if (!is_kept || !made.message.empty() || !made.uncacheable.empty()) return made;
  made.uncacheable = changed_file(step, arguments, edits_before);
  if (ctx != nullptr) {
    file_scope const files(&files_, workers());
    if (made.uncacheable.empty()) made.uncacheable = ctx->notes().find_change();
    made.dependencies = ctx->dependencies();
  }
  if (mapped != nullptr) made.dependencies = std::move(made.map.dependencies);
  steps_[step].variant = variant_of(made.dependencies, seed_);
  return made;
}

/// The file among the inputs of a step that is no longer what was hashed, as a clause; empty where there is none.
inline std::string engine::changed_file(std::uint32_t step, std::span<argument const> arguments,
                                        std::uint64_t edits_before) const {
  step_state const& s = steps_[step];
  step_row const& r = row(step);
  for (std::size_t i = 0; i < s.seen.size() && !s.uncacheable && rules().writes; ++i) {
    slot_row const& slot = rows().slots[r.reads[i]];
    if (!slot.type->may_hold_file() || arguments[i].object == nullptr || arguments[i].may_move) continue;
    if (slot.step != no_step && row(slot.step).identity != nullptr) continue;
    file_looks looks;
    try {
      file_scope const files(&looks, workers());
      bool const is_same = slot.type->fingerprint_of(arguments[i].object, seed_) == s.seen[i];
      // One that was edited and edited back may have been read in between.
      if (is_same && looks.newest_change() <= edits_before) continue;
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      // It is gone, or unreadable: changed.
    }
    return std::string(slot.type->schema() == "file" ? "the file `" : "a file in `") +
           std::string(slot.name) + "` changed while it ran";
  }
  return {};
}

}  // namespace memo::detail
