// expect: .check() cannot be called
// expect: mean
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", double>,
                                       memo::step<"mean">(f).from<"x">().check([](double) {}, "is nothing"));

int main() { return static_cast<int>(p.levels()); }
