// expect: a capture is a hidden input
// expect: scaled
#include <memo/memo.hpp>

class scaler {
 public:
  constexpr explicit scaler(int factor) : factor_(factor) {}
  int operator()(int x) const { return factor_ * x; }

 private:
  int factor_;
};
constexpr auto p = memo::pipeline<"p">(memo::input<"x", int>, memo::step<"scaled">(scaler(3)).from<"x">());

int main() { return static_cast<int>(p.levels()); }
