#include <memo/key/reader.hpp>

#include "support.hpp"

#include <cereal/types/vector.hpp>

#include <cstring>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <variant>

namespace {

struct chain {
  std::unique_ptr<chain> next;
};
struct chains {
  std::vector<chains> inner;
};
struct nothing {};
struct inner {
  std::uint8_t small;
  std::vector<std::uint16_t> numbers;
};
struct outer {
  std::map<std::string, inner> parts;
  std::optional<std::variant<bool, std::string, inner>> choice;
  std::unique_ptr<std::string> text;
  std::vector<bool> bits;
  std::unordered_set<int> set;
  std::array<std::string, 2> two;
  long double wide;
};
class archived {
 public:
  archived() = default;
  explicit archived(std::vector<std::string> words) : words_(std::move(words)) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("words", words_), factor_, cereal::make_nvp("grid", grid_));
  }

 private:
  std::vector<std::string> words_;
  double factor_ = 2;
  std::vector<float> grid_{1, 2, 3};
};

outer an_outer() {
  outer made;
  made.parts["a"] = {1, {2, 3}};
  made.parts["bc"] = {4, {}};
  made.choice = inner{5, {6}};
  made.text = std::make_unique<std::string>("text");
  made.bits = {true, false};
  made.set = {1, 2, 3};
  made.two = {"x", "yz"};
  made.wide = 1.5L;
  return made;
}

std::vector<std::byte> size_then(std::uint64_t size, std::size_t more = 0) {
  std::vector<std::byte> bytes(8 + more);
  memo::store_little(bytes.data(), size);
  return bytes;
}

// A size of `size` and nothing, or little, behind it.
template <class T>
void check_bombs() {
  INFO(memo::schema_of<T>());
  for (std::uint64_t const size :
       {std::uint64_t{1} << 21, std::uint64_t{1} << 28, std::uint64_t{1} << 61, ~std::uint64_t{0}})
    for (std::size_t const more : {0u, 1u, 64u})
      CHECK_THROWS_AS(memo::decode<T>(size_then(size, more)), memo::decode_error);
}

// Whatever the bytes: a value or decode_error.
template <class T>
bool decodes(memo::byte_view bytes) {
  // A copy of exactly this size, so that a sanitizer sees a read beyond its end.
  std::vector<std::byte> const exact(bytes.begin(), bytes.end());
  try {
    auto const value = memo::decode<T>(exact);
    (void)memo::digest_of(value);
    return true;
  } catch (memo::decode_error const&) {
    return false;
  }
}

template <class T>
void check_damage(T const& value) {
  auto const whole = memo::encode(value).join();
  std::vector<std::byte> bytes(whole.view.begin(), whole.view.end());
  REQUIRE(decodes<T>(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decodes<T>(memo::byte_view(bytes).first(size)));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte(1u << (bit % 8));
    (void)decodes<T>(bytes);
    bytes[bit / 8] ^= std::byte(1u << (bit % 8));
  }
  bytes.push_back(std::byte{0});
  CHECK_FALSE(decodes<T>(bytes));
}

std::vector<std::byte> ones(std::size_t count) { return std::vector<std::byte>(count, std::byte{1}); }

std::size_t allocations = 0;

template <class T>
struct counting {
  using value_type = T;
  counting() = default;
  template <class U>
  counting(counting<U> const&) {}  // NOLINT: allocators convert
  T* allocate(std::size_t n) {
    ++allocations;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  friend bool operator==(counting const&, counting const&) { return true; }
};

template <class T>
using counted_vector = std::vector<T, counting<T>>;
using counted_text = std::basic_string<char, std::char_traits<char>, counting<char>>;
using counted_map = std::map<counted_text, counted_vector<float>, std::less<>,
                             counting<std::pair<counted_text const, counted_vector<float>>>>;
using counted_unordered_map = std::unordered_map<int, counted_vector<double>, std::hash<int>, std::equal_to<>,
                                                 counting<std::pair<int const, counted_vector<double>>>>;

/// How many allocations it takes to read a value back.
template <class T>
std::size_t allocations_for(T const& value) {
  auto const whole = memo::encode(value).join();
  allocations = 0;
  bool const same = memo::decode<T>(whole.view) == value;
  CHECK(same);
  return allocations;
}

}  // namespace

TEST_CASE("each container of a nested value is allocated once") {
  CHECK(allocations_for(counted_vector<double>(100'000, 0.5)) == 1);
  for (std::size_t const inner : {0u, 1u, 2u, 1000u}) {
    counted_vector<counted_vector<double>> const rows(500, counted_vector<double>(inner, 0.5));
    CHECK(allocations_for(rows) == (inner == 0 ? 1 : 501));
    counted_vector<counted_vector<char>> const texts(500, counted_vector<char>(inner, 'x'));
    CHECK(allocations_for(texts) == (inner == 0 ? 1 : 501));
    counted_vector<counted_vector<counted_vector<float>>> const boxes(
        20, counted_vector<counted_vector<float>>(30, counted_vector<float>(inner)));
    CHECK(allocations_for(boxes) == 21 + (inner == 0 ? 0 : 600));
  }
  counted_vector<counted_text> const names(500, counted_text(40, 'x'));
  CHECK(allocations_for(names) == 501);
  CHECK(allocations_for(counted_vector<counted_text>(500)) == 1);

  counted_map columns;
  for (int i = 0; i < 100; ++i)
    columns[counted_text(40, static_cast<char>('!' + i / 2)) + static_cast<char>('0' + i % 2)] = {1, 2, 3};
  // A node, a key that does not fit into itself, and a column.
  CHECK(allocations_for(columns) == 300);

  counted_unordered_map by_number;
  for (int i = 0; i < 100; ++i) by_number[i] = {1, 2, 3};
  CHECK(allocations_for(by_number) <= 201);

  CHECK(allocations_for(std::pair(counted_vector<double>(10), std::optional(counted_vector<float>(10)))) ==
        2);
}

TEST_CASE("a size beyond the end is refused before anything is allocated") {
  check_bombs<std::vector<std::string>>();
  check_bombs<std::vector<bool>>();
  check_bombs<std::vector<std::vector<double>>>();
  check_bombs<std::vector<long double>>();
  check_bombs<std::vector<outer>>();
  check_bombs<std::vector<archived>>();
  check_bombs<std::vector<nothing>>();
  check_bombs<std::list<nothing>>();
  check_bombs<std::list<int>>();
  check_bombs<std::deque<std::string>>();
  check_bombs<std::set<int>>();
  check_bombs<std::map<int, std::string>>();
  check_bombs<std::map<std::string, nothing>>();
  check_bombs<std::unordered_set<std::string>>();
  check_bombs<std::unordered_map<int, int>>();
  check_bombs<std::pair<std::string, int>>();
  check_bombs<std::pair<std::vector<double>, int>>();
  check_bombs<std::filesystem::path>();
}

TEST_CASE("elements without bytes may be many, and not too many") {
  CHECK(memo::decode<std::vector<nothing>>(size_then(1000)).size() == 1000);
  CHECK_THROWS_AS(memo::decode<std::vector<nothing>>(size_then((1u << 20) + 1)), memo::decode_error);
}

TEST_CASE("values inside each other are followed to a depth of 256") {
  auto deep = ones(256);
  deep.back() = std::byte{0};
  CHECK_NOTHROW(memo::decode<chain>(deep));
  deep = ones(257);
  deep.back() = std::byte{0};
  CHECK_THROWS_AS(memo::decode<chain>(deep), memo::decode_error);
  for (std::size_t const count : {1000u, 1'000'000u})
    CHECK_THROWS_AS(memo::decode<chain>(ones(count)), memo::decode_error);
  std::vector<std::byte> nested(8 * 1000);
  for (std::size_t i = 0; i < 1000; ++i) memo::store_little(nested.data() + 8 * i, std::uint64_t{1});
  CHECK_THROWS_AS(memo::decode<chains>(nested), memo::decode_error);
}

TEST_CASE("flags, indices, keys and lengths that no value has are refused") {
  std::vector<std::byte> const two{std::byte{2}};
  CHECK_THROWS_AS(memo::decode<bool>(two), memo::decode_error);
  CHECK_THROWS_AS(memo::decode<std::optional<nothing>>(two), memo::decode_error);
  CHECK_THROWS_AS(memo::decode<std::unique_ptr<nothing>>(two), memo::decode_error);
  std::vector<std::byte> const index{std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}};
  CHECK_THROWS_AS((memo::decode<std::variant<nothing, std::monostate>>(index)), memo::decode_error);
  auto keys = size_then(2, 2);
  CHECK_THROWS_AS(memo::decode<std::set<char>>(keys), memo::decode_error);
  CHECK_THROWS_AS(memo::decode<std::unordered_set<char>>(keys), memo::decode_error);
  CHECK(memo::decode<std::multiset<char>>(keys).size() == 2);
  CHECK_THROWS_AS(memo::decode<int>(ones(3)), memo::decode_error);
  CHECK_THROWS_AS(memo::decode<int>(ones(5)), memo::decode_error);
  CHECK_THROWS_AS(memo::decode<std::vector<int>>(ones(5)), memo::decode_error);
  CHECK_THROWS_AS((memo::decode<std::array<int, 2>>(ones(4))), memo::decode_error);
}

TEST_CASE("every truncation is refused and every flipped bit is a value or an error") {
  check_damage(an_outer());
  check_damage(archived({"some", "words"}));
  check_damage(std::map<int, std::vector<archived>>{{1, {archived{}, archived({"x"})}}});
  check_damage(std::vector<std::vector<std::string>>{{"a", "bc"}, {}, {"d"}});
}

TEST_CASE("a reader gives the bytes that are left and no more") {
  auto const bytes = ones(4);
  memo::reader in(bytes);
  CHECK(in.remaining() == 4);
  CHECK(in.raw(3).data() == bytes.data());
  CHECK(in.remaining() == 1);
  CHECK_THROWS_AS(in.raw(2), memo::decode_error);
  CHECK(in.get<bool>());
  CHECK_THROWS_AS(in.get<bool>(), memo::decode_error);
}
