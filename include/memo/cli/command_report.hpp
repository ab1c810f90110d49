/// report: what the last run did.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/command_output.hpp>
#include <memo/cli/last_run.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>

#include <optional>
#include <string>
#include <vector>

namespace memo::detail {

inline int command_report(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory, pipeline;
  report_files files;
  arguments with(context.program + " report",
                 "Shows what the last run did: as a table, or in the files that are named.");
  files.take(with, true);
  if (context.pipeline == nullptr)
    with.text("--pipeline", "NAME", "the last run of this pipeline; without it, of the one that ran last",
              pipeline);
  take_directory(with, context, directory);
  with.parse(typed);
  if (context.pipeline != nullptr) pipeline = context.pipeline->graph.name;
  memo::report const last = read_last_run(place_of(cache_of(context, directory)), pipeline);
  if (files.any())
    files.write(context.at, last);
  else
    context.at.out << visible_lines("", to_text(last));
  return 0;
}

}  // namespace memo::detail
