// expect: a column of a table is a range
#include <memo/sweep.hpp>

int main() { return memo::csv(3).empty() ? 1 : 0; }
