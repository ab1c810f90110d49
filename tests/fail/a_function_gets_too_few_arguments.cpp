// expect: cannot be called with what it reads
// expect: sum
#include <memo/memo.hpp>

int sum(int a, int b) { return a + b; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<"sum">(sum).from<"x">());

int main() { return static_cast<int>(p.levels()); }
