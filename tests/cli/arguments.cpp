#include <memo/cli/arguments.hpp>

#include <catch2/catch.hpp>

namespace {

struct sample {
  bool keep_going = false;
  std::size_t verbosity = 0;
  std::optional<std::string> jobs, verify;
  std::vector<std::string> sets, targets;

  void parse(std::vector<std::string> const& typed) {
    memo::detail::arguments arguments("prog run", "Runs something.");
    arguments.flag("--keep-going", "Goes on", keep_going);
    arguments.count("-v,--verbose", "Says more", verbosity);
    arguments.text("-j,--jobs", "N", "How many at once", jobs);
    arguments.flag_or_text("--verify", "1", "CHANCE", "Runs hits again", verify);
    arguments.texts("--set", "NAME=VALUE", "An input", sets);
    arguments.words("TARGET", "Steps", targets);
    arguments.footer("inputs of the pipeline");
    arguments.parse(typed);
  }
};

std::string problem(std::vector<std::string> const& typed) {
  try {
    sample().parse(typed);
  } catch (memo::usage_error const& refused) {
    return refused.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a command reads its options and words in any order") {
  sample s;
  s.parse({"score", "--set", "n=-3", "--verify", "model", "-j4", "-vv", "--set=xs=[1,2]", "--keep-going"});
  CHECK(s.targets == std::vector<std::string>{"score", "model"});
  CHECK(s.sets == std::vector<std::string>{"n=-3", "xs=[1,2]"});
  CHECK(s.verify == "1");
  CHECK(s.jobs == "4");
  CHECK(s.verbosity == 2);
  CHECK(s.keep_going);
}

TEST_CASE("an option that is given twice has the last value") {
  sample s;
  s.parse({"--jobs", "2", "--jobs=3", "--verify=0.1", "-v", "-v", "--", "-x"});
  CHECK(s.jobs == "3");
  CHECK(s.verify == "0.1");
  CHECK(s.verbosity == 2);
  CHECK(s.targets == std::vector<std::string>{"-x"});
  sample none;
  none.parse({});
  CHECK_FALSE(none.jobs);
  CHECK_FALSE(none.verify);
  CHECK(none.targets.empty());
}

TEST_CASE("what a command cannot read is refused in one form") {
  CHECK(problem({"--jbos", "3"}) ==
        "memo: there is no option --jbos\n  command  prog run\nhint: did you mean `--jobs`?");
  CHECK(problem({"--jbos=3"}).find("there is no option --jbos\n") != std::string::npos);
  CHECK(problem({"-x"}).find("there is no option -x") != std::string::npos);
  CHECK(problem({"--unheard-of"}).find("`prog run --help` lists the options") != std::string::npos);
  CHECK(problem({"--jobs"}) ==
        "memo: the option --jobs needs a value\n  command  prog run\n  value    N\nhint: write --jobs N");
  CHECK(problem({"--jobs", "--keep-going"}).find("the option --jobs needs a value") != std::string::npos);
  CHECK(problem({"--jobs=", "3"}).find("the option --jobs has an empty value") != std::string::npos);
  CHECK(problem({"--keep-going=7"}).find("the option --keep-going takes no value") != std::string::npos);
  CHECK(problem({"-j"}).find("the option -j needs a value") != std::string::npos);
}

TEST_CASE("the help of a command names its options, its words and what belongs to them") {
  std::string text;
  try {
    sample().parse({"--help"});
  } catch (memo::detail::help_wanted const& wanted) {
    text = wanted.text;
  }
  INFO(text);
  for (char const* part : {"Runs something.", "prog run", "--keep-going", "--jobs N", "--verify",
                           "NAME=VALUE", "TARGET", "inputs of the pipeline"})
    CHECK(text.find(part) != std::string::npos);
}
