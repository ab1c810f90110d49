/// The static rules of a pipeline, each a sentence. The type that holds a failed rule names the step and the name.
#pragma once

#include <memo/graph/typing.hpp>
#include <memo/key/hashable.hpp>

#include <type_traits>

namespace memo {

/// Stands in the messages for a type.
template <class T>
struct type;

namespace rule {

template <class...>
inline constexpr bool broken = false;

template <class Name>
struct two_nodes_with_the_same_name {
  static_assert(broken<Name>, "memo: two inputs or steps of the pipeline have the same name");
};
template <class Step, class Name>
struct unknown_name {
  static_assert(
      broken<Step>,
      "memo: the step reads a name that no input or step of the pipeline provides; check the spelling in "
      ".from<...>(), .over<...>() or .after<...>()");
};
template <class... Steps>
struct reads_itself {
  static_assert(broken<Steps...>, "memo: the steps depend on each other in a cycle, each reading the next");
};
template <class Step, class Arguments>
struct not_callable {
  static_assert(broken<Step>,
                "memo: the function of the step cannot be called with what it reads; .from<...>() gives the "
                "parameters in order, each as a value or a const reference; memo::context& comes first");
};
template <class Step>
struct mutable_parameter {
  static_assert(
      broken<Step>,
      "memo: the function of the step takes a non-const reference; values never change once made: take it "
      "by value or by const reference, and return what is new");
};
template <class Step, class Result>
struct outputs_do_not_match {
  static_assert(
      broken<Step>,
      "memo: the step has several outputs: its function must return a tuple, pair or array with one "
      "element for each of them");
};
template <class Step, class Type>
struct borrowed_output {
  static_assert(
      broken<Step>,
      "memo: the step must return a value that owns its data; a pointer, reference, string_view or span "
      "looks at memory that is gone when the function returns");
};
template <class Step, class Type>
struct output_not_serializable {
  static_assert(
      broken<Step>,
      "memo: an output of the step can be neither hashed nor serialized; give its type a cereal serialize "
      "function or a memo::codec, or keep it with .cache(memo::in_memory)");
};
template <class Input, class Type>
struct input_not_hashable {
  static_assert(
      broken<Input>,
      "memo: the type of the input can be neither hashed nor serialized; give it a cereal serialize "
      "function, a memo::codec or a memo::hash_of");
};
template <class Step, class Function>
struct hidden_state {
  static_assert(
      broken<Step>,
      "memo: the function of the step has state (a capture, or members) that can be neither hashed nor "
      "serialized; a capture is a hidden input: make it an input of the pipeline, or a parameter of the "
      "memoized function");
};
template <class Step>
struct bad_key_function {
  static_assert(
      broken<Step>,
      "memo: the function given to .key() cannot be called with what the step reads, or its result can be "
      "neither hashed nor serialized");
};
template <class Step>
struct bad_identity_function {
  static_assert(
      broken<Step>,
      "memo: the function given to .identity() cannot be called with the step's one output, or its result "
      "can be neither hashed nor serialized");
};
template <class Step>
struct bad_check_function {
  static_assert(
      broken<Step>,
      "memo: a predicate given to .check() cannot be called with the step's outputs, or gives no bool");
};
template <class Step, class Reads>
struct not_a_range {
  static_assert(
      broken<Step>,
      "memo: .over<...>() of the map names a value that is no range, or one without an order; a map needs "
      "one "
      "that can be walked through with begin() and end() while it is const, in the same order each time");
};
template <class Step>
struct map_with_several_names {
  static_assert(
      broken<Step>,
      "memo: a map has one name, that of the vector of its results; where its function gives several "
      "values, let it return a struct");
};
template <class Step, class Arguments>
struct map_not_callable {
  static_assert(
      broken<Step>,
      "memo: the function of the map cannot be called with an element of the range of .over<...>() and "
      "what .from<...>() names after it, each as a value or a const reference; memo::context& comes first");
};
template <class Step, class Arguments>
struct element_not_hashable {
  static_assert(
      broken<Step>,
      "memo: the elements of the range of the map can be neither hashed nor serialized; give their type a "
      "cereal serialize function, a memo::codec or a memo::hash_of");
};
template <class Step, class Type>
struct result_not_copyable {
  static_assert(
      broken<Step>,
      "memo: the function of the map must return a value that can be copied, because equal elements share "
      "one result");
};
template <class Input>
struct bad_default {
  static_assert(
      broken<Input>,
      "memo: the value given to defaults_to() or added_with() does not convert to the type of the input");
};

}  // namespace rule

namespace detail {

template <class T>
inline constexpr bool has_hidden_state = !std::is_empty_v<T> && !std::is_pointer_v<T> && !hashable<T>;

template <class G, class Arguments>
inline constexpr bool gives_hashable = false;
template <class G, class... A>
  requires std::is_invocable_v<G const&, A const&...>
inline constexpr bool gives_hashable<G, types<A...>> =
    hashable<std::remove_cvref_t<std::invoke_result_t<G const&, A const&...>>>;
template <class G, class Range, class... Rest>
inline constexpr bool gives_hashable<G, mapped<Range, Rest...>> =
    gives_hashable<G, types<range_element<Range>, Rest...>>;

template <class Checks, class Outputs>
inline constexpr bool checks_work = false;
template <class... Outputs>
inline constexpr bool checks_work<no_checks, types<Outputs...>> = true;
template <class Earlier, class Predicate, class... Outputs>
inline constexpr bool checks_work<checks<Earlier, Predicate>, types<Outputs...>> =
    std::is_invocable_r_v<bool, Predicate const&, Outputs const&...> &&
    checks_work<Earlier, types<Outputs...>>;

template <class V, class T>
inline constexpr bool gives_default = std::is_same_v<V, nothing> || is_input_value<V const&, T>;
template <class V, class T>
  requires std::is_invocable_v<V const&>
inline constexpr bool gives_default<V, T> = is_input_value<std::invoke_result_t<V const&>, T>;

template <cache_policy Policy, class T>
inline constexpr bool is_good_output =
    !is_borrowed<T> && (storable<T> || Policy == cache_policy::never || Policy == cache_policy::in_memory);

template <cache_policy Policy, class List>
inline constexpr bool are_good_outputs = false;
template <cache_policy Policy, class... T>
inline constexpr bool are_good_outputs<Policy, types<T...>> = (true && ... && is_good_output<Policy, T>);

template <class Arguments>
inline constexpr bool goes_over_range = true;
template <class Range, class... Rest>
inline constexpr bool goes_over_range<mapped<Range, Rest...>> = mapped_range<Range>;

template <class Arguments>
inline constexpr bool has_hashable_elements = true;
template <class Range, class... Rest>
inline constexpr bool has_hashable_elements<mapped<Range, Rest...>> = hashable<range_element<Range>>;

template <class Arguments, class Result>
inline constexpr bool can_share_result =
    !is_mapped<Arguments> || std::is_void_v<Result> || std::is_copy_constructible_v<Result>;

/// Whether all rules hold for a step of these parts. It names no step, so that steps of one signature share it.
template <class Parts, class Arguments, std::size_t Outputs, cache_policy Policy>
consteval bool step_is_sound() {
  using call = call_of<typename Parts::function_type, Arguments>;
  if constexpr (!call::callable) {
    return false;
  } else {
    using outputs = step_outputs<Arguments, typename call::result, Outputs>;
    using list = typename outputs::list;
    return !is_borrowed<typename call::result> && outputs::matches &&
           can_share_result<Arguments, typename call::result> && has_hashable_elements<Arguments> &&
           !has_hidden_state<typename Parts::function_type> && are_good_outputs<Policy, list> &&
           (std::is_same_v<typename Parts::key_type, no_function> ||
            gives_hashable<typename Parts::key_type, Arguments>) &&
           (std::is_same_v<typename Parts::identity_type, no_function> ||
            (Outputs == 1 && gives_hashable<typename Parts::identity_type, list>)) &&
           checks_work<typename Parts::checks_type, list>;
  }
}

template <name_id Id, name_id... More>
consteval name_id first_id(ids<Id, More...>) {
  return Id;
}

/// The first output that a step may not have, with its name.
template <cache_policy Policy, class Ids, class Outputs>
struct bad_output;
template <cache_policy Policy, name_id Id, name_id... Ids, class T, class... Ts>
struct bad_output<Policy, ids<Id, Ids...>, types<T, Ts...>> : bad_output<Policy, ids<Ids...>, types<Ts...>> {
};
template <cache_policy Policy, name_id Id, name_id... Ids, class T, class... Ts>
  requires(!is_good_output<Policy, T>)
struct bad_output<Policy, ids<Id, Ids...>, types<T, Ts...>> {
  using type = T;
  static constexpr name_id id = Id;
};

// These functions return `auto` so that g++ instantiates the body before it evaluates it, and check_node does all by
// itself: each level between the user's line and the sentence costs the reader of an error a line.
template <class List, class Node>
consteval auto check_node() {
  if constexpr (node_names<Node>::is_step) {
    using parts = typename Node::parts_type;
    using arguments = read_by<List, Node>;
    constexpr std::size_t outputs = Node::outputs::size;
    if constexpr (!step_is_sound<parts, arguments, outputs, Node::policy>()) {
      using witness = step_witness<first_id(typename Node::outputs{})>;
      using call = call_of<typename parts::function_type, arguments>;
      using result = typename call::result;
      using list = typename step_outputs<arguments, result, outputs>::list;
      if constexpr (is_mapped<arguments> && outputs != 1) {
        return sizeof(rule::map_with_several_names<witness>) != 0;
      } else if constexpr (!goes_over_range<arguments>) {
        return sizeof(rule::not_a_range<witness, arguments>) != 0;
      } else if constexpr (requires { requires call::served_type::mutable_reference; }) {
        return sizeof(rule::mutable_parameter<witness>) != 0;
      } else if constexpr (!call::callable && is_mapped<arguments>) {
        return sizeof(rule::map_not_callable<witness, typename called_with<arguments>::list>) != 0;
      } else if constexpr (!call::callable) {
        return sizeof(rule::not_callable<witness, arguments>) != 0;
      } else if constexpr (is_borrowed<result>) {
        return sizeof(rule::borrowed_output<witness, type<result>>) != 0;
      } else if constexpr (!can_share_result<arguments, result>) {
        return sizeof(rule::result_not_copyable<witness, type<result>>) != 0;
      } else if constexpr (!has_hashable_elements<arguments>) {
        return sizeof(rule::element_not_hashable<witness, typename called_with<arguments>::list>) != 0;
      } else if constexpr (!step_outputs<arguments, result, outputs>::matches) {
        return sizeof(rule::outputs_do_not_match<witness, type<result>>) != 0;
      } else if constexpr (has_hidden_state<typename parts::function_type>) {
        return sizeof(rule::hidden_state<witness, typename parts::function_type>) != 0;
      } else if constexpr (!are_good_outputs<Node::policy, list>) {
        using bad = bad_output<Node::policy, typename Node::outputs, list>;
        using bad_type = typename bad::type;
        if constexpr (is_borrowed<bad_type>)
          return sizeof(rule::borrowed_output<step_witness<bad::id>, type<bad_type>>) != 0;
        else
          return sizeof(rule::output_not_serializable<step_witness<bad::id>, type<bad_type>>) != 0;
      } else if constexpr (!checks_work<typename parts::checks_type, list>) {
        return sizeof(rule::bad_check_function<witness>) != 0;
      } else if constexpr (!std::is_same_v<typename parts::key_type, no_function> &&
                           !gives_hashable<typename parts::key_type, arguments>) {
        return sizeof(rule::bad_key_function<witness>) != 0;
      } else {
        return sizeof(rule::bad_identity_function<witness>) != 0;
      }
    } else {
      return true;
    }
  } else {
    using witness = input_witness<Node::id>;
    using T = typename Node::value_type;
    if constexpr (!hashable<T>)
      return sizeof(rule::input_not_hashable<witness, type<T>>) != 0;
    else if constexpr (!gives_default<decltype(Node::default_value), T> ||
                       !gives_default<decltype(Node::added_value), T>)
      return sizeof(rule::bad_default<witness>) != 0;
    else
      return true;
  }
}

template <class Shape, std::size_t... I>
consteval auto cycle_witness(std::index_sequence<I...>) {
  constexpr auto const& s = Shape::value;
  return sizeof(rule::reads_itself<step_witness<s.slot_id[s.first_slot[s.cycle[I]]]>...>) != 0;
}

/// Checks the whole pipeline; a broken rule is a compile error that names the step.
template <class... Nodes>
consteval auto check_pipeline() {
  using shape = shape_of<Nodes...>;
  constexpr auto const& s = shape::value;
  if constexpr (s.error == shape_error::same_name)
    return sizeof(rule::two_nodes_with_the_same_name<name_witness<s.error_name>>) != 0;
  else if constexpr (s.error == shape_error::unknown_name)
    return sizeof(rule::unknown_name<step_witness<s.slot_id[s.first_slot[s.error_node]]>,
                                     name_witness<s.error_name>>) != 0;
  else if constexpr (s.error == shape_error::cycle)
    return cycle_witness<shape>(std::make_index_sequence<s.cycle_length>{});
  else
    return (true && ... && check_node<types<Nodes...>, Nodes>());
}

}  // namespace detail
}  // namespace memo
