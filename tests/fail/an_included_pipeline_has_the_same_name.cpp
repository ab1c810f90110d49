// expect: have the same name
// expect: mean
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto inner = memo::pipeline<"inner">(memo::input<"x", double>, memo::step<"mean">(f).from<"x">());
constexpr auto p = memo::pipeline<"p">(inner, memo::step<"mean">(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
