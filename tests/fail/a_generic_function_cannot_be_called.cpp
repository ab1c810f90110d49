// expect: cannot be called with what it reads
// expect: size
#include <memo/memo.hpp>

constexpr auto p = memo::pipeline<"p">(
    memo::input<"x", double>,
    memo::step<"size">([](auto const&, auto const&, auto const&) { return 1; }).from<"x">());

int main() { return static_cast<int>(p.levels()); }
