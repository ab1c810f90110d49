// expect: owns its data
// expect: head
#include <memo/memo.hpp>

#include <string>
#include <string_view>

std::string_view head(std::string const& s) { return std::string_view(s).substr(0, 1); }
constexpr auto p = memo::pipeline<"p">(memo::input<"s", std::string>, memo::step<"head">(head).from<"s">());

int main() { return static_cast<int>(p.levels()); }
