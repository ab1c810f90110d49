#include <memo/exec/deque.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

using memo::detail::stolen;

struct pair_of_words {
  std::uint64_t number = 0, inverse = 0;
};
using numbers = memo::detail::deque<pair_of_words>;

pair_of_words item(std::uint64_t number) { return {number, ~number}; }

bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

}  // namespace

TEST_CASE("the owner of a deque gets the item pushed last, a thief the first") {
  numbers d(2);
  pair_of_words got;
  CHECK(d.empty());
  CHECK_FALSE(d.pop(got));
  CHECK(d.steal(got) == stolen::nothing);
  for (std::uint64_t i = 1; i <= 5; ++i) d.push(item(i), i % 2 == 0);
  CHECK_FALSE(d.empty());
  CHECK(d.pop(got));
  CHECK(got.number == 5);
  CHECK(d.steal(got) == stolen::item);
  CHECK(got.number == 1);
  CHECK(d.pop(got));
  CHECK(d.pop(got));
  CHECK(got.number == 3);
  CHECK(d.steal(got) == stolen::item);
  CHECK(got.number == 2);
  CHECK(d.empty());
  CHECK_FALSE(d.pop(got));
  CHECK(d.steal(got) == stolen::nothing);
}

TEST_CASE("a deque grows and keeps its items in order") {
  numbers d(1);
  pair_of_words got;
  std::uint64_t pushed = 0, stolen_up_to = 0;
  for (int round = 1; round < 200; ++round) {
    for (int i = 0; i < round; ++i) d.push(item(++pushed));
    for (int i = 0; i < round / 2; ++i) {
      REQUIRE(d.steal(got) == stolen::item);
      REQUIRE(got.number == ++stolen_up_to);
    }
  }
  while (d.pop(got)) {
    REQUIRE(got.number == pushed--);
    REQUIRE(got.inverse == ~got.number);
  }
  CHECK(pushed == stolen_up_to);
}

// In its long form 10^8 items.
TEST_CASE("seven thieves and the owner of a deque take each item exactly once") {
  std::uint64_t const items = is_long() ? 100'000'000 : 2'000'000;
  numbers d(2);
  std::vector<std::atomic<std::uint8_t>> taken(items);
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> torn{0}, twice{0}, by_thieves{0};
  auto const take = [&](pair_of_words const& got) {
    if (got.inverse != ~got.number || got.number >= items)
      ++torn;
    else if (taken[got.number].fetch_add(1, std::memory_order_relaxed) != 0)
      ++twice;
  };
  std::vector<std::thread> thieves;
  for (int i = 0; i < 7; ++i)
    thieves.emplace_back([&] {
      pair_of_words got;
      std::uint64_t count = 0;
      for (;;) {
        bool const last_look = ended;
        stolen const result = d.steal(got);
        if (result == stolen::item) {
          take(got);
          ++count;
        } else if (result == stolen::nothing) {
          if (last_look) break;
          std::this_thread::yield();
        }
      }
      by_thieves += count;
    });
  pair_of_words got;
  std::uint64_t random = 1, by_owner = 0;
  for (std::uint64_t pushed = 0; pushed < items;) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    for (std::uint64_t n = random >> 60; n != 0 && pushed < items; --n) d.push(item(pushed++));
    for (std::uint64_t n = random >> 56 & 15; n != 0 && d.pop(got); --n, ++by_owner) take(got);
    if ((random >> 44) % 4096 == 0) std::this_thread::yield();
  }
  while (d.pop(got)) {
    take(got);
    ++by_owner;
  }
  ended = true;
  for (std::thread& t : thieves) t.join();
  CHECK(torn == 0);
  CHECK(twice == 0);
  CHECK(by_owner + by_thieves == items);
  WARN(items << " items, " << by_thieves << " of them stolen");
}
