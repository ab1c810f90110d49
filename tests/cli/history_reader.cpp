#include <memo/cli/history_reader.hpp>

#include "../laws/scratch.hpp"

#include <memo/export/history.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using memo::read_history;

namespace {

memo::report sample(std::string pipeline) {
  memo::report r;
  r.pipeline = std::move(pipeline);
  r.started_ms = 1'795'230'765'123;
  r.time_ns = 4'700'000'000;
  memo::step_report step;
  step.name = "a \"step\"\n\u2192";
  step.reason = "first time";
  step.outcome = memo::outcome::ran;
  step.time_ns = 12;
  step.bytes = UINT64_MAX;
  r.steps.push_back(step);
  step.outcome = memo::outcome::hit;
  step.saved_ns = INT64_MAX;
  r.steps.push_back(step);
  return r;
}

struct file {
  scratch_folder folder;
  std::string const path = (folder / "history.jsonl").string();

  void add(std::string_view text) const { std::ofstream(path, std::ios::app | std::ios::binary) << text; }
};

}  // namespace

TEST_CASE("what is noted is read back") {
  file const f;
  memo::run_facts const facts{.mode = "verify", .project = "p", .program = "app", .host = "h", .pid = 4711};
  REQUIRE(memo::history(f.path).append(sample("study"), facts) == "");
  std::size_t unreadable = 99;
  auto const lines = read_history(f.path, memo::whole_history, &unreadable);
  CHECK(unreadable == 0);
  REQUIRE(lines.size() == 1);
  auto const& line = lines[0];
  CHECK(line.when == "2026-11-21T03:12:45.123Z");
  CHECK(line.pipeline == "study");
  CHECK(line.project == "p");
  CHECK(line.mode == "verify");
  CHECK(line.program == "app");
  CHECK(line.host == "h");
  CHECK(line.pid == 4711);
  CHECK(line.ok);
  CHECK(line.hit == 1);
  CHECK(line.ran == 1);
  CHECK(line.failed + line.skipped + line.cancelled + line.not_needed + line.more_steps == 0);
  CHECK(line.time_ns == 4'700'000'000);
  CHECK(line.saved_ns == INT64_MAX);
  CHECK(line.bytes == UINT64_MAX);
  REQUIRE(line.steps.size() == 1);
  CHECK(line.steps[0].name == "a \"step\"\n\u2192");
  CHECK(line.steps[0].outcome == "ran");
  CHECK(line.steps[0].why == "first time");
  CHECK(line.steps[0].time_ns == 12);
}

TEST_CASE("the last lines come in their order") {
  file const f;
  memo::history const log(f.path);
  for (int i = 0; i < 20; ++i) REQUIRE(log.append(sample(std::to_string(i))) == "");
  CHECK(read_history(f.path).size() == 20);
  auto const lines = read_history(f.path, 3);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].pipeline == "17");
  CHECK(lines[2].pipeline == "19");
  CHECK(read_history(f.path, 0).empty());
  CHECK(read_history(f.path, 100).size() == 20);
}

TEST_CASE("lines that cannot be read are passed over and counted") {
  file const f;
  memo::history const log(f.path, {.max_bytes = 64 << 20});
  REQUIRE(log.append(sample("first")) == "");
  for (char const* const bad : {"{\"memo_history\":1,\"pipe", "", "[]", "null", "7", "{}",
                                "{\"memo_history\":2,\"pipeline\":\"newer\"}", "{\"memo_history\":\"1\"}",
                                "{\"memo_history\":-1}", "{\"memo_history\":1.0}", "\x01\xff\xfe",
                                "{\"memo_history\":1,\"pipeline\":\"\xff\"}", "[[[[[[[[[[[[[[[[[[[["})
    f.add(std::string(bad) + '\n');
  f.add(std::string(1000, '\0') + '\n');
  f.add(std::string(5 << 20, 'x') + '\n');  // longer than any line is
  f.add(std::string(500'000, '[') + '\n');  // and deeper
  REQUIRE(log.append(sample("last")) == "");
  f.add("{\"memo_history\":1,\"pipeline\":\"cut o");
  std::size_t unreadable = 0;
  auto const lines = read_history(f.path, memo::whole_history, &unreadable);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].pipeline == "first");
  CHECK(lines[1].pipeline == "last");
  CHECK(unreadable == 17);
  CHECK(read_history(f.path).size() == 2);
}

TEST_CASE("members that are not known, missing or of another kind do no harm") {
  file const f;
  f.add(
      R"({"memo_history":1,"new":{"a":[1]},"pipeline":7,"hit":-3,"pid":99999999999999999999,"ran":1.5,"ok":"no",)"
      R"("time_ns":18446744073709551615,"steps":[1,{"name":"a"},{"why":null}],"skipped":2})"
      "\n{\"memo_history\":1}\n{\"memo_history\":1,\"steps\":{}}");
  auto const lines = read_history(f.path);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].pipeline.empty());
  CHECK(lines[0].hit == 0);
  CHECK(lines[0].pid == 0);
  CHECK(lines[0].ran == 0);
  CHECK(lines[0].ok);
  CHECK(lines[0].time_ns == 0);
  CHECK(lines[0].skipped == 2);
  REQUIRE(lines[0].steps.size() == 2);
  CHECK(lines[0].steps[0].name == "a");
  CHECK(lines[2].steps.empty());
}

TEST_CASE("lines that end with a carriage return are read") {
  file const f;
  f.add("{\"memo_history\":1,\"pipeline\":\"a\"}\r\n");
  CHECK(read_history(f.path).size() == 1);
}

TEST_CASE("a history that is not there is empty, and one that cannot be read is an error") {
  file const f;
  std::size_t unreadable = 99;
  CHECK(read_history(f.path, 5, &unreadable).empty());
  CHECK(unreadable == 0);
  CHECK(read_history((f.folder / "none/history.jsonl").string()).empty());
  CHECK(read_history("").empty());
  fs::create_directory(f.path);
  CHECK_THROWS_AS(read_history(f.path), memo::store_error);
  CHECK_THROWS_AS(read_history("/dev/null"), memo::store_error);
}
