// expect: cannot be called with what it reads
// expect: count
#include <memo/memo.hpp>

struct counter {
  int calls = 0;
  int operator()(int x) { return x + ++calls; }
};
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<"count">(counter{}).from<"x">());

int main() { return static_cast<int>(p.levels()); }
