// expect: reads a name that no input or step
// expect: energies
// expect: particle_list
#include <memo/memo.hpp>

#include <vector>

double energy(int particle) { return particle; }
constexpr auto p = memo::pipeline<"p">(memo::input<"particles", std::vector<int>>,
                                       memo::step<"energies">(energy).over<"particle_list">());

int main() { return static_cast<int>(p.levels()); }
