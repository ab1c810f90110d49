// expect: cannot be called with an element of the range
// expect: energies
// expect: string
// expect: double
#include <memo/memo.hpp>

#include <string>
#include <vector>

double energy(int particle, double scale) { return particle * scale; }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"particles", std::vector<std::string>>, memo::input<"scale", double>,
                        memo::step<"energies">(energy).over<"particles">().from<"scale">());

int main() { return static_cast<int>(p.levels()); }
