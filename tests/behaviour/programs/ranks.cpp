// A program for several ranks of an MPI launcher: each runs one pipeline on one directory. Prints its result, and the
// report's notes.
#include <memo/memo.hpp>

#include <chrono>
#include <iostream>
#include <sstream>
#include <thread>

using namespace memo::literals;

int slow(int n) {
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return 2 * n;
}
int next(int n) { return n + 1; }

constexpr auto p =
    memo::pipeline<"ranks">(memo::input<"n", int>, memo::step<"slow">(slow).from<"n">().version<1>(),
                            memo::step<"next">(next).from<"slow">().version<1>());

int main(int, char** argv) {
  memo::runner runner{memo::directory_store{argv[1]}, {.jobs = 2}};
  auto const run = runner.run(p, "n"_in = 20);
  std::ostringstream line;
  line << "result " << run.get<"next">() << '\n';
  for (auto const& note : run.report().notes) line << "note: " << note << '\n';
  std::cout << line.str();
}
