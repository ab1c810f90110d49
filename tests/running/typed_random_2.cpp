// Made by make_typed_random.py.
#include "typed_trial.hpp"

using namespace typed;

namespace typed_6 {

buckets f0() { return made<buckets>(combined(0, 3)); }

numbers f1(buckets x0, int const& x1) { return made<numbers>(combined(1, 2, taken(x0), x1)); }

table f2(buckets const& x0, int const& x1, int x2) {
  return made<table>(combined(2, 100000, x0, x1, taken(x2)));
}

std::pair<int, record> f3() { return made<int, record>(combined(3, 50)); }

constexpr auto declared = memo::pipeline<"typed 6">(
    memo::input<"in0", int>, memo::step<"s0">(f0).cache(memo::never),
    memo::step<"s1">(f1).from<"s0", "in0">().version<4>(),
    memo::step<"s2">(f2).from<"s0", "in0", "in0">().version<2>().cache(memo::digest_only),
    memo::step<"s3", "t3">(f3).cache(memo::inputs_only));

random_graph::plan described() {
  return plan_of("typed 6", 1, {"in0", "s0", "s1", "s2", "s3", "t3"},
                 {{{1}, {}, 0, memo::cache_policy::never},
                  {{2}, {1, 0}, 4, memo::cache_policy::stored},
                  {{3}, {1, 0, 0}, 2, memo::cache_policy::digest_only},
                  {{4, 5}, {}, 0, memo::cache_policy::inputs_only}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  auto const v0 = made<int>(t.input(0));
  auto const v1 = f0();
  auto const v2 = f1(v1, v0);
  auto const v3 = f2(v1, v0, v0);
  auto const [v4, v5] = f3();
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5)};
}

}  // namespace typed_6

TEST_CASE("typed pipeline 6 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_6;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<int>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(5, number(run.get<"t3">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_7 {

text f0(text x0) { return made<text>(combined(0, 2, taken(x0))); }

std::pair<table, buckets> f1(text const& x0) { return made<table, buckets>(combined(1, 50, x0)); }

std::pair<double, table> f2(buckets x0, buckets const& x1, text const& x2) {
  return made<double, table>(combined(2, 2, taken(x0), x1, x2));
}

int f3(text const& x0) { return made<int>(combined(3, 3, x0)); }

nested f4(text const& x0, table const& x1) { return made<nested>(combined(4, 3, x0, x1)); }

constexpr auto declared = memo::pipeline<"typed 7">(
    memo::input<"in0", text>, memo::step<"s0">(f0).from<"in0">().version<4>().cache(memo::digest_only),
    memo::step<"s1", "t1">(f1).from<"in0">().version<2>().cache(memo::digest_only),
    memo::step<"s2", "t2">(f2).from<"t1", "t1", "s0">().version<5>().cache(memo::digest_only),
    memo::step<"s3">(f3).from<"in0">().version<2>(), memo::step<"s4">(f4).from<"in0", "s1">().version<5>());

random_graph::plan described() {
  return plan_of("typed 7", 1, {"in0", "s0", "s1", "t1", "s2", "t2", "s3", "s4"},
                 {{{1}, {0}, 4, memo::cache_policy::digest_only},
                  {{2, 3}, {0}, 2, memo::cache_policy::digest_only},
                  {{4, 5}, {3, 3, 1}, 5, memo::cache_policy::digest_only},
                  {{6}, {0}, 2, memo::cache_policy::stored},
                  {{7}, {0, 2}, 5, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(5);
  auto const v0 = made<text>(t.input(0));
  auto const v1 = f0(v0);
  auto const [v2, v3] = f1(v0);
  auto const [v4, v5] = f2(v3, v3, v1);
  auto const v6 = f3(v0);
  auto const v7 = f4(v0, v2);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5), number(v6), number(v7)};
}

}  // namespace typed_7

TEST_CASE("typed pipeline 7 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_7;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<text>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s4">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_8 {

record f0(memo::context&, buckets const& x0) { return made<record>(combined(0, 2, x0)); }

int f1(table x0) { return made<int>(combined(1, 2, taken(x0))); }

int f2(table const& x0, buckets const& x1) { return made<int>(combined(2, 50, x0, x1)); }

std::pair<buckets, text> f3(memo::context&) { return made<buckets, text>(combined(3, 50)); }

text f4(int const& x0, record const& x1, buckets const& x2) {
  return made<text>(combined(4, 50, x0, x1, x2));
}

constexpr auto declared = memo::pipeline<"typed 8">(
    memo::input<"in0", buckets>, memo::input<"in1", table>, memo::step<"s0">(f0).from<"in0">().version<3>(),
    memo::step<"s1">(f1).from<"in1">().cache(memo::digest_only),
    memo::step<"s2">(f2).from<"in1", "in0">().version<5>().cache(memo::inputs_only),
    memo::step<"s3", "t3">(f3).version<2>(),
    memo::step<"s4">(f4).from<"s2", "s0", "in0">().version<3>().cache(memo::digest_only));

random_graph::plan described() {
  return plan_of("typed 8", 2, {"in0", "in1", "s0", "s1", "s2", "s3", "t3", "s4"},
                 {{{2}, {0}, 3, memo::cache_policy::stored},
                  {{3}, {1}, 0, memo::cache_policy::digest_only},
                  {{4}, {1, 0}, 5, memo::cache_policy::inputs_only},
                  {{5, 6}, {}, 2, memo::cache_policy::stored},
                  {{7}, {4, 2, 0}, 3, memo::cache_policy::digest_only}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(5);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<buckets>(t.input(0));
  auto const v1 = made<table>(t.input(1));
  auto const v2 = f0(ctx, v0);
  auto const v3 = f1(v1);
  auto const v4 = f2(v1, v0);
  auto const [v5, v6] = f3(ctx);
  auto const v7 = f4(v4, v2, v0);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5), number(v6), number(v7)};
}

}  // namespace typed_8

TEST_CASE("typed pipeline 8 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_8;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run =
          runner.run(declared, "in0"_in = made<buckets>(t.input(0)), "in1"_in = made<table>(t.input(1)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(2, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(6, number(run.get<"t3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s4">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_9 {

std::pair<buckets, table> f0(nested const& x0) { return made<buckets, table>(combined(0, 50, x0)); }

std::pair<numbers, numbers> f1() { return made<numbers, numbers>(combined(1, 50)); }

table f2(memo::view<double> x0, std::span<double const> x1) {
  return made<table>(combined(2, 50, x0.span(), x1));
}

std::pair<double, double> f3(table const& x0, numbers const& x1) {
  return made<double, double>(combined(3, 50, x0, x1));
}

constexpr auto declared = memo::pipeline<"typed 9">(
    memo::input<"in0", nested>, memo::input<"in1", numbers>, memo::input<"in2", numbers>,
    memo::step<"s0", "t0">(f0).from<"in0">().version<2>(),
    memo::step<"s1", "t1">(f1).version<3>().cache(memo::never),
    memo::step<"s2">(f2).from<"t1", "t1">().cache(memo::inputs_only),
    memo::step<"s3", "t3">(f3).from<"t0", "t1">());

random_graph::plan described() {
  return plan_of("typed 9", 3, {"in0", "in1", "in2", "s0", "t0", "s1", "t1", "s2", "s3", "t3"},
                 {{{3, 4}, {0}, 2, memo::cache_policy::stored},
                  {{5, 6}, {}, 3, memo::cache_policy::never},
                  {{7}, {6, 6}, 0, memo::cache_policy::inputs_only},
                  {{8, 9}, {4, 6}, 0, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  auto const v0 = made<nested>(t.input(0));
  auto const v1 = made<numbers>(t.input(1));
  auto const v2 = made<numbers>(t.input(2));
  auto const [v3, v4] = f0(v0);
  auto const [v5, v6] = f1();
  auto const v7 = f2(memo::view<double>(nullptr, v6), v6);
  auto const [v8, v9] = f3(v4, v6);
  return {number(v0), number(v1), number(v2), number(v3), number(v4),
          number(v5), number(v6), number(v7), number(v8), number(v9)};
}

}  // namespace typed_9

TEST_CASE("typed pipeline 9 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_9;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<nested>(t.input(0)),
                            "in1"_in = made<numbers>(t.input(1)), "in2"_in = made<numbers>(t.input(2)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(3, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(9, number(run.get<"t3">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_10 {

table f0(record const& x0, record const& x1) { return made<table>(combined(0, 50, x0, x1)); }

double f1(table const& x0, record const& x1) { return made<double>(combined(1, 3, x0, x1)); }

text f2(record const& x0, double x1) { return made<text>(combined(2, 100000, x0, taken(x1))); }

constexpr auto declared =
    memo::pipeline<"typed 10">(memo::input<"in0", record>, memo::step<"s0">(f0).from<"in0", "in0">(),
                               memo::step<"s1">(f1).from<"s0", "in0">().version<5>(),
                               memo::step<"s2">(f2).from<"in0", "s1">().version<5>());

random_graph::plan described() {
  return plan_of("typed 10", 1, {"in0", "s0", "s1", "s2"},
                 {{{1}, {0, 0}, 0, memo::cache_policy::stored},
                  {{2}, {1, 0}, 5, memo::cache_policy::stored},
                  {{3}, {0, 2}, 5, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(3);
  auto const v0 = made<record>(t.input(0));
  auto const v1 = f0(v0, v0);
  auto const v2 = f1(v1, v0);
  auto const v3 = f2(v0, v2);
  return {number(v0), number(v1), number(v2), number(v3)};
}

}  // namespace typed_10

TEST_CASE("typed pipeline 10 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_10;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<record>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s2">()));
      if (t.coin()) t.lose();
    }
  }
}
