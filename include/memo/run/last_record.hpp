/// The key parts of each step in the last run, from which the reasons come.
///
///     record ::= "memo-last" version:u8 step*
///     step   ::= name_length:u32 name parts_length:u32 parts      parts as in key/key.hpp
///
/// Version 1: first. Little-endian. A record that does not fit is as good as none.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/key/key.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

inline constexpr std::string_view last_record_head{"memo-last\1", 10};

/// Names of steps with the parts of their keys.
using last_parts = std::vector<std::pair<std::string, std::string>>;

/// The parts of a step, or null. `hint` is where they are if the steps are those of the last run.
inline std::string* find_parts(last_parts& steps, std::string_view name, std::size_t hint) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto& step = steps[(hint + i) % steps.size()];
    if (step.first == name) return &step.second;
  }
  return nullptr;
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

inline std::string write_last_record(last_parts const& steps) {
  std::string record(last_record_head);
  for (auto const& [name, parts] : steps) {
    append_text(record, name);
    append_text(record, parts);
  }
  return record;
}

inline last_parts read_last_record(std::string_view record) {
  last_parts steps;
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
  while (next(name) && next(parts)) steps.emplace_back(name, parts);
  return steps;
}

}  // namespace memo::detail
