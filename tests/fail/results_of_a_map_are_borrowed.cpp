// expect: owns its data
// expect: words
#include <memo/memo.hpp>

#include <string>
#include <string_view>
#include <vector>

std::string_view word(std::string const& line) { return line; }
constexpr auto p = memo::pipeline<"p">(memo::input<"lines", std::vector<std::string>>,
                                       memo::step<"words">(word).over<"lines">());

int main() { return static_cast<int>(p.levels()); }
