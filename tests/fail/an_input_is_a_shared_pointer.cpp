// expect: can be neither hashed nor serialized
// expect: node
#include <memo/memo.hpp>

#include <memory>

int number(std::shared_ptr<int> const& p) { return *p; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"node", std::shared_ptr<int>>, memo::step<"n">(number).from<"node">());

int main() { return static_cast<int>(p.levels()); }
