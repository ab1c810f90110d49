#include <memo/store/log_snapshot.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <thread>
#include <vector>

// MEMO_TEST_LONG=1 tries a million records, and more rounds of the model.

namespace {

using memo::detail::log_slot;
using memo::detail::log_snapshot;
using memo::detail::log_snapshot_numbers;
using memo::detail::log_table;
using memo::detail::record_kind;
namespace os = memo::detail::os;

constexpr record_kind kinds[] = {record_kind::entry, record_kind::object, record_kind::last};
constexpr std::uint64_t all_of_it = UINT64_MAX;

memo::digest id(std::uint64_t number) {
  std::uint64_t const words[] = {number, 9};
  return memo::hash_bytes(std::as_bytes(std::span(words)));
}
constexpr std::uint64_t offset_of(std::uint64_t number) { return 4096 + number * 128; }
/// Of what the samples have under a number.
record_kind kind_of(std::uint64_t number) { return kinds[number % 3]; }

log_snapshot_numbers numbers_of(std::uint64_t generation = 3) {
  log_snapshot_numbers numbers;
  numbers.uuid = samples::id_of("a log");
  numbers.generation = generation;
  numbers.watermark = 1'000'000;
  numbers.live_bytes = 123'456;
  return numbers;
}
std::uint64_t seed_of(log_snapshot_numbers const& numbers) {
  return memo::detail::log_seed(numbers.uuid, numbers.generation);
}

void put(std::unique_ptr<log_table>& table, std::uint64_t number, std::uint64_t offset) {
  while (!(offset == 0 ? table->put_gone(kind_of(number), id(number))
                       : table->put(kind_of(number), id(number), offset)))
    table = table->grown();
}

/// A table of the numbers below `count`.
std::unique_ptr<log_table> table_of(std::uint64_t count, std::uint64_t first = 0) {
  auto made = std::make_unique<log_table>(seed_of(numbers_of()));
  for (std::uint64_t i = first; i < count; ++i) put(made, i, offset_of(i));
  return made;
}

/// A folder with the snapshot "index".
struct sample_folder {
  scratch_folder folder;
  os::unique_fd fd = std::move(os::open_folder(os::here, folder.path().c_str()).value);

  int write(log_table const& tail, log_snapshot const* old = nullptr) {
    return memo::detail::write_log_snapshot(fd.get(), "index", numbers_of(), old, tail);
  }
  std::unique_ptr<log_snapshot> open(std::uint64_t budget = all_of_it, std::uint64_t generation = 3) const {
    return log_snapshot::open(fd.get(), "index", numbers_of().uuid, generation, budget);
  }
  std::string content() const { return content_of(folder / "index"); }
  void replace(std::string const& bytes) const {
    std::filesystem::remove(folder / "index");
    write_content(folder / "index", bytes);
  }
  std::size_t files() const { return os::names_in(fd.get()).value.size(); }
};

/// How many of the numbers below `count` are found; a wrong place, and one of a number beyond, is an error.
std::uint64_t found_in(log_snapshot const& snapshot, std::uint64_t count) {
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < count + count / 2; ++i) {
    auto const place = snapshot.find(kind_of(i), id(i));
    if (!place) continue;
    ++found;
    if (i >= count || place->offset != offset_of(i) || place->kind != kind_of(i) || place->gone)
      FAIL("a wrong place of number " << i);
  }
  return found;
}

/// The same by going through it.
std::uint64_t seen_in(log_snapshot const& snapshot, std::uint64_t count) {
  std::map<std::uint64_t, record_kind> expected;
  for (std::uint64_t i = 0; i < count; ++i) expected[offset_of(i)] = kind_of(i);
  std::uint64_t seen = 0;
  snapshot.each([&](record_kind kind, std::uint64_t offset) {
    ++seen;
    auto const one = expected.find(offset);
    if (one == expected.end() || one->second != kind) FAIL("a wrong place at " << offset);
    expected.erase(one);
  });
  return seen;
}

std::string hex_lines(memo::byte_view bytes) {
  std::string text;
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto const value = std::to_integer<unsigned>(bytes[i]);
    text += digits[value >> 4];
    text += digits[value & 15];
    text += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

}  // namespace

// Red here means that snapshots which programs wrote before are read wrongly or not at all: was that meant? Then raise
// log_snapshot_format_version and add to its list.
TEST_CASE("snapshots are written as the golden file has them") {
  CHECK(memo::detail::log_snapshot_format_version == 1);
  sample_folder to;
  REQUIRE(to.write(*table_of(5)) == 0);
  CHECK(hex_lines(memo::as_byte_view(to.content())) ==
        content_of(std::filesystem::path(MEMO_SOURCE_DIR) / "tests/golden/log_snapshot.hex"));
}

TEST_CASE("a snapshot has what the table had, in memory or not") {
  for (std::uint64_t const count : {0u, 1u, 2u, 9u, 10u, 11u, 100u, 5000u, 50'000u}) {
    sample_folder to;
    REQUIRE(to.write(*table_of(count)) == 0);
    for (std::uint64_t const budget : {all_of_it, std::uint64_t{40'000}, std::uint64_t{0}}) {
      auto const snapshot = to.open(budget);
      REQUIRE(snapshot != nullptr);
      CHECK(found_in(*snapshot, count) == count);
      CHECK(seen_in(*snapshot, count) == count);
      CHECK(snapshot->size() == count);
      CHECK(snapshot->numbers().entries == (count + 2) / 3);
      CHECK(snapshot->numbers().objects == (count + 1) / 3);
      CHECK(snapshot->numbers().lasts == count / 3);
      CHECK(snapshot->numbers().live_bytes == 123'456);
      CHECK(snapshot->watermark() == 1'000'000);
      CHECK(snapshot->file_size() == to.content().size());
      if (count >= 1000) CHECK(snapshot->file_size() < 27 * count);
    }
    CHECK(to.files() == 1);
  }
}

TEST_CASE("records of different kinds with one id do not meet in a snapshot") {
  sample_folder to;
  log_table table(seed_of(numbers_of()));
  table.put(record_kind::entry, id(1), 4096);
  table.put(record_kind::object, id(1), 8192);
  REQUIRE(to.write(table) == 0);
  auto const snapshot = to.open();
  CHECK(snapshot->find(record_kind::entry, id(1))->offset == 4096);
  CHECK(snapshot->find(record_kind::object, id(1))->offset == 8192);
  CHECK_FALSE(snapshot->find(record_kind::last, id(1)));
}

TEST_CASE("the tail wins over the old snapshot, and what is gone leaves") {
  sample_folder to;
  REQUIRE(to.write(*table_of(1000)) == 0);
  auto const old = to.open();
  auto tail = std::make_unique<log_table>(old->seed());
  for (std::uint64_t i = 0; i < 300; ++i) put(tail, i, 64 * (i + 1));
  for (std::uint64_t i = 300; i < 500; ++i) put(tail, i, 0);
  for (std::uint64_t i = 1000; i < 1100; ++i) put(tail, i, offset_of(i));
  for (std::uint64_t i = 2000; i < 2100; ++i) put(tail, i, 0);
  REQUIRE(to.write(*tail, old.get()) == 0);
  auto const merged = to.open();
  REQUIRE(merged != nullptr);
  CHECK(merged->size() == 900);
  for (std::uint64_t i = 0; i < 2200; ++i) {
    auto const place = merged->find(kind_of(i), id(i));
    bool const is_there = i < 300 || (i >= 500 && i < 1100);
    REQUIRE(place.has_value() == is_there);
    if (place) CHECK(place->offset == (i < 300 ? 64 * (i + 1) : offset_of(i)));
  }
  // The old one, whose name is gone, still says what it said.
  CHECK(found_in(*old, 1000) == 1000);
}

TEST_CASE("snapshots and tails do what a map does") {
  for (unsigned round = 0; round < (test::is_long() ? 2000u : 40u); ++round) {
    std::mt19937_64 random(round);
    sample_folder to;
    std::unique_ptr<log_snapshot> snapshot;
    std::map<std::uint64_t, std::uint64_t> model;
    std::uint64_t const numbers = 1 + random() % 2000;
    for (int generation = 0; generation < 6; ++generation) {
      auto tail = std::make_unique<log_table>(seed_of(numbers_of()));
      for (std::uint64_t i = random() % 1000; i > 0; --i) {
        std::uint64_t const number = random() % numbers;
        std::uint64_t const offset = random() % 3 == 0 ? 0 : 64 * (1 + random() % (std::uint64_t{1} << 40));
        put(tail, number, offset);
        offset == 0 ? model.erase(number) : (model[number] = offset, 1);
      }
      REQUIRE(to.write(*tail, snapshot.get()) == 0);
      snapshot = to.open(random() % 2 == 0 ? all_of_it : 0);
      REQUIRE(snapshot != nullptr);
      REQUIRE(snapshot->size() == model.size());
      for (std::uint64_t i = 0; i < numbers; ++i) {
        auto const place = snapshot->find(kind_of(i), id(i));
        auto const expected = model.find(i);
        REQUIRE(place.has_value() == (expected != model.end()));
        if (place) REQUIRE(place->offset == expected->second);
      }
    }
  }
}

TEST_CASE("a snapshot of another log, format or kind of file is not used") {
  sample_folder to;
  CHECK(to.open() == nullptr);
  REQUIRE(to.write(*table_of(100)) == 0);
  CHECK(to.open() != nullptr);
  CHECK(to.open(all_of_it, 4) == nullptr);
  CHECK(log_snapshot::open(to.fd.get(), "index", samples::id_of("another log"), 3, all_of_it) == nullptr);
  CHECK(log_snapshot::open(to.fd.get(), "other", numbers_of().uuid, 3, all_of_it) == nullptr);
  CHECK(log_snapshot::open(-1, "index", numbers_of().uuid, 3, all_of_it) == nullptr);
  std::filesystem::create_symlink("index", to.folder / "link");
  CHECK(log_snapshot::open(to.fd.get(), "link", numbers_of().uuid, 3, all_of_it) == nullptr);
  std::filesystem::create_directory(to.folder / "folder");
  CHECK(log_snapshot::open(to.fd.get(), "folder", numbers_of().uuid, 3, all_of_it) == nullptr);
  REQUIRE(::mkfifo((to.folder / "pipe").c_str(), 0600) == 0);
  CHECK(log_snapshot::open(to.fd.get(), "pipe", numbers_of().uuid, 3, all_of_it) == nullptr);

  std::string bytes = to.content();
  bytes[8] = 2;
  memo::store_little(reinterpret_cast<std::byte*>(bytes.data()) + 120,
                     memo::checksum_bytes(memo::as_byte_view(bytes).first(120)));
  to.replace(bytes);
  CHECK(to.open() == nullptr);
}

TEST_CASE("a header with a right sum that says what cannot be is not used") {
  sample_folder to;
  REQUIRE(to.write(*table_of(100)) == 0);
  std::string const right = to.content();
  std::uint64_t const length = (right.size() - 128) / 16;
  struct change {
    std::size_t at;
    std::uint64_t value;
  };
  for (change const& one : {change{48, 0}, change{48, length + 1}, change{48, UINT64_MAX}, change{56, 0},
                            change{56, length + 1}, change{56, UINT64_MAX}, change{56, length + (1ull << 60)},
                            change{64, length}, change{64, UINT64_MAX}}) {
    std::string bytes = right;
    auto* const raw = reinterpret_cast<std::byte*>(bytes.data());
    memo::store_little(raw + one.at, one.value);
    memo::store_little(raw + 120, memo::checksum_bytes(memo::as_byte_view(bytes).first(120)));
    to.replace(bytes);
    CHECK(to.open() == nullptr);
  }
}

TEST_CASE("only the tail and the old snapshot of a log go into its snapshot") {
  sample_folder to;
  log_table const other(seed_of(numbers_of(4)));
  CHECK(to.write(other) == EINVAL);
  REQUIRE(to.write(*table_of(10)) == 0);
  auto const old = to.open();
  CHECK(memo::detail::write_log_snapshot(to.fd.get(), "index", numbers_of(4), old.get(), other) == EINVAL);
  CHECK(to.files() == 1);
}

TEST_CASE("no bit flip in a snapshot gives a wrong place") {
  constexpr std::uint64_t count = 40;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  std::string const right = to.content();
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    std::string bytes = right;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    to.replace(bytes);
    auto const snapshot = to.open(bit % 2 == 0 ? all_of_it : 0);
    REQUIRE((snapshot != nullptr) == (bit >= 128 * 8));
    if (snapshot == nullptr) continue;
    // Only the record of the damaged slot is lost.
    REQUIRE(found_in(*snapshot, count) >= count - 1);
    REQUIRE(seen_in(*snapshot, count) >= count - 1);
  }
}

TEST_CASE("no truncation of a snapshot gives a wrong place, before or after it was opened") {
  constexpr std::uint64_t count = 60;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  std::string const right = to.content();
  for (std::size_t size = 0; size < right.size(); ++size) {
    to.replace(right);
    auto const open_before = to.open(size % 2 == 0 ? all_of_it : 0);
    auto const used_before = to.open();
    REQUIRE(found_in(*used_before, count) == count);
    REQUIRE(::truncate((to.folder / "index").c_str(), static_cast<off_t>(size)) == 0);
    REQUIRE(to.open() == nullptr);
    REQUIRE(found_in(*open_before, count) <= count);
    REQUIRE(found_in(*used_before, count) == count);
    REQUIRE(open_before->each([](record_kind, std::uint64_t) {}) == EIO);
    REQUIRE(to.write(*table_of(count + 3, count), open_before.get()) == EIO);
    REQUIRE(to.files() == 1);
  }
}

TEST_CASE("a snapshot of noise, or of nothing behind its header, gives no place and an end") {
  constexpr std::uint64_t count = 3000;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  std::string const right = to.content();
  std::mt19937_64 random(1);
  for (int round = 0; round < 10; ++round) {
    std::string bytes = right;
    // Later rounds spare a part.
    for (std::size_t i = 128 + static_cast<std::size_t>(round) * 4000; i < bytes.size(); ++i)
      bytes[i] = round == 1 ? '\0' : round == 2 ? '\xff' : static_cast<char>(random());
    to.replace(bytes);
    auto const snapshot = to.open(round % 2 == 0 ? all_of_it : 0);
    REQUIRE(snapshot != nullptr);
    std::uint64_t const found = found_in(*snapshot, count);
    CHECK(found < count);
    CHECK((round == 0 ? found == 0 : round < 3 || found > 0));
    // A damaged one can be written anew, without what is lost.
    auto tail = table_of(count + 5, count);
    auto const damaged = to.open();
    REQUIRE(to.write(*tail, damaged.get()) == 0);
    auto const merged = to.open();
    REQUIRE(merged != nullptr);
    CHECK(found_in(*merged, count + 5) >= 5);
  }
}

TEST_CASE("slots that were exchanged give no wrong place, and what is in order is still merged") {
  constexpr std::uint64_t count = 500;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  std::string const right = to.content();
  std::mt19937_64 random(2);
  for (int round = 0; round < 50; ++round) {
    std::string bytes = right;
    for (int i = 0; i < 20; ++i) {
      std::size_t const a = random() % ((right.size() - 128) / 16),
                        b = random() % ((right.size() - 128) / 16);
      for (std::size_t c = 0; c < 16; ++c) std::swap(bytes[128 + 16 * a + c], bytes[128 + 16 * b + c]);
    }
    to.replace(bytes);
    auto const snapshot = to.open();
    REQUIRE(snapshot != nullptr);
    found_in(*snapshot, count);
    CHECK(seen_in(*snapshot, count) <= count);
    REQUIRE(to.write(*table_of(count + 50, count), snapshot.get()) == 0);
    auto const merged = to.open();
    REQUIRE(merged != nullptr);
    CHECK(found_in(*merged, count + 50) >= 50);
    CHECK(merged->size() == seen_in(*merged, count + 50));
  }
}

TEST_CASE("where a call fails the old snapshot stays and nothing is left over") {
  sample_folder to;
  REQUIRE(to.write(*table_of(50)) == 0);
  std::string const before = to.content();
  auto const old = to.open();
  auto const tail = table_of(60, 50);
  static int left;
  static os::calls real;
  real = os::table;
  struct restore {
    ~restore() { os::table = real; }
  } const at_end;
  static auto const should_fail = [] { return left-- == 0; };
  os::table.openat = [](int folder, char const* name, int flags, mode_t mode) {
    return should_fail() ? (errno = ENOSPC, -1) : real.openat(folder, name, flags, mode);
  };
  os::table.pwrite = [](int fd, void const* from, std::size_t size, off_t at) -> ssize_t {
    return should_fail() ? (errno = ENOSPC, -1) : real.pwrite(fd, from, size, at);
  };
  os::table.fsync = [](int fd) { return should_fail() ? (errno = ENOSPC, -1) : real.fsync(fd); };
  os::table.close = [](int fd) {
    int const closed = real.close(fd);
    return should_fail() ? (errno = ENOSPC, -1) : closed;
  };
  os::table.renameat = [](int from_folder, char const* from, int to_folder, char const* name) {
    return should_fail() ? (errno = ENOSPC, -1) : real.renameat(from_folder, from, to_folder, name);
  };
  os::table.pread = [](int fd, void* into, std::size_t size, off_t at) -> ssize_t {
    return should_fail() ? (errno = ENOSPC, -1) : real.pread(fd, into, size, at);
  };
  int failed = 0;
  for (;; ++failed) {
    left = failed;
    int const error = memo::detail::write_log_snapshot(to.fd.get(), "index", numbers_of(), old.get(), *tail,
                                                       {0640, os::own_group, true});
    left = -1;
    if (error == 0) break;
    REQUIRE(error == ENOSPC);
    REQUIRE(to.content() == before);
    REQUIRE(to.files() == 1);
  }
  CHECK(failed == 8);
  CHECK(found_in(*to.open(), 60) == 60);
  CHECK(os::status_at(to.fd.get(), "index").value.mode == 0640);
}

TEST_CASE("threads look up while the file is cut and mended, and find no wrong place") {
  constexpr std::uint64_t count = 30'000;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  std::string const right = to.content();
  for (int round = 0; round < 5; ++round) {
    to.replace(right);
    auto const snapshot = to.open(round % 2 == 0 ? all_of_it : 200'000);
    REQUIRE(snapshot != nullptr);
    std::atomic<int> wrong{0}, busy{3};
    std::vector<std::thread> readers;
    for (unsigned t = 0; t < 3; ++t)
      readers.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 3000; ++i) {
          std::uint64_t const number = random() % (count * 2);
          auto const place = snapshot->find(kind_of(number), id(number));
          if (place && (number >= count || place->offset != offset_of(number))) ++wrong;
        }
        --busy;
      });
    std::mt19937_64 random(99);
    while (busy != 0) {
      std::size_t const size = random() % right.size();
      CHECK(::truncate((to.folder / "index").c_str(), static_cast<off_t>(size)) == 0);
      auto const file = os::open_at(to.fd.get(), "index", O_WRONLY);
      CHECK(os::write_at(file.value.get(), memo::as_byte_view(right).subspan(size), size) == 0);
    }
    for (auto& reader : readers) reader.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("a snapshot of many records has them all") {
  std::uint64_t const count = test::is_long() ? 1'000'000 : 200'000;
  sample_folder to;
  REQUIRE(to.write(*table_of(count)) == 0);
  auto const snapshot = to.open();
  REQUIRE(snapshot != nullptr);
  CHECK(found_in(*snapshot, count) == count);
  CHECK(seen_in(*snapshot, count) == count);
}
