// The passages of README.md that are no whole program.
#include <memo/memo.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace {

int calls = 0;

double simulate(int steps, double dt) {
  ++calls;
  return steps * dt;
}

}  // namespace

TEST_CASE("the README's memoized function is computed once and then read back") {
  std::filesystem::remove_all(".cache");
  int const steps = 100;
  double const dt = 0.5;
  for (int times = 0; times < 2; ++times) {
    // clang-format off
memo::directory_store store{".cache"};
auto sim = memo::memoize<"simulate">(simulate, store).version<1>();  // a new number after each change of simulate
double energy = sim(steps, dt);                                      // computed once, then read back
    // clang-format on
    CHECK(energy == 50.0);
    CHECK(calls == 1);
    CHECK(sim.stats().hits == (times == 0 ? 0u : 1u));
  }
  std::filesystem::remove_all(".cache");
}
