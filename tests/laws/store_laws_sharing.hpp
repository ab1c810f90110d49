/// The promises of the concept `store` on what handles and threads share: claims, pins, limits, live values.
#pragma once

#include "store_samples.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

namespace laws {

using namespace samples;

inline bool is_aligned(memo::shared_bytes const& bytes) {
  return reinterpret_cast<std::uintptr_t>(bytes.view.data()) % memo::payload_alignment == 0;
}

template <memo::store Store>
void pinned_keys_survive(Store store) {
  for (int i = 0; i < 10; ++i) CHECK(sample(i, 1000).put_into(store).stored);
  std::vector<memo::digest> const keys{key_of(3), key_of(7)};
  auto pin = store.pin(keys);
  memo::store_limits limits;
  limits.max_bytes = 1;
  auto const collected = store.collect(limits);
  CHECK(collected.removed_entries == 8);
  CHECK(collected.removed_bytes >= 8000);
  CHECK(look_up(store, 3, 1000) == got::right);
  CHECK(look_up(store, 7, 1000) == got::right);
  CHECK(look_up(store, 4, 1000) == got::nothing);
  pin.reset();
  CHECK(store.collect(limits).removed_entries == 2);
  CHECK(store.stats().bytes == 0);
}

template <memo::store Store>
void collect_keeps_to_limits(Store store) {
  for (int i = 0; i < 20; ++i) {
    sample one(i, 10'000);
    if (i < 5) one.value.created_ms -= 100'000;
    CHECK(one.put_into(store).stored);
  }
  CHECK(store.collect({}).removed_entries == 0);
  CHECK(store.collect({0, 0, 50'000}).removed_entries == 5);
  CHECK(look_up(store, 4, 10'000) == got::nothing);
  CHECK(look_up(store, 5, 10'000) == got::right);
  CHECK(store.collect({0, 12, 0}).removed_entries == 3);
  CHECK(store.stats().entries == 12);
  store.collect({50'000, 0, 0});
  auto const stats = store.stats();
  CHECK(stats.bytes <= 50'000);
  CHECK(stats.entries >= 3);
  CHECK(store.collect().removed_entries == 0);
}

template <memo::store Store>
void copies_share_what_they_hold(Store store) {
  Store copy = store;
  CHECK(sample(1).put_into(store).stored);
  CHECK(look_up(copy, 1) == got::right);
  auto const mine = copy.claim({.key = key_of(2)});
  std::thread([&] {
    CHECK(store.claim({.key = key_of(2)}).what == memo::claim_result::status::busy);
  }).join();
  copy.clear();
  CHECK(look_up(store, 1) == got::nothing);
}

/// Live values for `live_values_keep_their_type`: a text, whose stored form are its characters.
inline memo::shared_bytes encode_text(void const* value) {
  auto const& text = *static_cast<std::string const*>(value);
  memo::aligned_block const block(text.size());
  std::copy_n(memo::as_byte_view(text).begin(), text.size(), block.data());
  return block.share();
}

template <memo::store Store>
void live_values_keep_their_type(Store store) {
  static int const text_tag = 0, other_tag = 0;
  sample const one(1, 5000);
  auto const value = std::make_shared<std::string const>(one.bytes);
  auto source = one.source();
  memo::byte_view const piece = memo::as_byte_view(one.bytes);
  source.pieces = {&piece, 1};
  source.live = {value, &text_tag, one.bytes.size(), &encode_text};
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);

  auto const wanted = store.read(one.object(), &text_tag, memo::access::normal);
  REQUIRE(wanted.status == memo::lookup::hit);
  if (store.capabilities().live)
    CHECK(wanted.live.value == value);
  else
    CHECK(memo::as_text(wanted.bytes.view) == one.bytes);
  for (void const* tag : {static_cast<void const*>(&other_tag), static_cast<void const*>(nullptr)}) {
    auto const bytes = store.read(one.object(), tag, memo::access::normal);
    REQUIRE(bytes.status == memo::lookup::hit);
    CHECK_FALSE(bytes.live);
    CHECK(memo::as_text(bytes.bytes.view) == one.bytes);
    CHECK(is_aligned(bytes.bytes));
  }
  CHECK(store.stats().bytes >= 5000);
}

template <memo::store Store>
void threads_may_mix_everything(Store store) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      unsigned state = t * 7919 + 1;
      for (int i = 0; i < 400; ++i) {
        state = state * 1664525 + 1013904223;
        int const number = static_cast<int>((state >> 16) % 24);
        auto const size = static_cast<std::size_t>(100 + number * 50);
        switch ((state >> 8) % 16) {
          case 0:
            store.erase(key_of(number));
            break;
          case 1:
            store.collect({5000, 0, 0});
            break;
          case 2:
            store.pin(std::vector{key_of(number)});
            break;
          case 3:
            store.stats();
            break;
          case 4:
            store.claim({.key = key_of(number)});
            break;
          case 5:
            sample(number, size).put_into(store, memo::put_policy::replace);
            break;
          case 6:
          case 7:
          case 8:
            sample(number, size).put_into(store);
            break;
          default:
            wrong += look_up(store, number, size) == got::wrong ? 1 : 0;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(store.verify().damaged == 0);
  sample(1).put_into(store, memo::put_policy::replace);
  CHECK(look_up(store, 1) == got::right);
}

}  // namespace laws
