/// Verifying: computing a hit again and comparing what it gives with what is stored.
#pragma once

#include <memo/key/field_at.hpp>
#include <memo/run/engine_attempt.hpp>

#include <string>
#include <utility>

namespace memo::detail {

/// What a step read, each value itself where it is small, else its digest.
inline std::string engine::inputs_text(std::uint32_t step) const {
  step_row const& r = row(step);
  std::string text;
  for (std::uint16_t const slot : r.reads) {
    slot_row const& read = rows().slots[slot];
    auto const& known = slots_[slot].fingerprint;
    text.append(text.empty() ? "" : ", ").append("`").append(read.name).append("` ");
    if (!known)
      text += "not hashed";
    else if (known->is_small)
      text += small_value_text(schema_or_unhashable(*read.type), known->small_bytes());
    else
      text += "digest " + to_hex(known->value);
  }
  return text;
}

inline void engine::note_difference(std::uint32_t step, std::string difference) {
  step_state& s = steps_[step];
  if (std::string const inputs = inputs_text(step); !inputs.empty()) difference += "; inputs: " + inputs;
  s.report.differs = true;
  s.report.difference = std::move(difference);
  tell(event_kind::did_differ, step, s.report.difference);
}

/// Compares a second computation of a hit with what is stored; the stored value is used and kept.
inline void engine::verify_hit(std::uint32_t step, std::vector<argument>& arguments,
                               std::unique_lock<std::mutex>& lock) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  tell(event_kind::will_run, step, "verify");
  std::string difference;
  bool stopped = false;
  {
    std::optional<context> ctx = context_for(step);
    std::optional<map_request> mapped;
    std::optional<map_request> stored;
    if (r.map != nullptr) {
      mapped.emplace(map_request_of(step, arguments, false));
      stored.emplace(map_request_of(step, arguments, true));
    }
    released const open(*this, lock);
    attempt const made = try_step(step, arguments, ctx ? &*ctx : nullptr, mapped ? &*mapped : nullptr);
    stopped = made.stopped;
    if (!made.message.empty()) difference = "it failed: " + made.message;
    if (!stopped && difference.empty()) {
      try {
        std::vector<fingerprint> const fingerprints = fingerprint_outputs(step, made.outputs);
        for (std::size_t i = 0; i < fingerprints.size() && difference.empty(); ++i) {
          stored_output const& kept = s.call.found().outputs[i];
          value_type const& type = *rows().slots[r.first_output + i].type;
          if (fingerprints[i].value != kept.value.value && type.is_hashable())
            difference = describe_difference(step, i, made.outputs[i].get(), fingerprints[i],
                                             stored ? &*stored : nullptr);
        }
      } catch (...) {
        difference = "it failed: " + message_of(std::current_exception());
      }
    }
    if (!difference.empty()) {
      file_scope const files(&files_, workers());
      present_things present(seed_);
      // What changed since the look-up explains it.
      if (!made.uncacheable.empty() || present.find_difference(s.call.found().dependencies) != nullptr)
        difference.clear();
    }
    arguments.clear();
  }
  s.ran = true;
  if (!difference.empty()) note_difference(step, std::move(difference));
  settle(step, outcome::hit, "unchanged");
}

/// The stored form of a hit's output; empty where it cannot be had. `stored`: of a map, whose elements may hold it.
inline shared_bytes engine::stored_form_of(std::uint32_t step, std::size_t output,
                                           map_request const* stored) {
  step_row const& r = row(step);
  value_type const& type = *rows().slots[r.first_output + output].type;
  stored_output const& kept = steps_[step].call.found().outputs[output];
  if (kept.has_value()) {
    if (kept.is_inline) return kept.bytes;
    found_object object = value_store_of(r).read(kept.object, nullptr, how());
    return object.status == lookup::hit ? std::move(object.bytes) : shared_bytes();
  }
  if (stored == nullptr || stored->store == nullptr) return {};
  map_request only_reads = *stored;
  only_reads.looks_up = only_reads.ignores_age = true;
  only_reads.writes = only_reads.verifies = false;
  map_outcome const found = request_.run_map(only_reads);
  return found.value == nullptr || found.ran != 0 ? shared_bytes() : type.stored_form(found.value.get());
}

inline std::string engine::describe_difference(std::uint32_t step, std::size_t output, void const* value,
                                               fingerprint const& now, map_request const* stored) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  value_type const& type = *rows().slots[r.first_output + output].type;
  stored_output const& kept = s.call.found().outputs[output];
  std::string text = "`" + std::string(r.names[output]) + "` stored " + to_hex(kept.value.value) + ", now " +
                     to_hex(now.value);
  if (!type.is_storable()) return text;
  shared_bytes const before = stored_form_of(step, output, stored);
  if (before.owner == nullptr && before.view.empty()) return text;
  shared_bytes const after = type.stored_form(value);
  std::string const first =
      first_difference(type.schema(), type.elements != nullptr, before.view, after.view);
  if (!first.empty()) text += ", " + first;
  return text;
}

}  // namespace memo::detail
