/// A pipeline as plain data: what the engine runs. Rows come from a typed pipeline (`lower.hpp`), or are made by hand
/// at run time; the engine cannot tell the difference.
#pragma once

#include <memo/graph/options.hpp>
#include <memo/graph/signature.hpp>
#include <memo/key/value_type.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// One argument of a call: the value, or, for a parameter that takes a view, the bytes of its elements.
struct argument {
  void const* object = nullptr;
  byte_view elements;
  std::shared_ptr<void const> owner;  ///< keeps the value or the bytes alive
  bool may_move = false;              ///< nobody else can need the value: a parameter by value may take it
};

/// What a call of a step's function gets and gives.
struct call_frame {
  std::span<argument const> arguments;
  memo::context* context = nullptr;
  std::span<std::shared_ptr<void>> results;  ///< one for each output, to be filled in
};

struct map_row;

/// One step, without types. Everything that it points to lives as long as the graph that holds it.
struct step_row {
  std::span<std::string_view const> names;  ///< of the outputs
  std::string_view pipeline;                ///< that declared it
  step_options options;
  cache_policy policy = cache_policy::stored;
  float_flags flags;

  std::uint32_t first_output = 0;             ///< slot of the first output; the others follow
  std::span<std::uint16_t const> reads;       ///< slots
  std::span<std::uint16_t const> after;       ///< slots whose steps must have run
  std::span<detail::passing const> passings;  ///< how each parameter takes its argument

  bool takes_context = false;
  void const* function = nullptr;
  void (*invoke)(void const* function, call_frame& frame) = nullptr;

  /// How to run over the elements of the first value that it reads; null where the step is no map.
  map_row const* map = nullptr;

  /// The fingerprint of the function object's state, and its schema; null where it has none.
  fingerprint (*state)(void const* function, std::uint64_t seed) = nullptr;
  std::string_view (*state_schema)() = nullptr;

  /// What stands for the inputs in the key (`.key`), and its schema; null where they stand for themselves.
  void const* key_function = nullptr;
  fingerprint (*key)(void const* key_function, std::span<argument const> arguments,
                     std::uint64_t seed) = nullptr;

  std::string_view (*key_schema)() = nullptr;

  /// The fingerprint of the first output (`.identity`), and the schema of what stands for it; null where it is that of
  /// the value.
  void const* identity_function = nullptr;
  fingerprint (*identity)(void const* identity_function, void const* value, std::uint64_t seed) = nullptr;
  std::string_view (*identity_schema)() = nullptr;

  /// Output checks: `check` gives the index of the first that fails, or `check_whys.size()`.
  void const* check_functions = nullptr;
  std::size_t (*check)(void const* check_functions,
                       std::span<std::shared_ptr<void const> const> outputs) = nullptr;
  std::vector<std::string_view> check_whys;
};

/// One value that `run` is given.
struct input_row {
  std::string_view name;
  std::uint32_t slot = 0;
  /// The fingerprint of the value of `.added_with`; null where there is none.
  void const* node = nullptr;
  fingerprint (*added)(void const* node, std::uint64_t seed) = nullptr;
};

inline constexpr std::uint32_t no_step = 0xffffffff;

/// A place for one value: an input, or an output of a step.
struct slot_row {
  std::string_view name;
  value_type const* type = nullptr;
  std::uint32_t step = no_step;  ///< the step that gives it, or no_step for an input
};

/// A pipeline as rows. `owner` keeps alive what the rows point to.
struct graph {
  std::string_view name;
  std::vector<slot_row> slots;
  std::vector<input_row> inputs;
  std::vector<step_row> steps;          ///< in an order in which what is read comes before what reads it
  std::vector<std::uint32_t> declared;  ///< steps in the order of their declaration: that of reports
  std::shared_ptr<void const> owner;
};

}  // namespace memo
