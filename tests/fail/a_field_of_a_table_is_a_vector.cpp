// expect: a column of a table is a range
// expect: result
#include <memo/sweep.hpp>

struct result {
  double mean;
  std::vector<double> all;
};

int main() {
  std::vector<result> const results(3);
  memo::write_csv("results.csv", results);
}
