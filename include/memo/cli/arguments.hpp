/// The options and words of one command: CLI11 behind a small face, with memo's errors.
///
/// The only header that includes CLI11.
#pragma once

#include <memo/cli/terminal.hpp>
#include <memo/core/error.hpp>
#include <memo/report/table.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Thrown where somebody asks a command for its help.
struct help_wanted {
  std::string text;
};

/// Declares what a command takes, then reads it. Where an option with one value is given twice, the last one counts.
class arguments {
 public:
  /// `command`: as it is typed, "digits run"; `what`: one sentence.
  arguments(std::string command, std::string what)
      : command_(std::move(command)), what_(std::move(what)), app_(what_, command_) {
    app_.set_help_flag("-h,--help");
    app_.allow_extras();
  }
  arguments(arguments const&) = delete;
  arguments& operator=(arguments const&) = delete;

  /// An option without a value. `names`: "-q,--quiet".
  void flag(std::string const& names, std::string const& help, bool& to) {
    CLI::Option const* const made = app_.add_flag(names)->disable_flag_override();
    explain(names, help);
    readers_.emplace_back([made, &to] { to = to || made->count() != 0; });
  }

  /// An option that counts how often it is given, as -vv.
  void count(std::string const& names, std::string const& help, std::size_t& to) {
    CLI::Option* const made = app_.add_flag(names)->disable_flag_override();
    explain(names, help);
    made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    readers_.emplace_back([made, &to] { to = made->count(); });
  }

  /// An option that may have a value, behind `=` only: "--verify" is `alone`, "--verify=0.1" is "0.1".
  void flag_or_text(std::string const& name, std::string const& alone, std::string const& label,
                    std::string const& help, std::optional<std::string>& to) {
    CLI::Option* const made = app_.add_flag(name + '{' + alone + '}');
    explain(name + "[=" + label + "]", help);
    take_texts(made);
    readers_.emplace_back([made, &to] {
      if (made->count() != 0) to = made->results().back();
    });
  }

  /// An option with a value, whose kind the help calls `label`.
  void text(std::string const& names, std::string const& label, std::string const& help,
            std::optional<std::string>& to) {
    CLI::Option* const made = option(names, label);
    explain(names + ' ' + label, help);
    readers_.emplace_back([this, made, &to] {
      refuse_options(made);
      if (made->count() != 0) to = made->results().back();
    });
  }

  /// An option that may be given several times.
  void texts(std::string const& names, std::string const& label, std::string const& help,
             std::vector<std::string>& to) {
    CLI::Option* const made = option(names, label);
    explain(names + ' ' + label, help);
    readers_.emplace_back([this, made, &to] {
      refuse_options(made);
      to.insert(to.end(), made->results().begin(), made->results().end());
    });
  }

  /// The words that are no options: `least` to `most` of them. One call at most.
  void words(std::string const& label, std::string const& help, std::vector<std::string>& to,
             std::size_t least = 0, std::size_t most = std::numeric_limits<std::size_t>::max()) {
    CLI::Option* const made = option("words", "");
    explain(label, help);
    usage_ = (least == 0 ? " [" : " ") + label + (most > 1 ? "..." : "") + (least == 0 ? "]" : "");
    made->expected(0, CLI::detail::expected_max_vector_size);
    made->allow_extra_args();
    readers_.emplace_back([this, made, &to, label, least, most] {
      to = made->results();
      if (made->count() == 0) to.clear();
      if (to.size() < least)
        throw usage_error("`" + command_ + "` needs " + label, {}, "`" + command_ + " --help` tells more");
      if (to.size() > most)
        throw usage_error("`" + command_ + "` takes one " + label + ", and got " + std::to_string(to.size()),
                          {{"words", joined(to, " ")}}, "`" + command_ + " --help` tells more");
    });
  }

  /// Text at the end of the help.
  void footer(std::string text) { footer_ = std::move(text); }

  /// What `--help` says.
  std::string help() const {
    std::string text = "usage: " + command_ + " [OPTION]..." + usage_ + '\n' + what_ + "\n\n";
    auto rows = rows_;
    rows.push_back({"  -h, --help", "says this"});
    text += format_table(rows);
    if (!footer_.empty()) text += '\n' + footer_;
    return text;
  }

  /// Reads what was typed. Throws usage_error, and help_wanted where the help is asked for.
  void parse(std::vector<std::string> const& typed) {
    for (std::string const& word : typed) {
      std::size_t const equals = word.find('=');
      // CLI11 would take the next word for the value, which is what an empty variable in a script must not do.
      if (word.starts_with("--") && equals != word.npos && equals + 1 == word.size())
        throw usage_error("the option " + word.substr(0, equals) + " has an empty value",
                          {{"command", command_}}, "`" + command_ + " --help` tells what it takes");
    }
    std::vector<std::string> reversed(typed.rbegin(), typed.rend());
    try {
      app_.parse(reversed);
    } catch (CLI::CallForHelp const&) {
      throw help_wanted{help()};
    } catch (CLI::ArgumentMismatch const&) {
      refuse_mismatch(typed);
    } catch (CLI::ParseError const& problem) {
      throw usage_error("the command line cannot be read: " + std::string(problem.what()),
                        {{"command", command_}}, "`" + command_ + " --help` tells what it takes");
    }
    refuse_extras();
    for (auto const& reader : readers_) reader();
  }

 private:
  // "-j,--jobs N" stands as "-j, --jobs N", below the long names of others.
  void explain(std::string names, std::string const& help) {
    std::size_t const comma = names.find(',');
    if (comma != names.npos)
      names.insert(comma + 1, " ");
    else if (names.starts_with("--"))
      names.insert(0, "    ");
    rows_.push_back({"  " + names, help});
  }

  CLI::Option* option(std::string const& names, std::string const& label) {
    CLI::Option* const made =
        app_.add_option(names, CLI::callback_t([](CLI::results_t const&) { return true; }));
    made->type_name(label)->expected(1)->allow_extra_args(false);
    take_texts(made);
    return made;
  }
  static void take_texts(CLI::Option* made) { made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll); }

  std::vector<std::string> option_names() const {
    std::vector<std::string> names;
    for (CLI::Option const* const known : app_.get_options())
      for (std::string const& name : known->get_lnames()) names.push_back("--" + name);
    return names;
  }

  // A forgotten value would make the next option the value.
  void refuse_options(CLI::Option const* made) const {
    for (std::string const& value : made->results())
      if (value.starts_with("--"))
        throw usage_error("the option " + made->get_name() + " needs a value",
                          {{"command", command_}, {"value", made->get_type_name()}, {"found", value}},
                          "write " + made->get_name() + " " + made->get_type_name());
  }

  [[noreturn]] void refuse_mismatch(std::vector<std::string> const& typed) const {
    for (std::size_t i = 0; i < typed.size(); ++i)
      for (CLI::Option const* const known : app_.get_options()) {
        std::string const name = typed[i].substr(0, typed[i].find('='));
        if (name.size() < 2 || name[0] != '-' || !known->check_name(name)) continue;
        bool const takes_value = known->get_expected_max() > 0;
        if (takes_value && i + 1 == typed.size())
          throw usage_error("the option " + name + " needs a value",
                            {{"command", command_}, {"value", known->get_type_name()}},
                            "write " + name + " " + known->get_type_name());
        if (!takes_value && name.size() != typed[i].size())
          throw usage_error("the option " + name + " takes no value",
                            {{"command", command_}, {"value", typed[i].substr(name.size() + 1)}},
                            "leave it out");
      }
    throw usage_error("an option needs a value", {{"command", command_}},
                      "`" + command_ + " --help` tells what they take");
  }

  void refuse_extras() const {
    std::vector<std::string> const extras = app_.remaining();
    for (std::string const& extra : extras)
      if (extra.starts_with('-') && extra.size() > 1 && extra != "--") {
        std::string const name = extra.substr(0, extra.find('='));
        throw usage_error("there is no option " + name, {{"command", command_}},
                          meant(name, option_names(), "`" + command_ + " --help` lists the options"));
      }
    for (std::string const& extra : extras)
      if (extra != "--")
        throw usage_error("`" + command_ + "` takes no words", {{"found", extra}},
                          "`" + command_ + " --help` tells what it takes");
  }

  std::string command_;
  std::string what_;
  std::string usage_;
  std::string footer_;
  std::vector<std::vector<std::string>> rows_;
  CLI::App app_;
  std::vector<std::function<void()>> readers_;
};

}  // namespace memo::detail
