// expect: can be neither hashed nor serialized
// expect: trees
#include <memo/memo.hpp>

#include <vector>

class tree {
 public:
  int size() const { return size_; }

 private:
  int size_ = 0;
};
tree grow(int) { return {}; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"sizes", std::vector<int>>, memo::step<"trees">(grow).over<"sizes">());

int main() { return static_cast<int>(p.levels()); }
