/// Why a step ran, in words: the first part of its key that differs from that of the last run.
#pragma once

#include <memo/key/explain.hpp>

#include <string>
#include <string_view>

namespace memo::detail {

inline bool is_code(part tag) { return tag == part::version || tag == part::source || tag == part::build; }

inline std::string code_text(part_view const& p) {
  if (p.tag == part::version) return std::to_string(static_cast<std::int64_t>(number_in(p.bytes)));
  return p.tag == part::source ? "by its source" : "by the build";
}

/// The sentence for one pair of parts that differ; `old_part` is null where the part is new.
inline std::string difference_text(part_view const* old_part, part_view const& now) {
  std::string const name(now.name);
  std::string const known = old_part == nullptr ? " is new" : " changed";
  switch (now.tag) {
    case part::format:
      return "the key format of memo changed";
    case part::project:
      return "the project changed";
    case part::pipeline:
      return "the name of the pipeline changed";
    case part::step:
      return "the names of its outputs changed";
    case part::result:
      return "the type of `" + name + "`" + known;
    case part::read:
      return old_part ? "the type of `" + name + "` changed" : "it reads `" + name + "` now";
    case part::version:
    case part::source:
    case part::build:
      if (old_part != nullptr && old_part->tag == now.tag) {
        if (now.tag == part::source) return "its source changed";
        if (now.tag == part::build) return "the program was rebuilt";
      }
      return "version " + (old_part ? code_text(*old_part) : std::string("none")) + " \u2192 " +
             code_text(now);
    case part::arithmetic:
      return "the compiler's floating-point flags changed";
    case part::state:
      return "the state of its function changed";
    case part::input:
      return "input `" + name + "`" + known;
    case part::path:
      return "the path of `" + name + "` changed";
    case part::identity:
      return "its .identity() changed";
    case part::user_key:
      return "what .key() gives changed";
    case part::over:
      return "it runs over the elements of `" + name + "` now";
    case part::element:
      return "the element" + known;
    case part::environment:
      return "environment variable " + name + known;
  }
  return "its key changed";
}

inline std::string removed_text(part_view const& p) {
  if (is_code(p.tag)) return "its code no longer counts";
  switch (p.tag) {
    case part::state:
      return "its function no longer has a state";
    case part::user_key:
      return ".key() was removed";
    case part::identity:
      return ".identity() was removed";
    case part::over:
      return "it no longer runs over the elements of `" + std::string(p.name) + "`";
    default:
      return "`" + std::string(p.name) + "` no longer counts";
  }
}

inline bool same_part(part_view const& a, part_view const& b) {
  return a.name == b.name && (a.tag == b.tag || (is_code(a.tag) && is_code(b.tag)));
}

/// Compares the parts of the last run with those of now. Empty where they are the same.
inline std::string first_difference(byte_view before, byte_view now) {
  part_reader reader(now);
  part_view p;
  while (reader.next(p)) {
    part_reader old_reader(before);
    part_view old_part;
    bool found = false;
    while (!found && old_reader.next(old_part)) found = same_part(old_part, p);
    if (!found) return difference_text(nullptr, p);
    if (old_part.tag != p.tag || as_text(old_part.bytes) != as_text(p.bytes))
      return difference_text(&old_part, p);
  }
  part_reader old_reader(before);
  while (old_reader.next(p)) {
    part_reader again(now);
    part_view candidate;
    bool found = false;
    while (!found && again.next(candidate)) found = same_part(candidate, p);
    if (!found) return removed_text(p);
  }
  return {};
}

}  // namespace memo::detail
