/// Values from JSON.
///
///     number       a number: exactly, or an error; "inf", "-inf" and "nan" as texts, and so a long double that is no double
///     boolean      true or false
///     text, path, name of an enumerator, duration, complex number, the program's own type: a text
///     optional     null, or the value
///     list, array, set, pair, tuple: a list
///     map          an object where keys are written as texts, or a list of [key, value]
///     struct       an object with its fields
///     variant      the value where it fits one alternative only, or {"alternative": 1, "value": ...}
#pragma once

#include <memo/cli/json_node.hpp>
#include <memo/cli/parse_scalar.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace memo::detail {

[[noreturn]] inline void refuse_node(json_node const& found, std::string const& wanted,
                                     text_place const& at) {
  refuse_text(at, found_text(found) + " stands where the type is: " + wanted);
}

template <class T>
void read_json(T& into, json_node const& from, text_place const& at, bool keeps);

/// A value that nothing was there of before.
template <class T>
T json_value(json_node const& from, text_place const& at);

/// The text of a scalar that JSON has in one of its own forms.
template <class T>
std::string_view scalar_in_json(json_node const& from, text_place const& at) {
  constexpr text_kind k = text_kind_of<T>;
  using kind = json_node::kind;
  constexpr bool is_programs = k == text_kind::own || k == text_kind::stream;
  constexpr bool is_number = k == text_kind::integer || k == text_kind::floating || is_programs ||
                             k == text_kind::enumeration || k == text_kind::complex;
  constexpr bool is_boolean = k == text_kind::boolean || is_programs;
  if (from.is(kind::number) && (is_number || (k == text_kind::duration && from.text == "0")))
    return from.text;
  if (from.is(kind::boolean) && is_boolean) return from.truth ? "true" : "false";
  if constexpr (k == text_kind::floating) {
    std::string_view const word = from.text;
    bool const is_word = word == "inf" || word == "-inf" || word == "nan" || std::is_same_v<T, long double>;
    if (from.is(kind::text) && is_word) return word;
  } else if constexpr (k != text_kind::integer && k != text_kind::boolean) {
    if (from.is(kind::text)) return from.text;
  }
  refuse_node(from, words_for<T>().one, at);
}

template <class T>
void read_scalar_node(T& into, json_node const& from, text_place const& at) {
  if constexpr (text_kind_of<T> == text_kind::character) {
    // A character that is none of UTF-8 has its number.
    if (from.is(json_node::kind::number)) {
      into = static_cast<T>(read_whole(from.text, range_of<T>(), at));
      return;
    }
  }
  if constexpr (text_kind_of<T> == text_kind::complex) {
    if (from.is(json_node::kind::array) && from.items.size() == 2) {
      using number = element_of<T>;
      into = T(json_value<number>(from.items[0], at.at(0)), json_value<number>(from.items[1], at.at(1)));
      return;
    }
  }
  read_scalar(into, scalar_in_json<T>(from, at), at);
}

/// Throws unless it is a list of `count`, or of any number where that is empty.
inline void expect_list(json_node const& from, std::optional<std::size_t> count, std::string const& wanted,
                        text_place const& at) {
  if (!from.is(json_node::kind::array)) refuse_node(from, wanted, at);
  if (count && from.items.size() != *count)
    refuse_text(at, "a list of " + std::to_string(*count) + " is needed, and " +
                        std::to_string(from.items.size()) + " are given");
}

/// The value of each field in an object, null for one that is not there. Throws for unknown members, and for missing ones
/// unless those keep what they are.
inline std::vector<json_node const*> members_of(json_node const& from,
                                                std::span<std::string_view const> fields, bool keeps,
                                                std::string const& wanted, text_place const& at) {
  if (!from.is(json_node::kind::object)) refuse_node(from, wanted, at);
  std::vector<std::string> const known(fields.begin(), fields.end());
  std::vector<json_node const*> members(fields.size());
  for (std::size_t i = 0; i < from.names.size(); ++i) {
    std::size_t field = 0;
    while (field < known.size() && known[field] != from.names[i]) ++field;
    if (field == known.size()) {
      std::string const nearest = nearest_name(from.names[i], known);
      refuse_text(at,
                  "there is no field " + quoted_text(from.names[i], 60) +
                      (known.empty() ? std::string() : "; the fields are " + joined(known)),
                  nearest.empty() ? std::string() : "did you mean `" + nearest + "`?");
    }
    members[field] = &from.items[i];
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i] == nullptr && !keeps) missing.push_back(known[i]);
  if (!missing.empty())
    refuse_text(at, (missing.size() == 1 ? "the field " : "the fields ") + joined(missing) +
                        (missing.size() == 1 ? " is missing" : " are missing"));
  return members;
}

template <class T>
void read_list(T& into, json_node const& from, text_place const& at) {
  expect_list(from, std::nullopt, "list", at);
  into = T();
  for (std::size_t i = 0; i < from.items.size(); ++i)
    into.insert(into.end(), json_value<element_of<T>>(from.items[i], at.at(i)));
}

template <class T>
void read_map(T& into, json_node const& from, text_place const& at) {
  using key = key_of<T>;
  using mapped = std::remove_cv_t<typename T::mapped_type>;
  bool const is_object = from.is(json_node::kind::object) && is_text_scalar<key>();
  if (!is_object)
    expect_list(from, std::nullopt,
                is_text_scalar<key>() ? "object, or list of [key, value]" : "list of [key, value]", at);
  into = T();
  for (std::size_t i = 0; i < from.items.size(); ++i) {
    text_place const place = is_object ? at.in(from.names[i]) : at.at(i);
    std::size_t const size = into.size();
    if (is_object) {
      if constexpr (is_text_scalar<key>())
        into.emplace(scalar_value<key>(from.names[i], place), json_value<mapped>(from.items[i], place));
    } else {
      expect_list(from.items[i], 2, "list of a key and its value", place);
      into.emplace(json_value<key>(from.items[i].items[0], place.at(0)),
                   json_value<mapped>(from.items[i].items[1], place.at(1)));
    }
    if (into.size() == size) refuse_text(place, "this key is there twice");
  }
}

template <class T>
void read_object(T& into, json_node const& from, text_place const& at, bool keeps) {
  std::span<std::string_view const> const fields = field_names_of<T>();
  auto const members = members_of(from, fields, keeps,
                                  from.is(json_node::kind::object) ? std::string() : words_for<T>().one, at);
  std::size_t i = 0;
  with_object_fields(into, [&](auto&... field) {
    (...,
     (members[i] == nullptr ? void() : read_json(field, *members[i], at.in(fields[i]), keeps), void(++i)));
  });
}

/// The alternative that {"alternative": 1, "value": ...} names; nothing where the JSON is no such object.
inline std::optional<std::size_t> named_alternative(json_node const& from, std::size_t count,
                                                    text_place const& at) {
  if (!from.is(json_node::kind::object) || from.names.size() != 2) return std::nullopt;
  if (from.names[0] != "alternative" || from.names[1] != "value") return std::nullopt;
  if (!from.items[0].is(json_node::kind::number))
    refuse_node(from.items[0], "whole number", at.in("alternative"));
  return static_cast<std::size_t>(read_whole(from.items[0].text, {0, count - 1}, at.in("alternative")));
}

/// Keeps what the alternative `I` makes of the JSON, if anything.
template <std::size_t I, class T>
void try_alternative(std::vector<T>& fitting, json_node const& from, text_place const& at) {
  try {
    fitting.emplace_back(std::in_place_index<I>, json_value<std::variant_alternative_t<I, T>>(from, at));
  } catch (parse_problem const&) {
  }
}

template <class T, std::size_t... I>
void read_variant(T& into, json_node const& from, text_place const& at, std::index_sequence<I...>) {
  if (auto const named = named_alternative(from, sizeof...(I), at)) {
    text_place const place = at.in("value");
    (void)((*named == I &&
            (into.template emplace<I>(json_value<std::variant_alternative_t<I, T>>(from.items[1], place)),
             true)) ||
           ...);
    return;
  }
  std::vector<T> fitting;
  (try_alternative<I>(fitting, from, at), ...);
  if (fitting.empty()) refuse_node(from, words_for<T>().one, at);
  if (fitting.size() > 1)
    refuse_text(at, found_text(from) + " fits several alternatives",
                "say which one, counted from 0, as in {\"alternative\":" +
                    std::to_string(fitting.front().index()) + ",\"value\":...}");
  into = std::move(fitting.front());
}

// Braces read the parts in their order.
template <class T, std::size_t... I>
T product_value(json_node const& from, text_place const& at, std::index_sequence<I...>) {
  expect_list(from, sizeof...(I), "list", at);
  return T{json_value<std::tuple_element_t<I, T>>(from.items[I], at.at(I))...};
}

template <class T>
T json_value(json_node const& from, text_place const& at) {
  if constexpr (text_kind_of<T> == text_kind::own) {
    return scalar_value<T>(scalar_in_json<T>(from, at), at);
  } else if constexpr (text_kind_of<T> == text_kind::product) {
    return product_value<T>(from, at, std::make_index_sequence<std::tuple_size_v<T>>());
  } else {
    T made{};
    read_json(made, from, at, false);
    return made;
  }
}

/// Reads a value. `keeps`: `into` is a default, whose fields stay where an object leaves them out.
template <class T>
void read_json(T& into, json_node const& from, text_place const& at, bool keeps) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::optional) {
    if (from.is(json_node::kind::null)) {
      into.reset();
    } else if constexpr (text_kind_of<element_of<T>> == text_kind::object) {
      keeps = keeps && into.has_value();
      if (!keeps) into.emplace();
      read_json(*into, from, at, keeps);
    } else {
      into.emplace(json_value<element_of<T>>(from, at));
    }
  } else if constexpr (k == text_kind::list) {
    read_list(into, from, at);
  } else if constexpr (k == text_kind::array) {
    expect_list(from, array_size<T>, "list", at);
    std::size_t i = 0;
    for (auto& element : into) {
      read_json(element, from.items[i], at.at(i), false);
      ++i;
    }
  } else if constexpr (k == text_kind::map) {
    read_map(into, from, at);
  } else if constexpr (k == text_kind::product) {
    into = json_value<T>(from, at);
  } else if constexpr (k == text_kind::object) {
    read_object(into, from, at, keeps);
  } else if constexpr (k == text_kind::variant) {
    read_variant(into, from, at, std::make_index_sequence<std::variant_size_v<T>>());
  } else if constexpr (k == text_kind::unit) {
    if (!from.is(json_node::kind::null)) refuse_node(from, "none", at);
  } else {
    read_scalar_node(into, from, at);
  }
}

}  // namespace memo::detail
