// expect: names the one range of a map
#include <memo/memo.hpp>

double energy(int particle, int charge) { return particle * charge; }
constexpr auto step = memo::step<"energies">(energy).over<"particles">().over<"charges">();

int main() { return static_cast<int>(step.names.size()); }
