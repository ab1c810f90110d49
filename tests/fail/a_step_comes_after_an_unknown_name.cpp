// expect: reads a name that no input or step
// expect: mean
// expect: lod
#include <memo/memo.hpp>

double mean(double x) { return x; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"data", double>, memo::step<"mean">(mean).from<"data">().after<"lod">());

int main() { return static_cast<int>(p.levels()); }
