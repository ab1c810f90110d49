/// What is wrong with a text that should be a value, and where in it.
#pragma once

#include <memo/report/visible_text.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace memo::detail {

/// A place inside a value of JSON, from the inside out; lives on the stack while the value is read.
struct text_place {
  text_place const* outer = nullptr;
  std::string_view member{};
  std::size_t index = 0;  ///< of an element, where `member` is null

  text_place in(std::string_view name) const { return {this, name.data() == nullptr ? "" : name, 0}; }
  text_place at(std::size_t element) const { return {this, {}, element}; }

  /// "$.layers[2].width"; empty for the whole value.
  std::string path() const { return outer == nullptr ? std::string() : "$" + steps(); }

 private:
  std::string steps() const {
    if (outer == nullptr) return {};
    if (member.data() == nullptr) return outer->steps() + "[" + std::to_string(index) + "]";
    bool const is_word = !member.empty() && member.find_first_of(" .[]\"'\n\t") == member.npos;
    return outer->steps() + (is_word ? "." + visible(member) : "[\"" + visible(member) + "\"]");
  }
};

/// Thrown where a text is not the value that is asked for; becomes a usage_error where the input is known.
struct parse_problem {
  std::string what;   ///< a clause: "300 is not between 0 and 255"
  std::string place;  ///< path in JSON; may be empty
  std::string hint;   ///< may be empty: an example is given then
};

[[noreturn]] inline void refuse_text(text_place const& at, std::string what, std::string hint = {}) {
  throw parse_problem{std::move(what), at.path(), std::move(hint)};
}

/// A text between quotes on one line, at most about `longest` bytes of it.
inline std::string quoted_text(std::string_view text, std::size_t longest = 200) {
  std::string_view shown = text.substr(0, longest);
  // Not in the middle of a character.
  if (shown.size() < text.size())
    while (!shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xc0) == 0x80)
      shown.remove_suffix(1);
  std::string made = "\"";
  std::size_t begin = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '\n' && shown[i] != '\t' && shown[i] != '\r') continue;
    append_visible(made, shown.substr(begin, i - begin));
    made += shown[i] == '\n' ? "\\n" : shown[i] == '\t' ? "\\t" : "\\r";
    begin = i + 1;
  }
  append_visible(made, shown.substr(begin));
  made += '"';
  if (shown.size() < text.size()) made += "... (" + std::to_string(text.size()) + " bytes)";
  return made;
}

}  // namespace memo::detail
