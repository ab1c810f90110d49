// expect: was given values twice
// expect: size
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() { return memo::grid<point>("size"_in = {16, 32}, "size"_in = {1, 2}).empty() ? 1 : 0; }
