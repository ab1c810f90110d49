// expect: must return a tuple, pair or array
// expect: half
#include <memo/memo.hpp>

#include <utility>

std::pair<int, int> f(int x) { return {x, x}; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"x", int>, memo::step<"half", "rest", "sum">(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
