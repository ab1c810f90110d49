// Keys of steps with a version, pinned. A red line here means that every cache that exists is void, on purpose or by
// accident. If on purpose, raise memo::key_format_version and pin the new keys. They are the same with every compiler
// and at every level of optimisation, where neither fast-math nor FMA is on.
#include <memo/memo.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace memo::literals;

namespace {

struct settings {
  double rate;
  int epochs;
};

std::vector<double> grid(int n) { return std::vector<double>(static_cast<std::size_t>(n), 0.5); }
std::pair<double, double> ends(std::vector<double> const& values, settings const& s) {
  return {values.front() * s.rate, values.back() * s.epochs};
}
std::string label(double low, double high, std::string const& unit) {
  return std::to_string(low) + std::to_string(high) + unit;
}
struct scaled {
  double factor;
  double operator()(double x) const { return factor * x; }
};

constexpr auto measured = memo::pipeline<"measured">(
    memo::input<"n", int>, memo::input<"settings", settings>,
    memo::input<"unit", std::string>.defaults_to("m"), memo::step<"grid">(grid).from<"n">().version<1>(),
    memo::step<"low", "high">(ends).from<"grid", "settings">().version<-2>(),
    memo::step<"label">(label).from<"low", "high", "unit">().version<3>(),
    memo::step<"scaled">(scaled{2.5}).from<"high">().version<4>(),
    memo::step<"loose">(grid).from<"n">().cache(memo::inputs_only));

}  // namespace

TEST_CASE("keys of versioned steps stay as they are") {
  memo::runner runner{memo::memory_store{}};
  auto const run = runner.run(measured, "n"_in = 100, "settings"_in = settings{0.1, 3});
  auto const key = [&](char const* step) { return memo::to_hex(run.report()[step].key); };
  CHECK(key("grid") == "eac39a2cb40fd92ab4bd285673bca5ae");
  CHECK(key("low") == "49e5cd92cd0dc3b22abf269582be1e66");
  CHECK(key("label") == "77d8db90a4ff062cad4cd1f3ac54506c");
  CHECK(key("scaled") == "6022cf29f64d6229d8d90ca194cf3043");
  CHECK(key("loose") == "c2568b97db449935a96041eb1a6b61e2");
}

TEST_CASE("project and secret are in the keys") {
  memo::runner runner{memo::memory_store{}, {.project = "wind tunnel", .secret = "not to be told"}};
  auto const run = runner.run(measured, "n"_in = 100, "settings"_in = settings{0.1, 3});
  CHECK(memo::to_hex(run.report()["label"].key) == "61312d9e9f29b10890d1f61184af4ebc");
  CHECK(memo::to_hex(run.report()["label"].value) == "98473adb0b331bc4f9cf539983bdd4fd");
}

TEST_CASE("keys of memoized functions stay as they are") {
  memo::memory_store store;
  auto const simulate = memo::memoize<"simulate">(
      +[](int steps, double dt, std::string const& scheme) {
        return steps * dt + static_cast<double>(scheme.size());
      },
      store);
  CHECK(simulate.version<2>()(100, 0.5, "rk4") == 53.0);
  REQUIRE(store.list().size() == 1);
  CHECK(memo::to_hex(store.list().front().key) == "6aada04e73b0a0f9d5b939e8264aa037");
}
