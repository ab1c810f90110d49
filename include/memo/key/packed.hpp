/// Types whose canonical form is their memory: little-endian, fixed width, no padding.
#pragma once

#include <memo/key/form.hpp>

#include <cstddef>
#include <type_traits>

namespace memo {
namespace detail {

template <class T>
consteval bool find_packed();

template <class T>
inline constexpr bool is_packed = find_packed<T>();

template <class... Fs>
consteval bool all_packed(type_list<Fs...>) {
  return (is_packed<Fs> && ...);
}
template <class... Fs>
consteval std::size_t sum_of_sizes(type_list<Fs...>) {
  return (sizeof(Fs) + ... + 0);
}

template <class T>
consteval bool find_packed() {
  constexpr form s = form_of<T>;
  if constexpr (has_hash_of<T> || !std::is_trivially_copyable_v<T>)
    return false;
  else if constexpr (s == form::number)
    return true;
  else if constexpr (s == form::enumeration)
    return is_packed<std::underlying_type_t<T>>;
  else if constexpr (s == form::complex)
    return is_packed<element_of<T>>;
  else if constexpr (s == form::array)
    return array_size<T> > 0 && is_packed<element_of<T>>;
  else if constexpr (s == form::duration)
    return is_packed<typename T::rep>;
  else if constexpr (s == form::time_point)
    return is_packed<typename T::duration>;
  else if constexpr (s == form::aggregate)
    return field_count<T> > 0 && all_packed(parts_of<T>()) && sum_of_sizes(parts_of<T>()) == sizeof(T);
  else
    return false;
}

}  // namespace detail

/// Arithmetic but neither bool nor long double, enumerations, std::complex, durations, and arrays and plain
/// aggregates of those without padding: hashed, stored and loaded as their bytes in memory.
template <class T>
concept packed = detail::is_packed<T>;

}  // namespace memo
