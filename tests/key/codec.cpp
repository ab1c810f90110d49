#include <memo/key/codec.hpp>

#include "support.hpp"

#include <cmath>
#include <map>
#include <tuple>

namespace {

class matrix {
 public:
  matrix(std::size_t rows, std::size_t columns) : rows_(rows), values_(rows * columns) {}
  matrix(std::size_t rows, std::vector<double> values) : rows_(rows), values_(std::move(values)) {}
  std::size_t rows() const { return rows_; }
  std::vector<double> const& values() const { return values_; }
  bool operator==(matrix const&) const = default;

 private:
  std::size_t rows_;
  std::vector<double> values_;
};

// Hashed by what counts, stored whole.
struct rounded {
  double value;
  bool operator==(rounded const&) const = default;
};
// Hashed only.
class handle {
 public:
  explicit handle(int id) : id_(id) {}
  int id() const { return id_; }

 private:
  int id_;
};
// A codec and a hash of its own.
struct cached {
  int value;
  int hits;
  bool operator==(cached const&) const = default;
};
struct tagged {
  std::string text;
  bool operator==(tagged const&) const = default;
};
struct seeded {
  int v;
};

}  // namespace

template <>
struct memo::codec<matrix> {
  static constexpr std::string_view schema = "matrix:1";
  static void save(memo::writer& out, matrix const& m) { out(m.rows(), m.values()); }
  static matrix load(memo::reader& in) {
    auto const rows = in.get<std::size_t>();
    return matrix(rows, in.get<std::vector<double>>());
  }
};
template <>
struct memo::hash_of<rounded> {
  static auto of(rounded const& r) { return std::lround(r.value); }
};
template <>
struct memo::hash_of<handle> {
  static auto of(handle const& h) { return std::tuple(h.id(), std::string("handle")); }
};
template <>
struct memo::codec<cached> {
  static constexpr std::string_view schema = "cached";
  static void save(memo::writer& out, cached const& c) { out(c.value, c.hits); }
  static cached load(memo::reader& in) {
    int const value = in.get<int>();
    return {value, in.get<int>()};
  }
};
template <>
struct memo::hash_of<cached> {
  static int of(cached const& c) { return c.value; }
};
template <>
struct memo::codec<tagged> {
  static constexpr std::string_view schema = "tagged";
  static void save(memo::writer& out, tagged const& t) {
    out(static_cast<std::uint32_t>(t.text.size()));
    out.raw(memo::as_byte_view(t.text));
  }
  static tagged load(memo::reader& in) {
    auto const size = in.get<std::uint32_t>();
    return {std::string(memo::as_text(in.raw(size)))};
  }
};
template <>
struct memo::hash_of<seeded> {
  static memo::digest of(seeded const& s, std::uint64_t seed) {
    return {static_cast<std::uint64_t>(s.v), seed};
  }
};

static_assert(memo::hashable<matrix> && memo::storable<matrix>);
static_assert(memo::hashable<handle> && !memo::storable<handle>);
static_assert(memo::hashable<std::vector<handle>> && !memo::storable<std::vector<handle>>);
static_assert(memo::storable<rounded>);
static_assert(!memo::packed<rounded> && !memo::is_contiguous_v<std::vector<rounded>>);

TEST_CASE("a codec says how a type is stored and hashed") {
  test::check_round_trip(matrix(2, {1, 2, 3, 4}));
  test::check_round_trip(std::map<std::string, matrix>{{"a", matrix(1, 2)}});
  test::check_round_trip(tagged{"some text"});
  CHECK(memo::schema_of<std::vector<matrix>>() == "vec<matrix:1>");
  CHECK(test::form_of(tagged{"ab"}) == std::vector<unsigned>{2, 0, 0, 0, 'a', 'b'});
}

TEST_CASE("bytes that a codec does not expect are refused") {
  CHECK_THROWS_AS(memo::decode<tagged>(memo::as_byte_view("\xff\xff\xff\xff"
                                                          "ab")),
                  memo::decode_error);
  CHECK_THROWS_AS(memo::decode<tagged>(memo::as_byte_view("a")), memo::decode_error);
}

TEST_CASE("hash_of says what of a value counts") {
  CHECK(memo::digest_of(rounded{1.1}) == memo::digest_of(rounded{0.9}));
  CHECK(memo::digest_of(rounded{1.1}) != memo::digest_of(rounded{1.9}));
  CHECK(memo::digest_of(handle(3)) == memo::digest_of(std::tuple(3, std::string("handle"))));
  CHECK(memo::schema_of<handle>() == "as<tuple<i32,str>,none>");
  CHECK(memo::schema_of<rounded>() == "as<i64,{value:f64}>");
}

TEST_CASE("hash_of is told the seed where it asks for it") {
  CHECK(memo::digest_of(seeded{1}, 5) == memo::digest_of(memo::digest{1, 5}, 5));
}

TEST_CASE("the stored form keeps what hash_of leaves out") {
  std::vector<rounded> const values{{1.1}, {2.2}};
  auto const made = memo::encode(values, 3);
  CHECK(made.value() == memo::fingerprint_of(values, 3));
  CHECK(made.value().value != made.object());
  CHECK(made.object() == memo::hash_bytes(made.join().view, 3));
  CHECK(memo::decode<std::vector<rounded>>(made.join().view) == values);
  CHECK(memo::encode(std::vector<rounded>{{0.9}, {1.9}}, 3).value() == made.value());
  CHECK(memo::encode(std::vector<rounded>{{0.9}, {1.9}}, 3).object() != made.object());

  cached const c{1, 100};
  CHECK(memo::schema_of<cached>() == "as<i32,cached>");
  CHECK(memo::encode(c).value() == memo::fingerprint_of(1));
  CHECK(memo::decode<cached>(memo::encode(c).join().view) == c);
}
