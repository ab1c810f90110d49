// expect: cannot be called with an element of the range
// expect: energies
#include <memo/memo.hpp>

#include <vector>

double energy(int particle, double scale) { return particle * scale; }
constexpr auto p = memo::pipeline<"p">(memo::input<"particles", std::vector<int>>,
                                       memo::step<"energies">(energy).over<"particles">());

int main() { return static_cast<int>(p.levels()); }
