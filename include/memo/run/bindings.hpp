/// The arguments of a run: values given to inputs by name.
#pragma once

#include <memo/graph/pipeline.hpp>
#include <memo/graph/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// Values in braces: they become any container that is made from a range of them.
template <class V>
struct listed {
  std::vector<V> values;
};
/// A value for the input with this id. Holds the value: moved in, or copied from an lvalue.
template <name_id Id, class V>
struct binding {
  static constexpr name_id id = Id;
  using value_type = V;
  V value;
};

/// A name that waits for its value: `"n"_in = 3`.
template <name_id Id>
struct binding_name {
  template <class V>
  constexpr auto operator=(V&& value) const {  // NOLINT: assignment makes the binding
    return binding<Id, std::decay_t<V>>{std::forward<V>(value)};
  }
  template <class V>
  auto operator=(std::initializer_list<V> values) const {  // NOLINT
    return binding<Id, listed<V>>{listed<V>{values}};
  }
};

}  // namespace detail

namespace literals {

/// Names an input of a run: `runner.run(pipeline, "n"_in = 3)`.
template <fixed_string Name>
consteval auto operator""_in() {
  return detail::binding_name<id_of<Name>>{};
}

}  // namespace literals

namespace rule {

template <class Input>
struct input_missing {
  static_assert(broken<Input>,
                "memo: the input was not given a value and has no default; pass \"name\"_in = value");
};
template <class Name>
struct input_given_twice {
  static_assert(broken<Name>, "memo: the input was given a value twice");
};
template <class Name>
struct not_an_input {
  static_assert(broken<Name>, "memo: a value was given to a name that is no input of the pipeline");
};
template <class Input, class Given, class Wanted>
struct wrong_input_type {
  static_assert(
      broken<Input>,
      "memo: the value given to the input does not convert to the type of the input, or not without loss (a "
      "fraction to an integer, or anything but a bool to a bool)");
};
template <class Name>
struct no_such_name {
  static_assert(broken<Name>, "memo: no input or step of this pipeline has this name");
};

}  // namespace rule

namespace detail {

template <class V>
inline constexpr bool is_listed = false;
template <class V>
inline constexpr bool is_listed<listed<V>> = true;

template <class V, class T>
concept fills = is_listed<V> && requires(V given) {
  T(given.values.begin(), given.values.end());
  requires is_input_value<typename decltype(given.values)::value_type, typename T::value_type>;
};

template <class Node>
inline constexpr bool needs_value = false;
template <name_id Id, class T, class Added>
inline constexpr bool needs_value<input_node<Id, T, nothing, Added>> = true;

enum class binding_error : std::uint8_t { none, missing, twice, no_input };

struct binding_fault {
  binding_error error = binding_error::none;
  name_id name = 0;
};

/// The first thing that is wrong with the ids of the given values.
template <class Shape, std::size_t Nodes, std::size_t Given>
constexpr binding_fault find_fault(std::array<bool, Nodes> const& needed,
                                   std::array<name_id, Given> const& given, std::size_t count) {
  auto const& s = Shape::value;
  std::array<char, Nodes> times{};
  for (std::size_t i = 0; i < count; ++i) {
    index const slot = Shape::slot_named(given[i]);
    if (slot == no_index || s.counts[s.slot_node[slot]].is_step) return {binding_error::no_input, given[i]};
    if (times[s.slot_node[slot]]++ != 0) return {binding_error::twice, given[i]};
  }
  for (std::size_t n = 0; n < Nodes; ++n)
    if (needed[n] && times[n] == 0) return {binding_error::missing, s.slot_id[s.first_slot[n]]};
  return {};
}

template <class List, class Given>
inline constexpr bool fits_input = false;
template <class List, name_id Id, class V>
inline constexpr bool fits_input<List, binding<Id, V>> =
    std::is_same_v<V, slot_type<List, Id>> || fills<V, slot_type<List, Id>> ||
    is_input_value<V, slot_type<List, Id>>;

template <class List, class First, class... Rest>
struct first_misfit : first_misfit<List, Rest...> {};
template <class List, class First, class... Rest>
  requires(!fits_input<List, First>)
struct first_misfit<List, First, Rest...> : First {};

template <class... Nodes, class... Given>
consteval auto check_bindings(types<Nodes...>, types<Given...>) {
  constexpr binding_fault fault = find_fault<shape_of<Nodes...>>(
      std::array<bool, sizeof...(Nodes)>{needs_value<Nodes>...},
      std::array<name_id, sizeof...(Given) + 1>{Given::id...}, sizeof...(Given));
  if constexpr (fault.error == binding_error::missing)
    return sizeof(rule::input_missing<input_witness<fault.name>>) != 0;
  else if constexpr (fault.error == binding_error::twice)
    return sizeof(rule::input_given_twice<name_witness<fault.name>>) != 0;
  else if constexpr (fault.error == binding_error::no_input)
    return sizeof(rule::not_an_input<name_witness<fault.name>>) != 0;
  else if constexpr (!(true && ... && fits_input<types<Nodes...>, Given>)) {
    using wrong = first_misfit<types<Nodes...>, Given...>;
    return sizeof(rule::wrong_input_type<input_witness<wrong::id>, type<typename wrong::value_type>,
                                         type<slot_type<types<Nodes...>, wrong::id>>>) != 0;
  } else
    return true;
}

template <class T, name_id Id, class V>
std::shared_ptr<void const> make_input(binding<Id, V>& given, std::string_view name) {
  if constexpr (std::is_same_v<T, V>)
    return std::make_shared<T>(std::move(given.value));
  else if constexpr (fills<V, T>)
    return std::make_shared<T>(given.value.values.begin(), given.value.values.end());
  else
    return std::make_shared<T>(to_input<T>(std::move(given.value), name));
}

template <name_id Id, class T, class Default, class Added, class... Given>
void bind_input(std::vector<std::shared_ptr<void const>>& values,
                input_node<Id, T, Default, Added> const& node, Given&... given) {
  std::shared_ptr<void const> value;
  [[maybe_unused]] auto take = [&]<name_id Other, class V>(binding<Other, V>& candidate) {
    if constexpr (Other == Id) value = make_input<T>(candidate, node.name);
  };
  (take(given), ...);
  if constexpr (input_node<Id, T, Default, Added>::has_default)
    if (value == nullptr) value = std::make_shared<T>(value_from<T>(node.default_value, node.name));
  values.push_back(std::move(value));
}
template <class... Given>
void bind_input(std::vector<std::shared_ptr<void const>>&, step_base const&, Given&...) {}

/// The values of a pipeline's inputs, in the order of their declaration.
template <class... Nodes, class... Given>
std::vector<std::shared_ptr<void const>> bind_inputs(pipeline_type<Nodes...> const& p, Given&... given) {
  std::vector<std::shared_ptr<void const>> values;
  boost::hana::unpack(p.nodes, [&](Nodes const&... node) { (bind_input(values, node, given...), ...); });
  return values;
}

template <name_id Id, class T, class Default, class Added>
void fill_default(std::vector<std::shared_ptr<void const>>& values, std::size_t& at,
                  input_node<Id, T, Default, Added> const& node) {
  std::shared_ptr<void const>& value = values[at++];
  if constexpr (input_node<Id, T, Default, Added>::has_default)
    if (value == nullptr) value = std::make_shared<T>(value_from<T>(node.default_value, node.name));
}
inline void fill_default(std::vector<std::shared_ptr<void const>>&, std::size_t&, step_base const&) {}

/// Puts the defaults of inputs where a value is null.
template <class... Nodes>
void fill_defaults(pipeline_type<Nodes...> const& p, std::vector<std::shared_ptr<void const>>& values) {
  std::size_t at = 0;
  boost::hana::unpack(p.nodes, [&](Nodes const&... node) { (fill_default(values, at, node), ...); });
}

}  // namespace detail
}  // namespace memo
