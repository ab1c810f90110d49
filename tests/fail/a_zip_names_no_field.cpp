// expect: a name that is no field
// expect: energy
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() { return memo::zip<point>("energy"_in = {16, 32}).empty() ? 1 : 0; }
