#include <memo/cli/time_text.hpp>

#include <catch2/catch.hpp>

using namespace memo::detail;

TEST_CASE("an age is told in whole units") {
  CHECK(age_text(0) == "now");
  CHECK(age_text(-5000) == "now");
  CHECK(age_text(999) == "now");
  CHECK(age_text(1000) == "1 s");
  CHECK(age_text(59'999) == "59 s");
  CHECK(age_text(3'599'999) == "59 min");
  CHECK(age_text(86'399'999) == "23 h");
  CHECK(age_text(400 * std::int64_t{86'400'000}) == "400 d");
}

TEST_CASE("a time is told to the second") {
  CHECK(when_text(1'700'000'000'000).size() == 19);
  CHECK(when_text(1'700'000'000'000).starts_with("2023-11-1"));
}
