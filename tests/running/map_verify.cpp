// Elements that are found and run again to be compared: what counts as a difference.
#include <memo/run/map_run.hpp>

#include "../support/behaviour.hpp"
#include "map_rows.hpp"

#include <cmath>
#include <stdexcept>

using test::hand_map;
using test::numbers;

namespace {

void verify_all(auto& map) {
  map.options.mode = memo::mode::verify;
  map.options.verify = 1;
}

}  // namespace

TEST_CASE("an element that ends early because the run stops does not differ") {
  memo::memory_store const store;
  std::stop_source source;
  hand_map<int, double> map([&](int const& x, double, memo::context* context) {
    if (x == 2 && source.get_token().stop_possible() && context->stop_requested()) return -1.0;
    return x / 2.0;
  });
  map.row().takes_context = true;
  CHECK(map.run(numbers(0, 5), store).ran == 5);
  bool throws = false;
  hand_map<int, double> stopping([&](int const&, double, memo::context* context) {
    source.request_stop();
    if (!context->stop_requested()) return 0.0;
    if (throws) throw std::runtime_error("stopped");
    return -1.0;
  });
  stopping.row().takes_context = true;
  verify_all(stopping);
  for (bool const then_throws : {false, true}) {
    throws = then_throws;
    source = {};
    stopping.options.stop = source.get_token();
    auto const made = stopping.run(numbers(0, 5), store);
    CHECK(made.found == 5);
    CHECK(made.difference == "");
    CHECK(made.values.at(4) == 2);
  }
}

TEST_CASE("a second computation is tried again like a first one") {
  memo::memory_store const store;
  int calls = 0;
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    if (++calls % 2 == 1) throw std::runtime_error("flaky");
    return x / 2.0;
  });
  map.row().options.retries = 1;
  CHECK(map.run(numbers(0, 5), store).ran == 5);
  verify_all(map);
  CHECK(map.run(numbers(0, 5), store).difference == "");
  CHECK(calls == 20);
  map.row().options.retries = 0;
  CHECK(map.run(numbers(0, 5), store).difference == "element 0: it failed: flaky, from 0");
}

TEST_CASE("with an identity of the whole, only what it shows differs") {
  memo::memory_store const store;
  double noise = 0;
  hand_map<int, double> map([&](int const& x, double, memo::context*) { return x + noise; });
  map.row().identity = [](void const*, void const* value, std::uint64_t seed) {
    std::vector<long> rounded;
    for (double const y : *static_cast<std::vector<double> const*>(value)) rounded.push_back(std::lround(y));
    return memo::fingerprint_of(rounded, seed);
  };
  CHECK(map.run(numbers(0, 5), store).ran == 5);
  verify_all(map);
  noise = 0.25;
  auto const same = map.run(numbers(0, 5), store);
  CHECK(same.difference == "");
  CHECK(same.values.at(1) == 1);
  noise = 1;
  auto const other = map.run(numbers(0, 5), store);
  CHECK(test::contains(other.difference, "by .identity() stored"));
  CHECK(test::contains(other.difference, "with 5 elements run again"));
  CHECK(other.values.at(1) == 1);
}
