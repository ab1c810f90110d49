// expect: must return a value
// expect: simulate
#include <memo/memo.hpp>

void simulate(int) {}

int main() { memo::memoize<"simulate">(simulate, memo::memory_store{}); }
