// expect: names a value that is no range
// expect: energies
#include <memo/memo.hpp>

double energy(int particle) { return particle; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"particle", int>, memo::step<"energies">(energy).over<"particle">());

int main() { return static_cast<int>(p.levels()); }
