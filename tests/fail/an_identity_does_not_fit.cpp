// expect: .identity() cannot be called
// expect: scaled
#include <memo/memo.hpp>

#include <vector>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"x", double>,
    memo::step<"scaled">(f).from<"x">().identity([](std::vector<int> const&) { return 1; }));

int main() { return static_cast<int>(p.levels()); }
