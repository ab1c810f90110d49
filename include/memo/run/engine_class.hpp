/// The engine: runs a graph of rows against a store. No templates: it sees ids, bytes and digests. Its parts are
/// defined in engine_setup, engine_decide, engine_values, engine_compute and engine_flow.
///
/// A step becomes ready when all that it reads is decided, that is, when the fingerprints are known; values are loaded
/// only for steps that must run. A value that turns out to be lost sends the run back to the step that gives it, and a
/// step that gives another value than before sends its readers back to their look-up.
#pragma once

#include <memo/exec/concept.hpp>
#include <memo/exec/inline_executor.hpp>
#include <memo/run/context.hpp>
#include <memo/run/last_record.hpp>
#include <memo/run/state.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

class engine {
 public:
  explicit engine(run_request request);
  engine(engine const&) = delete;
  engine& operator=(engine const&) = delete;

  /// Runs what is needed and returns when it is decided. Throws step_failed and run_cancelled (neither under
  /// `keep_going`), and under `strict` store_error and not_reproducible.
  void run(executor_ref executor);

  /// The value of a slot, loaded or computed again where needed; it stays while the engine lives. Any thread.
  std::shared_ptr<void const> value(std::uint32_t slot);

  /// The stored bytes of a contiguous value, or those of the value itself. Any thread.
  shared_bytes elements(std::uint32_t slot);

  /// What happened so far. A value that `value` computes again makes a new report; earlier ones stay as they are.
  memo::report const& report() const {
    std::unique_lock const lock(mutex_);
    return *reports_.back();
  }
  memo::graph const& rows() const { return request_.graph; }

 private:
  // set-up (engine_setup.hpp)
  void find_needed();
  void mark_forced();
  void check_stores();
  void fill_line(std::uint32_t step, memo::step_report& line);
  void add_report();
  void write_last();
  void throw_failure();

  // decisions (engine_decide.hpp)
  void decide(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  bool derive_key(std::uint32_t step, std::string& problem);
  fingerprint const& fingerprint_of_slot(std::uint32_t slot);
  omitted_reads find_omitted(step_row const& row);
  void look_up(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  void check_again(std::uint32_t step, any_store& store);
  void accept_hit(std::uint32_t step);
  std::string_view runs_anyway(std::uint32_t step) const;
  hit_rules hit_rules_of(std::uint32_t step) const;
  std::string miss_reason(std::uint32_t step);
  void forecast_step(std::uint32_t step);

  // values (engine_values.hpp)
  bool load(std::uint32_t slot, bool elements_only, std::string& problem);
  bool gather(std::uint32_t step, std::vector<argument>& arguments);
  void demand(std::uint32_t step, std::uint32_t demander, std::string why);
  void put_aside(std::uint32_t slot);
  bool can_give_back(std::uint32_t slot) const;
  void release(std::uint32_t step);
  bool may_move(std::uint32_t step, std::size_t parameter) const;
  struct handed {
    std::shared_ptr<void const> object;
    shared_bytes elements;
  };
  handed obtain(std::uint32_t slot, bool elements_only);
  void refuse(step_state const& s) const;

  // computing (engine_compute.hpp)
  void compute(std::uint32_t step, std::vector<argument>& arguments, std::unique_lock<std::mutex>& lock);
  void verify_hit(std::uint32_t step, std::vector<argument>& arguments, std::unique_lock<std::mutex>& lock);
  void keep_outputs(std::uint32_t step, std::vector<std::shared_ptr<void>>&& outputs, std::int64_t took,
                    std::unique_lock<std::mutex>& lock);
  std::vector<fingerprint> fingerprint_outputs(std::uint32_t step,
                                               std::vector<std::shared_ptr<void>> const& outputs);
  std::vector<fingerprint> publish(std::uint32_t step, std::vector<std::shared_ptr<void>> const& outputs,
                                   std::int64_t took, std::string& problem);
  std::string describe_difference(std::uint32_t step, std::size_t output, void const* value,
                                  fingerprint const& now);
  fingerprint stand_in(std::uint32_t step, std::size_t output);
  std::string changed_file(std::uint32_t step);
  std::uint64_t seed_for(step_row const& row);
  std::optional<context> context_for(std::uint32_t step);

  // flow (engine_flow.hpp)
  void stop(std::string why);
  void submit(std::uint32_t step);
  void advance(std::uint32_t step);
  void settle(std::uint32_t step, memo::outcome what, std::string why);
  void fail(std::uint32_t step, std::exception_ptr error, std::string message);
  void adopt_fingerprints(std::uint32_t step, std::vector<fingerprint> const& fingerprints);
  void send_back_readers(std::uint32_t slot);
  bool reads_changed(std::uint32_t step) const;
  std::optional<memo::outcome> inherited_end(std::uint32_t step);
  void drive(std::uint32_t step);

  void tell(event_kind kind, std::uint32_t step, std::string_view text = {});
  void warn(std::string text);
  any_store* find_store(std::string_view name);
  any_store& store_of(step_row const& row);
  any_store& value_store_of(step_row const& row);
  step_row const& row(std::uint32_t step) const { return request_.graph.steps[step]; }
  clock const& time() const { return request_.options.clock ? *request_.options.clock : clock::system(); }
  mode_rules const& rules() const { return rules_of(request_.options.mode); }
  access how() const { return rules().writes && !request_.plan_only ? access::normal : access::read_only; }

  run_request request_;
  std::uint64_t seed_ = 0;
  std::vector<slot_state> slots_;
  std::vector<step_state> steps_;
  std::vector<std::shared_ptr<void const>> replaced_;  // values that callers may still refer to
  std::vector<std::shared_ptr<void>> pins_;
  std::optional<last_parts> last_;
  memo::report report_;  // all but its lines
  std::vector<std::shared_ptr<memo::report const>> reports_;
  mutable std::mutex mutex_;
  std::mutex outside_;  // one caller at a time loads values after the run
  executor_ref* executor_ = nullptr;
  task_group* group_ = nullptr;
  std::string stopped_by_;           // why nothing new starts; empty while steps start
  std::exception_ptr strict_error_;  // what `strict` makes of a warning
  std::exception_ptr broken_;        // what ended the run from within: no step's failure
  std::atomic<std::uint64_t> random_{0};
};

}  // namespace memo::detail
