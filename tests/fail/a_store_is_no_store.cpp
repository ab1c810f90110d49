// expect: store
#include <memo/memo.hpp>

struct no_store {};
int f(int x) { return x; }

int main() { memo::runner const r{no_store{}}; }
