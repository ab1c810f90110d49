#include <memo/store/log_file.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace memo::detail;
using samples::key_of;
using samples::value_of;

namespace {

/// The file of a log, written by hand.
class handmade_log {
 public:
  handmade_log() : bytes_(log_page_size, '\0') { mark(); }

  /// Appends an object; its offset.
  std::uint64_t add(int number, std::size_t size = 100) {
    std::uint64_t const at = bytes_.size();
    std::string const payload = value_of(number, size);
    record_header const header{record_kind::object, key_of(number), size,
                               memo::hash_bytes(memo::as_byte_view(payload))};
    auto const head = encode_header(header, record_seed(uuid_, at));
    bytes_ += std::string(memo::as_text(head)) + payload;
    bytes_.resize(at + log_record_size(size));
    return at;
  }
  /// What follows is behind the mark.
  void mark() {
    auto const slot = encode_mark({uuid_, 1, ++sequence_, bytes_.size()});
    bytes_.replace(mark_offset(sequence_), slot.size(), std::string(memo::as_text(slot)));
  }
  std::string& bytes() { return bytes_; }
  std::uint64_t size() const { return bytes_.size(); }

  std::filesystem::path const& write() {
    write_content(path_, bytes_);
    return path_;
  }
  /// Opens what was written, or writes it.
  std::shared_ptr<log_file> open(std::uint64_t budget = 1 << 20) {
    auto file = os::open_untouched(os::here, write().c_str());
    auto const slot = log_file::read_mark(file.value.get());
    if (!slot) return nullptr;
    return std::make_shared<log_file>(std::make_shared<os::unique_fd const>(std::move(file.value)),
                                      slot.value, budget);
  }

 private:
  scratch_folder folder_;
  std::filesystem::path path_ = folder_ / "log";
  memo::digest uuid_ = samples::id_of("a log");
  std::uint64_t sequence_ = 0;
  std::string bytes_;
};

samples::got read(std::shared_ptr<log_file> const& log, int number, std::uint64_t offset,
                  std::size_t size = 100) {
  memo::shared_bytes payload;
  if (log->read(record_kind::object, key_of(number), offset, log, payload) != record_state::good)
    return samples::got::nothing;
  return memo::as_text(payload.view) == value_of(number, size) ? samples::got::right : samples::got::wrong;
}

/// The offsets of what a scan of all that a file has finds.
std::vector<std::uint64_t> scanned(log_file const& log, std::uint64_t end) {
  std::vector<std::uint64_t> found;
  log_scan scan(log, log_page_size, end, log.committed());
  while (scan.next()) found.push_back(scan.offset());
  return found;
}

using samples::got;

}  // namespace

TEST_CASE("records of a log are read, kept in memory or not") {
  handmade_log made;
  std::vector<std::pair<int, std::size_t>> const sizes{{0, 0},    {1, 1},         {2, 64},           {3, 100},
                                                       {4, 5000}, {5, 64 * 1024}, {6, 64 * 1024 + 1}};
  std::vector<std::uint64_t> at;
  for (auto const& [number, size] : sizes) at.push_back(made.add(number, size));
  made.mark();
  for (std::uint64_t const budget : {0u, 20'000u, 1u << 20}) {
    auto const log = made.open(budget);
    REQUIRE(log != nullptr);
    CHECK(log->committed() == made.size());
    for (int round = 0; round < 2; ++round)
      for (auto const& [number, size] : sizes)
        CHECK(read(log, number, at[static_cast<std::size_t>(number)], size) == got::right);
    memo::shared_bytes payload;
    CHECK(log->read(record_kind::object, key_of(2), at[1], log, payload) == record_state::damaged);
    CHECK(log->read(record_kind::entry, key_of(1), at[1], log, payload) == record_state::damaged);
    CHECK(log->read(record_kind::object, key_of(1), at[1] + 64, log, payload) == record_state::damaged);
    CHECK(log->read(record_kind::object, key_of(1), made.size(), log, payload) == record_state::damaged);
    CHECK(log->read(record_kind::object, key_of(1), UINT64_MAX / 64 * 64, log, payload) ==
          record_state::damaged);
    CHECK(scanned(*log, made.size()) == at);
  }
}

TEST_CASE("a payload keeps what it lies in alive") {
  handmade_log made;
  std::uint64_t const at = made.add(1, 5000);
  made.mark();
  memo::shared_bytes payload;
  {
    auto const log = made.open();
    REQUIRE(log->read(record_kind::object, key_of(1), at, log, payload) == record_state::good);
  }
  CHECK(memo::as_text(payload.view) == value_of(1, 5000));
  CHECK(reinterpret_cast<std::uintptr_t>(payload.view.data()) % memo::payload_alignment == 0);
}

TEST_CASE("each flipped bit of a log of three records hides at most one of them") {
  handmade_log made;
  std::vector<std::uint64_t> const at{made.add(0), made.add(1), made.add(2)};
  made.mark();
  auto const log = made.open(0);
  os::outcome<os::unique_fd> const file = os::open_at(os::here, made.write().c_str(), O_WRONLY);
  for (std::size_t bit = 8 * log_page_size; bit < 8 * made.size(); ++bit) {
    auto const right = static_cast<std::byte>(made.bytes()[bit / 8]);
    std::byte const flipped = right ^ std::byte{1} << static_cast<int>(bit % 8);
    os::write_at(file.value.get(), {&flipped, 1}, bit / 8);
    int hidden = 0;
    for (int i = 0; i < 3; ++i) {
      got const found = read(log, i, at[static_cast<std::size_t>(i)]);
      if (found == got::wrong) FAIL("a wrong value, bit " << bit);
      hidden += found == got::nothing ? 1 : 0;
    }
    if (hidden > 1 || scanned(*log, made.size()).size() < 2) FAIL("bit " << bit);
    os::write_at(file.value.get(), {&right, 1}, bit / 8);
  }
}

TEST_CASE("a log that was cut gives what is left of it") {
  handmade_log made;
  std::vector<std::uint64_t> at;
  for (int i = 0; i < 5; ++i) at.push_back(made.add(i));
  made.mark();
  std::string const whole = made.bytes();
  for (std::size_t size = log_marks_size; size < whole.size(); size += 32) {
    made.bytes() = whole.substr(0, size);
    auto const log = made.open(size % 64 == 0 ? 0 : 1 << 20);
    REQUIRE(log != nullptr);
    for (int i = 0; i < 5; ++i) {
      std::uint64_t const start = at[static_cast<std::size_t>(i)];
      bool const is_there = start + record_header_size + 100 <= size;
      CHECK(read(log, i, start) == (is_there ? got::right : got::nothing));
    }
  }
}

TEST_CASE("behind the mark a scan goes on as long as there is one whole record after the other") {
  handmade_log made;
  made.add(0);
  made.mark();
  std::uint64_t const marked = made.size();
  std::uint64_t const first = made.add(1);
  std::uint64_t const second = made.add(2);
  std::uint64_t const third = made.add(3);
  auto log = made.open();
  CHECK(log->committed() == marked);
  CHECK(scanned(*log, made.size()) == std::vector<std::uint64_t>{log_page_size, first, second, third});
  // The file has not all of the last one.
  CHECK(scanned(*log, made.size() - 64).size() == 3);
  made.bytes()[second] ^= 1;
  log = made.open();
  CHECK(scanned(*log, made.size()) == std::vector<std::uint64_t>{log_page_size, first});
  // Before the mark it finds its way after damage.
  log->advance(made.size());
  CHECK(scanned(*log, made.size()) == std::vector<std::uint64_t>{log_page_size, first, third});
}

TEST_CASE("a scan gives payloads of any length without keeping the log in memory") {
  handmade_log made;
  std::vector<std::uint64_t> at;
  std::vector<std::size_t> const sizes{
      0, 1, 100, log_scan::most_at_once - 64, log_scan::most_at_once, 3'000'000, 100};
  for (std::size_t i = 0; i < sizes.size(); ++i) at.push_back(made.add(static_cast<int>(i), sizes[i]));
  made.mark();
  auto const log = made.open();
  log_scan scan(*log, log_page_size);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    REQUIRE(scan.next());
    REQUIRE(scan.offset() == at[i]);
    auto const payload = scan.payload(std::uint64_t{1} << 30);
    REQUIRE(payload);
    CHECK(memo::as_text(*payload) == value_of(static_cast<int>(i), sizes[i]));
    CHECK(scan.payload(sizes[i]));
    if (sizes[i] != 0) CHECK_FALSE(scan.payload(sizes[i] - 1));
  }
  CHECK_FALSE(scan.next());
  // In any order.
  for (std::size_t const i : {5u, 0u, 6u, 3u}) {
    REQUIRE(scan.go_to(at[i]));
    CHECK(scan.header().id == key_of(static_cast<int>(i)));
    CHECK(memo::as_text(scan.payload(UINT64_MAX).value()) == value_of(static_cast<int>(i), sizes[i]));
  }
  CHECK_FALSE(scan.go_to(at[5] + 64));
  CHECK_FALSE(scan.go_to(made.size()));
  CHECK_FALSE(scan.go_to(made.size() + 4096));
  CHECK(scan.error() == 0);
}

TEST_CASE("a scan gives no payload that is damaged or cut off") {
  handmade_log made;
  std::uint64_t const short_one = made.add(0);
  std::uint64_t const long_one = made.add(1, 2'000'000);
  made.mark();
  made.bytes()[short_one + 64] ^= 1;
  auto log = made.open();
  log_scan scan(*log, log_page_size);
  REQUIRE(scan.go_to(short_one));
  CHECK_FALSE(scan.payload(UINT64_MAX));
  std::filesystem::resize_file(made.write(), made.size() - 1'000'000);
  REQUIRE(scan.go_to(long_one));
  CHECK_FALSE(scan.payload(UINT64_MAX));
  CHECK(scan.error() == 0);
}

TEST_CASE("a header is looked at without more of the log being kept") {
  handmade_log made;
  std::uint64_t const at = made.add(0);
  made.mark();
  for (std::uint64_t const budget : {std::uint64_t{0}, std::uint64_t{1} << 20}) {
    auto const log = made.open(budget);
    record_header header;
    CHECK(log->peek_header_at(at, header) == record_state::good);
    CHECK(header.id == key_of(0));
    CHECK_FALSE(log->is_known_below(1000, at));
    CHECK(log->header_at(at, header) == record_state::good);
    CHECK(log->is_known_below(1000, at) == (budget != 0));
    CHECK(log->peek_header_at(at, header) == record_state::good);
    CHECK(log->peek_header_at(at + 64, header) == record_state::damaged);
    CHECK(log->peek_header_at(made.size(), header) == record_state::damaged);
  }
}

TEST_CASE("no payload poses as a record") {
  handmade_log inner;
  inner.add(7);
  handmade_log made;
  std::uint64_t const at = made.add(1, 4096);
  // The bytes of a whole record of the same log, at another offset.
  made.bytes().replace(at + 64 + 64, inner.size() - log_page_size, inner.bytes().substr(log_page_size));
  made.bytes()[at] ^= 1;
  made.mark();
  CHECK(scanned(*made.open(), made.size()).empty());
}

TEST_CASE("a log's mark is taken over where it is newer, and the log's own") {
  handmade_log made;
  made.add(0);
  made.mark();
  auto const log = made.open();
  std::uint64_t const before = made.size();
  made.add(1);
  made.mark();
  made.write();
  CHECK(log->committed() == before);
  CHECK(log->refresh_mark() == 0);
  CHECK(log->committed() == made.size());
  CHECK(log->marked() == made.size());
  // The newer slot was damaged since: nothing goes back.
  made.bytes()[mark_offset(log->sequence()) + 20] ^= 1;
  made.write();
  CHECK(log->refresh_mark() == 0);
  CHECK(log->committed() == made.size());
  made.bytes()[mark_offset(log->sequence() + 1) + 20] ^= 1;
  made.write();
  CHECK(log->refresh_mark() == EINVAL);
  CHECK(made.open() == nullptr);
}

TEST_CASE("a header that claims more than there is takes no memory") {
  handmade_log made;
  std::uint64_t const at = made.size();
  record_header const header{record_kind::object, key_of(1), std::uint64_t{1} << 40, {}};
  made.bytes() += std::string(memo::as_text(encode_header(header, record_seed(samples::id_of("a log"), at))));
  made.mark();
  auto const log = made.open();
  CHECK(read(log, 1, at) == got::nothing);
  log->advance(std::uint64_t{1} << 41);
  CHECK(read(log, 1, at) == got::nothing);
}

TEST_CASE("what lies behind a log is told apart") {
  using behind = log_file::behind;
  handmade_log made;
  made.add(0);
  made.mark();
  std::string const whole = made.bytes();
  auto const look = [&] { return made.open()->look_behind().value; };
  CHECK(look() == behind::nothing);
  made.add(1);
  CHECK(look() == behind::record);
  made.bytes()[whole.size() + 20] ^= 1;
  CHECK(look() == behind::rest);
  made.bytes() = whole + "x";
  CHECK(look() == behind::rest);
  made.bytes() = whole.substr(0, whole.size() - 1);
  CHECK(look() == behind::cut);
  made.bytes() = whole.substr(0, log_marks_size);
  CHECK(look() == behind::cut);
}

TEST_CASE("threads read a log while it grows") {
  handmade_log made;
  constexpr int count = 300;
  std::vector<std::uint64_t> at;
  for (int i = 0; i < count; ++i) at.push_back(made.add(i, static_cast<std::size_t>(i) * 20));
  made.mark();
  std::string const whole = made.bytes();
  made.bytes().resize(log_page_size);
  made.mark();
  auto const log = made.open();
  write_content(made.write(), whole);
  std::atomic<int> there{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      while (there != count)
        for (int i = there - 1; i >= 0; i -= 7)
          if (read(log, i, at[static_cast<std::size_t>(i)], static_cast<std::size_t>(i) * 20) != got::right)
            ++wrong;
    });
  for (int i = 0; i < count; ++i) {
    log->advance(i + 1 < count ? at[static_cast<std::size_t>(i) + 1] : whole.size());
    there = i + 1;
  }
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}
