/// Which part of a value a byte of its stored form belongs to.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/key/explain.hpp>
#include <memo/key/type_code.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// A part of a value in its stored form.
struct field_place {
  enum class kind : unsigned char {
    value,        ///< a number, a text, ...
    size,         ///< how many elements there are
    presence,     ///< whether there is a value
    alternative,  ///< which one a variant holds
    beyond,       ///< this part or one behind it: from here on only a codec knows
  };
  std::string path{};  ///< "[3].lr"; empty for the value itself
  kind what = kind::value;
  std::string_view schema{};
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// Follows a schema (schema.hpp) through a stored form (writer.hpp) up to a byte.
class field_walk {
 public:
  field_walk(std::string_view schema, byte_view form, std::size_t target)
      : schema_(schema), form_(form), target_(target) {}

  /// Nothing where the form ends before the byte. `is_contiguous`: the form is elements only, without their number.
  std::optional<field_place> run(bool is_contiguous) {
    if (target_ >= form_.size()) return std::nullopt;
    std::size_t const element = argument_of("vec<") + argument_of("arr<");
    std::size_t const size = is_contiguous && element != 0 ? fixed_size(element, 0) : 0;
    if (size != 0)
      walk_fixed(element, size, form_.size() / size, 0);
    else if (is_contiguous)
      take(form_.size(), schema_);
    else
      walk(0, 0);
    return std::move(found_);
  }

 private:
  // Values inside values inside values ... end somewhere: who nests deeper is told less.
  static constexpr unsigned deepest = 64;

  bool is_over() const { return found_.has_value(); }
  std::string_view at(std::size_t place) const { return schema_.substr(std::min(place, schema_.size())); }
  std::size_t argument_of(std::string_view name) const { return schema_.starts_with(name) ? name.size() : 0; }

  void give_up() {
    if (!is_over()) found_ = {path_, field_place::kind::beyond, {}, at_, 0};
  }

  void take(std::size_t size, std::string_view schema, field_place::kind what = field_place::kind::value) {
    if (is_over()) return;
    if (size > form_.size() - at_) return give_up();
    if (target_ < at_ + size) found_ = {path_, what, schema, at_, size};
    at_ += size;
  }

  /// A number that the walk needs; it may be what is looked for.
  std::uint64_t take_number(std::size_t size, field_place::kind what) {
    std::size_t const begin = at_;
    take(size, size == 8 ? "u64" : size == 4 ? "u32" : "bool", what);
    if (is_over()) return 0;
    if (size == 8) return load_little<std::uint64_t>(form_.data() + begin);
    if (size == 4) return load_little<std::uint32_t>(form_.data() + begin);
    return std::to_integer<std::uint64_t>(form_[begin]);
  }

  /// Where the type at `place` ends: at a comma or bracket that belongs to what it is in.
  std::size_t end_of(std::size_t place) const {
    int open = 0;
    for (; place < schema_.size(); ++place) {
      char const c = schema_[place];
      if (open == 0 && (c == ',' || c == '>' || c == '}')) break;
      open += c == '<' || c == '{' ? 1 : c == '>' || c == '}' ? -1 : 0;
    }
    return place;
  }

  static std::string_view word_in(std::string_view text) {
    return text.substr(0, text.find_first_of("<>{},:"));
  }

  /// As many bytes as a number, character or enumeration takes; 0 for any other type.
  std::size_t number_size(std::size_t place) const {
    std::string_view const word = word_in(at(place));
    if (word == "enum") return number_size(place + 5);
    for (std::string_view const name : {"i8", "u8", "char", "char8"})
      if (word == name) return 1;
    for (std::string_view const name : {"i16", "u16", "char16"})
      if (word == name) return 2;
    for (std::string_view const name : {"i32", "u32", "f32", "char32"})
      if (word == name) return 4;
    for (std::string_view const name : {"i64", "u64", "f64"})
      if (word == name) return 8;
    return word == "wchar" ? sizeof(wchar_t) : 0;
  }

  static bool is_time(std::string_view word) {
    return word == "steady" || word == "time" || word == "file_time" || word == "other_time";
  }

  /// The size of every value of the type at `place`; 0 where they differ or are not known.
  std::size_t fixed_size(std::size_t place, unsigned depth) const {
    if (std::size_t const number = number_size(place); number != 0) return number;
    std::string_view const word = word_in(at(place));
    std::size_t const inner = place + word.size() + 1;
    if (word == "bool") return 1;
    if (word == "f80") return 10;
    if (word == "f128") return 16;
    if (depth == deepest) return 0;
    if (word == "complex") return 2 * fixed_size(inner, depth + 1);
    if (word == "dur" || is_time(word)) return fixed_size(inner, depth + 1);
    if (word == "arr") return fixed_size(inner, depth + 1) * number_at(end_of(inner) + 1);
    bool const is_class = at(place).starts_with('{');
    if (!is_class && word != "pair" && word != "tuple") return 0;
    std::size_t total = 0;
    for (std::size_t part = is_class ? place + 1 : inner; part < schema_.size();) {
      std::size_t const type = is_class ? behind_name(part) : part;
      std::size_t const size = type == 0 ? 0 : fixed_size(type, depth + 1);
      if (size == 0) return 0;
      total += size;
      part = end_of(type);
      if (at(part).empty() || schema_[part] != ',') break;
      ++part;
    }
    return total;
  }

  std::size_t number_at(std::size_t place) const {
    std::size_t number = 0;
    for (; place < schema_.size() && schema_[place] >= '0' && schema_[place] <= '9'; ++place)
      number = number * 10 + static_cast<std::size_t>(schema_[place] - '0');
    return number;
  }

  /// Where the type of the named member at `place` begins; 0 where it has no name.
  std::size_t behind_name(std::size_t place) const {
    std::string_view const name = word_in(at(place));
    std::size_t const end = place + name.size();
    bool const is_named = !name.empty() && name != "cereal" && end < schema_.size() && schema_[end] == ':';
    return is_named ? end + 1 : 0;
  }

  template <class Walk>
  void inside(std::string const& step, Walk walk_part) {
    std::size_t const size = path_.size();
    path_ += !path_.empty() || step.starts_with('[') ? step : step.substr(step.starts_with('.') ? 1 : 0);
    walk_part();
    path_.resize(size);
  }
  static std::string index_text(std::uint64_t i) { return "[" + std::to_string(i) + "]"; }

  void walk_fixed(std::size_t element, std::size_t size, std::uint64_t count, unsigned depth) {
    std::uint64_t const before = std::min<std::uint64_t>((target_ - at_) / size, count);
    if (before > (form_.size() - at_) / size) return give_up();
    at_ += static_cast<std::size_t>(before) * size;
    if (before < count) inside(index_text(before), [&] { walk_untagged(element, depth + 1); });
  }

  void walk_elements(std::size_t element, std::uint64_t count, unsigned depth) {
    std::size_t const number = number_size(element);
    if (is_tagged_ && at(element).starts_with('{')) return give_up();
    if (is_tagged_ && number != 0) take(4, {});  // the code of packed elements
    bool const is_plain = is_tagged_ ? number != 0 : fixed_size(element, 0) != 0;
    if (is_plain && !is_over()) return walk_fixed(element, fixed_size(element, 0), count, depth);
    for (std::uint64_t i = 0; i < count && !is_over(); ++i) {
      std::size_t const begin = at_;
      inside(index_text(i), [&] { walk(element, depth + 1); });
      if (at_ == begin) return;  // values that take no bytes
    }
  }

  void walk_map(std::size_t key, std::uint64_t count, unsigned depth) {
    std::size_t const value = end_of(key) + 1;
    for (std::uint64_t i = 0; i < count && !is_over(); ++i) {
      std::size_t const begin = at_;
      inside(index_text(i) + ".key", [&] { walk(key, depth + 1); });
      if (is_over()) return;
      std::string step = index_text(i);
      bool const is_short = at_ - begin > 8 && at_ - begin <= 40;
      if (at(key).starts_with("str,") && is_short && !is_tagged_)
        step = "[" + quoted(as_text(form_.subspan(begin + 8, at_ - begin - 8))) + "]";
      inside(step, [&] { walk(value, depth + 1); });
      if (at_ == begin) return;
    }
  }

  /// Members or parts, from `part` to the closing bracket.
  void walk_parts(std::size_t part, bool may_have_names, std::string_view word, unsigned depth) {
    for (std::size_t i = 0; part < schema_.size() && !is_over(); ++i) {
      char const c = schema_[part];
      if (c == '}' || c == '>') return;
      std::size_t const named = may_have_names ? behind_name(part) : 0;
      std::string step = "." + std::to_string(i);
      if (named != 0) step = "." + std::string(at(part).substr(0, named - 1 - part));
      if (word == "pair") step = i == 0 ? ".first" : ".second";
      if (word == "complex") step = i == 0 ? ".real" : ".imag";
      inside(step, [&] {
        if (is_tagged_ && named != 0) take_name();
        walk(named != 0 ? named : part, depth + 1);
      });
      part = end_of(named != 0 ? named : part);
      if (part < schema_.size() && schema_[part] == ',') ++part;
    }
  }

  void take_name() {
    take(1, {});
    std::uint64_t const size = take_number(8, field_place::kind::size);
    take(static_cast<std::size_t>(std::min<std::uint64_t>(size, form_.size())), {});
  }

  void walk_class(std::size_t place, unsigned depth) {
    enclosing_.push_back(place);
    if (at(place).starts_with('{')) {
      walk_parts(place + 1, true, {}, depth);
    } else {
      std::size_t const brace = schema_.find_first_not_of("0123456789", place + 7);
      bool const outer = is_tagged_;
      is_tagged_ = true;
      if (at_ < form_.size() && form_[at_] == std::byte{static_cast<unsigned char>(type_code::version)})
        take(5, {});
      if (!is_over() && brace < schema_.size() && schema_[brace] == '{')
        walk_parts(brace + 1, true, {}, depth);
      else
        give_up();
      is_tagged_ = outer;
    }
    enclosing_.pop_back();
  }

  /// The class that encloses this place, `^n`.
  void walk_enclosing(std::size_t place, unsigned depth) {
    std::size_t const up = number_at(place + 1);
    if (up == 0 || up > enclosing_.size()) return give_up();
    std::vector<std::size_t> outer = enclosing_;
    std::size_t const target = enclosing_[enclosing_.size() - up];
    enclosing_.resize(enclosing_.size() - up);
    walk_class(target, depth);
    enclosing_ = std::move(outer);
  }

  void walk(std::size_t place, unsigned depth) {
    if (is_tagged_) take(1, {});
    if (is_over()) return;
    if (is_tagged_ && at(place).starts_with('{')) return give_up();
    walk_untagged(place, depth);
  }

  void walk_untagged(std::size_t place, unsigned depth) {
    if (depth >= deepest) return give_up();
    std::string_view const rest = at(place);
    std::string_view const word = word_in(rest);
    std::size_t const inner = place + word.size() + 1;
    std::string_view const schema = at(place).substr(0, end_of(place) - place);
    using kind = field_place::kind;
    auto const is_one_of = [&word](std::initializer_list<std::string_view> names) {
      return std::find(names.begin(), names.end(), word) != names.end();
    };
    if (std::size_t const size = number_size(place); size != 0) return take(size, schema);
    if (rest.starts_with('{') || rest.starts_with("cereal:")) return walk_class(place, depth);
    if (rest.starts_with('^')) return walk_enclosing(place, depth);
    if (word == "bool") return take(1, schema);
    if (word == "f80") return take(10, schema);
    if (word == "f128") return take(16, schema);
    if (word == "unit") return;
    if (word == "str" || word == "path") {
      std::uint64_t const size = form_.size() - at_ < 8 ? 0 : load_little<std::uint64_t>(form_.data() + at_);
      return take(static_cast<std::size_t>(std::min<std::uint64_t>(size, form_.size())) + 8, schema);
    }
    if (!rest.substr(word.size()).starts_with('<')) return give_up();
    if (is_one_of({"vec", "list", "deque", "set", "multiset", "uset", "umultiset"}))
      return walk_elements(inner, take_number(8, kind::size), depth);
    if (is_one_of({"map", "multimap", "umap", "umultimap"}))
      return walk_map(inner, take_number(8, kind::size), depth);
    if (word == "arr") return walk_elements(inner, number_at(end_of(inner) + 1), depth);
    if (word == "opt" || word == "ptr") {
      if (take_number(1, kind::presence) != 0) walk(inner, depth + 1);
      return;
    }
    if (word == "variant") {
      std::uint64_t which = take_number(4, kind::alternative);
      std::size_t part = inner;
      for (; which > 0 && part < schema_.size(); --which) part = end_of(part) + 1;
      return walk(part, depth + 1);
    }
    if (word == "pair" || word == "tuple") return walk_parts(inner, false, word, depth);
    if (word == "complex") {
      std::size_t const size = number_size(inner);
      if (size == 0) return give_up();
      for (std::string const step : {".real", ".imag"})
        inside(step, [&] { take(size, at(inner).substr(0, end_of(inner) - inner)); });
      return;
    }
    if (word == "dur" || is_time(word)) return walk_untagged(inner, depth + 1);
    if (word == "as") return walk_untagged(end_of(inner) + 1, depth + 1);
    give_up();
  }

  std::string_view schema_;
  byte_view form_;
  std::size_t target_;
  std::size_t at_ = 0;
  bool is_tagged_ = false;  // within what a cereal function writes, each value has a tag
  std::string path_;
  std::vector<std::size_t> enclosing_;  // the classes around this place, by where their schemas begin
  std::optional<field_place> found_;
};

/// The part of a value that byte `at` of its stored form belongs to; nothing where the form is shorter. `is_contiguous` as in
/// `is_contiguous_v`. Linear in the form at most; any bytes may be given.
inline std::optional<field_place> field_at(std::string_view schema, bool is_contiguous, byte_view form,
                                           std::size_t at) {
  return field_walk(schema, form, at).run(is_contiguous);
}

/// A part's value where it is short; else nothing.
inline std::string field_text(field_place const& place, byte_view form) {
  byte_view bytes = form.subspan(place.begin, place.size);
  // A text that stands alone is all there is; another one has its size in front.
  bool const is_text = place.schema == "str" || place.schema == "path";
  if (is_text && !(place.begin == 0 && place.size == form.size() &&
                   (bytes.size() < 8 || load_little<std::uint64_t>(bytes.data()) != bytes.size() - 8)))
    bytes = bytes.subspan(8);
  if (bytes.size() > 64) return {};
  return small_value_text(place.schema, bytes);
}

/// Where two stored forms of a type first differ, in words: "in `[3].lr`: 0.5, now 0.25". `at`: the first byte that differs.
/// Empty where nothing is known.
inline std::string field_difference(std::string_view schema, bool is_contiguous, byte_view before,
                                    byte_view after, std::size_t at) {
  std::optional<field_place> const was = field_at(schema, is_contiguous, before, at);
  if (!was) return {};
  std::string const name = "`" + was->path + "`";
  if (was->what == field_place::kind::beyond) return was->path.empty() ? "" : "in " + name + " or behind it";
  std::string text = was->path.empty() ? "" : "in " + name;
  std::string const of = was->path.empty() ? "" : " of " + name;
  if (was->what == field_place::kind::size) text = "in the size" + of;
  if (was->what == field_place::kind::presence) text = "in whether there is a value" + of;
  if (was->what == field_place::kind::alternative) text = "in the alternative" + of;
  std::optional<field_place> const is = field_at(schema, is_contiguous, after, at);
  if (!is || is->path != was->path || is->what != was->what || was->schema.empty()) return text;
  std::string const old_value = field_text(*was, before);
  std::string const new_value = field_text(*is, after);
  if (old_value.empty() || new_value.empty()) return text;
  return (text.empty() ? "" : text + ": ") + old_value + ", now " + new_value;
}

/// The first byte in which two stored forms of a type differ, and its field; empty where they are equal.
inline std::string first_difference(std::string_view schema, bool is_contiguous, byte_view before,
                                    byte_view after) {
  auto const [was, is] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  if (was == before.end() && is == after.end()) return {};
  auto const at = static_cast<std::size_t>(was - before.begin());
  std::string text =
      "first difference at byte " + std::to_string(at) + " of " + std::to_string(before.size());
  if (after.size() != before.size()) text += " (now " + std::to_string(after.size()) + ")";
  std::string const field = field_difference(schema, is_contiguous, before, after, at);
  if (!field.empty()) text += (field.starts_with("in ") ? ", " : ": ") + field;
  return text;
}

}  // namespace memo::detail
