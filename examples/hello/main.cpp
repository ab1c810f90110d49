#include <iostream>
#include <memo/memo.hpp>
using namespace memo::literals;

long fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
long last_digits(long number) { return number % 1000; }
constexpr auto numbers = memo::pipeline<"numbers">(
    memo::input<"n", int>, memo::step<"fibonacci">(fibonacci).from<"n">().version<1>(),
    memo::step<"ending">(last_digits).from<"fibonacci">().version<1>());

int main() {
  memo::runner runner{memo::directory_store{".cache"}};
  auto run = runner.run(numbers, "n"_in = 42);
  std::cout << run.report() << "ends in " << run.get<"ending">() << '\n';
}
