#include <memo/key/field_at.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace {

struct sample {
  double lr = 0.5;
  int epochs = 3;
};
struct padded {
  std::int8_t small = 1;
  double large = 2;
  std::vector<sample> samples{};
};
struct config {
  std::string name = "a";
  std::vector<padded> parts{};
  std::map<std::string, std::vector<int>> tables{};
  std::optional<sample> best{};
  std::variant<int, std::string> other = 1;
  std::array<short, 3> shorts{};
  std::tuple<bool, std::complex<double>> both{};
};
struct tree {
  int value = 0;
  std::vector<tree> children{};
};
struct opaque {
  int a = 0;
};
struct with_opaque {
  int first = 1;
  opaque second{};
  int third = 3;
};
class archived {
 public:
  std::string name = "n";
  std::vector<double> values{1, 2};
  double last = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("name", name), cereal::make_nvp("values", values),
            cereal::make_nvp("last", last));
  }
};

/// What is said of two values of one type.
template <class T>
std::string said(T const& before, T const& after) {
  auto const a = memo::encode(before).join(), b = memo::encode(after).join();
  std::size_t at = 0;
  while (at < a.view.size() && at < b.view.size() && a.view[at] == b.view[at]) ++at;
  return memo::detail::field_difference(memo::schema_of<T>(), memo::is_contiguous_v<T>, a.view, b.view, at);
}

/// The same after `change` of a value.
template <class T, class Change>
std::string changed(T value, Change change) {
  T const before = memo::decode<T>(memo::encode(value).join().view);
  change(value);
  return said(before, value);
}

config example() {
  config made;
  made.parts = {{}, {1, 2, {{0.5, 3}, {0.25, 4}}}};
  made.tables = {{"a", {1, 2}}, {"b", {3}}};
  return made;
}

}  // namespace

template <>
struct memo::codec<opaque> {
  static constexpr std::string_view schema = "opaque v1";
  static void save(writer& out, opaque const& value) { out(value.a); }
  static opaque load(reader& in) {
    opaque made;
    in(made.a);
    return made;
  }
};

TEST_CASE("a difference in a number, a text or an array") {
  CHECK(said(3, 4) == "3, now 4");
  CHECK(said(0.5, 0.25) == "0.5, now 0.25");
  CHECK(said(std::string("abc"), std::string("abd")) == "\"abc\", now \"abd\"");
  CHECK(said(std::vector<double>{1, 2, 3}, {1, 2, 4}) == "in `[2]`: 3, now 4");
  CHECK(said(std::vector<sample>(3), {{}, {}, {0.5, 4}}) == "in `[2].epochs`: 3, now 4");
  CHECK(said(std::vector<std::string>{"a", "b"}, {"a", "c"}) == "in `[1]`: \"b\", now \"c\"");
  CHECK(said(std::vector<std::string>{"a"}, {"a", "c"}) == "in the size: 1, now 2");
  CHECK(said(std::vector<bool>{true, false}, {true, true}) == "in `[1]`: false, now true");
  CHECK(said(std::set<int>{1, 2}, {1, 3}) == "in `[1]`: 2, now 3");
  CHECK(said(std::list<std::pair<int, std::string>>{{1, "a"}}, {{1, "b"}}) ==
        "in `[0].second`: \"a\", now \"b\"");
  CHECK(said(std::string(100, 'a'), std::string(100, 'b')) == "");
}

TEST_CASE("a difference in a struct") {
  config const plain = example();
  CHECK(changed(plain, [](config& c) { c.name = "b"; }) == "in `name`: \"a\", now \"b\"");
  CHECK(changed(plain, [](config& c) { c.parts[1].small = 2; }) == "in `parts[1].small`: 1, now 2");
  CHECK(changed(plain, [](config& c) { c.parts[1].samples[1].lr = 1; }) ==
        "in `parts[1].samples[1].lr`: 0.25, now 1");
  CHECK(changed(plain, [](config& c) { c.parts.pop_back(); }) == "in the size of `parts`: 2, now 1");
  CHECK(changed(plain, [](config& c) { c.tables["b"][0] = 4; }) == "in `tables[\"b\"][0]`: 3, now 4");
  CHECK(changed(plain, [](config& c) {
          c.tables.erase("b");
          c.tables["c"];
        }) == "in `tables[1].key`: \"b\", now \"c\"");
  CHECK(changed(plain, [](config& c) { c.best = sample{}; }) ==
        "in whether there is a value of `best`: false, now true");
  CHECK(changed(plain, [](config& c) { c.other = "text"; }) == "in the alternative of `other`: 0, now 1");
  CHECK(changed(plain, [](config& c) { c.other = 2; }) == "in `other`: 1, now 2");
  CHECK(changed(plain, [](config& c) { c.shorts[2] = 7; }) == "in `shorts[2]`: 0, now 7");
  CHECK(changed(plain, [](config& c) { std::get<0>(c.both) = true; }) == "in `both.0`: false, now true");
  CHECK(changed(plain, [](config& c) { std::get<1>(c.both) = {0, 1}; }) == "in `both.1.imag`: 0, now 1");
}

TEST_CASE("a difference in a type inside itself") {
  tree const root{1, {{2, {}}, {3, {{4, {}}}}}};
  CHECK(changed(root, [](tree& t) { t.children[1].children[0].value = 5; }) ==
        "in `children[1].children[0].value`: 4, now 5");
}

TEST_CASE("a difference in what only a codec knows") {
  CHECK(changed(with_opaque{}, [](with_opaque& w) { w.first = 2; }) == "in `first`: 1, now 2");
  CHECK(changed(with_opaque{}, [](with_opaque& w) { w.third = 2; }) == "in `second` or behind it");
  CHECK(changed(opaque{}, [](opaque& o) { o.a = 2; }) == "");
}

TEST_CASE("a difference in what a cereal function writes") {
  CHECK(changed(archived{}, [](archived& a) { a.name = "m"; }) == "in `name`: \"n\", now \"m\"");
  CHECK(changed(archived{}, [](archived& a) { a.values[1] = 3; }) == "in `values[1]`: 2, now 3");
  CHECK(changed(archived{}, [](archived& a) { a.values.clear(); }) == "in the size of `values`: 2, now 0");
  CHECK(changed(archived{}, [](archived& a) { a.last = 1; }) == "in `last`: 0, now 1");
}

TEST_CASE("every byte of a form lies in some part, and bytes that are no form are survived") {
  auto const form = memo::encode(example()).join();
  std::string_view const schema = memo::schema_of<config>();
  for (std::size_t at = 0; at < form.view.size(); ++at) {
    auto const place = memo::detail::field_at(schema, false, form.view, at);
    REQUIRE(place);
    REQUIRE(place->what != memo::detail::field_place::kind::beyond);
    REQUIRE(at >= place->begin);
    REQUIRE(at < place->begin + place->size);
  }
  CHECK_FALSE(memo::detail::field_at(schema, false, form.view, form.view.size()));
  std::vector<std::byte> bytes(form.view.begin(), form.view.end());
  std::uint64_t state = 7;
  for (int round = 0; round < 5000; ++round) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes[static_cast<std::size_t>(state >> 33) % bytes.size()] = static_cast<std::byte>(state >> 20);
    auto const size = static_cast<std::size_t>(state >> 12) % bytes.size();
    for (std::string_view const other :
         {schema, memo::schema_of<tree>(), memo::schema_of<archived>(), std::string_view("{a:vec<"),
          std::string_view("map<"), std::string_view("^1"), std::string_view("arr<f64,"),
          std::string_view("vec<unit>")}) {
      memo::byte_view const some(bytes.data(), size);
      memo::detail::field_difference(other, round % 2 == 0, some, some, size / 2);
    }
  }
}
