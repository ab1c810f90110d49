// Learns to read handwritten digits. Only what a changed option touches runs again.
//
//   data -> images -+
//            share -+-> train, test -> scaled_train, scaled_test
//             seed -+                       |             |
//                                           v             |
//                   seed, training -----> model           |
//                                           |             |
//                                           v             |
//                              top -----> score <---------+
//
#include "digits.hpp"

#include <memo/cli.hpp>

#include <cstdio>

constexpr auto recognition = memo::pipeline<"digits">(
    memo::input<"data", memo::file>.defaults_to("examples/digits/digits.csv"),
    memo::input<"share", double>.defaults_to(0.2),      // of the images, held out for the test
    memo::input<"seed", std::uint64_t>.defaults_to(1),  // decides the split and the random features
    memo::input<"training", digits::training>.defaults_to(digits::training{}),
    memo::input<"top", int>.defaults_to(1),  // a guess is right if the digit is among so many
    memo::step<"images">([](memo::file const& data) { return digits::load(data.path()); })
        .from<"data">()
        .version<1>(),
    memo::step<"train", "test">(digits::split).from<"images", "share", "seed">().version<1>(),
    memo::step<"scaled_train", "scaled_test">(digits::standardise).from<"train", "test">().version<1>(),
    memo::step<"model">(digits::train).from<"scaled_train", "training", "seed">().version<1>(),
    memo::step<"score">(digits::evaluate).from<"model", "scaled_test", "top">().version<1>());

void print(memo::result_of<recognition> const& run) {
  digits::score const& score = run.get<"score">();
  std::printf("\n%d of %d images recognised: accuracy %.4f\n", score.correct, score.images, score.accuracy());
  std::printf("\nrows: the digit shown, columns: the digit recognised\n  ");
  for (std::size_t digit = 0; digit < digits::classes; ++digit) std::printf("%4zu", digit);
  for (std::size_t shown = 0; shown < digits::classes; ++shown) {
    std::printf("\n%2zu", shown);
    for (int n : score.confusion[shown]) n > 0 ? std::printf("%4d", n) : std::printf("   .");
  }
  std::printf("\n");
}

int main(int argc, char** argv) { return memo::cli(argc, argv, recognition, print); }
