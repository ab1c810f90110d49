/// The pipeline of 100 trivial steps in a chain that several benchmarks run.
#pragma once

#include <memo/graph/pipeline.hpp>

#include <cstddef>
#include <utility>

inline double increment(double x) { return x + 1; }

template <std::size_t N>
consteval auto number_name() {
  memo::fixed_string<3> name;
  name.text[0] = static_cast<char>('0' + N / 100);
  name.text[1] = static_cast<char>('0' + N / 10 % 10);
  name.text[2] = static_cast<char>('0' + N % 10);
  return name;
}

template <std::size_t... I>
constexpr auto make_chain(std::index_sequence<I...>) {
  return memo::pipeline<"chain">(
      memo::input<"000", double>,
      memo::step<number_name<I + 1>()>(increment).template from<number_name<I>()>().template version<1>()...);
}
inline constexpr auto chain = make_chain(std::make_index_sequence<100>{});
