#include <memo/key/writer.hpp>

#include "support.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <variant>

using test::form_of;
using form = std::vector<unsigned>;

namespace {

enum class small : std::uint8_t { a = 7 };
struct mixed {
  char tag;
  double number;
  bool yes;
  long double wide;
};

template <class T, class Fill>
memo::digest digest_over(unsigned char background, Fill fill) {
  alignas(T) unsigned char room[sizeof(T)];
  std::memset(room, background, sizeof room);
  T* const value = new (room) T;
  fill(*value);
  return memo::digest_of(*value);
}

// Two values that a careless encoding would give equal bytes.
template <class A, class B>
void check_differ(A const& a, B const& b) {
  CHECK(memo::digest_of(a) != memo::digest_of(b));
}

}  // namespace

TEST_CASE("the canonical form is little-endian, with sizes before contents") {
  CHECK(form_of(std::uint32_t{0x01020304}) == form{4, 3, 2, 1});
  CHECK(form_of(true) == form{1});
  CHECK(form_of(small::a) == form{7});
  CHECK(form_of(1.0f) == form{0, 0, 0x80, 0x3f});
  CHECK(form_of(1.0L) == form{0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f});
  CHECK(form_of(std::optional<char>{}) == form{0});
  CHECK(form_of(std::optional<char>{'a'}) == form{1, 'a'});
  CHECK(form_of(std::unique_ptr<char>{}) == form{0});
  CHECK(form_of(std::variant<int, char>{'a'}) == form{1, 0, 0, 0, 'a'});
  CHECK(form_of(std::pair<char, char>{'a', 'b'}) == form{'a', 'b'});
  CHECK(form_of(std::vector<std::string>{"a"}) == form{1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a'});
  CHECK(form_of(std::string("ab")) == form{'a', 'b'});
  CHECK(form_of(std::vector<bool>{true, false}) == form{2, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  CHECK(form_of(std::set<char>{'b', 'a'}) == form{2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'});
}

TEST_CASE("the order of an unordered container does not count") {
  std::mt19937 random(1);
  std::vector<std::string> words;
  for (int i = 0; i < 50; ++i) words.push_back("w" + std::to_string(i * 7919));
  std::unordered_map<std::string, int> reference;
  std::unordered_set<std::string> reference_set;
  for (auto const& w : words) reference[w] = static_cast<int>(w.size()), reference_set.insert(w);
  for (int round = 0; round < 100; ++round) {
    std::shuffle(words.begin(), words.end(), random);
    std::unordered_map<std::string, int> map;
    std::unordered_set<std::string> set;
    map.reserve(random() % 5000);
    set.reserve(random() % 5000);
    for (auto const& w : words) map[w] = static_cast<int>(w.size()), set.insert(w);
    REQUIRE(memo::digest_of(map) == memo::digest_of(reference));
    REQUIRE(memo::digest_of(set) == memo::digest_of(reference_set));
  }
}

TEST_CASE("unordered containers inside unordered containers have one form") {
  using inner = std::unordered_map<int, int>;
  std::unordered_map<int, inner> a, b;
  for (int i = 0; i < 30; ++i)
    for (int j = 0; j < 30; ++j) a[i][j] = i * j;
  for (int i = 29; i >= 0; --i)
    for (int j = 29; j >= 0; --j) b[i][j] = i * j;
  b.rehash(1000);
  CHECK(memo::digest_of(a) == memo::digest_of(b));
  CHECK(memo::decode<std::unordered_map<int, inner>>(memo::encode(a).join().view) == a);
  std::unordered_multimap<int, int> c{{1, 2}, {1, 3}}, d{{1, 3}, {1, 2}};
  CHECK(memo::digest_of(c) == memo::digest_of(d));
}

TEST_CASE("padding and the unused bytes of a long double do not count") {
  auto const fill = [](mixed& m) { m.tag = 'x', m.number = 1.5, m.yes = true, m.wide = 0.1L; };
  CHECK(digest_over<mixed>(0x55, fill) == digest_over<mixed>(0xaa, fill));
  auto const wide = [](long double& v) { v = 0.1L; };
  CHECK(digest_over<long double>(0x55, wide) == digest_over<long double>(0xaa, wide));
  using complex = std::complex<long double>;
  auto const number = [](complex& v) { v = complex(0.1L, 0.2L); };
  CHECK(digest_over<complex>(0x55, number) == digest_over<complex>(0xaa, number));
}

TEST_CASE("zeros and NaNs count by their bits") {
  check_differ(0.0, -0.0);
  check_differ(std::nan("1"), std::nan("2"));
  CHECK(memo::digest_of(std::nan("1")) == memo::digest_of(std::nan("1")));
}

TEST_CASE("values that shift bytes between their parts differ") {
  using texts = std::vector<std::string>;
  check_differ(texts{"ab", "c"}, texts{"a", "bc"});
  check_differ(texts{"", "abc"}, texts{"abc", ""});
  check_differ(texts{"abc"}, texts{"abc", ""});
  using lists = std::vector<std::vector<int>>;
  check_differ(lists{{7, 8}, {9}}, lists{{7}, {8, 9}});
  check_differ(std::pair<std::string, std::string>{"a", "b"}, std::pair<std::string, std::string>{"ab", ""});
  check_differ(std::optional<std::optional<int>>{}, std::optional<std::optional<int>>{std::optional<int>{}});
  check_differ(std::variant<int, int>{std::in_place_index<0>, 1},
               std::variant<int, int>{std::in_place_index<1>, 1});
  check_differ(std::map<std::string, std::string>{{"a", "b"}},
               std::map<std::string, std::string>{{"ab", ""}});
}

TEST_CASE("values of different types with equal bytes differ by their schema") {
  CHECK(memo::schema_of<std::vector<std::uint64_t>>() != memo::schema_of<std::vector<double>>());
  CHECK(memo::schema_of<std::pair<int, int>>() != memo::schema_of<std::array<int, 2>>());
  CHECK(memo::schema_of<std::vector<int>>() != memo::schema_of<std::set<int>>());
}

TEST_CASE("a value beyond the window is hashed as one piece would be") {
  for (std::size_t const size : {4079u, 4080u, 4081u, 4095u, 4096u, 4097u, 8192u, 100'000u}) {
    std::vector<std::string> const one{std::string(size, 'x')};
    std::vector<std::string> const many(size, "x");
    for (auto const* value : {&one, &many}) {
      auto const made = memo::encode(*value);
      CHECK(made.object() == memo::hash_bytes(made.join().view));
      CHECK(memo::digest_of(*value) == made.object());
    }
  }
}

TEST_CASE("a variant without a value is an error") {
  std::variant<std::string, std::deque<std::string>> value = "text";
  CHECK_THROWS(value.emplace<1>(value.index() - 1, "too many for any container"));
  REQUIRE(value.valueless_by_exception());
  CHECK_THROWS_AS(memo::digest_of(value), memo::usage_error);
}
