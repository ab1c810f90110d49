#include <memo/store/recall_table.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

using memo::detail::recall_table;

namespace {

int const number_tag = 0, other_tag = 0;

memo::digest key_of(std::uint64_t number) {
  return memo::hash_bytes(memo::as_byte_view("key " + std::to_string(number)));
}

/// Two halves that belong together, so that a mixture of two values is seen.
struct pair {
  std::uint64_t number, complement;
};
pair pair_of(std::uint64_t number) { return {number, ~number}; }

void set(recall_table& table, std::uint64_t key, std::uint64_t number) {
  pair const value = pair_of(number);
  table.set(key_of(key), &number_tag, 7, &value, sizeof value);
}

}  // namespace

TEST_CASE("a recall table gives what was set, of the type that is asked for, until it is removed") {
  recall_table table;
  pair got{};
  CHECK(table.find(key_of(1), &number_tag, &got, sizeof got).slot == nullptr);
  table.remove(key_of(1));
  set(table, 1, 5);
  auto const found = table.find(key_of(1), &number_tag, &got, sizeof got);
  REQUIRE(found.slot != nullptr);
  CHECK(found.created_ms == 7);
  CHECK(got.number == 5);
  CHECK(got.complement == ~std::uint64_t{5});
  CHECK(table.find(key_of(1), &other_tag, &got, sizeof got).slot == nullptr);
  CHECK(table.find(key_of(2), &number_tag, &got, sizeof got).slot == nullptr);
  set(table, 1, 6);
  CHECK(table.find(key_of(1), &number_tag, &got, sizeof got).slot != nullptr);
  CHECK(got.number == 6);
  found.slot->used.store(99);
  CHECK(table.used(key_of(1)) == 99);
  table.remove(key_of(1));
  CHECK(table.find(key_of(1), &number_tag, &got, sizeof got).slot == nullptr);
  CHECK(table.used(key_of(1)) == 0);
}

TEST_CASE("a recall table grows, and forgets few of its values") {
  recall_table table;
  constexpr std::uint64_t count = 20'000;
  for (std::uint64_t i = 0; i < count; ++i) set(table, i, i);
  std::uint64_t there = 0, wrong = 0;
  auto const look = [&] {
    there = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      pair got{};
      if (table.find(key_of(i), &number_tag, &got, sizeof got).slot == nullptr) continue;
      ++there;
      wrong += got.number != i ? 1 : 0;
    }
  };
  look();
  CHECK(there > count * 9 / 10);
  for (std::uint64_t i = 0; i < count; i += 2) table.remove(key_of(i));
  look();
  CHECK(there > count * 9 / 20);
  CHECK(there <= count / 2);
  table.clear();
  look();
  CHECK(there == 0);
  CHECK(wrong == 0);
  set(table, 3, 3);
  look();
  CHECK(there == 1);
}

TEST_CASE("readers of a recall table see whole values while it changes and grows") {
  recall_table table;
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> wrong{0}, found{0};
  std::vector<std::thread> readers;
  constexpr std::uint64_t keys = 400;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      std::uint64_t key = 0;
      do {
        key = (key + 7) % keys;
        pair got{};
        if (table.find(key_of(key), &number_tag, &got, sizeof got).slot == nullptr) continue;
        ++found;
        wrong += got.number % keys != key || got.complement != ~got.number ? 1 : 0;
      } while (!is_over || found == 0);
    });
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    std::uint64_t const key = i * 13 % keys;
    if (i % 5 == 4)
      table.remove(key_of(key));
    else
      set(table, key, i * keys + key);
    if (i % 8000 == 7999) table.clear();
  }
  set(table, 7, 7);
  is_over = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(found > 0);
}
