#include <memo/cli/parse_json.hpp>

#include "typed_values.hpp"

#include <memo/cli/parse_value.hpp>

#include "random_values.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct fuzzed {
  std::vector<test::layer> layers;
  std::map<std::string, std::optional<double>> values;
  std::map<int, std::vector<std::string>> by_number;
  std::variant<int, double, std::string, std::vector<int>> one_of;
  std::pair<std::chrono::milliseconds, std::complex<double>> pair;
  std::array<test::lattice, 2> kinds;
  std::unordered_set<int> set;
  test::tree tree;
  char letter;
  long double extended;
  test::unscoped number;
};

/// Reads the text as every type that is listed; true if nothing but an error of memo's own came of it.
class reader_of_all {
 public:
  bool reads(std::string_view text) {
    text_ = text;
    return read<bool>() && read<char>() && read<signed char>() && read<unsigned long>() && read<int>() &&
           read<float>() && read<double>() && read<long double>() && read<std::string>() &&
           read<std::filesystem::path>() && read<memo::glob>() && read<test::lattice>() &&
           read<test::unscoped>() && read<std::chrono::nanoseconds>() && read<std::chrono::years>() &&
           read<std::chrono::duration<double>>() && read<std::complex<double>>() &&
           read<std::optional<std::string>>() && read<std::optional<std::vector<int>>>() &&
           read<std::vector<double>>() && read<std::vector<std::string>>() && read<std::array<int, 2>>() &&
           read<std::map<std::string, int>>() &&
           read<std::variant<int, std::string, std::vector<double>>>() && read<test::version>() &&
           read<test::angle>() && read<std::monostate>() && read<fuzzed>() && read<test::model>() &&
           is_size_or_duration();
  }

 private:
  template <class T>
  bool read() {
    try {
      // What is read can be shown, and that can be read.
      std::string const shown = memo::value_to_text(memo::parse_text<T>(text_));
      if constexpr (!std::is_same_v<T, test::angle> && !std::is_same_v<T, test::version>)
        return memo::value_to_text(memo::parse_text<T>(shown)) == shown;
    } catch (memo::usage_error const&) {
    }
    return true;
  }

  bool is_size_or_duration() const {
    if (auto const size = memo::parse_size(text_);
        size && memo::parse_size(memo::exact_size_text(*size)) != size)
      return false;
    auto const time = memo::parse_duration(text_);
    return !time || memo::parse_duration(memo::exact_duration_text(*time)) == time;
  }

  std::string_view text_;
};

}  // namespace

TEST_CASE("no text makes a parser do anything but give a value or an error") {
  constexpr std::string_view letters =
      "0123456789-+.eExX'_,:;[]{}()\"\\ \n\tnulltruefalsinfaihdmsw@\x01\x7f\xc3\xa9\xff/*";
  test::random_values random(11);
  reader_of_all all;
  for (int i = 0; i < 1500; ++i) {
    std::string text;
    bool const is_any = random.below(4) == 0;
    for (std::size_t n = random.below(24); n > 0; --n)
      text += is_any ? static_cast<char>(random.below(256)) : letters[random.below(letters.size())];
    // It would name a file.
    if (text.starts_with('@')) continue;
    INFO(memo::detail::quoted_text(text));
    CHECK(all.reads(text));
  }
}

TEST_CASE("valid JSON with a few wrong bytes gives a value or an error") {
  constexpr std::string_view letters = "0123456789-+.eE,:[]{}\"\\ nulltruefalse";
  test::random_values random(12);
  reader_of_all all;
  for (int i = 0; i < 700; ++i) {
    std::string text = memo::value_to_text(random.make<fuzzed>());
    for (std::size_t n = random.below(4); n > 0; --n) {
      std::size_t const at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = letters[random.below(letters.size())];
          break;
        case 1:
          text.insert(at, 1, letters[random.below(letters.size())]);
          break;
        case 2:
          text.erase(at, 1 + random.below(5));
          break;
        default:
          text.insert(at, text.substr(random.below(text.size()), random.below(30)));
      }
      if (text.empty()) text = "{";
    }
    INFO(text);
    CHECK(all.reads(text));
  }
}

TEST_CASE("a struct inside itself through a variant is read once on its way down") {
  // Each level that tried every alternative twice would need 2^60 attempts.
  struct level {
    std::vector<std::variant<int, std::vector<level>>> inner;
  };
  std::string text = R"({"inner":[1]})";
  for (int i = 0; i < 24; ++i) text = R"({"inner":[[)" + text + "]]}";
  CHECK_NOTHROW(memo::parse_text<level>(text));
}
