// expect: a capture is a hidden input
// expect: scaled
#include <memo/memo.hpp>

#include <vector>

class scaler {
 public:
  constexpr explicit scaler(int factor) : factor_(factor) {}
  int operator()(int x) const { return factor_ * x; }

 private:
  int factor_;
};
constexpr auto p =
    memo::pipeline<"p">(memo::input<"xs", std::vector<int>>, memo::step<"scaled">(scaler(3)).over<"xs">());

int main() { return static_cast<int>(p.levels()); }
