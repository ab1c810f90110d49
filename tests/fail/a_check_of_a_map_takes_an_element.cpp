// expect: .check() cannot be called
// expect: energies
#include <memo/memo.hpp>

#include <vector>

double energy(int particle) { return particle; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"particles", std::vector<int>>,
    memo::step<"energies">(energy).over<"particles">().check([](double e) { return e > 0; }, "positive"));

int main() { return static_cast<int>(p.levels()); }
