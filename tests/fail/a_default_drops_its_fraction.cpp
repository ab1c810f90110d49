// expect: defaults_to()
// expect: leaf_size
#include <memo/memo.hpp>

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"leaf_size", int>.defaults_to(0.5),
                                       memo::step<"x">(f).from<"leaf_size">());

int main() { return static_cast<int>(p.levels()); }
