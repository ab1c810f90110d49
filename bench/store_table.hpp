/// A reporter that, after Google Benchmark's own lines, prints medians and their ratios to the best peer.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// Takes runs that are named "operation/column/row", several of each, one after the other. Rows of memo are those with
/// "_store" in their name, all others are peers.
class table_reporter : public benchmark::ConsoleReporter {
 public:
  table_reporter() : ConsoleReporter(OO_None) {}

  void ReportRuns(std::vector<Run> const& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (auto const& run : runs) {
      if (run.error_occurred || run.run_type != Run::RT_Iteration) continue;
      auto const parts = parts_of(run.run_name.function_name);
      add(parts[0], parts[1], parts[2], run.GetAdjustedRealTime());
      for (auto const& [name, counter] : run.counters)
        add(parts[0] + ", " + name, parts[1], parts[2], counter.value);
    }
  }

  /// Prints a table for each operation.
  void print() const {
    for (auto const& t : tables_) print(t);
  }

 private:
  struct row {
    std::string name;
    std::vector<std::vector<double>> cells;  ///< for each column, what each round gave
    bool is_peer() const { return name.find("_store") == std::string::npos; }
  };
  struct table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<row> rows;
  };

  static std::vector<std::string> parts_of(std::string const& name) {
    std::vector<std::string> parts(3);
    std::size_t at = 0;
    for (std::size_t i = 0; i < 3 && at <= name.size(); ++i) {
      std::size_t const end = std::min(name.find('/', at), name.size());
      parts[i] = name.substr(at, end - at);
      at = end + 1;
    }
    return parts;
  }

  void add(std::string const& operation, std::string const& column, std::string const& name, double value) {
    auto& t = found_or_made(tables_, operation, [&] { return table{operation, {}, {}}; });
    std::size_t c = 0;
    while (c < t.columns.size() && t.columns[c] != column) ++c;
    if (c == t.columns.size()) t.columns.push_back(column);
    auto& r = found_or_made(t.rows, name, [&] { return row{name, {}}; });
    if (r.cells.size() <= c) r.cells.resize(c + 1);
    r.cells[c].push_back(value);
  }

  template <class T, class Make>
  static T& found_or_made(std::vector<T>& all, std::string const& name, Make make) {
    for (auto& one : all)
      if (one.name == name) return one;
    all.push_back(make());
    return all.back();
  }

  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::size_t const half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  }

  static std::vector<double> const* cell(row const& r, std::size_t c) {
    return c < r.cells.size() && !r.cells[c].empty() ? &r.cells[c] : nullptr;
  }

  static std::vector<double> const* best_peer(table const& t, std::size_t c) {
    std::vector<double> const* best = nullptr;
    for (auto const& r : t.rows)
      if (auto const* const values = cell(r, c); values != nullptr && r.is_peer())
        if (best == nullptr || median(*values) < median(*best)) best = values;
    return best;
  }

  /// The median of the ratios within each round: what slows a whole round down does not count.
  static double ratio(std::vector<double> const& values, std::vector<double> const& best) {
    std::vector<double> all;
    for (std::size_t i = 0; i < std::min(values.size(), best.size()); ++i)
      all.push_back(best[i] > 0 ? values[i] / best[i] : 0);
    return median(all);
  }

  static std::string text(double value) {
    char buffer[32];
    char const* const form = value < 99.95 ? "%.1f" : value < 99'950 ? "%.0f" : "%.0fk";
    std::snprintf(buffer, sizeof buffer, form, value < 99'950 ? value : value / 1000);
    return buffer;
  }

  static void print(table const& t) {
    std::printf("\n%-32s", t.name.c_str());
    for (auto const& column : t.columns) std::printf("%20s", column.c_str());
    std::printf("\n");
    for (auto const& r : t.rows) {
      std::printf("%-32s", r.name.c_str());
      for (std::size_t c = 0; c < t.columns.size(); ++c) {
        auto const* const values = cell(r, c);
        auto const* const best = best_peer(t, c);
        std::string shown = values == nullptr ? "-" : text(median(*values));
        if (values != nullptr && best != nullptr) {
          char buffer[32];
          std::snprintf(buffer, sizeof buffer, " x%-6.2f", ratio(*values, *best));
          shown += buffer;
        }
        std::printf("%20s", shown.c_str());
      }
      std::printf("\n");
    }
  }

  std::vector<table> tables_;
};

}  // namespace bench
