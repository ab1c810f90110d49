/// A typed pipeline becomes rows: the last place where its types are known.
#pragma once

#include <memo/graph/pipeline.hpp>
#include <memo/graph/row.hpp>
#include <memo/key/key.hpp>

#include <array>
#include <memory>
#include <span>
#include <utility>

namespace memo::detail {

/// Makes the argument of parameter `P` from a value of type `T`.
template <class P, class T>
passed<P, T> pass(argument const& a) {
  constexpr passing how = passing_of<P, T>();
  if constexpr (how == passing::view) {
    using element = contiguous_element_t<T>;
    std::span<element const> const elements{reinterpret_cast<element const*>(a.elements.data()),
                                            a.elements.size() / sizeof(element)};
    if constexpr (std::is_same_v<std::remove_cvref_t<P>, view<element>>)
      return view<element>{a.owner, elements};
    else
      return elements;
  } else if constexpr (how == passing::value) {
    if (!a.may_move) return *static_cast<T const*>(a.object);
    return std::move(*static_cast<T*>(const_cast<void*>(a.object)));
  } else {
    return *static_cast<T const*>(a.object);
  }
}

/// The functions of a step's row. It names no pipeline and no step: steps with one signature share it.
template <class Parts, class Arguments, std::size_t Outputs>
struct step_functions;
template <class Parts, class... Args, std::size_t Outputs>
struct step_functions<Parts, types<Args...>, Outputs> {
  using function_type = typename Parts::function_type;
  using call = call_of<function_type, types<Args...>>;
  using result = typename call::result;
  using outputs = typename outputs_of<result, Outputs>::list;

  template <class... P, std::size_t... I>
  static result apply(function_type const& f, call_frame& frame, types<P...>, std::index_sequence<I...>) {
    if constexpr (call::takes_context)
      return f(*frame.context, pass<P, Args>(frame.arguments[I])...);
    else
      return f(pass<P, Args>(frame.arguments[I])...);
  }

  template <class All, class... T, std::size_t... I>
  static void split(All&& all, call_frame& frame, types<T...>, std::index_sequence<I...>) {
    using std::get;
    ((frame.results[I] = std::make_shared<T>(get<I>(std::forward<All>(all)))), ...);
  }

  static void invoke(void const* function, call_frame& frame) {
    auto const& f = *static_cast<function_type const*>(function);
    auto call_it = [&]() -> result {
      return apply(f, frame, typename call::parameters{}, std::index_sequence_for<Args...>{});
    };
    if constexpr (std::is_void_v<result>) {
      call_it();
      frame.results[0] = std::make_shared<unit>();
    } else if constexpr (Outputs == 1) {
      frame.results[0] = std::make_shared<std::remove_cv_t<result>>(call_it());
    } else {
      split(call_it(), frame, outputs{}, std::make_index_sequence<Outputs>{});
    }
  }

  static fingerprint state(void const* function, std::uint64_t seed) {
    return fingerprint_of(*static_cast<function_type const*>(function), seed);
  }

  template <std::size_t... I>
  static fingerprint key_of(void const* g, std::span<argument const> arguments, std::uint64_t seed,
                            std::index_sequence<I...>) {
    auto const& function = *static_cast<typename Parts::key_type const*>(g);
    return fingerprint_of(function(*static_cast<Args const*>(arguments[I].object)...), seed);
  }
  static fingerprint key(void const* g, std::span<argument const> arguments, std::uint64_t seed) {
    return key_of(g, arguments, seed, std::index_sequence_for<Args...>{});
  }

  template <class T>
  static decltype(auto) identity_value(void const* g, void const* value, types<T>) {
    return (*static_cast<typename Parts::identity_type const*>(g))(*static_cast<T const*>(value));
  }
  // In a domain of its own: never the fingerprint of a plain value.
  static fingerprint identity(void const* g, void const* value, std::uint64_t seed) {
    key_parts parts;
    parts.add(part::identity, schema_of_result<typename Parts::identity_type>(outputs{}),
              fingerprint_of(identity_value(g, value, outputs{}), seed));
    return fingerprint::of_digest(parts.prefix(seed));
  }

  template <class G, class... T>
  static std::string_view schema_of_result(types<T...>) {
    return schema_of<std::remove_cvref_t<std::invoke_result_t<G const&, T const&...>>>();
  }

  // Gives the index of the first check that fails, or the number of checks.
  template <class... T, std::size_t... I>
  static std::size_t first_failing(no_checks const&, std::span<std::shared_ptr<void const> const>,
                                   types<T...>, std::index_sequence<I...>) {
    return 0;
  }
  template <class Earlier, class Predicate, class... T, std::size_t... I>
  static std::size_t first_failing(checks<Earlier, Predicate> const& all,
                                   std::span<std::shared_ptr<void const> const> values, types<T...> list,
                                   std::index_sequence<I...> indices) {
    std::size_t const failing = first_failing(all.earlier, values, list, indices);
    if (failing < Earlier::size) return failing;
    return all.predicate(*static_cast<T const*>(values[I].get())...) ? Earlier::size + 1 : Earlier::size;
  }
  static std::size_t check(void const* all, std::span<std::shared_ptr<void const> const> values) {
    return first_failing(*static_cast<typename Parts::checks_type const*>(all), values, outputs{},
                         std::make_index_sequence<Outputs>{});
  }
  static void append_whys(no_checks const&, std::vector<std::string_view>&) {}
  template <class Earlier, class Predicate>
  static void append_whys(checks<Earlier, Predicate> const& all, std::vector<std::string_view>& whys) {
    append_whys(all.earlier, whys);
    whys.push_back(all.why);
  }

  static constexpr auto passings = [] {
    std::array<passing, sizeof...(Args) + 1> how{};
    [&]<class... P>(types<P...>) {
      std::size_t i = 0;
      ((how[i++] = passing_of<P, Args>()), ...);
    }(typename call::parameters{});
    return how;
  }();

  /// Fills in what depends on types.
  static void fill(step_row& row, Parts const& parts) {
    row.function = &parts.function;
    row.invoke = &invoke;
    row.takes_context = call::takes_context;
    row.passings = {passings.data(), sizeof...(Args)};
    if constexpr (!std::is_empty_v<function_type> && !std::is_pointer_v<function_type>) {
      row.state = &state;
      row.state_schema = &schema_of<function_type>;
    }
    if constexpr (!std::is_same_v<typename Parts::key_type, no_function>) {
      row.key_function = &parts.key;
      row.key = &key;
      row.key_schema = [] { return schema_of_result<typename Parts::key_type>(types<Args...>{}); };
    }
    if constexpr (!std::is_same_v<typename Parts::identity_type, no_function>) {
      row.identity_function = &parts.identity;
      row.identity = &identity;
      row.identity_schema = [] { return schema_of_result<typename Parts::identity_type>(outputs{}); };
    }
    if constexpr (Parts::checks_type::size != 0) {
      row.check_functions = &parts.checks;
      row.check = &check;
      append_whys(parts.checks, row.check_whys);
    }
  }
};

/// The functions of a node of a pipeline; nothing for an input.
template <class List, class Node>
struct functions_of_node {
  using type = step_functions<typename Node::parts_type, read_by<List, Node>, Node::outputs::size>;
};
template <class List, name_id Id, class T, class Default, class Added>
struct functions_of_node<List, input_node<Id, T, Default, Added>> {
  using type = nothing;
};
template <class List, class Node>
using functions_for = typename functions_of_node<List, Node>::type;

template <class Input>
fingerprint added_fingerprint(void const* node, std::uint64_t seed) {
  using T = typename Input::value_type;
  return fingerprint_of(
      value_from<T>(static_cast<Input const*>(node)->added_value, static_cast<Input const*>(node)->name),
      seed);
}

/// Where a node stands in the graph, without its type.
struct node_place {
  std::uint32_t first_slot = 0;
  std::uint32_t step = 0;  ///< among the steps
  std::span<std::uint16_t const> reads;
  std::span<std::uint16_t const> after;
};

template <class Shape>
node_place place_of(Shape const& s, std::size_t node) {
  return {s.first_slot[node],
          s.step_place[node],
          {s.read_slot.data() + s.first_read[node], s.counts[node].reads},
          {s.after_slot.data() + s.first_after[node], s.counts[node].after}};
}

/// The part of lowering a step that needs no types.
inline void place_step(graph& g, node_place const& place, step_row&& row,
                       std::span<value_type const* const> types) {
  row.first_output = place.first_slot;
  row.reads = place.reads;
  row.after = place.after;
  for (std::size_t i = 0; i < types.size(); ++i)
    g.slots[place.first_slot + i] = slot_row{.name = row.names[i], .type = types[i], .step = place.step};
  g.declared.push_back(place.step);
  g.steps[place.step] = std::move(row);
}

template <class... T>
inline constexpr std::array<value_type const*, sizeof...(T)> value_types_of{&value_type_of<T>...};
template <class... T>
constexpr std::span<value_type const* const> output_types(types<T...>) {
  return value_types_of<T...>;
}

/// Fills in the row of a step and puts it in its place.
template <class Functions, class Parts>
void lower_step(graph& g, node_place const& place, cache_policy policy, step_base const& step,
                Parts const& parts) {
  step_row row;
  row.names = step.names;
  row.pipeline = step.pipeline;
  row.options = step.options;
  row.policy = policy;
  row.flags = step.flags;
  Functions::fill(row, parts);
  place_step(g, place, std::move(row), output_types(typename Functions::outputs{}));
}

// These two name no pipeline: a function template that does has a symbol as long as the pipeline, once for each step.
template <class, name_id Id, class T, class Default, class Added>
void lower_node(graph& g, node_place const& place, input_node<Id, T, Default, Added> const& node) {
  using input_type = input_node<Id, T, Default, Added>;
  input_row row{.name = node.name, .slot = place.first_slot, .node = &node};
  if constexpr (input_type::is_added) row.added = &added_fingerprint<input_type>;
  g.slots[row.slot] = slot_row{.name = node.name, .type = &value_type_of<T>};
  g.inputs.push_back(row);
}
template <class Functions, class Outputs, class Parts, class Reads, class After, cache_policy Policy>
void lower_node(graph& g, node_place const& place,
                step_node<Outputs, Parts, Reads, After, Policy> const& node) {
  lower_step<Functions>(g, place, Policy, node, node.parts);
}

template <class T>
void destroy(void const* object) {
  delete static_cast<T const*>(object);
}

/// The rows of a pipeline. They point into a copy of it, which the graph keeps alive.
template <class... Nodes>
graph lower(pipeline_type<Nodes...> const& declared) {
  using pipeline_t = pipeline_type<Nodes...>;
  using list = types<Nodes...>;
  constexpr auto const& s = shape_of<Nodes...>::value;
  graph g;
  g.name = declared.name;
  // Not make_shared: its control block would carry the whole type in a dozen symbols.
  auto const* const owner = new pipeline_t(declared);
  g.owner = std::shared_ptr<void const>(static_cast<void const*>(owner), &destroy<pipeline_t>);
  g.slots.resize(shape_of<Nodes...>::slot_count);
  g.steps.resize(owner->steps());
  boost::hana::unpack(owner->nodes, [&]<class... N>(N const&... node) {
    std::size_t i = 0;
    (lower_node<functions_for<list, Nodes>>(g, place_of(s, i++), node), ...);
  });
  return g;
}

}  // namespace memo::detail
