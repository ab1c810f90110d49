/// Recognises handwritten digits: softmax regression on random Fourier features, as plain functions on plain data.
/// Nothing here knows memo. The results are the same on every compiler: no random distribution of the standard
/// library is used, and every sum has one order.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace digits {

constexpr std::size_t pixels_per_image = 64;
constexpr std::size_t classes = 10;

/// Images of 8 by 8 pixels, one after the other, and the digit that each one shows.
struct images {
  std::vector<float> pixels;
  std::vector<int> labels;

  std::size_t size() const { return labels.size(); }
  float const* image(std::size_t i) const { return pixels.data() + i * pixels_per_image; }
};

/// How a model is fitted.
struct training {
  int features = 3000;
  int epochs = 100;
  double gamma =
      0.01;  // the width of the Gaussian kernel that the features approximate: exp(-gamma |x - y|^2)
  double rate = 1.5;
};

/// Feature j of image x is cos(direction j * x + offset j); weights holds one row of `classes` for each feature.
struct model {
  std::vector<float> directions;
  std::vector<float> offsets;
  std::vector<float> weights;
};

/// How well a model does on images that it has not seen.
struct score {
  int images = 0;
  int correct = 0;
  std::array<std::array<int, classes>, classes> confusion{};  // [digit shown][digit recognised]

  double accuracy() const { return images > 0 ? static_cast<double>(correct) / images : 0.0; }
};

/// splitmix64: small, and the same everywhere.
class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In (0, 1): never zero, so that its logarithm is finite.
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }
  /// Box and Muller's transform; the second value of each pair is not used.
  double normal() {
    double const radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }
  std::vector<std::size_t> permutation(std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[next() % i]);
    return order;
  }

 private:
  std::uint64_t state_;
};

/// Reads lines of 64 pixels and a digit; throws std::runtime_error with file and line for anything else.
inline images load(std::filesystem::path const& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  images result;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::array<int, pixels_per_image + 1> row{};
    char const* at = line.data();
    char const* const end = at + line.size();
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto const [stop, problem] = std::from_chars(at, end, row[i]);
      int const highest = i < pixels_per_image ? 16 : 9;
      bool const ends_well = i < pixels_per_image ? stop != end && *stop == ',' : stop == end;
      if (problem != std::errc{} || row[i] < 0 || row[i] > highest || !ends_well)
        throw std::runtime_error(path.string() + ", line " + std::to_string(number) +
                                 ": expected 64 pixels from 0 to 16 and a digit, separated by commas");
      at = stop == end ? end : stop + 1;
    }
    for (std::size_t i = 0; i < pixels_per_image; ++i) result.pixels.push_back(static_cast<float>(row[i]));
    result.labels.push_back(row[pixels_per_image]);
  }
  return result;
}

/// Deals the images into those to learn from and those to test with.
inline std::pair<images, images> split(images const& all, double test_share, std::uint64_t seed) {
  if (!(test_share > 0.0 && test_share < 1.0))
    throw std::runtime_error("the test share must lie between 0 and 1");
  auto const tests = static_cast<std::size_t>(test_share * static_cast<double>(all.size()));
  auto const order = generator(seed).permutation(all.size());
  std::pair<images, images> parts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    images& part = i < tests ? parts.second : parts.first;
    float const* const image = all.image(order[i]);
    part.pixels.insert(part.pixels.end(), image, image + pixels_per_image);
    part.labels.push_back(all.labels[order[i]]);
  }
  return parts;
}

/// Shifts and scales each pixel to mean 0 and deviation 1 over the training images, in both parts alike.
inline std::pair<images, images> standardise(images const& train, images const& test) {
  std::pair<images, images> scaled{train, test};
  for (std::size_t p = 0; p < pixels_per_image; ++p) {
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < train.size(); ++i) {
      double const value = train.image(i)[p];
      sum += value;
      squares += value * value;
    }
    double const count = static_cast<double>(std::max<std::size_t>(train.size(), 1));
    double const mean = sum / count;
    double const variance = squares / count - mean * mean;
    double const scale = variance > 1e-9 ? 1.0 / std::sqrt(variance) : 1.0;  // the corners are always blank
    for (images* part : {&scaled.first, &scaled.second})
      for (std::size_t i = 0; i < part->size(); ++i) {
        float& pixel = part->pixels[i * pixels_per_image + p];
        pixel = static_cast<float>((pixel - mean) * scale);
      }
  }
  return scaled;
}

/// The random Fourier features of each image (Rahimi and Recht 2007), one row of features for each image.
inline std::vector<float> embed(model const& m, images const& data) {
  std::size_t const features = m.offsets.size();
  double const scale = std::sqrt(2.0 / static_cast<double>(std::max<std::size_t>(features, 1)));
  std::vector<float> rows(data.size() * features);
  for (std::size_t i = 0; i < data.size(); ++i)
    for (std::size_t j = 0; j < features; ++j) {
      float const* const image = data.image(i);
      float const* const direction = m.directions.data() + j * pixels_per_image;
      float angle = m.offsets[j];
      for (std::size_t p = 0; p < pixels_per_image; ++p) angle += image[p] * direction[p];
      rows[i * features + j] = static_cast<float>(scale * std::cos(static_cast<double>(angle)));
    }
  return rows;
}

using per_class = std::array<float, classes>;

/// One number for each digit; the largest is the digit that the model recognises.
inline per_class logits(model const& m, float const* features) {
  per_class sums{};
  for (std::size_t j = 0; j < m.offsets.size(); ++j)
    for (std::size_t c = 0; c < classes; ++c) sums[c] += features[j] * m.weights[j * classes + c];
  return sums;
}

/// Draws the features, then fits the weights by stochastic gradient descent with momentum, in batches of 32.
inline model train(images const& data, training const& how, std::uint64_t seed) {
  if (how.features < 1 || how.epochs < 0 || !(how.gamma > 0.0) || !(how.rate > 0.0))
    throw std::runtime_error("features, gamma and rate must be above 0, epochs not below 0");
  constexpr std::size_t batch = 32;
  constexpr float momentum = 0.9f;
  auto const features = static_cast<std::size_t>(how.features);
  generator random(seed);
  model m;
  m.directions.resize(features * pixels_per_image);
  for (float& d : m.directions) d = static_cast<float>(std::sqrt(2.0 * how.gamma) * random.normal());
  m.offsets.resize(features);
  for (float& o : m.offsets) o = static_cast<float>(6.283185307179586 * random.uniform());
  m.weights.resize(features * classes);

  std::vector<float> const rows = embed(m, data);
  std::vector<float> step(m.weights.size());
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    auto const order = random.permutation(data.size());
    auto const rate = static_cast<float>(how.rate * (1.0 - static_cast<double>(epoch) / how.epochs));
    for (std::size_t first = 0; first < order.size(); first += batch) {
      std::size_t const last = std::min(first + batch, order.size());
      for (float& s : step) s *= momentum;
      for (std::size_t k = first; k < last; ++k) {
        float const* const row = rows.data() + order[k] * features;
        per_class pull = logits(m, row);
        float const highest = *std::max_element(pull.begin(), pull.end());
        float sum = 0.0f;
        for (float& p : pull) sum += p = static_cast<float>(std::exp(static_cast<double>(p - highest)));
        for (float& p : pull) p /= -sum;
        pull[static_cast<std::size_t>(data.labels[order[k]])] += 1.0f;
        for (float& p : pull) p *= rate / static_cast<float>(last - first);
        for (std::size_t j = 0; j < features; ++j)
          for (std::size_t c = 0; c < classes; ++c) step[j * classes + c] += row[j] * pull[c];
      }
      for (std::size_t w = 0; w < step.size(); ++w) m.weights[w] += step[w];
    }
  }
  return m;
}

/// Counts an image as correct if its digit is among the `top` best guesses; the matrix holds the best guess alone.
inline score evaluate(model const& m, images const& data, int top) {
  std::vector<float> const rows = embed(m, data);
  score result;
  for (std::size_t i = 0; i < data.size(); ++i) {
    per_class const guess = logits(m, rows.data() + i * m.offsets.size());
    auto const shown = static_cast<std::size_t>(data.labels[i]);
    auto const best = static_cast<std::size_t>(std::max_element(guess.begin(), guess.end()) - guess.begin());
    auto const better = std::count_if(guess.begin(), guess.end(), [&](float g) { return g > guess[shown]; });
    ++result.images;
    result.correct += better < top;
    ++result.confusion[shown][best];
  }
  return result;
}

}  // namespace digits
