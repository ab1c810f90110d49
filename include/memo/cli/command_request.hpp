/// What run, plan, explain and graph have in common: targets and inputs as they are typed, and options of runners.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/units.hpp>
#include <memo/key/explain.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>
#include <memo/run/options.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Targets, inputs and options as they are typed.
struct pipeline_request {
  std::vector<std::string> targets;
  std::vector<std::string> sets;
  std::vector<std::string> force;
  std::optional<std::string> mode, directory;

  void take_inputs(arguments& with) {
    with.texts("--set", "NAME=VALUE", "the value of an input; may be given for each", sets);
  }
  void take_choices(arguments& with, command_context const& context) {
    with.texts("--force", "STEP", "runs this step whatever is stored; may be given for several", force);
    with.text("--mode", "MODE", "off, read_write, read_only, write_only or verify", mode);
    take_directory(with, context, directory);
  }
};

/// Splits "name=value". Throws usage_error where there is no `=`, or no such input.
inline std::pair<std::size_t, std::string_view> input_set(command_pipeline const& pipeline,
                                                          std::string_view typed) {
  std::size_t const equals = typed.find('=');
  std::string const name(typed.substr(0, equals));
  if (equals == typed.npos || name.empty())
    throw usage_error("`--set " + visible(typed) + "` gives no value to an input", {},
                      "write --set NAME=VALUE");
  for (std::size_t i = 0; i < pipeline.inputs.size(); ++i)
    if (pipeline.inputs[i].name == name) return {i, typed.substr(equals + 1)};
  if (pipeline.find_step(name) != nullptr)
    throw usage_error("`" + name + "` is a step, and its value is computed",
                      {{"inputs", joined(pipeline.input_names())}}, "--set gives values to inputs only");
  throw usage_error("the pipeline `" + pipeline.graph.name + "` has no input `" + visible(name) + "`",
                    {{"inputs", pipeline.inputs.empty() ? "none" : joined(pipeline.input_names())}},
                    meant(name, pipeline.input_names(), "--help tells what the inputs are"));
}

/// The value of each input as it is typed; null for its default. Throws usage_error for what is no value, and one for all
/// inputs that have none.
inline std::vector<std::shared_ptr<void const>> input_values(command_pipeline const& pipeline,
                                                             std::string const& command,
                                                             std::vector<std::string> const& sets) {
  std::vector<std::shared_ptr<void const>> values(pipeline.inputs.size());
  for (std::string const& typed : sets) {
    auto const [input, text] = input_set(pipeline, typed);
    if (values[input] != nullptr)
      throw usage_error("the input `" + std::string(pipeline.inputs[input].name) + "` is set twice", {},
                        "leave one of the two out");
    values[input] = pipeline.inputs[input].parse(text);
  }
  std::vector<fact> missing;
  std::string example = command;
  for (std::size_t i = 0; i < values.size(); ++i) {
    input_text_row const& input = pipeline.inputs[i];
    if (values[i] != nullptr || input.has_default) continue;
    missing.push_back({input.name, input.type});
    example += " --set " + std::string(input.name) + '=' + (input.example.empty() ? "..." : input.example);
  }
  if (!missing.empty())
    throw usage_error(missing.size() == 1 ? "an input has no value"
                                          : std::to_string(missing.size()) + " inputs have no value",
                      missing, "for example: " + example);
  return values;
}

/// The slot of an output of a step. Throws usage_error where there is none.
inline std::uint32_t output_slot(command_pipeline const& pipeline, std::string const& name) {
  for (std::size_t slot = 0; slot < pipeline.outputs.size(); ++slot)
    if (pipeline.outputs[slot].name == name && pipeline.find_step(name) != nullptr)
      return static_cast<std::uint32_t>(slot);
  bool const is_input = std::ranges::count(pipeline.input_names(), name) != 0;
  throw usage_error(is_input
                        ? "`" + name + "` is an input, and no step"
                        : "the pipeline `" + pipeline.graph.name + "` has no step `" + visible(name) + "`",
                    {{"steps", joined(pipeline.step_names())}},
                    is_input ? std::string("name a step")
                             : meant(name, pipeline.step_names(), "name one of the steps, or none for all"));
}

inline std::vector<std::uint32_t> output_slots(command_pipeline const& pipeline,
                                               std::vector<std::string> const& names) {
  std::vector<std::uint32_t> slots;
  for (std::string const& name : names) slots.push_back(output_slot(pipeline, name));
  return slots;
}

inline memo::mode mode_named(std::string const& text) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::size(mode_table); ++i) {
    if (mode_table[i].name == text) return static_cast<memo::mode>(i);
    names.emplace_back(mode_table[i].name);
  }
  throw usage_error("there is no mode `" + visible(text) + "`", {{"modes", joined(names)}},
                    meant(text, names, "give one of them"));
}

/// The options of the program, what the environment makes of them, and above both what is typed: who types means it.
inline memo::options chosen_options(command_pipeline const& pipeline, memo::options const& of_program,
                                    pipeline_request const& request) {
  memo::options made = effective(of_program);
  made.overridable = false;
  if (request.mode) made.mode = mode_named(*request.mode);
  for (std::string const& name : request.force) {
    output_slot(pipeline, name);
    made.force.push_back(name);
  }
  return made;
}

/// Visible lines, two spaces in.
inline std::string indented(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find('\n'), text.size() - 1) + 1;
    made += "  ";
    append_visible(made, text.substr(0, end - (text[end - 1] == '\n' ? 1 : 0)));
    made += '\n';
    text.remove_prefix(end);
  }
  return made;
}

/// Says what a run would do. Writes nothing.
inline memo::report plan_of(command_context const& context, pipeline_request const& request,
                            std::string const& command) {
  command_pipeline const& pipeline = *context.pipeline;
  std::vector<std::uint32_t> targets = output_slots(pipeline, request.targets);
  auto values = input_values(pipeline, command, request.sets);
  runner with = runner_of(context, request.directory);
  with.options() = chosen_options(pipeline, with.options(), request);
  auto const made = pipeline.engine_for(with, std::move(values), std::move(targets), true);
  inline_executor here;
  made->run(here);
  return made->report();
}

}  // namespace memo::detail
