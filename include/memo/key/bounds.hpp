/// What bounds decoding, so that damaged bytes cost neither memory nor stack.
#pragma once

#include <memo/core/error.hpp>
#include <memo/key/packed.hpp>
#include <memo/key/type_code.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace memo::detail {

// So many elements may be in a container if nothing is known of the bytes that each takes, such as none at all: a
// size of 2^61 cannot be checked against the bytes then.
inline constexpr std::uint64_t max_empty_elements = std::uint64_t{1} << 20;
// Of classes inside classes; well below what a thread's stack holds.
inline constexpr unsigned max_depth = 256;

[[noreturn]] inline void throw_undecodable(char const* what) {
  throw decode_error("stored bytes are not a value of the type that is asked for", {{"found", what}}, "");
}

// A lower bound of the bytes that any T takes; zero where none is known.
template <class T>
consteval std::size_t smallest_form();

template <class... Ts>
consteval std::size_t smallest_sum(type_list<Ts...>) {
  return (smallest_form<std::remove_cv_t<Ts>>() + ... + 0);
}

template <class T>
consteval std::size_t smallest_form() {
  constexpr form s = form_of<T>;
  if constexpr (is_packed<T>)
    return sizeof(T);
  else if constexpr (s == form::boolean || s == form::optional || s == form::pointer ||
                     s == form::enumeration)
    return 1;
  else if constexpr (s == form::wide_float)
    return long_double_size;
  else if constexpr (s == form::variant)
    return 4;
  else if constexpr (s == form::array)
    return array_size<T> * smallest_form<element_of<T>>();
  else if constexpr (s == form::product || s == form::aggregate || s == form::hana)
    return smallest_sum(parts_of<T>());
  else if constexpr (s == form::unit || s == form::cereal || s == form::codec || s == form::complex ||
                     s == form::duration || s == form::time_point)
    return 0;
  else
    return 8;  // a size
}

}  // namespace memo::detail
