// expect: or one without an order
// expect: energies
#include <memo/memo.hpp>

#include <unordered_set>

double energy(int particle) { return particle; }
constexpr auto p = memo::pipeline<"p">(memo::input<"particles", std::unordered_set<int>>,
                                       memo::step<"energies">(energy).over<"particles">());

int main() { return static_cast<int>(p.levels()); }
