// expect: whose fields are not const
// expect: point
#include <memo/sweep.hpp>

using namespace memo::literals;

struct point {
  int const size = 1;
};

int main() { return memo::grid<point>("size"_in = {16, 32}).empty() ? 1 : 0; }
