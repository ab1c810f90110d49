// expect: .identity() cannot be called
// expect: energies
#include <memo/memo.hpp>

#include <vector>

double energy(int particle) { return particle; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"particles", std::vector<int>>,
    memo::step<"energies">(energy).over<"particles">().identity([](double e) { return e; }));

int main() { return static_cast<int>(p.levels()); }
