/// Which types can be hashed and which can be stored, through all that they hold.
#pragma once

#include <memo/key/packed.hpp>

#include <type_traits>

namespace memo {
namespace detail {

enum class purpose : bool { hashing, storing };

template <class T, class... Enclosing>
inline constexpr bool is_among = (std::is_same_v<T, Enclosing> || ...);

template <purpose P, class T, class... Enclosing>
consteval bool can();

template <purpose P, class... Enclosing, class... Ts>
consteval bool can_all(type_list<Ts...>) {
  return (can<P, std::remove_cv_t<Ts>, Enclosing...>() && ...);
}

// A type inside itself is no reason against: the answer lies in its other members.
template <purpose P, class T, class... Enclosing>
consteval bool can_class() {
  if constexpr (is_among<T, Enclosing...>)
    return true;
  else
    return can_all<P, T, Enclosing...>(parts_of<T>());
}

template <purpose P, class T, class... Enclosing>
consteval bool can() {
  constexpr form s = form_of<T>;
  constexpr bool storing = P == purpose::storing;
  if constexpr (!storing && has_hash_of<T>)
    return can<P, hash_stand_in<T>, Enclosing...>();
  else if constexpr (s == form::none)
    return false;
  else if constexpr (s == form::text_view)
    return !storing;
  else if constexpr (s == form::view)
    return !storing && can<P, element_of<T>, Enclosing...>();
  else if constexpr (s == form::cereal)
    return !storing || (cereal_loads<T>() && std::is_default_constructible_v<T>);
  else if constexpr (s == form::map || s == form::unordered_map)
    return can<P, key_of<T>, Enclosing...>() && can<P, typename T::mapped_type, Enclosing...>();
  else if constexpr (s == form::set || s == form::unordered_set || s == form::array || s == form::sequence ||
                     s == form::optional || s == form::pointer || s == form::complex)
    return can<P, element_of<T>, Enclosing...>();
  else if constexpr (s == form::duration)
    return can<P, typename T::rep, Enclosing...>();
  else if constexpr (s == form::time_point)
    return can<P, typename T::duration, Enclosing...>();
  else if constexpr (s == form::product || s == form::variant)
    return can_all<P, Enclosing...>(parts_of<T>());
  else if constexpr (s == form::aggregate || s == form::hana)
    return can_class<P, T, Enclosing...>();
  else
    return true;
}

}  // namespace detail

/// Its values can stand in keys. A cereal type counts as hashable by its `serialize`; what that shows the
/// archive is checked where it is used.
template <class T>
concept hashable = detail::can<detail::purpose::hashing, std::remove_cv_t<T>>();

/// Its values can be written to a store and read back. Cereal types need a default constructor.
template <class T>
concept storable = detail::can<detail::purpose::storing, std::remove_cv_t<T>>();

}  // namespace memo
