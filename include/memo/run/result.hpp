#pragma once

#include <memo/core/view.hpp>
#include <memo/graph/lower.hpp>
#include <memo/key/explain.hpp>
#include <memo/run/bindings.hpp>
#include <memo/run/engine.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

/// What a run gives: values by name, loaded on first use, and the report. It owns what it needs, so the pipeline, the
/// runner and the arguments may be gone. Copies share it; every function may be called from any thread.
template <class Pipeline>
class run_result {
  using shape = typename Pipeline::shape;

  template <fixed_string Name>
  static consteval std::size_t slot_of() {
    constexpr detail::index slot = shape::slot_named(id_of<Name>);
    if constexpr (slot == detail::no_index)
      return sizeof(rule::no_such_name<detail::name_witness<id_of<Name>>>);
    else
      return slot;
  }
  template <fixed_string Name>
  using value_of = detail::slot_type<typename Pipeline::list, id_of<Name>>;

 public:
  explicit run_result(std::shared_ptr<detail::engine> engine) : engine_(std::move(engine)) {}

  /// The value of a step or an input; the reference holds while this result, or a copy of it, lives. Throws the
  /// step_failed of a step that failed or was skipped, and usage_error for one that no target needed.
  template <fixed_string Name>
  value_of<Name> const& get() const& {
    return *static_cast<value_of<Name> const*>(engine_->value(slot_of<Name>()).get());
  }

  /// The value itself: on a result that is about to go, as in `runner.run(...).get<"x">()`.
  template <fixed_string Name>
  value_of<Name> get() && {
    return *static_cast<value_of<Name> const*>(engine_->value(slot_of<Name>()).get());
  }

  /// The elements of a contiguous value, where the store has them mapped or in memory: nothing is copied.
  template <fixed_string Name>
  auto view() const {
    constexpr std::size_t slot = slot_of<Name>();
    static_assert(is_contiguous_v<value_of<Name>>,
                  "memo: view<\"name\">() needs a contiguous value, such as a vector of numbers; use get");
    using element = contiguous_element_t<value_of<Name>>;
    shared_bytes const bytes = engine_->elements(slot);
    return memo::view<element>(bytes.owner, {reinterpret_cast<element const*>(bytes.view.data()),
                                             bytes.view.size() / sizeof(element)});
  }

  /// What happened to each step.
  memo::report const& report() const { return engine_->report(); }

  /// True where nothing failed, was skipped or was cancelled; can be false only with `keep_going`.
  bool ok() const { return report().ok(); }

  /// What the result of a step depends on: the parts of its key, one line each.
  std::string explain(std::string_view step) const {
    return memo::explain(as_byte_view(report()[step].parts));
  }

 private:
  std::shared_ptr<detail::engine> engine_;
};

/// The type of what a run of a pipeline gives, for where it has to be spelled:
/// `void print(memo::result_of<retrieval> const& run);`
template <auto const& Pipeline>
using result_of = run_result<std::remove_cvref_t<decltype(Pipeline)>>;

}  // namespace memo
