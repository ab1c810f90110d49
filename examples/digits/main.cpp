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

#include <memo/memo.hpp>

#include <charconv>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

using namespace memo::literals;

constexpr auto recognition = memo::pipeline<"digits">(
    memo::input<"data", memo::file>, memo::input<"share", double>, memo::input<"seed", std::uint64_t>,
    memo::input<"training", digits::training>, memo::input<"top", int>,
    memo::step<"images">([](memo::file const& data) { return digits::load(data.path()); })
        .from<"data">()
        .version<1>(),
    memo::step<"train", "test">(digits::split).from<"images", "share", "seed">().version<1>(),
    memo::step<"scaled_train", "scaled_test">(digits::standardise).from<"train", "test">().version<1>(),
    memo::step<"model">(digits::train).from<"scaled_train", "training", "seed">().version<1>(),
    memo::step<"score">(digits::evaluate).from<"model", "scaled_test", "top">().version<1>());

struct settings {
  std::string data = "examples/digits/digits.csv";
  double share = 0.2;
  std::uint64_t seed = 1;
  int top = 1;
  digits::training training;
};

constexpr char const* usage =
    "usage: digits [--NAME VALUE]...\n"
    "  --data FILE      images, one a line: 64 pixels and the digit (examples/digits/digits.csv)\n"
    "  --share NUMBER   the part of the images that is held out for the test (0.2)\n"
    "  --seed NUMBER    decides the split and the random features (1)\n"
    "  --features N     number of random Fourier features (3000)\n"
    "  --epochs N       passes over the training images (100)\n"
    "  --gamma NUMBER   width of the kernel (0.01)\n"
    "  --rate NUMBER    learning rate at the start (1.5)\n"
    "  --top N          a guess is right if the digit is among the N best (1)\n"
    "The cache lies in the directory MEMO_DIR or, without one, in the user's cache directory.\n";

using arguments = std::map<std::string, std::string>;

void take(arguments& given, std::string const& name, std::string& value) {
  if (auto node = given.extract(name)) value = node.mapped();
}
template <class Number>
void take(arguments& given, std::string const& name, Number& value) {
  auto const node = given.extract(name);
  if (!node) return;
  std::string const& text = node.mapped();
  char const* const end = text.data() + text.size();
  auto const [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end)
    throw std::invalid_argument(name + " needs a number in range, not '" + text + "'");
}

settings read_arguments(int count, char** words) {
  arguments given;
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) throw std::invalid_argument(std::string(words[i]) + " needs a value");
    if (!given.emplace(words[i], words[i + 1]).second)
      throw std::invalid_argument(std::string(words[i]) + " is given twice");
  }
  settings s;
  take(given, "--data", s.data);
  take(given, "--share", s.share);
  take(given, "--seed", s.seed);
  take(given, "--features", s.training.features);
  take(given, "--epochs", s.training.epochs);
  take(given, "--gamma", s.training.gamma);
  take(given, "--rate", s.training.rate);
  take(given, "--top", s.top);
  if (!given.empty()) throw std::invalid_argument("there is no option " + given.begin()->first);
  return s;
}

void print(digits::score const& score) {
  std::printf("\n%d of %d images recognised: accuracy %.4f\n", score.correct, score.images, score.accuracy());
  std::printf("\nrows: the digit shown, columns: the digit recognised\n  ");
  for (std::size_t digit = 0; digit < digits::classes; ++digit) std::printf("%4zu", digit);
  for (std::size_t shown = 0; shown < digits::classes; ++shown) {
    std::printf("\n%2zu", shown);
    for (int n : score.confusion[shown]) n > 0 ? std::printf("%4d", n) : std::printf("   .");
  }
  std::printf("\n");
}

int main(int count, char** words) try {
  if (count == 2 && std::string(words[1]) == "--help") {
    std::cout << usage;
    return 0;
  }
  settings const s = read_arguments(count, words);
  memo::runner runner{memo::directory_store{}};
  auto run = runner.run(recognition, "data"_in = s.data, "share"_in = s.share, "seed"_in = s.seed,
                        "training"_in = s.training, "top"_in = s.top);
  std::cout << run.report() << std::flush;
  print(run.get<"score">());
} catch (std::invalid_argument const& e) {
  std::cerr << "digits: " << e.what() << '\n' << usage;
  return 2;
} catch (std::exception const& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
