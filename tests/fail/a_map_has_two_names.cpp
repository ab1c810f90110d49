// expect: a map has one name
// expect: energies
#include <memo/memo.hpp>

#include <utility>
#include <vector>

std::pair<int, int> energy(int particle) { return {particle, particle}; }
constexpr auto p = memo::pipeline<"p">(memo::input<"particles", std::vector<int>>,
                                       memo::step<"energies", "errors">(energy).over<"particles">());

int main() { return static_cast<int>(p.levels()); }
