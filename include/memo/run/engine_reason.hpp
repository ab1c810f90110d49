/// Words for why a step runs: what the store said of its key, or what differs from the last time, and what made it
/// differ.
#pragma once

#include <memo/report/reason.hpp>
#include <memo/run/engine_schedule.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace memo::detail {

/// A value as a part of a key has it, but for the digest of a large one.
inline std::string value_bytes(fingerprint const& value) {
  if (!value.is_small) return std::string(1, '\1');
  return std::string(1, '\0').append(as_text(value.small_bytes()));
}

/// Why the key of a step that is not there was not found. With the mutex.
inline std::string engine::miss_reason(std::uint32_t step) {
  step_state& s = steps_[step];
  s.cause = step;
  s.report.change.clear();
  if (!s.call.reason().empty()) return s.call.reason();
  learn_lengths();
  last_step const* const before = find_step(*last_, s.report.name, step);
  if (before == nullptr) return "first time";
  key_difference const found = find_difference(as_byte_view(before->parts), as_byte_view(s.report.parts));
  if (!found.differs()) return "the store has no result of it";
  part_view const& p = found.either();
  step_row const& r = row(step);
  for (std::size_t i = 0; i < r.reads.size(); ++i) {
    std::uint32_t const at = r.reads[i];
    slot_row const& slot = rows().slots[at];
    if (slot.name != p.name) continue;
    if (p.tag == part::read && found.has_before != found.has_now && slots_[at].without)
      return added_value_reason(step, i, before->parts, found.has_now);
    if (p.tag != part::input || !found.has_now) break;
    // Of the range of a map, its elements say more.
    if (r.map == nullptr || i != 0) s.report.change = found.change;
    return found.text + cause_text(step, at);
  }
  s.report.change = found.change;
  return found.text;
}

/// For an input that was left out of the key while it had the value that it was added with.
inline std::string engine::added_value_reason(std::uint32_t step, std::size_t read, std::string_view before,
                                              bool is_in_key_now) {
  std::uint32_t const at = row(step).reads[read];
  slot_row const& slot = rows().slots[at];
  std::string const without = value_bytes(*slots_[at].without);
  std::string const is = is_in_key_now ? value_bytes(steps_[step].seen[read]) : without;
  std::string was = without;
  part_reader reader(as_byte_view(before));
  part_view p;
  while (!is_in_key_now && reader.next(p))
    if (p.tag == part::input && p.name == slot.name) was = as_text(p.bytes);
  steps_[step].report.change =
      change_text(schema_or_unhashable(*slot.type), as_byte_view(was), as_byte_view(is));
  return "input `" + std::string(slot.name) + "` changed";
}

/// What stands behind the sentence on a changed input: the name of its file, or the step that ran and gave it, and why
/// that ran. Of a chain of such steps, the first is named.
inline std::string engine::cause_text(std::uint32_t step, std::uint32_t slot) {
  slot_row const& read = rows().slots[slot];
  if (read.step == no_step) {
    if (read.type->location == nullptr || slots_[slot].object == nullptr) return {};
    std::filesystem::path const path = read.type->location(slots_[slot].object.get());
    return ": " + (path.has_filename() ? path : path.parent_path()).filename().string();
  }
  step_state const& from = steps_[read.step];
  // A step whose value was lost has none: whether it has run by now is a matter of threads.
  if (from.outcome != outcome::ran || from.cause == no_step) return {};
  steps_[step].cause = from.cause;
  std::string const who = from.cause == read.step ? "it" : "`" + steps_[from.cause].report.name + "`";
  step_state const& first = steps_[from.cause];
  return " (" + who + " ran: " + with_change(first.why, first.report.change) + ")";
}

}  // namespace memo::detail
