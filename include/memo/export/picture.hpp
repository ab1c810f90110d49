/// A graph, or a report, as nodes and edges with labels: what the exports to languages of graphs have in common.
#pragma once

#include <memo/export/json.hpp>
#include <memo/report/table.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace memo::detail {

/// The colours of one kind of node: its text can be read on its surface, and its border seen on a light and a dark screen.
struct node_colours {
  std::string_view name;  ///< of an outcome or a forecast, as `json_name` gives it, or "input" or "step"
  std::string_view fill;
  std::string_view border;
  std::string_view text;
};

inline constexpr std::array<node_colours, 10> all_node_colours{{
    {"input", "#e8eaed", "#7d858f", "#1c2430"},
    {"step", "#d5e4f7", "#4a80bf", "#10243d"},
    {"hit", "#cdebd3", "#3f9a57", "#0d3318"},
    {"ran", "#cfe1fa", "#3f7fd0", "#0c2950"},
    {"run", "#cfe1fa", "#3f7fd0", "#0c2950"},
    {"depends", "#fbe8b5", "#b98a17", "#3d2c00"},
    {"failed", "#f8cdca", "#d0423a", "#4d0a06"},
    {"skipped", "#fbdcc0", "#cc7a2b", "#442200"},
    {"not_needed", "#e4e6e9", "#9298a1", "#3a414b"},
    {"cancelled", "#e5d5f3", "#8f5cc0", "#2f1149"},
}};

inline node_colours const& colours_of(std::string_view name) {
  for (node_colours const& one : all_node_colours)
    if (one.name == name) return one;
  return all_node_colours[1];
}

enum class node_shape : std::uint8_t { input, step, map };

struct picture_node {
  std::string id;  ///< "i0" or "s0"
  node_shape shape = node_shape::step;
  std::string_view colour;         ///< a name in `all_node_colours`
  std::vector<std::string> lines;  ///< of its label
};

struct picture_edge {
  std::size_t from = 0, to = 0;  ///< places in `picture::nodes`
  bool is_read = true;           ///< false: it only has to run before
  std::string label;             ///< which outputs, where the step has several
};

struct picture {
  std::string name;
  std::vector<picture_node> nodes;  ///< inputs, then steps, each in the order of their declaration
  std::vector<picture_edge> edges;
  std::vector<std::string_view> legend;  ///< the colours of the steps of a report, each once
};

/// At most so many characters of a text, with an ellipsis where it is longer.
inline std::string shortened(std::string_view text, std::size_t most) {
  std::string made, last;
  std::size_t count = 0;
  for_each_character(text, [&](std::string_view character) {
    if (++count < most) made += character;
    if (count == most) last = character;
  });
  return made + (count > most ? "\u2026" : last);
}

/// Collects what steps wait for: one edge for each node that they come from, so that of a step with several outputs its
/// label names those that count.
class edge_collector {
 public:
  edge_collector(picture& into, graph_description const& g) : into_(into) {
    for (std::size_t i = 0; i < g.inputs.size(); ++i) sources_.emplace(g.inputs[i].name, source{i, false});
    for (std::size_t i = 0; i < g.steps.size(); ++i)
      for (std::string const& name : g.steps[i].names)
        sources_.emplace(name, source{g.inputs.size() + i, g.steps[i].names.size() > 1});
  }

  /// What the node `to` reads, and what has to run before it. Names that the graph does not have are left out.
  void add(std::size_t to, step_description const& s) {
    std::size_t const first = into_.edges.size();
    std::vector<std::string_view> seen;
    for (auto const& [names, is_read] : {std::pair(&s.reads, true), std::pair(&s.after, false)})
      for (std::string const& name : *names) {
        auto const found = sources_.find(name);
        if (found == sources_.end() || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
        seen.push_back(name);
        add_edge(first, {found->second.node, to, is_read, found->second.is_labelled ? name : ""});
      }
  }

 private:
  struct source {
    std::size_t node;
    bool is_labelled;
  };

  void add_edge(std::size_t first, picture_edge edge) {
    auto known = into_.edges.begin() + static_cast<std::ptrdiff_t>(first);
    while (known != into_.edges.end() && known->from != edge.from) ++known;
    if (known == into_.edges.end())
      into_.edges.push_back(std::move(edge));
    else if (known->is_read == edge.is_read && !edge.label.empty())
      known->label += ", " + edge.label;
  }

  picture& into_;
  std::unordered_map<std::string_view, source> sources_;
};

inline picture picture_of(graph_description const& g) {
  picture made{.name = g.name, .nodes = {}, .edges = {}, .legend = {}};
  for (std::size_t i = 0; i < g.inputs.size(); ++i)
    made.nodes.push_back({"i" + std::to_string(i), node_shape::input, "input", {g.inputs[i].name}});
  for (std::size_t i = 0; i < g.steps.size(); ++i) {
    step_description const& s = g.steps[i];
    made.nodes.push_back(
        {"s" + std::to_string(i), s.is_map ? node_shape::map : node_shape::step, "step", {s.name}});
  }
  edge_collector edges(made, g);
  for (std::size_t i = 0; i < g.steps.size(); ++i) edges.add(g.inputs.size() + i, g.steps[i]);
  return made;
}

/// The graph of a report, coloured by what became of the steps, with the reasons as second lines. Without wiring where the
/// report has none.
inline picture picture_of(report const& r) {
  constexpr std::size_t longest_reason = 90;
  bool const is_drawn = r.graph != nullptr && r.graph->steps.size() == r.steps.size();
  picture made;
  if (is_drawn) made = picture_of(*r.graph);
  made.name = r.pipeline;
  std::size_t const inputs = is_drawn ? r.graph->inputs.size() : 0;
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    step_report const& s = r.steps[i];
    if (!is_drawn) made.nodes.push_back({"s" + std::to_string(i), node_shape::step, "step", {s.name}});
    picture_node& node = made.nodes[inputs + i];
    node.colour = r.is_plan ? json_name(s.forecast) : json_name(s.outcome);
    if (std::string why = reason_text(s); !why.empty()) node.lines.push_back(shortened(why, longest_reason));
    if (std::find(made.legend.begin(), made.legend.end(), node.colour) == made.legend.end())
      made.legend.push_back(node.colour);
  }
  return made;
}

/// "not_needed" for people.
inline std::string legend_text(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

/// A character that XML, and so SVG, has no place for.
inline bool is_outside_xml(std::string_view character) {
  char32_t const code = utf8_code_point(character);
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
}

}  // namespace memo::detail
