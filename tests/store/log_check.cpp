#include <memo/store/log_check.hpp>

#include "../support/log_folder.hpp"

#include <catch2/catch.hpp>

using namespace memo::detail;
using samples::got;
using samples::key_of;

namespace {

log_check checked(test::log_user& user) {
  user.reader.sync();
  return check_log(*user.reader.view());
}

}  // namespace

TEST_CASE("a whole log has no damage, and what is gone or superseded is not looked at") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 10; ++i) CHECK(user.put(i, static_cast<std::size_t>(i) * 200'000) == 0);
  CHECK(user.put(3, 100) == 0);
  CHECK(user.put_gone(record_kind::object, key_of(4)) == 0);
  auto const result = checked(user);
  CHECK(result.checked == 9);
  CHECK(result.gaps == 0);
  CHECK(result.damaged.empty());
}

TEST_CASE("damage is found in the file, not in what is kept of it in memory") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 10; ++i) CHECK(user.put(i, 1000) == 0);
  for (int i = 0; i < 10; ++i) CHECK(user.look_up(i, 1000) == got::right);
  auto const log = test::current_file(folder / "cache", "log");
  std::uint64_t const third = log_page_size + 3 * log_record_size(1000);
  test::flip_bit(log, third + 500);
  auto result = checked(user);
  CHECK(result.checked == 10);
  REQUIRE(result.damaged.size() == 1);
  CHECK(result.damaged[0].kind == record_kind::object);
  CHECK(result.damaged[0].id == key_of(3));
  CHECK(result.damaged[0].offset == third);
  CHECK(result.gaps == 0);
  // A header that is no more leaves a gap.
  test::flip_bit(log, log_page_size + 7 * log_record_size(1000) + 20);
  result = checked(user);
  CHECK(result.damaged.size() == 1);
  CHECK(result.gaps == 1);
  CHECK(result.checked == 10);
}

TEST_CASE("what a dying writer left is no damage") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  CHECK(user.put(0) == 0);
  auto const log = test::current_file(folder / "cache", "log");
  test::overwrite(log, std::filesystem::file_size(log), samples::value_of(7, 5000));
  CHECK(user.put(1) == 0);
  auto const result = checked(user);
  CHECK(result.checked == 2);
  CHECK(result.gaps == 0);
  CHECK(result.damaged.empty());
}

TEST_CASE("a part of a log is read up to where it ends, and its entries are shown") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 10; ++i) {
    auto const payload = encode_entry(samples::sample(i).value);
    CHECK(user.put(record_kind::entry, key_of(i), memo::as_text(payload.view())) == 0);
    CHECK(user.put(100 + i, 1000) == 0);
  }
  user.reader.sync();
  auto const view = user.reader.view();
  std::uint64_t before = 0;
  for (std::uint64_t end = log_page_size; end <= view->log->committed(); end += memo::payload_alignment) {
    std::vector<memo::digest> shown;
    auto const result = check_log(*view, end, [&](record_header const& header, memo::byte_view payload) {
      CHECK(memo::hash_bytes(payload) == header.checksum);
      shown.push_back(header.id);
    });
    CHECK(result.gaps == 0);
    CHECK(result.damaged.empty());
    CHECK(result.checked >= before);
    CHECK(shown.size() == (result.checked + 1) / 2);
    for (std::size_t i = 0; i < shown.size(); ++i) CHECK(shown[i] == key_of(static_cast<int>(i)));
    before = result.checked;
  }
  CHECK(before == 20);
}
