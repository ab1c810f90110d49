// expect: equal elements share
// expect: trees
#include <memo/memo.hpp>

#include <memory>
#include <vector>

std::unique_ptr<int> tree(int size) { return std::make_unique<int>(size); }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"sizes", std::vector<int>>, memo::step<"trees">(tree).over<"sizes">());

int main() { return static_cast<int>(p.levels()); }
