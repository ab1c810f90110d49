/// Pipelines for benchmarks, made as rows at run time.
#pragma once

#include <memo/run/engine.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// What each step reads: slot 0 is the one input, slot i + 1 what step i gives.
using shape = std::vector<std::vector<std::uint16_t>>;

/// Steps of version 1 that give a std::uint64_t; `invoke` is given the number of its step.
inline memo::graph rows_of(shape const& reads, void (*invoke)(void const* number, memo::call_frame&)) {
  struct storage {
    std::vector<std::string> names;
    std::vector<std::string_view> views;
    std::vector<std::size_t> numbers;
    shape reads;
    std::vector<memo::detail::passing> passings;
  };
  auto held = std::make_shared<storage>();
  held->reads = reads;
  std::size_t most = 0;
  for (auto const& one : reads) most = one.size() > most ? one.size() : most;
  held->passings.resize(most + 1);
  for (std::size_t i = 0; i <= reads.size(); ++i) {
    held->names.push_back("s" + std::to_string(i));
    held->numbers.push_back(i);
  }
  held->views.assign(held->names.begin(), held->names.end());

  memo::graph g;
  g.name = "bench";
  for (std::size_t i = 0; i <= reads.size(); ++i)
    g.slots.push_back({held->views[i], &memo::value_type_of<std::uint64_t>,
                       i == 0 ? memo::no_step : static_cast<std::uint32_t>(i - 1)});
  memo::input_row in;
  in.name = held->views[0];
  g.inputs.push_back(in);
  for (std::size_t i = 0; i < reads.size(); ++i) {
    memo::step_row row;
    row.names = {&held->views[i + 1], 1};
    row.pipeline = "bench";
    row.options.code = memo::code_identity::version;
    row.options.version = 1;
    row.first_output = static_cast<std::uint32_t>(i + 1);
    row.reads = held->reads[i];
    row.passings = {held->passings.data(), held->reads[i].size()};
    row.function = &held->numbers[i];
    row.invoke = invoke;
    g.steps.push_back(std::move(row));
    g.declared.push_back(static_cast<std::uint32_t>(i));
  }
  g.owner = std::move(held);
  return g;
}

}  // namespace bench
