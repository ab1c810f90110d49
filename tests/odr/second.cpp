// The pipeline has the name, the step's name and the function's type of the one in first.cpp, and must stay another:
// were the two merged by the linker, one of them would give the other's value.
#include <memo/memo.hpp>

#include <cstdio>
#include <string>

using namespace memo::literals;

int first();

static int value(int n) { return n * 2; }

static constexpr auto numbers = memo::pipeline<"numbers">(
    memo::input<"n", int>, memo::step<"value">(value).from<"n">().version<1>(),
    memo::step<"text">([](int v) { return std::to_string(v); }).from<"value">().version<1>());

static int second() {
  memo::runner runner{memo::memory_store{}};
  auto run = runner.run(numbers, "n"_in = 10);
  return run.get<"text">() == "20" ? run.get<"value">() : -1;
}

int main() {
  bool const right = first() == 11 && second() == 20 && first() == 11;
  std::printf("the first file's pipeline gives %d (11), the second's %d (20)\n", first(), second());
  return right ? 0 : 1;
}
