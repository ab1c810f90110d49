// expect: cannot be called with what it reads
// expect: count
#include <memo/memo.hpp>

constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>,
                                       memo::step<"count">([](int x) mutable { return x; }).from<"x">());

int main() { return static_cast<int>(p.levels()); }
