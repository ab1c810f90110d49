#include <memo/store/integrity.hpp>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

namespace {

memo::digest id_of(std::uint64_t number) {
  return memo::hash_bytes(std::as_bytes(std::span<std::uint64_t const>(&number, 1)));
}

}  // namespace

TEST_CASE("objects that were verified are known until they are forgotten") {
  auto const table = std::make_unique<memo::detail::verified_objects>();
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK_FALSE(table->has(id_of(i)));
    table->add(id_of(i));
    CHECK(table->has(id_of(i)));
  }
  table->forget(id_of(7));
  CHECK_FALSE(table->has(id_of(7)));
  CHECK(table->has(id_of(8)));
  table->forget(id_of(1000));
  table->add(id_of(7));
  CHECK(table->has(id_of(7)));
}

TEST_CASE("nothing is verified in a new table") {
  auto const table = std::make_unique<memo::detail::verified_objects>();
  CHECK_FALSE(table->has({1, 0}));
  CHECK_FALSE(table->has({0, 1}));
  CHECK_FALSE(table->has({1, 1}));
}

TEST_CASE("more objects than the table holds push others out and are not confused with them") {
  auto const table = std::make_unique<memo::detail::verified_objects>();
  constexpr std::uint64_t count = 200'000;
  for (std::uint64_t i = 0; i < count; ++i) table->add(id_of(i));
  std::uint64_t known = 0;
  for (std::uint64_t i = 0; i < count; ++i) known += table->has(id_of(i)) ? 1 : 0;
  CHECK(known > 30'000);
  CHECK(known <= 32'768);
  CHECK(table->has(id_of(count - 1)));
  std::uint64_t strangers = 0;
  for (std::uint64_t i = count; i < 2 * count; ++i) strangers += table->has(id_of(i)) ? 1 : 0;
  CHECK(strangers == 0);
}

TEST_CASE("threads that add to one set never make an object known that nobody added") {
  auto const table = std::make_unique<memo::detail::verified_objects>();
  // All of one set: the same low bits.
  auto const in_set = [](std::uint64_t number) {
    memo::digest id = id_of(number);
    id.low &= ~std::uint64_t{0xffff};
    return id;
  };
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 20'000; ++i) {
        table->add(in_set(t * 1'000 + i % 100));
        table->forget(in_set(t * 1'000 + i % 7));
      }
    });
  std::uint64_t strangers = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    auto mixed = in_set(i % 4'000);
    mixed.low = in_set((i + 1) % 4'000).low;
    strangers += table->has(mixed) ? 1 : 0;
    strangers += table->has(in_set(1'000'000 + i)) ? 1 : 0;
  }
  for (auto& thread : threads) thread.join();
  CHECK(strangers == 0);
}

TEST_CASE("large objects are trusted where somebody chose so") {
  using memo::integrity;
  CHECK_FALSE(memo::detail::view_rules{}.trusts(~std::uint64_t{0}));
  CHECK_FALSE(memo::detail::view_rules{integrity::every_view, 0}.trusts(100));
  CHECK(memo::detail::view_rules{integrity::trust_large, 100}.trusts(100));
  CHECK_FALSE(memo::detail::view_rules{integrity::trust_large, 100}.trusts(99));
}
