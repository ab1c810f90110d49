// expect: owns its data
// expect: nodes
#include <memo/memo.hpp>

#include <vector>

std::vector<int*> nodes(int) { return {}; }
constexpr auto p = memo::pipeline<"p">(memo::input<"n", int>, memo::step<"nodes">(nodes).from<"n">());

int main() { return static_cast<int>(p.levels()); }
