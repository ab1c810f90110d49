#pragma once

#include <memo/graph/lower.hpp>
#include <memo/run/bindings.hpp>
#include <memo/run/engine.hpp>
#include <memo/run/map_run.hpp>
#include <memo/run/result.hpp>
#include <memo/run/threads.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace memo {
namespace detail {
struct runner_access;
}

/// Runs pipelines against a store. Cheap to make; it keeps no values between runs, only threads. Copies share them. `run`
/// and `plan` may be called from several threads at once, if no option is changed meanwhile, and from within a step.
class runner {
 public:
  explicit runner(any_store store, memo::options options = {})
      : store_(std::move(store)), options_(std::move(options)) {}

  /// The options of the next run.
  memo::options& options() { return options_; }
  memo::options const& options() const { return options_; }
  /// The store of the steps that name no other.
  any_store const& store() const { return store_; }

  /// The store that holds what steps with `.in<"name">()` give.
  runner& add_store(std::string name, any_store store) {
    for (auto& named : named_stores_)
      if (named.first == name) {
        named.second = std::move(store);
        return *this;
      }
    named_stores_.emplace_back(std::move(name), std::move(store));
    return *this;
  }

  /// Runs a pipeline, or what `Targets` need of it, with values for its inputs: `run(p, "n"_in = 3)`. Throws
  /// step_failed and run_cancelled (neither with `keep_going`: see run_result::ok), usage_error for options and inputs
  /// that cannot be, and under `strict` store_error and not_reproducible.
  template <fixed_string... Targets, class... Nodes, class... Given>
  auto run(detail::pipeline_type<Nodes...> const& p, Given... given) const {
    static_assert(detail::check_bindings(detail::types<Nodes...>{}, detail::types<Given...>{}));
    auto engine = std::make_shared<detail::engine>(request<Targets...>(p, false, given...));
    run_on_threads(*engine);
    return run_result<detail::pipeline_type<Nodes...>>(std::move(engine));
  }

  /// Says what `run` would do and why. Calls no step and writes nothing; reads entries, and values only where a step
  /// with `.key` needs them, or a map whose elements are looked up.
  template <fixed_string... Targets, class... Nodes, class... Given>
  plan_report plan(detail::pipeline_type<Nodes...> const& p, Given... given) const {
    static_assert(detail::check_bindings(detail::types<Nodes...>{}, detail::types<Given...>{}));
    detail::engine engine(request<Targets...>(p, true, given...));
    inline_executor here;
    engine.run(here);
    return engine.report();
  }

 private:
  friend struct detail::runner_access;

  template <class... Nodes>
  static constexpr auto map_runner() -> detail::map_outcome (*)(detail::map_request const&) {
    if constexpr ((false || ... || detail::is_map_node<Nodes>))
      return &detail::run_map;
    else
      return nullptr;
  }

  template <fixed_string Name, class Pipeline>
  static consteval std::uint32_t target_slot() {
    constexpr detail::index slot = Pipeline::shape::slot_named(id_of<Name>);
    if constexpr (slot == detail::no_index)
      return sizeof(rule::no_such_name<detail::name_witness<id_of<Name>>>);
    else
      return slot;
  }

  template <fixed_string... Targets, class... Nodes, class... Given>
  detail::run_request request(detail::pipeline_type<Nodes...> const& p, bool plan_only,
                              Given&... given) const {
    using pipeline_t = detail::pipeline_type<Nodes...>;
    return request_for(p, plan_only, detail::bind_inputs(p, given...),
                       {target_slot<Targets, pipeline_t>()...});
  }

  template <class... Nodes>
  detail::run_request request_for(detail::pipeline_type<Nodes...> const& p, bool plan_only,
                                  std::vector<std::shared_ptr<void const>> inputs,
                                  std::vector<std::uint32_t> targets) const {
    return {.graph = detail::lower(p),
            .inputs = std::move(inputs),
            .targets = std::move(targets),
            .store = store_,
            .named_stores = named_stores_,
            .options = detail::effective(options_),
            .plan_only = plan_only,
            .run_map = map_runner<Nodes...>()};
  }

  void run_on_threads(detail::engine& engine) const {
    unsigned const jobs = detail::jobs_of(engine.jobs());
    if (jobs == 1) {
      inline_executor here;
      return engine.run(here);
    }
    auto const threads = threads_->of(jobs);
    engine.run(*threads);
  }

  any_store store_;
  std::vector<std::pair<std::string, any_store>> named_stores_;
  memo::options options_;
  std::shared_ptr<detail::kept_threads> threads_ = std::make_shared<detail::kept_threads>();
};

namespace detail {

/// Runs of pipelines whose inputs and targets are known at run time only, as on a command line.
struct runner_access {
  /// `inputs`: one value of its type for each input, in the order of their declaration; null takes the input's default,
  /// which there must be then. `targets`: slots; none: all steps.
  template <class... Nodes>
  static std::shared_ptr<engine> engine_for(runner const& with, pipeline_type<Nodes...> const& p,
                                            std::vector<std::shared_ptr<void const>> inputs,
                                            std::vector<std::uint32_t> targets, bool plan_only) {
    fill_defaults(p, inputs);
    return std::make_shared<engine>(with.request_for(p, plan_only, std::move(inputs), std::move(targets)));
  }

  /// A runner with the options, named stores and threads of another one, and a main store of its own.
  static runner with_store(runner const& like, any_store store) {
    runner made = like;
    made.store_ = std::move(store);
    return made;
  }

  /// As runner::run does; the engine has its report also where this throws.
  static void run(runner const& with, engine& made) { with.run_on_threads(made); }
};

}  // namespace detail

}  // namespace memo
