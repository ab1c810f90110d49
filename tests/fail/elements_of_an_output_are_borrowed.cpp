// expect: owns its data
// expect: words
#include <memo/memo.hpp>

#include <string>
#include <string_view>
#include <vector>

std::vector<std::string_view> words(std::string const& s) { return {s}; }
constexpr auto p = memo::pipeline<"p">(memo::input<"s", std::string>,
                                       memo::step<"words">(words).from<"s">().cache(memo::never));

int main() { return static_cast<int>(p.levels()); }
