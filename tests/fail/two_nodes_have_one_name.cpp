// expect: have the same name
// expect: mean
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", double>, memo::step<"mean">(f).from<"x">(),
                                       memo::step<"other">(f).from<"x">(), memo::step<"mean">(f).from<"x">());

int main() { return static_cast<int>(p.levels()); }
