// expect: cannot be called with what it reads
// expect: use
#include <memo/memo.hpp>

#include <memory>

int use(std::unique_ptr<int> p) { return *p; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"owner", std::unique_ptr<int>>, memo::step<"use">(use).from<"owner">());

int main() { return static_cast<int>(p.levels()); }
