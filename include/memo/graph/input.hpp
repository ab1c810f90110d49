#pragma once

#include <memo/graph/name.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {
namespace detail {

struct nothing {};

/// A value that `run` is given. `Default` and `Added` are the types of the values as the user wrote them.
template <name_id Id, class T, class Default = nothing, class Added = nothing>
struct input_node {
  using value_type = T;
  static constexpr name_id id = Id;
  static constexpr bool has_default = !std::is_same_v<Default, nothing>;
  static constexpr bool is_added = !std::is_same_v<Added, nothing>;

  std::string_view name;
  std::string_view pipeline{};
  [[no_unique_address]] Default default_value{};
  [[no_unique_address]] Added added_value{};

  /// Makes the input optional. `value` is kept as given, or is called, and converted to `T` at run time.
  template <class V>
  constexpr auto defaults_to(V value) const {
    return input_node<Id, T, V, Added>{name, pipeline, std::move(value), added_value};
  }

  /// Says that this input was added to steps that behaved as with `value` before: while it equals `value` it is left
  /// out of keys, so old results stay good. `value` must never change.
  template <class V>
  constexpr auto added_with(V value) const {
    return input_node<Id, T, Default, V>{name, pipeline, default_value, std::move(value)};
  }
};

/// The value of a default: what was written, or what it returns when called.
template <class T, class V>
T value_from(V const& written) {
  if constexpr (std::is_invocable_v<V const&>)
    return static_cast<T>(written());
  else
    return static_cast<T>(written);
}

}  // namespace detail

/// Declares a value that `run` is given by name: `memo::input<"leaf_size", int>`.
template <fixed_string Name, class T>
inline constexpr detail::input_node<id_of<Name>, T> input{detail::define_name<Name>::text.view()};

}  // namespace memo
