/// Reports and graphs in the DOT language of Graphviz.
///
/// Inputs are ellipses, steps boxes, and maps boxes in a double border; what only has to run before is joined by a dashed
/// line. Nodes are named i0, i1, ... and s0, s1, ... in the order of their declaration; colours have a legend.
#pragma once

#include <memo/export/picture.hpp>
#include <memo/report/report.hpp>

#include <string>
#include <string_view>

namespace memo {
namespace detail {

/// A string of DOT whose text is shown as it is: no escape (\N, \l) and no entity (&amp;) of it counts.
inline std::string dot_string(std::string_view text) {
  std::string made = "\"";
  for_each_character(text, [&](std::string_view character) {
    if (character == "\n")
      made += "\\n";
    else if (character == "\t")
      made += ' ';
    else if (is_outside_xml(character))
      made += replacement_character;
    else if (character == "&")
      made += "&amp;";
    else
      made += character == "\"" || character == "\\" ? "\\" + std::string(character) : std::string(character);
  });
  return made += '"';
}

inline std::string dot_node(std::string_view id, std::vector<std::string> const& lines,
                            std::string_view colour) {
  std::string label;
  for (std::string const& line : lines) label += (label.empty() ? "" : "\n") + line;
  node_colours const& c = colours_of(colour);
  std::string made(id);
  made += " [label=" + dot_string(label) + ", fillcolor=" + dot_string(c.fill);
  return made += ", color=" + dot_string(c.border) + ", fontcolor=" + dot_string(c.text);
}

inline std::string dot_text(picture const& p) {
  std::string text = "digraph " + dot_string(p.name.empty() ? "pipeline" : p.name) + " {\n";
  text +=
      "  graph [bgcolor=\"transparent\", fontname=\"sans-serif\", fontcolor=\"#808080\"];\n"
      "  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"rounded,filled\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#808080\", fontcolor=\"#808080\"];\n";
  for (picture_node const& node : p.nodes) {
    text += "  " + dot_node(node.id, node.lines, node.colour);
    if (node.shape == node_shape::input) text += ", shape=ellipse, style=filled";
    if (node.shape == node_shape::map) text += ", peripheries=2";
    text += "];\n";
  }
  for (picture_edge const& edge : p.edges) {
    text += "  " + p.nodes[edge.from].id + " -> " + p.nodes[edge.to].id;
    std::string options = edge.is_read ? "" : "style=dashed";
    if (!edge.label.empty()) options += (options.empty() ? "label=" : ", label=") + dot_string(edge.label);
    text += (options.empty() ? "" : " [" + options + "]") + ";\n";
  }
  if (!p.legend.empty()) {
    text += "  subgraph cluster_legend {\n    label=\"legend\";\n    color=\"#808080\";\n";
    for (std::string_view const name : p.legend)
      text += "    " + dot_node("legend_" + std::string(name), {legend_text(name)}, name) + "];\n";
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace detail

/// A report as a digraph: coloured by outcome, or, of a plan, by forecast, with the reasons.
inline std::string to_dot(report const& r) { return detail::dot_text(detail::picture_of(r)); }

/// A graph as a digraph.
inline std::string to_dot(graph_description const& g) { return detail::dot_text(detail::picture_of(g)); }

}  // namespace memo
