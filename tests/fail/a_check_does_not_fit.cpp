// expect: .check() cannot be called
// expect: mean
#include <memo/memo.hpp>

#include <vector>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"x", double>,
    memo::step<"mean">(f).from<"x">().check([](std::vector<int> const&) { return true; }, "fits"));

int main() { return static_cast<int>(p.levels()); }
