// expect: added_with()
// expect: leaf_size
#include <memo/memo.hpp>

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"leaf_size", int>.added_with(nullptr),
                                       memo::step<"x">(f).from<"leaf_size">());

int main() { return static_cast<int>(p.levels()); }
