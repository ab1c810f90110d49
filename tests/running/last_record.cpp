#include <memo/run/last_record.hpp>

#include <catch2/catch.hpp>
#include <string>

using memo::detail::last_record_id;
using memo::detail::last_steps;
using memo::detail::read_last_record;
using memo::detail::write_last_record;

TEST_CASE("what was written is read back") {
  last_steps const steps{{"mean", std::string("\1\0parts", 7), 5},
                         {"a,b", "", ~std::uint64_t{0}},
                         {"", "x", 0},
                         {"long", std::string(100'000, 'p'), 1}};
  CHECK(read_last_record(write_last_record(steps)) == steps);
  CHECK(read_last_record(write_last_record({})).empty());
}

TEST_CASE("a record begins with its name and version") {
  CHECK(write_last_record({{"x", "yz", 7}}) ==
        std::string("memo-last\2\1\0\0\0x\2\0\0\0yz\7\0\0\0\0\0\0\0", 29));
}

TEST_CASE("another version, and what is no record, is as good as none") {
  std::string newer = write_last_record({{"x", "yz", 0}});
  newer[9] = 3;
  CHECK(read_last_record(newer).empty());
  CHECK(read_last_record("").empty());
  CHECK(read_last_record("memo-last").empty());
  CHECK(read_last_record("rubbish that is long enough").empty());
}

TEST_CASE("a damaged record never gives more than it holds") {
  std::string const whole = write_last_record({{"one", "first parts", 1}, {"two", "second parts", 2}});
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(read_last_record(std::string_view(whole).substr(0, length)).size() <= 1);
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int flip = 1; flip < 256; flip *= 2) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      CHECK(read_last_record(bytes).size() <= 2);
    }
}

TEST_CASE("a project and a pipeline have a record of their own") {
  CHECK(last_record_id("a", "p") == last_record_id("a", "p"));
  CHECK(last_record_id("a", "p") != last_record_id("b", "p"));
  CHECK(last_record_id("a", "p") != last_record_id("a", "q"));
  CHECK(last_record_id("ab", "c") != last_record_id("a", "bc"));
  CHECK(last_record_id("", "p") != last_record_id("p", ""));
}
