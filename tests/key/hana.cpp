#include <memo/key/hana.hpp>

#include "support.hpp"

#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/tuple.hpp>

namespace adapted {

class person {
 public:
  person() = default;
  person(std::string n, int a) : name(std::move(n)), age(a) {}
  std::string name;
  int age = 0;
  int not_adapted = 5;
};

struct defined {
  BOOST_HANA_DEFINE_STRUCT(defined, (std::string, title), (std::vector<double>, values));
  bool operator==(defined const& other) const { return title == other.title && values == other.values; }
};

struct recursive {
  recursive() = default;
  int v = 0;
  std::vector<recursive> inner;
};

}  // namespace adapted

BOOST_HANA_ADAPT_STRUCT(adapted::person, name, age);
BOOST_HANA_ADAPT_STRUCT(adapted::recursive, v, inner);

static_assert(memo::storable<adapted::person> && memo::storable<adapted::recursive>);
static_assert(!memo::detail::is_hana_struct<std::string>);

TEST_CASE("structs adapted with Boost.Hana are their fields, by name") {
  CHECK(memo::schema_of<adapted::person>() == "{name:str,age:i32}");
  CHECK(memo::schema_of<adapted::defined>() == "{title:str,values:vec<f64>}");
  CHECK(memo::schema_of<adapted::recursive>() == "{v:i32,inner:vec<^1>}");
}

TEST_CASE("structs adapted with Boost.Hana come back") {
  auto const back = test::there_and_back(adapted::person("Ada", 36));
  CHECK(back.name == "Ada");
  CHECK(back.age == 36);
  test::check_round_trip(adapted::defined{"t", {1, 2}});
  adapted::recursive r;
  r.inner.resize(2);
  CHECK(test::there_and_back(r).inner.size() == 2);
}

TEST_CASE("what is not adapted does not count") {
  adapted::person a("Ada", 36), b("Ada", 36);
  b.not_adapted = 6;
  CHECK(memo::digest_of(a) == memo::digest_of(b));
}
