/// What is known of each step from earlier runs: the parts of its key, from which the reasons come, and how long it
/// took, by which the critical path is found.
///
///     record ::= "memo-last" version:u8 step*
///     step   ::= name_length:u32 name parts_length:u32 parts time_ns:u64      parts as in key/key.hpp
///
/// Little-endian. A record that does not fit is as good as none. Versions:
/// 1: name and parts.
/// 2: the time that the step took when it ran last.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/key/key.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

inline constexpr std::string_view last_record_head{"memo-last\2", 10};

/// A step as the last run left it.
struct last_step {
  std::string name{};
  std::string parts{};
  std::uint64_t time_ns = 0;  ///< zero where it never ran

  friend bool operator==(last_step const&, last_step const&) = default;
};
using last_steps = std::vector<last_step>;

/// The step of this name, or null. `hint` is where it is if the steps are those of the last run.
template <class Steps>
auto* find_step(Steps& steps, std::string_view name, std::size_t hint) {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (auto& step = steps[(hint + i) % steps.size()]; step.name == name) return &step;
  return static_cast<decltype(steps.data())>(nullptr);
}

inline digest last_record_id(std::string_view project, std::string_view pipeline) {
  key_parts parts;
  parts.add(part::project, {}, project);
  parts.add(part::pipeline, {}, pipeline);
  return parts.prefix(0);
}

inline void append_text(std::string& to, std::string_view text) {
  std::byte length[4];
  store_little(length, static_cast<std::uint32_t>(text.size()));
  to.append(as_text(length));
  to.append(text);
}

inline std::string write_last_record(last_steps const& steps) {
  std::string record(last_record_head);
  for (last_step const& step : steps) {
    append_text(record, step.name);
    append_text(record, step.parts);
    std::byte time[8];
    store_little(time, step.time_ns);
    record.append(as_text(time));
  }
  return record;
}

inline last_steps read_last_record(std::string_view record) {
  last_steps steps;
  if (!record.starts_with(last_record_head)) return steps;
  record.remove_prefix(last_record_head.size());
  auto next = [&](std::string_view& text) {
    if (record.size() < 4) return false;
    std::size_t const length = load_little<std::uint32_t>(as_byte_view(record).data());
    if (record.size() - 4 < length) return false;
    text = record.substr(4, length);
    record.remove_prefix(4 + length);
    return true;
  };
  std::string_view name, parts;
  while (next(name) && next(parts) && record.size() >= 8) {
    steps.push_back(
        {std::string(name), std::string(parts), load_little<std::uint64_t>(as_byte_view(record).data())});
    record.remove_prefix(8);
  }
  return steps;
}

}  // namespace memo::detail
