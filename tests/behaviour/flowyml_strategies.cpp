// flowyml's strategies for caching a step, and its ways to clear a cache.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <chrono>

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::names;
using series = std::vector<int>;

namespace {

int sent = 0;

int upload(series const& clean) {
  ++sent;
  return static_cast<int>(clean.size());
}

constexpr auto load_1 = MEMO_FN([](int count) { return series(static_cast<std::size_t>(count), 1); });
constexpr auto load_2 = MEMO_FN([](int count) { return series(static_cast<std::size_t>(count), 2); });
constexpr auto clean_1 = [](series const& raw, double scale) {
  return static_cast<int>(scale * static_cast<double>(raw.size()) + raw.front());
};
constexpr auto clean_2 = [](series const&, double) { return -1; };

/// "load" by code and inputs, "train" by inputs alone, "upload" never cached.
constexpr auto etl(auto load, auto train) {
  return memo::pipeline<"etl">(
      memo::input<"count", int>, memo::input<"rate", double>,
      memo::step<"raw">(load).template from<"count">(),
      memo::step<"model">(train).template from<"raw", "rate">().cache(memo::inputs_only),
      memo::step<"uploaded">(upload).from<"raw">().cache(memo::never));
}
constexpr auto mixed = etl(load_1, clean_1);

struct fixture {
  auto run(auto const& pipeline, int count, double rate, memo::options options = {}) const {
    return memo::runner{store, options}.run(pipeline, "count"_in = count, "rate"_in = rate);
  }
  scratch_folder folder;
  memo::any_store store{memo::directory_store{folder / "cache"}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "flowyml: code_hash: code or inputs that change run the step again") {
  auto const first = run(mixed, 3, 0.5);
  CHECK(first.get<"raw">() == series{1, 1, 1});
  CHECK(all_ran(first.report()));
  auto const again = run(mixed, 3, 0.5);
  CHECK(again.get<"raw">() == series{1, 1, 1});
  CHECK(test::hits(again.report()) == names{"raw", "model"});
  auto const input = run(mixed, 4, 0.5);
  CHECK(input.get<"raw">() == series(4, 1));
  CHECK(input.report()["raw"].reason == "input `count` changed");
  CHECK(input.report()["raw"].change == "3 \u2192 4");
  auto const code = run(etl(load_2, clean_1), 4, 0.5);
  CHECK(code.get<"raw">() == series(4, 2));
  CHECK(code.report()["raw"].outcome == memo::outcome::ran);
  CHECK(code.report()["raw"].reason == "its source changed");
}

TEST_CASE_METHOD(fixture,
                 "flowyml: input_hash: only inputs that change run the step again, and the report warns") {
  CHECK(run(mixed, 3, 0.5).get<"model">() == 2);
  auto const code = run(etl(load_1, clean_2), 3, 0.5);
  CHECK(code.get<"model">() == 2);  // the old result: that is what the strategy means
  CHECK(code.report()["model"].outcome == memo::outcome::hit);
  REQUIRE(code.report().warnings.size() == 1);
  CHECK(test::contains(code.report().warnings[0], "`model`"));
  auto const rate = run(mixed, 3, 2.0);
  CHECK(rate.get<"model">() == 7);
  CHECK(test::ran(rate.report()) == names{"model", "uploaded"});
  CHECK(rate.report()["model"].reason == "input `rate` changed");
  CHECK(rate.report()["model"].change == "0.5 \u2192 2");
}

TEST_CASE_METHOD(fixture, "flowyml: cache=False: the step always runs") {
  sent = 0;
  for (int i = 1; i <= 3; ++i) {
    auto const each = run(mixed, 3, 0.5);
    CHECK(each.get<"uploaded">() == 3);
    CHECK(each.report()["uploaded"].outcome == memo::outcome::ran);
    CHECK(each.report()["uploaded"].reason == "never cached");
    CHECK(sent == i);
  }
}

TEST_CASE_METHOD(fixture, "flowyml: enable_cache=False for a whole pipeline") {
  run(mixed, 3, 0.5);
  auto const off = run(mixed, 3, 0.5, {.mode = memo::mode::off});
  CHECK(off.get<"model">() == 2);
  CHECK(all_ran(off.report()));
  CHECK(test::hits(run(mixed, 3, 0.5).report()) == names{"raw", "model"});
}

TEST_CASE_METHOD(fixture, "flowyml: clearing the cache, or one step of it") {
  run(mixed, 3, 0.5);
  store.clear_step("etl", "raw");
  auto const one = run(mixed, 3, 0.5);
  CHECK(one.get<"raw">() == series{1, 1, 1});
  CHECK(test::ran(one.report()) == names{"raw", "uploaded"});
  CHECK(one.report()["raw"].reason == "the store has no result of it");
  store.clear();
  auto const all = run(mixed, 3, 0.5);
  CHECK(all.get<"model">() == 2);
  CHECK(all_ran(all.report()));
}

TEST_CASE_METHOD(fixture, "flowyml: two cache directories know nothing of each other") {
  run(mixed, 3, 0.5);
  memo::runner const other{memo::directory_store{folder / "other"}};
  auto const there = other.run(mixed, "count"_in = 3, "rate"_in = 0.5);
  CHECK(there.get<"model">() == 2);
  CHECK(all_ran(there.report()));
}

TEST_CASE_METHOD(fixture, "flowyml: time-based invalidation, and floating-point inputs that nearly agree") {
  constexpr auto daily = memo::pipeline<"daily">(memo::input<"value", double>,
                                                 memo::step<"fetched">([](double v) { return v + 1; })
                                                     .from<"value">()
                                                     .ttl(std::chrono::hours(24))
                                                     .version<1>(),
                                                 memo::step<"rounded">([](double v) { return v; })
                                                     .from<"value">()
                                                     .key([](double v) { return static_cast<long>(v * 1e6); })
                                                     .version<1>());
  memo::manual_clock clock;
  memo::runner const runner{store, {.clock = &clock}};
  CHECK(all_ran(runner.run(daily, "value"_in = 0.5).report()));
  CHECK(all_hit(runner.run(daily, "value"_in = 0.5).report()));
  auto const nearly = runner.run(daily, "value"_in = 0.5 + 1e-12);
  CHECK(nearly.get<"rounded">() == 0.5);
  CHECK(test::hits(nearly.report()) == names{"rounded"});
  clock.advance(std::chrono::hours(25));
  auto const next_day = runner.run(daily, "value"_in = 0.5);
  CHECK(next_day.get<"fetched">() == 1.5);
  CHECK(test::ran(next_day.report()) == names{"fetched"});
  CHECK(next_day.report()["fetched"].reason == "older than its ttl");
}

TEST_CASE_METHOD(fixture, "flowyml: a crash in the last step leaves the steps before it cached") {
  static bool breaks;
  breaks = true;
  constexpr auto p = memo::pipeline<"crash">(
      memo::input<"n", int>, memo::step<"a">([](int n) { return n + 1; }).from<"n">().version<1>(),
      memo::step<"b">([](int a) {
        if (breaks) throw std::runtime_error("out of cheese");
        return a + 1;
      })
          .from<"a">()
          .version<1>());
  memo::runner const runner{store};
  CHECK_THROWS_AS(runner.run(p, "n"_in = 1), memo::step_failed);
  breaks = false;
  auto const resumed = runner.run(p, "n"_in = 1);
  CHECK(resumed.get<"b">() == 3);
  CHECK(test::hits(resumed.report()) == names{"a"});
}
