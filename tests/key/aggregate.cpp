#include <memo/key/aggregate.hpp>

#include <catch2/catch.hpp>

#include <any>
#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

using memo::detail::field_count;
using memo::detail::is_plain_aggregate;

namespace {

struct none {};
struct odd_members {
  std::optional<int> a;
  std::variant<int, double> b;
  std::filesystem::path c;
  std::function<int(int)> d;
  std::any e;
  std::unique_ptr<int> f;
  std::vector<std::unique_ptr<int>> g;
  std::tuple<int, int> h;
};
struct arrays {
  int a[3];
  double b;
  char c[2][4];
  std::string d[2];
  std::array<int, 4> e;
};
struct only_array {
  int a[4];
};
struct array_of_one {
  int a[1];
  int b;
};
struct nested {
  arrays a;
  only_array b[2];
  int c;
};
struct no_default {
  explicit no_default(int) {}
  no_default(int, int) {}
};
struct holds_no_default {
  no_default a;
  no_default b;
  int c;
};
struct empty_members {
  none a;
  [[no_unique_address]] none b;
  int c;
};
template <class T>
struct of {
  T value;
  std::vector<T> more;
};
struct constant {
  int const a;
  std::string const b;
};

struct bits {
  unsigned a : 3, b : 4;
};
struct reference {
  int& a;
  int b;
};
struct const_reference {
  int const& a;
  int b;
};
struct anonymous_union {
  int a;
  union {
    int b;
    float c;
  };
};
union plain_union {
  int a;
  float b;
};
struct holds_union {
  plain_union a;
  int b;
};
struct base {
  int a;
};
struct with_base : base {
  int b;
};
struct with_empty_base : none {
  int a;
};
class with_constructor {
 public:
  explicit with_constructor(int) {}
};
struct polymorphic {
  virtual ~polymorphic() = default;
};

struct fields_64 {
  int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1,
      d2, d3, d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3,
      g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7;
};
struct fields_65 {
  int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1,
      d2, d3, d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3,
      g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7, i0;
};

static_assert(field_count<none> == 0);
static_assert(field_count<odd_members> == 8);
static_assert(field_count<arrays> == 5);
static_assert(field_count<only_array> == 1);
static_assert(field_count<array_of_one> == 2);
static_assert(field_count<nested> == 3);
static_assert(field_count<holds_no_default> == 3);
static_assert(field_count<empty_members> == 3);
static_assert(field_count<of<std::string>> == 2);
static_assert(field_count<constant> == 2);
static_assert(field_count<fields_64> == 64);

static_assert(is_plain_aggregate<none>() && is_plain_aggregate<odd_members>() &&
              is_plain_aggregate<arrays>() && is_plain_aggregate<nested>() &&
              is_plain_aggregate<holds_no_default>() && is_plain_aggregate<empty_members>() &&
              is_plain_aggregate<constant>() && is_plain_aggregate<of<odd_members>>() &&
              is_plain_aggregate<fields_64>());

static_assert(!is_plain_aggregate<bits>(), "bit-fields");
static_assert(!is_plain_aggregate<reference>() && !is_plain_aggregate<const_reference>(), "references");
static_assert(!is_plain_aggregate<plain_union>() && !is_plain_aggregate<anonymous_union>() &&
                  !is_plain_aggregate<holds_union>(),
              "unions");
static_assert(!is_plain_aggregate<with_base>() && !is_plain_aggregate<with_empty_base>(), "bases");
static_assert(!is_plain_aggregate<with_constructor>() && !is_plain_aggregate<polymorphic>(), "no aggregates");
static_assert(!is_plain_aggregate<fields_65>(), "too many fields");
static_assert(!is_plain_aggregate<int>() && !is_plain_aggregate<int[3]>());

}  // namespace

TEST_CASE("fields are given by reference, in order") {
  arrays value{{1, 2, 3}, 4.5, {"abc", "def"}, {"x", "y"}, {}};
  memo::detail::with_fields(value, [&](auto& a, auto& b, auto& c, auto& d, auto& e) {
    CHECK(&a == &value.a);
    CHECK(&b == &value.b);
    CHECK(&c == &value.c);
    CHECK(&d == &value.d);
    CHECK(&e == &value.e);
    b = 5;
  });
  CHECK(value.b == 5);
}

TEST_CASE("all of 64 fields are reached") {
  fields_64 value{};
  int next = 0;
  memo::detail::with_fields(value, [&](auto&... fields) { ((fields = next++), ...); });
  CHECK(value.a0 == 0);
  CHECK(value.h7 == 63);
}
