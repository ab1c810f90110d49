/// The types in a pipeline: what each slot holds and how each step is called.
#pragma once

#include <memo/graph/range.hpp>
#include <memo/graph/shape.hpp>
#include <memo/graph/signature.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo::detail {

/// The I-th of a few types.
template <std::size_t I, class First, class... Rest>
struct nth_type : nth_type<I - 1, Rest...> {};
template <class First, class... Rest>
struct nth_type<0, First, Rest...> {
  using type = First;
};

// A slot in the table of a pipeline: found by its name, through overload resolution instead of recursion.
template <name_id Id, class T>
struct slot_of_type {};
template <name_id Id, class Node, std::size_t Position>
struct slot_of_generic {};

/// The slots of one node. The type of an output is known at once where the function spells out its parameters, and
/// found by asking the function where it is generic.
template <class Node, class Function, class Indices, bool Known = signature<Function>::known>
struct step_slots;
template <name_id... Ids, class Parts, class Reads, class After, cache_policy Policy, class F,
          std::size_t... I>
struct step_slots<step_node<ids<Ids...>, Parts, Reads, After, Policy>, F, std::index_sequence<I...>, false>
    : slot_of_generic<Ids, step_node<ids<Ids...>, Parts, Reads, After, Policy>, I>... {};
template <name_id Id, class Parts, class Reads, class After, cache_policy Policy, class F>
struct step_slots<step_node<ids<Id>, Parts, Reads, After, Policy>, F, std::index_sequence<0>, true>
    : slot_of_type<Id, std::remove_cv_t<std::conditional_t<std::is_void_v<typename signature<F>::result>,
                                                           unit, typename signature<F>::result>>> {};

template <class Ids, class Outputs>
struct paired_slots {};
template <name_id... Ids, class... T>
  requires(sizeof...(Ids) == sizeof...(T))
struct paired_slots<ids<Ids...>, types<T...>> : slot_of_type<Ids, T>... {};
template <name_id First, name_id Second, name_id... Ids, class Parts, class Reads, class After,
          cache_policy Policy, class F, std::size_t... I>
struct step_slots<step_node<ids<First, Second, Ids...>, Parts, Reads, After, Policy>, F,
                  std::index_sequence<I...>, true>
    : paired_slots<ids<First, Second, Ids...>,
                   typename outputs_of<typename signature<F>::result, sizeof...(I)>::list> {};

/// The value of a map whose function gives `Result`.
template <class Result>
using map_value = std::vector<std::conditional_t<std::is_void_v<Result>, unit, std::remove_cvref_t<Result>>>;
template <name_id Id, class Parts, name_id Over, name_id... Rest, class After, cache_policy Policy, class F>
struct step_slots<step_node<ids<Id>, Parts, map_ids<Over, Rest...>, After, Policy>, F, std::index_sequence<0>,
                  true> : slot_of_type<Id, map_value<typename signature<F>::result>> {};

template <class Node>
struct node_slots : step_slots<Node, typename Node::parts_type::function_type,
                               std::make_index_sequence<Node::outputs::size>> {};
template <name_id Id, class T, class Default, class Added>
struct node_slots<input_node<Id, T, Default, Added>> : slot_of_type<Id, T> {};

template <class List>
struct slot_table;
template <class... Nodes>
struct slot_table<types<Nodes...>> : node_slots<Nodes>... {};

template <class List, class Node>
struct step_typing;

template <class List, class Node, std::size_t Position,
          class Outputs = typename step_typing<List, Node>::outputs>
struct generic_output {
  using type = void;  // the number of outputs does not match: reported by its own rule
};
template <class List, class Node, std::size_t Position, class Outputs>
  requires(Outputs::matches)
struct generic_output<List, Node, Position, Outputs> {
  template <class... T>
  static nth_type<Position, T...> at(types<T...>);
  using type = typename decltype(at(typename Outputs::list{}))::type;
};

template <class List, name_id Id, class T>
std::type_identity<T> find_slot(slot_of_type<Id, T> const*);
template <class List, name_id Id, class Node, std::size_t Position>
generic_output<List, Node, Position> find_slot(slot_of_generic<Id, Node, Position> const*);
// The output of a step whose function does not give as many values as it has names: reported by its own rule.
template <class List, name_id Id>
std::type_identity<void> find_slot(void const*);

/// The type of the value that a name of the pipeline stands for.
template <class List, name_id Id>
using slot_type = typename decltype(find_slot<List, Id>(static_cast<slot_table<List> const*>(nullptr)))::type;

/// What a map reads: a range, and what its function is called with beside an element.
template <class Range, class... Rest>
struct mapped {};
template <class Arguments>
inline constexpr bool is_mapped = false;
template <class Range, class... Rest>
inline constexpr bool is_mapped<mapped<Range, Rest...>> = true;

/// The types that the function of a step is called with.
template <class Arguments>
struct called_with {
  using list = Arguments;
};
template <class Range, class... Rest>
struct called_with<mapped<Range, Rest...>> {
  using list = types<range_element<Range>, Rest...>;
};

template <class F, class Range, class... Rest, class Signature>
struct call_of<F, mapped<Range, Rest...>, Signature>
    : call_of<F, types<range_element<Range>, Rest...>, Signature> {};
template <class F, class Range, class... Rest, class Signature>
  requires(!mapped_range<Range>)
struct call_of<F, mapped<Range, Rest...>, Signature> {
  static constexpr bool callable = false;
  using result = void;
};

/// The types of the outputs of a step, by what it reads and what its function gives.
template <class Arguments, class Result, std::size_t Outputs>
struct step_outputs : outputs_of<Result, Outputs> {};
template <class Range, class... Rest, class Result, std::size_t Outputs>
struct step_outputs<mapped<Range, Rest...>, Result, Outputs> {
  static constexpr bool matches = Outputs == 1;
  using list = types<map_value<Result>>;
};

template <class List, class Reads>
struct read_types;
template <class List, name_id Over, name_id... Rest>
struct read_types<List, map_ids<Over, Rest...>> {
  using type = mapped<slot_type<List, Over>, slot_type<List, Rest>...>;
};
template <class List, name_id... Ids>
struct read_types<List, ids<Ids...>> {
  using type = types<slot_type<List, Ids>...>;
};

/// The types of what a step reads, in order: `types<...>`, or `mapped<...>` where it is a map.
template <class List, class Node>
using read_by = typename read_types<List, typename Node::reads>::type;

/// How a step is called with the types of the slots that it reads.
template <class List, class Node>
struct step_typing {
  using arguments = read_by<List, Node>;
  using call = call_of<typename Node::parts_type::function_type, arguments>;
  using outputs = step_outputs<arguments, typename call::result, Node::outputs::size>;
};

}  // namespace memo::detail
