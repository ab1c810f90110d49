// expect: parameters are spelled out
#include <memo/memo.hpp>

constexpr auto twice = [](auto n) { return 2 * n; };

int main() { memo::memoize<"twice">(twice, memo::memory_store{}); }
