/// The graph of a pipeline as SVG, drawn by levels and coloured by what happened.
#pragma once

#include <memo/export/graph_layout.hpp>
#include <memo/export/picture.hpp>
#include <memo/export/step_look.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// A box of the picture: a step or an input.
struct drawn_box {
  std::string name;    ///< the whole of it
  std::string detail;  ///< a second line; empty where there is none
  std::string told;    ///< more for the tooltip
  step_look look = all_looks[7];
  bool is_input = false;
  bool is_map = false;
  std::uint32_t level = 0;
};

struct drawn_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  bool is_read = true;  ///< else it waits only, by `.after`
};

/// What is drawn. Boxes are the steps, in the order of the report, and then the inputs.
struct drawn_graph {
  std::vector<drawn_box> boxes;
  std::vector<drawn_edge> edges;
};

/// Boxes and edges of a description. An input stands one level before the first step that reads it.
inline drawn_graph drawn_from(graph_description const& graph) {
  drawn_graph made;
  for (step_description const& step : graph.steps)
    made.boxes.push_back({.name = step.name,
                          .detail = step.code,
                          .told = {},
                          .is_input = false,
                          .is_map = step.is_map,
                          .level = std::max<std::uint32_t>(step.level, 1)});
  for (input_description const& input : graph.inputs)
    made.boxes.push_back({.name = input.name,
                          .detail = {},
                          .told = "input, " + input.schema,
                          .is_input = true,
                          .is_map = false,
                          .level = 0});
  std::size_t const inputs = graph.inputs.size(), steps = graph.steps.size();
  std::vector<std::uint32_t> first_reader(made.boxes.size(), 0);
  for (picture_edge const& edge : picture_of(graph).edges) {
    auto const place = [&](std::size_t node) {
      return static_cast<std::uint32_t>(node < inputs ? steps + node : node - inputs);
    };
    drawn_edge const drawn{place(edge.from), place(edge.to), edge.is_read};
    made.edges.push_back(drawn);
    std::uint32_t const level = made.boxes[drawn.to].level;
    std::uint32_t& first = first_reader[drawn.from];
    if (first == 0 || level < first) first = level;
  }
  for (std::size_t i = steps; i < made.boxes.size(); ++i)
    made.boxes[i].level = first_reader[i] == 0 ? 0 : first_reader[i] - 1;
  return made;
}

/// The same with what happened. Where the report does not know how its steps hang together, they stand in rows of twelve.
inline drawn_graph drawn_from(report const& r) {
  drawn_graph made;
  if (r.graph != nullptr && r.graph->steps.size() == r.steps.size()) {
    made = drawn_from(*r.graph);
  } else {
    made.boxes.resize(r.steps.size());
    for (std::size_t i = 0; i < r.steps.size(); ++i) made.boxes[i].level = static_cast<std::uint32_t>(i / 12);
  }
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    drawn_box& box = made.boxes[i];
    box.name = r.steps[i].name;
    box.look = look_of(r.steps[i], r.is_plan);
    box.detail = look_detail(r.steps[i], r.is_plan);
    box.told = box.detail;
    if (std::string const why = reason_text(r.steps[i]); !why.empty()) box.told += ": " + why;
  }
  return made;
}

/// Sizes in pixels. Names are set in a fixed-width font, whose widest common faces take 0.61 of their size for a column.
struct svg_sizes {
  static constexpr double step_height = 46, input_height = 24, stack = 4, margin = 12;
  static constexpr double name_column = 7.35, detail_column = 6.5, input_column = 6.75;
  static constexpr double before_text = 34, after_text = 14, least_width = 128;
  static constexpr std::size_t most_columns = 24, most_detail = 27;
};

inline double width_of_box(drawn_box const& box) {
  using s = svg_sizes;
  auto const columns = [](std::string const& text, std::size_t most) {
    return static_cast<double>(std::min(text_columns(text), most));
  };
  if (box.is_input) return 24 + s::input_column * columns(box.name, s::most_columns);
  double const text = std::max(s::name_column * columns(box.name, s::most_columns),
                               s::detail_column * columns(box.detail, s::most_detail));
  return std::max(s::least_width, s::before_text + text + s::after_text);
}

class graph_drawing {
 public:
  explicit graph_drawing(drawn_graph const& graph) : graph_(graph) {
    std::map<std::uint32_t, double> widths;
    for (drawn_box const& box : graph.boxes)
      if (!box.is_input) widths[box.level] = std::max(widths[box.level], width_of_box(box));
    std::vector<layout_edge> edges;
    for (drawn_edge const& edge : graph.edges) edges.push_back({edge.from, edge.to});
    for (drawn_box const& box : graph.boxes)
      boxes_.push_back({box.level, box.is_input ? width_of_box(box) : widths[box.level],
                        box.is_input ? svg_sizes::input_height : svg_sizes::step_height});
    layout_ = layout_graph(boxes_, edges, {.between_boxes = 18, .between_curves = 12, .between_columns = 52});
  }

  /// An <svg> element of its natural size, whose one group `scene` a script may move.
  std::string svg(std::string_view label) {
    double const margin = svg_sizes::margin;
    std::string const width = pixels(layout_.width + 2 * margin),
                      height = pixels(layout_.height + 2 * margin);
    text_ = "<svg id=\"graph\" role=\"group\" aria-label=\"" + html_text(label) + "\" width=\"" + width +
            "\" height=\"" + height + "\" viewBox=\"" + pixels(-margin) + " " + pixels(-margin) + " " +
            width + " " + height + "\">\n<g id=\"scene\">\n<g class=\"edges\">\n";
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) draw_edge(graph_.edges[i], layout_.edges[i]);
    text_ += "</g>\n";
    // In reading order, which is that of the keyboard: column by column, each from top to bottom.
    std::vector<std::uint32_t> order(boxes_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (boxes_[a].level != boxes_[b].level) return boxes_[a].level < boxes_[b].level;
      return layout_.boxes[a].y < layout_.boxes[b].y;
    });
    for (std::uint32_t const i : order) draw_box(i);
    text_ += "</g>\n</svg>\n";
    return std::move(text_);
  }

 private:
  void draw_edge(drawn_edge const& edge, std::vector<layout_point> const& points) {
    if (points.empty()) return;
    text_ += edge.is_read ? "<path class=\"edge\"" : "<path class=\"edge after\"";
    text_ += " data-from=\"" + std::to_string(edge.from) + "\" data-to=\"" + std::to_string(edge.to) +
             "\" d=\"M" + pixels(points[0].x) + " " + pixels(points[0].y);
    for (std::size_t i = 1; i < points.size(); ++i) {
      layout_point const &a = points[i - 1], &b = points[i];
      if (a.y == b.y) {
        text_ += "H" + pixels(b.x);
        continue;
      }
      std::string const middle = pixels((a.x + b.x) / 2);
      text_ += "C" + middle + " " + pixels(a.y) + " " + middle + " " + pixels(b.y) + " " + pixels(b.x) + " " +
               pixels(b.y);
    }
    text_ += "\"/>\n";
  }

  void draw_box(std::uint32_t i) {
    using s = svg_sizes;
    drawn_box const& box = graph_.boxes[i];
    double const w = boxes_[i].width, h = boxes_[i].height;
    std::string const width = pixels(w), height = pixels(h);
    auto const rect = [&](std::string_view name, double shift, std::string_view radius) {
      text_ += "<rect class=\"" + std::string(name) + "\" x=\"" + pixels(shift) + "\" y=\"" + pixels(-shift) +
               "\" width=\"" + width + "\" height=\"" + height + "\" rx=\"" + std::string(radius) + "\"/>";
    };
    text_ += "<g class=\"node " + std::string(box.is_input ? "input" : box.look.name) +
             (box.is_map ? " map" : "") + "\" data-node=\"" + std::to_string(i) +
             "\" tabindex=\"-1\" role=\"button\" transform=\"translate(" + pixels(layout_.boxes[i].x) + " " +
             pixels(layout_.boxes[i].y) + ")\" aria-label=\"" + html_text(box.name + ", " + box.told) +
             "\"><title>" + html_text(box.name + (box.told.empty() ? "" : "\n" + box.told)) + "</title>";
    if (box.is_map) rect("under", 2 * s::stack, "8"), rect("under", s::stack, "8");
    rect("box", 0, box.is_input ? "12" : "8");
    if (box.is_input) {
      text_ += "<text class=\"name\" x=\"12\" y=\"16\">" +
               html_text(shortened_in_middle(box.name, s::most_columns)) + "</text>";
    } else {
      std::string const sign = "<use href=\"#sign-" + std::string(box.look.name) + "\" class=\"";
      text_ += sign + "sign\" x=\"12\" y=\"10.5\" width=\"13\" height=\"13\"/>" + sign + "far-sign\" x=\"" +
               pixels(w / 2 - 15) + "\" y=\"" + pixels(h / 2 - 15) + "\" width=\"30\" height=\"30\"/>" +
               "<text class=\"name\" x=\"34\" y=\"21\">" +
               html_text(shortened_in_middle(box.name, s::most_columns)) +
               "</text><text class=\"detail\" x=\"34\" y=\"36.5\">" +
               html_text(shortened_in_middle(box.detail, s::most_detail)) + "</text>";
    }
    text_ += "</g>\n";
  }

  drawn_graph const& graph_;
  std::vector<layout_box> boxes_;
  graph_layout layout_;
  std::string text_;
};

}  // namespace memo::detail
