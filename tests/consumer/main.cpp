#include <cstdio>
#include <memo/memo.hpp>
#include <memo/sweep.hpp>

using namespace memo::literals;

int square(int x) { return x * x; }
constexpr auto numbers =
    memo::pipeline<"numbers">(memo::input<"n", int>, memo::step<"square">(square).from<"n">().version<1>());

struct point {
  int size;
  double temperature;
};

int main() {
  auto const points = memo::grid<point>("size"_in = {16, 32}, "temperature"_in = {1.5, 2.5});
  memo::runner runner{memo::memory_store{}};
  int const cold = runner.run(numbers, "n"_in = 7).get<"square">();
  auto warm = runner.run(numbers, "n"_in = 7);
  bool const right = points.size() == 4 && cold == 49 && warm.get<"square">() == 49 &&
                     warm.report().count(memo::outcome::hit) == 1;
  std::puts(right ? "memo works" : "memo does not work");
  return right ? 0 : 1;
}
