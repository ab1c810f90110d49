#include <cstdio>
#include <memo/memo.hpp>
#include <memo/sweep.hpp>

#include "square.hpp"
#if __has_include("square_version.hpp")
#  include "square_version.hpp"
#else
inline constexpr std::int64_t square_version = 1;
#endif

using namespace memo::literals;

constexpr auto numbers = memo::pipeline<"numbers">(
    memo::input<"n", int>, memo::step<"square">(square).from<"n">().version<square_version>());

struct point {
  int size;
  double temperature;
};

// usage: consumer [CACHE_FOLDER]
int main(int argc, char** argv) {
  auto const points = memo::grid<point>("size"_in = {16, 32}, "temperature"_in = {1.5, 2.5});
  memo::runner runner{argc > 1 ? memo::any_store(memo::directory_store{argv[1]})
                               : memo::any_store(memo::memory_store{})};
  auto cold = runner.run(numbers, "n"_in = 7);
  auto warm = runner.run(numbers, "n"_in = 7);
  bool const right = points.size() == 4 && cold.get<"square">() == warm.get<"square">() &&
                     warm.report().count(memo::outcome::hit) == 1;
  std::printf("memo %s: %s, %s\n", right ? "works" : "does not work", cold.get<"square">().c_str(),
              cold.report().count(memo::outcome::hit) == 1 ? "hit" : "ran");
  return right ? 0 : 1;
}
