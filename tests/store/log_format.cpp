#include <memo/store/log_format.hpp>

#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace memo::detail;

namespace {

log_mark mark_of(std::uint64_t sequence, std::uint64_t marked) {
  return {samples::id_of("a log"), 3, sequence, marked};
}

/// The first bytes of a log with two slots.
std::vector<std::byte> page_of(log_mark const& one, log_mark const& other) {
  std::vector<std::byte> page(log_marks_size);
  for (auto const* mark : {&one, &other}) {
    auto const bytes = encode_mark(*mark);
    std::copy(bytes.begin(), bytes.end(),
              page.begin() + static_cast<std::ptrdiff_t>(mark_offset(mark->sequence)));
  }
  return page;
}

}  // namespace

TEST_CASE("a slot says what was written into it") {
  auto const mark = mark_of(9, 4096 + 640);
  auto const bytes = encode_mark(mark);
  auto const read = decode_mark(bytes);
  REQUIRE(read);
  CHECK(read->uuid == mark.uuid);
  CHECK(read->generation == 3);
  CHECK(read->sequence == 9);
  CHECK(read->marked == 4096 + 640);
  CHECK_FALSE(decode_mark(memo::byte_view(bytes).first(63)));
}

TEST_CASE("a slot with a changed bit is none") {
  auto const bytes = encode_mark(mark_of(9, 4096 + 640));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto changed = bytes;
    changed[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    if (decode_mark(changed)) FAIL("bit " << bit);
  }
}

TEST_CASE("a slot that marks what cannot be is none") {
  for (std::uint64_t const marked : {0u, 64u, 4095u, 4097u, 4096u + 32u})
    CHECK_FALSE(decode_mark(encode_mark(mark_of(1, marked))));
}

TEST_CASE("of two slots the valid one with the higher number counts") {
  auto const page = page_of(mark_of(7, 8192), mark_of(8, 12288));
  CHECK(newest_mark(page)->marked == 12288);
  for (std::uint64_t const torn : {7u, 8u}) {
    auto damaged = page;
    damaged[mark_offset(torn) + 50] ^= std::byte{1};
    CHECK(newest_mark(damaged)->sequence == 15 - torn);
  }
  CHECK(newest_mark(memo::byte_view(page).first(64))->sequence == 8);
  CHECK(newest_mark(memo::byte_view(page).first(log_marks_size - 1))->sequence == 8);
  CHECK_FALSE(newest_mark(memo::byte_view(page).first(63)));
  CHECK_FALSE(newest_mark({}));
  CHECK_FALSE(newest_mark(std::vector<std::byte>(log_marks_size)));
}

TEST_CASE("a header is valid in one place of one log only") {
  record_header const header{record_kind::entry, samples::id_of("an id"), 100, samples::id_of("a sum")};
  memo::digest const uuid = samples::id_of("a log");
  auto const bytes = encode_header(header, record_seed(uuid, 4096));
  record_header read;
  CHECK(read_fields(bytes, record_seed(uuid, 4096), read) == record_state::good);
  CHECK(read_fields(bytes, record_seed(uuid, 4160), read) == record_state::damaged);
  CHECK(read_fields(bytes, record_seed(samples::id_of("another"), 4096), read) == record_state::damaged);
  CHECK(read_fields(bytes, 0, read) == record_state::damaged);
}

TEST_CASE("a record that says that another log takes over is told from all others") {
  auto const bytes = encode_header(closing_record(), 7);
  record_header read;
  REQUIRE(read_fields(bytes, 7, read) == record_state::good);
  CHECK(is_closing(read));
  CHECK_FALSE(is_closing({record_kind::last, {}, 0, memo::hash_bytes({}), false}));
  CHECK_FALSE(is_closing({record_kind::entry, {}, 0, memo::hash_bytes({}), true}));
  CHECK_FALSE(is_closing({record_kind::last, samples::id_of("x"), 0, memo::hash_bytes({}), true}));
}

TEST_CASE("records take multiples of 64 bytes") {
  CHECK(log_record_size(0) == 64);
  CHECK(log_record_size(1) == 128);
  CHECK(log_record_size(64) == 128);
  CHECK(log_record_size(65) == 192);
  CHECK(log_record_size(max_log_payload) == max_log_payload + 64);
}

TEST_CASE("the name and the text of a generation are read as they were written") {
  CHECK(log_name("log", 0x1a) == "log.000000000000001a");
  CHECK(current_text(0x1a) == "memo log\ngeneration 000000000000001a\n");
  for (std::uint64_t const generation : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX})
    CHECK(current_generation(current_text(generation)) == generation);
  std::string const text = current_text(5);
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(current_generation(text.substr(0, size)));
  CHECK_FALSE(current_generation(text + "\n"));
  CHECK_FALSE(current_generation("memo log\ngeneration 00000000000000zz\n"));
  CHECK_FALSE(current_generation("some log\ngeneration 0000000000000001\n"));
}
