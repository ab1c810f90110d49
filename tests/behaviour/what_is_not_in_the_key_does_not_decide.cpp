// Cases in which a value could pass for another one: each was wrong once.
#include <memo/memo.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <stop_token>
#include <string>

using namespace memo::literals;

namespace {

/// A type that can be neither hashed nor serialized.
struct opaque {
  int* pointer = nullptr;
  int value = 0;
};

int world = 1;

struct unhashable_now {
  int x;
};

struct rate_first {
  double rate, momentum;
  double operator()(int) const { return rate; }
};
struct momentum_first {
  double momentum, rate;
  double operator()(int) const { return rate; }
};

constexpr auto a = [] {
  return memo::step<"a">([](int) { return opaque{nullptr, world}; })
      .from<"n">()
      .version<1>()
      .cache(memo::in_memory);
};
constexpr auto b = [] {
  return memo::step<"b">([](opaque const& o) { return o.value; }).from<"a">().version<1>();
};

void write(std::string const& path, char const* text) { std::ofstream(path) << text; }

}  // namespace

template <>
struct memo::hash_of<unhashable_now> {
  static int of(unhashable_now const&) { throw std::runtime_error("no hash today"); }
};

TEST_CASE("a value that cannot be hashed and has grown too old is not taken for its successor") {
  memo::process_store().clear();
  memo::manual_clock clock;
  memo::runner runner{memo::memory_store{}, {.clock = &clock}};
  auto const aging =
      memo::pipeline<"opaque values">(memo::input<"n", int>, a().ttl(std::chrono::hours(1)), b());
  world = 1;
  CHECK(runner.run(aging, "n"_in = 1).get<"b">() == 1);
  clock.advance(std::chrono::hours(2));
  world = 2;
  auto const run = runner.run(aging, "n"_in = 1);
  CHECK(run.get<"b">() == 2);
  CHECK(run.report()["b"].outcome == memo::outcome::ran);
}

TEST_CASE("a forced value in memory does not slip under the entry of its predecessor") {
  memo::process_store().clear();
  memo::memory_store store;
  memo::runner runner{store};
  memo::runner forcing{store, {.force = {"a"}}};
  auto const only_a = memo::pipeline<"opaque values">(memo::input<"n", int>, a());
  auto const both = memo::pipeline<"opaque values">(memo::input<"n", int>, a(), b());
  world = 1;
  auto const before = runner.run(only_a, "n"_in = 7);
  world = 2;
  forcing.run(only_a, "n"_in = 7);
  CHECK(before.get<"a">().value == 1);
  auto const after = runner.run(both, "n"_in = 7);
  CHECK(after.report()["a"].outcome == memo::outcome::hit);
  CHECK(after.get<"b">() == after.get<"a">().value);
}

TEST_CASE("a lost value that cannot be hashed is made again without being called another") {
  memo::process_store().clear();
  memo::memory_store store;
  memo::runner runner{store, {.strict = true}};
  auto const both = memo::pipeline<"opaque values">(memo::input<"n", int>, a(), b());
  world = 3;
  runner.run(both, "n"_in = 9);
  auto const run = runner.run(both, "n"_in = 9);
  store.clear();
  CHECK(run.get<"a">().value == 3);
  CHECK_FALSE(run.report()["a"].not_reproducible);
}

TEST_CASE("a file that changes while a step reads it keeps the result out of the cache") {
  scratch_folder const folder;
  std::string const path = (folder / "data.txt").string();
  static bool meddle;
  auto const reading =
      memo::pipeline<"reading">(memo::input<"f", memo::file>, memo::step<"text">([](memo::file const& f) {
                                                                if (meddle) write(f.path().string(), "v2");
                                                                std::string text;
                                                                std::ifstream(f.path()) >> text;
                                                                return text;
                                                              })
                                                                  .from<"f">()
                                                                  .version<1>());
  memo::runner runner{memo::memory_store{}};
  meddle = true;
  write(path, "v1");
  auto const first = runner.run(reading, "f"_in = path);
  CHECK(first.get<"text">() == "v2");
  CHECK(test::contains(first.report()["text"].reason, "changed while it ran"));
  meddle = false;
  write(path, "v1");
  auto const second = runner.run(reading, "f"_in = path);
  CHECK(second.get<"text">() == "v1");
  CHECK(second.report()["text"].outcome == memo::outcome::ran);
}

TEST_CASE("what .identity stood for is not taken for a plain value when it is removed") {
  memo::runner runner{memo::memory_store{}};
  auto const plain = memo::step<"a">([](double x) { return x; }).from<"x">().version<1>();
  auto const reader = memo::step<"b">([](double x) { return x * 10; }).from<"a">().version<1>();
  auto const rounded = memo::pipeline<"p">(
      memo::input<"x", double>,
      plain.identity([](double v) { return static_cast<double>(static_cast<int>(v * 10)) / 10; }), reader);
  auto const exact = memo::pipeline<"p">(memo::input<"x", double>, plain, reader);
  CHECK(runner.run(rounded, "x"_in = 1.23).get<"b">() == Approx(12.3));
  auto const close = runner.run(rounded, "x"_in = 1.21);
  CHECK(close.report()["b"].outcome == memo::outcome::hit);
  auto const run = runner.run(exact, "x"_in = 1.2);
  CHECK(run.get<"b">() == Approx(12.0));
  CHECK(run.report()["b"].outcome == memo::outcome::ran);
  CHECK(runner.run(exact, "x"_in = 1.21).get<"b">() == Approx(12.1));
}

TEST_CASE("swapped members of a function object are another function") {
  memo::runner runner{memo::memory_store{}};
  auto const one = memo::pipeline<"p">(memo::input<"n", int>,
                                       memo::step<"r">(rate_first{0.1, 0.9}).from<"n">().version<1>());
  auto const other = memo::pipeline<"p">(memo::input<"n", int>,
                                         memo::step<"r">(momentum_first{0.1, 0.9}).from<"n">().version<1>());
  CHECK(runner.run(one, "n"_in = 1).get<"r">() == 0.1);
  auto const run = runner.run(other, "n"_in = 1);
  CHECK(run.get<"r">() == 0.9);
  CHECK(run.report()["r"].outcome == memo::outcome::ran);
}

TEST_CASE("a stop that comes while lost values are made again ends the run") {
  memo::memory_store store;
  static std::stop_source* source;
  static int count;
  source = nullptr;
  count = 0;
  auto const chain = memo::pipeline<"chain">(
      memo::input<"n", int>,
      memo::step<"c">([](int n) {
        if (source != nullptr) source->request_stop();
        return n + count++;
      })
          .from<"n">()
          .version<1>()
          .cache(memo::digest_only),
      memo::step<"b">([](int n) { return n; }).from<"c">().version<1>().cache(memo::digest_only),
      memo::step<"a">([](int n) { return n; }).from<"b">().version<1>());
  memo::runner{store}.run(chain, "n"_in = 1);
  std::stop_source stop;
  source = &stop;
  memo::runner stopped{store, {.force = {"a"}, .stop = stop.get_token()}};
  CHECK_THROWS_AS(stopped.run(chain, "n"_in = 1), memo::run_cancelled);
}

TEST_CASE("a step with a context that reads what cannot be hashed runs in every mode") {
  for (memo::mode const m : {memo::mode::off, memo::mode::read_write}) {
    memo::runner runner{memo::memory_store{}, {.mode = m}};
    world = 5;
    auto const reads = memo::pipeline<"p">(
        memo::input<"n", int>,
        memo::step<"a">([](int) { return opaque{nullptr, world}; }).from<"n">().cache(memo::never),
        memo::step<"b">([](memo::context&, opaque const& o) { return o.value; }).from<"a">());
    CHECK(runner.run(reads, "n"_in = 1).get<"b">() == 5);
    auto const hash_fails = memo::pipeline<"q">(
        memo::input<"n", unhashable_now>,
        memo::step<"b">([](memo::context&, unhashable_now const& o) { return o.x; }).from<"n">());
    auto const run = runner.run(hash_fails, "n"_in = unhashable_now{3});
    CHECK(run.get<"b">() == 3);
    CHECK(run.report()["b"].outcome == memo::outcome::ran);
  }
}

TEST_CASE("a memoized function whose file cannot be read is called and not cached") {
  auto const f = memo::memoize<"f">([](memo::file const&) { return 1; }, memo::memory_store{});
  memo::file const missing("/nonexistent/file");
  CHECK(f(missing) == 1);
  CHECK(f.stats().hits == 0);
  CHECK_FALSE(f.contains(missing));
  CHECK_FALSE(f.erase(missing));
  auto const with_context =
      memo::memoize<"g">([](memo::context&, memo::file const&) { return 2; }, memo::memory_store{});
  CHECK(with_context(missing) == 2);
  CHECK(with_context.stats().hits == 0);
}

TEST_CASE("a memoized function that fails when it is verified keeps its stored value") {
  static int calls;
  calls = 0;
  auto const f = memo::memoize<"f">(
      [](int) {
        if (calls++ > 0) throw std::runtime_error("flaky");
        return 1;
      },
      memo::memory_store{}, {.mode = memo::mode::verify, .verify = 1});
  CHECK(f(1) == 1);
  CHECK(f(1) == 1);
  CHECK(f.stats().differences == 1);
}

TEST_CASE("one memory of a function may stand behind another") {
  memo::memory_store front, back;
  static int calls;
  calls = 0;
  auto const slow = memo::memoize<"f">(
      +[](int n) {
        ++calls;
        return n * 2;
      },
      back);
  static decltype(slow) const* behind;
  behind = &slow;
  auto const fast = memo::memoize<"f">(+[](int n) { return (*behind)(n); }, front);
  CHECK(fast(21) == 42);
  CHECK(fast(21) == 42);
  CHECK(calls == 1);
  CHECK(slow.stats().misses == 1);
}
