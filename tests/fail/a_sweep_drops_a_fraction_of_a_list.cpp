// expect: do not convert without loss
// expect: size
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() { return memo::zip<point>("temperature"_in = 1.5, "size"_in = {0.5, 1.5}).empty() ? 1 : 0; }
