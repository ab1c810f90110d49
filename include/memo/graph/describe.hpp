/// A pipeline as plain data for pictures and documents: names, wiring and declared options, without functions and types.
#pragma once

#include <memo/graph/lower.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// An input of a pipeline.
struct input_description {
  std::string name;
  std::string schema;  ///< of its type: "f64", "vec<i32>", "{lr:f64,epochs:i32}"
};

/// A step of a pipeline.
struct step_description {
  std::string name;                  ///< of its outputs, joined by commas: the name that it has in reports
  std::vector<std::string> names;    ///< of its outputs
  std::vector<std::string> schemas;  ///< of the types of its outputs, in the same order
  std::string pipeline;              ///< that declared it
  std::vector<std::string> reads;  ///< inputs and outputs of steps, in the order of the function's parameters
  std::vector<std::string> after;  ///< what has to have run before, and is not read
  std::uint32_t level = 1;  ///< 1 where it reads inputs only, else one above the highest of what it waits for
  bool is_map = false;
  std::string code;  ///< "version 2", "source", or "build": what stands for its code
  cache_policy policy = cache_policy::stored;
};

/// A pipeline. Names are unique among inputs and outputs together.
struct graph_description {
  std::string name;
  std::vector<input_description> inputs;  ///< in the order of their declaration
  std::vector<step_description> steps;    ///< in the order of their declaration, which is that of reports
};

/// What the rows of a pipeline say of it. Takes some microseconds for a hundred steps.
inline graph_description describe(graph const& rows) {
  graph_description made{.name = std::string(rows.name), .inputs = {}, .steps = {}};
  for (input_row const& input : rows.inputs)
    made.inputs.push_back({std::string(input.name), std::string(rows.slots[input.slot].type->schema())});
  std::vector<std::uint32_t> levels(rows.steps.size(), 1);
  // Rows stand in an order in which what is read comes before what reads it.
  for (std::size_t i = 0; i < rows.steps.size(); ++i)
    for (auto const slots : {rows.steps[i].reads, rows.steps[i].after})
      for (std::uint16_t const slot : slots)
        if (std::uint32_t const from = rows.slots[slot].step; from != no_step)
          levels[i] = std::max(levels[i], levels[from] + 1);
  for (std::uint32_t const place : rows.declared) {
    step_row const& row = rows.steps[place];
    step_description step;
    for (std::size_t i = 0; i < row.names.size(); ++i) {
      step.name += (i == 0 ? "" : ",") + std::string(row.names[i]);
      step.names.emplace_back(row.names[i]);
      step.schemas.emplace_back(rows.slots[row.first_output + i].type->schema());
    }
    step.pipeline = row.pipeline;
    for (std::uint16_t const slot : row.reads) step.reads.emplace_back(rows.slots[slot].name);
    for (std::uint16_t const slot : row.after) step.after.emplace_back(rows.slots[slot].name);
    step.level = levels[place];
    step.is_map = row.map != nullptr;
    step.code = row.options.code == code_identity::version
                    ? "version " + std::to_string(row.options.version)
                    : (row.options.code == code_identity::source ? "source" : "build");
    step.policy = row.policy;
    made.steps.push_back(std::move(step));
  }
  return made;
}

/// A description that is made when it is first asked for, so that who never asks pays nothing; or none. Copies share it; it
/// may be asked from any thread.
class lazy_description {
 public:
  lazy_description() = default;
  lazy_description(std::shared_ptr<graph const> rows)  // NOLINT: what is described converts
      : state_(std::make_shared<state>()) {
    state_->rows = std::move(rows);
  }
  lazy_description(std::shared_ptr<graph_description const> made)  // NOLINT
      : state_(std::make_shared<state>()) {
    state_->made = std::move(made);
  }

  bool operator==(std::nullptr_t) const { return state_ == nullptr; }
  explicit operator bool() const { return state_ != nullptr; }
  graph_description const& operator*() const {
    std::call_once(state_->once, [this] {
      if (state_->made == nullptr)
        state_->made = std::make_shared<graph_description const>(describe(*state_->rows));
      state_->rows.reset();
    });
    return *state_->made;
  }
  graph_description const* operator->() const { return &**this; }

 private:
  struct state {
    std::once_flag once;
    std::shared_ptr<graph const> rows;
    std::shared_ptr<graph_description const> made;
  };
  std::shared_ptr<state> state_;
};

/// What a declared pipeline says of itself.
template <class... Nodes>
graph_description describe(detail::pipeline_type<Nodes...> const& declared) {
  return describe(detail::lower(declared));
}

}  // namespace memo
