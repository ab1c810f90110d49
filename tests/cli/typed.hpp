/// Types a command line into the shell, in this process, and keeps what it says.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/shell.hpp>

#include <functional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace test {

struct said {
  int status = -1;
  std::string out, err;

  bool says(std::string const& part) const { return out.find(part) != out.npos; }
  bool complains(std::string const& part) const { return err.find(part) != err.npos; }
};

/// Splits at spaces.
inline std::vector<std::string> words_of(std::string const& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

inline said type(std::span<memo::detail::command const> commands,
                 memo::detail::command_pipeline const* pipeline, std::function<memo::runner()> make_runner,
                 std::string program, std::vector<std::string> const& words, std::string const& answer = "",
                 bool asks = false) {
  std::ostringstream out, err;
  std::istringstream in(answer);
  memo::detail::terminal at{out, err, in, asks};
  said result;
  result.status =
      memo::detail::shell({at, std::move(program), commands, pipeline, std::move(make_runner)}, words);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace test
