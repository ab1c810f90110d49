// expect: in a cycle
// expect: aaa
// expect: bbb
// expect: ccc
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::step<"aaa">(f).from<"bbb">(), memo::step<"bbb">(f).from<"ccc">(),
                                       memo::step<"ccc">(f).from<"aaa">());

int main() { return static_cast<int>(p.levels()); }
