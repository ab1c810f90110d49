// expect: .key() cannot be called
// expect: scaled
#include <memo/memo.hpp>

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>,
                                       memo::step<"scaled">(f).from<"x">().key([](int, int) { return 1; }));

int main() { return static_cast<int>(p.levels()); }
