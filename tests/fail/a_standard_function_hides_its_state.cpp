// expect: a capture is a hidden input
// expect: scaled
#include <memo/memo.hpp>

#include <functional>

int main() {
  std::function<int(int)> const f = [](int x) { return x; };
  auto const p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<"scaled">(f).from<"x">());
  return static_cast<int>(p.levels());
}
