#include <memo/key/key.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using memo::key_parts;
using memo::part;

namespace {

std::vector<memo::part_view> read(memo::byte_view bytes) {
  std::vector<memo::part_view> found;
  memo::part_reader reader(bytes);
  for (memo::part_view p; reader.next(p);) found.push_back(p);
  return found;
}

}  // namespace

TEST_CASE("parts are read back as they were added") {
  key_parts parts;
  parts.add(part::format, {}, std::uint64_t{1});
  parts.add(part::project, {}, "survey");
  parts.add(part::step, "mean", std::string_view());
  parts.add(part::source, {}, memo::digest{3, 4});
  auto const found = read(parts.bytes());
  REQUIRE(found.size() == 4);
  CHECK(found[0].tag == part::format);
  CHECK(memo::load_little<std::uint64_t>(found[0].bytes.data()) == 1);
  CHECK(memo::as_text(found[1].bytes) == "survey");
  CHECK(found[2].name == "mean");
  CHECK(found[2].bytes.empty());
  CHECK(memo::digest_in(found[3].bytes) == memo::digest{3, 4});
}

TEST_CASE("a small value stands in a part as it is, a large one by its digest") {
  std::string const small(64, 's'), large(65, 'l');
  key_parts parts;
  parts.add(part::input, "small", memo::fingerprint::of_bytes(memo::as_byte_view(small)));
  parts.add(part::input, "large", memo::fingerprint::of_bytes(memo::as_byte_view(large)));
  auto const found = read(parts.bytes());
  REQUIRE(found.size() == 2);
  CHECK(memo::as_text(found[0].bytes) == std::string(1, '\0') + small);
  REQUIRE(found[1].bytes.size() == 17);
  CHECK(found[1].bytes[0] == std::byte{1});
  CHECK(memo::digest_in(found[1].bytes.subspan(1)) == memo::hash_bytes(memo::as_byte_view(large)));
}

TEST_CASE("no two lists of parts have the same bytes") {
  std::set<std::string> seen;
  auto add = [&](auto... list) {
    key_parts parts;
    (parts.add(std::get<0>(list), std::get<1>(list), std::get<2>(list)), ...);
    CHECK(seen.insert(std::string(memo::as_text(parts.bytes()))).second);
  };
  using text = std::string_view;
  using one = std::tuple<part, text, text>;
  add();
  add(one{part::project, "", ""});
  add(one{part::project, "", ""}, one{part::project, "", ""});
  add(one{part::project, "ab", ""});
  add(one{part::project, "a", "b"});
  add(one{part::project, "", "ab"});
  add(one{part::step, "", "ab"});
  add(one{part::project, "", "a"}, one{part::project, "", "b"});
  add(one{part::project, "", text("ab\0", 3)});
}

TEST_CASE("parts may outgrow the stack") {
  key_parts parts;
  std::string const value(100, 'x');
  for (int i = 0; i < 1000; ++i) parts.add(part::input, "input " + std::to_string(i), value);
  auto const found = read(parts.bytes());
  REQUIRE(found.size() == 1000);
  CHECK(found[999].name == "input 999");
  CHECK(memo::as_text(found[7].bytes) == value);
  memo::digest const prefix{1, 2};
  memo::digest const key = parts.key(prefix, 0);
  CHECK(read(parts.bytes()).size() == 1000);
  CHECK(parts.key(prefix, 0) == key);
}

TEST_CASE("a key is XXH3-128 of the prefix and the parts that vary, with the seed") {
  key_parts prefix, parts;
  prefix.add(part::project, {}, "p");
  parts.add(part::input, "n", "v");
  for (std::uint64_t const seed : {0u, 7u}) {
    CHECK(prefix.prefix(seed) == memo::hash_bytes(prefix.bytes(), seed));
    std::string joined(16, '\0');
    auto* to = reinterpret_cast<std::byte*>(joined.data());
    memo::store_little(to, prefix.prefix(seed).high);
    memo::store_little(to + 8, prefix.prefix(seed).low);
    joined += memo::as_text(parts.bytes());
    CHECK(parts.key(prefix.prefix(seed), seed) == memo::hash_bytes(memo::as_byte_view(joined), seed));
  }
}

TEST_CASE("reading stops at bytes that are no part") {
  key_parts parts;
  parts.add(part::project, "name", "value");
  parts.add(part::step, "mean", "");
  std::string const whole(memo::as_text(parts.bytes()));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::string const cut = whole.substr(0, length);
    CHECK(read(memo::as_byte_view(cut)).size() <= 1);
  }
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int flip = 1; flip < 256; flip *= 2) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      CHECK(read(memo::as_byte_view(bytes)).size() <= 2);
    }
  CHECK(memo::digest_in({}) == memo::digest{});
}
