/// Names of the fields of a plain aggregate, as the program spells them.
///
/// Compilers differ in how they print a template argument that points to a field, but all end with the
/// field's identifier; only that is taken.
#pragma once

#include <memo/key/aggregate.hpp>

#include <string_view>
#include <tuple>

namespace memo::detail {

// A T that is never made nor defined: its fields have addresses, which is all that is needed of them.
#if defined(__clang__)
#  pragma clang diagnostic push
#  pragma clang diagnostic ignored "-Wundefined-var-template"
#  pragma clang diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
struct example_of {
  union never_made {
    T value;
    ~never_made();
  };
  static never_made object;
};

// g++ warns of a type without linkage inside a type with it, and clang of a bare pointer; this wrapper
// suits both.
template <class T>
struct field_address {
  T const* at;
};
template <class T>
field_address(T const*) -> field_address<T>;

constexpr bool is_identifier_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c & 0x80) != 0;
}

template <auto Address>
consteval std::string_view spelled_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  std::size_t end = text.rfind('}');
  // "...value.lr}]" on clang; "...::value.config::lr)}]" or "...::value.lr}]" on g++
  while (end > 0 && !is_identifier_char(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_identifier_char(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

template <class T, std::size_t I>
consteval std::string_view field_name() {
  constexpr auto pick = [](auto&... fields) {
    return std::get<I>(std::tuple<std::remove_reference_t<decltype(fields)> const*...>{&fields...});
  };
  return spelled_name<field_address{with_fields(example_of<T>::object.value, pick)}>();
}
#if defined(__clang__)
#  pragma clang diagnostic pop
#endif

}  // namespace memo::detail
