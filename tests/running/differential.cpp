#include <memo/run/engine.hpp>

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

#include "../laws/scratch.hpp"
#include "../support/run_engine.hpp"
#include "model.hpp"

#include <catch2/catch.hpp>

// Random pipelines are run, edited, robbed of records, and run again. After each run the values must be those of an
// evaluation without a cache, and the steps that were called must be those that the model says.
//
// MEMO_TEST_LONG=1 tries 100 000 pipelines; MEMO_TEST_SEED=N only the one that a failure named.

using namespace random_graph;

namespace {

template <class Number>
std::string shown(std::vector<Number> const& list) {
  std::string text;
  for (auto const& one : list)
    text += (text.empty() ? "" : " ") + std::to_string(static_cast<long long>(one));
  return text;
}

class trial {
 public:
  trial(std::uint64_t seed, std::filesystem::path const* folder) : draw_(seed) {
    plan_ = random_plan("graph " + std::to_string(seed), draw_);
    // Two stores, of which each run takes one as its own and one as the other.
    for (std::size_t i = 0; i < 2; ++i) {
      bool const is_directory = folder != nullptr && (i == 0 || draw_.one_in(2));
      if (is_directory)
        stores_.push_back(memo::directory_store{*folder / std::to_string(i)});
      else
        stores_.push_back(memo::memory_store{});
      models_[i].is_directory = is_directory;
      folders_.push_back(is_directory ? *folder / std::to_string(i) : std::filesystem::path());
    }
  }

  /// Gives what went wrong, or "".
  std::string attempt() {
    int const runs = 3 + static_cast<int>(draw_.below(6));
    for (int i = 0; i < runs && problem_.empty(); ++i) {
      prepare();
      if (draw_.one_in(4)) compare_plan();
      if (problem_.empty()) compare_run();
      if (!problem_.empty()) problem_ += "\n  in run " + std::to_string(i + 1) + described_;
      if (draw_.one_in(3)) lose();
    }
    return problem_;
  }

 private:
  void prepare() {
    for (std::size_t edits = draw_.below(4); edits-- > 0;) edit(plan_, draw_);
    constexpr memo::mode modes[] = {memo::mode::off, memo::mode::read_only, memo::mode::write_only,
                                    memo::mode::verify};
    options_ = {};
    options_.mode = draw_.one_in(2) ? memo::mode::read_write : modes[draw_.below(4)];
    options_.verify = draw_.one_in(2) ? 1.0 : 0.0;
    options_.jobs = draw_.one_in(2) ? 1 : 2 + static_cast<unsigned>(draw_.below(7));
    if (draw_.one_in(8)) options_.project = "p";
    if (draw_.one_in(8)) options_.secret = "s";
    while (draw_.one_in(5))
      options_.force.push_back(plan_.slots[plan_.inputs.size() + draw_.below(steps_slots())].name);
    targets_.clear();
    if (draw_.one_in(2))
      for (std::size_t count = 1 + draw_.below(2); count-- > 0;)
        targets_.push_back(static_cast<std::uint32_t>(plan_.inputs.size() + draw_.below(steps_slots())));
    main_ = draw_.one_in(4) ? 1 - main_ : main_;
    described_ = ", mode " + std::string(memo::detail::rules_of(options_.mode).name) + ", verify " +
                 std::to_string(options_.verify) + ", jobs " + std::to_string(options_.jobs) + ", store " +
                 std::to_string(main_) + ", targets " + shown(targets_) + described(plan_);
  }

  std::size_t steps_slots() const { return plan_.slots.size() - plan_.inputs.size(); }

  model expected() {
    return {plan_, options_, targets_, models_[main_], models_[1 - main_], process_, evaluate(plan_)};
  }

  memo::detail::run_request request(std::shared_ptr<std::vector<int>> calls, bool plan_only) {
    std::vector<std::shared_ptr<void const>> inputs;
    for (std::size_t i = 0; i < plan_.inputs.size(); ++i)
      inputs.push_back(value_of(plan_.slots[i], plan_.inputs[i]));
    return {.graph = rows_of(plan_, std::move(calls)),
            .inputs = std::move(inputs),
            .targets = targets_,
            .store = stores_[main_],
            .named_stores = {{"other", stores_[1 - main_]}},
            .options = options_,
            .plan_only = plan_only};
  }

  void compare_plan() {
    auto const calls = std::make_shared<std::vector<int>>(plan_.steps.size());
    memo::detail::engine engine(request(calls, true));
    run_engine(engine, 1);
    std::vector<memo::forecast> said;
    for (auto const& s : engine.report().steps) said.push_back(s.forecast);
    auto const right = expected().forecasts();
    if (said != right) problem_ = "the plan says " + shown(said) + " and not " + shown(right);
    if (*calls != std::vector<int>(plan_.steps.size())) problem_ += "; the plan called " + shown(*calls);
  }

  void compare_run() {
    auto const calls = std::make_shared<std::vector<int>>(plan_.steps.size());
    auto const before = stats();
    model m = expected();
    m.run_all();
    memo::detail::engine engine(request(calls, false));
    run_engine(engine, options_.jobs);

    if (*calls != m.called) return fail("called", *calls, m.called);
    std::vector<memo::outcome> outcomes;
    for (auto const& s : engine.report().steps) outcomes.push_back(s.outcome);
    if (outcomes != m.outcomes) return fail("outcomes", outcomes, m.outcomes);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) compare_report(m, s, engine.report().steps[s]);
    if (!m.rules().writes && stats() != before) problem_ += "; a mode that writes nothing changed a store";
    for (std::string const& warning : engine.report().warnings)
      if (warning.find("inputs_only") == std::string::npos) problem_ += "; it warns: " + warning;
    if (!problem_.empty()) return;

    // Values that were not loaded are, and those that were lost are made again.
    std::set<std::uint32_t> const needed = m.needed();
    for (std::size_t i = draw_.below(2 * plan_.slots.size()); i-- > 0;) {
      auto const slot = static_cast<std::uint32_t>(draw_.below(plan_.slots.size()));
      slot_plan const& described = plan_.slots[slot];
      if (described.step != memo::no_step && needed.count(described.step) == 0) continue;
      m.need(slot);
      std::int64_t number = 0;
      if (described.is_vector && draw_.one_in(3)) {
        memo::shared_bytes const got = engine.elements(slot);
        number = number_in(described, reinterpret_cast<std::int64_t const*>(got.view.data()),
                           got.view.size() / sizeof(std::int64_t));
      } else {
        number = number_in(described, engine.value(slot).get());
      }
      if (number != m.values[slot])
        problem_ += "; the value of " + described.name + " is " + std::to_string(number) + " and not " +
                    std::to_string(m.values[slot]);
      if (*calls != m.called) return fail("called after asking for " + described.name, *calls, m.called);
    }
  }

  /// Compares digests and keys; equal keys in the model must be equal keys in the library and the other way round.
  void compare_report(model const& m, std::size_t s, memo::step_report const& got) {
    if (options_.mode == memo::mode::off || got.outcome == memo::outcome::not_needed) return;
    step_plan const& step = plan_.steps[s];
    for (std::size_t o = 0; o < step.outputs.size(); ++o) {
      slot_plan const& slot = plan_.slots[step.outputs[o]];
      auto const value = value_of(slot, m.values[step.outputs[o]]);
      auto const print = slot.type().fingerprint_of(value.get(), memo::detail::seed_of(options_.secret));
      if (got.values[o] != print.value) problem_ += "; wrong digest of " + slot.name;
    }
    std::string const key = m.key_of(step);
    auto const is_known = [](auto& map, auto const& from, auto const& to) {
      return map.emplace(from, to).first->second == to;
    };
    bool const forth = is_known(keys_, key, got.key), back = is_known(meanings_, to_hex(got.key), key);
    if (!forth || !back) problem_ += "; the key of " + got.name + " is " + to_hex(got.key) + " for " + key;
    if (got.reason.empty()) problem_ += "; no reason for " + got.name;
  }

  void lose() {
    std::size_t const which = draw_.below(2);
    model_store& kept = models_[which];
    switch (draw_.below(8)) {
      case 0:
        stores_[which].clear();
        kept.entries.clear();
        kept.objects.clear();
        return;
      case 1:
        stores_[which].collect();
        return;
      case 2:
      case 3:
        return lose_objects(kept, folders_[which]);
      default:
        for (auto entry = kept.entries.begin(); entry != kept.entries.end();) {
          if (!draw_.one_in(4)) {
            ++entry;
            continue;
          }
          if (!stores_[which].erase(keys_[entry->first]))
            problem_ = "an entry that should be there is not: " + entry->first;
          entry = kept.entries.erase(entry);
        }
    }
  }

  void lose_objects(model_store& kept, std::filesystem::path const& folder) {
    if (!kept.is_directory) return;
    for (auto object = kept.objects.begin(); object != kept.objects.end();) {
      if (object->size() != 32 || draw_.one_in(2)) {
        ++object;
        continue;
      }
      if (!std::filesystem::remove(folder / "v1/o" / object->substr(0, 2) / object->substr(2)))
        problem_ = "an object that should be there is not: " + *object;
      object = kept.objects.erase(object);
    }
  }

  template <class List>
  void fail(std::string const& what, List const& got, List const& right) {
    problem_ += what + ": " + shown(got) + " and not " + shown(right);
  }

  std::vector<std::uint64_t> stats() {
    std::vector<std::uint64_t> all;
    for (memo::any_store& store : stores_) {
      memo::store_stats const s = store.stats();
      all.insert(all.end(), {s.entries, s.objects, s.bytes});
    }
    return all;
  }

  numbers draw_;
  plan plan_;
  memo::options options_;
  std::vector<std::uint32_t> targets_;
  std::vector<memo::any_store> stores_;
  std::vector<std::filesystem::path> folders_;
  model_store models_[2], process_;
  std::size_t main_ = 0;
  std::map<std::string, memo::digest> keys_;
  std::map<std::string, std::string> meanings_;
  std::string problem_, described_;
};

bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

void try_graphs(std::uint64_t first, std::uint64_t count, bool with_directories) {
  if (char const* const only = std::getenv("MEMO_TEST_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  std::uint64_t agreed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    std::string problem;
    if (with_directories) {
      scratch_folder const folder;
      problem = trial(seed, &folder.path()).attempt();
    } else {
      problem = trial(seed, nullptr).attempt();
    }
    if (!problem.empty()) FAIL("MEMO_TEST_SEED=" << seed << ": " << problem);
    ++agreed;
  }
  CHECK(agreed == count);
}

}  // namespace

TEST_CASE(
    "random pipelines in memory give the values of a run without a cache and call what the model says") {
  try_graphs(0, is_long() ? 95'000 : 10'000, false);
}

TEST_CASE(
    "random pipelines in directories give the values of a run without a cache and call what the model says") {
  try_graphs(1'000'000, is_long() ? 5'000 : 200, true);
}
