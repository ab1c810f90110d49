/// The engine: runs a graph of rows against a store. No templates: it sees ids, bytes and digests. Its parts are
/// defined in engine_setup, _schedule, _decide, _claims, _values, _attempt, _compute and _flow.
///
/// A step becomes ready when all that it reads is decided, that is, when the fingerprints are known; values are loaded
/// only for steps that must run. A value that turns out to be lost sends the run back to the step that gives it, and a
/// step that gives another value than before sends its readers back to their look-up.
///
/// One mutex guards all of it. It is released while a store works, while values are hashed, loaded or decoded, and while
/// code of the user runs, observers apart. A step is worked on by one task at a time (`busy`), so what concerns only
/// that step may be read and written by that task without the mutex.
#pragma once

#include <memo/exec/concept.hpp>
#include <memo/key/file_table.hpp>
#include <memo/run/context.hpp>
#include <memo/run/last_record.hpp>
#include <memo/run/state.hpp>
#include <memo/run/work_log.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

class running_step;

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
  memo::report const& report() {
    std::unique_lock const lock(mutex_);
    // Not before somebody asks: a run whose report is not read pays nothing for it.
    if (owes_report_) add_report();
    return *reports_.back();
  }
  unsigned jobs() const { return request_.options.jobs; }
  memo::graph const& rows() const { return *rows_; }

 private:
  // set-up (engine_setup.hpp)
  void find_needed();
  void mark_forced();
  void check_stores();
  memo::step_report take_line(std::uint32_t step);
  void add_report();
  void take_report_back();
  void write_last();
  void apply_limits();
  void throw_failure();

  // order (engine_schedule.hpp)
  class released;
  void find_heights(std::int64_t (*length)(engine const&, std::uint32_t step));
  void learn_lengths();
  task task_for(std::uint32_t step);
  void submit(std::uint32_t step);
  void flush(std::unique_lock<std::mutex>& lock, bool ends = false) noexcept;
  void park(std::uint32_t step, claim_result&& busy);
  static void wake(void* self, std::uint64_t step) noexcept;
  void stop(std::string why);
  void tell_of_broken_end() noexcept;
  void finish_tasks(executor_ref executor, task_group& group);
  void drive(std::uint32_t step);

  // decisions (engine_decide.hpp)
  void decide(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  struct hashed {
    std::optional<memo::fingerprint> fingerprint{}, without{};
    std::exception_ptr problem{};
  };
  bool hash_reads(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  hashed hash_slot(std::uint32_t slot, void const* value) const;
  bool derive_key(std::uint32_t step, std::span<argument const> arguments, std::string& problem,
                  std::unique_lock<std::mutex>& lock);
  fingerprint const& fingerprint_of_slot(std::uint32_t slot) const;
  omitted_reads find_omitted(step_row const& row) const;
  void look_up(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  void keep_hit(std::uint32_t step, any_store& store, std::unique_lock<std::mutex>& lock);
  void check_again(std::uint32_t step, any_store& store, std::unique_lock<std::mutex>& lock);
  void accept_hit(std::uint32_t step);
  std::string_view runs_anyway(std::uint32_t step) const;
  hit_rules hit_rules_of(std::uint32_t step) const;
  void forecast_step(std::uint32_t step, std::unique_lock<std::mutex>& lock);

  // reasons (engine_reason.hpp)
  std::string miss_reason(std::uint32_t step);
  std::string added_value_reason(std::uint32_t step, std::size_t read, std::string_view before,
                                 bool is_in_key_now);
  std::string cause_text(std::uint32_t step, std::uint32_t slot);

  // plans of maps (engine_plan.hpp)
  void forecast_map(std::uint32_t step, std::string why, std::unique_lock<std::mutex>& lock);

  // values (engine_values.hpp)
  enum class load_result : std::uint8_t { there, tried, elsewhere, lost };
  load_result load(std::uint32_t slot, bool elements_only, std::uint32_t reader, std::string& problem,
                   std::unique_lock<std::mutex>& lock);
  bool gather(std::uint32_t step, std::vector<argument>& arguments, std::unique_lock<std::mutex>& lock);
  void want_reads(std::uint32_t step);
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

  // claims (engine_claims.hpp)
  claim_request claim_of(std::uint32_t step);
  void note_waiting(std::string_view why);
  void refuse_circle(std::uint32_t step, digest const& key, claim_result& busy);
  void claim_key(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  void give_up_waiting();

  // attempts (engine_attempt.hpp)
  struct attempt;
  attempt try_step(std::uint32_t step, std::span<argument const> arguments, context* ctx,
                   map_request const* mapped);
  map_request map_request_of(std::uint32_t step, std::span<argument const> arguments, bool caches);
  void see_for_seeds(std::uint32_t step);
  std::string changed_file(std::uint32_t step, std::span<argument const> arguments,
                           std::uint64_t edits_before) const;

  // files (engine_files.hpp)
  file_workers workers() const;
  void recall_files();
  void remember_files();
  std::string touched_note() const;

  // computing (engine_compute.hpp)
  void compute(std::uint32_t step, std::vector<argument>& arguments, std::unique_lock<std::mutex>& lock);
  void verify_hit(std::uint32_t step, std::vector<argument>& arguments, std::unique_lock<std::mutex>& lock);
  void note_map(std::uint32_t step, map_outcome& made);
  std::string inputs_text(std::uint32_t step) const;
  shared_bytes stored_form_of(std::uint32_t step, std::size_t output, map_request const* stored);
  void note_difference(std::uint32_t step, std::string difference);
  void keep_outputs(std::uint32_t step, attempt&& made, std::unique_lock<std::mutex>& lock);
  std::vector<fingerprint> fingerprint_outputs(std::uint32_t step,
                                               std::vector<std::shared_ptr<void>> const& outputs);
  std::vector<fingerprint> publish(std::uint32_t step, cached_call& call, attempt const& result,
                                   std::shared_ptr<void>& pin, std::string& problem);
  bool has_identity(std::uint32_t slot) const;
  std::string describe_difference(std::uint32_t step, std::size_t output, void const* value,
                                  fingerprint const& now, map_request const* stored);
  fingerprint stand_in(std::uint32_t step, std::size_t output);
  void cancel(std::uint32_t step);
  std::uint64_t seed_for(step_row const& row) const;
  std::optional<context> context_for(std::uint32_t step);

  // flow (engine_flow.hpp)
  void advance(std::uint32_t step);
  void break_off() noexcept;
  void work_on(std::uint32_t step, std::unique_lock<std::mutex>& lock);
  void take_up_again(std::uint32_t step);
  void announce(std::uint32_t step);
  void settle(std::uint32_t step, memo::outcome what, std::string why);
  void fail(std::uint32_t step, attempt&& made);
  void adopt_fingerprints(std::uint32_t step, std::vector<fingerprint> const& fingerprints);
  void send_back(std::uint32_t step);
  void send_back_readers(std::uint32_t slot);
  void send_back_successors(std::uint32_t step);
  bool reads_changed(std::uint32_t step) const;
  std::optional<memo::outcome> inherited_end(std::uint32_t step);

  void tell(event_kind kind, std::uint32_t step, std::string_view text = {});
  void warn(std::uint32_t step, std::string text);
  any_store* find_store(std::string_view name);
  any_store& store_of(step_row const& row);
  any_store& value_store_of(step_row const& row);
  step_row const& row(std::uint32_t step) const { return rows().steps[step]; }
  clock const& time() const { return request_.options.clock ? *request_.options.clock : clock::system(); }
  mode_rules const& rules() const { return rules_of(request_.options.mode); }
  /// Of the digests that contexts note; in mode off they note nothing.
  std::optional<std::uint64_t> hash_seed() const {
    return request_.options.mode == mode::off ? std::nullopt : std::optional(seed_);
  }
  access how() const { return rules().writes && !request_.plan_only ? access::normal : access::read_only; }

  run_request request_;  // its graph has moved into rows_
  std::shared_ptr<memo::graph const> rows_;
  std::uint64_t seed_ = 0;
  std::vector<slot_state> slots_;
  std::vector<step_state> steps_;
  std::vector<std::shared_ptr<void const>> replaced_;  // values that callers may still refer to
  std::vector<std::shared_ptr<void>> pins_;
  std::optional<last_steps> last_;
  mutable file_looks files_;
  bool runs_ = false;  // from the beginning of `run` to its end: later work cannot be stopped
  running_step const* inside_ = nullptr;  // the step in whose function the run was begun
  bool starts_ = false;                   // the first tasks are submitted: all look-ups before any computing
  bool ordered_ = false;                  // heights decide who runs first
  memo::report report_;                   // all but its lines and warnings
  std::vector<std::pair<std::uint32_t, std::string>> warnings_;  // by the step that they are about
  std::vector<std::shared_ptr<memo::report const>> reports_;
  bool owes_report_ = false;  // what happened is not in the newest of them
  work_log work_;
  mutable std::mutex mutex_;
  std::mutex outside_;  // one caller at a time loads values after the run
  executor_ref* executor_ = nullptr;
  task_group* group_ = nullptr;
  std::size_t submitted_ = 0;                    // of ready_
  std::vector<std::uint32_t> ready_;             // to be submitted when the mutex is released
  std::vector<std::shared_ptr<void>> given_up_;  // claims to be released when the mutex is
  std::size_t parked_ = 0;                       // steps whose keys are computed elsewhere
  std::atomic<std::uint32_t> wake_ups_{0};       // changes when the thread that runs has to look again
  std::stop_source halt_;                        // what contexts see: options.stop, or a failure
  bool halts_ = false;                           // to be requested when the mutex is released
  std::string waiting_note_;                     // why other processes are not waited for
  std::string stopped_by_;                       // why nothing new starts; empty while steps start
  std::exception_ptr strict_error_;              // what `strict` makes of a warning
  std::exception_ptr broken_;                    // what ended the run from within: no step's failure
  std::atomic<std::uint64_t> random_{0};
};

/// The engine's mutex, released for a while.
class engine::released {
 public:
  released(engine& of, std::unique_lock<std::mutex>& lock) : lock_(lock) { of.flush(lock); }
  released(released const&) = delete;
  released& operator=(released const&) = delete;
  ~released() { lock_.lock(); }

 private:
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace memo::detail
