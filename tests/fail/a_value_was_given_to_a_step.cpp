// expect: no input of the pipeline
// expect: "y"
#include <memo/memo.hpp>

using namespace memo::literals;

double f(double x, double k) { return x * k; }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", double>, memo::input<"factor", double>,
                                       memo::step<"y">(f).from<"x", "factor">());

int main() {
  memo::runner const r{memo::memory_store{}};
  r.run(p, "x"_in = 1.0, "factor"_in = 2.0, "y"_in = 2.0);
}
