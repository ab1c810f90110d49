#include <memo/run/options.hpp>

#include "../support/behaviour.hpp"

#include <limits>

using memo::mode;
using memo::detail::effective;
using test::contains;
using test::error_of;
using test::variable;

TEST_CASE("each mode has a row in the table of what it may do") {
  auto const& rules = memo::detail::rules_of;
  CHECK(rules(mode::off).name == "off");
  CHECK(rules(mode::read_write).name == "read_write");
  CHECK(rules(mode::read_only).name == "read_only");
  CHECK(rules(mode::write_only).name == "write_only");
  CHECK(rules(mode::verify).name == "verify");
  CHECK_FALSE(rules(mode::off).looks_up);
  CHECK_FALSE(rules(mode::off).writes);
  CHECK(rules(mode::read_only).looks_up);
  CHECK_FALSE(rules(mode::read_only).writes);
  CHECK_FALSE(rules(mode::write_only).looks_up);
  CHECK(rules(mode::write_only).replaces);
  CHECK(rules(mode::verify).verifies);
  CHECK_FALSE(rules(mode::read_write).replaces);
}

TEST_CASE("without variables the program's options count") {
  variable const no_mode("MEMO_MODE", nullptr), no_jobs("MEMO_JOBS", nullptr);
  CHECK(effective({}).mode == mode::read_write);
  CHECK(effective({}).jobs == 0);
  CHECK(effective({.mode = mode::verify, .jobs = 3}).mode == mode::verify);
  CHECK(effective({.mode = mode::verify, .jobs = 3}).jobs == 3);
}

TEST_CASE("MEMO_MODE and MEMO_JOBS override the program's options") {
  variable const jobs("MEMO_JOBS", "12");
  for (auto const& [text, wanted] :
       std::vector<std::pair<char const*, mode>>{{"off", mode::off},
                                                 {"read_write", mode::read_write},
                                                 {"read_only", mode::read_only},
                                                 {"write_only", mode::write_only},
                                                 {"verify", mode::verify}}) {
    variable const set("MEMO_MODE", text);
    CHECK(effective({.mode = mode::read_write}).mode == wanted);
    CHECK(effective({.jobs = 1}).jobs == 12);
  }
  variable const empty("MEMO_MODE", "");
  CHECK(effective({.mode = mode::off}).mode == mode::off);
}

TEST_CASE("a value that MEMO_MODE cannot have is an error that lists the others") {
  for (char const* text : {"readonly", "OFF", " off", "off ", "0", "read-only"}) {
    variable const set("MEMO_MODE", text);
    auto const message = error_of<memo::usage_error>([] { effective({}); });
    CHECK(message ==
          "memo: the environment variable MEMO_MODE has a value that it cannot have\n"
          "  value    \"" +
              std::string(text) +
              "\"\n"
              "  allowed  off, read_write, read_only, write_only, verify\n"
              "hint: correct it, or unset it to use what the program says");
  }
}

TEST_CASE("options that may not be overridden stay whatever the environment says") {
  variable const jobs("MEMO_JOBS", "nonsense"), mode("MEMO_MODE", "off");
  memo::options const given{.mode = memo::mode::read_only, .jobs = 3, .overridable = false};
  auto const kept = memo::detail::effective(given);
  CHECK(kept.jobs == 3);
  CHECK(kept.mode == memo::mode::read_only);
}

TEST_CASE("a value that MEMO_JOBS cannot have is an error") {
  for (char const* text :
       {"0", "-1", "many", "2.5", "1e3", " 2", "2 ", "+2", "100000", "99999999999999999999", "0x2"}) {
    variable const set("MEMO_JOBS", text);
    auto const message = error_of<memo::usage_error>([] { effective({}); });
    CHECK(contains(message, "MEMO_JOBS"));
    CHECK(contains(message, "\"" + std::string(text) + "\""));
    CHECK(contains(message, "a whole number from 1 to 99999"));
    CHECK(contains(message, "\nhint: "));
  }
  variable const most("MEMO_JOBS", "99999"), no_mode("MEMO_MODE", nullptr);
  CHECK(effective({}).jobs == 99999);
}

TEST_CASE("the chance to verify is from 0 to 1") {
  CHECK(effective({.verify = 0}).verify == 0);
  CHECK(effective({.verify = 1}).verify == 1);
  for (double const bad :
       {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(effective({.verify = bad}), memo::usage_error);
}

TEST_CASE("a secret seeds all hashes, and no secret is the seed 0") {
  CHECK(memo::detail::seed_of("") == 0);
  CHECK(memo::detail::seed_of("a") != 0);
  CHECK(memo::detail::seed_of("a") != memo::detail::seed_of("b"));
  CHECK(memo::detail::seed_of("a") == memo::detail::seed_of(std::string("a")));
}

TEST_CASE("bad variables end a run, a plan and the making of a memoized function") {
  constexpr auto p = memo::pipeline<"bad">(memo::step<"x">([] { return 1; }));
  memo::runner const runner{memo::memory_store{}};
  variable const set("MEMO_MODE", "sometimes");
  CHECK_THROWS_AS(runner.run(p), memo::usage_error);
  CHECK_THROWS_AS(runner.plan(p), memo::usage_error);
  CHECK_THROWS_AS(memo::memoize<"f">([](int n) { return n; }, memo::memory_store{}), memo::usage_error);
}

TEST_CASE("MEMO_MODE turns caching off from outside") {
  constexpr auto p = memo::pipeline<"outside">(memo::step<"x">([] { return 1; }));
  memo::runner const runner{memo::memory_store{}};
  runner.run(p);
  CHECK(test::all_hit(runner.run(p).report()));
  variable const set("MEMO_MODE", "off");
  CHECK(test::all_ran(runner.run(p).report()));
}
