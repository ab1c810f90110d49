// expect: owns its data
// expect: words
#include <memo/memo.hpp>

#include <string>
#include <vector>

std::string const& word(std::string const& line) { return line; }
std::size_t count(std::vector<std::string> const& words) { return words.size(); }
constexpr auto p = memo::pipeline<"p">(memo::step<"count">(count).from<"words">(),
                                       memo::input<"lines", std::vector<std::string>>,
                                       memo::step<"words">(word).over<"lines">());

int main() { return static_cast<int>(p.levels()); }
