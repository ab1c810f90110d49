/// What the generated tests of typed pipelines share: values of many types that are made of a number and give it back,
/// and the comparison of a run with the model.
#pragma once

#include <memo/memo.hpp>

#include "../laws/scratch.hpp"
#include "model.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace typed {

using namespace memo::literals;
using random_graph::mix;

enum class shade : unsigned char { dark, light };

/// A plain aggregate.
struct record {
  double weight = 0;
  std::vector<int> counts;
  std::string label;
  shade kind = shade::dark;
};
/// One that holds others.
struct nested {
  record first;
  std::optional<std::string> note;
  std::variant<int, std::vector<float>> either;
};
using numbers = std::vector<double>;
using text = std::string;
using table = std::map<std::string, int>;
using buckets = std::unordered_map<int, std::vector<std::string>>;

// The number of a value: all of it counts.
template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
std::uint64_t number(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return mix(bits + 1);
}
inline std::uint64_t number(text const& value) {
  std::uint64_t h = value.size();
  for (char const c : value) h = mix(h * 257 + static_cast<unsigned char>(c));
  return h;
}
template <class Range>
std::uint64_t number_of_elements(Range const& range) {
  std::uint64_t h = range.size();
  for (auto const& one : range) h = mix(h + 3 * number(one));
  return h;
}
template <class T>
std::uint64_t number(std::vector<T> const& value) {
  return number_of_elements(value);
}
inline std::uint64_t number(std::span<double const> value) { return number_of_elements(value); }
inline std::uint64_t number(table const& value) {
  std::uint64_t h = value.size();
  for (auto const& [name, count] : value) h = mix(h + 3 * number(name) + number(count));
  return h;
}
inline std::uint64_t number(buckets const& value) {
  std::uint64_t sum = value.size();  // its order does not count
  for (auto const& [key, words] : value) sum += mix(3 * number(key) + number(words));
  return sum;
}
inline std::uint64_t number(record const& value) {
  return mix(number(value.weight) + 3 * number(value.counts) + 5 * number(value.label) +
             7 * number(value.kind));
}
inline std::uint64_t number(nested const& value) {
  std::uint64_t const note = value.note ? number(*value.note) : 1;
  std::uint64_t const either = std::visit([](auto const& held) { return number(held); }, value.either);
  return mix(number(value.first) + 3 * note + 5 * either);
}

template <class T>
T made(std::uint64_t n);
template <>
inline int made<int>(std::uint64_t n) {
  return static_cast<int>(n % 1000);
}
template <>
inline double made<double>(std::uint64_t n) {
  return static_cast<double>(n % 1000) / 8;
}
template <>
inline text made<text>(std::uint64_t n) {
  return std::string(n % 5, 'x') + std::to_string(n);
}
template <>
inline numbers made<numbers>(std::uint64_t n) {
  numbers all(n % 3 == 0 ? 700 : n % 7);  // some too large to sit in an entry
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = made<double>(mix(n + i));
  return all;
}
template <>
inline table made<table>(std::uint64_t n) {
  return {{"a", made<int>(n)}, {made<text>(n), 3}, {"", -1}};
}
template <>
inline buckets made<buckets>(std::uint64_t n) {
  buckets all;
  for (std::uint64_t i = 0; i < n % 20; ++i) all[made<int>(mix(n + i))] = {made<text>(i), made<text>(n)};
  return all;
}
template <>
inline record made<record>(std::uint64_t n) {
  return {made<double>(n), std::vector<int>(n % 4, made<int>(n)), made<text>(n),
          n % 2 == 0 ? shade::dark : shade::light};
}
template <>
inline nested made<nested>(std::uint64_t n) {
  nested value{made<record>(n), std::nullopt, 4};
  if (n % 2 == 0) value.note = made<text>(n);
  if (n % 3 == 0) value.either = std::vector<float>(n % 5, 0.5f);
  return value;
}

/// Two outputs of one step.
template <class First, class Second>
std::pair<First, Second> made(std::uint64_t n) {
  return {made<First>(n), made<Second>(n / 2)};
}

/// The value of a parameter that came by value and is the function's to destroy.
template <class T>
T taken(T& parameter) {
  return std::exchange(parameter, T{});
}

/// A step in the model: places of its outputs and of what it reads, version and policy.
struct described_step {
  std::vector<std::uint32_t> outputs, reads;
  int version;
  memo::cache_policy policy;
};

inline random_graph::plan plan_of(std::string name, std::size_t inputs, std::vector<std::string> const& slots,
                                  std::vector<described_step> const& steps) {
  random_graph::plan p;
  p.name = std::move(name);
  p.inputs.resize(inputs);
  p.slots.resize(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) p.slots[i].name = slots[i];
  for (described_step const& described : steps) {
    random_graph::step_plan step;
    step.outputs = described.outputs;
    step.reads = described.reads;
    step.version = described.version;
    step.policy = described.policy;
    for (std::uint32_t const slot : step.outputs)
      p.slots[slot].step = static_cast<std::uint32_t>(p.steps.size());
    p.steps.push_back(std::move(step));
  }
  return p;
}

/// How many seeds each pipeline is tried with.
inline std::uint64_t tries() { return std::getenv("MEMO_TEST_LONG") != nullptr ? 500 : 20; }

/// Calls of the steps of the pipeline that is being tried.
inline std::vector<int>& calls() {
  static std::vector<int> counts;
  return counts;
}

/// What the function of a step makes its result of: its own number, and all that it reads.
template <class... Values>
std::uint64_t combined(std::size_t step, std::uint64_t values, Values const&... read) {
  ++calls()[step];
  std::uint64_t h = step + 1;
  ((h = mix(h + number(read))), ...);
  return h % values;
}

/// Runs of one pipeline with edits between them, compared with the model.
class trial {
 public:
  trial(random_graph::plan described, std::uint64_t seed, bool in_directory)
      : plan_(std::move(described)), draw_(seed), store_(memo::memory_store{}) {
    if (in_directory) store_ = memo::directory_store{folder_ / "cache"};
  }

  /// Chooses mode, forced steps and inputs of the next run.
  memo::runner prepare() {
    constexpr memo::mode modes[] = {memo::mode::off, memo::mode::read_only, memo::mode::write_only,
                                    memo::mode::verify};
    options_ = {};
    options_.jobs = 1;
    options_.mode = draw_.one_in(2) ? memo::mode::read_write : modes[draw_.below(4)];
    options_.verify = draw_.one_in(2) ? 1 : 0;
    if (draw_.one_in(4))
      options_.force.push_back(
          plan_.slots[plan_.inputs.size() + draw_.below(plan_.slots.size() - plan_.inputs.size())].name);
    if (draw_.one_in(2))
      plan_.inputs[draw_.below(plan_.inputs.size())] = static_cast<std::int64_t>(draw_.below(4));
    return memo::runner{store_, options_};
  }
  std::uint64_t input(std::size_t i) const { return static_cast<std::uint64_t>(plan_.inputs[i]); }
  bool coin() { return draw_.one_in(2); }

  /// The numbers of all slots without a cache; the model says what the run will do.
  void expect(std::vector<std::uint64_t> const& values) {
    std::vector<std::int64_t> all;
    for (std::uint64_t const n : values) all.push_back(static_cast<std::int64_t>(n));
    model_.emplace(random_graph::model{plan_, options_, targets_, kept_, kept_, kept_, std::move(all)});
    model_->run_all();
    calls().assign(plan_.steps.size(), 0);
  }

  void compare(memo::report const& report) {
    CHECK(calls() == model_->called);
    std::vector<memo::outcome> outcomes;
    for (auto const& step : report.steps) outcomes.push_back(step.outcome);
    CHECK(outcomes == model_->outcomes);
    for (std::string const& warning : report.warnings)
      CHECK(warning.find("inputs_only") != std::string::npos);
    for (std::size_t s = 0; s < report.steps.size(); ++s)
      if (report.steps[s].key) keys_[model_->key_of(plan_.steps[s])] = report.steps[s].key;
  }
  void compare_value(std::uint32_t slot, std::uint64_t got) {
    model_->need(slot);
    CHECK(got == static_cast<std::uint64_t>(model_->values[slot]));
    CHECK(calls() == model_->called);
  }

  void lose() {
    for (auto entry = kept_.entries.begin(); entry != kept_.entries.end();) {
      if (!draw_.one_in(10)) {
        ++entry;
        continue;
      }
      CHECK(store_.erase(keys_[entry->first]));
      entry = kept_.entries.erase(entry);
    }
  }

 private:
  random_graph::plan plan_;
  random_graph::numbers draw_;
  scratch_folder folder_;
  memo::any_store store_;
  memo::options options_;
  std::vector<std::uint32_t> targets_;
  random_graph::model_store kept_;
  std::optional<random_graph::model> model_;
  std::map<std::string, memo::digest> keys_;
};

}  // namespace typed
