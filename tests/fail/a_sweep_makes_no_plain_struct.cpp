// expect: a sweep makes values of a plain struct
// expect: point
#include <memo/sweep.hpp>

using namespace memo::literals;

class point {
 public:
  point(int size, double temperature) : size_(size), temperature_(temperature) {}
  int size() const { return size_; }
  double temperature() const { return temperature_; }

 private:
  int size_;
  double temperature_;
};

int main() { return memo::grid<point>("size"_in = {16, 32}).empty() ? 1 : 0; }
