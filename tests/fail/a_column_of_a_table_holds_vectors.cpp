// expect: a column of a table is a range
#include <memo/sweep.hpp>

int main() {
  std::vector<int> const points(3);
  std::vector<std::vector<double>> const spectra(3);
  return memo::csv(points, memo::column<"spectrum">(spectra)).empty() ? 1 : 0;
}
