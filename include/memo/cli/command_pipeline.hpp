/// A pipeline as commands see it: names, texts and a function that makes a run of it. No types.
#pragma once

#include <memo/cli/pipeline_inputs.hpp>
#include <memo/cli/terminal.hpp>
#include <memo/graph/describe.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>
#include <memo/run/runner.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// What stands behind a command line. Tests make it by hand.
struct command_pipeline {
  graph_description graph;
  std::vector<input_text_row> inputs;  ///< in the order of `graph.inputs`
  std::vector<output_text_row>
      outputs;  ///< one for each slot: inputs and outputs in the order of their declaration
  /// A run that has not begun: a value for each input, null for its default, slots as targets (none: all steps), or only a plan.
  std::function<std::shared_ptr<engine>(runner const&, std::vector<std::shared_ptr<void const>> values,
                                        std::vector<std::uint32_t> targets, bool plan_only)>
      engine_for;
  /// Gets the run after all steps went well, instead of the results being printed; may be empty.
  std::function<void(std::shared_ptr<engine>)> after;

  /// The names of all outputs of steps.
  std::vector<std::string> step_names() const {
    std::vector<std::string> names;
    for (step_description const& step : graph.steps)
      names.insert(names.end(), step.names.begin(), step.names.end());
    return names;
  }
  std::vector<std::string> input_names() const {
    std::vector<std::string> names;
    for (input_description const& input : graph.inputs) names.push_back(input.name);
    return names;
  }

  /// The step with this output, or null.
  step_description const* find_step(std::string_view output) const {
    for (step_description const& step : graph.steps)
      for (std::string const& name : step.names)
        if (name == output) return &step;
    return nullptr;
  }
};

/// The inputs of a pipeline and its steps, for the end of a help.
inline std::string pipeline_help(command_pipeline const& pipeline) {
  std::string text;
  if (!pipeline.inputs.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (input_text_row const& input : pipeline.inputs)
      rows.push_back({"  " + std::string(input.name), std::string(input.type),
                      input.has_default ? "default " + visible(input.default_text) : "needed"});
    text += "inputs (--set NAME=VALUE):\n" + format_table(rows) + '\n';
  }
  std::vector<std::vector<std::string>> steps;
  for (step_description const& step : pipeline.graph.steps)
    steps.push_back({"  " + step.name, step.reads.empty() ? "reads nothing" : "reads " + joined(step.reads)});
  return text + "steps:\n" + format_table(steps);
}

/// The thin typed part: all that a command line needs of a pipeline. The pipeline must outlive what is made.
template <class... Nodes>
command_pipeline bind_pipeline(pipeline_type<Nodes...> const& declared) {
  command_pipeline made;
  made.graph = memo::describe(declared);
  made.inputs = input_rows(declared);
  made.outputs = output_rows(declared);
  made.engine_for = [&declared](runner const& with, std::vector<std::shared_ptr<void const>> values,
                                std::vector<std::uint32_t> targets, bool plan_only) {
    return runner_access::engine_for(with, declared, std::move(values), std::move(targets), plan_only);
  };
  return made;
}

}  // namespace memo::detail
