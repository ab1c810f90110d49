// Made by make_typed_random.py.
#include "typed_trial.hpp"

using namespace typed;

namespace typed_1 {

std::pair<numbers, record> f0(table x0, numbers x1, table x2) {
  return made<numbers, record>(combined(0, 3, taken(x0), taken(x1), taken(x2)));
}

buckets f1(numbers x0) { return made<buckets>(combined(1, 2, taken(x0))); }

std::pair<int, table> f2() { return made<int, table>(combined(2, 50)); }

double f3(memo::context&, record x0, int x1, table const& x2) {
  return made<double>(combined(3, 3, taken(x0), taken(x1), x2));
}

table f4() { return made<table>(combined(4, 3)); }

constexpr auto declared = memo::pipeline<"typed 1">(
    memo::input<"in0", numbers>, memo::input<"in1", table>, memo::input<"in2", int>,
    memo::step<"s0", "t0">(f0).from<"in1", "in0", "in1">(),
    memo::step<"s1">(f1).from<"in0">().version<4>().cache(memo::inputs_only),
    memo::step<"s2", "t2">(f2).version<3>(), memo::step<"s3">(f3).from<"t0", "in2", "t2">().version<2>(),
    memo::step<"s4">(f4).version<2>().cache(memo::digest_only));

random_graph::plan described() {
  return plan_of("typed 1", 3, {"in0", "in1", "in2", "s0", "t0", "s1", "s2", "t2", "s3", "s4"},
                 {{{3, 4}, {1, 0, 1}, 0, memo::cache_policy::stored},
                  {{5}, {0}, 4, memo::cache_policy::inputs_only},
                  {{6, 7}, {}, 3, memo::cache_policy::stored},
                  {{8}, {4, 2, 7}, 2, memo::cache_policy::stored},
                  {{9}, {}, 2, memo::cache_policy::digest_only}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(5);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<numbers>(t.input(0));
  auto const v1 = made<table>(t.input(1));
  auto const v2 = made<int>(t.input(2));
  auto const [v3, v4] = f0(v1, v0, v1);
  auto const v5 = f1(v0);
  auto const [v6, v7] = f2();
  auto const v8 = f3(ctx, v4, v2, v7);
  auto const v9 = f4();
  return {number(v0), number(v1), number(v2), number(v3), number(v4),
          number(v5), number(v6), number(v7), number(v8), number(v9)};
}

}  // namespace typed_1

TEST_CASE("typed pipeline 1 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_1;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<numbers>(t.input(0)),
                            "in1"_in = made<table>(t.input(1)), "in2"_in = made<int>(t.input(2)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(3, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t0">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(7, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(9, number(run.get<"s4">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_2 {

int f0(numbers const& x0) { return made<int>(combined(0, 3, x0)); }

std::pair<table, buckets> f1(memo::view<double> x0) {
  return made<table, buckets>(combined(1, 2, x0.span()));
}

std::pair<buckets, int> f2(buckets const& x0, numbers x1) {
  return made<buckets, int>(combined(2, 50, x0, taken(x1)));
}

text f3(buckets x0, buckets x1, table const& x2) {
  return made<text>(combined(3, 2, taken(x0), taken(x1), x2));
}

constexpr auto declared =
    memo::pipeline<"typed 2">(memo::input<"in0", numbers>, memo::input<"in1", record>,
                              memo::input<"in2", buckets>, memo::step<"s0">(f0).from<"in0">().version<5>(),
                              memo::step<"s1", "t1">(f1).from<"in0">().version<4>().cache(memo::digest_only),
                              memo::step<"s2", "t2">(f2).from<"t1", "in0">().version<3>(),
                              memo::step<"s3">(f3).from<"in2", "in2", "s1">().version<2>());

random_graph::plan described() {
  return plan_of("typed 2", 3, {"in0", "in1", "in2", "s0", "s1", "t1", "s2", "t2", "s3"},
                 {{{3}, {0}, 5, memo::cache_policy::stored},
                  {{4, 5}, {0}, 4, memo::cache_policy::digest_only},
                  {{6, 7}, {5, 0}, 3, memo::cache_policy::stored},
                  {{8}, {2, 2, 4}, 2, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  auto const v0 = made<numbers>(t.input(0));
  auto const v1 = made<record>(t.input(1));
  auto const v2 = made<buckets>(t.input(2));
  auto const v3 = f0(v0);
  auto const [v4, v5] = f1(memo::view<double>(nullptr, v0));
  auto const [v6, v7] = f2(v5, v0);
  auto const v8 = f3(v2, v2, v4);
  return {number(v0), number(v1), number(v2), number(v3), number(v4),
          number(v5), number(v6), number(v7), number(v8)};
}

}  // namespace typed_2

TEST_CASE("typed pipeline 2 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_2;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<numbers>(t.input(0)),
                            "in1"_in = made<record>(t.input(1)), "in2"_in = made<buckets>(t.input(2)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(3, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(5, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(7, number(run.get<"t2">()));
      if (t.coin()) t.compare_value(8, number(run.get<"s3">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_3 {

text f0(int x0) { return made<text>(combined(0, 3, taken(x0))); }

std::pair<nested, text> f1(int x0, text x1) {
  return made<nested, text>(combined(1, 2, taken(x0), taken(x1)));
}

numbers f2(memo::context&, text x0, nested x1) {
  return made<numbers>(combined(2, 50, taken(x0), taken(x1)));
}

std::pair<int, nested> f3(text x0, numbers const& x1, text x2) {
  return made<int, nested>(combined(3, 2, taken(x0), x1, taken(x2)));
}

constexpr auto declared = memo::pipeline<"typed 3">(
    memo::input<"in0", int>, memo::input<"in1", text>, memo::step<"s0">(f0).from<"in0">().version<3>(),
    memo::step<"s1", "t1">(f1).from<"in0", "s0">().version<4>(), memo::step<"s2">(f2).from<"s0", "s1">(),
    memo::step<"s3", "t3">(f3).from<"t1", "s2", "in1">());

random_graph::plan described() {
  return plan_of("typed 3", 2, {"in0", "in1", "s0", "s1", "t1", "s2", "s3", "t3"},
                 {{{2}, {0}, 3, memo::cache_policy::stored},
                  {{3, 4}, {0, 2}, 4, memo::cache_policy::stored},
                  {{5}, {2, 3}, 0, memo::cache_policy::stored},
                  {{6, 7}, {4, 5, 1}, 0, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<int>(t.input(0));
  auto const v1 = made<text>(t.input(1));
  auto const v2 = f0(v0);
  auto const [v3, v4] = f1(v0, v2);
  auto const v5 = f2(ctx, v2, v3);
  auto const [v6, v7] = f3(v4, v5, v1);
  return {number(v0), number(v1), number(v2), number(v3), number(v4), number(v5), number(v6), number(v7)};
}

}  // namespace typed_3

TEST_CASE("typed pipeline 3 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_3;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<int>(t.input(0)), "in1"_in = made<text>(t.input(1)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(2, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"t1">()));
      if (t.coin()) t.compare_value(5, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(6, number(run.get<"s3">()));
      if (t.coin()) t.compare_value(7, number(run.get<"t3">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_4 {

text f0(double x0, int const& x1) { return made<text>(combined(0, 2, taken(x0), x1)); }

record f1(memo::context&, int x0, double const& x1) { return made<record>(combined(1, 50, taken(x0), x1)); }

text f2(double const& x0, text const& x1) { return made<text>(combined(2, 3, x0, x1)); }

constexpr auto declared =
    memo::pipeline<"typed 4">(memo::input<"in0", int>, memo::input<"in1", double>,
                              memo::step<"s0">(f0).from<"in1", "in0">().version<5>().cache(memo::digest_only),
                              memo::step<"s1">(f1).from<"in0", "in1">().version<4>().cache(memo::digest_only),
                              memo::step<"s2">(f2).from<"in1", "s0">().version<4>().cache(memo::never));

random_graph::plan described() {
  return plan_of("typed 4", 2, {"in0", "in1", "s0", "s1", "s2"},
                 {{{2}, {1, 0}, 5, memo::cache_policy::digest_only},
                  {{3}, {0, 1}, 4, memo::cache_policy::digest_only},
                  {{4}, {1, 2}, 4, memo::cache_policy::never}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(3);
  memo::context ctx("", 0, {}, nullptr);
  auto const v0 = made<int>(t.input(0));
  auto const v1 = made<double>(t.input(1));
  auto const v2 = f0(v1, v0);
  auto const v3 = f1(ctx, v0, v1);
  auto const v4 = f2(v1, v2);
  return {number(v0), number(v1), number(v2), number(v3), number(v4)};
}

}  // namespace typed_4

TEST_CASE("typed pipeline 4 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_4;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<int>(t.input(0)), "in1"_in = made<double>(t.input(1)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(2, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s2">()));
      if (t.coin()) t.lose();
    }
  }
}

namespace typed_5 {

numbers f0(nested const& x0) { return made<numbers>(combined(0, 50, x0)); }

record f1(numbers const& x0, std::span<double const> x1) { return made<record>(combined(1, 100000, x0, x1)); }

buckets f2(record const& x0, record const& x1) { return made<buckets>(combined(2, 100000, x0, x1)); }

table f3(record x0, numbers x1, std::span<double const> x2) {
  return made<table>(combined(3, 100000, taken(x0), taken(x1), x2));
}

constexpr auto declared =
    memo::pipeline<"typed 5">(memo::input<"in0", nested>, memo::step<"s0">(f0).from<"in0">().version<2>(),
                              memo::step<"s1">(f1).from<"s0", "s0">().version<4>(),
                              memo::step<"s2">(f2).from<"s1", "s1">().version<2>().cache(memo::inputs_only),
                              memo::step<"s3">(f3).from<"s1", "s0", "s0">().version<3>());

random_graph::plan described() {
  return plan_of("typed 5", 1, {"in0", "s0", "s1", "s2", "s3"},
                 {{{1}, {0}, 2, memo::cache_policy::stored},
                  {{2}, {1, 1}, 4, memo::cache_policy::stored},
                  {{3}, {2, 2}, 2, memo::cache_policy::inputs_only},
                  {{4}, {2, 1, 1}, 3, memo::cache_policy::stored}});
}

std::vector<std::uint64_t> evaluate(trial const& t) {
  calls().resize(4);
  auto const v0 = made<nested>(t.input(0));
  auto const v1 = f0(v0);
  auto const v2 = f1(v1, v1);
  auto const v3 = f2(v2, v2);
  auto const v4 = f3(v2, v1, v1);
  return {number(v0), number(v1), number(v2), number(v3), number(v4)};
}

}  // namespace typed_5

TEST_CASE("typed pipeline 5 gives the values of a run without a cache and calls what the model says") {
  using namespace typed_5;
  for (std::uint64_t seed = 0; seed < tries(); ++seed) {
    INFO("seed " << seed);
    trial t(described(), seed, seed % 4 == 3);
    for (int i = 0; i < 10; ++i) {
      memo::runner const runner = t.prepare();
      t.expect(evaluate(t));
      auto run = runner.run(declared, "in0"_in = made<nested>(t.input(0)));
      t.compare(run.report());
      if (t.coin()) t.compare_value(1, number(run.get<"s0">()));
      if (t.coin()) t.compare_value(2, number(run.get<"s1">()));
      if (t.coin()) t.compare_value(3, number(run.get<"s2">()));
      if (t.coin()) t.compare_value(4, number(run.get<"s3">()));
      if (t.coin()) t.lose();
    }
  }
}
