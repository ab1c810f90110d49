#include <memo/cli/enum_names.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

enum class color : unsigned char { red, green = 5, blue };
enum unscoped { first, second = 3 };
enum negative { below = -3, above = 4 };
enum class scoped_negative { x = -2, y };
enum wide : std::uint64_t { small = 1, bit_40 = std::uint64_t{1} << 40, bit_63 = std::uint64_t{1} << 63 };
enum class tiny : signed char { lowest = -128, near = -16, highest = 127 };
enum class answer : bool { no, yes };
enum class opaque : int;
enum nothing {};
enum flags { read = 1, write = 1 << 12, run = 1 << 20 };
enum class aliased { one = 1, uno = 1 };

struct holder {
  enum inside { u, v };
};
template <class A, class B>
struct holder_of {
  enum class inside { p, q = 7 };
};

template <class E>
std::string names() {
  std::string text;
  for (auto const& one : memo::detail::enumeration_of<E>().names)
    text += std::string(one.name) + "=" + std::to_string(static_cast<std::int64_t>(one.number)) + " ";
  return text;
}
template <class E>
std::string range() {
  auto const& known = memo::detail::enumeration_of<E>();
  return (known.is_signed ? std::to_string(static_cast<std::int64_t>(known.lowest))
                          : std::to_string(known.lowest)) +
         " to " + std::to_string(known.highest);
}

}  // namespace

TEST_CASE("names of enumerators are those that the program spells") {
  CHECK(names<color>() == "red=0 green=5 blue=6 ");
  CHECK(names<unscoped>() == "first=0 second=3 ");
  CHECK(names<negative>() == "below=-3 above=4 ");
  CHECK(names<scoped_negative>() == "x=-2 y=-1 ");
  CHECK(names<answer>() == "no=0 yes=1 ");
  CHECK(names<holder::inside>() == "u=0 v=1 ");
  CHECK(names<holder_of<int, holder>::inside>() == "p=0 q=7 ");
  CHECK(names<std::byte>().empty());
  enum class local { here, there };
  CHECK(names<local>() == "here=0 there=1 ");
  CHECK(([] {
          enum in_lambda { a, b };
          return names<in_lambda>();
        }()) == "a=0 b=1 ");
}

TEST_CASE("flags have names at every power of 2") {
  CHECK(names<flags>() == "read=1 write=4096 run=1048576 ");
  CHECK(names<wide>() == "small=1 bit_40=1099511627776 bit_63=-9223372036854775808 ");
}

TEST_CASE("enumerators outside the range that is looked at have no names") {
  CHECK(names<tiny>() == "near=-16 highest=127 ");
  CHECK(names<opaque>().empty());
  CHECK(names<nothing>().empty());
}

TEST_CASE("of two enumerators with one value one is a name") {
  CHECK(memo::detail::enumeration_of<aliased>().names.size() == 1);
}

TEST_CASE("an enumeration holds the numbers of its type, or the bits that its enumerators need") {
  CHECK(range<color>() == "0 to 255");
  CHECK(range<tiny>() == "-128 to 127");
  CHECK(range<answer>() == "0 to 1");
  CHECK(range<wide>() == "0 to 18446744073709551615");
  CHECK(range<opaque>() == "-2147483648 to 2147483647");
  CHECK(range<unscoped>() == "0 to 3");
  CHECK(range<negative>() == "-8 to 7");
  CHECK(range<flags>() == "0 to 2097151");
  CHECK(range<nothing>() == "0 to 1");
  auto const& known = memo::detail::enumeration_of<negative>();
  CHECK(known.holds(static_cast<std::uint64_t>(-8)));
  CHECK_FALSE(known.holds(static_cast<std::uint64_t>(-9)));
  CHECK_FALSE(known.holds(8));
}
