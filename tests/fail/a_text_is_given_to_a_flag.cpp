// expect: does not convert
// expect: verbose
#include <memo/memo.hpp>

using namespace memo::literals;

int f(bool x) { return x ? 1 : 0; }
constexpr auto p = memo::pipeline<"p">(memo::input<"verbose", bool>, memo::step<"y">(f).from<"verbose">());

int main() {
  memo::runner const r{memo::memory_store{}};
  r.run(p, "verbose"_in = "false");
}
