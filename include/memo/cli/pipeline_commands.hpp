/// All commands of a program with a pipeline.
#pragma once

#include <memo/cli/cache_commands.hpp>
#include <memo/cli/command_graph.hpp>
#include <memo/cli/command_run.hpp>

#include <algorithm>
#include <array>

namespace memo::detail {

inline constexpr auto pipeline_commands = [] {
  constexpr std::array<command, 4> first{{
      {"run", "runs the pipeline, or what targets need of it (without a command, this)", &command_run},
      {"plan", "says which steps would run, and why", &command_plan},
      {"explain", "says why one step would run, and what its key is made of", &command_explain},
      {"graph", "shows the pipeline: as text, Mermaid, Graphviz, JSON or a page", &command_graph},
  }};
  std::array<command, first.size() + cache_commands.size()> all{};
  std::copy(cache_commands.begin(), cache_commands.end(), std::copy(first.begin(), first.end(), all.begin()));
  return all;
}();

}  // namespace memo::detail
