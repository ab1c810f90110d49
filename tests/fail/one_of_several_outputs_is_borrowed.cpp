// expect: owns its data
// expect: head
#include <memo/memo.hpp>

#include <string>
#include <string_view>
#include <utility>

std::pair<int, std::string_view> head(std::string const& s) { return {1, s}; }
constexpr auto p = memo::pipeline<"p">(memo::input<"s", std::string>,
                                       memo::step<"count", "head">(head).from<"s">().cache(memo::never));

int main() { return static_cast<int>(p.levels()); }
