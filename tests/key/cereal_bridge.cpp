#include <memo/key/cereal_bridge.hpp>

#include "support.hpp"

#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <map>
#include <stdexcept>
#include <unordered_map>

using test::check_round_trip;

namespace {

struct point {
  double x, y;
  bool operator==(point const&) const = default;
};

class member {
 public:
  member() = default;
  explicit member(int v) : value_(v), names_{{"a", v}}, where_{1, 2} {}
  bool operator==(member const&) const = default;

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(value_), names_, where_, grid_);
  }
  int value_ = 0;
  std::unordered_map<std::string, int> names_;  // no cereal header for it is included
  point where_{};                               // and this has no serialize
  int grid_[2] = {3, 4};
};

struct split {
  std::vector<int> values;
  template <class Archive>
  void save(Archive& archive) const {
    archive(cereal::make_size_tag(static_cast<cereal::size_type>(values.size())));
    for (int const v : values) archive(v);
  }
  template <class Archive>
  void load(Archive& archive) {
    cereal::size_type size = 0;
    archive(cereal::make_size_tag(size));
    values.resize(static_cast<std::size_t>(size));
    for (int& v : values) archive(v);
  }
  bool operator==(split const&) const = default;
};

class minimal {
 public:
  minimal() = default;
  explicit minimal(int v) : value_(v) {}
  template <class Archive>
  std::string save_minimal(Archive const&) const {
    return std::to_string(value_);
  }
  template <class Archive>
  void load_minimal(Archive const&, std::string const& text) {
    value_ = std::stoi(text);
  }
  bool operator==(minimal const&) const = default;

 private:
  int value_ = 0;
};

struct versioned {
  int old = 1;
  std::string added;
  template <class Archive>
  void serialize(Archive& archive, std::uint32_t version) {
    archive & old;
    if (version >= 2) archive & added;
  }
  bool operator==(versioned const&) const = default;
};

struct base {
  int b = 1;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(b);
  }
};
struct derived : base {
  int d = 2;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::base_class<base>(this), d);
  }
  bool operator==(derived const& other) const { return b == other.b && d == other.d; }
};

struct raw_block {
  std::array<unsigned, 3> data{};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::binary_data(data.data(), sizeof data));
  }
  bool operator==(raw_block const&) const = default;
};

// The same data, given in other orders, names or types.
struct one_way {
  int a = 1;
  float b = 2;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(a, b);
  }
};
struct other_way {
  int a = 1;
  float b = 2;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(b, a);
  }
};
struct named {
  int a = 1, b = 2;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("a", a), cereal::make_nvp("b", b));
  }
};
struct renamed {
  int a = 1, b = 2;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("b", a), cereal::make_nvp("a", b));
  }
};
struct doubles {
  std::vector<double> v{1, 2};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
  }
};
struct longs {
  std::vector<long> v{1, 2};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
  }
};
struct points {
  std::vector<point> v{{1, 2}};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
  }
};
struct packed_other {
  struct pair {
    double x;
    long y;
  };
  std::vector<pair> v{{1, 2}};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
  }
};
struct depends {
  bool first = false;
  int a = 1;
  std::string b = "x";
  template <class Archive>
  void serialize(Archive& archive) {
    if (first)
      archive(a, b);
    else
      archive(b, a);
  }
};
struct throws_on_load {
  int v = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
    if (Archive::is_loading::value && v == 1) throw std::invalid_argument("one is no value of this type");
  }
};
struct no_default {
  explicit no_default(int v) : value(v) {}
  int value;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};
struct polymorphic {
  virtual ~polymorphic() = default;
  int v = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(v);
  }
};

template <class As, class T>
void check_refused(T const& value) {
  CHECK_THROWS_AS(memo::decode<As>(memo::encode(value).join().view), memo::decode_error);
}

}  // namespace

CEREAL_CLASS_VERSION(versioned, 2)

namespace third_party {
struct vec3 {
  vec3() = default;
  vec3(float a, float b) : x(a), y(b) {}
  float x = 0, y = 0;
  bool operator==(vec3 const&) const = default;
};
struct free_split {
  int v = 0;
  free_split() = default;
  explicit free_split(int n) : v(n) {}
  bool operator==(free_split const&) const = default;
};
template <class Archive>
void save(Archive& archive, free_split const& value) {
  archive(value.v);
}
template <class Archive>
void load(Archive& archive, free_split& value) {
  archive(value.v);
}
}  // namespace third_party

namespace cereal {
template <class Archive>
void serialize(Archive& archive, third_party::vec3& v) {
  archive(v.x, v.y);
}
}  // namespace cereal

TEST_CASE("every form of cereal function works, with private members and without cereal's own headers") {
  check_round_trip(member(5));
  check_round_trip(split{{1, 2, 3}});
  check_round_trip(minimal(42));
  check_round_trip(versioned{3, "new"});
  check_round_trip(derived{});
  check_round_trip(raw_block{{1, 2, 3}});
  check_round_trip(third_party::vec3(1, 2));
  check_round_trip(third_party::free_split(3));
  check_round_trip(std::map<std::string, std::vector<member>>{{"a", {member(1), member{}}}});
}

TEST_CASE("the order of an unordered member does not count") {
  struct counts {
    std::unordered_map<int, int> m;
  };
  counts a, b;
  for (int i = 0; i < 100; ++i) a.m[i] = i;
  for (int i = 99; i >= 0; --i) b.m[i] = i;
  CHECK(memo::digest_of(a) == memo::digest_of(b));
}

TEST_CASE("what a function reads in another order, under another name or as another type is refused") {
  check_refused<other_way>(one_way{});
  check_refused<renamed>(named{});
  check_refused<longs>(doubles{});
  check_refused<packed_other>(points{});
  check_refused<named>(one_way{});
  check_refused<one_way>(named{});
  depends value;
  value.first = true;
  check_refused<depends>(value);
}

TEST_CASE("the class version counts and is stored") {
  CHECK(memo::schema_of<versioned>() == "cereal:2{i32,str}");
  // tag of a version, 2, tag of an int, 3, tag of a text, its size
  CHECK(test::form_of(versioned{3, ""}) ==
        std::vector<unsigned>{35, 2, 0, 0, 0, 5, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("schemas tell what serialize shows") {
  CHECK(memo::schema_of<member>() == "cereal:0{value_:i32,umap<str,i32>,{x:f64,y:f64},arr<i32,2>}");
  CHECK(memo::schema_of<split>() == "cereal:0{size}");
  CHECK(memo::schema_of<minimal>() == "cereal:0{str}");
  CHECK(memo::schema_of<derived>() == "cereal:0{cereal:0{i32},i32}");
  CHECK(memo::schema_of<raw_block>() == "cereal:0{bytes}");
  CHECK(memo::schema_of<no_default>() == "cereal:0");
  CHECK(memo::schema_of<third_party::vec3>() == "cereal:0{f32,f32}");
}

TEST_CASE("an exception of a type's own while loading says that the bytes are no such value") {
  throws_on_load value;
  value.v = 1;
  check_refused<throws_on_load>(value);
}

static_assert(memo::hashable<no_default> && !memo::storable<no_default>);
static_assert(!memo::hashable<polymorphic> && !memo::storable<polymorphic>);
static_assert(!memo::hashable<std::unique_ptr<polymorphic>>);
static_assert(!memo::hashable<std::shared_ptr<member>>);
