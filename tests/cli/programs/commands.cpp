// The program that commands.py types commands into. WAIT_FILE: the step `wait` says by this file that it runs.
#include <memo/cli.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

enum class kernel { flat, steep };
struct training {
  double rate = 0.5;
  int epochs = 3;
};

std::vector<double> values(int n, kernel k, training const& t) {
  std::vector<double> made;
  for (int i = 0; i < n; ++i) made.push_back(t.rate * (k == kernel::flat ? 1 : i) * t.epochs);
  return made;
}
double total(std::vector<double> const& all) {
  double sum = 0;
  for (double const one : all) sum += one;
  if (sum == 13.5) throw std::runtime_error("13.5 is no good sum");
  return sum;
}
// Gives another result each time: what verify is for.
long chance(bool constant) {
  return constant ? 4 : std::chrono::steady_clock::now().time_since_epoch().count();
}
int wait(memo::context& context, std::chrono::seconds longest) {
  if (char const* const file = std::getenv("WAIT_FILE")) std::ofstream(file) << "running\n";
  auto const end = std::chrono::steady_clock::now() + longest;
  while (std::chrono::steady_clock::now() < end && !context.stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return 1;
}

constexpr auto sample =
    memo::pipeline<"sample">(memo::input<"n", int>, memo::input<"kernel", kernel>.defaults_to(kernel::flat),
                             memo::input<"training", training>.defaults_to(training{}),
                             memo::input<"constant", bool>.defaults_to(true),
                             memo::input<"pause", std::chrono::seconds>.defaults_to(std::chrono::seconds{0}),
                             memo::step<"values">(values).from<"n", "kernel", "training">().version<1>(),
                             memo::step<"total">(total).from<"values">().version<1>(),
                             memo::step<"chance">(chance).from<"constant">().version<1>(),
                             memo::step<"wait">(wait).from<"pause">().version<1>());

}  // namespace

int main(int argc, char** argv) {
  char const* const kind = std::getenv("STORE");
  if (kind != nullptr && std::string(kind) == "mapped")
    return memo::cli(argc, argv, sample, memo::mmap_store{});
  return memo::cli(argc, argv, sample);
}
