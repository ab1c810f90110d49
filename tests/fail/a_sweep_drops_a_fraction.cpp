// expect: do not convert without loss
// expect: size
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() {
  return memo::grid<point>("temperature"_in = 1.5, "size"_in = memo::linspace(1, 2, 3)).empty() ? 1 : 0;
}
