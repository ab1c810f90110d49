/// Random pipelines made of rows, and edits of them. Every function of a step is a pure mix of the numbers that it
/// reads and of its code, so that the right value of everything is known without a cache.
#pragma once

#include <memo/run/engine.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace random_graph {

/// SplitMix64 (Steele, Lea, Flood 2014).
inline std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class numbers {
 public:
  explicit numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

using vector = std::vector<std::int64_t>;

/// A value is one number: as it is, or as a vector that is made of it.
struct slot_plan {
  std::string name;
  std::uint32_t step = memo::no_step;
  std::size_t length = 0;  ///< of the vector
  bool is_vector = false;

  memo::value_type const& type() const {
    return is_vector ? memo::value_type_of<vector> : memo::value_type_of<std::int64_t>;
  }
};

struct step_plan {
  std::vector<std::uint32_t> outputs, reads, after;
  std::uint64_t salt = 0;
  int version = 0;  ///< 0: by the build, 1: by the source, from 2 on: by a version
  memo::cache_policy policy = memo::cache_policy::stored;
  bool in_other_store = false;
  std::vector<memo::detail::passing> passings;

  /// What the function does differently. A user who declares `inputs_only` promises that it does not change.
  int code() const { return policy == memo::cache_policy::inputs_only ? 0 : version; }
};

struct plan {
  std::string name;
  std::vector<slot_plan> slots;
  std::vector<std::int64_t> inputs;  ///< the first slots
  std::vector<step_plan> steps;
};

inline std::int64_t element(std::int64_t number, std::size_t i) {
  return i == 0 ? number : static_cast<std::int64_t>(mix(static_cast<std::uint64_t>(number) + i));
}

inline std::shared_ptr<void> value_of(slot_plan const& slot, std::int64_t number) {
  if (!slot.is_vector) return std::make_shared<std::int64_t>(number);
  auto made = std::make_shared<vector>(slot.length);
  for (std::size_t i = 0; i < slot.length; ++i) (*made)[i] = element(number, i);
  return made;
}

/// A number that no step gives: what a value that is not what it should be counts as.
inline constexpr std::int64_t broken = -12345;

inline std::int64_t number_in(slot_plan const& slot, std::int64_t const* elements, std::size_t count) {
  if (count != slot.length || count == 0) return broken;
  for (std::size_t i = 0; i < count; ++i)
    if (elements[i] != element(elements[0], i)) return broken;
  return elements[0];
}

inline std::int64_t number_in(slot_plan const& slot, void const* value) {
  if (!slot.is_vector) return *static_cast<std::int64_t const*>(value);
  vector const& elements = *static_cast<vector const*>(value);
  return number_in(slot, elements.data(), elements.size());
}

/// The function of a step: the number of one of its outputs. Most lose something, so that changes stop at them.
/// `hidden` is what no key sees.
inline std::int64_t result(step_plan const& step, std::size_t output, std::vector<std::int64_t> const& read,
                           std::uint64_t hidden = 0) {
  auto const code = static_cast<std::uint64_t>(step.code());
  std::uint64_t h = mix(step.salt + 31 * code + 7 * output + 1009 * hidden);
  for (std::int64_t const number : read) h = mix(h ^ static_cast<std::uint64_t>(number));
  switch ((step.salt + code + output) % 4) {
    case 0:
      return static_cast<std::int64_t>(h % 1000);
    case 1:
      return static_cast<std::int64_t>(h % 2);
    case 2:
      return static_cast<std::int64_t>(h % 3);
    default:
      return static_cast<std::int64_t>(step.salt % 100);
  }
}

/// The numbers of all slots, computed without a cache.
inline std::vector<std::int64_t> evaluate(plan const& p) {
  std::vector<std::int64_t> all = p.inputs;
  all.resize(p.slots.size());
  for (step_plan const& step : p.steps) {
    std::vector<std::int64_t> read;
    for (std::uint32_t const slot : step.reads) read.push_back(all[slot]);
    for (std::size_t o = 0; o < step.outputs.size(); ++o) all[step.outputs[o]] = result(step, o, read);
  }
  return all;
}

/// What a row's function pointer points to.
struct body {
  plan const* of = nullptr;
  std::size_t step = 0;
  std::vector<int>* calls = nullptr;
  std::uint64_t hidden = 0;
};

inline std::int64_t take(slot_plan const& slot, memo::detail::passing how, memo::argument const& a) {
  if (how == memo::detail::passing::view)
    return number_in(slot, reinterpret_cast<std::int64_t const*>(a.elements.data()),
                     a.elements.size() / sizeof(std::int64_t));
  std::int64_t const number = number_in(slot, a.object);
  // A function that takes its argument by value may do with it what it likes.
  if (a.may_move && slot.is_vector) static_cast<vector*>(const_cast<void*>(a.object))->assign(2, broken);
  if (a.may_move && !slot.is_vector) *static_cast<std::int64_t*>(const_cast<void*>(a.object)) = broken;
  return number;
}

inline void invoke(void const* function, memo::call_frame& frame) {
  body const& b = *static_cast<body const*>(function);
  step_plan const& step = b.of->steps[b.step];
  ++(*b.calls)[b.step];
  std::vector<std::int64_t> read;
  for (std::size_t i = 0; i < step.reads.size(); ++i)
    read.push_back(take(b.of->slots[step.reads[i]], step.passings[i], frame.arguments[i]));
  for (std::size_t o = 0; o < step.outputs.size(); ++o)
    frame.results[o] = value_of(b.of->slots[step.outputs[o]], result(step, o, read, b.hidden));
}

/// The plan as the engine's rows, with what they point to. `calls` counts the calls of each step.
inline memo::graph rows_of(plan const& given, std::shared_ptr<std::vector<int>> calls,
                           std::vector<std::uint64_t> const& hidden = {}) {
  struct storage {
    plan p;
    std::shared_ptr<std::vector<int>> calls;
    std::vector<body> bodies;
    std::vector<std::vector<std::string_view>> names;
    std::vector<std::vector<std::uint16_t>> reads, after;
  };
  auto held = std::make_shared<storage>();
  held->p = given;
  held->calls = std::move(calls);
  plan const& p = held->p;
  std::size_t const count = p.steps.size();
  held->bodies.resize(count);
  held->names.resize(count);
  held->reads.resize(count);
  held->after.resize(count);

  memo::graph g;
  g.name = p.name;
  for (slot_plan const& slot : p.slots) g.slots.push_back({slot.name, &slot.type(), slot.step});
  for (std::uint32_t i = 0; i < p.inputs.size(); ++i) {
    memo::input_row in;
    in.name = p.slots[i].name;
    in.slot = i;
    g.inputs.push_back(in);
  }
  for (std::size_t s = 0; s < count; ++s) {
    step_plan const& step = p.steps[s];
    for (std::uint32_t const slot : step.outputs) held->names[s].push_back(p.slots[slot].name);
    held->reads[s].assign(step.reads.begin(), step.reads.end());
    held->after[s].assign(step.after.begin(), step.after.end());
    held->bodies[s] = {&p, s, held->calls.get(), hidden.empty() ? 0 : hidden[s]};
    memo::step_row row;
    row.names = held->names[s];
    row.pipeline = p.name;
    row.policy = step.policy;
    if (step.version == 1) {
      row.options.code = memo::code_identity::source;
      row.options.source = {1, 1};
    } else if (step.version >= 2) {
      row.options.code = memo::code_identity::version;
      row.options.version = step.version;
    }
    if (step.in_other_store) row.options.store = "other";
    row.first_output = step.outputs.front();
    row.reads = held->reads[s];
    row.after = held->after[s];
    row.passings = step.passings;
    row.function = &held->bodies[s];
    row.invoke = &invoke;
    g.steps.push_back(std::move(row));
    g.declared.push_back(static_cast<std::uint32_t>(s));
  }
  g.owner = std::move(held);
  return g;
}

inline memo::detail::passing random_passing(slot_plan const& slot, numbers& draw) {
  using memo::detail::passing;
  if (slot.is_vector && draw.one_in(3)) return passing::view;
  return draw.one_in(2) ? passing::value : passing::reference;
}

inline slot_plan random_slot(std::string name, std::uint32_t step, numbers& draw) {
  constexpr std::size_t lengths[] = {1, 5, 600};  // the last is too large to sit in an entry
  return {std::move(name), step, lengths[draw.below(3)], draw.one_in(2)};
}

inline memo::cache_policy random_policy(numbers& draw) {
  using memo::cache_policy;
  constexpr cache_policy policies[] = {cache_policy::never, cache_policy::inputs_only,
                                       cache_policy::digest_only, cache_policy::in_memory};
  return draw.one_in(2) ? cache_policy::stored : policies[draw.below(4)];
}

/// Something that comes before the first output of the step: an input or an earlier step's output.
inline std::uint32_t random_source(step_plan const& step, numbers& draw) {
  return static_cast<std::uint32_t>(draw.below(step.outputs.front()));
}

inline plan random_plan(std::string name, numbers& draw) {
  plan p;
  p.name = std::move(name);
  std::size_t const inputs = 1 + draw.below(3), steps = 1 + draw.below(9);
  for (std::size_t i = 0; i < inputs; ++i) {
    p.slots.push_back(random_slot("in" + std::to_string(i), memo::no_step, draw));
    p.inputs.push_back(static_cast<std::int64_t>(draw.below(3)));
  }
  for (std::size_t s = 0; s < steps; ++s) {
    step_plan step;
    step.salt = draw.next() >> 8;
    step.version = static_cast<int>(draw.below(4));
    step.policy = random_policy(draw);
    step.in_other_store = draw.one_in(6);
    std::size_t const outputs = draw.one_in(4) ? 2 : 1;
    for (std::size_t o = 0; o < outputs; ++o) {
      step.outputs.push_back(static_cast<std::uint32_t>(p.slots.size()));
      p.slots.push_back(
          random_slot((o == 0 ? "s" : "t") + std::to_string(s), static_cast<std::uint32_t>(s), draw));
    }
    for (std::size_t i = draw.below(4); i-- > 0;) {
      step.reads.push_back(random_source(step, draw));
      step.passings.push_back(random_passing(p.slots[step.reads.back()], draw));
    }
    if (draw.one_in(5)) step.after.push_back(random_source(step, draw));
    p.steps.push_back(std::move(step));
  }
  return p;
}

/// Changes one thing of the pipeline or of its inputs.
inline void edit(plan& p, numbers& draw) {
  step_plan& step = p.steps[draw.below(p.steps.size())];
  switch (draw.below(9)) {
    case 0:
    case 1:
    case 2:
      p.inputs[draw.below(p.inputs.size())] = static_cast<std::int64_t>(draw.below(3));
      break;
    case 3:
    case 4:
      step.version = static_cast<int>(draw.below(4));
      break;
    case 5:
      step.policy = random_policy(draw);
      break;
    case 6:
      step.in_other_store = !step.in_other_store;
      break;
    case 7:
      if (step.reads.empty()) break;
      step.reads[0] = random_source(step, draw);
      step.passings[0] = random_passing(p.slots[step.reads[0]], draw);
      break;
    default:
      p.slots[step.outputs[0]].is_vector = !p.slots[step.outputs[0]].is_vector;
      for (step_plan& reader : p.steps)
        for (std::size_t i = 0; i < reader.reads.size(); ++i)
          reader.passings[i] = random_passing(p.slots[reader.reads[i]], draw);
  }
}

/// The steps as text, for failures.
inline std::string described(plan const& p) {
  auto const listed = [](std::vector<std::uint32_t> const& slots) {
    std::string text;
    for (std::uint32_t const slot : slots) text += ' ' + std::to_string(slot);
    return text;
  };
  std::string text;
  for (step_plan const& s : p.steps) {
    text += "\n    step of" + listed(s.outputs) + ", version " + std::to_string(s.version) + ", policy " +
            std::to_string(static_cast<int>(s.policy)) + ", reads" + listed(s.reads) + ", after" +
            listed(s.after);
    text += s.in_other_store ? ", in the other store" : "";
  }
  return text;
}

}  // namespace random_graph
