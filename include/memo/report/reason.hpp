/// Why a step ran, in words: the first part of its key that differs from that of the last run.
///
/// Parts are compared in the order in which the key has them: its format, names and types, the code, the state of the
/// function, the inputs in the order in which the step reads them, the environment. So where the code and an input
/// changed, the code is told. Small values are told apart from the sentence. Those of environment variables are not: they
/// may be secret.
#pragma once

#include <memo/key/explain.hpp>
#include <memo/key/field_at.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace memo::detail {

inline bool is_code(part tag) { return tag == part::version || tag == part::source || tag == part::build; }

inline std::string code_text(part_view const& p) {
  if (p.tag == part::version) return std::to_string(static_cast<std::int64_t>(number_in(p.bytes)));
  return p.tag == part::source ? "by its source" : "by the build";
}

/// How many bytes the canonical form of a scalar has; 0 for any other type.
inline std::size_t scalar_size(std::string_view schema) {
  if (schema.starts_with("enum<") && schema.ends_with('>')) schema = schema.substr(5, schema.size() - 6);
  struct known {
    std::string_view schema;
    std::size_t size;
  };
  constexpr known all[] = {{"bool", 1}, {"i8", 1},  {"u8", 1},  {"i16", 2}, {"u16", 2}, {"i32", 4},
                           {"u32", 4},  {"f32", 4}, {"i64", 8}, {"u64", 8}, {"f64", 8}};
  for (known const& one : all)
    if (one.schema == schema) return one.size;
  return 0;
}

/// True where a sequence of this schema has no size in front of its canonical form; nothing where the schema does not tell.
inline std::optional<bool> is_contiguous_schema(std::string_view schema) {
  std::size_t const open = schema.find('<');
  if (open == schema.npos || !(schema.starts_with("vec<") || schema.starts_with("arr<"))) return false;
  std::string_view const element = schema.substr(open + 1, schema.find_last_of(",>") - open - 1);
  if (element == "bool") return false;
  if (scalar_size(element) != 0) return true;
  if (element == "str" || element == "path") return false;
  return std::nullopt;  // a struct may be packed
}

/// "3 \u2192 4" for two small values that can be told, or "epochs 3 \u2192 4" for the first part of them that differs; empty
/// where they cannot. The bytes are canonical forms.
inline std::string value_change_text(std::string_view schema, byte_view before, byte_view now) {
  if (schema == "str") return quoted(as_text(before)) + " \u2192 " + quoted(as_text(now));
  std::optional<bool> const is_contiguous = is_contiguous_schema(schema);
  if (!is_contiguous) return {};
  auto const at = static_cast<std::size_t>(
      std::mismatch(before.begin(), before.end(), now.begin(), now.end()).first - before.begin());
  auto const was = field_at(schema, *is_contiguous, before, at);
  auto const is = field_at(schema, *is_contiguous, now, at);
  if (!was || !is || was->what != field_place::kind::value || is->what != was->what || is->path != was->path)
    return {};
  std::string const old_text = field_text(*was, before), text = field_text(*is, now);
  auto const is_told = [](std::string const& one) { return !one.empty() && !one.starts_with("bytes "); };
  if (old_text == text || !is_told(old_text) || !is_told(text)) return {};
  return (was->path.empty() ? "" : was->path + " ") + old_text + " \u2192 " + text;
}

/// The same for values as parts have them: 0 stands in front of small ones.
inline std::string change_text(std::string_view schema, byte_view before, byte_view now) {
  if (before.empty() || now.empty() || before[0] != std::byte{0} || now[0] != std::byte{0}) return {};
  return value_change_text(schema, before.subspan(1), now.subspan(1));
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
      if (now.bytes.empty()) return "environment variable " + name + " is not set now";
      if (old_part != nullptr && old_part->bytes.empty())
        return "environment variable " + name + " is set now";
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
    case part::environment:
      return "environment variable " + std::string(p.name) + " is gone";
    default:
      return "`" + std::string(p.name) + "` no longer counts";
  }
}

inline bool same_part(part_view const& a, part_view const& b) {
  return a.name == b.name && (a.tag == b.tag || (is_code(a.tag) && is_code(b.tag)));
}

/// The first parts that differ. At least one is there where `differs()`.
struct key_difference {
  part_view before{}, now{};
  bool has_before = false, has_now = false;
  std::string text{};    ///< the sentence; empty where all parts are the same
  std::string change{};  ///< "3 \u2192 4", where both values can be told

  bool differs() const { return has_before || has_now; }
  part_view const& either() const { return has_now ? now : before; }
};

/// Finds, one after the other, the parts of one list in another. What comes in the same order is found at once.
class part_finder {
 public:
  explicit part_finder(byte_view parts) : parts_(parts), reader_(parts) {}

  bool find(part_view const& wanted, part_view& into) {
    part_reader const here = reader_;
    if (search(wanted, into)) return true;
    reader_ = part_reader(parts_);
    if (search(wanted, into)) return true;
    reader_ = here;
    return false;
  }

 private:
  bool search(part_view const& wanted, part_view& into) {
    while (reader_.next(into))
      if (same_part(into, wanted)) return true;
    return false;
  }

  byte_view parts_;
  part_reader reader_;
};

/// Compares the parts of the last run with those of now, to which the answer refers.
inline key_difference find_difference(byte_view before, byte_view now) {
  key_difference made;
  part_reader reader(now);
  part_finder known(before);
  while (reader.next(made.now)) {
    made.has_before = known.find(made.now, made.before);
    if (made.has_before && made.before.tag == made.now.tag &&
        as_text(made.before.bytes) == as_text(made.now.bytes))
      continue;
    made.has_now = true;
    made.text = difference_text(made.has_before ? &made.before : nullptr, made.now);
    if (!made.has_before) return made;
    std::string_view const name = made.now.name;
    if (made.now.tag == part::input && schema_read(now, name) == schema_read(before, name))
      made.change = change_text(schema_read(now, name), made.before.bytes, made.now.bytes);
    if ((made.now.tag == part::state || made.now.tag == part::user_key) && made.before.name == name)
      made.change = change_text(name, made.before.bytes, made.now.bytes);
    return made;
  }
  part_reader old_reader(before);
  part_finder present(now);
  while (old_reader.next(made.before)) {
    if (present.find(made.before, made.now)) continue;
    made.has_before = true;
    made.text = removed_text(made.before);
    return made;
  }
  made.has_before = false;
  return made;
}

/// The sentence for the first parts that differ. Empty where they are the same.
inline std::string first_difference(byte_view before, byte_view now) {
  return find_difference(before, now).text;
}

}  // namespace memo::detail
