/// The commands by name: finds the one that is meant, runs it, and turns what goes wrong into a message and an exit status.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/config.hpp>

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

inline std::vector<std::string> command_names(command_context const& context) {
  std::vector<std::string> names;
  for (command const& one : context.commands) names.emplace_back(one.name);
  return names;
}

inline command const* find_command(command_context const& context, std::string_view name) {
  for (command const& one : context.commands)
    if (one.name == name) return &one;
  return nullptr;
}

/// Of the commands that only a program with a pipeline has.
inline constexpr std::string_view pipeline_command_names[] = {"run", "plan", "explain", "graph"};

/// What the program's own `--help` says.
inline std::string program_help(command_context const& context) {
  bool const has_pipeline = context.pipeline != nullptr;
  std::string text =
      "usage: " + context.program +
      (has_pipeline ? " [COMMAND] [OPTION]..." : " [--dir DIR] COMMAND [OPTION]...") +
      (has_pipeline
           ? "\nRuns the pipeline `" + context.pipeline->graph.name + "` and looks after its cache.\n"
           : std::string("\nLooks after a cache of memo: the one in DIR, or in $MEMO_DIR.\n")) +
      "\ncommands:\n";
  std::vector<std::vector<std::string>> rows;
  for (command const& one : context.commands)
    rows.push_back({"  " + std::string(one.name), std::string(one.what)});
  text += format_table(rows) + '\n';
  if (has_pipeline) text += pipeline_help(*context.pipeline) + '\n';
  return text + "`" + context.program +
         " COMMAND --help` tells what a command takes; --version tells memo's version.\n" +
         "exit status: 0 all went well, 1 a step failed or the command could not do its work, 2 bad usage,\n"
         "3 verify found differences or damage, 130 stopped by Ctrl-C\n";
}

/// The command that is meant, and the words for it. Nothing, or an option first, means `run` where there is a pipeline.
/// `--dir` may stand before the command.
inline command const& chosen_command(command_context const& context, std::vector<std::string>& typed) {
  std::size_t before = 0;
  if (!typed.empty() && typed[0] == "--dir") before = 2;
  if (!typed.empty() && typed[0].starts_with("--dir=")) before = 1;
  bool const has_word = typed.size() > before && !typed[before].starts_with('-');
  if (has_word)
    if (command const* const known = find_command(context, typed[before])) {
      typed.erase(typed.begin() + static_cast<std::ptrdiff_t>(before));
      return *known;
    }
  if (context.pipeline != nullptr && (typed.empty() || typed[0].starts_with('-'))) return context.commands[0];
  std::vector<std::string> const names = command_names(context);
  if (!has_word)
    throw usage_error("no command is given", {{"commands", joined(names)}},
                      "`" + context.program + " --help` tells what they do");
  std::string const& word = typed[before];
  if (context.pipeline == nullptr)
    for (std::string_view const name : pipeline_command_names)
      if (name == word)
        throw usage_error("the command `" + word + "` needs a pipeline, which only its own program has",
                          {{"commands", joined(names)}},
                          "a program that calls memo::cli has it: `PROGRAM " + word + "`");
  bool const is_step = context.pipeline != nullptr && context.pipeline->find_step(word) != nullptr;
  throw usage_error("there is no command `" + visible(word) + "`", {{"commands", joined(names)}},
                    is_step ? "`" + word + "` is a step: `" + context.program + " run " + word + "`"
                            : meant(word, names, "`" + context.program + " --help` tells what they do"));
}

inline int run_command(command_context const& context, std::vector<std::string> typed) {
  std::string const first = typed.empty() ? std::string() : typed[0];
  if (first == "--help" || first == "-h" || (first == "help" && typed.size() == 1))
    throw help_wanted{program_help(context)};
  if (first == "help") {  // as of other programs
    typed.erase(typed.begin());
    typed.insert(typed.begin() + 1, "--help");
  }
  if (first == "--version") {
    context.at.out << "memo " << MEMO_VERSION_MAJOR << '.' << MEMO_VERSION_MINOR << '.' << MEMO_VERSION_PATCH
                   << '\n';
    return 0;
  }
  command const& meant = chosen_command(context, typed);
  return meant.run(context, typed);
}

/// Calls `work`, which gives an exit status; what it throws becomes a message and a status.
template <class Work>
int guarded(terminal& at, Work work) {
  auto const ended = [&](exit_code how, std::string const& text) {
    at.err << text << std::flush;
    return static_cast<int>(how);
  };
  try {
    return work();
  } catch (usage_error const& problem) {
    return ended(exit_code::bad_usage, error_text(problem));
  } catch (std::exception const& problem) {
    return ended(exit_code::failed, error_text(problem));
  } catch (...) {
    return ended(exit_code::failed, "error: an exception that is no std::exception\n");
  }
}

/// Runs what is typed, behind the program's name. Throws nothing: gives the exit status.
inline int shell(command_context const& context, std::vector<std::string> const& typed) {
  return guarded(context.at, [&] {
    terminal& at = context.at;
    int status = 0;
    try {
      status = run_command(context, typed);
    } catch (help_wanted const& help) {
      at.out << help.text;
    }
    errno = 0;
    at.out << std::flush;
    if (at.out) return status;
    // Whoever reads has enough, as `head` has: no reason to complain.
    if (errno != 0 && errno != EPIPE)
      at.err << "error: standard output could not be written: " << os::error_text(errno) << '\n'
             << std::flush;
    return static_cast<int>(exit_code::failed);
  });
}

/// The words behind the program's name, and that name without its folder.
struct typed_line {
  std::string program;
  std::vector<std::string> words;

  typed_line(int argc, char const* const* argv, std::string_view otherwise)
      : program(argc > 0 && argv[0] != nullptr ? argv[0] : "") {
    program = visible(program.substr(program.find_last_of('/') + 1));
    if (program.empty()) program = otherwise;
    for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  }
};

}  // namespace memo::detail
