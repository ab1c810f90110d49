#include <memo/key/names.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using memo::detail::field_name;

namespace {

struct unnamed_space {
  int first;
  std::string with_under_score;
  std::unique_ptr<int> camelCase;
  int x1;
};
template <class T>
struct of {
  T value_of;
  T array_of[2];
};

}  // namespace

namespace named::deeper {
struct point {
  double x;
  std::optional<std::vector<int>> y_;
};
}  // namespace named::deeper

TEST_CASE("names of fields are those that the program spells") {
  CHECK(field_name<named::deeper::point, 0>() == "x");
  CHECK(field_name<named::deeper::point, 1>() == "y_");
  CHECK(field_name<unnamed_space, 0>() == "first");
  CHECK(field_name<unnamed_space, 1>() == "with_under_score");
  CHECK(field_name<unnamed_space, 2>() == "camelCase");
  CHECK(field_name<unnamed_space, 3>() == "x1");
}

TEST_CASE("types inside functions and templates have field names too") {
  struct local {
    float here;
    std::string there;
  };
  CHECK(field_name<local, 0>() == "here");
  CHECK(field_name<local, 1>() == "there");
  CHECK(field_name<of<local>, 0>() == "value_of");
  CHECK(field_name<of<unnamed_space>, 1>() == "array_of");
}
