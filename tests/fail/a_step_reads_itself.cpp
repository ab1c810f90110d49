// expect: in a cycle
// expect: mean
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::step<"mean">(f).from<"mean">());

int main() { return static_cast<int>(p.levels()); }
