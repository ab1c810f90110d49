// expect: have the same name
// expect: half
#include <memo/memo.hpp>

#include <utility>

std::pair<int, int> f(int x) { return {x, x}; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<"half", "half">(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
