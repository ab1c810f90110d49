#include <memo/store/worth.hpp>

#include <catch2/catch.hpp>

#include <cstdint>

namespace {

using memo::detail::recompute_cost;
using memo::detail::worth;

constexpr std::int64_t a_second = 1'000'000'000;

memo::entry variant_of(std::int64_t cost_ns, std::uint64_t variant = 0, bool reads_a_file = false) {
  memo::entry made;
  made.cost_ns = cost_ns;
  made.variant = {variant, variant};
  if (reads_a_file) made.dependencies.push_back({memo::dependency::kind::file, "/data", {}});
  return made;
}

}  // namespace

TEST_CASE("what takes longer, is smaller, or was used later is worth more") {
  CHECK(worth(2 * a_second, 1000, 0) > worth(a_second, 1000, 0));
  CHECK(worth(a_second, 1000, 0) > worth(a_second, 1'000'000, 0));
  CHECK(worth(a_second, 1000, 0) > worth(a_second, 1000, 3600 * a_second));
}

TEST_CASE("nothing is free, priceless, or worth less than nothing") {
  CHECK(worth(0, 0, 0) > 0);
  CHECK(worth(0, UINT64_MAX, INT64_MAX) > 0);
  CHECK(worth(-a_second, 1000, -a_second) == worth(0, 1000, 0));
  // A millisecond and a page, a minute: below these it is the same thing.
  CHECK(worth(0, 0, 0) * 2.01 > worth(1'000'000, 0, 0));
  CHECK(worth(a_second, 1, 0) < worth(a_second, 0, 0) * 1.01);
  CHECK(worth(a_second, 1000, a_second) * 1.05 > worth(a_second, 1000, 0));
}

TEST_CASE("variants of other inputs cost as much as the dearest one, parts of one result as their sum") {
  CHECK(recompute_cost({}) == 0);
  CHECK(recompute_cost({variant_of(7)}) == 7);
  CHECK(recompute_cost({variant_of(7, 1, true), variant_of(9, 2, true), variant_of(3, 3, true)}) == 9);
  CHECK(recompute_cost({variant_of(7, 1), variant_of(9, 2), variant_of(-3, 3)}) == 16);
}
