#include <memo/graph/shape.hpp>

#include <catch2/catch.hpp>
#include <vector>

namespace {

using namespace memo::detail;

int f(int x) { return x; }

template <class... Nodes>
struct listed {
  using shape = shape_of<Nodes...>;
};
template <class... Nodes>
constexpr listed<Nodes...> list(Nodes...) {
  return {};
}
template <class Listed>
constexpr auto const& shape_in(Listed) {
  return Listed::shape::value;
}

constexpr auto x = memo::input<"x", int>;
constexpr auto a = memo::step<"a">(f).from<"x">();
constexpr auto b = memo::step<"b">(f).from<"a">();
constexpr auto c = memo::step<"c1", "c2">(f).from<"b", "a">();
constexpr auto d = memo::step<"d">(f).after<"c2">();

constexpr auto in_order = list(x, a, b, c, d);
constexpr auto reversed = list(d, c, b, a, x);

// Where each node stands in the order.
template <std::size_t N>
constexpr std::array<std::size_t, N> places(std::array<memo::detail::index, N> const& order) {
  std::array<std::size_t, N> found{};
  for (std::size_t i = 0; i < N; ++i) found[order[i]] = i;
  return found;
}

}  // namespace

TEST_CASE("what is read comes before what reads it, in whatever order nodes are declared") {
  STATIC_REQUIRE(shape_in(in_order).error == shape_error::none);
  STATIC_REQUIRE(shape_in(reversed).error == shape_error::none);
  constexpr auto place = places(shape_in(reversed).order);
  STATIC_REQUIRE(place[4] < place[3]);
  STATIC_REQUIRE(place[3] < place[2]);
  STATIC_REQUIRE(place[2] < place[1]);
  STATIC_REQUIRE(place[1] < place[0]);
}

TEST_CASE("inputs are level 0, a step is one above the highest that it needs") {
  STATIC_REQUIRE(shape_in(in_order).levels == 5);
  STATIC_REQUIRE(shape_in(in_order).level == std::array<memo::detail::index, 5>{0, 1, 2, 3, 4});
  STATIC_REQUIRE(shape_in(reversed).level == std::array<memo::detail::index, 5>{4, 3, 2, 1, 0});
  STATIC_REQUIRE(shape_in(list(x)).levels == 1);
  STATIC_REQUIRE(shape_in(list(memo::step<"lone">(f))).level[0] == 1);
  STATIC_REQUIRE(shape_in(list(memo::step<"lone">(f))).levels == 2);
}

TEST_CASE("slots are numbered as outputs are declared, and names find them") {
  using shape = decltype(in_order)::shape;
  STATIC_REQUIRE(shape::slot_count == 6);
  STATIC_REQUIRE(shape::slot_named(memo::id_of<"x">) == 0);
  STATIC_REQUIRE(shape::slot_named(memo::id_of<"c1">) == 3);
  STATIC_REQUIRE(shape::slot_named(memo::id_of<"c2">) == 4);
  STATIC_REQUIRE(shape::slot_named(memo::id_of<"d">) == 5);
  STATIC_REQUIRE(shape::slot_named(memo::id_of<"c">) == no_index);
  STATIC_REQUIRE(shape::value.slot_node[4] == 3);
  STATIC_REQUIRE(shape::value.read_slot == std::array<memo::detail::index, 4>{0, 1, 2, 1});
  STATIC_REQUIRE(shape::value.after_slot == std::array<memo::detail::index, 1>{4});
}

TEST_CASE("steps are numbered among themselves in their order") {
  constexpr auto const& s = shape_in(reversed);
  STATIC_REQUIRE(s.step_place[3] == 0);
  STATIC_REQUIRE(s.step_place[2] == 1);
  STATIC_REQUIRE(s.step_place[1] == 2);
  STATIC_REQUIRE(s.step_place[0] == 3);
}

TEST_CASE("two nodes of one name are an error that has the name") {
  constexpr auto const& s = shape_in(list(x, a, memo::step<"other", "a">(f).from<"x">()));
  STATIC_REQUIRE(s.error == shape_error::same_name);
  STATIC_REQUIRE(s.error_name == memo::id_of<"a">);
  STATIC_REQUIRE(shape_in(list(x, memo::input<"x", double>)).error == shape_error::same_name);
}

TEST_CASE("a name that nobody provides is an error that has the step and the name") {
  constexpr auto const& read = shape_in(list(x, a, memo::step<"bad">(f).from<"a", "nobody">()));
  STATIC_REQUIRE(read.error == shape_error::unknown_name);
  STATIC_REQUIRE(read.error_node == 2);
  STATIC_REQUIRE(read.error_name == memo::id_of<"nobody">);
  constexpr auto const& after = shape_in(list(x, memo::step<"bad">(f).from<"x">().after<"late">()));
  STATIC_REQUIRE(after.error == shape_error::unknown_name);
  STATIC_REQUIRE(after.error_name == memo::id_of<"late">);
}

TEST_CASE("a cycle is an error that has its path") {
  constexpr auto const& s = shape_in(list(x, memo::step<"p">(f).from<"q">(), memo::step<"q">(f).from<"r">(),
                                          memo::step<"r">(f).from<"p">(), memo::step<"s">(f).from<"p">()));
  STATIC_REQUIRE(s.error == shape_error::cycle);
  STATIC_REQUIRE(s.cycle_length == 3);
  STATIC_REQUIRE(s.cycle[0] == 1);
  STATIC_REQUIRE(s.cycle[1] == 2);
  STATIC_REQUIRE(s.cycle[2] == 3);
  constexpr auto const& self = shape_in(list(memo::step<"p">(f).from<"p">()));
  STATIC_REQUIRE(self.error == shape_error::cycle);
  STATIC_REQUIRE(self.cycle_length == 1);
  STATIC_REQUIRE(shape_in(list(memo::step<"p">(f).after<"q">(), memo::step<"q">(f).after<"p">())).error ==
                 shape_error::cycle);
}

TEST_CASE("a diamond is no cycle") {
  STATIC_REQUIRE(
      shape_in(list(memo::step<"bottom">(f).from<"left", "right">(), memo::step<"left">(f).from<"top">(),
                    memo::step<"right">(f).from<"top">(), memo::step<"top">(f)))
          .error == shape_error::none);
}

TEST_CASE("names are found in sorted tables of any size") {
  STATIC_REQUIRE(sort_names(std::array<memo::name_id, 1>{5}).find(5) == 0);
  STATIC_REQUIRE(sort_names(std::array<memo::name_id, 1>{5}).find(6) == no_index);
  constexpr auto table = sort_names(std::array<memo::name_id, 7>{9, 3, 8, 1, 7, 2, 5});
  STATIC_REQUIRE(table.id == std::array<memo::name_id, 7>{1, 2, 3, 5, 7, 8, 9});
  STATIC_REQUIRE(table.find(9) == 0);
  STATIC_REQUIRE(table.find(5) == 6);
  STATIC_REQUIRE(table.find(4) == no_index);
  STATIC_REQUIRE(table.find(0) == no_index);
}
