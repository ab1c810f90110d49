// Digests of values, pinned. A red line here means that keys and stored values changed their form: every cache that
// exists is void, on purpose or by accident. If on purpose, raise memo::encoding_version and pin the new digests.
// They are the same with every compiler and at every level of optimisation.
#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <cereal/cereal.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace {

enum class color : std::int16_t { green = 500 };
struct point {
  float x, y, z;
};
struct config {
  double rate;
  int epochs;
  bool fast;
  std::vector<std::string> tags;
  std::optional<point> at;
};
struct tree {
  int value;
  std::vector<tree> children;
};
class model {
 public:
  template <class Archive>
  void serialize(Archive& archive, std::uint32_t) {
    archive(cereal::make_nvp("weights", weights_), name_, at_);
  }

 private:
  std::vector<double> weights_{1, 2, 3};
  std::string name_ = "m";
  point at_{1, 2, 3};
};

struct row {
  std::string schema;
  std::string hex;
  std::string seeded;
};

template <class T>
row pinned(T const& value) {
  return {std::string(memo::schema_of<T>()), memo::to_hex(memo::digest_of(value)),
          memo::to_hex(memo::digest_of(value, 42))};
}

}  // namespace

CEREAL_CLASS_VERSION(model, 3)

TEST_CASE("digests of values are those that they always were") {
  REQUIRE(memo::encoding_version == 1);
  std::vector<double> doubles(5000);
  for (std::size_t i = 0; i < doubles.size(); ++i) doubles[i] = static_cast<double>(i) / 4;
  std::vector<std::string> texts(2000);
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = std::to_string(i);

  auto const check = [](row const& got, std::string const& schema, std::string const& hex,
                        std::string const& seeded) {
    INFO(got.schema);
    CHECK(got.schema == schema);
    CHECK(got.hex == hex);
    CHECK(got.seeded == seeded);
  };
  // clang-format off
  check(pinned(true), "bool", "51025a4491835505e12ef9d2eb86ceeb", "3d45903658903ec96f01c92cab64dc93");
  check(pinned('x'), "char", "5c7401c0ec22eeeeeaf06c6480b2cd11", "077d06ffe18b98672ac6b588b10d3f43");
  check(pinned(std::int32_t{-2}), "i32", "9431891144d9a39a9054355186540f8a", "da422e324901623dea01366adbc88b1e");
  check(pinned(std::uint64_t{1} << 63), "u64", "5e7cddf0bb0f028812de6347328b719b", "0c900821c4577655f5932ab2e824a06a");
  check(pinned(1.5f), "f32", "8418c44901680acd4657d66061f9bc57", "68ae8f365bd8e06c7357d7fb92ac2974");
  check(pinned(-0.0), "f64", "5e7cddf0bb0f028812de6347328b719b", "0c900821c4577655f5932ab2e824a06a");
  check(pinned(0.1L), "f80", "73a1fa6f0e8fb7377129fd096d66e5f8", "1e1db80a39bab07ca8d0e19bfb05139a");
  check(pinned(color::green), "enum<i16>", "624b528181cc2599dc98176a0154d617", "d8230d503d689706322b554ee855130d");
  check(pinned(std::string("text")), "str", "c5a64efff9224e392680525687aac7c5", "a43d8c2f566a9d5a4577a151bd7caa82");
  check(pinned(std::string(5000, 'x')), "str", "c40b706e6ba9af508d8567cbc9ee3d90", "8b9548b94617b00c56668afae33181ad");
  check(pinned(std::u16string(u"wide")), "vec<char16>", "0b08bfc43c7c1b4e244ea1aac17816ea", "552b7c8c92dc8e42debfed5eb331e686");
  check(pinned(std::filesystem::path("a/b")), "path", "2ec336759dd1c73d6a7bbcf2ad2787c6", "7ada2c7a5bdd77cb1c6dada369e4868a");
  check(pinned(doubles), "vec<f64>", "0c87da2e2790b63c8f70335050edc7b8", "b54949961a4c4c6344b44ee1863d6948");
  check(pinned(texts), "vec<str>", "2547db46a760a1666a84261a393ab683", "cb93eb94d8f3414c8c93c5d5a4c04144");
  check(pinned(std::vector<bool>{true, false, true}), "vec<bool>", "5ae8d713bf7bf2433b2cdcec1db73e5e", "e5c9504abe41618eb962ce70528f5ab0");
  check(pinned(std::vector<point>{{1, 2, 3}, {4, 5, 6}}), "vec<{x:f32,y:f32,z:f32}>", "22f9f05544bb8065da5bf39245eec019", "9e9923dcf96bb2a4f104ab5bad161d11");
  check(pinned(std::vector<std::vector<int>>{{1, 2}, {}, {3}}), "vec<vec<i32>>", "41e03906143d51ad96ab2bffc469e9b3", "ce87612f07de9ffe57767a5438cd5396");
  check(pinned(std::array<int, 3>{1, 2, 3}), "arr<i32,3>", "a76f94d1118f3bcfe6d1006dda205ce7", "771aa0536d69bc1f6f537df22eca670c");
  check(pinned(std::set<std::string>{"b", "a"}), "set<str>", "57007e622138ba9869821e5c23c0b6c7", "19160a0b071cf154b9a3782af7216a30");
  check(pinned(std::map<std::string, int>{{"a", 1}, {"b", 2}}), "map<str,i32>", "3ac6cc993ffae3dd767a405f71f7a8bf", "e570946f2259d17803fad1a7d2954fe7");
  check(pinned(std::unordered_map<std::string, int>{{"a", 1}, {"b", 2}, {"c", 3}}), "umap<str,i32>", "b44bdcb3c9a34c68aa299eaab3c43c88", "0aea0cfb300c953e6b894a21ab14d7e6");
  check(pinned(std::unordered_set<int>{3, 1, 2}), "uset<i32>", "5b278b94530040cf8663106bc51f68c1", "eea9c0658a267815e6de8d34a0fe7fdd");
  check(pinned(std::optional<int>{}), "opt<i32>", "a6cd5e9392000f6ac44bdff4074eecdb", "ea04d3fd8852dd2a5cf10f10bf2dd245");
  check(pinned(std::optional<int>{5}), "opt<i32>", "448c3885516a9798981bb101aefcb220", "38ec17017005672256b0e2402ae3c83e");
  check(pinned(std::variant<int, std::string>{"text"}), "variant<i32,str>", "2a74cfbe210854be24323ee8c5582e9f", "af6ac507fbd79d4bfd927260a79cec80");
  check(pinned(std::pair<int, char>{1, 'a'}), "pair<i32,char>", "11a7721c705222583cdb5a3e3b9b29cb", "e8ac3afd94df074a27fa8c2fe5277eea");
  check(pinned(std::tuple<int, long double, bool>{1, 2.5L, true}), "tuple<i32,f80,bool>", "7e23db911db977bf09b9df61463df6d0", "f7d67f0c8627ca7fcccfbccb85c7b8cb");
  check(pinned(std::complex<double>{1, 2}), "complex<f64>", "cd5d4ed9d0bb36b22029723e30b63531", "2e7c26cc38d5db3819a84da7bb8f10a7");
  check(pinned(std::chrono::milliseconds{5}), "dur<i64,1/1000>", "bece7561abd0b38b64b5c1b28fbe6b34", "0ecd5d0b9c77cc99a4174140a4f06e3a");
  check(pinned(std::make_unique<int>(5)), "ptr<i32>", "448c3885516a9798981bb101aefcb220", "38ec17017005672256b0e2402ae3c83e");
  check(pinned(config{0.5, 4, true, {"x", "y"}, point{1, 2, 3}}), "{rate:f64,epochs:i32,fast:bool,tags:vec<str>,at:opt<{x:f32,y:f32,z:f32}>}", "3a140eec893ee84b876c7529f2763651", "a318019d0818f272f107ae3464dd9b58");
  check(pinned(tree{1, {tree{2, {}}, tree{3, {tree{4, {}}}}}}), "{value:i32,children:vec<^1>}", "841861662fbdf73ae44bba11a799c6d0", "b5c73b62e1b2d0224a58dd055cdfc7da");
  check(pinned(model{}), "cereal:3{weights:vec<f64>,str,{x:f32,y:f32,z:f32}}", "6380b115eeb4727ed29eef0f91516aef", "e07c2d402f65cbbca77c043d4087ea20");
  check(pinned(std::map<std::string, model>{{"a", model{}}}), "map<str,cereal:3{weights:vec<f64>,str,{x:f32,y:f32,z:f32}}>", "3726b664942d4a7ddd4fb55eb3770825", "c78e0e113c0528bebd37074f8711fb19");
  // clang-format on
}
