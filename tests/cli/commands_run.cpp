#include <memo/cli/pipeline_commands.hpp>

#include "typed.hpp"

#include "../laws/scratch.hpp"

#include <memo/store/memory_store.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using test::said;

namespace {

std::atomic<int> noise_calls{0};

std::vector<double> scale(int n, double factor) { return {n * factor, n * factor + 1}; }
double sum(std::vector<double> const& numbers) {
  if (numbers[0] == 13) throw std::runtime_error("13 is no good number");
  return numbers[0] + numbers[1];
}
std::string greet(std::string const& name) { return "hello " + name; }
int noise() { return ++noise_calls; }

constexpr auto sums = memo::pipeline<"sums">(
    memo::input<"n", int>, memo::input<"factor", double>, memo::input<"name", std::string>.defaults_to("you"),
    memo::step<"scaled">(scale).from<"n", "factor">().version<1>(),
    memo::step<"sum">(sum).from<"scaled">().version<1>(),
    memo::step<"greeting">(greet).from<"name">().version<1>(), memo::step<"noise">(noise).version<1>());

said type_cache(std::string const& line) {
  return test::type(memo::detail::cache_commands, nullptr, {}, "memo-cache", test::words_of(line));
}

/// A program over `sums` with a cache in a folder of its own.
class program {
 public:
  program() : bound_(memo::detail::bind_pipeline(sums)) {}

  said type(std::vector<std::string> const& words) const {
    return test::type(
        memo::detail::pipeline_commands, &bound_,
        [this] { return memo::runner(memo::directory_store(place()), options); }, "sums", words);
  }
  said type(std::string const& line) const { return type(test::words_of(line)); }
  std::string place() const { return (scratch_ / "cache").string(); }
  std::string file(std::string const& name) const { return (scratch_ / name).string(); }
  memo::detail::command_pipeline& bound() { return bound_; }

  memo::options options{};

 private:
  scratch_folder scratch_;
  memo::detail::command_pipeline bound_;
};

constexpr auto inputs = " --set n=2 --set factor=0.5";

}  // namespace

TEST_CASE("run prints the values that nobody reads, and the table elsewhere") {
  program const p;
  said const first = p.type(std::string("run") + inputs);
  CHECK(first.status == 0);
  CHECK(first.says("sum = 3\n"));
  CHECK(first.says("greeting = "));
  CHECK(first.says("hello you"));
  CHECK_FALSE(first.says("scaled"));
  CHECK(first.complains("0 hit, 4 ran"));
  // Without the word, too.
  said const second = p.type(std::string(inputs));
  CHECK(second.complains("4 hit, 0 ran"));
  CHECK(second.out == first.out);
  said const quiet = p.type(std::string("run -q sum scaled") + inputs);
  CHECK(quiet.err.empty());
  CHECK(quiet.says("sum = 3\nscaled = "));
  CHECK_FALSE(quiet.says("greeting"));
  CHECK(p.type(std::string("run greeting") + inputs).complains("3 not needed"));
}

TEST_CASE("inputs that are missing are told all at once") {
  program const p;
  said const missing = p.type("run");
  CHECK(missing.status == 2);
  CHECK(missing.out.empty());
  CHECK(missing.complains("error: 2 inputs have no value\n  n "));
  CHECK(missing.complains("factor"));
  CHECK(missing.complains("hint: for example: sums run --set n="));
  CHECK(p.type("run --set n=1").complains("error: an input has no value"));
}

TEST_CASE("what is typed for inputs and targets is checked") {
  program const p;
  struct row {
    char const* line;
    std::vector<std::string> parts;
  };
  std::string const given = inputs;
  for (row const& one : std::initializer_list<row>{
           {"run --set nn=2", {"has no input `nn`", "inputs  n, factor, name", "did you mean `n`?"}},
           {"run --set sum=2", {"`sum` is a step, and its value is computed"}},
           {"run --set n", {"`--set n` gives no value to an input", "--set NAME=VALUE"}},
           {"run --set =3", {"gives no value"}},
           {"run --set n=1 --set n=2", {"the input `n` is set twice"}},
           {"run --set n=two --set factor=1", {"n", "two"}},
           {"run --set n=1 --set factor=fast", {"factor", "fast"}},
           {"run smu", {"has no step `smu`", "scaled, sum, greeting, noise", "did you mean `sum`?"}},
           {"run name", {"`name` is an input, and no step"}},
           {"run --force smu", {"has no step `smu`"}},
           {"run --mode readonly", {"there is no mode `readonly`", "read_only"}},
           {"run --mode off --verify", {"--verify is a mode of its own"}},
           {"run --verify=2", {"--verify", "chance from 0 to 1"}},
           {"run --verify=often", {"chance from 0 to 1"}},
           {"run --jobs 0", {"--jobs", "a whole number from 1"}},
           {"run --jobs many", {"--jobs", "\"many\""}},
           {"run --wait long", {"--wait", "give a duration"}},
           {"run --quiet -v", {"contradict each other"}},
           {"run --jbos 2", {"there is no option --jbos", "did you mean `--jobs`?"}},
           {"run --set", {"the option --set needs a value"}},
           {"rnu", {"there is no command `rnu`", "did you mean `run`?"}},
           {"sum", {"there is no command `sum`", "`sum` is a step: `sums run sum`"}},
           {"plan --jobs 2", {"there is no option --jobs"}},
           {"explain", {"needs STEP"}},
           {"explain sum greeting", {"takes one STEP"}},
           {"explain smu", {"has no step `smu`"}},
           {"graph --format png", {"no format `png`", "text, mermaid, dot, json, html"}},
           {"graph --set n=1", {"only with --plan"}},
           {"graph sum", {"takes no words", "sum"}},
           {"report --html", {"the option --html needs a value"}},
           {"list --sort colour", {"cannot be sorted by `colour`", "age, size, cost, step"}},
           {"list --limit few", {"--limit", "whole number"}}}) {
    INFO(one.line);
    said const refused = p.type(one.line);
    INFO(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("error: "));
    CHECK(refused.err.ends_with("\n"));
    for (std::string const& part : one.parts) CHECK(refused.complains(part));
  }
}

TEST_CASE("a step that fails ends the run with 1, and with its error") {
  program const p;
  said const failed = p.type("run --set n=13 --set factor=1");
  CHECK(failed.status == 1);
  CHECK(failed.complains("sum "));
  CHECK(failed.complains("error: the step `sum` failed: 13 is no good number\n"));
  CHECK_FALSE(failed.complains("rethrow"));
  CHECK(failed.out.empty());
  said const going = p.type("run -k --set n=13 --set factor=1");
  CHECK(going.status == 1);
  CHECK(going.says("greeting = "));
  CHECK(going.complains("error: the step `sum` failed: 13 is no good number\n"));
  CHECK(p.type("run -q --set n=13 --set factor=1").err.starts_with("error: the step `sum` failed"));
}

TEST_CASE("verify runs hits again, and tells of differences by 3") {
  program const p;
  CHECK(p.type(std::string("run") + inputs).status == 0);
  said const verified = p.type(std::string("run --verify") + inputs);
  CHECK(verified.status == 3);
  CHECK(verified.complains("error: verify found"));
  CHECK(verified.complains("noise"));
  CHECK(verified.complains("verify: 4 hits ran again, 1 gave another result\n"));
  said const same = p.type(std::string("run sum --verify") + inputs);
  CHECK(same.status == 0);
  CHECK(same.complains("verify: 2 hits ran again, none gave another result\n"));
  CHECK(p.type(std::string("run -q --mode verify") + inputs).status == 3);
  CHECK(p.type(std::string("run --verify=0") + inputs).status == 0);
}

TEST_CASE("the command line counts more than the environment, and that more than the program") {
  program p;
  p.options.mode = memo::mode::off;
  CHECK(p.type(std::string("run --mode read_write") + inputs).status == 0);
  CHECK(p.type(std::string("run --mode read_only") + inputs).complains("4 hit"));
  CHECK(p.type(std::string("run") + inputs).complains("0 hit"));
  ::setenv("MEMO_MODE", "read_only", 1);
  CHECK(p.type(std::string("run") + inputs).complains("4 hit"));
  CHECK(p.type(std::string("run --mode off") + inputs).complains("0 hit"));
  ::unsetenv("MEMO_MODE");
}

TEST_CASE("force, plan and explain agree on what runs") {
  program const p;
  CHECK(p.type(std::string("plan") + inputs).says("first time"));
  CHECK_FALSE(std::filesystem::exists(p.place()));
  CHECK(p.type(std::string("run") + inputs).status == 0);
  said const planned = p.type(std::string("plan --force sum") + inputs);
  CHECK(planned.status == 0);
  CHECK(planned.err.empty());
  CHECK(planned.says("forced"));
  CHECK(p.type(std::string("run --force sum") + inputs).complains("3 hit, 1 ran"));
  said const changed = p.type("explain greeting --set n=2 --set factor=0.5 --set name=them");
  CHECK(changed.status == 0);
  CHECK(changed.says("input `name` changed"));
  CHECK(changed.says("  step \"greeting\""));
  CHECK(changed.says("  input name = \"them\""));
  said const same = p.type(std::string("explain sum") + inputs);
  CHECK(same.says("unchanged"));
  CHECK(same.says("output sum"));
  said const explained = p.type(std::string("run --explain --force sum") + inputs);
  CHECK(explained.complains("key of sum\n  key format"));
  CHECK_FALSE(explained.complains("key of greeting"));
}

TEST_CASE("a run leaves a line in the history and its report beside the cache") {
  program const p;
  CHECK(p.type("report").status == 1);
  CHECK(p.type(std::string("run --mode read_only") + inputs).status == 0);
  CHECK_FALSE(std::filesystem::exists(p.place()));
  CHECK(p.type(std::string("run") + inputs).status == 0);
  CHECK(p.type("run --set n=13 --set factor=1").status == 1);
  said const past = p.type("history");
  CHECK(past.says("0 hit, 4 ran"));
  CHECK(past.says("13 is no good number"));
  CHECK(p.type("history --limit 1").says("1 earlier run "));
  said const last = p.type("report");
  CHECK(last.status == 0);
  CHECK(last.says("failed"));
  CHECK(p.type("report --json -").out.starts_with("{"));
  CHECK(p.type("report --dot -").says("digraph"));
  CHECK(p.type("report --mermaid - ").says("sum"));
  CHECK(p.type({"report", "--html", p.file("page.html"), "--trace", p.file("trace.json")}).status == 0);
  CHECK(content_of(p.file("page.html")).find("<svg") != std::string::npos);
  CHECK(content_of(p.file("trace.json")).find("traceEvents") != std::string::npos);
  said const nowhere = p.type({"report", "--html", p.file("none/page.html")});
  CHECK(nowhere.status == 1);
  CHECK(nowhere.complains("error: a file could not be written"));
  said const by_place = type_cache("report --pipeline sums --dir " + p.place());
  CHECK(by_place.out == last.out);
  CHECK(type_cache("report --dir " + p.place()).out == last.out);
  CHECK(type_cache("report --pipeline other --dir " + p.place()).status == 1);
}

TEST_CASE("a run writes its report where it is told") {
  program const p;
  said const made =
      p.type({"run", "--set", "n=2", "--set", "factor=0.5", "--json", "-", "--html", p.file("page.html")});
  CHECK(made.status == 0);
  CHECK(made.out.starts_with("{"));
  CHECK_FALSE(made.says("sum = "));
  CHECK(content_of(p.file("page.html")).find("sums") != std::string::npos);
}

TEST_CASE("another directory holds the cache of a command") {
  program const p;
  std::string const other = p.file("other");
  CHECK(p.type(std::string("run --dir ") + other + inputs).status == 0);
  CHECK_FALSE(std::filesystem::exists(p.place()));
  CHECK(p.type(std::string("run --dir ") + other + inputs).complains("4 hit"));
  CHECK(p.type("list --dir " + other).says("greeting"));
  CHECK(p.type("--dir " + other + " list").says("greeting"));
  said const missing = p.type("list --dir " + p.file("missing"));
  CHECK(missing.status == 2);
  CHECK(missing.complains("no such directory"));
  said const empty = p.type("list");
  CHECK(empty.status == 0);
  CHECK(empty.complains("the cache is empty"));
}

TEST_CASE("a cache in memory has no history and no report") {
  auto const bound = memo::detail::bind_pipeline(sums);
  auto const in_memory = [] { return memo::runner(memo::memory_store{}); };
  CHECK(test::type(memo::detail::pipeline_commands, &bound, in_memory, "sums",
                   test::words_of(std::string("run") + inputs))
            .status == 0);
  for (char const* name : {"history", "report", "doctor"}) {
    said const refused = test::type(memo::detail::pipeline_commands, &bound, in_memory, "sums", {name});
    CHECK(refused.status == 1);
    CHECK(refused.complains("lies in no directory"));
  }
  CHECK(test::type(memo::detail::pipeline_commands, &bound, in_memory, "sums", {"list"}).status == 0);
}

TEST_CASE("what comes after a run gets all values, and no run of some targets") {
  program p;
  double found = 0;
  p.bound().after = [&](std::shared_ptr<memo::detail::engine> run) {
    found = memo::run_result<std::remove_const_t<decltype(sums)>>(std::move(run)).get<"sum">();
  };
  CHECK(p.type(std::string("run") + inputs).out.empty());
  CHECK(found == 3);
  found = 0;
  CHECK(p.type(std::string("run sum") + inputs).says("sum = 3"));
  CHECK(p.type("run --set n=13 --set factor=1").status == 1);
  CHECK(found == 0);
  p.bound().after = [](std::shared_ptr<memo::detail::engine> const&) {
    throw std::runtime_error("no paper");
  };
  said const failed = p.type(std::string("run") + inputs);
  CHECK(failed.status == 1);
  CHECK(failed.complains("error: no paper\n"));
}

TEST_CASE("what hears of a run lives as long as the run") {
  scratch_folder scratch;
  auto bound = memo::detail::bind_pipeline(sums);
  std::shared_ptr<memo::detail::engine> kept;
  bound.after = [&](std::shared_ptr<memo::detail::engine> run) { kept = std::move(run); };
  std::FILE* const told = std::tmpfile();
  REQUIRE(told != nullptr);
  for (int i = 0; i < 2; ++i) {
    std::ostringstream out, err;
    std::istringstream in;
    memo::detail::terminal at{out, err, in, false, ::fileno(told)};
    auto const in_directory = [&] { return memo::runner(memo::directory_store(scratch.path())); };
    CHECK(memo::detail::shell({at, "sums", memo::detail::pipeline_commands, &bound, in_directory},
                              test::words_of(std::string("run -vv") + inputs)) == 0);
  }
  // A value that is loaded after the run is told as well.
  REQUIRE(kept != nullptr);
  CHECK(*static_cast<double const*>(kept->value(memo::detail::output_slot(bound, "sum")).get()) == 3);
  kept.reset();
  std::rewind(told);
  std::string text(10'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), told));
  std::fclose(told);
  CHECK(text.find("sum: runs: first time") != std::string::npos);
  CHECK(text.find("sum: hit") != std::string::npos);
  CHECK(text.find("sum: value loaded") != std::string::npos);
}

TEST_CASE("clear knows the steps of the program") {
  program const p;
  CHECK(p.type(std::string("run") + inputs).status == 0);
  CHECK(p.type("clear sum").says("removed 1 entry"));
  CHECK(p.type("clear sum").says("removed 0 entries"));
  CHECK(p.type("clear smu").complains("did you mean `sum`?"));
  CHECK(p.type("clear --pipeline sums").says("removed 3 entries"));
}

TEST_CASE("the pipeline is shown in every format") {
  program const p;
  CHECK(p.type("graph").says("level 2  sum"));
  CHECK(p.type("graph --format mermaid").says("sum"));
  CHECK(p.type("graph --format dot").says("digraph"));
  CHECK(p.type("graph --format json").out.starts_with("{"));
  CHECK(p.type("graph --format html").says("<svg"));
  for (char const* format : {"text", "mermaid", "dot", "json", "html"})
    CHECK(p.type(std::string("graph --plan --format ") + format + inputs).status == 0);
  CHECK(p.type("graph --plan").complains("2 inputs have no value"));
  CHECK(p.type({"graph", "--format", "dot", "-o", p.file("graph.dot")}).out.empty());
  CHECK(content_of(p.file("graph.dot")).starts_with("digraph"));
}

TEST_CASE("the help of the program and of its commands tells what the inputs are") {
  program const p;
  std::vector<std::vector<std::string>> const asked{
      {"--help"},          {"-h"},         {"help"}, {"run", "--help"}, {"plan", "-h"}, {"explain", "--help"},
      {"graph", "--help"}, {"help", "run"}};
  for (auto const& words : asked) {
    said const help = p.type(words);
    INFO(help.out);
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(help.out.starts_with("usage: sums"));
    for (char const* part : {"factor", "needed", "default ", "you", "greeting", "reads n, factor"})
      CHECK(help.says(part));
  }
  CHECK(p.type("--version").out.starts_with("memo "));
}
