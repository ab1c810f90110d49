/// Reports and graphs as flow charts of Mermaid, which GitHub and GitLab draw where they stand in Markdown.
///
/// Inputs have round ends, steps are boxes, and maps boxes with a second line at their sides; what only has to run before is
/// joined by a dotted line. Nodes are named i0, i1, ... and s0, s1, ... in the order of their declaration; colours have a
/// legend. By default Mermaid draws no more than 500 edges and 50 000 characters (maxEdges, maxTextSize).
#pragma once

#include <memo/export/picture.hpp>
#include <memo/report/report.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace memo {
namespace detail {

/// The text as it is shown in a quoted label: all that Mermaid, Markdown or HTML could take for something else is a number.
inline std::string mermaid_text(std::string_view text) {
  std::string made;
  for_each_character(text, [&](std::string_view character) {
    auto const first = static_cast<unsigned char>(character[0]);
    // Whichever way they are written, Mermaid takes \n for a line break, $$ for a formula and fa:fa-ban for an icon.
    if ((first == 'n' && made.ends_with("#92;")) || (first == '$' && made.ends_with("#36;")) ||
        (first == 'f' && made.ends_with("#58;")))
      made += "\u200b";
    bool const is_word = (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') ||
                         (first >= 'A' && first <= 'Z') || first == ' ' || first == ',' || first == '.';
    if (character == "\n")
      made += "<br/>";
    else if (character == "\t")
      made += ' ';
    else if (is_outside_xml(character))
      made += replacement_character;
    else if (is_word || first >= 0x80)
      made += character;
    else
      made += "#" + std::to_string(first) + ";";
  });
  return made;
}

inline std::string mermaid_node(picture_node const& node) {
  std::string label;
  for (std::string const& line : node.lines) label += (label.empty() ? "" : "<br/>") + mermaid_text(line);
  // An empty label is an error of syntax.
  if (label.empty()) label = " ";
  switch (node.shape) {
    case node_shape::input:
      return node.id + "([\"" + label + "\"])";
    case node_shape::map:
      return node.id + "[[\"" + label + "\"]]";
    case node_shape::step:
      break;
  }
  return node.id + "[\"" + label + "\"]";
}

inline std::string mermaid_text(picture const& p) {
  std::string text = "flowchart TD\n";
  std::vector<std::string_view> used;
  auto const use = [&](std::string_view colour) {
    if (std::find(used.begin(), used.end(), colour) == used.end()) used.push_back(colour);
    return ":::" + std::string(colour);
  };
  for (picture_node const& node : p.nodes) text += "  " + mermaid_node(node) + use(node.colour) + "\n";
  for (picture_edge const& edge : p.edges) {
    text += "  " + p.nodes[edge.from].id + (edge.is_read ? " -->" : " -.->");
    if (!edge.label.empty()) text += "|\"" + mermaid_text(edge.label) + "\"|";
    text += " " + p.nodes[edge.to].id + "\n";
  }
  if (!p.legend.empty()) {
    text += "  subgraph legend\n    direction TB\n";
    for (std::string_view const name : p.legend)
      text += "    legend_" + std::string(name) + "[\"" + legend_text(name) + "\"]" + use(name) + "\n";
    text += "  end\n  style legend fill:none,stroke:#808080,color:#808080\n";
  }
  for (std::string_view const name : used) {
    node_colours const& c = colours_of(name);
    text += "  classDef " + std::string(name) + " fill:" + std::string(c.fill);
    text += ",stroke:" + std::string(c.border) + ",color:" + std::string(c.text) + "\n";
  }
  return text;
}

}  // namespace detail

/// A report as a flow chart: coloured by outcome, or, of a plan, by forecast, with the reasons.
inline std::string to_mermaid(report const& r) { return detail::mermaid_text(detail::picture_of(r)); }

/// A graph as a flow chart.
inline std::string to_mermaid(graph_description const& g) {
  return detail::mermaid_text(detail::picture_of(g));
}

}  // namespace memo
