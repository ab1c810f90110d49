// expect: a step needs a name
#include <memo/memo.hpp>

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<>(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
