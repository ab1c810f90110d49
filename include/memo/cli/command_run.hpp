/// run: the pipeline on a command line.
///
/// Values go to standard output, all else to the terminal: progress, the table of the report, and errors.
#pragma once

#include <memo/cli/command_output.hpp>
#include <memo/cli/command_request.hpp>
#include <memo/cli/last_run.hpp>
#include <memo/export/history.hpp>
#include <memo/key/explain.hpp>
#include <memo/report/console.hpp>
#include <memo/report/key_text.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>
#include <memo/run/errors.hpp>
#include <memo/run/signals.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Hears what happens in a run: for the terminal, for the program's own observer, and to count what verify ran again.
class run_watch final : public observer {
 public:
  run_watch(std::optional<console_options> const& options, observer* of_program) : of_program_(of_program) {
    if (options) console_.emplace(*options);
  }

  void notice(event const& happened) override {
    if (happened.kind == event_kind::will_run && happened.text == "verify") verified_.fetch_add(1);
    if (console_) console_->notice(happened);
    if (of_program_ != nullptr) of_program_->notice(happened);
  }
  /// How many hits ran again.
  std::size_t verified() const { return verified_.load(); }

 private:
  std::optional<console> console_;
  observer* of_program_;
  std::atomic<std::size_t> verified_{0};
};

/// A run and what hears of it: values that are loaded later are told, too.
struct watched_run {
  std::shared_ptr<run_watch> watch;
  std::shared_ptr<engine> run;
};

/// What is typed behind `run`.
struct run_command_line {
  pipeline_request of_pipeline;
  report_files files;
  std::optional<std::string> jobs, verify, wait;
  std::size_t verbose = 0;
  bool keep_going = false, explain = false, quiet = false, strict = false;

  void read(command_context const& context, std::string const& command,
            std::vector<std::string> const& typed) {
    arguments with(command, "Runs the pipeline, or what targets need of it, and prints their values.");
    with.words("TARGET", "outputs of steps; without them, all steps run", of_pipeline.targets);
    of_pipeline.take_inputs(with);
    with.text("-j,--jobs", "N", "how many steps and elements of maps run at once; 1: one after the other",
              jobs);
    of_pipeline.take_choices(with, context);
    with.flag("-k,--keep-going", "after a failure, finishes what does not depend on it", keep_going);
    with.flag_or_text("--verify", "1", "CHANCE",
                      "runs hits again, all or with this chance, and compares: mode verify", verify);
    with.flag("--strict", "what the cache cannot read or write is an error", strict);
    with.text("--wait", "DURATION", "how long to wait for another process that computes the same, as 10s",
              wait);
    with.flag("--explain", "tells what the key of each step that ran is made of", explain);
    files.take(with, false);
    with.flag("-q,--quiet", "no progress and no table", quiet);
    with.count("-v,--verbose", "tells of each step as it runs; -vv: also of hits and loads", verbose);
    with.footer(pipeline_help(*context.pipeline) +
                "\nWhat is typed here counts more than MEMO_MODE and MEMO_JOBS in the environment.\n"
                "exit status: 0 all went well, 1 a step failed, 2 bad usage, 3 --verify found differences,\n"
                "130 stopped by Ctrl-C (a second Ctrl-C does not wait for running steps)\n");
    with.parse(typed);
  }

  memo::options options(command_pipeline const& pipeline, memo::options const& of_program) const {
    memo::options made = chosen_options(pipeline, of_program, of_pipeline);
    if (jobs) made.jobs = static_cast<unsigned>(whole_number("--jobs", *jobs, 1, 99'999));
    if (verify) {
      if (of_pipeline.mode && made.mode != mode::verify)
        throw usage_error("--verify is a mode of its own, and another one is asked for",
                          {{"mode", *of_pipeline.mode}}, "leave one of the two out");
      if (!of_pipeline.force.empty())
        throw usage_error("--verify keeps what is stored, and --force replaces it", {}, "give one of them");
      made.mode = mode::verify;
      made.verify = chance(*verify);
    } else if (made.mode == mode::verify && of_pipeline.mode) {
      made.verify = 1;
    }
    if (wait) {
      auto const longest = parse_duration(*wait);
      if (!longest || longest->count() < 0)
        throw usage_error("the option --wait has a value that it cannot have",
                          {{"value", detail::quoted(*wait)}}, "give a duration, such as 10s, 5min or 0s");
      made.wait = std::chrono::duration_cast<std::chrono::milliseconds>(*longest);
    }
    made.keep_going = made.keep_going || keep_going;
    made.strict = made.strict || strict;
    if (quiet && verbose > 0)
      throw usage_error("--quiet and --verbose contradict each other", {}, "leave one of the two out");
    return made;
  }

  verbosity level() const {
    return quiet          ? verbosity::quiet
           : verbose > 1  ? verbosity::very_verbose
           : verbose == 1 ? verbosity::verbose
                          : verbosity::normal;
  }

 private:
  static double chance(std::string const& text) {
    double value = -1;
    auto const [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || stop != text.data() + text.size() || !(value >= 0 && value <= 1))
      throw usage_error("the option --verify has a value that it cannot have",
                        {{"value", detail::quoted(text)}},
                        "give a chance from 0 to 1: --verify=0.1, or --verify for all hits");
    return value;
  }
};

/// The slots whose values are printed: the targets, or what steps give of which nobody reads anything.
inline std::vector<std::uint32_t> printed_slots(command_pipeline const& pipeline,
                                                std::vector<std::string> const& targets) {
  if (!targets.empty()) return output_slots(pipeline, targets);
  std::vector<std::string> read;
  for (step_description const& step : pipeline.graph.steps)
    read.insert(read.end(), step.reads.begin(), step.reads.end());
  std::vector<std::string> names;
  for (step_description const& step : pipeline.graph.steps)
    if (std::ranges::none_of(step.names,
                             [&](std::string const& name) { return std::ranges::count(read, name) != 0; }))
      names.insert(names.end(), step.names.begin(), step.names.end());
  return output_slots(pipeline, names);
}

/// "score = 0.97", a line for each value that has a short text. Loads no large value, and runs nothing again for one that
/// is not kept.
inline std::string result_lines(command_pipeline const& pipeline, engine& run,
                                std::vector<std::string> const& targets) {
  constexpr std::uint64_t small = 64 << 10;
  std::string text;
  memo::report const& report = run.report();
  for (std::uint32_t const slot : printed_slots(pipeline, targets)) {
    output_text_row const& row = pipeline.outputs[slot];
    if (row.text == nullptr) continue;
    step_report const& step = report[row.name];
    bool const is_there = step.outcome == outcome::ran || step.outcome == outcome::hit;
    bool const is_kept =
        pipeline.find_step(row.name)->policy != cache_policy::digest_only || step.outcome == outcome::ran;
    if (!is_there || !is_kept || step.bytes > small) continue;
    std::string const value = row.text(run.value(slot).get());
    if (!value.empty()) text += std::string(row.name) + " = " + value + '\n';
  }
  return text;
}

/// The text of an error of a run, without the hint to programmers that its cause is nested in it.
inline std::string run_error_text(std::exception const& problem) {
  std::string text = error_text(problem);
  if (dynamic_cast<step_failed const*>(&problem) == nullptr) return text;
  std::size_t const hint = text.rfind("\nhint: the exception of the step is nested");
  return hint == text.npos ? text : text.substr(0, hint) + '\n';
}

/// With `keep_going` a run does not throw: the errors of its steps are asked for.
inline std::string failure_texts(command_pipeline const& pipeline, engine& run) {
  std::string text;
  memo::report const report = run.report();
  for (step_report const& step : report.steps) {
    if (step.outcome != outcome::failed) continue;
    try {
      run.value(output_slot(pipeline, step.names[0]));
    } catch (std::exception const& problem) {
      text += run_error_text(problem);
    }
  }
  return text;
}

/// The steps that verify found to differ; with how, where the table is not printed, which tells it too.
inline std::string difference_text(memo::report const& of, bool has_table) {
  std::string text;
  for (step_report const& step : of.steps)
    if (step.differs) text += "  " + step.name + (has_table ? "" : "  " + visible(step.difference)) + '\n';
  if (text.empty()) return {};
  return "error: verify found results that differ from the stored ones, which stay\n" + text +
         "hint: most often a step depends on something that is none of its inputs\n";
}

/// How many steps verify ran again, and what came of it.
inline std::string verified_text(memo::report const& of, std::size_t ran_again) {
  auto const differ = std::ranges::count_if(of.steps, [](step_report const& step) { return step.differs; });
  return "verify: " + count_text(ran_again, "hit", "hits") + " ran again, " +
         (differ == 0 ? "none" : std::to_string(differ)) + " gave another result\n";
}

/// Keeps history and report beside the cache. Gives what went wrong, for the report's warnings.
inline std::vector<std::string> keep_report(runner const& with, memo::report const& of) {
  std::vector<std::string> warnings;
  std::string const place = with.store().location();
  if (place.empty() || !rules_of(with.options().mode).writes || !exists(place)) return warnings;
  run_facts const facts{.mode = std::string(rules_of(with.options().mode).name),
                        .project = with.options().project};
  for (std::string const& warning :
       {history(history_file_in(place)).append(of, facts), write_last_run(place, of)})
    if (!warning.empty()) warnings.push_back(warning);
  return warnings;
}

/// False, with the reason on the terminal, where a file cannot be written: the run and its results stand all the same.
inline bool written(report_files const& files, terminal& at, memo::report const& of) {
  try {
    files.write(at, of);
    return true;
  } catch (std::exception const& problem) {
    at.err << error_text(problem) << std::flush;
    return false;
  }
}

inline int command_run(command_context const& context, std::vector<std::string> const& typed) {
  command_pipeline const& pipeline = *context.pipeline;
  terminal& at = context.at;
  std::string const command = context.program + " run";
  run_command_line request;
  request.read(context, command, typed);
  pipeline_request const& asked = request.of_pipeline;
  std::vector<std::uint32_t> targets = output_slots(pipeline, asked.targets);
  runner with = runner_of(context, asked.directory);
  with.options() = request.options(pipeline, with.options());
  auto values = input_values(pipeline, command, asked.sets);

  stop_on_signals const signals;
  std::stop_source stop;
  std::stop_callback const by_signal(signals.token(), [&] { stop.request_stop(); });
  std::stop_callback const by_program(std::exchange(with.options().stop, stop.get_token()),
                                      [&] { stop.request_stop(); });
  std::optional<console_options> shown;
  if (at.progress_to >= 0 && !request.quiet)
    shown = console_options{.descriptor = at.progress_to, .level = request.level(), .summary = false};
  auto const watch = std::make_shared<run_watch>(shown, with.options().observer);
  with.options().observer = watch.get();
  auto const watched = std::make_shared<watched_run>(
      watch, pipeline.engine_for(with, std::move(values), std::move(targets), false));
  std::shared_ptr<engine> const run(watched, watched->run.get());

  std::string failure, results;
  bool const has_after = pipeline.after != nullptr && asked.targets.empty();
  bool is_cancelled = false;
  try {
    runner_access::run(with, *run);
    if (!run->report().ok()) failure = failure_texts(pipeline, *run);
    if (!has_after || !run->report().ok()) results = result_lines(pipeline, *run, asked.targets);
  } catch (run_cancelled const& problem) {
    is_cancelled = true;
    failure = error_text(problem);
  } catch (std::exception const& problem) {
    failure = run_error_text(problem);
  }

  memo::report report = run->report();
  for (std::string& warning : keep_report(with, report)) report.warnings.push_back(std::move(warning));
  if (!request.quiet) {
    at.err << visible_lines("", to_text(report));
    if (with.options().mode == mode::verify) at.err << verified_text(report, watch->verified());
  }
  if (request.explain)
    for (step_report const& step : report.steps)
      if (step.outcome == outcome::ran) at.err << "key of " << step.name << '\n' << indented(key_text(step));
  std::string const differences = difference_text(report, !request.quiet);
  at.err << failure << differences << std::flush;
  bool const are_written = written(request.files, at, report);
  if (!request.files.to_standard_output()) at.out << results << std::flush;

  is_cancelled = is_cancelled || report.count(outcome::cancelled) != 0;
  if (is_cancelled && signals.received() != 0)
    return static_cast<int>(exit_code::signalled) + signals.received();
  if (!failure.empty() || !report.ok()) return static_cast<int>(exit_code::failed);
  if (has_after) pipeline.after(run);
  if (!are_written) return static_cast<int>(exit_code::failed);
  return static_cast<int>(differences.empty() ? exit_code::done : exit_code::differences);
}

}  // namespace memo::detail
