/// Computing: calling a step's function, judging its outputs, and keeping them.
#pragma once

#include <memo/core/folder.hpp>
#include <memo/run/engine_attempt.hpp>

namespace memo::detail {

/// Equal for equal inputs in every mode: it does not hold the version, so that new code draws the same numbers.
inline std::uint64_t engine::seed_for(step_row const& r) const {
  key_parts parts;
  parts.add(part::project, {}, request_.options.project);
  parts.add(part::pipeline, {}, r.pipeline);
  for (std::string_view const name : r.names) parts.add(part::step, name, std::string_view());
  try {
    omitted_reads const omitted = find_omitted(r);
    for (std::size_t i = 0; i < r.reads.size(); ++i)
      if (omitted.empty() || !omitted[i])
        parts.add(part::input, rows().slots[r.reads[i]].name, fingerprint_of_slot(r.reads[i]));
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    // An input cannot be hashed, and the step runs uncached: what comes behind it is not drawn from.
  }
  return parts.prefix(0).low;
}

/// What the step's function may ask of the run, where it takes a context.
inline std::optional<context> engine::context_for(std::uint32_t step) {
  if (!row(step).takes_context || row(step).map != nullptr) return std::nullopt;
  return std::optional<context>(std::in_place, steps_[step].report.name, seed_for(row(step)),
                                halt_.get_token(), request_.options.observer, executor_, hash_seed());
}

/// What stands for an output that cannot be hashed: its step's key, or a fresh number where the key says nothing of the
/// value. A value that was lost and computed again keeps what stood for it.
inline fingerprint engine::stand_in(std::uint32_t step, std::size_t output) {
  step_state const& s = steps_[step];
  if (s.recompute)
    if (auto const& known = slots_[row(step).first_output + output].fingerprint) return *known;
  bool const fresh =
      s.forced || s.uncacheable || row(step).policy == cache_policy::never || s.call.out_of_time();
  key_parts parts;
  parts.add(part::step, {}, fresh ? os::random_digest() : s.call.key());
  if (s.variant) parts.add(part::input, {}, s.variant);
  parts.add(part::result, {}, std::uint64_t{output});
  return fingerprint::of_digest(parts.prefix(seed_));
}

/// The fingerprints of outputs that are not to be stored, or of a computation that verify compares.
inline std::vector<fingerprint> engine::fingerprint_outputs(
    std::uint32_t step, std::vector<std::shared_ptr<void>> const& outputs) {
  step_row const& r = row(step);
  std::vector<fingerprint> fingerprints;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    value_type const& type = *rows().slots[r.first_output + i].type;
    if (i == 0 && r.identity != nullptr) {
      fingerprints.push_back(r.identity(r.identity_function, outputs[i].get(), seed_));
    } else if (type.is_hashable()) {
      fingerprints.push_back(type.fingerprint_of(outputs[i].get(), seed_));
    } else {
      fingerprints.push_back(stand_in(step, i));
    }
  }
  return fingerprints;
}

inline void engine::compute(std::uint32_t step, std::vector<argument>& arguments,
                            std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    arguments[i].may_move = may_move(step, i);
    // From here on the arguments own the value: it has moved or it goes with the call.
    if (arguments[i].may_move) slots_[r.reads[i]].object.reset();
  }
  bool const assembles = r.map != nullptr && s.recompute;
  if (!assembles) tell(event_kind::will_run, step, s.why);
  s.ran = true;

  attempt made;
  {
    std::optional<context> ctx = context_for(step);
    if (ctx && !s.uncacheable) ctx->set_work_key(s.call.key());
    std::optional<map_request> mapped;
    if (r.map != nullptr) mapped.emplace(map_request_of(step, arguments, true));
    released const open(*this, lock);
    made = try_step(step, arguments, ctx ? &*ctx : nullptr, mapped ? &*mapped : nullptr);
    if (ctx) {
      work_folder work = std::move(ctx->work());
      if (!made.stopped && made.message.empty()) made.work = std::move(work);
    }
    arguments.clear();
  }

  if (assembles && made.map.ran != 0) {
    s.why = std::to_string(made.map.ran) + " of its elements were lost";
    tell(event_kind::will_run, step, s.why);
  }
  s.report.time_ns += made.took_ns;
  if (!assembles && !s.must_run && !made.map.reason.empty() && (made.map.found != 0 || s.why != "first time"))
    s.why += "; " + made.map.reason;
  note_map(step, made.map);
  if (made.stopped) return cancel(step);
  if (!made.message.empty()) return fail(step, std::move(made));
  if (!made.uncacheable.empty()) {
    s.uncacheable = true;
    s.why += "; not cached: " + made.uncacheable;
  }
  keep_outputs(step, std::move(made), lock);
}

/// What a map run says of itself goes into the report.
inline void engine::note_map(std::uint32_t step, map_outcome& made) {
  step_state& s = steps_[step];
  if (row(step).map == nullptr) return;
  s.report.elements = made.elements;
  s.report.elements_ran += made.ran;
  if (!made.element_reasons.empty()) s.report.element_reasons = std::move(made.element_reasons);
  if (made.pin) pins_.push_back(std::move(made.pin));
  for (std::string& text : made.warnings) warn(step, "step `" + s.report.name + "`: " + text);
  if (!made.difference.empty()) note_difference(step, std::move(made.difference));
}

/// A step heard that the run should end, and ended early perhaps: what it gave is no result.
inline void engine::cancel(std::uint32_t step) {
  if (stopped_by_.empty()) stop("options.stop was requested");
  settle(step, outcome::cancelled, stopped_by_);
  send_back_successors(step);
}

/// Stores what a step gave, where that is wanted, and hands it to its readers.
inline void engine::keep_outputs(std::uint32_t step, attempt&& made, std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  bool const stored = rules().writes && !s.uncacheable && r.policy != cache_policy::never;
  bool const found = r.map != nullptr && made.map.ran == 0 && made.map.elements != 0 && !s.uncacheable;
  // A map whose entry does not hold its value was put together from its elements: nothing is new.
  bool const assembled = found && s.recompute && s.call.has_entry();
  std::vector<fingerprint> fingerprints;
  // An entry of before speaks of a value that is lost: only what is stored now can be given back.
  if (!stored) s.call.forget();
  if (request_.options.mode != mode::off) {
    std::string problem;
    std::shared_ptr<void> pin;
    cached_call call = s.call;
    {
      released const open(*this, lock);
      try {
        if (assembled) fingerprints = fingerprint_outputs(step, made.outputs);
        if (!stored)
          fingerprints = fingerprint_outputs(step, made.outputs);
        else if (!assembled || !call.gives(fingerprints))
          fingerprints = publish(step, call, made, pin, problem);
      } catch (std::bad_alloc const&) {
        throw;
      } catch (...) {
        // A value that cannot be hashed or serialized after all is used, and is known to no key.
        problem = "the result of step `" + s.report.name +
                  "` could not be stored: " + message_of(std::current_exception());
        call.forget();
        fingerprints.clear();
        for (std::size_t i = 0; i < made.outputs.size(); ++i)
          fingerprints.push_back(fingerprint::of_digest(os::random_digest()));
      }
    }
    s.call = std::move(call);
    s.packed = stored && s.call.has_entry() && made.map.packed;
    if (pin) pins_.push_back(std::move(pin));
    if (!problem.empty()) warn(step, std::move(problem));
  }
  if (made.work.is_made() && (!stored || s.call.has_entry())) {
    released const open(*this, lock);
    made.work.remove();
  }
  for (std::size_t i = 0; i < made.outputs.size(); ++i) {
    std::uint32_t const slot = r.first_output + static_cast<std::uint32_t>(i);
    put_aside(slot);
    slots_[slot].object = std::move(made.outputs[i]);
  }
  if (!fingerprints.empty()) adopt_fingerprints(step, fingerprints);
  if (assembled && s.outcome == outcome::hit)
    settle(step, outcome::hit, "unchanged");
  else if (found)
    settle(step, outcome::hit, "all elements were found");
  else
    settle(step, outcome::ran, std::move(s.why));
  for (std::size_t i = 0; i < r.names.size(); ++i) {
    slot_state& slot = slots_[r.first_output + i];
    if (slot.readers_left == 0 && !slot.retained && s.demanders.empty() &&
        can_give_back(static_cast<std::uint32_t>(r.first_output + i)))
      slot.object.reset();
  }
}

/// True where a value's fingerprint is not all of it: what is known by the one may not be found by the other.
inline bool engine::has_identity(std::uint32_t slot) const {
  std::uint32_t const from = rows().slots[slot].step;
  return from != no_step && row(from).identity != nullptr;
}

/// Encodes and puts the outputs. Gives their fingerprints, and a sentence where something could not be written.
inline std::vector<fingerprint> engine::publish(std::uint32_t step, cached_call& call, attempt const& result,
                                                std::shared_ptr<void>& pin, std::string& problem) {
  std::vector<std::shared_ptr<void>> const& outputs = result.outputs;
  step_state& s = steps_[step];
  step_row const& r = row(step);
  any_store& store = value_store_of(r);
  memo::capabilities const able = store.capabilities();
  std::vector<encoding> encodings;
  encodings.reserve(outputs.size());
  std::vector<object_source> objects;
  std::vector<fingerprint> fingerprints;
  entry made;
  made.project = request_.options.project;
  made.pipeline = r.pipeline;
  made.step = s.report.name;
  made.created_ms = time().wall_ms();
  made.cost_ns = result.took_ns;
  if (r.map != nullptr) {
    // As old as the oldest, as dear as all of its elements.
    if (result.map.found != 0) made.created_ms = std::min(made.created_ms, result.map.oldest_ms);
    made.cost_ns = result.map.cost_ns;
  }
  made.checks = s.checks;
  made.variant = s.variant;
  made.dependencies = result.dependencies;

  bool const by_reference = r.policy == cache_policy::in_memory;
  if (by_reference) fingerprints = fingerprint_outputs(step, outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    value_type const& type = *rows().slots[r.first_output + i].type;
    stored_output out;
    if (by_reference) {
      key_parts name;
      name.add(part::input, {}, s.call.key());
      name.add(part::result, {}, std::uint64_t{i});
      name.add(part::result, {}, fingerprints[i].value);  // another value of the same key is another object
      out.value = fingerprints[i];
      out.codec = codec_of(type);
      out.size = type.object_size;
      out.object = name.prefix(seed_);
      objects.push_back({.object = out.object,
                         .checksum = out.object,
                         .size = out.size,
                         .pieces = {},
                         .file = {},
                         .live = {outputs[i], type.tag, out.size, type.stored_form}});
    } else {
      encodings.push_back(type.encode(outputs[i].get(), seed_));
      encoding const& encoded = encodings.back();
      out = describe(encoded, type, able);
      if (i == 0 && r.identity != nullptr)
        out.value = r.identity(r.identity_function, outputs[i].get(), seed_);
      fingerprints.push_back(out.value);
      // The elements of a map hold its value; where only this process keeps it, a live value costs nothing beside them.
      bool const is_live_alone = able.live && !able.shared;
      bool const in_elements =
          result.map.packed && !is_live_alone && !out.is_inline && !has_identity(r.reads[0]);
      if (r.policy == cache_policy::digest_only || in_elements) {
        out.is_inline = false;
        out.bytes = {};
        out.object = {};
      } else if (out.object) {
        objects.push_back(object_of(encoded, type, outputs[i]));
      }
    }
    made.outputs.push_back(std::move(out));
  }
  digest const key = s.call.key();
  pin = store.pin({&key, 1});
  put_result const put = call.publish(store, std::move(made), objects);
  problem = put.warning;
  if (!put.stored) call.forget();
  return fingerprints;
}

}  // namespace memo::detail
