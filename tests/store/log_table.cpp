#include <memo/store/log_table.hpp>

#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace {

using memo::detail::log_slot;
using memo::detail::log_table;
using memo::detail::record_kind;

constexpr record_kind kinds[] = {record_kind::entry, record_kind::object, record_kind::last};
constexpr std::uint64_t seed = 0x1234'5678'9abc'def0;

memo::digest id(std::uint64_t number) {
  std::uint64_t const words[] = {number, 5};
  return memo::hash_bytes(std::as_bytes(std::span(words)));
}

/// The offset that the tests give to a number.
constexpr std::uint64_t offset_of(std::uint64_t number) { return 4096 + number * 64; }

/// Keeps a table that is exchanged when it is full, as a store does it.
struct growing_table {
  std::unique_ptr<log_table> table = std::make_unique<log_table>(seed);

  void put(record_kind kind, memo::digest const& of, std::uint64_t offset) {
    while (!table->put(kind, of, offset)) table = table->grown();
  }
  void put_gone(record_kind kind, memo::digest const& of) {
    while (!table->put_gone(kind, of)) table = table->grown();
  }
};

}  // namespace

TEST_CASE("a slot says where a record is, up to the largest log") {
  for (record_kind const kind : kinds)
    for (std::uint64_t const offset :
         {std::uint64_t{64}, std::uint64_t{4096}, memo::detail::most_log_size - 64}) {
      std::uint64_t const tag = log_slot::tag_of(kind, samples::key_of(1));
      log_slot const made = log_slot::make(tag, {offset, kind, false}, seed);
      CHECK(made.tag == tag);
      CHECK(made.place().offset == offset);
      CHECK(made.place().kind == kind);
      CHECK_FALSE(made.place().gone);
      CHECK(made.is_of(kind));
      CHECK(made.is_good(seed));
      CHECK_FALSE(made.is_good(seed + 1));
      CHECK_FALSE(made.is_empty());
      log_slot const gone = log_slot::make(tag, {0, kind, true}, seed);
      CHECK(gone.place().gone);
      CHECK(gone.place().kind == kind);
      CHECK(gone.is_good(seed));
      CHECK_FALSE(gone.is_empty());
    }
  CHECK(log_slot{}.is_empty());
  CHECK_FALSE(log_slot{}.is_good(seed));
  CHECK_FALSE(log_slot{}.is_good(0));
}

TEST_CASE("a slot with another bit is not good") {
  int good = 0;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    log_slot const made = log_slot::make(log_slot::tag_of(record_kind::object, id(number)),
                                         {offset_of(number), record_kind::object, false}, seed);
    for (int bit = 0; bit < 64; ++bit) {
      good += log_slot{made.tag ^ std::uint64_t{1} << bit, made.word}.is_good(seed);
      good += log_slot{made.tag, made.word ^ std::uint64_t{1} << bit}.is_good(seed);
    }
  }
  // By chance one in a million.
  CHECK(good <= 2);
}

TEST_CASE("a table finds what was put last, and nothing else") {
  growing_table all;
  std::uint64_t const count = 5000;
  for (std::uint64_t i = 0; i < count; ++i) all.put(record_kind::object, id(i), offset_of(i));
  CHECK(all.table->size() == count);
  for (std::uint64_t i = 0; i < 2 * count; ++i) {
    auto const found = all.table->find(record_kind::object, id(i));
    REQUIRE(found.has_value() == (i < count));
    if (!found) continue;
    CHECK(found->offset == offset_of(i));
    CHECK(found->kind == record_kind::object);
    CHECK_FALSE(found->gone);
  }
  for (std::uint64_t i = 0; i < count; i += 2) all.put(record_kind::object, id(i), offset_of(i + count));
  CHECK(all.table->size() == count);
  CHECK(all.table->find(record_kind::object, id(2))->offset == offset_of(2 + count));
  CHECK(all.table->find(record_kind::object, id(3))->offset == offset_of(3));
}

TEST_CASE("records of different kinds with one id do not meet") {
  log_table table(seed);
  CHECK(table.put(record_kind::entry, id(1), 4096));
  CHECK_FALSE(table.find(record_kind::object, id(1)));
  CHECK_FALSE(table.find(record_kind::last, id(1)));
  CHECK(table.put(record_kind::object, id(1), 8192));
  CHECK(table.put_gone(record_kind::last, id(1)));
  CHECK(table.find(record_kind::entry, id(1))->offset == 4096);
  CHECK(table.find(record_kind::object, id(1))->offset == 8192);
  CHECK(table.find(record_kind::last, id(1))->gone);
  CHECK(table.size() == 3);
}

TEST_CASE("a table says what is gone, also what it never had, until it is put again") {
  growing_table all;
  for (std::uint64_t i = 0; i < 100; ++i) all.put(record_kind::entry, id(i), offset_of(i));
  for (std::uint64_t i = 50; i < 150; ++i) all.put_gone(record_kind::entry, id(i));
  for (std::uint64_t i = 0; i < 150; ++i) {
    auto const found = all.table->find(record_kind::entry, id(i));
    REQUIRE(found);
    CHECK(found->gone == (i >= 50));
    CHECK(found->offset == (i >= 50 ? 0 : offset_of(i)));
  }
  all.put(record_kind::entry, id(120), 64);
  CHECK_FALSE(all.table->find(record_kind::entry, id(120))->gone);
  CHECK(all.table->find(record_kind::entry, id(120))->offset == 64);
}

TEST_CASE("of two ids with one tag the later one is found") {
  // With this low word all ids have the tag 0.
  memo::digest const one{1, 0x2434'6a88'85a3'08d3}, other{2, 0x2434'6a88'85a3'08d3};
  REQUIRE(log_slot::tag_of(record_kind::entry, one) == log_slot::tag_of(record_kind::entry, other));
  log_table table(seed);
  CHECK(table.put(record_kind::entry, one, 64));
  CHECK(table.find(record_kind::entry, one)->offset == 64);
  CHECK(table.put(record_kind::entry, other, 128));
  CHECK(table.find(record_kind::entry, one)->offset == 128);
  CHECK(table.find(record_kind::entry, other)->offset == 128);
  CHECK(table.size() == 1);
}

TEST_CASE("a full table says so, is not changed, and still takes what it has") {
  log_table table(seed, 100);
  std::uint64_t count = 0;
  while (table.put(record_kind::entry, id(count), offset_of(count))) ++count;
  CHECK(count == 60);
  CHECK(table.size() == 60);
  CHECK_FALSE(table.put_gone(record_kind::entry, id(count)));
  CHECK_FALSE(table.find(record_kind::entry, id(count)));
  CHECK(table.put(record_kind::entry, id(7), 64));
  CHECK(table.put_gone(record_kind::entry, id(8)));
  auto const larger = table.grown();
  CHECK(larger->size() == 60);
  CHECK(larger->seed() == seed);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const found = larger->find(record_kind::entry, id(i));
    REQUIRE(found);
    CHECK(found->offset == (i == 7 ? 64 : i == 8 ? 0 : offset_of(i)));
  }
  CHECK(larger->put(record_kind::entry, id(count), offset_of(count)));
  CHECK_FALSE(table.find(record_kind::entry, id(count)));
}

TEST_CASE("a table does what a map does") {
  for (unsigned round = 0; round < 20; ++round) {
    std::mt19937_64 random(round);
    growing_table all;
    std::map<std::pair<int, std::uint64_t>, std::uint64_t> model;  // 0: gone
    for (int i = 0; i < 2000; ++i) {
      record_kind const kind = kinds[random() % 3];
      std::uint64_t const number = random() % 300;
      std::uint64_t const offset = random() % 4 == 0 ? 0 : 64 * (1 + random() % 1'000'000);
      model[{static_cast<int>(kind), number}] = offset;
      offset == 0 ? all.put_gone(kind, id(number)) : all.put(kind, id(number), offset);
    }
    CHECK(all.table->size() == model.size());
    std::size_t seen = 0;
    all.table->each([&](log_slot const& one) { seen += one.is_good(seed); });
    CHECK(seen == model.size());
    for (record_kind const kind : kinds)
      for (std::uint64_t number = 0; number < 320; ++number) {
        auto const expected = model.find({static_cast<int>(kind), number});
        auto const found = all.table->find(kind, id(number));
        REQUIRE(found.has_value() == (expected != model.end()));
        if (!found) continue;
        REQUIRE(found->offset == expected->second);
        REQUIRE(found->gone == (expected->second == 0));
        REQUIRE(found->kind == kind);
      }
  }
}

TEST_CASE("slots between two empty ones have tags between those of their neighbours") {
  growing_table all;
  for (std::uint64_t i = 0; i < 3000; ++i) all.put(record_kind::object, id(i), offset_of(i));
  std::uint64_t highest_before = 0, highest = 0;
  std::uint64_t found = 0;
  for (std::uint64_t at = 0; at < all.table->slots(); ++at) {
    log_slot const there = all.table->slot(at);
    if (there.word == 0) {
      highest_before = highest;
      continue;
    }
    ++found;
    REQUIRE(there.tag > highest_before);
    highest = std::max(highest, there.tag);
  }
  CHECK(found == 3000);
}

TEST_CASE("threads find the right places while a table is written and exchanged") {
  constexpr std::uint64_t count = 20'000;
  std::vector<std::shared_ptr<log_table>> kept{std::make_shared<log_table>(seed)};
  std::atomic<log_table*> shown{kept.back().get()};
  std::atomic<std::uint64_t> done{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 3; ++t)
    readers.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (unsigned i = 1; done < count; ++i) {
        std::uint64_t const put = done;
        if (i % 1000 == 0) {
          std::uint64_t seen = 0;
          shown.load()->each([&](log_slot const& one) { seen += one.is_good(seed); });
          if (seen < put) ++wrong;
        }
        std::uint64_t const number = random() % (put + 10);
        auto const found = shown.load()->find(record_kind::object, id(number));
        if (found && !found->gone && found->offset != offset_of(number) &&
            found->offset != offset_of(number + count))
          ++wrong;
        if (!found && number < put) ++wrong;
        if (shown.load()->find(record_kind::entry, id(number))) ++wrong;
      }
    });
  auto const make = [&](auto put) {
    while (!put(*kept.back())) {
      kept.push_back(kept.back()->grown());
      shown = kept.back().get();
    }
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    make([&](log_table& to) { return to.put(record_kind::object, id(i), offset_of(i)); });
    done = i + 1;
    if (i % 3 == 0) make([&](log_table& to) { return to.put_gone(record_kind::object, id(i / 2)); });
    if (i % 3 == 1)
      make([&](log_table& to) { return to.put(record_kind::object, id(i / 2), offset_of(i / 2 + count)); });
  }
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}
