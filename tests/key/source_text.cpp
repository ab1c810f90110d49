#include <memo/key/source_text.hpp>

#include <catch2/catch.hpp>

using memo::source_digest;

namespace {

constexpr auto add = MEMO_FN([](int a, int b) { return a + b; });
constexpr auto add_again = MEMO_FN([](int a, int b) {
  // a comment and other spacing
  return a + b; /* and another */
});
constexpr auto subtract = MEMO_FN([](int a, int b) { return a - b; });

static_assert(add.source == add_again.source);
static_assert(add.source != subtract.source);

constexpr bool same(std::string_view a, std::string_view b) { return source_digest(a) == source_digest(b); }

static_assert(same("[](int x) { return x + 1; }", "[] ( int x ){\n\treturn x+1;}"));
static_assert(same("f( a , b )", "f(a,b)"));
static_assert(same("  a  ", "a"));
static_assert(same("x= y", "x =y"));

static_assert(!same("a + +b", "a++ b"));
static_assert(!same("a ++ b", "a + + b"));
static_assert(!same("int x", "intx"));
static_assert(!same("a - -1", "a--1"));
static_assert(!same("return x", "returnx"));

static_assert(!same("\"a b\"", "\"ab\""));
static_assert(!same("' '", "''"));
static_assert(!same("\"\\\" x\"", "\"\\\"x\""));
static_assert(same("1'000 + '\\'' + x", "1'000+'\\''+x"));
static_assert(!same("L \"x\"", "L\"x\""));
static_assert(same("R\"x(a \" b)x\" + y", "R\"x(a \" b)x\"+y"));
static_assert(!same("R\"x(a \"  b)x\" + y", "R\"x(a \" b)x\"+y"));
static_assert(same("\"open", "\"open"));
static_assert(!same("", "a"));

}  // namespace

TEST_CASE("a function with its source text is still the function") {
  CHECK(add.function(1, 2) == 3);
  CHECK(subtract.function(1, 2) == -1);
}

TEST_CASE("the digest of source text is the same in every build") {
  // Red here means that every cached result of a MEMO_FN is void.
  CHECK(memo::to_hex(source_digest("[](int x){return x+1;}")) == "1e717bcfd2fa24eaf385ad69b5323165");
}
