#include <memo/cli.hpp>

#include <cmath>

struct pendulum {
  double length = 1;   // metres
  double angle = 0.5;  // radians, at rest
};

std::vector<double> swing(pendulum const& p, double seconds) {  // the angle after each millisecond
  std::vector<double> angles;
  double const step = 1e-6;
  double angle = p.angle, speed = 0;
  for (long i = 1; i <= std::lround(seconds / step); ++i) {
    speed -= 9.81 / p.length * std::sin(angle) * step;
    angle += speed * step;
    if (i % 1000 == 0) angles.push_back(angle);
  }
  return angles;
}

double period(
    std::vector<double> const& angles) {  // in seconds, between the first and the last passage upwards
  std::vector<std::size_t> passages;
  for (std::size_t i = 1; i < angles.size(); ++i)
    if (angles[i - 1] < 0 && angles[i] >= 0) passages.push_back(i);
  if (passages.size() < 2) throw std::invalid_argument("it does not pass twice: watch it for longer");
  return 1e-3 * static_cast<double>(passages.back() - passages.front()) /
         static_cast<double>(passages.size() - 1);
}

constexpr auto experiment = memo::pipeline<"pendulum">(
    memo::input<"pendulum", pendulum>.defaults_to(pendulum{}), memo::input<"seconds", double>.defaults_to(20),
    memo::step<"angles">(swing).from<"pendulum", "seconds">().version<1>(),
    memo::step<"period">(period).from<"angles">().version<1>());

int main(int argc, char** argv) { return memo::cli(argc, argv, experiment, memo::directory_store{".cache"}); }
