#include <memo/key/packed_key.hpp>

#include <memo/key/key_value.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <complex>
#include <cstdint>
#include <limits>

namespace {

enum class colour : std::uint8_t { red = 3 };

struct point {
  double x = 0.5, y = -0.25;
  std::int32_t n = 7, m = -7;
};

/// Both ways to the key of the same values.
template <class... T>
bool agree(memo::digest const& prefix, std::uint64_t seed, T const&... values) {
  memo::key_parts parts;
  (memo::add_value(parts, memo::part::input, {}, values, seed), ...);
  return memo::packed_key(prefix, seed, values...) == parts.key(prefix, seed);
}

}  // namespace

TEST_CASE("a key of packed values is the one that their parts make") {
  memo::digest const prefix{0x0123456789abcdefU, 0xfedcba9876543210U};
  for (std::uint64_t const seed : {std::uint64_t{0}, std::uint64_t{12345}}) {
    CHECK(agree(prefix, seed));
    CHECK(agree(prefix, seed, 1, 0.5));
    CHECK(agree(prefix, seed, 0.5, 0.25));
    CHECK(agree(prefix, seed, std::int8_t{-1}));
    CHECK(agree(prefix, seed, 'a', std::int16_t{-2}, 3.5f, std::int64_t{4}, 'b'));
    CHECK(agree(prefix, seed, -0.0, std::numeric_limits<double>::quiet_NaN()));
    CHECK(agree(prefix, seed, colour::red, std::complex<double>(1, 2), std::array<char, 3>{'x', 'y', 'z'}));
    CHECK(
        agree(prefix, seed, point{}, std::array<double, 8>{1, 2, 3, 4, 5, 6, 7, 8}, 'c', point{1, 2, 3, 4}));
    CHECK(agree(prefix, seed, std::array<std::uint8_t, 63>{1, 2}, std::array<std::uint8_t, 9>{3}));
  }
  CHECK(memo::packed_key(prefix, 0, 1, 0.5) != memo::packed_key(prefix, 0, 1, 0.75));
}
