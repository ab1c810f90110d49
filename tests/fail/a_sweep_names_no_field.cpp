// expect: a name that is no field
// expect: temprature
// expect: point
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() { return memo::grid<point>("size"_in = {16, 32}, "temprature"_in = {1.0, 2.0}).empty() ? 1 : 0; }
