#include <memo/store/digest_map.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>

using memo::digest;
using memo::detail::digest_map;

namespace {

std::map<digest, int> contents(digest_map<int> const& table) {
  std::map<digest, int> found;
  table.each([&](digest const& key, int value) { CHECK(found.emplace(key, value).second); });
  return found;
}

}  // namespace

TEST_CASE("a digest map does what a map does") {
  std::mt19937 random(7);
  digest_map<int> table;
  std::map<digest, int> model;
  for (int i = 0; i < 20'000; ++i) {
    // Few low bits, so that chains are long and keys come again.
    digest const key{random() % 8, random() % 256};
    if (random() % 3 != 0)
      table[key] = model[key] = i;
    else
      CHECK(table.erase(key) == (model.erase(key) == 1));
    int const* const found = table.find(key);
    CHECK((found != nullptr) == model.contains(key));
    CHECK(table.size() == model.size());
  }
  CHECK(contents(table) == model);
  table.clear();
  CHECK(table.size() == 0);
  CHECK(contents(table).empty());
}

TEST_CASE("an empty digest map holds nothing") {
  digest_map<int> table;
  CHECK(table.find({1, 2}) == nullptr);
  CHECK_FALSE(table.erase({1, 2}));
  CHECK(contents(table).empty());
  table.clear();
}

TEST_CASE("values stay where they are while a digest map grows") {
  digest_map<std::string> table;
  std::string* const first = &table[{0, 0}];
  *first = "first";
  for (std::uint64_t i = 1; i < 1000; ++i) table[{i, i * i}] = "other";
  CHECK(table.find({0, 0}) == first);
  CHECK(*first == "first");
}

TEST_CASE("what a digest map moves out is in the other one") {
  digest_map<int> table;
  for (unsigned i = 0; i < 100; ++i) table[{1, i}] = static_cast<int>(i);
  digest_map<int> even;
  table.move_if(even, [](digest const&, int value) { return value % 2 == 0; });
  CHECK(table.size() == 50);
  CHECK(even.size() == 50);
  for (auto const& [key, value] : contents(even)) CHECK(value % 2 == 0);
  for (auto const& [key, value] : contents(table)) CHECK(value % 2 == 1);
  table.swap(even);
  CHECK(table.find({1, 4}) != nullptr);
  CHECK(even.find({1, 4}) == nullptr);
}

TEST_CASE("a digest map destroys each of its values once") {
  auto const counted = std::make_shared<int>(0);
  {
    digest_map<std::shared_ptr<int>> table;
    for (unsigned i = 0; i < 40; ++i) table[{i, 3}] = counted;
    CHECK(counted.use_count() == 41);
    table.erase({5, 3});
    CHECK(counted.use_count() == 40);
  }
  CHECK(counted.use_count() == 1);
}
