// Made by make_typed_random.py.
#include "typed_trial.hpp"

using namespace typed;

namespace typed_11 {

text f0(memo::view<double> x0) { return made<text>(combined(0, 3, x0.span())); }

buckets f1(text const& x0) { return made<buckets>(combined(1, 2, x0)); }

std::pair<numbers, text> f2() { return made<numbers, text>(combined(2, 2)); }

std::pair<int, nested> f3() { return made<int, nested>(combined(3, 50)); }

constexpr auto declared = memo::pipeline<"typed 11">(
    memo::input<"in0", numbers>, memo::step<"s0">(f0).from<"in0">().version<2>(),
    memo::step<"s1">(f1).from<"s0">().version<3>(), memo::step<"s2", "t2">(f2).version<2>(),
    memo::step<"s3", "t3">(f3).version<5>().cache(memo::inputs_only));

random_graph::plan described() {
  return plan_of("typed 11", 1, {"in0", "s0", "s1", "s2", "t2", "s3", "t3"},
                 {{{1}, {0}, 2, memo::cache_policy::stored},
                  {{2}, {1}, 3, memo::cache_policy::stored},
                  {{3, 4}, {}, 2, memo::cache_policy::stored},
                  {{5, 6}, {}, 5, memo::cache_policy::inputs_only}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  auto const v0 = made<numbers>(t.input(0));
  auto const v1 = f0(memo::view<double>(nullptr, v0));
  auto const v2 = f1(v1);
  auto const [v3, v4] = f2();
  auto const [v5, v6] = f3();
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5), number(v6)};
}

}  // namespace typed_11

TEST_CASE("typed pipeline 11 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_11;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<numbers>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(6, number(run.get<"t3">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_12 {

std::pair<table, nested> f0(table x0) { return made<table, nested>(combined(0, 3, taken(x0))); }

std::pair<buckets, record> f1(text x0, table const& x1, text x2) {
  return made<buckets, record>(combined(1, 3, taken(x0), x1, taken(x2)));
}

std::pair<double, double> f2() { return made<double, double>(combined(2, 3)); }

std::pair<buckets, table> f3() { return made<buckets, table>(combined(3, 3)); }

table f4(double x0, record const& x1) { return made<table>(combined(4, 3, taken(x0), x1)); }

constexpr auto declared = memo::pipeline<"typed 12">(
    memo::input<"in0", text>, memo::input<"in1", table>,
    memo::step<"s0", "t0">(f0).from<"in1">().cache(memo::digest_only),
    memo::step<"s1", "t1">(f1).from<"in0", "s0", "in0">(), memo::step<"s2", "t2">(f2),
    memo::step<"s3", "t3">(f3).version<2>().cache(memo::never),
    memo::step<"s4">(f4).from<"s2", "t1">().version<5>());

random_graph::plan described() {
  return plan_of("typed 12", 2, {"in0", "in1", "s0", "t0", "s1", "t1", "s2", "t2", "s3", "t3", "s4"},
                 {{{2, 3}, {1}, 0, memo::cache_policy::digest_only},
                  {{4, 5}, {0, 2, 0}, 0, memo::cache_policy::stored},
                  {{6, 7}, {}, 0, memo::cache_policy::stored},
                  {{8, 9}, {}, 2, memo::cache_policy::never},
                  {{10}, {6, 5}, 5, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(5);
  auto const v0 = made<text>(t.input(0));
  auto const v1 = made<table>(t.input(1));
  auto const [v2, v3] = f0(v1);
  auto const [v4, v5] = f1(v0, v2, v0);
  auto const [v6, v7] = f2();
  auto const [v8, v9] = f3();
  auto const v10 = f4(v6, v5);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5),
          number(v6), number(v7), number(v8), number(v9), number(v10)};
}

}  // namespace typed_12

TEST_CASE("typed pipeline 12 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_12;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<text>(t.input(0)), "in1"_in = made<table>(t.input(1)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(2, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(5, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(7, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(9, number(run.get<"t3">()));
      if (t.coin()) t.compare_value(10, number(run.get<"s4">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_13 {

numbers f0(record const& x0) { return made<numbers>(combined(0, 2, x0)); }

std::pair<text, text> f1(record x0, numbers x1) {
  return made<text, text>(combined(1, 3, taken(x0), taken(x1)));
}

double f2(record const& x0, std::span<double const> x1, record const& x2) {
  return made<double>(combined(2, 100000, x0, x1, x2));
}

std::pair<text, double> f3(std::span<double const> x0) { return made<text, double>(combined(3, 100000, x0)); }

table f4(memo::context&, text const& x0, text const& x1, text const& x2) {
  return made<table>(combined(4, 50, x0, x1, x2));
}

record f5(table x0, text const& x1) { return made<record>(combined(5, 2, taken(x0), x1)); }

constexpr auto declared = memo::pipeline<"typed 13">(
    memo::input<"in0", record>, memo::step<"s0">(f0).from<"in0">().version<2>(),
    memo::step<"s1", "t1">(f1).from<"in0", "s0">().version<4>(),
    memo::step<"s2">(f2).from<"in0", "s0", "in0">().version<4>(),
    memo::step<"s3", "t3">(f3).from<"s0">().version<2>().cache(memo::never),
    memo::step<"s4">(f4).from<"t1", "s1", "s3">(), memo::step<"s5">(f5).from<"s4", "t1">().version<2>());

random_graph::plan described() {
  return plan_of("typed 13", 1, {"in0", "s0", "s1", "t1", "s2", "s3", "t3", "s4", "s5"},
                 {{{1}, {0}, 2, memo::cache_policy::stored},
                  {{2, 3}, {0, 1}, 4, memo::cache_policy::stored},
                  {{4}, {0, 1, 0}, 4, memo::cache_policy::stored},
                  {{5, 6}, {1}, 2, memo::cache_policy::never},
                  {{7}, {3, 2, 5}, 0, memo::cache_policy::stored},
                  {{8}, {7, 3}, 2, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(6);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<record>(t.input(0));
  auto const v1 = f0(v0);
  auto const [v2, v3] = f1(v0, v1);
  auto const v4 = f2(v0, v1, v0);
  auto const [v5, v6] = f3(v1);
  auto const v7 = f4(ctx, v3, v2, v5);
  auto const v8 = f5(v7, v3);
  return {number(v0), number(v1), number(v2), number(v3), number(v4),
          number(v5), number(v6), number(v7), number(v8)};
}

}  // namespace typed_13

TEST_CASE("typed pipeline 13 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_13;
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
      if (t.coin()) t.compare_value(3, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(6, number(run.get<"t3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s4">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s5">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_14 {

nested f0(numbers const& x0, std::span<double const> x1) { return made<nested>(combined(0, 100000, x0, x1)); }

std::pair<numbers, double> f1(nested x0) { return made<numbers, double>(combined(1, 2, taken(x0))); }

record f2(numbers x0) { return made<record>(combined(2, 100000, taken(x0))); }

int f3() { return made<int>(combined(3, 100000)); }

buckets f4(nested const& x0, int x1) { return made<buckets>(combined(4, 2, x0, taken(x1))); }

std::pair<numbers, record> f5(memo::context&, record const& x0, int x1, int x2) {
  return made<numbers, record>(combined(5, 50, x0, taken(x1), taken(x2)));
}

constexpr auto declared = memo::pipeline<"typed 14">(
    memo::input<"in0", numbers>, memo::step<"s0">(f0).from<"in0", "in0">().version<5>(),
    memo::step<"s1", "t1">(f1).from<"s0">().version<2>(), memo::step<"s2">(f2).from<"in0">().version<2>(),
    memo::step<"s3">(f3).version<4>().cache(memo::never),
    memo::step<"s4">(f4).from<"s0", "s3">().cache(memo::digest_only),
    memo::step<"s5", "t5">(f5).from<"s2", "s3", "s3">().version<2>());

random_graph::plan described() {
  return plan_of("typed 14", 1, {"in0", "s0", "s1", "t1", "s2", "s3", "s4", "s5", "t5"},
                 {{{1}, {0, 0}, 5, memo::cache_policy::stored},
                  {{2, 3}, {1}, 2, memo::cache_policy::stored},
                  {{4}, {0}, 2, memo::cache_policy::stored},
                  {{5}, {}, 4, memo::cache_policy::never},
                  {{6}, {1, 5}, 0, memo::cache_policy::digest_only},
                  {{7, 8}, {4, 5, 5}, 2, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(6);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<numbers>(t.input(0));
  auto const v1 = f0(v0, v0);
  auto const [v2, v3] = f1(v1);
  auto const v4 = f2(v0);
  auto const v5 = f3();
  auto const v6 = f4(v1, v5);
  auto const [v7, v8] = f5(ctx, v4, v5, v5);
  return {number(v0), number(v1), number(v2), number(v3), number(v4),
          number(v5), number(v6), number(v7), number(v8)};
}

}  // namespace typed_14

TEST_CASE("typed pipeline 14 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_14;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<numbers>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s4">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s5">()));
      if (t.coin()) t.compare_value(8, number(run.get<"t5">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_15 {

std::pair<nested, double> f0(text const& x0, int const& x1, text x2) {
  return made<nested, double>(combined(0, 50, x0, x1, taken(x2)));
}

buckets f1(table const& x0, double const& x1) { return made<buckets>(combined(1, 100000, x0, x1)); }

record f2(text const& x0, nested x1) { return made<record>(combined(2, 50, x0, taken(x1))); }

buckets f3() { return made<buckets>(combined(3, 3)); }

table f4(buckets x0, nested x1, double x2) {
  return made<table>(combined(4, 3, taken(x0), taken(x1), taken(x2)));
}

std::pair<int, int> f5(buckets const& x0, record const& x1) {
  return made<int, int>(combined(5, 100000, x0, x1));
}

constexpr auto declared = memo::pipeline<"typed 15">(
    memo::input<"in0", table>, memo::input<"in1", int>, memo::input<"in2", text>,
    memo::step<"s0", "t0">(f0).from<"in2", "in1", "in2">().version<4>(),
    memo::step<"s1">(f1).from<"in0", "t0">().version<5>(),
    memo::step<"s2">(f2).from<"in2", "s0">().version<2>(), memo::step<"s3">(f3).version<2>(),
    memo::step<"s4">(f4).from<"s1", "s0", "t0">().version<4>().cache(memo::never),
    memo::step<"s5", "t5">(f5).from<"s3", "s2">().version<2>());

random_graph::plan described() {
  return plan_of("typed 15", 3, {"in0", "in1", "in2", "s0", "t0", "s1", "s2", "s3", "s4", "s5", "t5"},
                 {{{3, 4}, {2, 1, 2}, 4, memo::cache_policy::stored},
                  {{5}, {0, 4}, 5, memo::cache_policy::stored},
                  {{6}, {2, 3}, 2, memo::cache_policy::stored},
                  {{7}, {}, 2, memo::cache_policy::stored},
                  {{8}, {5, 3, 4}, 4, memo::cache_policy::never},
                  {{9, 10}, {7, 6}, 2, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(6);
  auto const v0 = made<table>(t.input(0));
  auto const v1 = made<int>(t.input(1));
  auto const v2 = made<text>(t.input(2));
  auto const [v3, v4] = f0(v2, v1, v2);
  auto const v5 = f1(v0, v4);
  auto const v6 = f2(v2, v3);
  auto const v7 = f3();
  auto const v8 = f4(v5, v3, v4);
  auto const [v9, v10] = f5(v7, v6);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5),
          number(v6), number(v7), number(v8), number(v9), number(v10)};
}

}  // namespace typed_15

TEST_CASE("typed pipeline 15 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_15;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<table>(t.input(0)), "in1"_in = made<int>(t.input(1)),
                            "in2"_in = made<text>(t.input(2)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(3, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s4">()));
      if (t.coin()) t.compare_value(9, number(run.get<"s5">()));
      if (t.coin()) t.compare_value(10, number(run.get<"t5">()));
      if (t.coin()) t.lose();
    }
  }
}
