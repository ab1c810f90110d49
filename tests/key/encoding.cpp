#include <memo/key/encoding.hpp>

#include "support.hpp"

#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>

using test::check_round_trip;

namespace {

enum class color : std::int16_t { red = -1, green = 500 };
enum flag : bool { off, on };

struct point {
  float x, y, z;
  bool operator==(point const&) const = default;
};
struct padded {
  char a;
  double b;
  bool operator==(padded const&) const = default;
};
struct with_arrays {
  int grid[2][3];
  std::string names[2];
  bool yes;
  bool operator==(with_arrays const&) const = default;
};
struct config {
  double rate = 0.1;
  std::vector<std::string> tags;
  std::optional<std::array<float, 3>> axis;
  color k = color::red;
  bool operator==(config const&) const = default;
};
struct no_default {
  explicit no_default(int v) : value(v) {}
  int value;
};
struct holds_no_default {
  std::unique_ptr<int> pointer;
  std::vector<std::unique_ptr<std::string>> more;
};
struct tree {
  int value;
  std::vector<tree> children;
  std::unique_ptr<tree> next;
};
struct empty {
  bool operator==(empty const&) const = default;
};
struct with_const {
  int const fixed;
  std::string text;
  bool operator==(with_const const&) const = default;
};

}  // namespace

TEST_CASE("numbers, characters and enumerations come back") {
  check_round_trip(true);
  check_round_trip('x');
  check_round_trip(u8'x');
  check_round_trip(L'x');
  check_round_trip(std::int8_t{-1});
  check_round_trip(std::uint16_t{65535});
  check_round_trip(-5L);
  check_round_trip(std::numeric_limits<unsigned long long>::max());
  check_round_trip(1.5f);
  check_round_trip(-0.0);
  check_round_trip(std::numeric_limits<long double>::min());
  check_round_trip(color::green);
  check_round_trip(on);
  check_round_trip(std::byte{200});
}

TEST_CASE("standard containers come back") {
  check_round_trip(std::string("text"));
  check_round_trip(std::string());
  check_round_trip(std::string(100'000, 'x'));
  check_round_trip(std::u16string(u"wide"));
  check_round_trip(std::vector<double>{1, 2, 3});
  check_round_trip(std::vector<double>(10'000, 0.5));
  check_round_trip(std::vector<bool>{true, false, true});
  check_round_trip(std::vector<long double>{1, 2});
  check_round_trip(std::vector<std::string>{"a", "", "c"});
  check_round_trip(std::vector<std::string>(3000, "a text beyond the small ones"));
  check_round_trip(std::vector<std::vector<int>>(5, std::vector<int>(3000, 1)));
  check_round_trip(std::vector<point>(2000, point{1, 2, 3}));
  check_round_trip(std::vector<padded>(3, padded{'a', 2}));
  check_round_trip(std::array<int, 3>{1, 2, 3});
  check_round_trip(std::array<int, 0>{});
  check_round_trip(std::array<std::string, 2>{"a", "b"});
  check_round_trip(std::list<int>{1, 2});
  check_round_trip(std::deque<bool>{true});
  check_round_trip(std::set<std::string>{"b", "a"});
  check_round_trip(std::multiset<int>{1, 1, 2});
  check_round_trip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  check_round_trip(std::multimap<int, int>{{1, 1}, {1, 2}});
  check_round_trip(std::map<int, int, std::greater<>>{{1, 1}, {2, 2}});
  check_round_trip(std::unordered_map<std::string, int>{{"a", 1}, {"bb", 2}});
  check_round_trip(std::unordered_multimap<int, std::vector<int>>{{1, {1}}, {1, {2}}});
  check_round_trip(std::unordered_set<int>{3, 1, 2});
  check_round_trip(std::unordered_multiset<int>{3, 3, 2});
}

TEST_CASE("other standard types come back") {
  check_round_trip(std::optional<int>{});
  check_round_trip(std::optional<std::optional<bool>>{std::optional<bool>{}});
  check_round_trip(std::variant<int, std::string, double>{"text"});
  check_round_trip(std::variant<int, int>{std::in_place_index<1>, 5});
  check_round_trip(std::pair<int const, std::string>{1, "a"});
  check_round_trip(std::tuple<int, long double, char>{1, 2.5L, 'c'});
  check_round_trip(std::tuple<>{});
  check_round_trip(std::complex<double>{1, 2});
  check_round_trip(std::complex<long double>{1, 2});
  check_round_trip(std::vector<std::complex<float>>(3));
  check_round_trip(std::chrono::milliseconds(5));
  check_round_trip(std::chrono::duration<double, std::ratio<60>>(5));
  check_round_trip(std::chrono::system_clock::now());
  check_round_trip(std::filesystem::path("a/b.txt"));
  check_round_trip(std::monostate{});
  check_round_trip(std::vector<std::monostate>(5));
}

TEST_CASE("plain aggregates come back") {
  check_round_trip(point{1, 2, 3});
  check_round_trip(padded{'a', 2});
  check_round_trip(config{0.5, {"x", "y"}, std::array<float, 3>{1, 2, 3}, color::green});
  check_round_trip(with_arrays{{{1, 2, 3}, {4, 5, 6}}, {"a", "b"}, true});
  check_round_trip(empty{});
  check_round_trip(with_const{1, "a"});
  check_round_trip(std::vector<empty>(10));

  holds_no_default value{std::make_unique<int>(5), {}};
  value.more.push_back(std::make_unique<std::string>("a"));
  value.more.push_back(nullptr);
  auto const back = test::there_and_back(value);
  CHECK(*back.pointer == 5);
  CHECK(*back.more.at(0) == "a");
  CHECK(back.more.at(1) == nullptr);
}

TEST_CASE("a type inside itself comes back") {
  tree value{1, {}, nullptr};
  value.children.push_back(tree{2, {}, nullptr});
  value.next = std::make_unique<tree>(tree{3, {}, nullptr});
  auto const back = test::there_and_back(value);
  CHECK(back.children.at(0).value == 2);
  CHECK(back.next->value == 3);
}

TEST_CASE("a contiguous value alone is the bytes of its elements, in place where they are many") {
  std::vector<double> const values(1000, 0.5);
  auto const made = memo::encode(values);
  REQUIRE(made.pieces().size() == 1);
  CHECK(made.pieces()[0].data() == reinterpret_cast<std::byte const*>(values.data()));
  CHECK(made.size() == 8000);
  CHECK(memo::encode(std::string("abc")).size() == 3);
  CHECK(memo::encode(std::vector<std::string>{"abc"}).size() == 8 + 8 + 3);
}

TEST_CASE("large arrays inside a value are not copied") {
  std::map<int, std::vector<double>> const values{{1, std::vector<double>(1000)},
                                                  {2, std::vector<double>(1000)}};
  auto const made = memo::encode(values);
  CHECK(made.pieces().size() == 4);
  CHECK(made.pieces()[1].data() == reinterpret_cast<std::byte const*>(values.at(1).data()));
  CHECK(memo::decode<std::map<int, std::vector<double>>>(made.join().view) == values);
}

TEST_CASE("an encoding can be moved") {
  auto made = memo::encode(std::string("abc"));
  auto const moved = std::move(made);
  CHECK(memo::as_text(moved.join().view) == "abc");
}

TEST_CASE("views are hashed as what they look at") {
  std::vector<int> const values{1, 2, 3};
  CHECK(memo::digest_of(std::span<int const>(values)) == memo::digest_of(values));
  CHECK(memo::digest_of(std::string_view("abc")) == memo::digest_of(std::string("abc")));
  std::vector<std::string> const texts{"a", "b"};
  CHECK(memo::digest_of(std::span<std::string const>(texts)) == memo::digest_of(texts));
  CHECK(memo::digest_of(std::optional<std::string_view>("abc")) ==
        memo::digest_of(std::optional<std::string>("abc")));
}
