// Made by make_typed_random.py.
#include "typed_trial.hpp"

using namespace typed;

namespace typed_16 {

table f0() { return made<table>(combined(0, 3)); }

table f1() { return made<table>(combined(1, 100000)); }

std::pair<double, double> f2() { return made<double, double>(combined(2, 2)); }

std::pair<text, numbers> f3(double x0, double x1, double const& x2) {
  return made<text, numbers>(combined(3, 50, taken(x0), taken(x1), x2));
}

std::pair<int, double> f4(table x0, text const& x1) {
  return made<int, double>(combined(4, 2, taken(x0), x1));
}

numbers f5(memo::context&, int x0, double x1) { return made<numbers>(combined(5, 50, taken(x0), taken(x1))); }

std::pair<text, int> f6(int x0, double const& x1) { return made<text, int>(combined(6, 2, taken(x0), x1)); }

constexpr auto declared = memo::pipeline<"typed 16">(
    memo::input<"in0", double>, memo::step<"s0">(f0).version<5>(), memo::step<"s1">(f1).version<3>(),
    memo::step<"s2", "t2">(f2).version<2>(), memo::step<"s3", "t3">(f3).from<"in0", "t2", "in0">(),
    memo::step<"s4", "t4">(f4).from<"s1", "s3">().version<4>().cache(memo::digest_only),
    memo::step<"s5">(f5).from<"s4", "t4">().version<3>(),
    memo::step<"s6", "t6">(f6).from<"s4", "t2">().version<3>());

random_graph::plan described() {
  return plan_of("typed 16", 1, {"in0", "s0", "s1", "s2", "t2", "s3", "t3", "s4", "t4", "s5", "s6", "t6"},
                 {{{1}, {}, 5, memo::cache_policy::stored},
                  {{2}, {}, 3, memo::cache_policy::stored},
                  {{3, 4}, {}, 2, memo::cache_policy::stored},
                  {{5, 6}, {0, 4, 0}, 0, memo::cache_policy::stored},
                  {{7, 8}, {2, 5}, 4, memo::cache_policy::digest_only},
                  {{9}, {7, 8}, 3, memo::cache_policy::stored},
                  {{10, 11}, {7, 4}, 3, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(7);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<double>(t.input(0));
  auto const v1 = f0();
  auto const v2 = f1();
  auto const [v3, v4] = f2();
  auto const [v5, v6] = f3(v0, v4, v0);
  auto const [v7, v8] = f4(v2, v5);
  auto const v9 = f5(ctx, v7, v8);
  auto const [v10, v11] = f6(v7, v4);
  return {number(v0), number(v1), number(v2), number(v3), number(v4),  number(v5),
          number(v6), number(v7), number(v8), number(v9), number(v10), number(v11)};
}

}  // namespace typed_16

TEST_CASE("typed pipeline 16 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_16;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<double>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(6, number(run.get<"t3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s4">()));
      if (t.coin()) t.compare_value(8, number(run.get<"t4">()));
      if (t.coin()) t.compare_value(9, number(run.get<"s5">()));
      if (t.coin()) t.compare_value(10, number(run.get<"s6">()));
      if (t.coin()) t.compare_value(11, number(run.get<"t6">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_17 {

std::pair<table, numbers> f0(memo::context&, table const& x0, table const& x1) {
  return made<table, numbers>(combined(0, 100000, x0, x1));
}

nested f1(table x0) { return made<nested>(combined(1, 50, taken(x0))); }

buckets f2(numbers const& x0) { return made<buckets>(combined(2, 50, x0)); }

constexpr auto declared = memo::pipeline<"typed 17">(
    memo::input<"in0", table>,
    memo::step<"s0", "t0">(f0).from<"in0", "in0">().version<3>().cache(memo::inputs_only),
    memo::step<"s1">(f1).from<"s0">().cache(memo::never),
    memo::step<"s2">(f2).from<"t0">().cache(memo::digest_only));

random_graph::plan described() {
  return plan_of("typed 17", 1, {"in0", "s0", "t0", "s1", "s2"},
                 {{{1, 2}, {0, 0}, 3, memo::cache_policy::inputs_only},
                  {{3}, {1}, 0, memo::cache_policy::never},
                  {{4}, {2}, 0, memo::cache_policy::digest_only}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(3);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<table>(t.input(0));
  auto const [v1, v2] = f0(ctx, v0, v0);
  auto const v3 = f1(v1);
  auto const v4 = f2(v2);
  return {number(v0), number(v1), number(v2), number(v3), number(v4)};
}

}  // namespace typed_17

TEST_CASE("typed pipeline 17 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_17;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<table>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_18 {

nested f0() { return made<nested>(combined(0, 50)); }

std::pair<buckets, nested> f1(nested const& x0) { return made<buckets, nested>(combined(1, 100000, x0)); }

double f2(nested const& x0) { return made<double>(combined(2, 50, x0)); }

nested f3(buckets x0, double const& x1) { return made<nested>(combined(3, 3, taken(x0), x1)); }

std::pair<record, double> f4(memo::context&) { return made<record, double>(combined(4, 50)); }

std::pair<nested, nested> f5() { return made<nested, nested>(combined(5, 50)); }

std::pair<double, buckets> f6() { return made<double, buckets>(combined(6, 100000)); }

constexpr auto declared =
    memo::pipeline<"typed 18">(memo::input<"in0", nested>, memo::input<"in1", nested>,
                               memo::step<"s0">(f0).version<3>().cache(memo::never),
                               memo::step<"s1", "t1">(f1).from<"s0">().version<2>().cache(memo::never),
                               memo::step<"s2">(f2).from<"in1">().version<3>(),
                               memo::step<"s3">(f3).from<"s1", "s2">().version<5>().cache(memo::never),
                               memo::step<"s4", "t4">(f4).version<4>(),
                               memo::step<"s5", "t5">(f5).version<3>(), memo::step<"s6", "t6">(f6));

random_graph::plan described() {
  return plan_of("typed 18", 2,
                 {"in0", "in1", "s0", "s1", "t1", "s2", "s3", "s4", "t4", "s5", "t5", "s6", "t6"},
                 {{{2}, {}, 3, memo::cache_policy::never},
                  {{3, 4}, {2}, 2, memo::cache_policy::never},
                  {{5}, {1}, 3, memo::cache_policy::stored},
                  {{6}, {3, 5}, 5, memo::cache_policy::never},
                  {{7, 8}, {}, 4, memo::cache_policy::stored},
                  {{9, 10}, {}, 3, memo::cache_policy::stored},
                  {{11, 12}, {}, 0, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(7);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<nested>(t.input(0));
  auto const v1 = made<nested>(t.input(1));
  auto const v2 = f0();
  auto const [v3, v4] = f1(v2);
  auto const v5 = f2(v1);
  auto const v6 = f3(v3, v5);
  auto const [v7, v8] = f4(ctx);
  auto const [v9, v10] = f5();
  auto const [v11, v12] = f6();
  return {number(v0), number(v1), number(v2), number(v3),  number(v4),  number(v5), number(v6),
          number(v7), number(v8), number(v9), number(v10), number(v11), number(v12)};
}

}  // namespace typed_18

TEST_CASE("typed pipeline 18 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_18;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run =
          runner.run(declared, "in0"_in = made<nested>(t.input(0)), "in1"_in = made<nested>(t.input(1)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(2, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"s4">()));
      if (t.coin()) t.compare_value(8, number(run.get<"t4">()));
      if (t.coin()) t.compare_value(9, number(run.get<"s5">()));
      if (t.coin()) t.compare_value(10, number(run.get<"t5">()));
      if (t.coin()) t.compare_value(11, number(run.get<"s6">()));
      if (t.coin()) t.compare_value(12, number(run.get<"t6">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_19 {

std::pair<double, table> f0(nested const& x0, nested x1, text x2) {
  return made<double, table>(combined(0, 2, x0, taken(x1), taken(x2)));
}

int f1(table x0, table x1) { return made<int>(combined(1, 100000, taken(x0), taken(x1))); }

double f2(table x0, nested x1, double x2) {
  return made<double>(combined(2, 2, taken(x0), taken(x1), taken(x2)));
}

table f3() { return made<table>(combined(3, 3)); }

record f4(nested const& x0, double const& x1, text x2) {
  return made<record>(combined(4, 50, x0, x1, taken(x2)));
}

std::pair<int, numbers> f5() { return made<int, numbers>(combined(5, 3)); }

constexpr auto declared = memo::pipeline<"typed 19">(
    memo::input<"in0", text>, memo::input<"in1", nested>, memo::input<"in2", nested>,
    memo::step<"s0", "t0">(f0).from<"in1", "in2", "in0">().version<4>().cache(memo::inputs_only),
    memo::step<"s1">(f1).from<"t0", "t0">().version<3>().cache(memo::never),
    memo::step<"s2">(f2).from<"t0", "in1", "s0">().cache(memo::never),
    memo::step<"s3">(f3).version<4>().cache(memo::inputs_only),
    memo::step<"s4">(f4).from<"in2", "s0", "in0">().version<5>(),
    memo::step<"s5", "t5">(f5).version<5>().cache(memo::never));

random_graph::plan described() {
  return plan_of("typed 19", 3, {"in0", "in1", "in2", "s0", "t0", "s1", "s2", "s3", "s4", "s5", "t5"},
                 {{{3, 4}, {1, 2, 0}, 4, memo::cache_policy::inputs_only},
                  {{5}, {4, 4}, 3, memo::cache_policy::never},
                  {{6}, {4, 1, 3}, 0, memo::cache_policy::never},
                  {{7}, {}, 4, memo::cache_policy::inputs_only},
                  {{8}, {2, 3, 0}, 5, memo::cache_policy::stored},
                  {{9, 10}, {}, 5, memo::cache_policy::never}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(6);
  auto const v0 = made<text>(t.input(0));
  auto const v1 = made<nested>(t.input(1));
  auto const v2 = made<nested>(t.input(2));
  auto const [v3, v4] = f0(v1, v2, v0);
  auto const v5 = f1(v4, v4);
  auto const v6 = f2(v4, v1, v3);
  auto const v7 = f3();
  auto const v8 = f4(v2, v3, v0);
  auto const [v9, v10] = f5();
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5),
          number(v6), number(v7), number(v8), number(v9), number(v10)};
}

}  // namespace typed_19

TEST_CASE("typed pipeline 19 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_19;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<text>(t.input(0)), "in1"_in = made<nested>(t.input(1)),
                            "in2"_in = made<nested>(t.input(2)));
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

namespace typed_20 {

std::pair<record, numbers> f0(nested x0, nested x1) {
  return made<record, numbers>(combined(0, 3, taken(x0), taken(x1)));
}

table f1(table const& x0, table const& x1) { return made<table>(combined(1, 100000, x0, x1)); }

numbers f2(memo::context&, table x0) { return made<numbers>(combined(2, 50, taken(x0))); }

constexpr auto declared = memo::pipeline<"typed 20">(
    memo::input<"in0", table>, memo::input<"in1", nested>, memo::input<"in2", table>,
    memo::step<"s0", "t0">(f0).from<"in1", "in1">().version<3>().cache(memo::digest_only),
    memo::step<"s1">(f1).from<"in2", "in0">().version<2>().cache(memo::inputs_only),
    memo::step<"s2">(f2).from<"s1">().version<4>().cache(memo::never));

random_graph::plan described() {
  return plan_of("typed 20", 3, {"in0", "in1", "in2", "s0", "t0", "s1", "s2"},
                 {{{3, 4}, {1, 1}, 3, memo::cache_policy::digest_only},
                  {{5}, {2, 0}, 2, memo::cache_policy::inputs_only},
                  {{6}, {5}, 4, memo::cache_policy::never}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(3);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<table>(t.input(0));
  auto const v1 = made<nested>(t.input(1));
  auto const v2 = made<table>(t.input(2));
  auto const [v3, v4] = f0(v1, v1);
  auto const v5 = f1(v2, v0);
  auto const v6 = f2(ctx, v5);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5), number(v6)};
}

}  // namespace typed_20

TEST_CASE("typed pipeline 20 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_20;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<table>(t.input(0)), "in1"_in = made<nested>(t.input(1)),
                            "in2"_in = made<table>(t.input(2)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(3, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s2">()));
      if (t.coin()) t.lose();
    }
  }
}
