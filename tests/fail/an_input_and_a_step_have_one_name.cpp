// expect: have the same name
// expect: x
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", double>, memo::step<"x">(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
