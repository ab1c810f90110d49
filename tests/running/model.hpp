/// What a run must do, said as simply as possible: which steps it calls, and what is in the stores afterwards.
#pragma once

#include "random_graph.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace random_graph {

/// What a store holds. An object is lost when its file is.
struct model_store {
  bool is_directory = false;
  std::map<std::string, std::vector<std::string>>
      entries;  ///< where each output's value lies; "" if not kept
  std::set<std::string> objects;

  bool holds(std::string const& object) const {
    return !object.empty() && (!is_directory || object == "inline" || objects.count(object) != 0);
  }
};

/// The rules. All values are known beforehand, since every function is pure.
struct model {
  plan const& p;
  memo::options const& options;
  std::vector<std::uint32_t> const& targets;
  model_store &main, &other, &process;
  std::vector<std::int64_t> values;  ///< of all slots, without a cache
  std::vector<int> called = std::vector<int>(p.steps.size());
  std::vector<memo::outcome> outcomes = std::vector<memo::outcome>(p.steps.size(), memo::outcome::not_needed);

  memo::detail::mode_rules const& rules() const { return memo::detail::rules_of(options.mode); }

  std::set<std::uint32_t> needed() const {
    std::set<std::uint32_t> all;
    for (std::uint32_t s = 0; targets.empty() && s < p.steps.size(); ++s) all.insert(s);
    for (std::uint32_t const slot : targets)
      if (p.slots[slot].step != memo::no_step) all.insert(p.slots[slot].step);
    for (auto s = static_cast<std::uint32_t>(p.steps.size()); s-- > 0;)
      if (all.count(s) != 0)
        for (auto const* list : {&p.steps[s].reads, &p.steps[s].after})
          for (std::uint32_t const slot : *list)
            if (p.slots[slot].step != memo::no_step) all.insert(p.slots[slot].step);
    return all;
  }

  model_store& store_of(step_plan const& step) const {
    model_store& chosen = step.in_other_store ? other : main;
    return step.policy == memo::cache_policy::in_memory && chosen.is_directory ? process : chosen;
  }

  std::string key_of(step_plan const& step) const {
    std::string key = options.project + '/' + options.secret + '/' + p.name;
    for (std::uint32_t const slot : step.outputs)
      key += '>' + p.slots[slot].name + (p.slots[slot].is_vector ? "[]" : "");
    for (std::uint32_t const slot : step.reads)
      key += '<' + p.slots[slot].name + (p.slots[slot].is_vector ? "[]" : "") + '=' +
             std::to_string(values[slot]);
    return key + (step.policy == memo::cache_policy::inputs_only ? "!" : '#' + std::to_string(step.version));
  }

  std::vector<std::string> const* entry_of(step_plan const& step) const {
    auto const found = store_of(step).entries.find(key_of(step));
    return found == store_of(step).entries.end() ? nullptr : &found->second;
  }

  std::string object_of(step_plan const& step, std::size_t output) const {
    if (step.policy == memo::cache_policy::digest_only) return "";
    if (!store_of(step).is_directory) return "in memory";
    slot_plan const& slot = p.slots[step.outputs[output]];
    auto const value = value_of(slot, values[step.outputs[output]]);
    auto const encoded = slot.type().encode(value.get(), memo::detail::seed_of(options.secret));
    return encoded.size() <= 4096 ? "inline" : to_hex(encoded.object());
  }

  /// Somebody needs the value of a slot: it is in memory, or in the store, or its step runs again.
  void need(std::uint32_t slot) {
    std::uint32_t const s = p.slots[slot].step;
    if (s == memo::no_step || outcomes[s] == memo::outcome::ran) return;
    auto const* const entry = entry_of(p.steps[s]);
    if (entry == nullptr || !store_of(p.steps[s]).holds((*entry)[slot - p.steps[s].outputs[0]])) run(s);
  }

  void call(std::uint32_t s) {
    for (std::uint32_t const slot : p.steps[s].reads) need(slot);
    ++called[s];
  }

  void run(std::uint32_t s) {
    step_plan const& step = p.steps[s];
    call(s);
    outcomes[s] = memo::outcome::ran;
    if (!rules().writes || step.policy == memo::cache_policy::never) return;
    std::vector<std::string> made;
    for (std::size_t o = 0; o < step.outputs.size(); ++o) {
      made.push_back(object_of(step, o));
      store_of(step).objects.insert(made.back());
    }
    store_of(step).entries[key_of(step)] = made;
  }

  bool is_forced(step_plan const& step) const {
    for (std::string const& name : options.force)
      for (std::uint32_t const slot : step.outputs)
        if (p.slots[slot].name == name) return true;
    return false;
  }

  bool may_hit(step_plan const& step) const {
    return rules().looks_up && !is_forced(step) && step.policy != memo::cache_policy::never &&
           entry_of(step) != nullptr;
  }

  void run_all() {
    for (std::uint32_t const s : needed()) {
      if (!may_hit(p.steps[s])) {
        run(s);
        continue;
      }
      outcomes[s] = memo::outcome::hit;
      if (rules().verifies && options.verify == 1.0) call(s);
    }
  }

  /// What a plan says, from entries alone.
  std::vector<memo::forecast> forecasts() const {
    std::vector<memo::forecast> all(p.steps.size(), memo::forecast::not_needed);
    for (std::uint32_t const s : needed()) {
      step_plan const& step = p.steps[s];
      bool known = true;
      for (std::uint32_t const slot : step.reads)
        known =
            known && (p.slots[slot].step == memo::no_step || all[p.slots[slot].step] == memo::forecast::hit);
      bool const surely = is_forced(step) || step.policy == memo::cache_policy::never || !rules().looks_up;
      all[s] = surely          ? memo::forecast::run
               : !known        ? memo::forecast::depends
               : may_hit(step) ? memo::forecast::hit
                               : memo::forecast::run;
    }
    return all;
  }
};

}  // namespace random_graph
