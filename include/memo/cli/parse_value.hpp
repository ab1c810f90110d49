/// Text, as it is typed for an input, to a value of its type.
///
///     text, path, character, a type of the program: the text as it is
///     other values without parts: what stands for them; blanks around do not count
///     optional: "none", or the value; what begins with `"` is JSON, so that the text "none" can be said
///     sequences of values without parts: "1,2,3", and "" for an empty one; or JSON
///     all others: JSON (parse_json.hpp)
///     "@name.json" for all but the first line: the JSON in that file
#pragma once

#include <memo/cli/parse_json.hpp>
#include <memo/cli/value_text.hpp>
#include <memo/core/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

inline json_node json_in_file(std::string_view path) {
  std::string const name(path);
  errno = 0;
  std::ifstream in(name, std::ios::binary);
  std::string text;
  char piece[4096];
  bool const is_open = in.is_open();
  while (is_open && (in.read(piece, sizeof piece) || in.gcount() != 0))
    text.append(piece, static_cast<std::size_t>(in.gcount()));
  if (!is_open || in.bad()) {
    int const problem = errno;
    throw parse_problem{"the file " + quoted_text(path) + " cannot be read" +
                            (problem == 0 ? std::string() : ": " + std::generic_category().message(problem)),
                        {},
                        "@ in front of a value stands for the JSON in a file; a text that begins with @ can "
                        "be given as JSON"};
  }
  try {
    return read_json_text(text);
  } catch (parse_problem& problem) {
    problem.what = "in the file " + quoted_text(path) + ": " + problem.what;
    throw;
  }
}

/// JSON as it is typed, or in the file that is named.
inline json_node typed_json(std::string_view text) {
  return text.starts_with('@') ? json_in_file(text.substr(1)) : read_json_text(text);
}

/// The elements of "a,b,c". Throws for an empty one, and for what looks like JSON without its brackets.
inline std::vector<std::string_view> comma_elements(std::string_view text, bool is_text) {
  std::vector<std::string_view> elements;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const comma = std::min(text.find(',', begin), text.size());
    std::string_view const element = trimmed(text.substr(begin, comma - begin));
    text_place const whole, place = whole.at(elements.size());
    if (element.empty())
      refuse_text(place, "an element is empty", is_text ? "give an empty text as JSON: [\"\"]" : "");
    if (element.starts_with('"'))
      refuse_text(place, "a quotation mark is for JSON only", "put brackets around: [\"a\",\"b\"]");
    elements.push_back(element);
    begin = comma + 1;
  }
  return elements;
}

template <class T>
void read_typed_elements(T& into, std::string_view text) {
  using element = element_of<T>;
  constexpr bool is_text = text_kind_of<element> == text_kind::text;
  std::vector<std::string_view> const elements =
      text.empty() ? std::vector<std::string_view>() : comma_elements(text, is_text);
  text_place const whole;
  if constexpr (text_kind_of<T> == text_kind::array) {
    if (elements.size() != array_size<T>)
      refuse_text(whole, "a list of " + std::to_string(array_size<T>) + " is needed, and " +
                             std::to_string(elements.size()) + " are given");
    for (std::size_t i = 0; i < elements.size(); ++i)
      into[i] = typed_value<element>(elements[i], whole.at(i));
  } else {
    into = T();
    for (std::size_t i = 0; i < elements.size(); ++i)
      into.insert(into.end(), typed_value<element>(elements[i], whole.at(i)));
  }
}

/// True where "@name" stands for a file: not where it may be the value itself.
template <class T>
consteval bool takes_file() {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::optional)
    return takes_file<element_of<T>>();
  else
    return k != text_kind::text && k != text_kind::path && k != text_kind::location &&
           k != text_kind::character && k != text_kind::own && k != text_kind::stream;
}

/// A scalar, or an optional one, alone or between commas.
template <class T>
T typed_value(std::string_view text, text_place const& at) {
  if constexpr (text_kind_of<T> == text_kind::optional) {
    std::string_view const word = trimmed(text);
    if (word == "none" || word == "null") return T();
    return T(typed_value<element_of<T>>(text, at));
  } else {
    return scalar_value<T>(text, at);
  }
}

// A word is a text of JSON without its quotation marks, if no JSON.
inline json_node word_or_json(std::string_view text) {
  bool const must_be_json =
      text.starts_with('[') || text.starts_with('{') || text.starts_with('"') || text.starts_with('@');
  try {
    return typed_json(text);
  } catch (parse_problem const&) {
    if (must_be_json) throw;
    // A number that JSON spells otherwise, or that is too large, is no text.
    bool const is_number = read_decimal(text).has_value();
    return {.what = is_number ? json_node::kind::number : json_node::kind::text, .text = std::string(text)};
  }
}

[[noreturn]] inline void refuse_plain_text(std::string_view text, std::string_view wanted) {
  refuse_text({}, quoted_text(text, 60) + " is no " + std::string(wanted) + " of JSON");
}

/// A pair or tuple.
template <class T>
T typed_product(std::string_view text) {
  if (!text.starts_with('[') && !text.starts_with('@')) refuse_plain_text(text, "list");
  return json_value<T>(typed_json(text), {});
}

/// Reads what was typed. `keeps`: `into` is the default of the input.
template <class T>
void read_typed(T& into, std::string_view written, bool keeps) {
  constexpr text_kind k = text_kind_of<T>;
  text_place const whole;
  std::string_view const text = trimmed(written);
  if constexpr (takes_file<T>())
    if (text.starts_with('@')) return read_json(into, typed_json(text), whole, keeps);
  if constexpr (k == text_kind::optional) {
    if (text == "none" || text == "null") return into.reset();
    constexpr text_kind inner = text_kind_of<element_of<T>>;
    if (text.starts_with('"') && is_text_scalar<T>()) return read_json(into, typed_json(text), whole, keeps);
    if constexpr (is_text_scalar<T>()) {
      into.emplace(typed_value<element_of<T>>(written, whole));
    } else if constexpr (inner == text_kind::product) {
      into.emplace(typed_product<element_of<T>>(text));
    } else {
      keeps = keeps && into.has_value();
      if (!keeps) into.emplace();
      read_typed(*into, written, keeps);
    }
  } else if constexpr (is_text_scalar<T>()) {
    read_scalar(into, written, whole);
  } else if constexpr (k == text_kind::list || k == text_kind::array) {
    if (text.starts_with('[') || text.starts_with('{'))
      return read_json(into, typed_json(text), whole, keeps);
    if constexpr (is_text_scalar<element_of<T>>())
      read_typed_elements(into, text);
    else
      refuse_plain_text(text, "list");
  } else if constexpr (k == text_kind::product) {
    into = typed_product<T>(text);
  } else if constexpr (k == text_kind::variant) {
    read_json(into, word_or_json(text), whole, keeps);
  } else if constexpr (k == text_kind::unit) {
    if (text != "none" && text != "null") refuse_text(whole, quoted_text(text, 60) + " is not `none`");
  } else {
    if (!text.starts_with('[') && !text.starts_with('{')) refuse_plain_text(text, "object");
    read_json(into, typed_json(text), whole, keeps);
  }
}

/// What can be done with texts of one type, without the type. A null function means that it cannot be done.
struct text_type {
  std::string (*words)() = nullptr;    ///< "list of numbers"
  std::string (*example)() = nullptr;  ///< a text that can be read; may give "" where none is known
  std::shared_ptr<void const> (*read)(std::string_view text,
                                      void const* kept) = nullptr;  ///< throws parse_problem
  std::string (*print)(void const* value,
                       std::size_t limit) = nullptr;  ///< in full, or somewhat over `limit`
  std::string (*shorten)(void const* value) = nullptr;
};

template <class T>
struct text_functions {
  static std::string words() { return words_for<T>().one; }
  static std::string example() {
    value_example const made = example_for<T>();
    return made.is_known ? made.text() : std::string();
  }
  static std::shared_ptr<void const> read(std::string_view text, void const* kept) {
    if constexpr (text_kind_of<T> == text_kind::own) {
      return std::make_shared<T>(scalar_value<T>(text, {}));
    } else if constexpr (text_kind_of<T> == text_kind::product) {
      return std::make_shared<T>(typed_product<T>(trimmed(text)));
    } else {
      auto made = kept == nullptr ? std::make_shared<T>() : std::make_shared<T>(*static_cast<T const*>(kept));
      read_typed(*made, text, kept != nullptr);
      return made;
    }
  }
  static std::string print(void const* value, std::size_t limit) {
    return full_text(*static_cast<T const*>(value), limit);
  }
  static std::string shorten(void const* value) { return short_text(*static_cast<T const*>(value)); }
};

template <class T>
consteval text_type make_text_type() {
  text_type made;
  made.words = &text_functions<T>::words;
  if constexpr (text_readable<T>) {
    made.example = &text_functions<T>::example;
    made.read = &text_functions<T>::read;
  }
  if constexpr (text_showable<T>) {
    made.print = &text_functions<T>::print;
    made.shorten = &text_functions<T>::shorten;
  }
  return made;
}

template <class T>
inline constexpr text_type text_type_of = make_text_type<T>();

/// The usage_error of a text that is no value; `name` of the input may be empty.
[[noreturn]] inline void refuse_value(std::string_view name, text_type const& type, std::string_view text,
                                      parse_problem const& problem) {
  std::vector<fact> facts;
  if (!name.empty()) facts.push_back({"input", std::string(name)});
  facts.push_back({"type", type.words()});
  facts.push_back({"text", quoted_text(text)});
  if (!problem.place.empty()) facts.push_back({"at", problem.place});
  std::string hint = problem.hint;
  if (hint.empty() && type.example != nullptr) {
    std::string const example = type.example();
    bool const needs_quotes = example.find_first_of("\"{}[]* ()&|;<>$`") != example.npos;
    // A longer one says no more than the type.
    if (!example.empty() && example.size() <= 200) {
      hint = "for example ";
      if (name.empty())
        hint += example;
      else
        hint += needs_quotes ? "--set '" + std::string(name) + "=" + example + "'"
                             : "--set " + std::string(name) + "=" + example;
    }
  }
  throw usage_error((name.empty() ? std::string("the text is no value of its type")
                                  : "the input `" + std::string(name) + "` cannot be read") +
                        ": " + problem.what,
                    facts, hint);
}

/// The value of the input `name`. `kept`, which may be null, has what the text leaves out. Throws usage_error.
inline std::shared_ptr<void const> read_input(std::string_view name, text_type const& type,
                                              std::string_view text, void const* kept) {
  try {
    return type.read(text, kept);
  } catch (parse_problem const& problem) {
    refuse_value(name, type, text, problem);
  }
}

}  // namespace detail

/// The value that a text stands for, as it would be typed for an input. Throws usage_error where it is none.
template <text_readable T>
T parse_text(std::string_view text) {
  return *static_cast<T const*>(detail::read_input({}, detail::text_type_of<T>, text, nullptr).get());
}

/// The same for an input that has a default, of which stays what the text leaves out: fields of structs.
template <text_readable T>
T parse_text(std::string_view text, T const& kept) {
  return *static_cast<T const*>(detail::read_input({}, detail::text_type_of<T>, text, &kept).get());
}

}  // namespace memo
