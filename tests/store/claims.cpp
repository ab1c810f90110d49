#include <memo/store/claims.hpp>

#include "../support/processes.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using memo::detail::claims;
using status = memo::claim_result::status;

namespace {

/// Adds its argument to a number.
memo::claim_waiter adder(std::atomic<int>& to, int number) {
  return {[](void* sum, std::uint64_t by) noexcept {
            *static_cast<std::atomic<int>*>(sum) += static_cast<int>(by);
          },
          &to, static_cast<std::uint64_t>(number)};
}

}  // namespace

TEST_CASE("a claim outlives its table") {
  memo::claim_result held, place;
  std::atomic<int> told{0};
  {
    claims table;
    held = table.claim({.key = {1, 1}});
    place = table.claim({.key = {1, 1}, .waiter = adder(told, 7)});
  }
  held.hold.reset();
  CHECK(told == 7);
}

TEST_CASE("the holder is named as a thread of this process") {
  claims table;
  auto const mine = table.claim({.key = {1, 1}});
  auto const number = std::to_string(memo::detail::thread_number());
  std::thread([&] {
    auto const busy = table.claim({.key = {1, 1}});
    CHECK(busy.holder == "thread " + number + " of this process");
    CHECK_FALSE(busy.is_other_process);
    CHECK(memo::detail::thread_number() != std::stoull(number));
  }).join();
}

TEST_CASE("a claim across processes counts in this one where no other can see the store") {
  claims table;
  auto const mine = table.claim({.key = {1, 1}, .reach = memo::claim_reach::machine});
  CHECK(mine.what == status::mine);
  CHECK(mine.note == "");
  CHECK(table.claim({.key = {1, 1}}).what == status::busy);
}

TEST_CASE("where the file cannot be had the claim says why") {
  int calls = 0;
  claims counted({[](void* n, memo::claim_reach reach, std::string& why_not) {
                    ++*static_cast<int*>(n);
                    why_not = reach == memo::claim_reach::asked ? "asked in vain" : "not allowed";
                    return std::shared_ptr<memo::detail::claim_file>();
                  },
                  &calls});
  CHECK(counted.claim({.key = {1, 1}}).note == "");
  CHECK(calls == 0);
  auto const mine = counted.claim({.key = {1, 1}, .reach = memo::claim_reach::machine});
  CHECK(mine.what == status::mine);
  CHECK(mine.note == "not allowed");
  CHECK(counted.claim({.key = {1, 1}, .reach = memo::claim_reach::machine}).what == status::busy);
  CHECK(calls == 1);
  CHECK(counted.claim({.key = {1, 2}, .reach = memo::claim_reach::asked}).note == "asked in vain");
}

TEST_CASE("a child that is forked while threads claim finds a table that it can use") {
  claims table;
  std::atomic<bool> is_done{false};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      std::atomic<int> told{0};
      for (std::uint64_t i = 0; !is_done; ++i) {
        auto const mine = table.claim({.key = {t, i}});
        auto const place = table.claim({.key = {t, i}, .waiter = adder(told, 1)});
      }
    });
  for (int i = 0; i < (test::is_long() ? 5000 : 100); ++i) {
    auto mine = table.claim({.key = {9, 9}});
    test::process child([&] {
      if (table.claim({.key = {9, 9}}).what != status::mine) return 1;
      auto const own = table.claim({.key = {9, 9}});
      mine.hold.reset();
      return table.claim({.key = {9, 9}}).what == status::busy ? 0 : 2;
    });
    CHECK(child.join() == 0);
    CHECK(table.claim({.key = {9, 9}}).what == status::busy);
  }
  is_done = true;
  for (auto& thread : threads) thread.join();
}
