/// Where the boxes and curves of a layered graph go: sizes, levels and edges in, coordinates out.
///
/// Levels are columns from left to right. The order within a column comes from barycentre sweeps (Sugiyama, Tagawa and
/// Toda 1981), of which the one with the fewest crossings counts. An edge over several columns passes through a row of its
/// own in each of them, so that no curve runs behind a box; edges from one box share these rows. Heights then minimise the
/// weighted squares of what edges rise and fall: column by column, exactly, by pooling adjacent violators (Ayer et al.
/// 1955), with the weights of Gansner, Koutsofios, North and Vo 1993, which keep long edges straight.
#pragma once

#include <memo/export/graph_order.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace memo::detail {

/// A box to be placed. Lengths are in pixels.
struct layout_box {
  std::uint32_t level = 0;
  double width = 0;
  double height = 0;
};

/// From the box with one number to that with another. One that does not go to a higher level is not drawn.
struct layout_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

struct layout_point {
  double x = 0;
  double y = 0;
};

/// The least distances.
struct layout_gaps {
  double between_boxes = 16;   ///< of one column
  double between_curves = 10;  ///< and from a curve to a box
  double between_columns = 48;
};

struct graph_layout {
  std::vector<layout_point> boxes;  ///< upper left corners
  std::vector<std::vector<layout_point>>
      edges;  ///< from a box's right side to another's left; empty: not drawn
  double width = 0;
  double height = 0;
  std::size_t crossings = 0;
  std::size_t visits = 0;  ///< of boxes and rows of edges by all sweeps: what it cost
};

/// Sets the heights of the vertices of ordered columns.
class layout_rows {
 public:
  layout_rows(graph_columns const& columns, std::vector<double> const& heights, layout_gaps const& gaps)
      : columns_(columns), heights_(heights), gaps_(gaps), middle_(columns.vertices.size(), 0) {
    for (auto const& column : columns_.order) {
      double y = 0;
      for (std::size_t i = 0; i < column.size(); ++i)
        middle_[column[i]] = y += i == 0 ? 0 : distance(column, i);
      for (std::uint32_t const v : column) middle_[v] -= y / 2;
    }
    constexpr int rounds = 24;
    for (int round = 0; round < rounds; ++round) {
      // The first rounds look back only, then ahead only: they pull chains straight, which the others would need long for.
      bool const back = round != 1, ahead = round != 0;
      for (std::size_t c = 0; c < columns_.order.size(); ++c)
        settle(columns_.order[round % 2 == 0 ? c : columns_.order.size() - 1 - c], back, ahead);
    }
    for (auto const& column : columns_.order) straighten(column);
  }

  double middle(std::uint32_t vertex) const { return middle_[vertex]; }
  std::size_t visits() const { return visits_; }

 private:
  struct block {
    double sum, weight;
    std::size_t count;
    double mean() const { return sum / weight; }
  };

  double distance(std::vector<std::uint32_t> const& column, std::size_t i) const {
    bool const boxes = !columns_.is_row(column[i - 1]) && !columns_.is_row(column[i]);
    return (heights_[column[i - 1]] + heights_[column[i]]) / 2 +
           (boxes ? gaps_.between_boxes : gaps_.between_curves);
  }

  double weight_of(std::uint32_t a, std::uint32_t b) const {
    int const rows = int{columns_.is_row(a)} + int{columns_.is_row(b)};
    return rows == 2 ? 8 : rows + 1;
  }

  // The heights of one column that are best while the others stay. Without the distances that have to be kept each
  // vertex would go to the mean of its neighbours; with them it is an isotonic regression.
  void settle(std::vector<std::uint32_t> const& column, bool back, bool ahead) {
    std::vector<block> blocks;
    double offset = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
      std::uint32_t const v = column[i];
      offset += i == 0 ? 0 : distance(column, i);
      block one{0, 0, 1};
      auto const pull = [&](std::vector<std::uint32_t> const& others) {
        for (std::uint32_t const other : others) {
          one.sum += weight_of(v, other) * middle_[other];
          one.weight += weight_of(v, other);
        }
      };
      if (back) pull(columns_.vertices[v].back);
      if (ahead) pull(columns_.vertices[v].ahead);
      if (one.weight == 0) one = {0.01 * middle_[v], 0.01, 1};
      one.sum -= one.weight * offset;
      blocks.push_back(one);
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
        block const last = blocks.back();
        blocks.pop_back();
        block& kept = blocks.back();
        kept = {kept.sum + last.sum, kept.weight + last.weight, kept.count + last.count};
      }
    }
    std::size_t i = 0;
    offset = 0;
    for (block const& one : blocks)
      for (std::size_t k = 0; k < one.count; ++k, ++i) {
        offset += i == 0 ? 0 : distance(column, i);
        middle_[column[i]] = one.mean() + offset;
      }
    visits_ += column.size();
  }

  // An edge that hardly rises looks like a mistake: where there is room it becomes straight.
  void straighten(std::vector<std::uint32_t> const& column) {
    constexpr double hardly = 9;
    for (std::size_t i = 0; i < column.size(); ++i) {
      double& y = middle_[column[i]];
      double best = y + hardly;
      for (std::uint32_t const other : columns_.vertices[column[i]].back)
        if (std::abs(middle_[other] - y) < std::abs(best - y)) best = middle_[other];
      bool const has_room =
          (i == 0 || best - middle_[column[i - 1]] >= distance(column, i)) &&
          (i + 1 == column.size() || middle_[column[i + 1]] - best >= distance(column, i + 1));
      if (best != y + hardly && has_room) y = best;
    }
    visits_ += column.size();
  }

  graph_columns const& columns_;
  std::vector<double> const& heights_;
  layout_gaps const gaps_;
  std::vector<double> middle_;
  std::size_t visits_ = 0;
};

/// Places the boxes. The same input gives the same output; the cost grows with the number of boxes and of columns that
/// edges pass.
inline graph_layout layout_graph(std::vector<layout_box> const& boxes, std::vector<layout_edge> const& edges,
                                 layout_gaps const& gaps = {}) {
  graph_layout made;
  made.boxes.resize(boxes.size());
  made.edges.resize(edges.size());
  if (boxes.empty()) return made;

  std::vector<std::uint32_t> levels;
  for (layout_box const& box : boxes) levels.push_back(box.level);
  graph_columns columns(levels);
  for (layout_edge const& edge : edges) columns.connect(edge.from, edge.to);
  made.visits = columns.sort();
  made.crossings = columns.crossings();

  std::vector<double> heights(columns.vertices.size(), 0);
  std::vector<double> widths(columns.order.size(), 0);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    heights[i] = boxes[i].height;
    double& width = widths[columns.vertices[i].column];
    width = std::max(width, boxes[i].width);
  }
  layout_rows const rows(columns, heights, gaps);
  made.visits += rows.visits();

  double top = 0, bottom = 0;
  for (std::uint32_t v = 0; v < columns.vertices.size(); ++v) {
    double const up = rows.middle(v) - heights[v] / 2, down = rows.middle(v) + heights[v] / 2;
    top = v == 0 ? up : std::min(top, up);
    bottom = v == 0 ? down : std::max(bottom, down);
  }
  auto const y_of = [&](std::uint32_t v) { return std::round(rows.middle(v) - top); };
  std::vector<double> left(widths.size(), 0);
  for (std::size_t c = 0; c < widths.size(); ++c) {
    made.width = left[c] + widths[c];
    if (c + 1 == widths.size()) break;
    // Steep curves need room to turn.
    double rise = 0;
    for (std::uint32_t const v : columns.order[c])
      for (std::uint32_t const w : columns.vertices[v].ahead)
        rise = std::max(rise, std::abs(y_of(v) - y_of(w)));
    left[c + 1] =
        made.width + gaps.between_columns + std::round(std::min(0.12 * rise, 2 * gaps.between_columns));
  }
  made.height = std::ceil(bottom - top);

  // Narrow boxes stand at the right end of their column.
  for (std::uint32_t i = 0; i < boxes.size(); ++i) {
    std::uint32_t const c = columns.vertices[i].column;
    made.boxes[i] = {left[c] + widths[c] - boxes[i].width, y_of(i) - boxes[i].height / 2};
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    layout_edge const& edge = edges[i];
    if (!columns.is_forward(edge.from, edge.to)) continue;
    auto& points = made.edges[i];
    auto const from = columns.vertices[edge.from].column, to = columns.vertices[edge.to].column;
    points.push_back({left[from] + widths[from], y_of(edge.from)});
    for (std::uint32_t c = from + 1; c < to; ++c) {
      double const y = y_of(columns.row_of(edge.from, c));
      points.push_back({left[c], y});
      points.push_back({left[c] + widths[c], y});
    }
    points.push_back({left[to], y_of(edge.to)});
    if (made.boxes[edge.to].x > left[to]) points.push_back({made.boxes[edge.to].x, y_of(edge.to)});
  }
  return made;
}

}  // namespace memo::detail
