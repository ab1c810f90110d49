#include <memo/cli/units.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>

using memo::exact_duration_text;
using memo::exact_size_text;
using memo::parse_duration;
using memo::parse_size;
using std::chrono::nanoseconds;

TEST_CASE("sizes are read with their units, exactly") {
  struct {
    char const* text;
    std::optional<std::uint64_t> bytes;
  } const rows[] = {
      {"0", 0},
      {"1", 1},
      {"1e9", 1'000'000'000},
      {"10GB", 10'000'000'000},
      {"10 gb", 10'000'000'000},
      {"500MiB", 524'288'000},
      {"1.5 GiB", 1'610'612'736},
      {"0.5kB", 500},
      {"1'000 KiB", 1'024'000},
      {"1_000B", 1000},
      {" 7 B ", 7},
      {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
      {"15EiB", std::uint64_t{15} << 60},
      {"1EB", 1'000'000'000'000'000'000},
      {"18446744073709551616", std::nullopt},
      {"16EiB", std::nullopt},
      {"1e400", std::nullopt},
      {"1e999999999999999999999", std::nullopt},
      {"0e999999999999999999999", 0},
      {"0.5B", std::nullopt},
      {"1.0001kB", std::nullopt},
      {"-1", std::nullopt},
      {"10G", std::nullopt},
      {"10 GB please", std::nullopt},
      {"GB", std::nullopt},
      {"", std::nullopt},
      {".", std::nullopt},
      {"1e", std::nullopt},
      {"0x10", std::nullopt},
      {"1__0", std::nullopt},
      {"1,5GB", std::nullopt},
      {"nan", std::nullopt},
  };
  for (auto const& row : rows) {
    INFO(row.text);
    CHECK(parse_size(row.text) == row.bytes);
  }
}

TEST_CASE("durations are sums of numbers with units") {
  struct {
    char const* text;
    std::optional<std::int64_t> ns;
  } const rows[] = {
      {"0", 0},
      {"0s", 0},
      {"-0s", 0},
      {"250ms", 250'000'000},
      {"1h30m", 5'400'000'000'000},
      {"1h 30min", 5'400'000'000'000},
      {" 1.5 h ", 5'400'000'000'000},
      {"7d", 604'800'000'000'000},
      {"1w", 604'800'000'000'000},
      {"10us", 10'000},
      {"10\u00b5s", 10'000},
      {"10\u03bcs", 10'000},
      {"1ns", 1},
      {"1000ps", 1},
      {"1e-9s", 1},
      {"1e3ms", 1'000'000'000},
      {"0.000000001s", 1},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
      {"9223372036854775808ns", std::nullopt},
      {"300w", 181'440'000'000'000'000},
      {"1e400w", std::nullopt},
      {"99999999999999999999999999999999999999999w", std::nullopt},
      {"0.1ns", std::nullopt},
      {"1e-10s", std::nullopt},
      {"5", std::nullopt},
      {"5 parsecs", std::nullopt},
      {"1h30", std::nullopt},
      {"h", std::nullopt},
      {"-5s", std::nullopt},
      {"1h-5m", std::nullopt},
      {"", std::nullopt},
      {"s5", std::nullopt},
      {"1S", std::nullopt},
      {"infs", std::nullopt},
  };
  for (auto const& row : rows) {
    INFO(row.text);
    auto const time = parse_duration(row.text);
    CHECK(time.has_value() == row.ns.has_value());
    if (time && row.ns) CHECK(time->count() == *row.ns);
  }
}

TEST_CASE("texts of sizes and durations are read back as the same") {
  CHECK(exact_size_text(0) == "0B");
  CHECK(exact_size_text(1'000'000'000) == "1GB");
  CHECK(exact_size_text(524'288'000) == "500MiB");
  CHECK(exact_size_text(1'234'567) == "1234567B");
  CHECK(exact_duration_text(nanoseconds(0)) == "0s");
  CHECK(exact_duration_text(std::chrono::minutes(90)) == "1h30m");
  CHECK(exact_duration_text(nanoseconds(1'500'000'001)) == "1s500ms1ns");
  CHECK(exact_duration_text(nanoseconds::min()).starts_with("-15250w"));
  std::mt19937_64 random(6);
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t const bytes = random() >> (random() % 64);
    CHECK(parse_size(exact_size_text(bytes)) == bytes);
    nanoseconds const time(static_cast<std::int64_t>(bytes >> 1));
    CHECK(parse_duration(exact_duration_text(time)) == time);
  }
}
