#include <memo/core/file_cache.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

namespace {

using memo::detail::file_cache;
namespace os = memo::detail::os;

constexpr std::uint64_t piece = file_cache::piece_size;

char byte_at(std::uint64_t offset) { return static_cast<char>(offset * 7 + offset / 251 + offset / 70'000); }

std::string sample(std::uint64_t size) {
  std::string text(size, '\0');
  for (std::uint64_t i = 0; i < size; ++i) text[i] = byte_at(i);
  return text;
}

std::shared_ptr<os::unique_fd const> open_file(std::filesystem::path const& path) {
  auto opened = os::open_for_reading(os::here, path.c_str());
  REQUIRE(opened);
  return std::make_shared<os::unique_fd const>(std::move(opened.value));
}

/// A file of the sample's first bytes.
struct sample_file {
  explicit sample_file(std::uint64_t size) : text(sample(size)) {
    write_content(folder / "file", text);
    fd = open_file(folder / "file");
  }
  scratch_folder folder;
  std::string text;
  std::shared_ptr<os::unique_fd const> fd;
};

bool is_sample(std::byte const* from, std::uint64_t at, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    if (from[i] != static_cast<std::byte>(byte_at(at + i))) return false;
  return true;
}

/// Counts the reads of a scope, makes them short, or lets them fail.
struct watched_reads {
  explicit watched_reads(std::size_t most_at_once = SIZE_MAX, int failing_with = 0) : before(os::table) {
    count = 0;
    most = most_at_once;
    failure = failing_with;
    os::table.pread = [](int fd, void* to, std::size_t size, off_t at) -> ssize_t {
      ++count;
      if (failure != 0) {
        errno = failure;
        return -1;
      }
      return ::pread(fd, to, std::min(size, most), at);
    };
  }
  ~watched_reads() { os::table = before; }
  os::calls before;
  static inline int count;
  static inline std::size_t most;
  static inline int failure;
};

}  // namespace

TEST_CASE("bytes of a file are given as they are, wherever they begin and end") {
  std::uint64_t const size = 5 * piece + 1234;
  sample_file const file(size);
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    file_cache cache(file.fd, size, size);
    for (int i = 0; i < 50; ++i) {
      std::uint64_t const at = random() % size;
      std::size_t const count = random() % (i % 2 == 0 ? 100 : size) % (size - at + 1);
      auto const* const got = cache.bytes(at, count, size);
      REQUIRE(got != nullptr);
      REQUIRE(is_sample(got, at, count));
      REQUIRE(reinterpret_cast<std::uintptr_t>(got) % 64 == at % 64);
    }
    CHECK(cache.filled() <= size);
  }
}

TEST_CASE("a piece is read once, when something in it is asked for, and stays where it is") {
  std::uint64_t const size = 20 * piece;
  sample_file const file(size);
  file_cache cache(file.fd, size, size);
  watched_reads const reads;
  CHECK(cache.filled() == 0);
  auto const* const first = cache.bytes(3 * piece + 100, 50, size);
  CHECK(reads.count == 1);
  CHECK(cache.filled() == piece);
  CHECK(cache.bytes(3 * piece, piece, size) == first - 100);
  CHECK(reads.count == 1);
  // Six pieces, of which one is there: one read before it and one behind.
  CHECK(is_sample(cache.bytes(piece + 1, 5 * piece, size), piece + 1, 5 * piece));
  CHECK(reads.count == 3);
  CHECK(cache.filled() == 6 * piece);
  CHECK(cache.bytes(3 * piece + 100, 50, size) == first);
  CHECK(reads.count == 3);
}

TEST_CASE("what is not immutable yet is not kept") {
  sample_file const file(3 * piece);
  write_content(file.folder / "file", file.text.substr(0, 1000) + std::string(2 * piece, 'x'));
  file_cache cache(file.fd, 3 * piece, 3 * piece);
  CHECK(is_sample(cache.bytes(900, 100, 1000), 900, 100));
  CHECK(cache.filled() == 1000);
  CHECK(cache.bytes(900, 101, 1000) == nullptr);
  CHECK(cache.bytes(2 * piece, 1, 1000) == nullptr);
  write_content(file.folder / "file", file.text);
  CHECK(is_sample(cache.bytes(900, 1000, 2000), 900, 1000));
  CHECK(cache.filled() == 2000);
  CHECK(is_sample(cache.bytes(0, 2 * piece + 5, 2 * piece + 6), 0, 2 * piece + 5));
  CHECK(cache.filled() == 2 * piece + 6);
}

TEST_CASE("a file that is shorter than what is asked for gives what it has") {
  sample_file const file(piece + 500);
  std::uint64_t const mark = 10 * piece;
  file_cache cache(file.fd, mark, mark);
  CHECK(cache.bytes(piece, 501, mark) == nullptr);
  CHECK(cache.bytes(5 * piece, 1, mark) == nullptr);
  CHECK(cache.bytes(0, 4 * piece, mark) == nullptr);
  CHECK(is_sample(cache.bytes(piece, 500, mark), piece, 500));
  CHECK(cache.filled() <= piece + 500);
  write_content(file.folder / "file", sample(mark));
  CHECK(is_sample(cache.bytes(0, mark, mark), 0, mark));
  // And what was read stays as it was.
  write_content(file.folder / "file", "");
  CHECK(is_sample(cache.bytes(0, mark, mark), 0, mark));
}

TEST_CASE("no more is kept than the budget allows, and the rest can be read") {
  std::uint64_t const size = 8 * piece;
  sample_file const file(size);
  file_cache cache(file.fd, size, 3 * piece - 1);
  CHECK(cache.bytes(0, 3 * piece, size) == nullptr);
  CHECK(cache.bytes(0, 10, size) != nullptr);
  CHECK(cache.bytes(2 * piece, 10, size) != nullptr);
  CHECK(cache.bytes(4 * piece, 10, size) == nullptr);
  CHECK(cache.filled() == 2 * piece);
  std::vector<std::byte> room(piece);
  CHECK(cache.bytes_or_read(4 * piece + 1, 100, size, room.data()) == room.data());
  CHECK(is_sample(room.data(), 4 * piece + 1, 100));
  CHECK(cache.bytes_or_read(50, 100, size, room.data()) == cache.bytes(50, 100, size));
  CHECK(cache.bytes_or_read(size - 1, 2, size + 1, room.data()) == nullptr);
}

TEST_CASE("without addresses nothing is kept") {
  sample_file const file(100);
  for (std::uint64_t const capacity : {std::uint64_t{0}, std::uint64_t{1} << 55, UINT64_MAX}) {
    file_cache cache(file.fd, capacity, UINT64_MAX);
    CHECK(cache.capacity() == 0);
    CHECK(cache.bytes(0, 10, 100) == nullptr);
    CHECK(cache.bytes(UINT64_MAX, 10, 100) == nullptr);
    std::byte room[10];
    CHECK(cache.bytes_or_read(20, 10, 100, room) == room);
    CHECK(is_sample(room, 20, 10));
  }
}

TEST_CASE("nothing beyond the capacity is given") {
  std::uint64_t const size = 2 * piece;
  sample_file const file(size);
  file_cache cache(file.fd, piece, size);
  CHECK(cache.bytes(0, piece, size) != nullptr);
  CHECK(cache.bytes(piece, 0, size) != nullptr);
  CHECK(cache.bytes(1, piece, size) == nullptr);
  CHECK(cache.bytes(piece, 1, size) == nullptr);
  CHECK(cache.bytes(UINT64_MAX, 2, size) == nullptr);
  CHECK(cache.bytes(2, SIZE_MAX, size) == nullptr);
  CHECK(cache.filled() == piece);
}

TEST_CASE("a capacity of a terabyte costs nothing") {
  scratch_folder const folder;
  constexpr std::uint64_t size = std::uint64_t{1} << 40;
  auto made = os::create_new(os::here, (folder / "sparse").c_str());
  REQUIRE(made);
  if (os::write_at(made.value.get(), memo::as_byte_view("end"), size - 3) != 0)
    return;  // too large for this disk
  file_cache cache(open_file(folder / "sparse"), size, 10 * piece);
  if (cache.capacity() == 0) return;  // the system gives no such addresses
  auto const* const end = cache.bytes(size - 4, 4, size);
  REQUIRE(end != nullptr);
  CHECK(memo::as_text({end + 1, 3}) == "end");
  CHECK(cache.bytes(0, 1, size) != nullptr);
  CHECK(cache.filled() == 2 * piece);
}

TEST_CASE("short reads go on, and a failed one gives nothing and spoils nothing") {
  std::uint64_t const size = 4 * piece;
  sample_file const file(size);
  file_cache cache(file.fd, size, size);
  {
    watched_reads const failing(SIZE_MAX, EIO);
    CHECK(cache.bytes(100, 10, size) == nullptr);
    CHECK(cache.filled() == 0);
  }
  watched_reads const slow(1000);
  CHECK(is_sample(cache.bytes(0, size, size), 0, size));
  CHECK(cache.filled() == size);
}

TEST_CASE("threads read a growing file through one cache") {
  constexpr std::uint64_t size = 100 * piece;
  sample_file const file(size);
  file_cache cache(file.fd, size, size);
  std::atomic<std::uint64_t> mark{1000};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 3000; ++i) {
        std::uint64_t const end = mark;
        std::uint64_t const at = random() % end;
        std::size_t const count = std::min<std::uint64_t>(random() % (i % 10 == 0 ? 70'000 : 200), end - at);
        auto const* const got = cache.bytes(at, count, end);
        if (got == nullptr || !is_sample(got, at, count)) ++wrong;
        if (t == 0 && end < size) mark = std::min(size, end + random() % 2000);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache.filled() <= size);
}
