/// history: past runs of a cache.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/history_reader.hpp>
#include <memo/export/history.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace memo::detail {

/// "2026-11-21 03:12:45" of "2026-11-21T03:12:45.123Z".
inline std::string short_time(std::string text) {
  if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
  return visible(text.substr(0, 19));
}

inline std::string outcome_text(history_line const& run) {
  std::string text = std::to_string(run.hit) + " hit, " + std::to_string(run.ran) + " ran";
  auto const add = [&](std::uint64_t count, char const* what) {
    if (count != 0) text += ", " + std::to_string(count) + ' ' + what;
  };
  add(run.failed, "failed");
  add(run.skipped, "skipped");
  add(run.cancelled, "cancelled");
  return text;
}

inline int command_history(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory, limit_text, pipeline;
  arguments with(context.program + " history", "Lists past runs, the last one at the end. Times are UTC.");
  with.text("--limit", "N", "the last N runs, 20 without this; 0: all", limit_text);
  with.text("--pipeline", "NAME", "only runs of this pipeline", pipeline);
  take_directory(with, context, directory);
  with.parse(typed);
  std::size_t const limit = limit_text ? whole_number("--limit", *limit_text) : 20;
  std::string const place = place_of(cache_of(context, directory));
  std::size_t unreadable = 0;
  // The file is bounded, so all of it may be in memory.
  std::vector<history_line> runs = read_history(history_file_in(place), whole_history, &unreadable);
  if (pipeline) std::erase_if(runs, [&](history_line const& run) { return run.pipeline != *pipeline; });
  if (runs.empty()) context.at.err << "no run is in the history of this cache\n";
  std::size_t const passed = limit == 0 ? 0 : runs.size() - std::min(runs.size(), limit);
  std::vector<std::vector<std::string>> rows{
      {"when", "pipeline", "mode", "steps", "time", "saved", "slowest step"}};
  for (std::size_t i = passed; i < runs.size(); ++i) {
    history_line const& run = runs[i];
    rows.push_back({short_time(run.when), visible(run.pipeline), visible(run.mode), outcome_text(run),
                    duration_text(run.time_ns), run.saved_ns > 0 ? duration_text(run.saved_ns) : "-",
                    run.steps.empty() ? "" : visible(run.steps[0].name + ": " + run.steps[0].why)});
  }
  if (passed != 0)
    context.at.out << count_text(passed, "earlier run", "earlier runs") << " (--limit 0 lists all)\n";
  if (!runs.empty()) context.at.out << format_table(rows);
  if (unreadable != 0)
    context.at.err << "note: " << count_text(unreadable, "line", "lines")
                   << " of the history could not be read\n";
  return 0;
}

}  // namespace memo::detail
