/// Plain aggregates, read by the compiler: how many fields there are, their types, references to them.
///
/// An aggregate qualifies if it has no base class, at most 64 fields, and no bit-field, reference, union or
/// anonymous member. Everything else needs a cereal `serialize` or a `memo::codec`.
#pragma once

#include <memo/key/fields.hpp>

namespace memo::detail {

// C arrays count with all their elements while initializers are counted.
inline constexpr std::size_t max_initializers = 256;

// Conversions of these are only ever named, never made. They have a body all the same: clang wants one where an
// optional of a type without linkage is initialized. A constexpr one would be evaluated.
struct any_value {
  template <class U>
  operator U() const {
    __builtin_unreachable();
  }
};
struct any_union {
  template <class U>
    requires std::is_union_v<U>
  operator U() const {
    __builtin_unreachable();
  }
};
struct no_value {};
template <class T>
struct any_base_of {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const {
    __builtin_unreachable();
  }
};

template <class Value, std::size_t>
using repeat = Value;

template <class T, std::size_t... I>
consteval bool takes_initializers(std::index_sequence<I...>) {
  return requires { T{repeat<any_value, I>{}...}; };
}
// Members that take whatever there is, as std::any does, are no unions.
template <class T, std::size_t... I>
consteval bool takes_union_after(std::index_sequence<I...>) {
  constexpr bool takes_union = requires { T{repeat<any_value, I>{}..., any_union{}}; };
  constexpr bool takes_all = requires { T{repeat<any_value, I>{}..., no_value{}}; };
  return takes_union && !takes_all;
}
template <class T, std::size_t... I>
consteval bool has_union_member(std::index_sequence<I...>) {
  return (takes_union_after<T>(std::make_index_sequence<I>{}) || ...);
}

template <class T, std::size_t... I, std::size_t... Nested, std::size_t... J>
consteval bool takes_nested(std::index_sequence<I...>, std::index_sequence<Nested...>,
                            std::index_sequence<J...>) {
  return requires {
    T{repeat<any_value, I>{}..., {repeat<any_value, Nested>{}...}, repeat<any_value, J>{}...};
  };
}

// The largest number of initializers, or -1 where no number works.
template <class T, std::size_t N = 0, bool WorkedBefore = false>
consteval int count_initializers() {
  if constexpr (N > max_initializers)
    return -1;
  else if constexpr (takes_initializers<T>(std::make_index_sequence<N>{}))
    return count_initializers<T, N + 1, true>();
  else if constexpr (WorkedBefore)
    return static_cast<int>(N) - 1;
  else
    return count_initializers<T, N + 1, false>();
}

// Whether the member at initializer `At`, given `Nested` values in braces, leaves room for `After` more.
template <class T, std::size_t At, std::size_t Nested, std::size_t After>
consteval bool member_takes() {
  return takes_nested<T>(std::make_index_sequence<At>{}, std::make_index_sequence<Nested>{},
                         std::make_index_sequence<After>{});
}

// How many of `Total` initializers the member that begins at `At` swallows where its braces are left out:
// more than one for a C array only, which, unlike any other member, then leaves no room for all that
// follow.
template <class T, std::size_t At, std::size_t Total, std::size_t Try = 2>
consteval std::size_t array_extent_at() {
  if constexpr (At + Try > Total)
    return 1;
  else if constexpr (member_takes<T, At, Try, Total - At - Try>())
    return Try;
  else
    return array_extent_at<T, At, Total, Try + 1>();
}
// Values in braces come last: offered to a vector of a type that cannot be copied, they are a hard error on
// clang.
template <class T, std::size_t At, std::size_t Total, std::size_t Nested = 0>
consteval std::size_t extent_at() {
  if constexpr (Nested == 4)
    return array_extent_at<T, At, Total>();
  else if constexpr (member_takes<T, At, Nested, Total - At - 1>())
    return 1;
  else
    return extent_at<T, At, Total, Nested + 1>();
}

template <class T, std::size_t Total, std::size_t At = 0>
consteval std::size_t count_members() {
  if constexpr (At >= Total)
    return 0;
  else
    return 1 + count_members<T, Total, At + extent_at<T, At, Total>()>();
}

// The number of fields, or -1 where it cannot be told or there are too many.
template <class T>
consteval int count_fields() {
  constexpr int initializers = count_initializers<T>();
  if constexpr (initializers <= 0) {
    return initializers;
  } else {
    constexpr std::size_t members = count_members<T, static_cast<std::size_t>(initializers)>();
    return members > max_fields ? -1 : static_cast<int>(members);
  }
}

template <class T>
inline constexpr int field_count = count_fields<T>();

template <class T>
using fields_of =
    decltype(field_types_of(std::declval<T&>(), field_number<static_cast<std::size_t>(field_count<T>)>{}));

template <class... Fs>
consteval bool no_references(type_list<Fs...>) {
  return !(std::is_reference_v<Fs> || ...);
}
// Fields that are whole objects cannot be larger together than what holds them; bit-fields can.
template <class... Fs>
consteval bool fit_into(type_list<Fs...>, std::size_t size) {
  return ((std::is_empty_v<Fs> ? 0 : sizeof(Fs)) + ... + 0) <= size;
}

template <class T>
consteval bool is_plain_aggregate() {
  if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T> || std::is_polymorphic_v<T>) {
    return false;
  } else if constexpr (requires { T{any_base_of<T>{}}; }) {
    return false;
  } else if constexpr (field_count<T> < 0) {
    return false;
  } else if constexpr (field_count<T> == 0) {
    return std::is_empty_v<T>;
  } else if constexpr (has_union_member<T>(
                           std::make_index_sequence<static_cast<std::size_t>(count_initializers<T>())>{})) {
    return false;
  } else if constexpr (!no_references(fields_of<T>{})) {
    return false;
  } else {
    return fit_into(fields_of<T>{}, sizeof(T));
  }
}

/// Calls `f` with references to the fields of `value`, in order.
template <class T, class F>
constexpr decltype(auto) with_fields(T& value, F&& f) {
  return visit_fields(value, std::forward<F>(f),
                      field_number<static_cast<std::size_t>(field_count<std::remove_const_t<T>>)>{});
}

}  // namespace memo::detail
