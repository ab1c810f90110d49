/// What a store promises about views.
#pragma once

#include "store_samples.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace laws {

/// A view shows what `read` gives, and keeps it whatever becomes of the store.
template <memo::store Store>
void a_view_outlives_what_it_was_taken_from(Store given) {
  std::optional<Store> store(std::move(given));
  std::vector<memo::shared_bytes> views;
  std::vector<std::string> right;
  for (std::size_t const size : {0u, 1u, 100u, 4096u, 200'000u, 3u << 20}) {
    int const number = static_cast<int>(right.size());
    samples::sample const one(number, size);
    CHECK(one.put_into(*store).stored);
    CHECK(store->view(samples::id_of("none"), nullptr, memo::access::normal).status == memo::lookup::miss);
    for (auto const how : {memo::access::normal, memo::access::read_only, memo::access::normal}) {
      auto viewed = store->view(one.object(), nullptr, how);
      REQUIRE(viewed.status == memo::lookup::hit);
      CHECK(reinterpret_cast<std::uintptr_t>(viewed.bytes.view.data()) % memo::payload_alignment == 0);
      CHECK((viewed.bytes.view.size() == size && memo::as_text(viewed.bytes.view) == one.bytes));
      views.push_back(std::move(viewed.bytes));
      right.push_back(one.bytes);
    }
  }
  auto const all_right = [&] {
    bool same = true;
    for (std::size_t i = 0; i < views.size(); ++i) same = same && memo::as_text(views[i].view) == right[i];
    return same;
  };
  store->erase(samples::key_of(3));
  store->collect({1, 1, 1});
  CHECK(all_right());
  store->clear();
  CHECK(store->view(samples::sample(3, 200'000).object(), nullptr, memo::access::normal).status ==
        memo::lookup::miss);
  for (int number = 100; number < 104; ++number)
    CHECK(samples::sample(number, 300'000).put_into(*store).stored);
  CHECK(all_right());
  store->clear();
  store.reset();
  CHECK(all_right());
}

/// Views of some threads stay what they are while others put, replace, remove and clear.
template <memo::store Store>
void threads_may_view_what_others_change(Store store) {
  constexpr int numbers = 6;
  constexpr std::size_t size = 150'000;
  std::vector<std::string> right;
  for (int i = 0; i < numbers; ++i) right.push_back(samples::value_of(i, size));
  std::atomic<int> wrong{0};
  std::atomic<int> seen{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t, store]() mutable {
      std::vector<std::pair<int, memo::shared_bytes>> kept(4);
      unsigned state = t * 7919 + 1;
      for (int i = 0; i < 120; ++i) {
        state = state * 1664525 + 1013904223;
        int const number = static_cast<int>((state >> 16) % numbers);
        samples::sample const one(number, size);
        switch ((state >> 8) % (t == 0 ? 4 : 40)) {
          case 0:
            store.erase(one.key);
            store.discard(one.object());
            break;
          case 1:
            if (state % 3 == 0) store.clear();
            break;
          case 2:
            one.put_into(store, memo::put_policy::replace);
            break;
          case 3:
            one.put_into(store);
            break;
          default: {
            auto found = store.view(one.object(), nullptr, memo::access::normal);
            if (found.status != memo::lookup::hit) {
              one.put_into(store);
              break;
            }
            ++seen;
            kept[state % 4] = {number, std::move(found.bytes)};
          }
        }
        auto const& [which, bytes] = kept[static_cast<std::size_t>(i) % 4];
        if (!bytes.view.empty())
          wrong += memo::as_text(bytes.view) != right[static_cast<std::size_t>(which)] ? 1 : 0;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(seen > 0);
}

}  // namespace laws
