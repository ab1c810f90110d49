#include <memo/sweep/grid.hpp>

#include <memo/key/encoding.hpp>
#include <memo/sweep/spacing.hpp>

#include <catch2/catch.hpp>
#include <list>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace memo::literals;

struct point {
  int size;
  double temperature;

  friend bool operator==(point const&, point const&) = default;
};

enum class method { exact, sampled };

struct run_point {
  std::string name = "none";
  method how = method::exact;
  bool periodic = true;
  std::vector<double> weights{1.0};
  unsigned char width = 7;
  float field[2] = {0.5F, 0.25F};
};

}  // namespace

TEST_CASE("a grid holds all combinations, and the last field named varies fastest") {
  CHECK(memo::grid<point>("size"_in = {16, 32}, "temperature"_in = {1.5, 2.5, 3.5}) ==
        std::vector<point>{{16, 1.5}, {16, 2.5}, {16, 3.5}, {32, 1.5}, {32, 2.5}, {32, 3.5}});
  CHECK(memo::grid<point>("temperature"_in = {1.5, 2.5}, "size"_in = {16, 32}) ==
        std::vector<point>{{16, 1.5}, {32, 1.5}, {16, 2.5}, {32, 2.5}});
}

TEST_CASE("a zip takes values side by side") {
  std::vector<int> const sizes{8, 16, 32};
  CHECK(memo::zip<point>("temperature"_in = memo::linspace(1, 2, 3), "size"_in = sizes) ==
        std::vector<point>{{8, 1}, {16, 1.5}, {32, 2}});
}

TEST_CASE("a zip of ranges of different lengths is an error that names both") {
  try {
    memo::zip<point>("size"_in = {8, 16, 32}, "temperature"_in = {1.0, 2.0});
    FAIL("no error");
  } catch (memo::usage_error const& e) {
    std::string const text = e.what();
    INFO(text);
    CHECK(text.find("size") != text.npos);
    CHECK(text.find("3 values") != text.npos);
    CHECK(text.find("temperature") != text.npos);
    CHECK(text.find("2 values") != text.npos);
  }
}

TEST_CASE("one value stands for all points") {
  CHECK(memo::grid<point>("size"_in = 16, "temperature"_in = {1.0, 2.0}) ==
        std::vector<point>{{16, 1}, {16, 2}});
  CHECK(memo::zip<point>("size"_in = 16, "temperature"_in = {1.0, 2.0}) ==
        std::vector<point>{{16, 1}, {16, 2}});
  CHECK(memo::zip<point>("size"_in = 16, "temperature"_in = 2) == std::vector<point>{{16, 2}});
}

TEST_CASE("a range without values makes no points") {
  CHECK(memo::grid<point>("size"_in = std::vector<int>{}, "temperature"_in = {1.0, 2.0}).empty());
  CHECK(memo::grid<point>("temperature"_in = {1.0, 2.0}, "size"_in = std::vector<int>{}).empty());
  CHECK(memo::zip<point>("size"_in = std::vector<int>{}, "temperature"_in = 2.0).empty());
}

TEST_CASE("ranges of every kind are taken") {
  auto const squares = ranges::views::iota(1, 4) | ranges::views::transform([](int i) { return i * i; });
  std::vector<point> const expected{{1, 0.5}, {4, 0.5}, {9, 0.5}};
  CHECK(memo::grid<point>("size"_in = squares, "temperature"_in = 0.5) == expected);
  CHECK(memo::grid<point>("size"_in = std::list<short>{1, 4, 9}, "temperature"_in = 0.5F) == expected);
  CHECK(memo::grid<point>("size"_in = std::set<int>{9, 1, 4}, "temperature"_in = 0.5) == expected);
  CHECK(memo::grid<point>("size"_in = std::vector<long>{1, 4, 9}, "temperature"_in = 0.5) == expected);
}

TEST_CASE("fields of many types take values, and fields that are not named keep theirs") {
  std::vector<bool> const flags{true, false};
  auto const points =
      memo::grid<run_point>("name"_in = {"a", "b"}, "periodic"_in = flags, "how"_in = method::sampled);
  REQUIRE(points.size() == 4);
  CHECK(points[0].name == "a");
  CHECK(points[3].name == "b");
  CHECK(points[0].periodic);
  CHECK_FALSE(points[1].periodic);
  CHECK(points[2].how == method::sampled);
  CHECK(points[2].weights == std::vector<double>{1.0});
  CHECK(points[2].width == 7);
  CHECK(points[2].field[1] == 0.25F);
}

TEST_CASE("a field that holds a container takes one, or a range of them") {
  using weights = std::vector<double>;
  auto const one = memo::grid<run_point>("weights"_in = {1.0, 2.0});
  REQUIRE(one.size() == 1);
  CHECK(one[0].weights == weights{1, 2});
  CHECK(memo::grid<run_point>("weights"_in = weights{1, 2}).size() == 1);
  auto const two = memo::grid<run_point>("weights"_in = {weights{1, 2}, weights{3}});
  REQUIRE(two.size() == 2);
  CHECK(two[1].weights == weights{3});
  std::string const text = "abc";
  auto const named = memo::grid<run_point>("name"_in = text);
  REQUIRE(named.size() == 1);
  CHECK(named[0].name == "abc");
}

TEST_CASE("an integer that a field cannot hold is an error") {
  CHECK(memo::grid<run_point>("width"_in = {0, 255}).size() == 2);
  CHECK_THROWS_AS(memo::grid<run_point>("width"_in = {0, 256}), memo::usage_error);
  CHECK_THROWS_AS(memo::grid<run_point>("width"_in = -1), memo::usage_error);
}

TEST_CASE("a grid with more points than memory can hold is an error, unless a range has none") {
  struct nothing_but_flags {
    bool a, b, c, d, e, f;
  };
  std::vector<bool> const many(std::size_t{1} << 11);
  CHECK_THROWS_AS(memo::grid<nothing_but_flags>("a"_in = many, "b"_in = many, "c"_in = many, "d"_in = many,
                                                "e"_in = many, "f"_in = many),
                  memo::usage_error);
  CHECK_THROWS_AS(memo::grid<nothing_but_flags>("a"_in = many, "b"_in = many, "c"_in = many, "d"_in = many,
                                                "e"_in = many, "f"_in = std::vector<bool>(64)),
                  memo::usage_error);
  CHECK(memo::grid<nothing_but_flags>("a"_in = many, "b"_in = many, "c"_in = many, "d"_in = many,
                                      "e"_in = many, "f"_in = std::vector<bool>{})
            .empty());
}

TEST_CASE("points can be hashed and stored like every plain struct") {
  auto const points = memo::grid<point>("size"_in = {1, 2}, "temperature"_in = {1.0, 2.0});
  CHECK(memo::decode<std::vector<point>>(memo::encode(points).join().view) == points);
}
