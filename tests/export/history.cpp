#include <memo/export/history.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using memo::history;
using memo::outcome;

namespace {

std::vector<std::string> lines_of(fs::path const& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

memo::step_report step(std::string name, outcome what, std::string reason, std::int64_t time_ns = 0) {
  memo::step_report made;
  made.name = name;
  made.names = {std::move(name)};
  made.outcome = what;
  made.reason = std::move(reason);
  made.time_ns = time_ns;
  return made;
}

memo::report sample() {
  memo::report r;
  r.pipeline = "study";
  r.started_ms = 1'795'230'765'123;
  r.time_ns = 4'700'000'000;
  r.steps.push_back(step("load", outcome::hit, "unchanged"));
  r.steps.back().saved_ns = 2'500'000'000;
  r.steps.back().bytes = 1536;
  r.steps.push_back(step("fit", outcome::ran, "input `n` changed", 1'000'000));
  r.steps.back().change = "2 \u2192 4";
  r.steps.push_back(step("slow", outcome::ran, "first time", 3'000'000'000));
  r.steps.push_back(step("bad", outcome::failed, "no route", 5));
  r.steps.push_back(step("after", outcome::skipped, "it needs `bad`, which failed"));
  r.steps.push_back(step("unused", outcome::not_needed, ""));
  return r;
}

memo::run_facts const facts{.mode = "read_write", .project = "p", .program = "app", .host = "h", .pid = 4711};

bool contains(std::string const& text, std::string_view part) { return text.find(part) != text.npos; }

unsigned mode_of(fs::path const& path) {
  struct stat status{};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777u;
}

/// A line that tells who wrote it and which of his it is.
memo::report numbered(int writer, int number) {
  memo::report r;
  r.pipeline = "w" + std::to_string(writer) + " n" + std::to_string(number) + " ";
  r.started_ms = 1;
  return r;
}

struct written {
  int writer = -1, number = -1;
};
/// From a whole line only.
written writer_of(std::string const& line) {
  written found;
  if (!line.starts_with("{\"memo_history\":1,") || !line.ends_with("\"more_steps\":0}")) return found;
  std::size_t const at = line.find("\"pipeline\":\"w");
  if (at == std::string::npos ||
      std::sscanf(line.c_str() + at, "\"pipeline\":\"w%d n%d \"", &found.writer, &found.number) != 2)
    return {};
  return found;
}

}  // namespace

TEST_CASE("a line of the history is this text") {
  scratch_folder const folder;
  history const log((folder / "history.jsonl").string());
  CHECK(log.append(sample(), facts) == "");
  CHECK(
      content_of(log.file()) ==
      R"({"memo_history":1,"when":"2026-11-21T03:12:45.123Z","pipeline":"study","project":"p","mode":"read_write",)"
      R"("program":"app","host":"h","pid":4711,"ok":false,"hit":1,"ran":2,"failed":1,"skipped":1,"cancelled":0,)"
      R"("not_needed":1,"time_ns":4700000000,"saved_ns":2500000000,"bytes":1536,"steps":[)"
      R"({"name":"bad","outcome":"failed","why":"no route","time_ns":5},)"
      R"({"name":"slow","outcome":"ran","why":"first time","time_ns":3000000000},)"
      "{\"name\":\"fit\",\"outcome\":\"ran\",\"why\":\"input `n` changed: 2 \u2192 4\",\"time_ns\":1000000}],"
      "\"more_steps\":0}\n");
}

TEST_CASE("what nobody told of a run is found out") {
  scratch_folder const folder;
  history const log((folder / "history.jsonl").string());
  CHECK(log.append(memo::report{}) == "");
  std::string const line = content_of(log.file());
  CHECK(contains(line, "\"pid\":" + std::to_string(::getpid()) + ','));
  CHECK(contains(line, "\"program\":\"" + fs::read_symlink("/proc/self/exe").filename().string() + '"'));
  CHECK(contains(line, "\"ok\":true"));
  CHECK_FALSE(contains(line, "\"when\":\"1970"));
  CHECK_FALSE(contains(line, "\"project\""));
}

TEST_CASE("moments are told as ISO 8601 has them") {
  CHECK(memo::detail::iso_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(memo::detail::iso_time(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(memo::detail::iso_time(951'782'400'007) == "2000-02-29T00:00:00.007Z");
  CHECK(memo::detail::iso_time(INT64_MAX) == "9999-12-31T23:59:59.999Z");
  CHECK(memo::detail::iso_time(INT64_MIN) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("a line is short whatever the report is") {
  memo::report r = sample();
  r.pipeline = std::string(100'000, 'p');
  for (int i = 0; i < 1000; ++i)
    r.steps.push_back(step(std::string(10'000, 'n'), outcome::failed, std::string(10'000, '\x01'), i));
  std::string const line = memo::detail::history_line_text(r, facts);
  CHECK(line.size() < 60'000);
  CHECK(contains(line, "\"more_steps\":983}"));
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(contains(line, "p\u2026\""));
}

TEST_CASE("a text is history_text_of between characters") {
  using memo::detail::history_text_of;
  std::string const whole(300, 'x');
  CHECK(history_text_of(whole) == whole);
  for (int odd = 0; odd < 4; ++odd) {
    std::string text(static_cast<std::size_t>(odd), 'x');
    for (int i = 0; i < 200; ++i) text += "\u20ac";
    std::string const cut = history_text_of(text);
    CHECK(cut.size() <= 300);
    CHECK(memo::detail::valid_utf8(cut) == cut);
    CHECK(cut.ends_with("\u20ac\u2026"));
  }
}

TEST_CASE("the folder says who may read the history") {
  scratch_folder const folder;
  fs::create_directory(folder / "mine");
  fs::create_directory(folder / "ours");
  ::chmod((folder / "mine").c_str(), 0700);
  ::chmod((folder / "ours").c_str(), 02770);
  for (mode_t const mask : {mode_t{0022}, mode_t{0077}, mode_t{0}}) {
    mode_t const before = ::umask(mask);
    CHECK(history(memo::history_file_in((folder / "mine").string())).append(sample()) == "");
    CHECK(history(memo::history_file_in((folder / "ours").string())).append(sample()) == "");
    ::umask(before);
    CHECK(mode_of(folder / "mine/history.jsonl") == 0600);
    CHECK(mode_of(folder / "ours/history.jsonl") == 0660);
    fs::remove(folder / "mine/history.jsonl");
    fs::remove(folder / "ours/history.jsonl");
  }
  CHECK(memo::history_file_in("") == "");
  CHECK(history("").append(sample()) == "");
}

TEST_CASE("a history that cannot be written is a sentence") {
  scratch_folder const folder;
  auto const said = [](fs::path const& path) { return history(path.string()).append(sample()); };
  CHECK(said(folder / "none/history.jsonl") == "the run could not be noted in " +
                                                   (folder / "none/history.jsonl").string() +
                                                   ": No such file or directory");
  CHECK_FALSE(fs::exists(folder / "none"));
  fs::create_directory(folder / "history.jsonl");
  CHECK_FALSE(said(folder / "history.jsonl").empty());
  std::ofstream(folder / "victim") << "text";
  fs::create_symlink("victim", folder / "link");
  CHECK(contains(said(folder / "link"), "it is a symbolic link"));
  CHECK(content_of(folder / "victim") == "text");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(said(folder / "pipe"), "it is no regular file"));
  CHECK(contains(said("/dev/null"), "it is no regular file"));
  CHECK_FALSE(said(folder / "history.jsonl/").empty());
}

TEST_CASE("a folder that may not be written to is a sentence") {
  scratch_folder const folder;
  fs::create_directory(folder / "closed");
  ::chmod((folder / "closed").c_str(), 0500);
  CHECK(test::in_child([&] {
          if (::geteuid() == 0 && ::seteuid(65534) != 0) return 0;
          return history((folder / "closed/history.jsonl").string()).append(sample()).empty() ? 1 : 0;
        }) == 0);
  CHECK_FALSE(fs::exists(folder / "closed/history.jsonl"));
  ::chmod((folder / "closed").c_str(), 0700);
}

TEST_CASE("a line for which there is no place is taken back") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  REQUIRE(history(path).append(sample(), facts) == "");
  auto const before = fs::file_size(path);
  CHECK(test::in_child([&] {
          ::signal(SIGXFSZ, SIG_IGN);
          rlimit const limit{before + 100, before + 100};
          if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
          return contains(history(path).append(sample(), facts), "File too large") ? 0 : 1;
        }) == 0);
  CHECK(fs::file_size(path) == before);
  CHECK(history(path).append(sample(), facts) == "");
  CHECK(lines_of(path).size() == 2);
}

TEST_CASE("a write that fails at any place leaves whole lines") {
  using memo::detail::os::table;
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  REQUIRE(history(path).append(sample(), facts) == "");
  static int calls = 0;
  struct restore {
    ~restore() { table = memo::detail::os::calls(); }
  } const restored;
  table.writev = [](int fd, iovec const* pieces, int) -> ssize_t {
    // A part of it, and then no more.
    if (++calls % 2 == 1) return ::write(fd, pieces->iov_base, pieces->iov_len / 2);
    errno = ENOSPC;
    return -1;
  };
  CHECK(contains(history(path).append(sample(), facts), "No space left on device"));
  CHECK(lines_of(path).size() == 1);
  CHECK(content_of(path).ends_with("}\n"));
}

TEST_CASE("a line that was cut off is closed by the next writer") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  std::ofstream(path) << "{\"memo_hist";
  CHECK(history(path).append(numbered(1, 1)) == "");
  auto const lines = lines_of(path);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "{\"memo_hist");
  CHECK(writer_of(lines[1]).number == 1);
}

TEST_CASE("the older half of the lines goes where there are too many") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  history const log(path, {.max_bytes = 0});  // stands for 64 KiB
  std::uint64_t largest = 0;
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(log.append(numbered(1, i)) == "");
    largest = std::max<std::uint64_t>(largest, fs::file_size(path));
  }
  CHECK(largest <= 1 << 16);
  CHECK(largest > 60'000);
  int last = -1;
  for (std::string const& line : lines_of(path)) {
    written const found = writer_of(line);
    REQUIRE(found.writer == 1);
    if (last >= 0) CHECK(found.number == last + 1);
    last = found.number;
  }
  CHECK(last == 1999);
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(fs::exists(path + ".new"));
}

TEST_CASE("a large history under a smaller bound becomes small") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  std::ofstream(path) << std::string(3 << 20, 'x');  // not even a line
  CHECK(history(path).append(numbered(1, 1)) == "");
  CHECK(lines_of(path).size() == 1);
  std::ofstream(path, std::ios::trunc) << std::string(3 << 20, '\n') << "the last\n";
  CHECK(history(path).append(numbered(1, 2)) == "");
  CHECK(fs::file_size(path) < 600'000);
  CHECK(lines_of(path).at(lines_of(path).size() - 2) == "the last");
}

TEST_CASE("what a killed writer left beside the history goes with the next shortening") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  std::ofstream(path) << std::string(70'000, 'x') << '\n';
  std::ofstream(path + ".new") << "half a file";
  CHECK(history(path, {.max_bytes = 1 << 16}).append(numbered(1, 1)) == "");
  CHECK_FALSE(fs::exists(path + ".new"));
  CHECK(lines_of(path).size() == 1);
}

TEST_CASE("a history that somebody holds for ever is a sentence, and no wait for ever") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  REQUIRE(history(path).append(sample()) == "");
  auto const held = memo::detail::os::open_user_file(path.c_str());
  REQUIRE(memo::detail::os::try_lock(held.value.get()) == 0);
  memo::history_options const impatient{.wait = std::chrono::milliseconds(5)};
  CHECK(contains(history(path, impatient).append(sample()), "another process has it locked"));
  memo::detail::os::unlock(held.value.get());
  CHECK(history(path, impatient).append(sample()) == "");
}

TEST_CASE("a history on a network file system is written without a lock") {
  using memo::detail::os::table;
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  REQUIRE(history(path).append(sample()) == "");
  auto const held = memo::detail::os::open_user_file(path.c_str());
  REQUIRE(memo::detail::os::try_lock(held.value.get()) == 0);
  struct restore {
    ~restore() { table = memo::detail::os::calls(); }
  } const restored;
  table.fstatfs = [](int, struct statfs* status) {
    status->f_type = 0x6969;
    return 0;
  };
  history const log(path, {.max_bytes = 1 << 16});
  for (int i = 0; i < 300; ++i) REQUIRE(log.append(numbered(1, i)) == "");
  CHECK(fs::file_size(path) <= 1 << 16);
  CHECK(writer_of(lines_of(path).back()).number == 299);
  std::size_t files = 0;
  for (auto const& one : fs::directory_iterator(fs::path(path).parent_path())) files += !one.path().empty();
  CHECK(files == 1);
}

TEST_CASE("a line goes to the file that has the name, not to the one that had it when it was opened") {
  using memo::detail::os::table;
  scratch_folder const folder;
  static std::string path;
  static int opened;
  path = (folder / "history.jsonl").string();
  history const log(path);
  REQUIRE(log.append(numbered(1, 1)) == "");
  struct restore {
    ~restore() { table = memo::detail::os::calls(); }
  } const restored;
  table.fstatfs = [](int fd, struct statfs* status) {
    // Opened, and not locked yet: another process shortens the file, and then somebody removes it.
    if (opened == 0) fs::rename(path, path + ".old");
    if (opened == 0) std::ofstream(path) << "another\n";
    if (opened == 1) fs::remove(path);
    ++opened;
    return ::fstatfs(fd, status);
  };
  opened = 0;
  CHECK(log.append(numbered(1, 2)) == "");
  CHECK(opened == 3);
  REQUIRE(lines_of(path).size() == 1);
  CHECK(writer_of(lines_of(path)[0]).number == 2);
  CHECK(lines_of(path + ".old").size() == 1);
}

TEST_CASE("threads of one process append whole lines, and lose none while the file is shortened") {
  scratch_folder const folder;
  history const log((folder / "history.jsonl").string(),
                    {.max_bytes = 1 << 16, .wait = std::chrono::minutes(1)});
  std::vector<std::thread> threads;
  std::string problem[4];
  for (int writer = 0; writer < 4; ++writer)
    threads.emplace_back([&, writer] {
      for (int i = 0; i < 600 && problem[writer].empty(); ++i)
        problem[writer] = log.append(numbered(writer, i));
    });
  for (auto& thread : threads) thread.join();
  for (auto const& one : problem) CHECK(one == "");
  std::map<int, int> last;
  for (std::string const& line : lines_of(log.file())) {
    written const found = writer_of(line);
    REQUIRE(found.writer >= 0);
    if (last.count(found.writer) != 0) CHECK(found.number == last[found.writer] + 1);
    last[found.writer] = found.number;
  }
  for (auto const& [writer, number] : last) CHECK(number == 599);
  CHECK_FALSE(last.empty());
}

TEST_CASE("processes that append, shorten and are killed lose no line that they had written") {
  scratch_folder const folder;
  std::string const path = (folder / "history.jsonl").string();
  memo::history_options const options{.max_bytes = 1 << 16, .wait = std::chrono::minutes(1)};
  int const rounds = test::is_long() ? 60 : 6, writers = 3, most = test::is_long() ? 4000 : 700;
  std::uint64_t chance = 88172645463325252;
  auto const draw = [&](std::uint64_t bound) {
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return chance % bound;
  };
  int made = 0, whole = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<test::process> running;
    test::channel first_lines;
    for (int i = 0; i < writers; ++i)
      running.emplace_back([&, writer = made + i] {
        history const log(path, options);
        for (int number = 0; number < most; ++number) {
          if (!log.append(numbered(writer, number)).empty()) return 1;
          if (number == 0) first_lines.send();
        }
        return 0;
      });
    for (int i = 0; i < writers; ++i) first_lines.receive();
    // One is killed at once, one a little later, and the last one may end.
    running[0].end(SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds(draw(20'000)));
    running[1].end(SIGKILL);
    CHECK(running[2].join() == 0);

    CHECK(fs::file_size(path) <= options.max_bytes);
    std::map<int, int> last;
    std::set<std::pair<int, int>> seen;
    int torn = 0;
    for (std::string const& line : lines_of(path)) {
      written const found = writer_of(line);
      if (found.writer < 0) {
        ++torn;
        continue;
      }
      ++whole;
      CHECK(seen.insert({found.writer, found.number}).second);
      auto const known = last.find(found.writer);
      // In the order in which they were written, and without a gap.
      if (known != last.end()) CHECK(found.number == known->second + 1);
      last[found.writer] = found.number;
    }
    CHECK(torn <= 2 * (round + 1));
    CHECK(last[made + 2] == most - 1);
    made += writers;
  }
  CHECK(whole > rounds * 50);
  REQUIRE(history(path, options).append(numbered(made, 0)) == "");
  CHECK(writer_of(lines_of(path).back()).writer == made);
}
