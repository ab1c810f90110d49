// Defaults, added inputs, keys by the user, the code's version, state, environment and age.
#include "../support/behaviour.hpp"

#include <complex>
#include <map>

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::hits;
using test::names;
using test::ran;

namespace {

int twice(int n) { return 2 * n; }
int sum_of(int a, int b) { return a + b; }
std::size_t length_of(std::string const& s) { return s.size(); }

constexpr auto doubling =
    memo::pipeline<"doubling">(memo::input<"n", int>, memo::step<"twice">(twice).from<"n">());

}  // namespace

TEST_CASE("an equal input is a hit, another one runs, and going back is a hit again") {
  memo::runner const runner{memo::memory_store{}};
  auto const first = runner.run(doubling, "n"_in = 4);
  CHECK(first.get<"twice">() == 8);
  CHECK(all_ran(first.report()));
  CHECK(first.report()["twice"].reason == "first time");
  auto const second = runner.run(doubling, "n"_in = 4);
  CHECK(second.get<"twice">() == 8);
  CHECK(all_hit(second.report()));
  CHECK(second.report()["twice"].reason == "unchanged");
  auto const other = runner.run(doubling, "n"_in = 5);
  CHECK(other.get<"twice">() == 10);
  CHECK(all_ran(other.report()));
  CHECK(other.report()["twice"].reason == "input `n` changed");
  CHECK(other.report()["twice"].change == "4 \u2192 5");
  auto const back = runner.run(doubling, "n"_in = 4);
  CHECK(back.get<"twice">() == 8);
  CHECK(all_hit(back.report()));
}

TEST_CASE("a default is the same as its value given, and a string default works in a constexpr pipeline") {
  constexpr auto p = memo::pipeline<"defaults">(
      memo::input<"text", std::string>.defaults_to("four"),
      memo::input<"words", std::vector<std::string>>.defaults_to(
          [] { return std::vector<std::string>{"a", "b"}; }),
      memo::input<"scale", double>.defaults_to(3),
      memo::step<"length">([](std::string const& s, std::vector<std::string> const& w, double scale) {
        return scale * static_cast<double>(s.size() + w.size());
      }).from<"text", "words", "scale">());
  memo::runner const runner{memo::memory_store{}};
  auto const first = runner.run(p);
  CHECK(first.get<"length">() == 18);
  CHECK(first.get<"text">() == "four");
  auto const given =
      runner.run(p, "scale"_in = 3.0, "text"_in = "four", "words"_in = std::vector<std::string>{"a", "b"});
  CHECK(given.get<"length">() == 18);
  CHECK(all_hit(given.report()));
  auto const other = runner.run(p, "text"_in = std::string("five!"));
  CHECK(other.get<"length">() == 21);
  CHECK(all_ran(other.report()));
  CHECK(other.report()["length"].reason == "input `text` changed");
  CHECK(other.report()["length"].change == "\"four\" \u2192 \"five!\"");
}

TEST_CASE("a default that is a function is called at each run") {
  static int current = 1;
  auto const p = memo::pipeline<"called">(memo::input<"n", int>.defaults_to([] { return current; }),
                                          memo::step<"twice">(twice).from<"n">());
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(p).get<"twice">() == 2);
  current = 2;
  auto const run = runner.run(p);
  CHECK(run.get<"twice">() == 4);
  CHECK(all_ran(run.report()));
}

TEST_CASE("an input added with a value keeps old results while it has that value") {
  constexpr auto before =
      memo::pipeline<"growing">(memo::input<"n", int>, memo::step<"value">(twice).from<"n">().version<1>(),
                                memo::step<"next">(twice).from<"value">().version<1>());
  constexpr auto after = memo::pipeline<"growing">(
      memo::input<"n", int>, memo::input<"offset", int>.defaults_to(0).added_with(0),
      memo::step<"value">([](int n, int offset) { return 2 * n + offset; })
          .from<"n", "offset">()
          .version<1>(),
      memo::step<"next">(twice).from<"value">().version<1>());
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(before, "n"_in = 5).get<"next">() == 20);
  auto const same = runner.run(after, "n"_in = 5);
  CHECK(same.get<"next">() == 20);
  CHECK(all_hit(same.report()));
  auto const given = runner.run(after, "n"_in = 5, "offset"_in = 0);
  CHECK(all_hit(given.report()));
  auto const other = runner.run(after, "n"_in = 5, "offset"_in = 1);
  CHECK(other.get<"next">() == 22);
  CHECK(all_ran(other.report()));
  auto const fresh = runner.run(after, "n"_in = 6);
  CHECK(all_ran(fresh.report()));
  CHECK(all_hit(runner.run(before, "n"_in = 6).report()));
}

TEST_CASE("an input added with a value does not change what a step draws") {
  auto draw = [](memo::context& c, int) { return c.seed(); };
  auto draw_more = [](memo::context& c, int, int) { return c.seed(); };
  auto const before =
      memo::pipeline<"draws">(memo::input<"n", int>, memo::step<"x">(draw).from<"n">().version<1>());
  auto const after =
      memo::pipeline<"draws">(memo::input<"n", int>, memo::input<"k", int>.defaults_to(7).added_with(7),
                              memo::step<"x">(draw_more).from<"n", "k">().version<1>());
  memo::runner const runner{memo::memory_store{}, {.mode = memo::mode::off}};
  auto const seed = runner.run(before, "n"_in = 1).get<"x">();
  CHECK(runner.run(after, "n"_in = 1).get<"x">() == seed);
  CHECK(runner.run(after, "n"_in = 1, "k"_in = 8).get<"x">() != seed);
}

TEST_CASE("only a new version number means new code") {
  constexpr auto one =
      memo::pipeline<"versions">(memo::input<"n", int>, memo::step<"x">(twice).from<"n">().version<1>());
  constexpr auto two = memo::pipeline<"versions">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return 20 * n; }).from<"n">().version<2>());
  constexpr auto same = memo::pipeline<"versions">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return n; }).from<"n">().version<1>());
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(one, "n"_in = 3).get<"x">() == 6);
  auto const newer = runner.run(two, "n"_in = 3);
  CHECK(newer.get<"x">() == 60);
  CHECK(newer.report()["x"].reason == "version 1 \u2192 2");
  auto const kept = runner.run(same, "n"_in = 3);
  CHECK(kept.get<"x">() == 6);
  CHECK(all_hit(kept.report()));
}

TEST_CASE("the source text of a lambda is its version, without comments and spacing") {
  auto const make = [](auto sourced) {
    return memo::pipeline<"sourced">(memo::input<"n", int>, memo::step<"x">(sourced).template from<"n">());
  };
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(make(MEMO_FN([](int n) { return n + 1; })), "n"_in = 3).get<"x">() == 4);
  auto const same = runner.run(make(MEMO_FN([](int n) {  // one more
                                 return n + 1;
                               })),
                               "n"_in = 3);
  CHECK(same.get<"x">() == 4);
  CHECK(all_hit(same.report()));
  CHECK(same.report().notes.empty());
  auto const other = runner.run(make(MEMO_FN([](int n) { return n + 2; })), "n"_in = 3);
  CHECK(other.get<"x">() == 5);
  CHECK(all_ran(other.report()));
  CHECK(other.report()["x"].reason == "its source changed");
}

TEST_CASE("a step without a version says that a rebuild runs it again, and names the remedy") {
  memo::runner const runner{memo::memory_store{}};
  auto const run = runner.run(doubling, "n"_in = 3);
  REQUIRE(run.report().notes.size() == 1);
  CHECK(test::contains(run.report().notes[0], "`twice`"));
  CHECK(test::contains(run.report().notes[0], ".version<1>()"));
}

TEST_CASE("with inputs_only no code counts, and the report warns") {
  constexpr auto one = memo::pipeline<"loose">(
      memo::input<"n", int>, memo::step<"x">(twice).from<"n">().cache(memo::inputs_only).version<1>());
  constexpr auto two = memo::pipeline<"loose">(
      memo::input<"n", int>,
      memo::step<"x">([](int n) { return n; }).from<"n">().version<2>().cache(memo::inputs_only));
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(one, "n"_in = 3).get<"x">() == 6);
  auto const run = runner.run(two, "n"_in = 3);
  CHECK(run.get<"x">() == 6);
  CHECK(all_hit(run.report()));
  REQUIRE(run.report().warnings.size() == 1);
  CHECK(test::contains(run.report().warnings[0], "`x`"));
}

namespace {
struct scaler {
  double factor = 1;
  std::map<std::string, int> table;
  double operator()(double x) const { return factor * x; }
};
}  // namespace

TEST_CASE("the state of a function object counts") {
  auto const make = [](scaler s) {
    return memo::pipeline<"state">(memo::input<"x", double>, memo::step<"y">(s).from<"x">());
  };
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(make({2, {{"a", 1}}}), "x"_in = 3.0).get<"y">() == 6);
  auto const same = runner.run(make({2, {{"a", 1}}}), "x"_in = 3.0);
  CHECK(same.get<"y">() == 6);
  CHECK(all_hit(same.report()));
  auto const factor = runner.run(make({4, {{"a", 1}}}), "x"_in = 3.0);
  CHECK(factor.get<"y">() == 12);
  CHECK(factor.report()["y"].reason == "the state of its function changed");
  CHECK(factor.report()["y"].change == "factor 2 \u2192 4");
  auto const table = runner.run(make({4, {{"a", 2}}}), "x"_in = 3.0);
  CHECK(all_ran(table.report()));
}

TEST_CASE("what .key() gives stands for the inputs") {
  constexpr auto p = memo::pipeline<"by_length">(
      memo::input<"text", std::string>,
      memo::step<"length">(length_of).from<"text">().key([](std::string const& s) { return s.size(); }),
      memo::step<"more">([](std::size_t n) { return n + 1; }).from<"length">());
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(p, "text"_in = "abc").get<"more">() == 4);
  auto const same = runner.run(p, "text"_in = "xyz");
  CHECK(same.get<"length">() == 3);
  CHECK(all_hit(same.report()));
  auto const other = runner.run(p, "text"_in = "abcd");
  CHECK(other.get<"length">() == 4);
  CHECK(other.report()["length"].reason == "what .key() gives changed");
  CHECK(other.report()["length"].change == "3 \u2192 4");
}

TEST_CASE("a user's key on a computed value works on a warm run") {
  constexpr auto p = memo::pipeline<"computed_key">(
      memo::input<"n", int>,
      memo::step<"text">([](int n) { return std::string(static_cast<std::size_t>(n), 'a'); }).from<"n">(),
      memo::step<"length">(length_of).from<"text">().key([](std::string const& s) { return s.size() / 2; }));
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(p, "n"_in = 4).get<"length">() == 4);
  CHECK(all_hit(runner.run(p, "n"_in = 4).report()));
  auto const near = runner.run(p, "n"_in = 5);
  CHECK(near.get<"length">() == 4);
  CHECK(ran(near.report()) == names{"text"});
  CHECK(hits(near.report()) == names{"length"});
}

TEST_CASE("what differs only outside of .identity() stops the wave") {
  constexpr auto p = memo::pipeline<"rounded">(
      memo::input<"x", double>,
      memo::step<"noisy">([](double x) { return x / 3; }).from<"x">().identity([](double v) {
        return static_cast<long>(v * 10);
      }),
      memo::step<"after">([](double x) { return x * 2; }).from<"noisy">());
  memo::runner const runner{memo::memory_store{}};
  auto const first = runner.run(p, "x"_in = 3.0);
  auto const near = runner.run(p, "x"_in = 3.01);
  CHECK(ran(near.report()) == names{"noisy"});
  CHECK(hits(near.report()) == names{"after"});
  CHECK(near.get<"after">() == 2);
  CHECK(near.get<"noisy">() == 3.01 / 3);
  CHECK(first.report()["noisy"].value == near.report()["noisy"].value);
  CHECK(all_ran(runner.run(p, "x"_in = 4.0).report()));
}

TEST_CASE("named environment variables count, set, empty or absent") {
  constexpr auto p = memo::pipeline<"environment">(memo::input<"n", int>,
                                                   memo::step<"x">(twice).from<"n">().env<"MEMO_TEST_ONE">(),
                                                   memo::step<"y">(twice).from<"n">());
  memo::runner const runner{memo::memory_store{}};
  test::variable const absent("MEMO_TEST_ONE", nullptr);
  runner.run(p, "n"_in = 1);
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  for (char const* value : {"", "1", "2"}) {
    test::variable const set("MEMO_TEST_ONE", value);
    auto const run = runner.run(p, "n"_in = 1);
    CHECK(ran(run.report()) == names{"x"});
    CHECK(hits(run.report()) == names{"y"});
    CHECK(run.get<"x">() == 2);
    CHECK(test::contains(run.report()["x"].reason, "environment variable MEMO_TEST_ONE"));
    CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  }
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
}

TEST_CASE("a pattern counts all variables that begin like it") {
  constexpr auto p = memo::pipeline<"patterns">(
      memo::input<"n", int>, memo::step<"x">(twice).from<"n">().env<"MEMO_TEST_*", "MEMO_OTHER">());
  memo::runner const runner{memo::memory_store{}};
  runner.run(p, "n"_in = 1);
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  {
    test::variable const a("MEMO_TEST_A", "1");
    CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
    test::variable const b("MEMO_TEST_B", "1");
    CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
    CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
    test::variable const not_meant("MEMO_TESTA", "1");
    CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
    test::variable const other("MEMO_OTHER", "x");
    CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
  }
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
}

TEST_CASE("two calls of .env() add up") {
  constexpr auto p = memo::pipeline<"two_env">(
      memo::input<"n", int>,
      memo::step<"x">(twice).from<"n">().env<"MEMO_TEST_ONE">().env<"MEMO_TEST_TWO">());
  memo::runner const runner{memo::memory_store{}};
  runner.run(p, "n"_in = 1);
  test::variable const one("MEMO_TEST_ONE", "1");
  CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
  test::variable const two("MEMO_TEST_TWO", "1");
  CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
}

TEST_CASE("the runner's environment variables count for all steps") {
  memo::runner runner{memo::memory_store{}, {.env = {"MEMO_TEST_ALL*"}}};
  runner.run(doubling, "n"_in = 1);
  CHECK(all_hit(runner.run(doubling, "n"_in = 1).report()));
  test::variable const set("MEMO_TEST_ALL_OF", "1");
  CHECK(all_ran(runner.run(doubling, "n"_in = 1).report()));
}

TEST_CASE("a result is a hit for less than its ttl, by the ttl declared now") {
  using namespace std::chrono_literals;
  constexpr auto p =
      memo::pipeline<"aging">(memo::input<"n", int>, memo::step<"x">(twice).from<"n">().ttl(1s));
  constexpr auto longer =
      memo::pipeline<"aging">(memo::input<"n", int>, memo::step<"x">(twice).from<"n">().ttl(24h));
  constexpr auto none = memo::pipeline<"aging">(memo::input<"n", int>, memo::step<"x">(twice).from<"n">());
  memo::manual_clock clock;
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  runner.run(p, "n"_in = 1);
  clock.advance(999ms);
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  clock.advance(1ms);
  CHECK(runner.plan(p, "n"_in = 1)["x"].forecast == memo::forecast::run);
  CHECK(all_hit(runner.run(longer, "n"_in = 1).report()));
  CHECK(all_hit(runner.run(none, "n"_in = 1).report()));
  auto const old = runner.run(p, "n"_in = 1);
  CHECK(old.get<"x">() == 2);
  CHECK(old.report()["x"].outcome == memo::outcome::ran);
  CHECK(old.report()["x"].reason == "older than its ttl");
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  clock.advance(1001ms);
  CHECK(all_ran(runner.run(p, "n"_in = 1).report()));
}

TEST_CASE("a ttl of zero never hits, and the longest one does not overflow") {
  constexpr auto zero = memo::pipeline<"zero">(
      memo::input<"n", int>, memo::step<"x">(twice).from<"n">().ttl(std::chrono::seconds(0)));
  auto const longest = memo::pipeline<"longest">(
      memo::input<"n", int>, memo::step<"x">(twice).from<"n">().ttl(std::chrono::milliseconds::max()));
  memo::manual_clock clock;
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  runner.run(zero, "n"_in = 1);
  CHECK(all_ran(runner.run(zero, "n"_in = 1).report()));
  runner.run(longest, "n"_in = 1);
  clock.advance(std::chrono::hours(24 * 365 * 100));
  CHECK(all_hit(runner.run(longest, "n"_in = 1).report()));
}

TEST_CASE("a result from the future is a miss") {
  memo::manual_clock clock;
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  runner.run(doubling, "n"_in = 1);
  clock.advance(std::chrono::minutes(-5));
  CHECK(all_hit(runner.run(doubling, "n"_in = 1).report()));
  clock.advance(std::chrono::milliseconds(-1));
  auto const run = runner.run(doubling, "n"_in = 1);
  CHECK(run.get<"twice">() == 2);
  CHECK(all_ran(run.report()));
  CHECK(test::contains(run.report()["twice"].reason, "future"));
  CHECK(all_hit(runner.run(doubling, "n"_in = 1).report()));
}

TEST_CASE("projects and secrets keep their results apart") {
  memo::memory_store const store;
  memo::runner const plain{store}, one{store, {.project = "one"}}, two{store, {.project = "two"}},
      secret{store, {.secret = "s"}}, other{store, {.secret = "t"}};
  for (auto const* runner : {&plain, &one, &two, &secret, &other}) {
    auto const run = runner->run(doubling, "n"_in = 21);
    CHECK(run.get<"twice">() == 42);
    CHECK(all_ran(run.report()));
  }
  for (auto const* runner : {&plain, &one, &two, &secret, &other})
    CHECK(all_hit(runner->run(doubling, "n"_in = 21).report()));
  CHECK(plain.run(doubling, "n"_in = 21).report()["twice"].value !=
        secret.run(doubling, "n"_in = 21).report()["twice"].value);
}

TEST_CASE("the name of a read counts, and so does its place") {
  constexpr auto ab = memo::pipeline<"order">(memo::input<"a", int>, memo::input<"b", int>,
                                              memo::step<"x">(sum_of).from<"a", "b">().version<1>());
  constexpr auto ba = memo::pipeline<"order">(memo::input<"a", int>, memo::input<"b", int>,
                                              memo::step<"x">(sum_of).from<"b", "a">().version<1>());
  memo::runner const runner{memo::memory_store{}};
  runner.run(ab, "a"_in = 1, "b"_in = 1);
  CHECK(all_ran(runner.run(ba, "a"_in = 1, "b"_in = 1).report()));
  CHECK(all_hit(runner.run(ab, "b"_in = 1, "a"_in = 1).report()));
}
