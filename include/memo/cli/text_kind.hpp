/// Which types can be given as text and which can be shown, and what a program can add for its own types.
#pragma once

#include <memo/cli/units.hpp>
#include <memo/key/directory.hpp>
#include <memo/key/file.hpp>
#include <memo/key/form.hpp>
#include <memo/key/glob.hpp>
#include <memo/key/hashable.hpp>
#include <memo/key/output_file.hpp>

#include <concepts>
#include <istream>
#include <ostream>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

/// Specialise it to give values of a type on the command line, and to show them:
///
///     template <> struct memo::text_of<angle> {
///       static constexpr std::string_view type = "angle such as 30deg";  // may be left out
///       static angle parse(std::string_view text);                       // throws where the text is none
///       static std::string print(angle const& a);                        // parse(print(a)) is a
///     };
///
/// A type that has none, and that memo cannot read by itself, is read by its `operator>>` and shown by its `operator<<`.
template <class T>
struct text_of;

namespace detail {

enum class text_kind : unsigned char {
  none,
  own,     // memo::text_of<T>
  stream,  // its operator>> or operator<<
  boolean,
  character,
  integer,
  floating,
  enumeration,
  text,
  path,
  location,  // memo::file, directory, glob
  output,    // memo::output_file
  duration,
  complex,
  optional,
  list,  // of any number
  array,
  map,
  product,
  variant,
  object,
  pointer,
  unit,
};

template <class T>
inline constexpr bool has_text_of = requires { sizeof(memo::text_of<T>); };

/// How many picoseconds a duration of 1 takes; 0 where that is no whole number, or more than a year.
template <class Period>
consteval wide_whole picoseconds_in() {
  constexpr auto num = static_cast<wide_whole>(Period::num), den = static_cast<wide_whole>(Period::den);
  if (num % den == 0 && num / den <= 31'556'952) return num / den * std::pico::den;
  return num == 1 && std::pico::den % den == 0 ? std::pico::den / den : 0;
}

/// The unit of a duration of fractions; "" where it has none.
template <class Period>
consteval std::string_view unit_of_period() {
  for (unit_name const& known : duration_units)
    if (known.size == picoseconds_in<Period>()) return known.name;
  return {};
}

template <class T>
consteval bool is_typed_duration() {
  if constexpr (std::is_floating_point_v<typename T::rep>)
    return !unit_of_period<typename T::period>().empty();
  else
    return std::is_integral_v<typename T::rep> && picoseconds_in<typename T::period>() != 0;
}

template <class T>
consteval text_kind text_kind_of_std() {
  switch (form_of<T>) {
    case form::boolean:
      return text_kind::boolean;
    case form::number:
    case form::wide_float:
      if (std::is_floating_point_v<T>) return text_kind::floating;
      if (std::is_same_v<T, char>) return text_kind::character;
      return is_character<T> ? text_kind::none : text_kind::integer;
    case form::enumeration:
      return text_kind::enumeration;
    case form::text:
    case form::text_view:
      return text_kind::text;
    case form::sequence:
    case form::view:
    case form::set:
    case form::unordered_set:
      return text_kind::list;
    case form::array:
      return text_kind::array;
    case form::map:
    case form::unordered_map:
      return text_kind::map;
    case form::optional:
      return text_kind::optional;
    case form::pointer:
      return text_kind::pointer;
    case form::variant:
      return text_kind::variant;
    case form::product:
      return text_kind::product;
    case form::complex:
      return text_kind::complex;
    case form::path:
      return text_kind::path;
    case form::unit:
      return text_kind::unit;
    case form::hana:
    case form::aggregate:
      return text_kind::object;
    default:
      return text_kind::none;
  }
}

template <class T>
consteval text_kind find_text_kind() {
  if constexpr (has_text_of<T>) {
    return text_kind::own;
  } else if constexpr (is_located<T>) {
    return text_kind::location;
  } else if constexpr (std::is_same_v<T, output_file>) {
    return text_kind::output;
  } else if constexpr (form_of<T> == form::duration) {
    return is_typed_duration<T>() ? text_kind::duration : text_kind::none;
  } else if constexpr (text_kind_of_std<T>() != text_kind::none) {
    return text_kind_of_std<T>();
  } else if constexpr (is_in_std<T>() && requires { typename T::element_type; }) {
    return text_kind::none;  // pointers, which would show an address
  } else if constexpr (std::is_class_v<T> && (requires(std::istream& in, T& value) { in >> value; } ||
                                              requires(std::ostream& out, T const& value) { out << value; })) {
    return text_kind::stream;
  } else {
    return text_kind::none;
  }
}

template <class T>
inline constexpr text_kind text_kind_of = find_text_kind<T>();

/// A map whose keys are names or whole numbers, each once: an object of JSON.
template <class T>
consteval bool is_map_of_names() {
  constexpr text_kind k = text_kind_of<key_of<T>>;
  constexpr bool is_unique = requires(T& map) { map.begin() == map.emplace().first; };
  return is_unique && (k == text_kind::text || k == text_kind::path || k == text_kind::enumeration ||
                       k == text_kind::integer);
}

/// Reading it from text needs no brackets: it can stand in a list of commas.
template <class T>
consteval bool is_text_scalar() {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::optional)
    return is_text_scalar<element_of<T>>();
  else
    return k == text_kind::own || k == text_kind::stream || k == text_kind::boolean ||
           k == text_kind::character || k == text_kind::integer || k == text_kind::floating ||
           k == text_kind::enumeration || k == text_kind::text || k == text_kind::path ||
           k == text_kind::location || k == text_kind::duration || k == text_kind::complex;
}

enum class text_use : bool { reading, showing };

template <text_use Use, class T, class... Enclosing>
consteval bool has_text();

template <text_use Use, class... Enclosing, class... Ts>
consteval bool all_have_text(type_list<Ts...>) {
  return (has_text<Use, std::remove_cv_t<Ts>, Enclosing...>() && ...);
}
// What is read is filled in field by field.
template <class... Ts>
consteval bool none_is_const(type_list<Ts...>) {
  return !(std::is_const_v<Ts> || ...);
}

// An adapted class may have functions that get and set instead.
template <class T>
consteval bool has_references() {
  if constexpr (form_of<T> == form::hana)
    return decltype(with_accessors<T>([](auto const&... pairs) {
      return std::bool_constant<(
          std::is_lvalue_reference_v<decltype(::boost::hana::second(pairs)(std::declval<T&>()))> && ...)>{};
    }))::value;
  else
    return true;
}

template <text_use Use, class T, class... Enclosing>
consteval bool has_text_parts() {
  if constexpr (is_among<T, Enclosing...>)
    return true;
  else if constexpr (Use == text_use::reading && text_kind_of<T> != text_kind::product &&
                     !(std::is_default_constructible_v<T> && std::is_copy_constructible_v<T> &&
                       has_references<T>()))
    return false;
  else
    return (Use == text_use::showing || none_is_const(parts_of<T>())) &&
           all_have_text<Use, T, Enclosing...>(parts_of<T>());
}

template <text_use Use, class T, class... Enclosing>
consteval bool has_text() {
  constexpr text_kind k = text_kind_of<T>;
  constexpr bool reading = Use == text_use::reading;
  if constexpr (k == text_kind::none) {
    return false;
  } else if constexpr (k == text_kind::own) {
    if constexpr (reading)
      return requires(std::string_view text) {
        { memo::text_of<T>::parse(text) } -> std::convertible_to<T>;
      } && std::copyable<T>;
    else
      return requires(T const& value) {
        { memo::text_of<T>::print(value) } -> std::convertible_to<std::string>;
      };
  } else if constexpr (k == text_kind::stream) {
    if constexpr (reading)
      return std::copyable<T> && std::default_initializable<T> &&
             requires(std::istream& in, T& value) { in >> value; };
    else
      return requires(std::ostream& out, T const& value) { out << value; };
  } else if constexpr (k == text_kind::optional) {
    // That the inner one is empty could not be said.
    constexpr text_kind inner = text_kind_of<element_of<T>>;
    return (!reading || (inner != text_kind::optional && inner != text_kind::unit)) &&
           has_text<Use, element_of<T>, Enclosing...>();
  } else if constexpr (k == text_kind::array) {
    return (!reading || std::is_default_constructible_v<element_of<T>>) &&
           has_text<Use, element_of<T>, Enclosing...>();
  } else if constexpr (k == text_kind::list) {
    return (!reading || form_of<T> != form::view) && has_text<Use, element_of<T>, Enclosing...>();
  } else if constexpr (k == text_kind::pointer) {
    return !reading && has_text<Use, element_of<T>, Enclosing...>();
  } else if constexpr (k == text_kind::complex) {
    return std::is_floating_point_v<element_of<T>>;
  } else if constexpr (k == text_kind::map) {
    return has_text<Use, key_of<T>, Enclosing...>() && has_text<Use, typename T::mapped_type, Enclosing...>();
  } else if constexpr (k == text_kind::product || k == text_kind::object || k == text_kind::variant) {
    return has_text_parts<Use, T, Enclosing...>();
  } else if constexpr (k == text_kind::text) {
    return !reading || form_of<T> == form::text;
  } else if constexpr (k == text_kind::output) {
    return !reading;
  } else {
    return true;
  }
}

}  // namespace detail

/// Values of it can be given as text: on a command line, and in JSON.
template <class T>
concept text_readable = detail::has_text<detail::text_use::reading, std::remove_cv_t<T>>();

/// Values of it can be shown as text.
template <class T>
concept text_showable = detail::has_text<detail::text_use::showing, std::remove_cv_t<T>>();

}  // namespace memo
