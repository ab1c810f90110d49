/// The vertices of a layered graph in columns, in an order with few crossings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace memo::detail {

/// Boxes by level, and beside them the rows by which edges pass a column. Box numbers are those of the caller; rows come
/// after them.
class graph_columns {
 public:
  struct vertex {
    std::uint32_t column = 0;
    std::vector<std::uint32_t> back{};   ///< vertices of the column before, each once
    std::vector<std::uint32_t> ahead{};  ///< of the next one
  };
  std::vector<vertex> vertices;
  std::vector<std::vector<std::uint32_t>> order;  ///< the vertices of each column, from top to bottom

  /// Levels need not be dense: each that occurs is one column.
  explicit graph_columns(std::vector<std::uint32_t> const& levels)
      : boxes_(levels.size()), rows_(levels.size()) {
    std::vector<std::uint32_t> known = levels;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    order.resize(known.size());
    for (std::uint32_t const level : levels) {
      auto const at = std::lower_bound(known.begin(), known.end(), level) - known.begin();
      add(static_cast<std::uint32_t>(at));
    }
  }

  bool is_row(std::uint32_t v) const { return v >= boxes_; }
  bool is_forward(std::uint32_t from, std::uint32_t to) const {
    return from < boxes_ && to < boxes_ && vertices[from].column < vertices[to].column;
  }
  /// The row by which edges from a box pass a column.
  std::uint32_t row_of(std::uint32_t from, std::uint32_t column) const {
    return rows_[from][column - vertices[from].column - 1];
  }

  /// An edge between two boxes. One that does not go forward is left out.
  void connect(std::uint32_t from, std::uint32_t to) {
    if (!is_forward(from, to)) return;
    std::uint32_t last = from;
    for (std::uint32_t c = vertices[from].column + 1; c < vertices[to].column; ++c) {
      std::size_t const place = c - vertices[from].column - 1;
      if (rows_[from].size() == place) {
        rows_[from].push_back(add(c));
        link(last, rows_[from][place]);
      }
      last = rows_[from][place];
    }
    link(last, to);
  }

  /// Orders the columns. Returns how many vertices it looked at.
  std::size_t sort() {
    constexpr int most_sweeps = 24, patience = 6;
    std::vector<double> place(vertices.size());
    for (auto const& column : order) number(column, place);
    auto best = order;
    std::size_t fewest = crossings(), visits = 0;
    for (int sweep = 0, idle = 0; sweep < most_sweeps && idle < patience && fewest != 0; ++sweep, ++idle) {
      bool const forward = sweep % 2 == 0;
      for (std::size_t c = 0; c < order.size(); ++c)
        arrange(order[forward ? c : order.size() - 1 - c], forward, place);
      visits += vertices.size();
      std::size_t const now = crossings();
      if (now >= fewest) continue;
      fewest = now;
      best = order;
      idle = -1;
    }
    order = std::move(best);
    return visits;
  }

  /// Pairs of edges that cross between two columns, over all columns (counted as by Barth, Jünger and Mutzel 2002).
  std::size_t crossings() const {
    std::size_t found = 0;
    std::vector<double> place(vertices.size());
    for (auto const& column : order) number(column, place);
    for (std::size_t c = 0; c + 1 < order.size(); ++c) {
      std::vector<std::size_t> tree(order[c + 1].size() + 1, 0);
      std::size_t seen = 0;
      for (std::uint32_t const v : order[c]) {
        std::vector<std::size_t> ends;
        for (std::uint32_t const w : vertices[v].ahead)
          ends.push_back(static_cast<std::size_t>(place[w]) + 1);
        for (std::size_t const end : ends) {
          std::size_t above = 0;
          for (std::size_t i = end; i > 0; i -= i & (0 - i)) above += tree[i];
          found += seen - above;
        }
        for (std::size_t const end : ends)
          for (std::size_t i = end; i < tree.size(); i += i & (0 - i)) ++tree[i];
        seen += ends.size();
      }
    }
    return found;
  }

 private:
  std::uint32_t add(std::uint32_t column) {
    auto const made = static_cast<std::uint32_t>(vertices.size());
    vertices.push_back({column});
    order[column].push_back(made);
    return made;
  }

  void link(std::uint32_t from, std::uint32_t to) {
    auto& ahead = vertices[from].ahead;
    if (std::find(ahead.begin(), ahead.end(), to) != ahead.end()) return;
    ahead.push_back(to);
    vertices[to].back.push_back(from);
  }

  static void number(std::vector<std::uint32_t> const& column, std::vector<double>& place) {
    for (std::size_t i = 0; i < column.size(); ++i) place[column[i]] = static_cast<double>(i);
  }

  // A vertex goes to the mean place of its neighbours; one without neighbours stays where it is.
  void arrange(std::vector<std::uint32_t>& column, bool forward, std::vector<double>& place) {
    std::vector<std::pair<double, std::uint32_t>> wanted;
    for (std::uint32_t const v : column) {
      auto const& others = forward ? vertices[v].back : vertices[v].ahead;
      double const sum = std::accumulate(others.begin(), others.end(), 0.0,
                                         [&](double s, std::uint32_t other) { return s + place[other]; });
      wanted.emplace_back(others.empty() ? place[v] : sum / static_cast<double>(others.size()), v);
    }
    std::sort(wanted.begin(), wanted.end(), [&](auto const& a, auto const& b) {
      return a.first != b.first ? a.first < b.first : place[a.second] < place[b.second];
    });
    for (std::size_t i = 0; i < column.size(); ++i) column[i] = wanted[i].second;
    number(column, place);
  }

  std::size_t boxes_;
  std::vector<std::vector<std::uint32_t>> rows_;  // of each box, by column
};

}  // namespace memo::detail
