// expect: owns its data
// expect: head
#include <memo/memo.hpp>

#include <string>
#include <string_view>

std::string_view head(std::string const& s) { return s; }

int main() { memo::memoize<"head">(head, memo::memory_store{}); }
