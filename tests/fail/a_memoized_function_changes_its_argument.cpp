// expect: non-const reference
// expect: simulate
#include <memo/memo.hpp>

int simulate(int& n) { return ++n; }

int main() { memo::memoize<"simulate">(simulate, memo::memory_store{}); }
