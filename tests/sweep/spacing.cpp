#include <memo/sweep/spacing.hpp>

#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>

using memo::geomspace;
using memo::linspace;
using memo::logspace;
using numbers = std::vector<double>;

TEST_CASE("both ends of a spacing are exact, whatever lies between") {
  CHECK(linspace(0, 1, 5) == numbers{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(3, -1, 3) == numbers{3, 1, -1});
  for (std::size_t const count : {2u, 3u, 7u, 41u, 1000u}) {
    CHECK(linspace(0.1, 0.7, count).front() == 0.1);
    CHECK(linspace(0.1, 0.7, count).back() == 0.7);
    CHECK(geomspace(0.1, 0.7, count).back() == 0.7);
    CHECK(linspace(0.1, 0.7, count).size() == count);
  }
}

TEST_CASE("a spacing of none or of one value") {
  CHECK(linspace(1, 2, 0).empty());
  CHECK(linspace(1, 2, 1) == numbers{1});
  CHECK(logspace(0, 2, 0).empty());
  CHECK(logspace(2, 3, 1) == numbers{100});
  CHECK(geomspace(5, 7, 1) == numbers{5});
}

TEST_CASE("values are those that one would write down, and grow") {
  CHECK(linspace(0, 1, 11) == numbers{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1});
  numbers const temperatures = linspace(1.5, 3.5, 41);
  CHECK(temperatures[1] == 1.55);
  CHECK(temperatures[20] == 2.5);
  for (std::size_t i = 1; i < temperatures.size(); ++i) CHECK(temperatures[i - 1] < temperatures[i]);
}

TEST_CASE("values are the same bits wherever the program is compiled") {
  std::uint64_t sum = 0;
  for (double const value : linspace(0.3, 17.9, 1001)) sum = sum * 31 + std::bit_cast<std::uint64_t>(value);
  CHECK(sum == 0x5f4d82e1d0516570);
}

TEST_CASE("logarithmic spacings take exponents or values") {
  CHECK(logspace(0, 3, 4) == numbers{1, 10, 100, 1000});
  numbers const by_value = geomspace(1, 1000, 4);
  REQUIRE(by_value.size() == 4);
  CHECK(by_value[1] == Approx(10));
  CHECK(by_value[2] == Approx(100));
  numbers const falling = geomspace(-8, -1, 4);
  CHECK(falling[1] == Approx(-4));
  CHECK(falling[2] == Approx(-2));
}
