/// A command line over a pipeline. Needs CLI11 and nlohmann/json (Debian: libcli11-dev, nlohmann-json3-dev); with CMake link
/// memo::cli.
///
///     constexpr auto retrieval = memo::pipeline<"retrieval">(...);
///
///     int main(int argc, char** argv) {
///       return memo::cli(argc, argv, retrieval, memo::directory_store{".cache"});
///     }
///
/// The program then has these commands; `COMMAND --help` tells what each takes, and --help what the inputs are.
///
/// | command | does |
/// |---|---|
/// | `run [TARGET...] --set NAME=VALUE` | runs the pipeline; also without the word `run`, if an option or nothing is typed |
/// | `plan [TARGET...]`, `explain STEP` | says what would run, and why; runs nothing |
/// | `graph --format text\|mermaid\|dot\|json\|html` | shows the pipeline, with `--plan` coloured by what would run |
/// | `report --html FILE` | shows what the last run did; also `--json`, `--trace`, `--mermaid`, `--dot`, and a table |
/// | `list`, `show KEY`, `stats`, `history` | what the cache holds, and what ran |
/// | `verify`, `doctor` | whether the cache is whole, and its place well |
/// | `clear [STEP]`, `gc --max-bytes 10GB` | removes entries |
///
/// Values of inputs are read by their type: numbers, booleans, names of enumerators, texts, paths, durations, lists, and JSON
/// for structs. `--dir DIR` names another cache than the program's.
///
/// Values of targets, or of the steps of which nobody reads anything, go to standard output as `name = text` where they are
/// short; progress, tables of runs and errors to standard error. Exit status: 0 all went well; 1 a step failed, or the command
/// could not do its work; 2 bad usage; 3 verify found differences or damage; 128 and the signal's number where a signal
/// stopped the run (Ctrl-C: 130). What is typed counts more than MEMO_MODE and MEMO_JOBS, and these more than the options of
/// the program's runner.
///
/// A run whose mode writes adds a line to history.jsonl in the cache's directory, and keeps its report there for `report`.
#pragma once

#include <memo/cli/command_pipeline.hpp>
#include <memo/cli/pipeline_commands.hpp>
#include <memo/cli/shell.hpp>
#include <memo/export.hpp>
#include <memo/memo.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

namespace memo {
namespace detail {

template <class Pipeline, class After>
int cli_with(int argc, char const* const* argv, Pipeline const& pipeline, std::function<runner()> make_runner,
             After const& after) {
  terminal at = terminal::standard();
  return guarded(at, [&] {
    command_pipeline bound = bind_pipeline(pipeline);
    if constexpr (!std::same_as<After, nothing>)
      bound.after = [&after](std::shared_ptr<engine> run) { after(run_result<Pipeline>(std::move(run))); };
    typed_line const line(argc, argv, bound.graph.name);
    return shell({at, line.program, pipeline_commands, &bound, std::move(make_runner)}, line.words);
  });
}

template <class After, class Pipeline>
concept takes_result = std::invocable<After const&, run_result<Pipeline> const&>;

}  // namespace detail

/// Does what the command line says, and gives the exit status for `main`. Throws nothing. The cache is that of a
/// directory_store without a path: `$MEMO_DIR`, else a directory of the user's cache.
template <class Pipeline>
int cli(int argc, char const* const* argv, Pipeline const& pipeline) {
  return detail::cli_with(argc, argv, pipeline, [] { return runner(directory_store{}); }, detail::nothing{});
}

/// The same, and after a run of all steps that went well, `after` gets its `run_result` instead of values being printed. An
/// exception from it is an error of the command.
template <class Pipeline, detail::takes_result<Pipeline> After>
int cli(int argc, char const* const* argv, Pipeline const& pipeline, After const& after) {
  return detail::cli_with(argc, argv, pipeline, [] { return runner(directory_store{}); }, after);
}

/// With a store of the program's.
template <class Pipeline>
int cli(int argc, char const* const* argv, Pipeline const& pipeline, any_store const& store) {
  return detail::cli_with(argc, argv, pipeline, [&store] { return runner(store); }, detail::nothing{});
}
template <class Pipeline, detail::takes_result<Pipeline> After>
int cli(int argc, char const* const* argv, Pipeline const& pipeline, any_store const& store,
        After const& after) {
  return detail::cli_with(argc, argv, pipeline, [&store] { return runner(store); }, after);
}

/// With a runner of the program's: its store, its named stores and its options.
template <class Pipeline>
int cli(int argc, char const* const* argv, Pipeline const& pipeline, runner const& with) {
  return detail::cli_with(argc, argv, pipeline, [&with] { return with; }, detail::nothing{});
}
template <class Pipeline, detail::takes_result<Pipeline> After>
int cli(int argc, char const* const* argv, Pipeline const& pipeline, runner const& with, After const& after) {
  return detail::cli_with(argc, argv, pipeline, [&with] { return with; }, after);
}

}  // namespace memo
