#pragma once

#include <memo/core/error.hpp>
#include <memo/graph/name.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {
namespace detail {

struct nothing {};

/// The part of an input that has no types.
struct input_base {
  std::string_view name;
  std::string_view pipeline{};
};

/// A value that `run` is given. `Default` and `Added` are the types of the values as the user wrote them.
template <name_id Id, class T, class Default = nothing, class Added = nothing>
struct input_node : input_base {
  using value_type = T;
  static constexpr name_id id = Id;
  static constexpr bool has_default = !std::is_same_v<Default, nothing>;
  static constexpr bool is_added = !std::is_same_v<Added, nothing>;

  [[no_unique_address]] Default default_value{};
  [[no_unique_address]] Added added_value{};

  /// Makes the input optional. `value` is kept as given, or is called, and converted to `T` at run time.
  template <class V>
  constexpr auto defaults_to(V value) const {
    return input_node<Id, T, V, Added>{*this, std::move(value), added_value};
  }

  /// Says that this input was added to steps that behaved as with `value` before: while it equals `value` it is left
  /// out of keys, so old results stay good. `value` must never change.
  template <class V>
  constexpr auto added_with(V value) const {
    return input_node<Id, T, Default, V>{*this, default_value, std::move(value)};
  }
};

/// What may be given for an input of type `T`: what converts without being asked to, loses no fraction, and is a bool
/// where `T` is bool.
template <class V, class T>
inline constexpr bool is_input_value =
    std::is_convertible_v<V, T> &&
    !(std::is_floating_point_v<std::remove_cvref_t<V>> && std::is_integral_v<T>) &&
    !(std::is_same_v<T, bool> && !std::is_same_v<std::remove_cvref_t<V>, bool>);

/// Converts a value given for the input `name`. Throws usage_error for an integer that the type cannot hold.
template <class T, class V>
T to_input(V&& given, std::string_view name) {
  using From = std::remove_cvref_t<V>;
  if constexpr (std::is_integral_v<T> && std::is_integral_v<From> && !std::is_same_v<From, T>) {
    T const converted = static_cast<T>(given);
    if (static_cast<From>(converted) != given || (converted < T{}) != (given < From{}))
      throw usage_error("the integer given to an input does not fit its type",
                        {{"input", std::string(name)}, {"given", std::to_string(given)}},
                        "give a smaller one, or declare the input with a wider type");
    return converted;
  } else {
    return static_cast<T>(std::forward<V>(given));
  }
}

/// The value of a default: what was written, or what it returns when called.
template <class T, class V>
T value_from(V const& written, std::string_view name) {
  if constexpr (std::is_invocable_v<V const&>)
    return to_input<T>(written(), name);
  else
    return to_input<T>(written, name);
}

}  // namespace detail

/// Declares a value that `run` is given by name: `memo::input<"leaf_size", int>`.
template <fixed_string Name, class T>
inline constexpr detail::input_node<id_of<Name>, T> input{{detail::define_name<Name>::text.view()}};

}  // namespace memo
