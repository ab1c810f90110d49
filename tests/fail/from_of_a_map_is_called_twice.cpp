// expect: names all that the step reads
#include <memo/memo.hpp>

double energy(int particle, int a, int b) { return particle * a * b; }
constexpr auto step = memo::step<"energies">(energy).over<"particles">().from<"a">().from<"b">();

int main() { return static_cast<int>(step.names.size()); }
