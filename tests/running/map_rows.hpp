/// Maps made by hand at run time: rows for any element and result, around a function that the test gives.
#pragma once

#include <memo/exec/inline_executor.hpp>
#include <memo/run/map_run.hpp>
#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace test {

/// A map that calls `function(element, rest, context)` for the elements of a vector; the rest is one value, "scale".
template <class Element, class Result, class Rest = double>
class hand_map {
 public:
  using function_type = std::function<Result(Element const&, Rest const&, memo::context*)>;

  explicit hand_map(function_type function) : function_(std::move(function)) {
    map_.element = &memo::value_type_of<Element>;
    map_.result = &memo::value_type_of<Result>;
    map_.elements = [](void const* range) {
      memo::element_list list;
      for (Element const& e : *static_cast<std::vector<Element> const*>(range)) list.at.push_back(&e);
      return list;
    };
    map_.begin = [](std::size_t count) -> std::shared_ptr<void> {
      return std::make_shared<std::vector<std::optional<Result>>>(count);
    };
    map_.call = [](void const* self, void const* element, std::span<memo::argument const> rest,
                   memo::context* context, void* results, std::size_t place) {
      auto& made = *static_cast<std::vector<std::optional<Result>>*>(results);
      auto const& f = static_cast<hand_map const*>(self)->function_;
      made[place] =
          f(*static_cast<Element const*>(element), *static_cast<Rest const*>(rest[0].object), context);
    };
    map_.at = [](void const* results, std::size_t place) -> void const* {
      return &*(*static_cast<std::vector<std::optional<Result>> const*>(results))[place];
    };
    map_.decode = [](void* results, std::size_t place, memo::byte_view bytes) {
      (*static_cast<std::vector<std::optional<Result>>*>(results))[place] = memo::decode<Result>(bytes);
    };
    map_.finish = [](void* results, std::span<std::uint32_t const> places) -> std::shared_ptr<void> {
      auto const& made = *static_cast<std::vector<std::optional<Result>>*>(results);
      auto all = std::make_shared<std::vector<Result>>();
      for (std::uint32_t const place : places) all->push_back(made[place].value());
      return all;
    };
    memo::slot_row slot;
    slot.name = "xs";
    slot.type = &memo::value_type_of<std::vector<Element>>;
    graph.slots.push_back(slot);
    slot.name = "scale";
    slot.type = &memo::value_type_of<Rest>;
    graph.slots.push_back(slot);
    slot.name = "ys";
    slot.type = &memo::value_type_of<std::vector<Result>>;
    slot.step = 0;
    graph.slots.push_back(slot);
    memo::step_row row;
    row.names = names_;
    row.pipeline = "by hand";
    row.options.code = memo::code_identity::version;
    row.options.version = 1;
    row.first_output = 2;
    row.reads = reads_;
    row.passings = passings_;
    row.function = this;
    row.map = &map_;
    graph.steps.push_back(row);
  }
  hand_map(hand_map const&) = delete;
  hand_map& operator=(hand_map const&) = delete;

  memo::step_row& row() { return graph.steps[0]; }

  struct answer : memo::detail::map_outcome {
    std::vector<Result> values;  ///< empty where there is no value
  };

  /// Runs on `store` as the engine does in `options.mode`.
  answer run(std::vector<Element> const& xs, memo::any_store store, Rest const& scale = one()) {
    std::uint64_t const seed = memo::detail::seed_of(options.secret);
    memo::argument const arguments[] = {{&xs, {}, nullptr, false}, {&scale, {}, nullptr, true}};
    std::vector<memo::fingerprint> const all{memo::fingerprint_of(xs, seed),
                                             memo::fingerprint_of(scale, seed)};
    std::vector<memo::fingerprint> seen;
    if (options.mode != memo::mode::off) seen = all;
    auto const& rules = memo::detail::rules_of(options.mode);
    memo::inline_executor here;
    memo::detail::map_request const request{.graph = graph,
                                            .row = row(),
                                            .arguments = arguments,
                                            .seen = seen,
                                            .omitted = omitted,
                                            .seeds_from = all,
                                            .store = options.mode == memo::mode::off ? nullptr : &store,
                                            .options = options,
                                            .seed = seed,
                                            .executor = executor ? *executor : memo::executor_ref(here),
                                            .stop = options.stop,
                                            .looks_up = rules.looks_up && !is_forced,
                                            .writes = rules.writes,
                                            .verifies = rules.verifies};
    answer made{memo::detail::run_map(request), {}};
    if (made.broken) std::rethrow_exception(made.broken);
    if (made.value) made.values = *static_cast<std::vector<Result> const*>(made.value.get());
    return made;
  }

  memo::graph graph;
  memo::options options;
  memo::detail::omitted_reads omitted;
  bool is_forced = false;
  std::optional<memo::executor_ref> executor;

 private:
  static Rest one() {
    if constexpr (std::is_arithmetic_v<Rest>)
      return 1;
    else
      return {};
  }

  static constexpr std::string_view names_[] = {"ys"};
  static constexpr std::uint16_t reads_[] = {0, 1};
  static constexpr memo::detail::passing passings_[2]{};
  function_type function_;
  memo::map_row map_;
};

inline std::vector<int> numbers(int first, int last) {
  std::vector<int> all;
  for (int i = first; i < last; ++i) all.push_back(i);
  return all;
}

}  // namespace test
