#include <memo/cli/terminal.hpp>

#include <catch2/catch.hpp>

using namespace memo::detail;

TEST_CASE("edits between words are inserts, deletes, replacements and swaps of neighbours") {
  CHECK(edits_between("", "") == 0);
  CHECK(edits_between("run", "run") == 0);
  CHECK(edits_between("", "run") == 3);
  CHECK(edits_between("rnu", "run") == 1);
  CHECK(edits_between("rn", "run") == 1);
  CHECK(edits_between("kitten", "sitting") == 3);
  CHECK(edits_between("abcdef", "badcfe") == 3);
}

TEST_CASE("the name that was meant is the nearest one, and none where all are far") {
  std::vector<std::string> const names{"run", "plan", "explain", "history"};
  CHECK(nearest_name("rnu", names) == "run");
  CHECK(nearest_name("hist", names) == "history");
  CHECK(nearest_name("histroy", names) == "history");
  CHECK(nearest_name("xyz", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(meant("paln", names, "otherwise") == "did you mean `plan`?");
  CHECK(meant("zzzzz", names, "otherwise") == "otherwise");
}

TEST_CASE("an error is printed in one form, whoever threw it") {
  CHECK(error_text(memo::usage_error("it is so", {{"name", "value"}}, "do this")) ==
        "error: it is so\n  name  value\nhint: do this\n");
  CHECK(error_text(std::runtime_error("plain")) == "error: plain\n");
  CHECK(error_text(std::runtime_error("\x1b[2J\nsecond line")) == "error: \\x1b[2J\nsecond line\n");
  CHECK(error_text(std::runtime_error("")) == "error: an exception without a message\n");
}

TEST_CASE("words are joined and counted as people do it") {
  CHECK(joined({}) == "");
  CHECK(joined({"a", "b"}) == "a, b");
  CHECK(count_text(1, "entry", "entries") == "1 entry");
  CHECK(count_text(0, "entry", "entries") == "0 entries");
}
