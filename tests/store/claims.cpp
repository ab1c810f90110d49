#include <memo/store/claims.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>

using memo::detail::claims;
using status = memo::claim_result::status;

TEST_CASE("a claim is given back on every way out") {
  claims table;
  try {
    auto const mine = table.claim({1, 1});
    CHECK(mine.what == status::mine);
    CHECK(table.claim({1, 1}).what == status::busy);
    CHECK(table.claim({1, 2}).what == status::mine);
    throw std::runtime_error("the step failed");
  } catch (std::runtime_error const&) {
  }
  CHECK(table.claim({1, 1}).what == status::mine);
}

TEST_CASE("a claim outlives its table") {
  memo::claim_result held;
  {
    claims table;
    held = table.claim({1, 1});
  }
  held.hold.reset();
}

TEST_CASE("the holder is named as a thread of this process") {
  claims table;
  auto const mine = table.claim({1, 1});
  auto const number = std::to_string(memo::detail::thread_number());
  std::thread([&] {
    CHECK(table.claim({1, 1}).holder == "thread " + number + " of this process");
    CHECK(memo::detail::thread_number() != std::stoull(number));
  }).join();
}

TEST_CASE("who stored a key himself is not told of it, others are once") {
  claims table;
  table.note_stored({1, 1});
  CHECK(table.claim({1, 1}).what == status::mine);
  std::thread([&] {
    CHECK(table.claim({1, 1}).what == status::hit);
    CHECK(table.claim({1, 1}).what == status::mine);
  }).join();
  table.note_removed({1, 1});
  std::thread([&] { CHECK(table.claim({1, 1}).what == status::mine); }).join();
}

TEST_CASE("what was stored long ago is forgotten") {
  claims table;
  for (unsigned i = 0; i < 5000; ++i) table.note_stored({2, i});
  std::thread([&] {
    CHECK(table.claim({2, 0}).what == status::mine);
    CHECK(table.claim({2, 4999}).what == status::hit);
    table.note_all_removed();
    CHECK(table.claim({2, 4998}).what == status::mine);
  }).join();
}

TEST_CASE("of many threads one computes and the others find it done") {
  for (int round = 0; round < 200; ++round) {
    claims table;
    std::atomic<int> computed{0};
    std::atomic<bool> stored{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        while (!stored) {
          auto const claim = table.claim({3, 3});
          if (claim.what != status::mine) continue;
          ++computed;
          table.note_stored({3, 3});
          stored = true;
        }
      });
    for (auto& thread : threads) thread.join();
    CHECK(computed == 1);
  }
}

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
