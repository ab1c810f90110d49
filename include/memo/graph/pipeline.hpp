#pragma once

#include <memo/graph/check.hpp>

#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/unpack.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {
namespace detail {

/// A checked pipeline: a tuple of nodes and a name. A literal type; copying it copies the nodes.
template <class... Nodes>
struct pipeline_type {
  using list = types<Nodes...>;
  using shape = shape_of<Nodes...>;

  std::string_view name;
  boost::hana::basic_tuple<Nodes...> nodes;

  /// The number of levels: inputs are level 0, a step is one above the highest of what it reads or comes after.
  static constexpr unsigned levels() { return shape::value.levels; }

  /// The number of steps.
  static constexpr std::size_t steps() { return (std::size_t{0} + ... + node_names<Nodes>::is_step); }
};

template <class T>
inline constexpr bool is_pipeline = false;
template <class... Nodes>
inline constexpr bool is_pipeline<pipeline_type<Nodes...>> = true;

// Not templates: they would be instantiated for each node. A node keeps the pipeline that declared it.
constexpr void declare_in(std::string_view pipeline, float_flags flags, step_base& step) {
  step.pipeline = pipeline;
  step.flags = flags;
}
constexpr void declare_in(std::string_view pipeline, float_flags, input_base& input) {
  input.pipeline = pipeline;
}

template <class Node>
constexpr auto as_nodes(std::string_view pipeline, float_flags flags, Node node) {
  if constexpr (is_pipeline<Node>)
    return node.nodes;
  else {
    declare_in(pipeline, flags, node);
    return boost::hana::basic_tuple<Node>(std::move(node));
  }
}

template <class... A, class... B>
constexpr boost::hana::basic_tuple<A..., B...> joined(boost::hana::basic_tuple<A...> const& a,
                                                      boost::hana::basic_tuple<B...> const& b) {
  return boost::hana::unpack(a, [&](A const&... left) {
    return boost::hana::unpack(
        b, [&](B const&... right) { return boost::hana::basic_tuple<A..., B...>(left..., right...); });
  });
}

template <class Nodes>
struct joiner {
  Nodes nodes;
  template <class More>
  friend constexpr auto operator+(joiner const& a, joiner<More> const& b) {
    auto both = joined(a.nodes, b.nodes);
    return joiner<decltype(both)>{both};
  }
};
template <class Nodes>
joiner(Nodes) -> joiner<Nodes>;

template <class... Nodes>
constexpr pipeline_type<Nodes...> checked(std::string_view name, boost::hana::basic_tuple<Nodes...> nodes) {
  static_assert(check_pipeline<Nodes...>());
  return {name, std::move(nodes)};
}

}  // namespace detail

/// Declares a pipeline of inputs, steps and other pipelines, in any order; the compiler checks the graph.
/// The nodes of other pipelines join the same name space; their steps keep the name of the pipeline that declared
/// them, so that all who include them share their results.
template <fixed_string Name, float_flags Flags = detail::current_float_flags, class... Parts>
constexpr auto pipeline(Parts... parts) {
  constexpr std::string_view name = detail::define_name<Name>::text.view();
  if constexpr ((false || ... || detail::is_pipeline<Parts>)) {
    auto all = (detail::joiner{boost::hana::basic_tuple<>{}} + ... +
                detail::joiner{detail::as_nodes(name, Flags, parts)});
    return detail::checked(name, all.nodes);
  } else {
    static_assert(detail::check_pipeline<Parts...>());
    (detail::declare_in(name, Flags, parts), ...);
    return detail::pipeline_type<Parts...>{name, boost::hana::basic_tuple<Parts...>(std::move(parts)...)};
  }
}

}  // namespace memo
