// The program of ../same_cache_two_compilers.sh: runs a pipeline in the directory that is its argument and says of each
// step what became of it. Steps with a version or a source digest are to be shared by all builds, the others by none.
#include <memo/memo.hpp>

#include <complex>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

using namespace memo::literals;

enum class shape { round, square };

struct settings {
  double rate = 0.25;
  int count = 3;
  std::vector<std::string> tags{"a", "b"};
  std::optional<float> bias;
  shape form = shape::square;
};

struct point {
  float x, y, z;
};

static std::vector<double> sequence(settings const& s) {
  return std::vector<double>(static_cast<std::size_t>(s.count), s.rate);
}
static std::pair<std::unordered_map<std::string, int>, std::map<int, point>> tables(
    std::vector<double> const& all, settings const& s) {
  std::unordered_map<std::string, int> sizes;
  for (std::string const& tag : s.tags) sizes[tag] = static_cast<int>(all.size());
  return {sizes, {{1, {1, 2, 3}}, {2, {4, 5, 6}}}};
}
static std::complex<double> turn(std::unordered_map<std::string, int> const& sizes,
                                 std::map<int, point> const& points) {
  return {static_cast<double>(sizes.size()), static_cast<double>(points.at(2).z)};
}
static std::variant<int, std::string> label(std::complex<double> c, std::wstring const& name) {
  return name + L"!" == L"name!" ? std::variant<int, std::string>(std::to_string(c.imag())) : 7;
}

static constexpr auto shared = memo::pipeline<"shared">(
    memo::input<"settings", settings>, memo::input<"name", std::wstring>,
    memo::step<"sequence">(sequence).from<"settings">().version<1>(),
    memo::step<"sizes", "points">(tables).from<"sequence", "settings">().version<2>(),
    memo::step<"turned">(turn).from<"sizes", "points">().version<1>(),
    memo::step<"label">(label).from<"turned", "name">().version<1>(),
    memo::step<"length">(MEMO_FN([](std::vector<double> const& all) {
      return all.size();
    })).from<"sequence">(),
    memo::step<"unversioned">([](std::vector<double> const& all) { return all.front(); }).from<"sequence">());

int main(int count, char** arguments) {
  if (count != 2) return 2;
  memo::runner runner{memo::directory_store{arguments[1]}, {.jobs = 1}};
  auto run = runner.run(shared, "settings"_in = settings{}, "name"_in = std::wstring(L"name"));
  bool const right = run.get<"label">() == std::variant<int, std::string>("6.000000") &&
                     run.get<"length">() == 3 && run.get<"unversioned">() == 0.25;
  if (!right) return 1;
  for (auto const& step : run.report().steps)
    std::printf("%s %s\n", step.name.c_str(), std::string(to_text(step.outcome)).c_str());
}
