/// The promises of stores with limits of their own.
#pragma once

#include "store_samples.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

namespace laws {

using namespace samples;

template <memo::store Store>
bool put_costing(Store store, int number, std::int64_t cost_ms, std::size_t size = 10'000) {
  sample one(number, size);
  one.value.cost_ns = cost_ms * 1'000'000;
  return one.put_into(store).stored;
}

/// Each law gets `make(limits)`: a store with these limits that is empty at its start.
template <class Make>
void entries_stay_within_their_number(Make make) {
  auto store = make({.max_entries = 10});
  for (int i = 0; i < 35; ++i) {
    CHECK(sample(i).put_into(store).stored);
    CHECK(store.stats().entries <= 10);
    CHECK(look_up(store, i) == got::right);
  }
  CHECK(store.stats().entries >= 5);
  for (int i = 34; i > 0; --i) CHECK(look_up(store, i) != got::wrong);
}

template <class Make>
void bytes_stay_within_their_limit(Make make) {
  auto store = make({.max_bytes = 400'000});
  for (int i = 0; i < 60; ++i) {
    CHECK(sample(i, 10'000).put_into(store).stored);
    CHECK(store.stats().bytes <= 400'000);
    CHECK(look_up(store, i, 10'000) == got::right);
  }
  CHECK(store.stats().entries >= 5);
  // A key that is replaced again and again leaves objects that nothing names.
  for (int i = 60; i < 120; ++i) {
    sample one(i, 10'000);
    one.key = key_of(0);
    CHECK(one.put_into(store, memo::put_policy::replace).stored);
    CHECK(store.stats().bytes <= 400'000);
    CHECK(store.read(one.object(), nullptr, memo::access::normal).status == memo::lookup::hit);
  }
}

template <class Make>
void what_is_too_old_goes(Make make) {
  auto store = make({.max_age_ms = 3'600'000});
  for (int i = 0; i < 4; ++i) {
    sample one(i);
    if (i % 2 == 0) one.value.created_ms -= 2 * 3'600'000;
    CHECK(one.put_into(store).stored);
  }
  store.collect();
  for (int i = 0; i < 4; ++i) CHECK(look_up(store, i) == (i % 2 == 0 ? got::nothing : got::right));
  CHECK(store.stats().entries == 2);
}

template <class Make>
void what_is_cheap_leaves_first(Make make) {
  auto store = make({});
  for (int i = 0; i < 4; ++i) CHECK(put_costing(store, i, i == 2 ? 1 : 10'000));
  CHECK(store.collect({0, 3, 0}).removed_entries == 1);
  CHECK(look_up(store, 2, 10'000) == got::nothing);
  CHECK(put_costing(store, 4, 10'000, 1'000'000));
  CHECK(store.collect({0, 3, 0}).removed_entries == 1);
  CHECK(look_up(store, 4, 1'000'000) == got::nothing);
  for (int const left : {0, 1, 3}) CHECK(look_up(store, left, 10'000) == got::right);
}

template <class Make>
void what_is_old_leaves_first(Make make) {
  auto store = make({});
  for (int i = 0; i < 5; ++i) {
    CHECK(put_costing(store, i, 100));
    ::usleep(12'000);  // files have the time of the kernel's last tick
  }
  CHECK(store.collect({0, 3, 0}).removed_entries == 2);
  for (int i = 0; i < 5; ++i) CHECK(look_up(store, i, 10'000) == (i < 2 ? got::nothing : got::right));
}

template <class Make>
void what_is_pinned_outlives_puts(Make make) {
  auto store = make({.max_entries = 4});
  std::vector<memo::digest> const few{key_of(0), key_of(1)};
  auto pin = store.pin(few);
  for (int i = 0; i < 30; ++i) {
    CHECK(sample(i).put_into(store).stored);
    CHECK(store.stats().entries <= 4);
  }
  CHECK(look_up(store, 0) == got::right);
  CHECK(look_up(store, 1) == got::right);
  CHECK(store.put({}).warning == "");

  std::vector<memo::digest> many;
  for (int i = 100; i < 108; ++i) many.push_back(key_of(i));
  auto const more = store.pin(many);
  for (int i = 100; i < 108; ++i) CHECK(sample(i).put_into(store).stored);
  for (int i = 100; i < 108; ++i) CHECK(look_up(store, i) == got::right);
  auto const told = store.put({});
  CHECK(told.stored);
  CHECK(told.warning.find("less than this run uses") != std::string::npos);
}

template <class Make>
void what_was_pinned_goes_later(Make make) {
  auto store = make({.max_entries = 4});
  {
    std::vector<memo::digest> keys;
    for (int i = 0; i < 8; ++i) keys.push_back(key_of(i));
    auto const pin = store.pin(keys);
    for (int i = 0; i < 8; ++i) CHECK(sample(i).put_into(store).stored);
    CHECK(store.stats().entries == 8);
  }
  CHECK(store.put({}).warning == "");
  CHECK(store.stats().entries <= 4);
}

template <class Make>
void an_entry_whose_object_is_gone_is_a_miss(Make make) {
  auto store = make({.max_bytes = 1'000'000});
  sample const one(1);
  memo::put_request const alone{one.key, &one.value};
  CHECK(store.put({&alone, 1}).stored);
  CHECK(look_up(store, 1) == got::nothing);
  auto const object = store.read(one.object(), nullptr, memo::access::normal);
  CHECK(object.status == memo::lookup::miss);
  CHECK(one.put_into(store, memo::put_policy::replace).stored);
  CHECK(look_up(store, 1) == got::right);
}

template <class Make>
void readers_see_right_values_or_none_while_a_limit_bites(Make make) {
  auto store = make({.max_bytes = 400'000});
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 2; ++t)
    readers.emplace_back([&, t] {
      unsigned state = t * 7919 + 1;
      while (!done) {
        state = state * 1664525 + 1013904223;
        wrong += look_up(store, static_cast<int>((state >> 12) % 60), 10'000) == got::wrong ? 1 : 0;
      }
    });
  int refused = 0;
  for (int i = 0; i < 120; ++i) refused += sample(i % 60, 10'000).put_into(store).stored ? 0 : 1;
  done = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(refused == 0);
  CHECK(store.stats().bytes <= 400'000);
  CHECK(store.verify().damaged == 0);
}

template <class Make>
void hold_limits(Make make) {
  SECTION("entries stay within their number") { entries_stay_within_their_number(make); }
  SECTION("bytes stay within their limit") { bytes_stay_within_their_limit(make); }
  SECTION("what is too old goes") { what_is_too_old_goes(make); }
  SECTION("what is cheap leaves first") { what_is_cheap_leaves_first(make); }
  SECTION("what is old leaves first") { what_is_old_leaves_first(make); }
  SECTION("what is pinned outlives puts") { what_is_pinned_outlives_puts(make); }
  SECTION("what was pinned goes later") { what_was_pinned_goes_later(make); }
  SECTION("an entry whose object is gone is a miss") { an_entry_whose_object_is_gone_is_a_miss(make); }
  SECTION("readers see right values or none while a limit bites") {
    readers_see_right_values_or_none_while_a_limit_bites(make);
  }
}

}  // namespace laws
