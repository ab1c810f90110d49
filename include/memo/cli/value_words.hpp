/// Types in the words of the people who type their values, and an example of each.
#pragma once

#include <memo/cli/enum_names.hpp>
#include <memo/cli/parse_number.hpp>
#include <memo/cli/text_kind.hpp>
#include <memo/cli/units.hpp>
#include <memo/export/json_writer.hpp>
#include <memo/key/names.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// "number" and "numbers".
struct value_words {
  std::string one;
  std::string many;
};

/// The names of the fields of a plain or adapted struct.
template <class T, std::size_t... I>
std::array<std::string_view, sizeof...(I)> make_field_names(std::index_sequence<I...>) {
  if constexpr (form_of<T> == form::hana)
    return {hana_field_name<T, I>()...};
  else
    return {field_name<T, I>()...};
}
template <class T>
std::span<std::string_view const> field_names_of() {
  static auto const names = make_field_names<T>(std::make_index_sequence<decltype(parts_of<T>())::size>());
  return names;
}

template <class T, class F>
decltype(auto) with_object_fields(T& value, F&& f) {
  if constexpr (form_of<std::remove_const_t<T>> == form::hana)
    return with_hana_fields(value, std::forward<F>(f));
  else
    return with_fields(value, std::forward<F>(f));
}

inline value_words whole_words(whole_range range) {
  if (range.highest < 65'536)
    return {"whole number from " + range.text(), "whole numbers from " + range.text()};
  if (range.below_zero == 0) return {"whole number of 0 or more", "whole numbers of 0 or more"};
  return {"whole number", "whole numbers"};
}

inline value_words enum_words(enumeration const& known) {
  if (known.names.empty()) return {"whole number", "whole numbers"};
  constexpr std::size_t most = 40;
  std::string names;
  for (std::size_t i = 0; i < known.names.size() && i < most; ++i)
    names += (i == 0 ? "" : ", ") + std::string(known.names[i].name);
  if (known.names.size() > most) names += ", ...";
  return {"one of: " + names, "names out of: " + names};
}

inline value_words words_of_parts(std::string_view one, std::string_view many,
                                  std::vector<std::string> const& parts) {
  std::string text;
  for (std::string const& part : parts) text += (text.empty() ? "" : ", ") + part;
  return {std::string(one) + text + ")", std::string(many) + text + ")"};
}

inline value_words object_words(std::span<std::string_view const> names,
                                std::vector<std::string> const& types) {
  constexpr std::size_t enough = 240;
  if (names.empty()) return {"object without fields", "objects without fields"};
  std::string text;
  for (std::size_t i = 0; i < names.size() && text.size() < enough; ++i)
    text += (i == 0 ? " with " : ", ") + std::string(names[i]) + " (" + types[i] + ")";
  if (text.size() >= enough) {
    text.clear();
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? " with " : ", ") + std::string(names[i]);
  }
  return {"object" + text, "objects" + text};
}

// Inside two structs only names are told: the whole would be no help.
inline constexpr unsigned deepest_words = 2;

template <class T>
value_words words_for(unsigned depth = 0);

template <class... Ts>
std::vector<std::string> words_for_all(type_list<Ts...>, [[maybe_unused]] unsigned depth) {
  return {words_for<std::remove_cv_t<Ts>>(depth).one...};
}

template <class T>
value_words words_for([[maybe_unused]] unsigned depth) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::own) {
    if constexpr (requires { std::string(memo::text_of<T>::type); }) {
      std::string const type(memo::text_of<T>::type);
      return {type, type};
    } else {
      return {"value of the program's own type", "values of the program's own type"};
    }
  } else if constexpr (k == text_kind::boolean) {
    return {"true or false", "true or false values"};
  } else if constexpr (k == text_kind::character) {
    return {"character", "characters"};
  } else if constexpr (k == text_kind::integer) {
    return whole_words(range_of<T>());
  } else if constexpr (k == text_kind::floating) {
    return {"number", "numbers"};
  } else if constexpr (k == text_kind::enumeration) {
    return enum_words(enumeration_of<T>());
  } else if constexpr (k == text_kind::text) {
    return {"text", "texts"};
  } else if constexpr (k == text_kind::path) {
    return {"path", "paths"};
  } else if constexpr (k == text_kind::location) {
    if constexpr (std::is_same_v<T, file>)
      return {"path of a file", "paths of files"};
    else if constexpr (std::is_same_v<T, directory>)
      return {"path of a directory", "paths of directories"};
    else
      return {"pattern of paths such as data/*.csv", "patterns of paths such as data/*.csv"};
  } else if constexpr (k == text_kind::output) {
    return {"file", "files"};
  } else if constexpr (k == text_kind::duration) {
    return {"duration such as 250ms or 1h30m", "durations such as 250ms or 1h30m"};
  } else if constexpr (k == text_kind::complex) {
    return {"complex number such as 1+2i", "complex numbers such as 1+2i"};
  } else if constexpr (k == text_kind::optional || k == text_kind::pointer) {
    value_words const inner = words_for<element_of<T>>(depth);
    return {inner.one + ", or none", inner.many + ", or none"};
  } else if constexpr (k == text_kind::list) {
    bool const is_set = requires { typename T::key_type; };
    std::string const inner = words_for<element_of<T>>(depth).many;
    return {(is_set ? "set of " : "list of ") + inner, (is_set ? "sets of " : "lists of ") + inner};
  } else if constexpr (k == text_kind::array) {
    std::string const inner = std::to_string(array_size<T>) + " " + words_for<element_of<T>>(depth).many;
    return {"list of " + inner, "lists of " + inner};
  } else if constexpr (k == text_kind::map) {
    std::string const inner = words_for<key_of<T>>(depth).one + " to " +
                              words_for<std::remove_cv_t<typename T::mapped_type>>(depth).one;
    return {"map from " + inner, "maps from " + inner};
  } else if constexpr (k == text_kind::product) {
    return words_of_parts("list of (", "lists of (", words_for_all(parts_of<T>(), depth));
  } else if constexpr (k == text_kind::variant) {
    return words_of_parts("one of (", "values of (", words_for_all(parts_of<T>(), depth));
  } else if constexpr (k == text_kind::object) {
    if (depth == deepest_words) return {"object", "objects"};
    return object_words(field_names_of<T>(), words_for_all(parts_of<T>(), depth + 1));
  } else if constexpr (k == text_kind::unit) {
    return {"none", "none"};
  } else {
    return {"value of the program's own type", "values of the program's own type"};
  }
}

/// An example of a value: as JSON, and as it is typed.
struct value_example {
  std::string json;
  std::string typed;  ///< empty: as JSON
  bool is_known = true;

  std::string const& text() const { return typed.empty() ? json : typed; }
};

inline value_example text_example(std::string text) {
  value_example made;
  append_json_string(made.json, text);
  made.typed = std::move(text);
  return made;
}

inline value_example list_example(value_example const& element, std::size_t count, bool is_scalar) {
  value_example made{"[", {}, element.is_known || count == 0};
  for (std::size_t i = 0; i < count; ++i) {
    made.json += (i == 0 ? "" : ",") + element.json;
    made.typed += (i == 0 ? "" : ",") + element.text();
  }
  made.json += ']';
  if (!is_scalar) made.typed.clear();
  return made;
}

inline value_example parts_example(std::span<std::string_view const> names,
                                   std::vector<value_example> const& parts, bool is_object) {
  value_example made{is_object ? "{" : "[", {}, true};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    made.json += i == 0 ? "" : ",";
    if (is_object) {
      append_json_string(made.json, names[i]);
      made.json += ':';
    }
    made.json += parts[i].json;
    made.is_known = made.is_known && parts[i].is_known;
  }
  made.json += is_object ? '}' : ']';
  return made;
}

template <class T>
value_example example_for(unsigned depth = 0);

template <class... Ts>
std::vector<value_example> examples_for_all(type_list<Ts...>, [[maybe_unused]] unsigned depth) {
  return {example_for<std::remove_cv_t<Ts>>(depth)...};
}

// A type inside itself ends in an empty list.
inline constexpr unsigned deepest_example = 3;

template <class T>
value_example example_for([[maybe_unused]] unsigned depth) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::boolean) {
    return {"true", {}};
  } else if constexpr (k == text_kind::character) {
    return text_example("x");
  } else if constexpr (k == text_kind::integer) {
    return {"10", {}};
  } else if constexpr (k == text_kind::floating) {
    return {"0.5", {}};
  } else if constexpr (k == text_kind::enumeration) {
    enumeration const& known = enumeration_of<T>();
    return known.names.empty() ? value_example{"0", {}} : text_example(std::string(known.names[0].name));
  } else if constexpr (k == text_kind::text) {
    return text_example("text");
  } else if constexpr (k == text_kind::path) {
    return text_example("data.csv");
  } else if constexpr (k == text_kind::location) {
    return text_example(std::is_same_v<T, file>        ? "data.csv"
                        : std::is_same_v<T, directory> ? "data"
                                                       : "data/*.csv");
  } else if constexpr (k == text_kind::duration) {
    return text_example(picoseconds_to_text(false, 10 * picoseconds_in<typename T::period>()));
  } else if constexpr (k == text_kind::complex) {
    return text_example("1+2i");
  } else if constexpr (k == text_kind::optional) {
    return depth > deepest_example ? value_example{"null", "none"} : example_for<element_of<T>>(depth);
  } else if constexpr (k == text_kind::list) {
    if (depth > deepest_example) return {"[]", {}};
    bool const is_set = requires { typename T::key_type; };
    return list_example(example_for<element_of<T>>(depth + 1), is_set || depth > 0 ? 1 : 2,
                        is_text_scalar<element_of<T>>());
  } else if constexpr (k == text_kind::array) {
    return list_example(example_for<element_of<T>>(depth + 1), array_size<T>,
                        is_text_scalar<element_of<T>>());
  } else if constexpr (k == text_kind::map) {
    if (depth > deepest_example) return {"[]", {}};
    value_example const key = example_for<key_of<T>>(depth + 1);
    value_example const value = example_for<std::remove_cv_t<typename T::mapped_type>>(depth + 1);
    std::string_view const names[] = {key.text()};
    if (is_map_of_names<T>()) return parts_example(names, {value}, true);
    return list_example(parts_example({}, {key, value}, false), 1, false);
  } else if constexpr (k == text_kind::product) {
    return parts_example({}, examples_for_all(parts_of<T>(), depth + 1), false);
  } else if constexpr (k == text_kind::object) {
    return parts_example(field_names_of<T>(), examples_for_all(parts_of<T>(), depth + 1), true);
  } else if constexpr (k == text_kind::variant) {
    value_example const first = examples_for_all(parts_of<T>(), depth + 1).front();
    return {"{\"alternative\":0,\"value\":" + first.json + "}", {}, first.is_known};
  } else if constexpr (k == text_kind::unit) {
    return {"null", "none"};
  } else {
    return {{}, {}, false};
  }
}

}  // namespace memo::detail
