// expect: owns its data
// expect: head
#include <memo/memo.hpp>

#include <vector>

int const* head(std::vector<int> const& v) { return v.data(); }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"v", std::vector<int>>, memo::step<"head">(head).from<"v">());

int main() { return static_cast<int>(p.levels()); }
