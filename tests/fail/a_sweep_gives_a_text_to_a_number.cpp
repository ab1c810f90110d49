// expect: nor a range of such values
// expect: temperature
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int size;
  double temperature;
};

int main() { return memo::grid<point>("size"_in = 1, "temperature"_in = "hot").empty() ? 1 : 0; }
