/// Values that are, as a whole, an array in memory; stored ones can be viewed in place as `span<T const>`.
#pragma once

#include <memo/key/packed.hpp>

namespace memo {
namespace detail {

template <class T>
inline constexpr bool is_plain_sequence = false;
template <class T, class A>
inline constexpr bool is_plain_sequence<std::vector<T, A>> = true;
template <class C, class Traits, class A>
inline constexpr bool is_plain_sequence<std::basic_string<C, Traits, A>> = true;
template <class C>
inline constexpr bool is_plain_sequence<std::basic_string_view<C>> = true;
template <class T, std::size_t N>
inline constexpr bool is_plain_sequence<std::span<T, N>> = true;
template <class T, std::size_t N>
inline constexpr bool is_plain_sequence<std::array<T, N>> = true;

template <class T>
consteval bool find_contiguous() {
  if constexpr (!is_plain_sequence<T> || has_codec<T> || has_hash_of<T>)
    return false;
  else
    return is_packed<element_of<T>>;
}

}  // namespace detail

/// True for vectors, arrays, strings, spans and string views of packed elements. Where such a value stands
/// alone, its whole form is the bytes of its elements, with no size in front.
template <class T>
inline constexpr bool is_contiguous_v = detail::find_contiguous<T>();

/// What a contiguous type holds.
template <class T>
using contiguous_element_t = detail::element_of<T>;

}  // namespace memo
