// expect: a capture is a hidden input
// expect: scaled
#include <memo/memo.hpp>

int main() {
  int factor = 3;
  auto scaled = memo::memoize<"scaled">([factor](int x) { return factor * x; }, memo::memory_store{});
  return scaled(2);
}
