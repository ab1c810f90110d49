#include <memo/key/code_scan.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using memo::detail::code_include;
using memo::detail::scan_code;

std::string tokens(std::string_view source) { return scan_code(source).text; }
bool same(std::string_view a, std::string_view b) { return tokens(a) == tokens(b); }

}  // namespace

TEST_CASE("comments and spacing do not count") {
  CHECK(tokens("int  a ;// b\nint/* c */d;") == "int a ; int d ;");
  CHECK(same("x=-1;", "x = - 1 ;"));
  CHECK(same("f( a,b )", "f(a, b)"));
  CHECK(same("vector<int>x", "vector < int > x"));
  CHECK(same("a // \\\n still a comment\nb", "a b"));
  CHECK(same("a /* // */ b", "a b"));
  CHECK(same("a // /*\nb", "a b"));
  CHECK(same("a /* ** // \n\n */ b", "a b"));
  CHECK(same("a /\\\n/ comment\nb", "a b"));
  CHECK(same("a\r\nb\r\n", "a\nb\n"));
  CHECK(same("\xef\xbb\xbfint a;", "int a;"));
  CHECK(same("long_\\\nname", "long_name"));
  CHECK(same("long_\\  \r\nname", "long_name"));
  CHECK(same("a /* open", "a"));
}

TEST_CASE("two tokens are not one") {
  CHECK_FALSE(same("a + +b", "a++b"));
  CHECK_FALSE(same("int a", "inta"));
  CHECK_FALSE(same("a - > b", "a->b"));
  CHECK_FALSE(same("1 .5", "1.5"));
  CHECK_FALSE(same("\"a\" _s", "\"a\"_s"));
  CHECK_FALSE(same("L \"a\"", "L\"a\""));
  CHECK_FALSE(same("a / *b", "a /* b"));
  CHECK(same("name\"a\"", "name \"a\""));
  CHECK(tokens("a<=>b<<=c...d->*e") == "a <=> b <<= c ... d ->* e");
  CHECK(tokens("1e+5+.5f-0x1.8p-3") == "1e+5 + .5f - 0x1.8p-3");
}

TEST_CASE("what looks like a comment in a literal counts") {
  CHECK_FALSE(same("\"/* a */\"", "\"/* b */\""));
  CHECK_FALSE(same("\"// a\"", "\"// b\""));
  CHECK_FALSE(same("\"a  b\"", "\"a b\""));
  CHECK_FALSE(same("\"\\\" // a\"", "\"\\\" // b\""));
  CHECK_FALSE(same("\"\\\\\" + a", "\"\\\\\" + b"));
  CHECK(same("\"\\\\\" // a", "\"\\\\\" // b"));
  CHECK(same("\"a\\\nb\"", "\"ab\""));
  CHECK(same("'\"' // a\n", "'\"' // b\n"));
  CHECK(same("'\\'' // a\n", "'\\'' // b\n"));
  CHECK_FALSE(same("R\"(// a)\"", "R\"(// b)\""));
  CHECK_FALSE(same("R\"x()\" // a)x\"", "R\"x()\" // b)x\""));
  CHECK_FALSE(same("u8R\"(\n a)\"", "u8R\"(\na)\""));
  CHECK_FALSE(same("R\"(a\\\nb)\"", "R\"(ab)\""));
  CHECK(same("barR\"(\" // a\n", "barR\"(\" // b\n"));
  CHECK(same("1'000'000 // a", "1'000'000 // b"));
  CHECK(same("0x1.f'f'p1 // a", "0x1.f'f'p1 // b"));
  CHECK(same("u8'\"' // a", "u8'\"' // b"));
}

TEST_CASE("an apostrophe in a branch that is not compiled opens nothing") {
  CHECK(same("#if 0\ndon't\n#endif\nint a; // b", "#if 0\ndon't\n#endif\nint a;"));
  CHECK(tokens("#error don't // stop\nint a; /* b */") == "# error don 't // stop\nint a ;");
}

TEST_CASE("lines count where they end a directive") {
  CHECK_FALSE(same("#define A 1\nint b;", "#define A 1 int b;"));
  CHECK_FALSE(same("#define f(x) x", "#define f (x) x"));
  CHECK_FALSE(same("int a;\n#if B", "int a; #if B"));
  CHECK(same("#define A 1 \\\n  + 2\nb", "#define A 1 + 2\n\n\n b"));
  CHECK(same("#  define  A  /* c\n */ 1 // d", "#define A 1"));
  CHECK(same("#define f(x)  (x)", "#define f( x )(x)"));
  CHECK(same("  /* a */ # include <b>", "#include<b>"));
  CHECK(tokens("a\n#b\nc") == "a\n# b\nc");
}

TEST_CASE("what is included is listed") {
  auto const scan = scan_code(
      "#include \"a.hpp\"\n"
      "  # /* x */ include <b//c.hpp> // d\n"
      "// #include \"no.hpp\"\n"
      "/*\n#include \"no.hpp\"\n*/\n"
      "char const* s = R\"(\n#include \"no.hpp\"\n)\";\n"
      "#if 0\n#include \"e\\f.hpp\"\n#endif\n"
      "#include MACRO\n"
      "#if defined(X) && __has_include ( <g.hpp> )\n"
      "#inc\\\nlude <h.hpp>\n"
      "#endif\n"
      "#include_next <i.h>\n"
      "import <j>;\n"
      "#define TEXT \"#include <no>\"\n"
      "%:include \"k.hpp\"\n"
      "export import \"l.hpp\";\n"
      "int import = x < y > z;\n"
      "#if __has_embed(\"m//n.bin\")\n"
      "#embed \"m//n.bin\" limit(4)\n"
      "#include \"unended\n");
  CHECK(scan.includes == std::vector<code_include>{{"a.hpp", true, false},
                                                   {"b//c.hpp", false, false},
                                                   {"e\\f.hpp", true, false},
                                                   {"g.hpp", false, false},
                                                   {"h.hpp", false, false},
                                                   {"i.h", false, true},
                                                   {"j", false, false},
                                                   {"k.hpp", true, false},
                                                   {"l.hpp", true, false},
                                                   {"m//n.bin", true, false, true},
                                                   {"m//n.bin", true, false, true}});
}

TEST_CASE("scanned again, the tokens give themselves") {
  // Pieces that open, close and join things, in any order.
  std::vector<std::string_view> const pieces = {"\"",
                                                "'",
                                                "/*",
                                                "*/",
                                                "//",
                                                "\n",
                                                "\\\n",
                                                "\\",
                                                " ",
                                                "a",
                                                "R\"(",
                                                ")\"",
                                                "#",
                                                "#define ",
                                                "#include ",
                                                "<",
                                                ">",
                                                "1",
                                                ".",
                                                "e",
                                                "+",
                                                "-",
                                                "u8",
                                                "%:",
                                                ":",
                                                "(",
                                                "=",
                                                "\r\n",
                                                "__has_include",
                                                "import ",
                                                "\xc3\xa9"};
  std::uint64_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    std::string source;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      source += pieces[static_cast<std::size_t>(state >> 33) % pieces.size()];
    }
    std::string const once = tokens(source);
    INFO(source);
    // A literal that its line ends, or a lone backslash before it, is not the text of one token.
    if (once.find('\\') == std::string::npos && once.find_first_of("\"'") == std::string::npos)
      REQUIRE(tokens(once) == once);
  }
}
