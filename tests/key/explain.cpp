#include <memo/key/explain.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using memo::part;

namespace {

template <class T>
void add_input(memo::key_parts& parts, std::string_view name, T const& value) {
  parts.add(part::read, name, memo::schema_of<T>());
  parts.add(part::input, name, memo::fingerprint_of(value));
}

template <class T>
std::string shown(T const& value) {
  memo::key_parts parts;
  add_input(parts, "x", value);
  std::string const text = memo::explain(parts.bytes());
  std::string const head = "reads x: " + std::string(memo::schema_of<T>()) + "\ninput x = ";
  REQUIRE(text.substr(0, head.size()) == head);
  CHECK(text.back() == '\n');
  return text.substr(head.size(), text.size() - head.size() - 1);
}

enum class color : int { red = -4 };

}  // namespace

TEST_CASE("every part has a line") {
  memo::key_parts parts;
  parts.add(part::format, {}, std::uint64_t{1});
  parts.add(part::project, {}, "survey \"x\"\n");
  parts.add(part::pipeline, {}, "stars");
  parts.add(part::step, "mean", std::string_view());
  parts.add(part::result, "mean", "f64");
  parts.add(part::read, "n", "i32");
  parts.add(part::version, {}, static_cast<std::uint64_t>(std::int64_t{-3}));
  parts.add(part::source, {}, memo::digest{1, 2});
  parts.add(part::build, {}, memo::digest{3, 4});
  parts.add(part::arithmetic, {}, "fast-math fma");
  parts.add(part::state, {}, memo::fingerprint_of(std::string("ab")));
  parts.add(part::input, "n", memo::fingerprint_of(-5));
  parts.add(part::path, "n", "/data/a.csv");
  parts.add(part::user_key, {}, memo::fingerprint_of(std::string(100, 'a')));
  parts.add(part::environment, "HOME", std::string_view());
  parts.add(part::environment, "LANG", std::string_view("\1C.UTF-8"));
  parts.add(static_cast<part>(99), {}, std::string_view("later"));
  CHECK(memo::explain(parts.bytes()) ==
        "key format 1\n"
        "project \"survey \\\"x\\\"\\x0a\"\n"
        "pipeline \"stars\"\n"
        "step \"mean\"\n"
        "gives mean: f64\n"
        "reads n: i32\n"
        "version -3\n"
        "source digest 00000000000000010000000000000002\n"
        "build digest 00000000000000030000000000000004\n"
        "arithmetic fast-math fma\n"
        "state of the function = bytes 6162\n"
        "input n = -5\n"
        "path of n = \"/data/a.csv\"\n"
        "key given by .key() = digest " +
            memo::to_hex(memo::digest_of(std::string(100, 'a'))) +
            "\n"
            "environment HOME not set\n"
            "environment LANG = \"C.UTF-8\"\n"
            "part 99 of a newer format\n");
}

TEST_CASE("small values are shown as their type has them") {
  CHECK(shown(0.1) == "0.1");
  CHECK(shown(0.1 + 0.2) == "0.30000000000000004");
  CHECK(shown(0.1f) == "0.1");
  CHECK(shown(16777217.0) == "16777217");
  CHECK(shown(-7) == "-7");
  CHECK(shown(std::int64_t{-1} << 40) == "-1099511627776");
  CHECK(shown(std::uint64_t{18446744073709551615u}) == "18446744073709551615");
  CHECK(shown(std::int16_t{-2}) == "-2");
  CHECK(shown(std::uint16_t{65535}) == "65535");
  CHECK(shown(std::int8_t{-1}) == "-1");
  CHECK(shown(std::uint8_t{200}) == "200");
  CHECK(shown(std::uint32_t{4000000000u}) == "4000000000");
  CHECK(shown(true) == "true");
  CHECK(shown(false) == "false");
  CHECK(shown(color::red) == "-4");
  CHECK(shown(std::string("a\"b\\c\td")) == "\"a\\\"b\\\\c\\x09d\"");
  CHECK(shown(std::string()) == "\"\"");
  CHECK(shown(std::vector<int>{1, 2}) == "bytes 0100000002000000");
}

TEST_CASE("a large value is shown by its digest") {
  std::string const large(65, 'x');
  CHECK(shown(large) == "digest " + memo::to_hex(memo::digest_of(large)));
}

TEST_CASE("bytes that are no parts explain nothing") {
  CHECK(memo::explain({}) == "");
  CHECK(memo::explain(memo::as_byte_view("short")) == "");
}
