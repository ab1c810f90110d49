/// The arguments of a run: values given to inputs by name.
#pragma once

#include <memo/graph/pipeline.hpp>
#include <memo/graph/row.hpp>

#include <initializer_list>
#include <memory>
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
  static_assert(broken<Input>,
                "memo: the value given to the input does not convert to the type of the input");
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

template <class Node, class... Given>
consteval bool check_given() {
  if constexpr (!node_names<Node>::is_step) {
    constexpr std::size_t times = (std::size_t{0} + ... + (Given::id == Node::id));
    if constexpr (times == 0 && !Node::has_default) {
      return sizeof(rule::input_missing<input_witness<Node::id>>) != 0;
    } else if constexpr (times > 1) {
      return sizeof(rule::input_given_twice<name_witness<Node::id>>) != 0;
    }
  }
  return true;
}

template <class Given, class... Nodes>
consteval bool check_binding() {
  auto const is_it = []<class Node>(std::type_identity<Node>) {
    if constexpr (node_names<Node>::is_step)
      return false;
    else
      return Node::id == Given::id;
  };
  if constexpr (!(false || ... || is_it(std::type_identity<Nodes>{})))
    return sizeof(rule::not_an_input<name_witness<Given::id>>) != 0;
  else
    return true;
}

template <class... Nodes, class... Given>
consteval bool check_bindings(types<Nodes...>, types<Given...>) {
  return (true && ... && check_given<Nodes, Given...>()) && (true && ... && check_binding<Given, Nodes...>());
}

template <class T, name_id Id, class V>
std::shared_ptr<void const> make_input(binding<Id, V>& given) {
  if constexpr (std::is_same_v<T, V>)
    return std::make_shared<T>(std::move(given.value));
  else if constexpr (fills<V, T>)
    return std::make_shared<T>(given.value.values.begin(), given.value.values.end());
  else if constexpr (is_input_value<V, T>)
    return std::make_shared<T>(to_input<T>(std::move(given.value)));
  else
    static_assert(sizeof(rule::wrong_input_type<input_witness<Id>, type<V>, type<T>>) == 0);
}

template <name_id Id, class T, class Default, class Added, class... Given>
void bind_input(std::vector<std::shared_ptr<void const>>& values,
                input_node<Id, T, Default, Added> const& node, Given&... given) {
  std::shared_ptr<void const> value;
  auto take = [&]<name_id Other, class V>(binding<Other, V>& candidate) {
    if constexpr (Other == Id) value = make_input<T>(candidate);
  };
  (take(given), ...);
  if constexpr (input_node<Id, T, Default, Added>::has_default)
    if (value == nullptr) value = std::make_shared<T>(value_from<T>(node.default_value));
  values.push_back(std::move(value));
}
template <class Outputs, class Parts, class Reads, class After, cache_policy Policy, class... Given>
void bind_input(std::vector<std::shared_ptr<void const>>&,
                step_node<Outputs, Parts, Reads, After, Policy> const&, Given&...) {}

/// The values of a pipeline's inputs, in the order of their declaration.
template <class... Nodes, class... Given>
std::vector<std::shared_ptr<void const>> bind_inputs(pipeline_type<Nodes...> const& p, Given&... given) {
  std::vector<std::shared_ptr<void const>> values;
  boost::hana::unpack(p.nodes, [&](Nodes const&... node) { (bind_input(values, node, given...), ...); });
  return values;
}

}  // namespace detail
}  // namespace memo
