// expect: the type of the input
// expect: particles
#include <memo/memo.hpp>

#include <vector>

class particle {
 public:
  int charge() const { return charge_; }

 private:
  int charge_ = 0;
};
int energy(particle const& p) { return p.charge(); }
constexpr auto p = memo::pipeline<"p">(memo::input<"particles", std::vector<particle>>,
                                       memo::step<"energies">(energy).over<"particles">());

int main() { return static_cast<int>(p.levels()); }
