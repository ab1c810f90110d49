#include <memo/run/file_record.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace memo::detail;

namespace {

std::vector<known_file> two_files() {
  std::vector<known_file> files(2);
  files[0].path = {1, 2};
  files[0].identity = {3, 4, 5, -6, 7};
  files[0].content = {8, 9};
  files[0].is_certain = true;
  files[1].path = {10, 11};
  files[1].identity = {UINT64_MAX, 0, UINT64_MAX, INT64_MIN, INT64_MAX};
  files[1].content = {12, 13};
  return files;
}

}  // namespace

TEST_CASE("a record of files is read as it was written") {
  auto const read = read_file_record(write_file_record(two_files()));
  REQUIRE(read.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(read[i].path == two_files()[i].path);
    CHECK(read[i].identity == two_files()[i].identity);
    CHECK(read[i].content == two_files()[i].content);
    CHECK(read[i].is_certain == two_files()[i].is_certain);
  }
  CHECK(read_file_record(write_file_record({})).empty());
}

TEST_CASE("the bytes of a record of files stay what they are") {
  std::string const record = write_file_record(two_files());
  REQUIRE(record.size() == 11 + 16 + 2 * 73);
  CHECK(record.substr(0, 11) == std::string("memo-files\1", 11));
  CHECK(memo::to_hex(memo::hash_bytes(memo::as_byte_view(record).subspan(27))) ==
        "1a37ba7729af1347a7748a5292a50077");
}

TEST_CASE("a record of files that does not fit is as good as none") {
  std::string const record = write_file_record(two_files());
  CHECK(read_file_record("").empty());
  for (std::size_t size = 0; size < record.size(); ++size) {
    bool const is_whole = (size - 27) % 73 == 0 && size >= 27;
    CHECK(read_file_record(record.substr(0, size)).size() == (is_whole ? (size - 27) / 73 : 0));
  }
  CHECK(read_file_record(record + "x").empty());
  std::string other = record;
  other[10] = '\2';
  CHECK(read_file_record(other).empty());
  other = record;
  other[12] = static_cast<char>(other[12] + 1);  // another machine
  CHECK(read_file_record(other).empty());
}

TEST_CASE("records of files lie apart from those of steps, and of other pipelines") {
  CHECK(file_record_id({1, 2}) != memo::digest{1, 2});
  CHECK(file_record_id({1, 2}) != file_record_id({1, 3}));
  CHECK(file_record_id({1, 2}) == file_record_id({1, 2}));
}
