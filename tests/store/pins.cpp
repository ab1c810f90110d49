#include <memo/store/pins.hpp>

#include <catch2/catch.hpp>

TEST_CASE("a key is pinned until its last pin is gone") {
  memo::detail::pins pins;
  std::vector<memo::digest> const keys{{1, 1}, {1, 2}, {1, 1}};
  auto first = pins.pin(keys);
  auto second = pins.pin(keys);
  first.reset();
  CHECK(pins.contains({1, 1}));
  CHECK_FALSE(pins.contains({1, 3}));
  second.reset();
  CHECK_FALSE(pins.contains({1, 1}));
}

TEST_CASE("a pin outlives its table") {
  std::shared_ptr<void> pin;
  {
    memo::detail::pins pins;
    std::vector<memo::digest> const keys{{1, 1}};
    pin = pins.pin(keys);
  }
  pin.reset();
}
