// expect: the elements of the range of the map
// expect: energies
// expect: particle
#include <memo/memo.hpp>

#include <vector>

class particle {
 public:
  int charge() const { return charge_; }

 private:
  int charge_ = 0;
};
std::vector<particle> particles() { return {}; }
int energy(particle const& p) { return p.charge(); }
constexpr auto p = memo::pipeline<"p">(memo::step<"particles">(particles).cache(memo::in_memory),
                                       memo::step<"energies">(energy).over<"particles">());

int main() { return static_cast<int>(p.levels()); }
