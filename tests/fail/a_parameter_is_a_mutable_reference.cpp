// expect: non-const reference
// expect: sorted
#include <memo/memo.hpp>

#include <vector>

std::vector<int> sorted(std::vector<int>& v) { return v; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"v", std::vector<int>>, memo::step<"sorted">(sorted).from<"v">());

int main() { return static_cast<int>(p.levels()); }
