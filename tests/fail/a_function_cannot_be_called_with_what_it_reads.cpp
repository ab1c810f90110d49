// expect: cannot be called with what it reads
// expect: size
#include <memo/memo.hpp>

#include <string>

int size(std::string const& s) { return static_cast<int>(s.size()); }
constexpr auto p = memo::pipeline<"p">(memo::input<"x", double>, memo::step<"size">(size).from<"x">());

int main() { return static_cast<int>(p.levels()); }
