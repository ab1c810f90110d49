#include <memo/cli/text_kind.hpp>

#include "typed_values.hpp"

#include <catch2/catch.hpp>

#include <any>
#include <atomic>
#include <bitset>
#include <chrono>
#include <functional>
#include <mutex>
#include <span>

namespace {

using memo::text_readable;
using memo::text_showable;

template <class T>
constexpr bool both = text_readable<T> && text_showable<T>;
template <class T>
constexpr bool only_shown = !text_readable<T> && text_showable<T>;
template <class T>
constexpr bool neither = !text_readable<T> && !text_showable<T>;

static_assert(both<bool> && both<char> && both<signed char> && both<unsigned long long> && both<long double>);
static_assert(both<std::string> && both<std::filesystem::path> && both<memo::file> && both<memo::glob>);
static_assert(both<test::lattice> && both<std::byte> && both<std::complex<float>>);
static_assert(both<std::chrono::milliseconds> && both<std::chrono::duration<double>> &&
              both<std::chrono::years>);
static_assert(both<std::vector<bool>> && both<std::list<std::set<int>>> && both<std::array<double, 3>>);
static_assert(both<std::map<test::lattice, std::vector<int>>> && both<std::unordered_map<std::string, int>>);
static_assert(both<std::tuple<int, std::string>> && both<std::pair<test::angle, int>> && both<std::tuple<>>);
static_assert(both<std::variant<std::monostate, int, std::string>> && both<std::monostate>);
static_assert(both<std::optional<std::vector<int>>> && both<std::bitset<8>>);
static_assert(both<test::model> && both<test::tree> && both<test::adapted> && both<test::no_fields>);
static_assert(both<test::angle> && both<std::vector<test::angle>> && both<test::version>);

static_assert(only_shown<std::string_view> && only_shown<std::span<int const>>);
static_assert(only_shown<std::unique_ptr<int>> && only_shown<std::vector<std::unique_ptr<int>>>);
static_assert(only_shown<std::array<test::angle, 2>> && only_shown<std::atomic<int>>);
static_assert(only_shown<test::with_functions> && only_shown<test::not_copied>);
static_assert(only_shown<memo::output_file> && only_shown<std::optional<std::optional<int>>>);

// No unit has this length.
static_assert(neither<std::chrono::duration<int, std::ratio<1, 60>>>);
static_assert(neither<test::closed> && neither<std::vector<test::closed>> && neither<std::any>);
static_assert(neither<std::shared_ptr<int>> && neither<int*> && neither<std::function<void()>>);
static_assert(neither<std::u8string> && neither<wchar_t> && neither<std::mutex>);
static_assert(neither<std::variant<int, test::closed>> && neither<std::pair<int, void*>>);

struct with_constant {
  int const fixed = 1;
};
static_assert(only_shown<with_constant>);
struct with_closed {
  std::vector<test::closed> many;
};
static_assert(neither<with_closed>);

}  // namespace

TEST_CASE("types with values that can stand between commas are told from those with parts") {
  CHECK(memo::detail::is_text_scalar<int>());
  CHECK(memo::detail::is_text_scalar<std::optional<double>>());
  CHECK(memo::detail::is_text_scalar<test::angle>());
  CHECK_FALSE(memo::detail::is_text_scalar<std::vector<int>>());
  CHECK_FALSE(memo::detail::is_text_scalar<test::layer>());
}
