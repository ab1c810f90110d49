#include "../../examples/digits/digits.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>

namespace {

std::filesystem::path const data = std::filesystem::path(MEMO_SOURCE_DIR) / "examples/digits/digits.csv";

digits::images load_text(std::string const& text) {
  auto const path = std::filesystem::temp_directory_path() / "memo-test-digits.csv";
  std::ofstream(path) << text;
  struct removal {
    std::filesystem::path path;
    ~removal() { std::filesystem::remove(path); }
  } const at_the_end{path};
  return digits::load(path);
}

std::string line_of(std::size_t pixels, std::string const& pixel, std::string const& digit) {
  std::string line;
  for (std::size_t i = 0; i < pixels; ++i) line += pixel + ",";
  return line + digit + "\n";
}

}  // namespace

TEST_CASE("the digits are 1797 images with pixels from 0 to 16 and all ten digits") {
  auto const all = digits::load(data);
  CHECK(all.size() == 1797);
  CHECK(all.pixels.size() == 1797 * digits::pixels_per_image);
  CHECK(*std::max_element(all.pixels.begin(), all.pixels.end()) == 16.0f);
  for (int digit = 0; digit < 10; ++digit)
    CHECK(std::count(all.labels.begin(), all.labels.end(), digit) > 170);
}

TEST_CASE("a line that is not 64 pixels and a digit is an error that names the line") {
  CHECK(load_text(line_of(64, "16", "9")).labels == std::vector<int>{9});
  std::string const good = line_of(64, "0", "1");
  for (std::string const& bad : {line_of(63, "0", "1"), line_of(65, "0", "1"), line_of(64, "17", "1"),
                                 line_of(64, "-1", "1"), line_of(64, "0", "10"), line_of(64, "x", "1"),
                                 line_of(64, "0", "1 "), line_of(64, "0", ""), std::string("\n")})
    CHECK_THROWS_WITH(load_text(good + bad), Catch::Contains("line 2"));
  CHECK_THROWS_AS(digits::load("no/such/file"), std::runtime_error);
}

TEST_CASE("a split deals each image to one part and depends on the seed") {
  auto const all = digits::load(data);
  auto const [train, test] = digits::split(all, 0.2, 1);
  CHECK(train.size() == 1438);
  CHECK(test.size() == 359);
  auto const total = [](digits::images const& i) {
    return std::accumulate(i.pixels.begin(), i.pixels.end(), 0.0);
  };
  CHECK(total(train) + total(test) == total(all));
  CHECK(digits::split(all, 0.2, 1).second.labels == test.labels);
  CHECK(digits::split(all, 0.2, 2).second.labels != test.labels);
  CHECK_THROWS_AS(digits::split(all, 1.0, 1), std::runtime_error);
}

TEST_CASE("standardised training pixels have mean 0 and deviation 1, and blank pixels stay 0") {
  auto const [train, test] = digits::split(digits::load(data), 0.2, 1);
  auto const [scaled, scaled_test] = digits::standardise(train, test);
  CHECK(scaled.labels == train.labels);
  CHECK(scaled_test.size() == test.size());
  for (std::size_t p : {std::size_t{0}, std::size_t{28}}) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < scaled.size(); ++i) {
      sum += scaled.image(i)[p];
      squares += scaled.image(i)[p] * scaled.image(i)[p];
    }
    auto const n = static_cast<double>(scaled.size());
    CHECK(sum / n == Approx(0.0).margin(1e-6));
    CHECK(squares / n == Approx(p == 0 ? 0.0 : 1.0).margin(1e-4));
  }
}

TEST_CASE(
    "a small model recognises at least 95 of 100 digits that it has not seen, and always the same ones") {
  auto const [train, test] = digits::split(digits::load(data), 0.2, 1);
  auto const [scaled_train, scaled_test] = digits::standardise(train, test);
  digits::training const small{.features = 500, .epochs = 15};
  auto const model = digits::train(scaled_train, small, 1);
  auto const score = digits::evaluate(model, scaled_test, 1);
  CHECK(score.images == 359);
  CHECK(score.accuracy() >= 0.95);
  int on_the_diagonal = 0;
  for (std::size_t digit = 0; digit < digits::classes; ++digit)
    on_the_diagonal += score.confusion[digit][digit];
  CHECK(on_the_diagonal == score.correct);
  CHECK(digits::evaluate(model, scaled_test, 2).correct > score.correct);
  CHECK(digits::evaluate(model, scaled_test, 10).correct == 359);
  CHECK(digits::train(scaled_train, small, 1).weights == model.weights);
  CHECK(digits::train(scaled_train, small, 2).weights != model.weights);
}

TEST_CASE("training options that make no sense are refused") {
  digits::images const none;
  CHECK_THROWS_AS(digits::train(none, {.features = 0}, 1), std::runtime_error);
  CHECK_THROWS_AS(digits::train(none, {.epochs = -1}, 1), std::runtime_error);
  CHECK_THROWS_AS(digits::train(none, {.gamma = 0.0}, 1), std::runtime_error);
  CHECK_THROWS_AS(digits::train(none, {.rate = -1.0}, 1), std::runtime_error);
  CHECK(digits::evaluate(digits::train(none, {.features = 2}, 1), none, 1).accuracy() == 0.0);
}
