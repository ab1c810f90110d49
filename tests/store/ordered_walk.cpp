#include <memo/store/ordered_walk.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

using memo::detail::walk_in_order;

TEST_CASE("a walk takes all results in order on the calling thread, whatever number of threads makes them") {
  auto const self = std::this_thread::get_id();
  for (std::size_t const threads : {1u, 2u, 3u, 8u})
    for (std::size_t const count : {0u, 1u, 2u, 7u, 300u})
      for (std::size_t const first : {0u, 1u}) {
        std::vector<std::size_t> taken;
        bool is_here = true;
        walk_in_order(
            first, count, threads, [](std::size_t i) { return 3 * i; },
            [&](std::size_t made) {
              taken.push_back(made);
              is_here = is_here && std::this_thread::get_id() == self;
            });
        std::vector<std::size_t> expected;
        for (std::size_t i = first; i < count; ++i) expected.push_back(3 * i);
        CHECK(taken == expected);
        CHECK(is_here);
      }
}

TEST_CASE("a walk on one thread starts none") {
  std::set<std::thread::id> threads;
  walk_in_order(
      0, 50, 1,
      [&](std::size_t) {
        threads.insert(std::this_thread::get_id());
        return 0;
      },
      [](int) {});
  CHECK(threads.size() == 1);
}

TEST_CASE("a walk runs ahead of what is taken by a few results only") {
  std::atomic<std::size_t> made{0};
  std::size_t taken = 0;
  std::size_t furthest = 0;
  walk_in_order(
      0, 500, 4, [&](std::size_t i) { return ++made, i; },
      [&](std::size_t) {
        furthest = std::max(furthest, made.load() - taken);
        ++taken;
      });
  CHECK(made == 500);
  CHECK(furthest <= 2 * 4 + 1);
}

TEST_CASE("what making or taking throws ends a walk") {
  for (std::size_t const threads : {1u, 4u}) {
    std::size_t taken = 0;
    CHECK_THROWS_AS(walk_in_order(
                        0, 100, threads,
                        [](std::size_t i) {
                          if (i == 40) throw std::runtime_error("made");
                          return i;
                        },
                        [&](std::size_t) { ++taken; }),
                    std::runtime_error);
    CHECK(taken == 40);
    taken = 0;
    CHECK_THROWS_AS(walk_in_order(
                        0, 100, threads, [](std::size_t i) { return i; },
                        [&](std::size_t) {
                          if (++taken == 7) throw std::logic_error("taken");
                        }),
                    std::logic_error);
    CHECK(taken == 7);
  }
}

TEST_CASE("results that can only be moved are walked") {
  std::size_t sum = 0;
  walk_in_order(
      0, 20, 3, [](std::size_t i) { return std::make_unique<std::size_t>(i); },
      [&](std::unique_ptr<std::size_t>&& made) { sum += *made; });
  CHECK(sum == 190);
}
