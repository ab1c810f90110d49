#include <memo/cli/value_text.hpp>

#include "typed_values.hpp"

#include <memo/cli/parse_value.hpp>
#include <memo/key/encoding.hpp>

#include "random_values.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

using memo::short_value_text;
using memo::value_to_text;

namespace {

// Values of `T` are the same again after they were shown and read, bit for bit.
template <class T>
void check_round_trip(int count = 300) {
  INFO(memo::detail::words_for<T>().one);
  test::random_values random(7);
  int same = 0;
  for (int i = 0; i < count; ++i) {
    T const value = random.make<T>();
    std::string const text = value_to_text(value);
    T const again = memo::parse_text<T>(text);
    bool is_same = value_to_text(again) == text;
    // The digest of a file is that of its content.
    if constexpr (memo::storable<T>) is_same = is_same && memo::digest_of(again) == memo::digest_of(value);
    if (!is_same) FAIL_CHECK(text << " became " << value_to_text(again));
    same += is_same;
  }
  CHECK(same == count);
}

template <class T>
std::string example() {
  return memo::detail::text_functions<T>::example();
}
template <class T>
std::string words() {
  return memo::detail::words_for<T>().one;
}
// An example is a value of its type.
template <class T>
bool example_is_read() {
  memo::parse_text<T>(example<T>());
  return true;
}

enum class boundary { none, null, periodic };

struct everything {
  bool truth;
  char letter;
  std::int8_t small;
  std::uint64_t large;
  float single;
  long double extended;
  std::string text;
  std::filesystem::path path;
  test::lattice kind;
  std::chrono::milliseconds time;
  std::complex<double> complex;
  std::optional<std::string> maybe;
  std::vector<std::optional<std::vector<double>>> lists;
  std::array<std::pair<int, std::string>, 2> pairs;
  std::set<std::string> names;
  std::unordered_set<int> numbers;
  std::map<std::string, std::vector<bool>> by_name;
  std::map<test::lattice, int> by_kind;
  std::unordered_map<int, std::string> by_number;
  std::multimap<std::string, int> several;
  std::variant<std::monostate, int, std::string, std::vector<int>> one_of;
  std::tuple<int, std::tuple<>, std::string> product;
  test::model model;
  int rows[2][3];
};

}  // namespace

TEST_CASE("numbers and texts are read back from their texts") {
  check_round_trip<bool>();
  check_round_trip<char>();
  check_round_trip<signed char>();
  check_round_trip<unsigned char>();
  check_round_trip<short>();
  check_round_trip<std::int32_t>();
  check_round_trip<std::int64_t>();
  check_round_trip<std::uint64_t>();
  check_round_trip<float>();
  check_round_trip<double>(2000);
  check_round_trip<long double>(2000);
  check_round_trip<std::string>();
  check_round_trip<std::filesystem::path>();
  check_round_trip<memo::file>();
  check_round_trip<memo::glob>();
  check_round_trip<test::lattice>();
  check_round_trip<test::unscoped>();
  check_round_trip<std::byte>();
  check_round_trip<std::complex<float>>();
  check_round_trip<std::complex<long double>>();
  check_round_trip<test::angle>();
}

TEST_CASE("durations of all units are read back from their texts") {
  using namespace std::chrono;
  check_round_trip<nanoseconds>();
  check_round_trip<milliseconds>();
  check_round_trip<hours>();
  check_round_trip<days>();
  check_round_trip<duration<std::int64_t, std::pico>>();
  check_round_trip<duration<std::uint8_t>>();
  check_round_trip<duration<double>>(1000);
  check_round_trip<duration<float, std::milli>>();
  check_round_trip<duration<long double, std::ratio<3600>>>();
}

TEST_CASE("values with parts are read back from their texts") {
  check_round_trip<std::optional<std::string>>();
  check_round_trip<std::optional<double>>();
  check_round_trip<std::optional<char>>();
  check_round_trip<std::optional<boundary>>();
  check_round_trip<std::vector<std::optional<boundary>>>();
  check_round_trip<std::map<boundary, std::unordered_map<std::string, int>>>();
  check_round_trip<std::optional<std::vector<std::string>>>();
  check_round_trip<std::vector<std::string>>();
  check_round_trip<std::vector<char>>();
  check_round_trip<std::vector<std::vector<test::angle>>>();
  check_round_trip<test::tree>();
  check_round_trip<std::variant<int, double, std::string>>();
  check_round_trip<std::map<std::string, test::layer>>();
  check_round_trip<everything>();
}

TEST_CASE("texts of values are those that people would write") {
  CHECK(value_to_text(0.1) == "0.1");
  CHECK(value_to_text(true) == "true");
  CHECK(value_to_text(std::vector<int>{1, 2}) == "[1,2]");
  CHECK(value_to_text(std::map<std::string, double>{{"a", 0.5}}) == "{\"a\":0.5}");
  CHECK(value_to_text(std::map<int, int>{{1, 2}}) == "{\"1\":2}");
  CHECK(value_to_text(std::multimap<int, int>{{1, 2}, {1, 3}}) == "[[1,2],[1,3]]");
  CHECK(value_to_text(std::unordered_map<std::string, int>{{"b", 1}, {"a", 2}}) == "{\"a\":2,\"b\":1}");
  CHECK(value_to_text(std::unordered_map<double, int>{{2.5, 1}, {1.5, 2}}) == "[[1.5,2],[2.5,1]]");
  CHECK(value_to_text(test::layer{3, 0.5}) == R"({"width":3,"dropout":0.5})");
  CHECK(value_to_text(std::chrono::minutes(90)) == "1h30m");
  CHECK(value_to_text(std::optional<int>()) == "none");
  CHECK(value_to_text(std::optional<std::string>("none")) == "\"none\"");
  CHECK(value_to_text(std::unordered_set<int>{3, 1, 2}) == "[1,2,3]");
  CHECK(value_to_text(std::make_unique<int>(4)) == "4");
  CHECK(value_to_text(std::unique_ptr<int>()) == "none");
  CHECK(value_to_text(std::string_view("text")) == "text");
  CHECK(value_to_text(test::version()) == "0.0");
}

TEST_CASE("a short text is one line of what matters") {
  CHECK(short_value_text(0.1) == "0.1");
  CHECK(short_value_text(std::string("a\nb")) == "\"a\\nb\"");
  CHECK(short_value_text(std::string(500, 'x')).size() < 130);
  CHECK(short_value_text(std::vector<double>{1, 2}) == "[1,2]");
  CHECK(short_value_text(std::vector<double>(1000, 0.5)) == "list of 1000 numbers: 0.5, 0.5, 0.5, ...");
  CHECK(short_value_text(std::array<int, 200>{}) == "list of 200 whole numbers: 0, 0, 0, ...");
  CHECK(short_value_text(std::vector<test::layer>(30)) == "list of 30 objects");
  CHECK(short_value_text(std::vector<std::vector<int>>(100)) == "list of 100 lists of whole numbers");
  std::map<int, int> map;
  for (int i = 0; i < 100; ++i) map[i] = i;
  CHECK(short_value_text(map) == "map from whole number to whole number of 100 entries");
  CHECK(short_value_text(std::set<std::string>{std::string(200, 'x')}).starts_with("set of 1 texts: xxx"));
  CHECK(short_value_text(std::optional<int>()) == "none");
  CHECK(short_value_text(std::monostate()).empty());
  CHECK(short_value_text(test::layer{3, 0.5}) == R"({"width":3,"dropout":0.5})");
  std::string const tree = short_value_text(test::tree{"root", std::vector<test::tree>(20)});
  CHECK(tree.starts_with(R"({"name":"root","children":[{)"));
  CHECK(tree.ends_with(" ..."));
  CHECK(memo::detail::columns_in(tree) <= 104);
}

TEST_CASE("a short text of many values does not look at all of them") {
  std::vector<std::string> const many(1'000'000, "x");
  CHECK(short_value_text(many) == "list of 1000000 texts: x, x, x, ...");
  CHECK(short_value_text(std::span<std::string const>(many)).starts_with("list of 1000000 texts"));
}

TEST_CASE("types have words for people") {
  CHECK(words<int>() == "whole number");
  CHECK(words<std::uint32_t>() == "whole number of 0 or more");
  CHECK(words<std::int8_t>() == "whole number from -128 to 127");
  CHECK(words<std::vector<double>>() == "list of numbers");
  CHECK(words<std::vector<std::vector<std::string>>>() == "list of lists of texts");
  CHECK(words<std::array<bool, 3>>() == "list of 3 true or false values");
  CHECK(words<std::set<test::lattice>>() == "set of names out of: cubic, hexagonal, triclinic");
  CHECK(words<std::map<std::string, int>>() == "map from text to whole number");
  CHECK(words<std::optional<memo::file>>() == "path of a file, or none");
  CHECK(words<std::pair<int, std::string>>() == "list of (whole number, text)");
  CHECK(words<std::variant<int, std::string>>() == "one of (whole number, text)");
  CHECK(words<test::adapted>() == "object with count (whole number), label (text)");
  CHECK(words<test::angle>() == "angle such as 30deg");
  CHECK(words<test::version>() == "value of the program's own type");
  CHECK(words<test::closed>() == "value of the program's own type");
  CHECK(words<test::tree>() ==
        "object with name (text), children (list of objects with name (text), children (list of objects))");
  CHECK(words<everything>().starts_with("object with truth, letter, small, "));
}

TEST_CASE("every type that can be read has an example that is read, or none") {
  CHECK(example<std::optional<std::vector<int>>>() == "10,10");
  CHECK(example<test::layer>() == R"({"width":10,"dropout":0.5})");
  CHECK(example<test::angle>().empty());
  CHECK(example<std::vector<test::version>>().empty());
  CHECK(example_is_read<everything>());
  CHECK(example_is_read<test::tree>());
  CHECK(example_is_read<std::chrono::years>());
  CHECK(example_is_read<std::chrono::duration<double, std::nano>>());
  CHECK(example_is_read<std::variant<int, double>>());
  CHECK(example_is_read<std::map<std::vector<int>, std::set<int>>>());
  CHECK(example_is_read<std::optional<std::string>>());
  CHECK(example_is_read<test::no_fields>());
  CHECK(example_is_read<std::monostate>());
}
