/// The promises of the concept `store` on claims: one holder, waiters that are told once, and no wake-up lost.
#pragma once

#include "store_samples.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace laws {

using namespace samples;

/// Counts how often it was told.
struct counting_waiter {
  std::atomic<int> told{0};

  memo::claim_waiter waiter() {
    return {[](void* self, std::uint64_t) noexcept { ++static_cast<counting_waiter*>(self)->told; }, this, 0};
  }
};

/// A thread that sleeps until it is told, for as long as it takes.
struct sleeping_waiter {
  std::atomic<bool> told{false};

  memo::claim_waiter waiter() {
    return {[](void* self, std::uint64_t) noexcept {
              auto& flag = static_cast<sleeping_waiter*>(self)->told;
              flag = true;
              flag.notify_one();
            },
            this, 0};
  }
  void sleep() { told.wait(false); }
};

template <memo::store Store>
void one_at_a_time_holds_a_claim(Store store) {
  using status = memo::claim_result::status;
  memo::claim_request const request{.key = key_of(1)};
  auto first = store.claim(request);
  REQUIRE(first.what == status::mine);
  CHECK(first.hold != nullptr);
  CHECK(first.holder == "");
  CHECK(store.claim(request).what == status::busy);  // by the same thread too
  std::thread([&] {
    auto const second = store.claim(request);
    CHECK(second.what == status::busy);
    CHECK(second.hold == nullptr);
    CHECK(second.holder.find("thread ") == 0);
    CHECK_FALSE(second.is_other_process);
    CHECK(store.claim({.key = key_of(2)}).what == status::mine);
  }).join();
  auto copy = first.hold;
  first.hold.reset();
  CHECK(store.claim(request).what == status::busy);
  std::thread([&] { copy.reset(); }).join();
  CHECK(store.claim(request).what == status::mine);
  // A claim says nothing of what is stored.
  CHECK(sample(1).put_into(store).stored);
  CHECK(store.claim(request).what == status::mine);
}

template <memo::store Store>
void a_claim_is_released_by_an_exception(Store store) {
  counting_waiter counter;
  memo::claim_result place;
  try {
    auto const mine = store.claim({.key = key_of(1)});
    place = store.claim({.key = key_of(1), .waiter = counter.waiter()});
    throw std::runtime_error("the step failed");
  } catch (std::runtime_error const&) {
  }
  CHECK(counter.told == 1);
  CHECK(store.claim({.key = key_of(1)}).what == memo::claim_result::status::mine);
}

template <memo::store Store>
void who_waits_is_told_once(Store store) {
  counting_waiter one, two, other;
  auto first = store.claim({.key = key_of(1)});
  auto const held = store.claim({.key = key_of(2)});
  auto const place_one = store.claim({.key = key_of(1), .waiter = one.waiter()});
  auto const place_two = store.claim({.key = key_of(1), .waiter = two.waiter()});
  auto const place_other = store.claim({.key = key_of(2), .waiter = other.waiter()});
  REQUIRE(place_one.what == memo::claim_result::status::busy);
  REQUIRE(place_one.hold != nullptr);
  CHECK(one.told + two.told == 0);
  first.hold.reset();
  CHECK(one.told == 1);
  CHECK(two.told == 1);
  // Who got the claim may have a place in the queue of before.
  store.claim({.key = key_of(1)});
  CHECK(one.told == 1);
  CHECK(other.told == 0);
  // A waiter that gets the claim is not told of its own release.
  counting_waiter mine;
  store.claim({.key = key_of(3), .waiter = mine.waiter()});
  CHECK(mine.told == 0);
}

template <memo::store Store>
void who_stopped_waiting_is_not_told(Store store) {
  std::vector<counting_waiter> counters(5);
  std::vector<memo::claim_result> places;
  auto mine = store.claim({.key = key_of(1)});
  for (auto& counter : counters)
    places.push_back(store.claim({.key = key_of(1), .waiter = counter.waiter()}));
  for (std::size_t const gone : {0u, 2u, 4u}) places[gone].hold.reset();
  mine.hold.reset();
  for (std::size_t i = 0; i < 5; ++i) CHECK(counters[i].told == (i % 2 == 0 ? 0 : 1));

  // The destructor waits for a call that is under way.
  for (int round = 0; round < 200; ++round) {
    auto held = store.claim({.key = key_of(2)});
    auto inside = std::make_unique<std::atomic<int>>(0);
    auto place = store.claim({.key = key_of(2),
                              .waiter = {[](void* state, std::uint64_t) noexcept {
                                           auto& n = *static_cast<std::atomic<int>*>(state);
                                           n = 1;
                                           std::this_thread::yield();
                                           n = 2;
                                         },
                                         inside.get()}});
    std::thread release([&] { held.hold.reset(); });
    place.hold.reset();
    CHECK(*inside != 1);
    inside.reset();
    release.join();
  }
}

/// What a waiter needs that gives its place back and claims while it is told.
template <memo::store Store>
struct eager_waiter {
  Store store;
  memo::claim_result place{};
  memo::claim_result got{};

  memo::claim_waiter waiter() {
    return {[](void* self, std::uint64_t argument) noexcept {
              auto& w = *static_cast<eager_waiter*>(self);
              w.place.hold.reset();
              w.got = w.store.claim({.key = key_of(static_cast<int>(argument))});
            },
            this, 1};
  }
};

template <memo::store Store>
void a_waiter_may_claim_where_it_is_told(Store store) {
  using status = memo::claim_result::status;
  eager_waiter<Store> one{store}, two{store};
  auto first = store.claim({.key = key_of(1)});
  one.place = store.claim({.key = key_of(1), .waiter = one.waiter()});
  two.place = store.claim({.key = key_of(1), .waiter = two.waiter()});
  first.hold.reset();
  CHECK(one.got.what == status::mine);
  CHECK(one.got.hold != nullptr);
  CHECK(two.got.what == status::busy);
}

template <memo::store Store>
void thousands_may_wait_for_one_key(Store store) {
  std::vector<counting_waiter> counters(20'000);
  std::vector<memo::claim_result> places;
  auto mine = store.claim({.key = key_of(1)});
  for (auto& counter : counters)
    places.push_back(store.claim({.key = key_of(1), .waiter = counter.waiter()}));
  // In an order that a search through the queue would feel.
  for (std::size_t i = places.size(); i-- > 0;)
    if (i % 2 == 0) places[i].hold.reset();
  mine.hold.reset();
  int told = 0;
  for (auto& counter : counters) told += counter.told;
  CHECK(told == 10'000);
}

/// Threads that look up, claim, look up again and compute: each key once, and nobody sleeps for ever.
template <memo::store Store>
void of_many_threads_one_computes(Store store) {
  constexpr int keys = 40;
  std::array<std::atomic<int>, keys> computed{};
  std::atomic<int> wrong{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int key = 0; key < keys; ++key)
        while (store.find(key_of(key)).status != memo::lookup::hit) {
          sleeping_waiter sleeper;
          auto claim = store.claim({.key = key_of(key), .waiter = sleeper.waiter()});
          if (claim.what == memo::claim_result::status::busy) {
            sleeper.sleep();
          } else if (store.find(key_of(key)).status != memo::lookup::hit) {
            if (key % 4 == 0 && failures.fetch_add(1) % 3 != 0) continue;  // a computation that fails
            std::this_thread::yield();
            ++computed[static_cast<std::size_t>(key)];
            sample(key).put_into(store);
          }
        }
      for (int key = 0; key < keys; ++key) wrong += look_up(store, key) == got::right ? 0 : 1;
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (auto const& count : computed) CHECK(count == 1);
}

}  // namespace laws
