#include <memo/key/schema.hpp>

#include <catch2/catch.hpp>
#include <cereal/cereal.hpp>

#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>

using memo::schema_of;

namespace {

enum class color : std::uint8_t { red };
struct point {
  float x, y;
};
struct config {
  double lr = 0.1;
  int epochs = 3;
  std::vector<std::string> tags;
  std::optional<std::array<float, 3>> axis;
  color k{};
};
struct tree {
  int value;
  std::vector<tree> children;
};
struct branch;
struct root {
  std::vector<branch> branches;
};
struct branch {
  std::unique_ptr<root> up;
  std::unique_ptr<branch> next;
};
struct swapped_a {
  double width, height;
};
struct swapped_b {
  double height, width;
};
struct list_node {
  int value = 0;
  std::unique_ptr<list_node> next;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("value", value), cereal::make_nvp("next", next));
  }
};
struct refuses_when_empty {
  int v = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
    throw 1;
  }
};

}  // namespace

TEST_CASE("schemas of numbers tell kind and width") {
  CHECK(schema_of<bool>() == "bool");
  CHECK(schema_of<char>() == "char");
  CHECK(schema_of<signed char>() == "i8");
  CHECK(schema_of<unsigned char>() == "u8");
  CHECK(schema_of<short>() == "i16");
  CHECK(schema_of<unsigned>() == "u32");
  CHECK(schema_of<long>() == "i64");
  CHECK(schema_of<long long>() == "i64");
  CHECK(schema_of<std::size_t>() == "u64");
  CHECK(schema_of<char8_t>() == "char8");
  CHECK(schema_of<char16_t>() == "char16");
  CHECK(schema_of<char32_t>() == "char32");
  CHECK(schema_of<wchar_t>() == "wchar");
  CHECK(schema_of<float>() == "f32");
  CHECK(schema_of<double>() == "f64");
  CHECK(schema_of<long double>() == "f80");
  CHECK(schema_of<color>() == "enum<u8>");
}

TEST_CASE("schemas of standard types are structural") {
  CHECK(schema_of<std::string>() == "str");
  CHECK(schema_of<std::string_view>() == "str");
  CHECK(schema_of<std::filesystem::path>() == "path");
  CHECK(schema_of<std::vector<double>>() == "vec<f64>");
  CHECK(schema_of<std::span<double const>>() == "vec<f64>");
  CHECK(schema_of<std::vector<bool>>() == "vec<bool>");
  CHECK(schema_of<std::array<int, 3>>() == "arr<i32,3>");
  CHECK(schema_of<int[2][3]>() == "arr<arr<i32,3>,2>");
  CHECK(schema_of<std::list<int>>() == "list<i32>");
  CHECK(schema_of<std::deque<int>>() == "deque<i32>");
  CHECK(schema_of<std::set<int>>() == "set<i32>");
  CHECK(schema_of<std::multiset<int>>() == "multiset<i32>");
  CHECK(schema_of<std::map<std::string, std::variant<int, double>>>() == "map<str,variant<i32,f64>>");
  CHECK(schema_of<std::multimap<int, char>>() == "multimap<i32,char>");
  CHECK(schema_of<std::unordered_set<int>>() == "uset<i32>");
  CHECK(schema_of<std::unordered_multiset<int>>() == "umultiset<i32>");
  CHECK(schema_of<std::unordered_map<int, char>>() == "umap<i32,char>");
  CHECK(schema_of<std::unordered_multimap<int, char>>() == "umultimap<i32,char>");
  CHECK(schema_of<std::optional<int>>() == "opt<i32>");
  CHECK(schema_of<std::unique_ptr<int>>() == "ptr<i32>");
  CHECK(schema_of<std::pair<int const, char>>() == "pair<i32,char>");
  CHECK(schema_of<std::tuple<int, char, bool>>() == "tuple<i32,char,bool>");
  CHECK(schema_of<std::tuple<>>() == "tuple<>");
  CHECK(schema_of<std::complex<double>>() == "complex<f64>");
  CHECK(schema_of<std::monostate>() == "unit");
  CHECK(schema_of<std::chrono::milliseconds>() == "dur<i64,1/1000>");
  CHECK(schema_of<std::chrono::system_clock::time_point>() == "time<dur<i64,1/1000000000>>");
  CHECK(schema_of<std::filesystem::file_time_type>() == "file_time<dur<i64,1/1000000000>>");
  CHECK(schema_of<std::chrono::steady_clock::time_point>() == "steady<dur<i64,1/1000000000>>");
}

TEST_CASE("schemas of aggregates tell names and types of fields and not the type's own name") {
  CHECK(schema_of<config>() == "{lr:f64,epochs:i32,tags:vec<str>,axis:opt<arr<f32,3>>,k:enum<u8>}");
  CHECK(schema_of<std::vector<point>>() == "vec<{x:f32,y:f32}>");
  struct point {
    float x, y;
  };
  CHECK(schema_of<point>() == schema_of<::point>());
  CHECK(schema_of<swapped_a>() != schema_of<swapped_b>());
}

TEST_CASE("a type inside itself is told by how far up it is") {
  CHECK(schema_of<tree>() == "{value:i32,children:vec<^1>}");
  CHECK(schema_of<root>() == "{branches:vec<{up:ptr<^2>,next:ptr<^1>}>}");
  CHECK(schema_of<std::pair<tree, tree>>() ==
        "pair<{value:i32,children:vec<^1>},{value:i32,children:vec<^1>}>");
  CHECK(schema_of<list_node>() == "cereal:0{value:i32,next:ptr<^1>}");
}

TEST_CASE("a function that throws on an empty object leaves the version as the schema") {
  CHECK(schema_of<std::vector<refuses_when_empty>>() == "vec<cereal:0>");
}

TEST_CASE("a schema is made once, whoever asks") {
  std::vector<char const*> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& s : seen)
      threads.emplace_back([&s] { s = schema_of<std::map<config, tree, std::less<>>>().data(); });
  }
  for (auto const* s : seen) CHECK(s == seen[0]);
}
