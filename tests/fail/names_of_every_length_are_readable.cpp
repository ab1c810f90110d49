// expect: reads a name that no input or step
// expect: quantity
// expect: sixteen_letters_
#include <memo/memo.hpp>

double f(double x) { return x; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"x", double>, memo::step<"quantity">(f).from<"sixteen_letters_">());

int main() { return static_cast<int>(p.levels()); }
