// expect: context
// expect: draw
#include <memo/memo.hpp>

std::uint64_t draw(memo::context& c, int) { return c.seed(); }

int main() { memo::memoize<"draw">(draw, memo::memory_store{}); }
