/// The types in a pipeline: what each slot holds and how each step is called.
#pragma once

#include <memo/graph/shape.hpp>
#include <memo/graph/signature.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace memo::detail {

template <std::size_t I, class T>
struct indexed {
  using type = T;
};
template <class Indices, class... Ts>
struct indexer;
template <std::size_t... I, class... Ts>
struct indexer<std::index_sequence<I...>, Ts...> : indexed<I, Ts>... {};
template <std::size_t I, class T>
indexed<I, T> pick(indexed<I, T> const*);

template <class List>
struct list_index;
template <class... Ts>
struct list_index<types<Ts...>> {
  using type = indexer<std::index_sequence_for<Ts...>, Ts...>;
};

/// The I-th type of a list, found by overload resolution instead of recursion.
template <std::size_t I, class List>
using type_at = typename decltype(pick<I>(static_cast<typename list_index<List>::type*>(nullptr)))::type;

template <class List>
struct shape_of_list;
template <class... Nodes>
struct shape_of_list<types<Nodes...>> {
  using type = shape_of<Nodes...>;
};

template <class List, std::size_t Node>
struct step_typing;

/// The types of the outputs of a node. A function whose parameters are spelled out is not asked for its arguments.
template <class List, std::size_t Index, class Node = type_at<Index, List>>
struct node_outputs {
  static consteval auto find() {
    using function = typename Node::parts_type::function_type;
    if constexpr (signature<function>::known)
      return typename outputs_of<typename signature<function>::result, Node::outputs::size>::list{};
    else
      return typename step_typing<List, Index>::outputs::list{};
  }
  using list = decltype(find());
};
template <class List, std::size_t Index, name_id Id, class T, class Default, class Added>
struct node_outputs<List, Index, input_node<Id, T, Default, Added>> {
  using list = types<T>;
};

template <class List, std::size_t Slot>
struct slot_typing {
  static constexpr auto const& shape = shape_of_list<List>::type::value;
  static constexpr std::size_t node = shape.slot_node[Slot];
  using outputs = typename node_outputs<List, node>::list;
  static constexpr std::size_t position = Slot - shape.first_slot[node];
  static consteval auto find() {
    if constexpr (position < outputs::size)
      return std::type_identity<type_at<position, outputs>>{};
    else
      return std::type_identity<void>{};  // the number of outputs does not match: reported by its own rule
  }
  using type = typename decltype(find())::type;
};

/// How a step is called with the types of the slots that it reads.
template <class List, std::size_t Index>
struct step_typing {
  using node = type_at<Index, List>;
  using function = typename node::parts_type::function_type;
  static constexpr auto const& shape = shape_of_list<List>::type::value;

  template <std::size_t... R>
  static types<typename slot_typing<List, shape.read_slot[shape.first_read[Index] + R]>::type...> read(
      std::index_sequence<R...>);
  using arguments = decltype(read(std::make_index_sequence<node::reads::size>{}));

  using call = call_of<function, arguments>;
  using outputs = outputs_of<typename call::result, node::outputs::size>;
};

}  // namespace memo::detail
