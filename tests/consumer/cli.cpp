// A user's program with a command line.
#include <memo/cli.hpp>

int twice(int number) { return 2 * number; }

constexpr auto doubled = memo::pipeline<"doubled">(memo::input<"number", int>,
                                                   memo::step<"twice">(twice).from<"number">().version<1>());

int main(int argc, char** argv) { return memo::cli(argc, argv, doubled); }
