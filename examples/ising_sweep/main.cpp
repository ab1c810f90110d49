// Sweeps the 2-D Ising model over sizes and temperatures. Only points that were never simulated run.
#include "study.hpp"

#include <memo/run/signals.hpp>
#include <memo/sweep.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace memo::literals;

struct settings {
  std::vector<int> sizes{8, 16, 32, 64};
  unsigned temperatures = 41;
  std::vector<double> also;
  int sweeps = 1000;
  std::filesystem::path dir = "build/ising_sweep";
};

constexpr char const* usage =
    "usage: ising_sweep [--NAME VALUE]...\n"
    "  --sizes N,N,...       spins along one side of the lattice (8,16,32,64)\n"
    "  --temperatures N      so many from 1.5 to 3.5, evenly spaced (41)\n"
    "  --also T,T,...        and these\n"
    "  --sweeps N            how long each point is simulated (1000)\n"
    "  --dir DIR             where ising.csv and ising.svg go (build/ising_sweep)\n"
    "The cache lies in the directory MEMO_DIR or, without one, in the user's cache directory.\n";

template <class Number>
std::vector<Number> read_numbers(std::string_view name, std::string_view text) {
  std::vector<Number> numbers;
  for (char const *at = text.data(), *const end = at + text.size();; ++at) {
    auto const [stop, problem] = std::from_chars(at, end, numbers.emplace_back());
    if (problem != std::errc{} || (stop != end && *stop != ','))
      throw std::invalid_argument(std::string(name) + " cannot be '" + std::string(text) + "'");
    if (stop == end) return numbers;
    at = stop;
  }
}
template <class Number>
Number read_number(std::string_view name, std::string_view text) {
  auto const numbers = read_numbers<Number>(name, text);
  if (numbers.size() != 1) throw std::invalid_argument(std::string(name) + " needs one number");
  return numbers[0];
}

settings read_arguments(int count, char** words) {
  settings s;
  for (int i = 1; i < count; i += 2) {
    std::string_view const name = words[i];
    if (i + 1 == count) throw std::invalid_argument(std::string(name) + " needs a value");
    std::string_view const value = words[i + 1];
    if (name == "--sizes")
      s.sizes = read_numbers<int>(name, value);
    else if (name == "--temperatures")
      s.temperatures = read_number<unsigned>(name, value);
    else if (name == "--also")
      s.also = read_numbers<double>(name, value);
    else if (name == "--sweeps")
      s.sweeps = read_number<int>(name, value);
    else if (name == "--dir")
      s.dir = value;
    else
      throw std::invalid_argument("there is no option " + std::string(name));
  }
  return s;
}

int main(int count, char** words) try {
  if (count == 2 && std::string_view(words[1]) == "--help") {
    std::cout << usage;
    return 0;
  }
  settings const s = read_arguments(count, words);
  auto temperatures = memo::linspace(1.5, 3.5, s.temperatures);
  temperatures.insert(temperatures.end(), s.also.begin(), s.also.end());
  auto const points = memo::grid<ising::point>("size"_in = s.sizes, "temperature"_in = temperatures);

  memo::stop_on_signals const signals;
  memo::runner runner{memo::directory_store{}, {.stop = signals.token()}};
  try {
    auto run = runner.run(ising::study, "points"_in = points, "sweeps"_in = s.sweeps);
    std::cout << run.report();
    std::filesystem::create_directories(s.dir);
    memo::write_csv(s.dir / "ising.csv", points, run.get<"results">());
    std::ofstream(s.dir / "ising.svg") << run.get<"picture">();
    std::cout << "wrote ising.csv and ising.svg to " << s.dir.string() << '\n';
  } catch (memo::run_cancelled const&) {
    std::cerr
        << "ising_sweep: stopped; the points that were finished are kept, the next run goes on from there\n";
    return 128 + signals.received();
  }
} catch (std::invalid_argument const& e) {
  std::cerr << "ising_sweep: " << e.what() << '\n' << usage;
  return 2;
} catch (std::exception const& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
