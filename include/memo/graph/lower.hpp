/// A typed pipeline becomes rows: the last place where its types are known.
#pragma once

#include <memo/graph/map_functions.hpp>
#include <memo/graph/pipeline.hpp>

#include <array>
#include <memory>
#include <span>
#include <utility>

namespace memo::detail {

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
