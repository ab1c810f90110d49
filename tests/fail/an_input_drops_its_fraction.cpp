// expect: does not convert
// expect: count
#include <memo/memo.hpp>

using namespace memo::literals;

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(memo::input<"count", int>, memo::step<"y">(f).from<"count">());

int main() {
  memo::runner const r{memo::memory_store{}};
  r.run(p, "count"_in = 2.5);
}
