// expect: a capture is a hidden input
// expect: scaled
#include <memo/memo.hpp>

int main() {
  int factor = 3;
  auto const p = memo::pipeline<"p">(
      memo::input<"x", int>, memo::step<"scaled">([factor](int x) { return factor * x; }).from<"x">());
  return static_cast<int>(p.levels());
}
