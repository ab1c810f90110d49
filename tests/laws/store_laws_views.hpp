/// What a store promises about views.
#pragma once

#include "store_samples.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
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

}  // namespace laws
