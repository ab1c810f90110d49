/// The engine's beginning and end: what is needed, what is forced, and the report.
#pragma once

#include <memo/run/engine_class.hpp>
#include <memo/run/process_store.hpp>

namespace memo::detail {

inline engine::engine(run_request request)
    : request_(std::move(request)),
      rows_(std::make_shared<memo::graph const>(std::move(request_.graph))),
      seed_(seed_of(request_.options.secret)),
      slots_(rows().slots.size()),
      steps_(rows().steps.size()) {
  for (std::size_t i = 0; i < rows().inputs.size(); ++i) {
    slot_state& slot = slots_[rows().inputs[i].slot];
    slot.object = request_.inputs[i];
    slot.retained = true;
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    step_row const& r = rows().steps[i];
    steps_[i].report.name = step_name(r);
    steps_[i].report.names.assign(r.names.begin(), r.names.end());
    steps_[i].exclusions = r.options.exclusions.all();
    for (std::string_view const why : r.check_whys) steps_[i].checks.push_back(check_identity(why));
  }
  ready_.reserve(2 * steps_.size() + 8);  // what becomes ready needs no memory
  report_.pipeline = rows().name;
  report_.is_plan = request_.plan_only;
  report_.graph = rows_;
  find_needed();
  mark_forced();
  check_stores();
}

inline void engine::find_needed() {
  auto const& g = rows();
  for (std::uint32_t const target : request_.targets) {
    slots_[target].retained = true;
    if (g.slots[target].step != no_step) steps_[g.slots[target].step].needed = true;
  }
  if (request_.targets.empty())
    for (step_state& s : steps_) s.needed = true;

  // From the last to the first: who reads comes behind what is read.
  for (std::size_t i = steps_.size(); i-- > 0;) {
    if (!steps_[i].needed) continue;
    auto const step = static_cast<std::uint32_t>(i);
    auto depend = [&](std::uint32_t slot) {
      std::uint32_t const from = g.slots[slot].step;
      if (from == no_step) return;
      steps_[from].needed = true;
      auto& successors = steps_[from].successors;
      // Nobody else is added meanwhile: `back` tells whether this step is there.
      if (successors.empty() || successors.back() != step) {
        successors.push_back(step);
        ++steps_[i].waiting_for;
      }
    };
    for (std::uint16_t const slot : row(step).reads) depend(slot);
    for (std::uint16_t const slot : row(step).after) depend(slot);
    for (std::uint32_t const slot : row(step).reads) {
      auto& readers = slots_[slot].readers;
      if (readers.empty() || readers.back() != step) readers.push_back(step);
    }
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slot_state& slot = slots_[i];
    slot.readers_left = static_cast<std::uint32_t>(slot.readers.size());
    std::uint32_t const from = g.slots[i].step;
    if (from == no_step) continue;
    cache_policy const policy = row(from).policy;
    if (policy == cache_policy::never || policy == cache_policy::in_memory) slot.retained = true;
    if (request_.targets.empty() && slot.readers.empty()) slot.retained = true;
  }
}

inline void engine::mark_forced() {
  for (std::string const& name : request_.options.force) {
    auto const found = std::find_if(rows().slots.begin(), rows().slots.end(), [&](slot_row const& slot) {
      return slot.name == name && slot.step != no_step;
    });
    if (found == rows().slots.end()) {
      std::string known;
      for (step_state const& s : steps_) known += (known.empty() ? "" : ", ") + s.report.name;
      throw usage_error("options.force names a step that the pipeline does not have",
                        {{"step", name}, {"pipeline", std::string(rows().name)}, {"steps", known}},
                        "force takes the names of steps, as in {.force = {\"mean\"}}");
    }
    steps_[found->step].forced = true;
  }
}

inline void engine::check_stores() {
  for (step_row const& r : rows().steps)
    if (find_store(r.options.store) == nullptr) {
      std::string known;
      for (auto const& named : request_.named_stores) known += (known.empty() ? "" : ", ") + named.first;
      throw usage_error(
          "a step is kept in a store that the runner does not have",
          {{"step", step_name(r)},
           {"store", std::string(r.options.store)},
           {"stores", known.empty() ? std::string("none") : known}},
          "give it to the runner: runner.add_store(\"" + std::string(r.options.store) + "\", store)");
    }
}

/// The runner's main store for an empty name; null where it has none of this name.
inline any_store* engine::find_store(std::string_view name) {
  if (name.empty()) return &request_.store;
  for (auto& named : request_.named_stores)
    if (named.first == name) return &named.second;
  return nullptr;
}

inline any_store& engine::store_of(step_row const& r) { return *find_store(r.options.store); }

inline any_store& engine::value_store_of(step_row const& r) {
  any_store& chosen = store_of(r);
  if (r.policy != cache_policy::in_memory || chosen.capabilities().live) return chosen;
  static any_store process{process_store()};
  return process;
}

/// The line of a step in the report. It takes what the step keeps for it, but for the name.
inline step_report engine::take_line(std::uint32_t step) {
  step_state& s = steps_[step];
  step_row const& r = row(step);
  step_report line = std::move(s.report);
  s.report.name = line.name;
  line.values.clear();
  line.values.reserve(r.names.size());
  line.bytes = 0;
  line.outcome = s.outcome;
  line.forecast = s.forecast;
  line.reason = s.why;
  line.key = s.call.key();
  for (std::size_t i = 0; i < r.names.size(); ++i) {
    auto const& known = slots_[r.first_output + i].fingerprint;
    line.values.push_back(known ? known->value : digest{});
  }
  line.value = line.values.front();
  if (!request_.plan_only) {
    bool const none = s.outcome == outcome::not_needed;
    line.forecast = s.outcome == outcome::hit ? forecast::hit : none ? forecast::not_needed : forecast::run;
  }
  if (line.forecast == forecast::hit) line.change.clear();
  if (!s.call.has_entry()) return line;
  for (stored_output const& o : s.call.found().outputs) line.bytes += o.size;
  if (s.outcome == outcome::hit) line.saved_ns = s.call.found().cost_ns;
  return line;
}

inline void engine::add_report() {
  auto made = std::make_shared<memo::report>(report_);
  std::string rebuilt, unchecked;
  made->steps.reserve(steps_.size());
  for (auto const& known : warnings_) made->warnings.push_back(known.second);
  for (std::uint32_t const step : rows().declared) {
    step_row const& r = row(step);
    made->steps.push_back(take_line(step));
    step_report const& line = made->steps.back();
    bool const cached =
        steps_[step].needed && r.policy != cache_policy::never && request_.options.mode != mode::off;
    if (cached && r.policy == cache_policy::inputs_only)
      unchecked += (unchecked.empty() ? "`" : ", `") + line.name + "`";
    else if (cached && r.options.code == code_identity::build)
      rebuilt += (rebuilt.empty() ? "`" : ", `") + line.name + "`";
  }
  made->work = work_.spans();
  if (!made->work.empty()) {
    std::vector<std::uint32_t> place(steps_.size());
    for (std::size_t i = 0; i < place.size(); ++i) place[rows().declared[i]] = static_cast<std::uint32_t>(i);
    for (work_span& span : made->work) span.step = place[span.step];
  }
  if (!waiting_note_.empty()) made->notes.push_back(waiting_note_);
  if (std::string touched = touched_note(); !touched.empty()) made->notes.push_back(std::move(touched));
  if (!rebuilt.empty())
    made->notes.push_back("without a version, any rebuild of the program runs these steps again: " + rebuilt +
                          "; .version<1>() keeps their results until you change the number");
  if (!unchecked.empty())
    made->warnings.push_back("changed code is not noticed in steps with .cache(memo::inputs_only): " +
                             unchecked);
  reports_.push_back(std::move(made));
  owes_report_ = false;
}

/// Before steps run again after the run: the next report goes on from what the newest one says.
inline void engine::take_report_back() {
  if (owes_report_) add_report();
  std::size_t at = 0;
  for (std::uint32_t const step : rows().declared) steps_[step].report = reports_.back()->steps[at++];
}

inline void engine::write_last() {
  if (!rules().writes || request_.plan_only) return;
  digest const id = last_record_id(request_.options.project, rows().name);
  std::string before;
  if (std::optional<std::string> kept = request_.store.read_last(id)) before = std::move(*kept);
  last_steps steps = read_last_record(before);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    step_report const& line = steps_[i].report;
    if (line.parts.empty()) continue;
    last_step* known = find_step(steps, line.name, i);
    if (known == nullptr) known = &steps.emplace_back(last_step{line.name});
    known->parts = line.parts;
    if (steps_[i].outcome == outcome::ran) known->time_ns = static_cast<std::uint64_t>(line.time_ns);
  }
  std::string const record = write_last_record(steps);
  if (record == before || steps.empty()) return;
  put_result const written = request_.store.write_last(id, as_byte_view(record));
  if (!written.warning.empty()) warn(no_step, written.warning);
}

/// The limits of the stores hold before the run returns. Where what it uses is more than they allow, the report says so:
/// nothing went wrong that `strict` would have to stop at.
inline void engine::apply_limits() {
  if (!rules().writes || request_.plan_only) return;
  auto const apply = [this](any_store& store) {
    put_result told = store.put({});
    if (!told.stored || told.warning.empty()) return;
    tell(event_kind::did_warn, no_step, told.warning);
    warnings_.emplace_back(no_step, std::move(told.warning));
  };
  apply(request_.store);
  for (auto& named : request_.named_stores) apply(named.second);
}

inline void engine::throw_failure() {
  if (strict_error_) std::rethrow_exception(strict_error_);
  if (request_.options.keep_going) return;
  bool cancelled = false;
  for (std::uint32_t const step : rows().declared) {
    if (steps_[step].outcome == outcome::failed) std::rethrow_exception(steps_[step].error);
    cancelled = cancelled || steps_[step].outcome == outcome::cancelled;
  }
  if (cancelled)
    throw run_cancelled("the run was stopped", {{"pipeline", std::string(rows().name)}},
                        "what was finished is kept, and is a hit next time");
}

inline void engine::tell(event_kind kind, std::uint32_t step, std::string_view text) {
  if (request_.options.observer == nullptr) return;
  request_.options.observer->notice(
      {kind, step == no_step ? std::string_view() : std::string_view(steps_[step].report.name), text, 0, 0});
}

inline void engine::warn(std::uint32_t step, std::string text) {
  for (auto const& known : warnings_)
    if (known.second == text) return;
  tell(event_kind::did_warn, no_step, text);
  if (request_.options.strict && !strict_error_)
    strict_error_ = std::make_exception_ptr(
        store_error("a result could not be stored or read, and options.strict is set", {{"problem", text}},
                    "without options.strict this is a warning in the report, and the result is used"));
  // In the order of the steps, so that the report is the same however many threads there are.
  auto const later = std::upper_bound(warnings_.begin(), warnings_.end(), step,
                                      [](std::uint32_t s, auto const& known) { return s < known.first; });
  warnings_.emplace(later, step, std::move(text));
}

}  // namespace memo::detail
