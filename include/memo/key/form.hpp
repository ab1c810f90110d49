/// What kind of value a type is: the one decision that hashing, storing, loading and schemas share.
///
/// Standard types are recognised by what they offer and by being in namespace std, so that no header is
/// included here for types that a program does not use.
#pragma once

#include <memo/key/aggregate.hpp>
#include <memo/key/cereal_bridge.hpp>
#include <memo/key/codec.hpp>
#include <memo/key/hana.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo::detail {

enum class form : unsigned char {
  none,        // neither hashable nor storable, unless by codec or hash_of
  codec,       // memo::codec<T> says how
  boolean,     // one byte, 0 or 1
  number,      // integers, characters, float, double
  wide_float,  // long double: its significant bytes
  enumeration,
  text,       // std::string
  text_view,  // std::string_view: hashable only
  view,       // std::span: hashable only
  array,      // std::array, C array
  sequence,   // vector, list, deque, strings of wide characters
  set,
  map,
  unordered_set,
  unordered_map,
  optional,
  pointer,  // std::unique_ptr
  variant,
  product,  // pair, tuple
  complex,
  duration,
  time_point,
  path,
  unit,  // std::monostate and other empty types of std
  cereal,
  hana,
  aggregate,
};

template <class T>
consteval bool is_in_std() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  return text.substr(text.find("T = ") + 4).starts_with("std::");
}

template <class T>
inline constexpr bool is_long_double = std::is_same_v<T, long double>;
template <class T>
inline constexpr bool is_char_string = false;
template <class A>
inline constexpr bool is_char_string<std::basic_string<char, std::char_traits<char>, A>> = true;
template <class T>
inline constexpr bool is_span = false;
template <class T, std::size_t N>
inline constexpr bool is_span<std::span<T, N>> = true;
template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;
template <class T>
inline constexpr bool is_unique_ptr = false;
template <class T>
inline constexpr bool is_unique_ptr<std::unique_ptr<T>> = !std::is_array_v<T> && !std::is_polymorphic_v<T>;

template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;
template <class T>
inline constexpr bool is_product = is_pair<T>;
template <class... Ts>
inline constexpr bool is_product<std::tuple<Ts...>> = true;

// The types that a standard template is made of.
template <class T>
struct arguments_of;
template <template <class...> class Template, class... Ts>
struct arguments_of<Template<Ts...>> {
  using type = type_list<Ts...>;
};

template <class T>
concept has_elements = requires(T const& v) {
  typename T::value_type;
  v.begin() != v.end();
  { v.size() } -> std::convertible_to<std::size_t>;
};

// A comparison that is not a stateless class cannot be had back from bytes.
template <class T>
consteval form form_of_std() {
  if constexpr (is_char_string<T>) {
    return form::text;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return form::text_view;
  } else if constexpr (is_span<T>) {
    return form::view;
  } else if constexpr (is_std_array<T>) {
    return form::array;
  } else if constexpr (is_unique_ptr<T>) {
    return form::pointer;
  } else if constexpr (requires(T const& v) { v.lexically_normal().generic_string(); }) {
    return form::path;
  } else if constexpr (has_elements<T>) {
    constexpr bool keyed = requires { typename T::key_type; };
    constexpr bool mapped = requires { typename T::mapped_type; };
    if constexpr (requires { typename T::hasher; })
      return mapped ? form::unordered_map : form::unordered_set;
    else if constexpr (requires { typename T::key_compare; })
      return !std::is_empty_v<typename T::key_compare> ? form::none : mapped ? form::map : form::set;
    else if constexpr (!keyed && requires(T& v) { v.push_back(std::declval<typename T::value_type>()); })
      return form::sequence;
    else
      return form::none;
  } else if constexpr (requires(T const& v) {
                         v.valueless_by_exception();
                         v.index();
                       }) {
    return form::variant;
  } else if constexpr (
      !requires { typename T::error_type; } &&
      requires(T const& v) {
        typename T::value_type;
        v.has_value();
        *v;
        v.value();
      }) {
    return form::optional;
  } else if constexpr (requires(T const& v) {
                         typename T::rep;
                         typename T::period;
                         v.count();
                       }) {
    return form::duration;
  } else if constexpr (requires(T const& v) {
                         typename T::clock;
                         v.time_since_epoch();
                       }) {
    return form::time_point;
  } else if constexpr (requires(T const& v) {
                         typename T::value_type;
                         v.real();
                         v.imag();
                       }) {
    return form::complex;
  } else if constexpr (is_product<T>) {
    return form::product;
  } else if constexpr (std::is_empty_v<T> && std::is_default_constructible_v<T> &&
                       std::is_trivially_copyable_v<T>) {
    return form::unit;
  } else if constexpr (requires { typename T::element_type; }) {
    return form::none;  // shared_ptr, weak_ptr and others, whose cereal support keeps identities
  } else {
    return is_cereal<T> ? form::cereal : form::none;
  }
}

template <class T>
consteval form find_form() {
  if constexpr (std::is_const_v<T> || std::is_volatile_v<T> || std::is_reference_v<T> || std::is_void_v<T>) {
    return form::none;
  } else if constexpr (has_codec<T>) {
    return form::codec;
  } else if constexpr (std::is_same_v<T, bool>) {
    return form::boolean;
  } else if constexpr (is_long_double<T>) {
    return std::numeric_limits<T>::digits == 53 ? form::number : form::wide_float;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return sizeof(T) <= 8 ? form::number : form::none;
  } else if constexpr (std::is_enum_v<T>) {
    return form::enumeration;
  } else if constexpr (std::is_bounded_array_v<T>) {
    return form::array;
  } else if constexpr (!std::is_class_v<T>) {
    return form::none;
  } else if constexpr (is_in_std<T>()) {
    return form_of_std<T>();
  } else if constexpr (is_cereal<T>) {
    return std::is_polymorphic_v<T> ? form::none : form::cereal;
  } else if constexpr (is_hana_struct<T>) {
    return form::hana;
  } else if constexpr (is_plain_aggregate<T>()) {
    return form::aggregate;
  } else {
    return form::none;
  }
}

template <class T>
inline constexpr form form_of = find_form<T>();

// Keys of maps are const in value_type; what is written and read is not.
template <class T>
using key_of = std::remove_const_t<typename T::key_type>;

template <class T>
struct element_type_of {
  using type = typename T::value_type;
};
template <class T, std::size_t N>
struct element_type_of<T[N]> {
  using type = T;
};
template <class T, std::size_t N>
struct element_type_of<std::span<T, N>> {
  using type = std::remove_cv_t<T>;
};
template <class T>
struct element_type_of<std::unique_ptr<T>> {
  using type = std::remove_cv_t<T>;
};
/// What a container, optional, complex or pointer holds.
template <class T>
using element_of = std::remove_cv_t<typename element_type_of<T>::type>;

template <class T>
inline constexpr std::size_t array_size = 0;
template <class T, std::size_t N>
inline constexpr std::size_t array_size<T[N]> = N;
template <class T, std::size_t N>
inline constexpr std::size_t array_size<std::array<T, N>> = N;

/// The values that follow one another in a pair, tuple, variant, plain or adapted struct.
template <class T>
consteval auto parts_of() {
  if constexpr (form_of<T> == form::aggregate)
    return fields_of<T>{};
  else if constexpr (form_of<T> == form::hana)
    return hana_fields<T>{};
  else if constexpr (form_of<T> == form::product || form_of<T> == form::variant)
    return typename arguments_of<T>::type{};
}

}  // namespace memo::detail
