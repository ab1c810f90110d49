// expect: in a cycle
// expect: aaa
// expect: bbb
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"x", double>, memo::step<"aaa">(f).from<"x">().after<"bbb">(),
                        memo::step<"bbb">(f).from<"aaa">());

int main() { return static_cast<int>(p.levels()); }
