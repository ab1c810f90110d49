// expect: does not convert
// expect: xs
#include <memo/memo.hpp>

#include <vector>

using namespace memo::literals;

std::size_t f(std::vector<double> const& v) { return v.size(); }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"xs", std::vector<double>>, memo::step<"y">(f).from<"xs">());

int main() {
  memo::runner const r{memo::memory_store{}};
  r.run(p, "xs"_in = 5);
}
