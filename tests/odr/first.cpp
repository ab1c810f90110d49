// One of two files that each declare a pipeline `numbers` with a step `value`; see second.cpp.
#include <memo/memo.hpp>

using namespace memo::literals;

static int value(int n) { return n + 1; }

static constexpr auto numbers =
    memo::pipeline<"numbers">(memo::input<"n", int>, memo::step<"value">(value).from<"n">().version<1>());

int first() {
  memo::runner runner{memo::memory_store{}};
  return runner.run(numbers, "n"_in = 10).get<"value">();
}
