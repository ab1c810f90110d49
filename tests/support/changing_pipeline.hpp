/// A pipeline of rows whose every part can be edited between runs: versions, states, inputs, files, what steps read
/// through their contexts, variables. Each step gives one number, which depends on all of it.
#pragma once

#include "../laws/scratch.hpp"
#include "behaviour.hpp"

#include <memo/run/engine.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace test {

class changing_pipeline {
 public:
  struct node {
    std::string name, input_name, file_name, variable;
    std::vector<std::uint32_t> upstream{};  ///< steps
    int input = 1;
    int added = -1;  ///< the value that the input was added with; negative: none
    int state = 0;
    bool has_state = false;
    bool is_coarse = false;     ///< it gives one of two numbers
    bool looks_around = false;  ///< it reads `near` and asks for `absent` through its context
    bool has_variable = false;
    memo::step_options options{};
    memo::cache_policy policy = memo::cache_policy::stored;
    std::filesystem::path file{}, near{}, absent{};
    int ran = 0;

    std::string_view names[1]{}, variables[1]{};
    std::vector<std::uint16_t> reads{};
  };

  /// `upstream[i]` are the steps that step i reads, all of them before i. Each step reads an input and a file besides.
  explicit changing_pipeline(std::vector<std::vector<std::uint32_t>> const& upstream) {
    for (std::size_t i = 0; i < upstream.size(); ++i) {
      std::string const number = std::to_string(i);
      nodes.push_back(std::make_unique<node>());
      node& n = *nodes.back();
      n.name = "s" + number;
      n.input_name = "k" + number;
      n.file_name = "f" + number;
      n.variable = "MEMO_TEST_CHANGING_" + number;
      n.upstream = upstream[i];
      n.file = folder_ / ("f" + number + ".txt");
      n.near = folder_ / ("near" + number + ".txt");
      n.absent = folder_ / ("absent" + number + ".txt");
      n.names[0] = n.name;
      n.variables[0] = n.variable;
      n.options.code = memo::code_identity::version;
      n.options.version = 1;
      write_content(n.file, "1");
      write_content(n.near, "1");
      ::unsetenv(n.variable.c_str());
    }
  }
  ~changing_pipeline() {
    for (auto const& n : nodes) ::unsetenv(n->variable.c_str());
  }
  changing_pipeline(changing_pipeline const&) = delete;
  changing_pipeline& operator=(changing_pipeline const&) = delete;

  struct answer {
    memo::report report;
    std::vector<int> values;  ///< of the steps; empty for a plan
  };

  answer run(memo::any_store store, memo::options chosen = {}) { return go(store, std::move(chosen), false); }
  memo::report plan(memo::any_store store, memo::options chosen = {}) {
    return go(store, std::move(chosen), true).report;
  }

  /// The numbers that a run without a cache gives.
  std::vector<int> right_values() {
    return go(memo::memory_store{}, {.mode = memo::mode::off}, false).values;
  }

  node& operator[](std::size_t step) { return *nodes[step]; }

  std::vector<std::unique_ptr<node>> nodes;

 private:
  static int number_in(std::string const& text) { return std::atoi(text.c_str()); }

  static void invoke(void const* function, memo::call_frame& frame) {
    auto& n = *const_cast<node*>(static_cast<node const*>(function));
    ++n.ran;
    int sum = 11 * n.state;
    // As if each code did something else.
    if (n.options.code == memo::code_identity::version) sum += 7 * static_cast<int>(n.options.version);
    if (n.options.code == memo::code_identity::source) sum += 23 * static_cast<int>(n.options.source.low) + 2;
    std::size_t const others = n.upstream.size();
    for (std::size_t i = 0; i < others; ++i) sum += *static_cast<int const*>(frame.arguments[i].object);
    sum += 3 * *static_cast<int const*>(frame.arguments[others].object);
    sum +=
        5 * number_in(content_of(static_cast<memo::file const*>(frame.arguments[others + 1].object)->path()));
    if (n.has_variable)
      if (char const* const value = std::getenv(n.variable.c_str())) sum += 13 * std::atoi(value);
    if (n.looks_around) {
      sum += 17 * number_in(frame.context->read(n.near));
      sum += frame.context->exists(n.absent) ? 19 : 0;
    }
    frame.results[0] = std::make_shared<int>(n.is_coarse ? (sum / 8) % 2 : sum);
  }

  memo::graph rows() {
    static constexpr memo::detail::passing by_reference[16]{};
    memo::graph made;
    made.name = "changing";
    auto const count = static_cast<std::uint32_t>(nodes.size());
    auto const slot_of = [&](std::string const& name, memo::value_type const& type, std::uint32_t step) {
      memo::slot_row slot;
      slot.name = name;
      slot.type = &type;
      slot.step = step;
      made.slots.push_back(slot);
      return static_cast<std::uint32_t>(made.slots.size() - 1);
    };
    for (auto const& n : nodes) {
      memo::input_row input;
      input.name = n->input_name;
      input.slot = slot_of(n->input_name, memo::value_type_of<int>, memo::no_step);
      input.node = n.get();
      if (n->added >= 0)
        input.added = [](void const* self, std::uint64_t seed) {
          return memo::fingerprint_of(static_cast<node const*>(self)->added, seed);
        };
      made.inputs.push_back(input);
      input = {};
      input.name = n->file_name;
      input.slot = slot_of(n->file_name, memo::value_type_of<memo::file>, memo::no_step);
      made.inputs.push_back(input);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      node& n = *nodes[i];
      memo::step_row row;
      row.names = n.names;
      row.pipeline = "changing";
      row.options = n.options;
      if (n.has_variable) row.options.environment.add(n.variables);
      row.policy = n.policy;
      row.first_output = slot_of(n.name, memo::value_type_of<int>, i);
      n.reads.clear();
      for (std::uint32_t const other : n.upstream)
        n.reads.push_back(static_cast<std::uint16_t>(2 * count + other));
      n.reads.push_back(static_cast<std::uint16_t>(2 * i));
      n.reads.push_back(static_cast<std::uint16_t>(2 * i + 1));
      row.reads = n.reads;
      row.passings = {by_reference, n.reads.size()};
      row.takes_context = n.looks_around;
      row.function = &n;
      row.invoke = &invoke;
      if (n.has_state) {
        row.state = [](void const* self, std::uint64_t seed) {
          return memo::fingerprint_of(static_cast<node const*>(self)->state, seed);
        };
        row.state_schema = &memo::schema_of<int>;
      }
      made.declared.push_back(i);
      made.steps.push_back(row);
    }
    return made;
  }

  answer go(memo::any_store store, memo::options chosen, bool plan_only) {
    std::vector<std::shared_ptr<void const>> given;
    for (auto const& n : nodes) {
      given.push_back(std::make_shared<int>(n->input));
      given.push_back(std::make_shared<memo::file>(n->file));
    }
    memo::detail::engine engine({.graph = rows(),
                                 .inputs = given,
                                 .targets = {},
                                 .store = std::move(store),
                                 .named_stores = {},
                                 .options = std::move(chosen),
                                 .plan_only = plan_only});
    memo::inline_executor here;
    engine.run(here);
    answer made{engine.report(), {}};
    auto const first = static_cast<std::uint32_t>(2 * nodes.size());
    for (std::uint32_t i = 0; !plan_only && i < nodes.size(); ++i)
      made.values.push_back(*static_cast<int const*>(engine.value(first + i).get()));
    return made;
  }

  scratch_folder folder_;
};

}  // namespace test
