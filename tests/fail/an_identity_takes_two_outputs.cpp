// expect: .identity() cannot be called
// expect: half
#include <memo/memo.hpp>

#include <utility>

std::pair<int, int> f(int x) { return {x, x}; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"x", int>,
    memo::step<"half", "rest">(f).from<"x">().identity([](int a, int b) { return a + b; }));

int main() { return static_cast<int>(p.levels()); }
