/// plan, explain and graph: what would run and why, and the pipeline as a picture.
#pragma once

#include <memo/cli/command_output.hpp>
#include <memo/cli/command_request.hpp>
#include <memo/report/key_text.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace memo::detail {

inline int command_plan(command_context const& context, std::vector<std::string> const& typed) {
  pipeline_request request;
  std::string const command = context.program + " plan";
  arguments with(command, "Says which steps would run, and why. Runs none, and writes nothing.");
  with.words("TARGET", "outputs of steps; without them, all steps", request.targets);
  request.take_inputs(with);
  request.take_choices(with, context);
  with.footer(pipeline_help(*context.pipeline));
  with.parse(typed);
  context.at.out << visible_lines("", to_text(plan_of(context, request, command)));
  return 0;
}

/// Forecast, reason, key and outputs of a step in a plan.
inline std::string explanation(step_report const& step) {
  std::vector<std::vector<std::string>> rows{{"step", step.name},
                                             {"forecast", std::string(to_text(step.forecast))},
                                             {"why", visible(reason_text(step))}};
  if (step.saved_ns > 0) rows.push_back({"cost", duration_text(step.saved_ns)});
  if (step.bytes != 0) rows.push_back({"size", size_text(step.bytes)});
  for (std::size_t i = 0; i < step.names.size() && i < step.values.size(); ++i)
    if (step.values[i]) rows.push_back({"output " + step.names[i], to_hex(step.values[i])});
  if (step.key) rows.push_back({"key", to_hex(step.key)});
  std::string text = format_table(rows);
  std::string const parts = key_text(step);
  return parts.empty() ? text + "the key is known when what the step reads is\n"
                       : text + "the key is made of\n" + indented(parts);
}

inline int command_explain(command_context const& context, std::vector<std::string> const& typed) {
  pipeline_request request;
  std::string const command = context.program + " explain";
  arguments with(command, "Says whether a step would run, why, and what its key is made of. Runs nothing.");
  with.words("STEP", "the step, by any of its outputs", request.targets, 1, 1);
  request.take_inputs(with);
  request.take_choices(with, context);
  with.footer(pipeline_help(*context.pipeline));
  with.parse(typed);
  context.at.out << explanation(
      plan_of(context, request, command + ' ' + request.targets[0])[request.targets[0]]);
  return 0;
}

/// The pipeline for a terminal: inputs, then the steps by levels.
inline std::string graph_text(graph_description const& graph) {
  std::string text = "pipeline " + graph.name + '\n';
  std::vector<std::vector<std::string>> rows;
  for (input_description const& input : graph.inputs)
    rows.push_back({"  input", input.name, visible(input.schema)});
  std::uint32_t levels = 0;
  for (step_description const& step : graph.steps) levels = std::max(levels, step.level);
  for (std::uint32_t level = 1; level <= levels; ++level)
    for (step_description const& step : graph.steps) {
      if (step.level != level) continue;
      std::string what = step.reads.empty() ? "reads nothing" : "reads " + joined(step.reads);
      if (!step.after.empty()) what += ", after " + joined(step.after);
      if (step.is_map) what += ", for each element of " + (step.reads.empty() ? "" : step.reads[0]);
      rows.push_back({"  level " + std::to_string(level), step.name, what});
    }
  return text + format_table(rows);
}

inline int command_graph(command_context const& context, std::vector<std::string> const& typed) {
  pipeline_request request;
  std::optional<std::string> format, output;
  bool is_planned = false;
  std::string const command = context.program + " graph";
  arguments with(command, "Shows the pipeline: its inputs, its steps, and what reads what.");
  with.text("--format", "FORMAT", "text, mermaid, dot (Graphviz), json or html", format);
  with.text("-o,--output", "FILE", "writes to this file", output);
  with.flag("--plan", "colours the steps by what would run with the inputs of --set; not for text",
            is_planned);
  request.take_inputs(with);
  request.take_choices(with, context);
  with.footer(pipeline_help(*context.pipeline));
  with.parse(typed);
  std::string const wanted = format.value_or("text");
  static std::vector<std::string> const formats{"text", "mermaid", "dot", "json", "html"};
  if (std::ranges::count(formats, wanted) == 0)
    throw usage_error("a graph has no format `" + visible(wanted) + "`", {{"formats", joined(formats)}},
                      meant(wanted, formats, "give one of them"));
  if (!is_planned && (!request.sets.empty() || !request.force.empty() || request.mode))
    throw usage_error("inputs and options matter to a graph only with --plan", {},
                      "add --plan, or leave them out");

  graph_description const& graph = context.pipeline->graph;
  std::optional<memo::report> plan;
  if (is_planned) plan = plan_of(context, request, command + " --plan");
  auto const text = [&]() -> std::string {
    if (wanted == "mermaid") return plan ? to_mermaid(*plan) : to_mermaid(graph);
    if (wanted == "dot") return plan ? to_dot(*plan) : to_dot(graph);
    if (wanted == "json") return (plan ? to_json(*plan) : to_json(graph)) + '\n';
    if (wanted == "html") return plan ? to_html(*plan) : to_html(graph);
    return plan ? graph_text(graph) + '\n' + to_text(*plan) : graph_text(graph);
  }();
  write_text(context.at, output.value_or("-"), text);
  return 0;
}

}  // namespace memo::detail
