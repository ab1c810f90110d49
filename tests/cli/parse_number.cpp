#include <memo/cli/parse_number.hpp>

#include <catch2/catch.hpp>

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>

using memo::detail::parse_problem;

namespace {

template <class T>
std::string read(std::string_view text) {
  try {
    if constexpr (std::is_floating_point_v<T>) {
      T const value = memo::detail::read_floating<T>(text, {});
      char digits[64];
      return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
    } else {
      return std::to_string(static_cast<T>(memo::detail::read_whole(text, memo::detail::range_of<T>(), {})));
    }
  } catch (parse_problem const& problem) {
    return "! " + problem.what;
  }
}

}  // namespace

TEST_CASE("whole numbers are read in every spelling that says the same number") {
  CHECK(read<int>("0") == "0");
  CHECK(read<int>("-0") == "0");
  CHECK(read<int>("007") == "7");
  CHECK(read<int>("+5") == "5");
  CHECK(read<int>("1e6") == "1000000");
  CHECK(read<int>("1.5e3") == "1500");
  CHECK(read<int>("2.0") == "2");
  CHECK(read<int>("120e-1") == "12");
  CHECK(read<int>("0e-99999999999999999999") == "0");
  CHECK(read<int>("1'000'000") == "1000000");
  CHECK(read<int>("1_000") == "1000");
  CHECK(read<int>("1e_3").starts_with("! "));
  CHECK(read<int>("0x1F") == "31");
  CHECK(read<int>("-0x10") == "-16");
  CHECK(read<int>("0xdead'beef") == "! 0xdead'beef is outside the range -2147483648 to 2147483647");
  CHECK(read<std::uint64_t>("9007199254740993") == "9007199254740993");
  CHECK(read<std::uint64_t>("18446744073709551615") == "18446744073709551615");
  CHECK(read<std::uint64_t>("1844674407370955161.5e1") == "18446744073709551615");
  CHECK(read<std::int64_t>("-9223372036854775808") == "-9223372036854775808");
  CHECK(read<std::int64_t>("-0x8000000000000000") == "-9223372036854775808");
}

TEST_CASE("what is no whole number of the type says why") {
  CHECK(read<int>("") == "! \"\" is no whole number");
  CHECK(read<int>("ten") == "! \"ten\" is no whole number");
  CHECK(read<int>("1 2") == "! \"1 2\" is no whole number");
  CHECK(read<int>("--1") == "! --1 is no whole number");
  CHECK(read<int>("1'") == "! 1' is no whole number");
  CHECK(read<int>("1''0") == "! 1''0 is no whole number");
  CHECK(read<int>("0x") == "! 0x is no whole number");
  CHECK(read<int>("1.2.3") == "! 1.2.3 is no whole number");
  CHECK(read<int>("inf") == "! \"inf\" is no whole number");
  CHECK(read<int>("0.5") == "! 0.5 is no whole number, but has a fraction");
  CHECK(read<int>("1e-1") == "! 1e-1 is no whole number, but has a fraction");
  CHECK(read<int>("0.00000000000000000000000000000000000000000000000001").ends_with("has a fraction"));
  CHECK(read<std::uint8_t>("300") == "! 300 is outside the range 0 to 255");
  CHECK(read<std::uint8_t>("-1") == "! -1 is outside the range 0 to 255");
  CHECK(read<std::int8_t>("-129") == "! -129 is outside the range -128 to 127");
  CHECK(read<std::uint64_t>("18446744073709551616").ends_with("0 to 18446744073709551615"));
  CHECK(read<std::int64_t>("-9223372036854775809").ends_with("-9223372036854775808 to 9223372036854775807"));
  CHECK(read<int>("1e400").ends_with("-2147483648 to 2147483647"));
  CHECK(read<int>("1e99999999999999999999").ends_with("-2147483648 to 2147483647"));
  CHECK(read<int>("12345678901234567890123456789012345678901234567890").ends_with("to 2147483647"));
  CHECK(read<int>("12345678901234567890123456789012345678901234567890.5").ends_with("has a fraction"));
}

TEST_CASE("floating point numbers are the nearest ones") {
  CHECK(read<double>("0.1") == "0.1");
  CHECK(read<double>(".5") == "0.5");
  CHECK(read<double>("5.") == "5");
  CHECK(read<double>("+1e-3") == "0.001");
  CHECK(read<double>("1'000.5") == "1000.5");
  CHECK(read<double>("-0") == "-0");
  CHECK(read<double>("1.7976931348623157e308") == "1.7976931348623157e+308");
  CHECK(read<double>("5e-324") == "5e-324");
  CHECK(read<double>("inf") == "inf");
  CHECK(read<double>("-Infinity") == "-inf");
  CHECK(read<double>("NaN") == "nan");
  CHECK(read<float>("0.1") == "0.1");
  CHECK(read<float>("1e-45") == "1e-45");
  CHECK(read<long double>("1e4000") == "1e+4000");
}

TEST_CASE("what is no floating point number of the type says why") {
  CHECK(read<double>("1e400") == "! 1e400 is too large for the type");
  CHECK(read<double>("-1e400") == "! -1e400 is too large for the type");
  CHECK(read<double>("1e-400") == "! 1e-400 is too small for the type: it would become 0");
  CHECK(read<float>("1e39") == "! 1e39 is too large for the type");
  CHECK(read<double>("0x10") == "! 0x10 is no number");
  CHECK(read<double>("1e") == "! 1e is no number");
  CHECK(read<double>("1,5") == "! \"1,5\" is no number");
  CHECK(read<double>("infinite") == "! \"infinite\" is no number");
  CHECK(read<double>("--inf") == "! \"--inf\" is no number");
  CHECK(read<double>("nan(1)") == "! \"nan(1)\" is no number");
  CHECK(read<double>(" 1") == "! \" 1\" is no number");
}

TEST_CASE("the locale of the program does not change how numbers are read") {
  std::string const before = std::setlocale(LC_ALL, nullptr);
  for (char const* name : {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, name);
  CHECK(read<double>("0.5") == "0.5");
  CHECK(read<long double>("0.5") == "0.5");
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("every number is read back from its shortest text") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 5000; ++i) {
    auto const bits = random();
    double d;
    static_assert(sizeof d == sizeof bits);
    std::memcpy(&d, &bits, sizeof d);
    if (!std::isfinite(d)) continue;
    char digits[64];
    std::string const text(digits, std::to_chars(digits, digits + sizeof digits, d).ptr);
    CHECK(memo::detail::read_floating<double>(text, {}) == d);
    auto const l = std::ldexp(static_cast<long double>(bits), static_cast<int>(random() % 30000) - 16400);
    std::string const wide(digits, std::to_chars(digits, digits + sizeof digits, l).ptr);
    if (l != 0) CHECK(memo::detail::read_floating<long double>(wide, {}) == l);
    CHECK(read<std::uint64_t>(std::to_string(bits)) == std::to_string(bits));
  }
}
