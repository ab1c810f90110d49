#include <memo/report/visible_text.hpp>

#include <catch2/catch.hpp>

using memo::detail::columns_in;
using memo::detail::cut_to_columns;
using memo::detail::visible;
using memo::detail::visible_lines;

TEST_CASE("what acts on a terminal is made visible") {
  CHECK(visible("plain text, \u00e4 \u2192 \u6e2c") == "plain text, \u00e4 \u2192 \u6e2c");
  CHECK(visible("\x1b[2J") == "\\x1b[2J");
  CHECK(visible("a\rb\a\x7f") == "a\\x0db\\x07\\x7f");
  CHECK(visible(std::string_view("\0", 1)) == "\\x00");
  CHECK(visible("\u009b") == "\\x9b");  // the one character that begins a sequence
  CHECK(visible("\u202e") == "\\u202e");
  CHECK(visible("\u2066\u2028") == "\\u2066\\u2028");
  CHECK(visible("a\tb") == "a b");
}

TEST_CASE("bytes that are no UTF-8 are shown as bytes") {
  CHECK(visible("\xff") == "\\xff");
  CHECK(visible("a\xc3") == "a\\xc3");
  CHECK(visible("\xc0\x80") == "\\xc0\\x80");           // overlong
  CHECK(visible("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(visible("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
  CHECK(visible("\xe2\x82"
                "a") ==
        "\\xe2\\x82"
        "a");
  CHECK(visible("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

TEST_CASE("each line of a text has the prefix") {
  CHECK(visible_lines("a: ", "one") == "a: one\n");
  CHECK(visible_lines("a: ", "one\ntwo\n") == "a: one\na: two\n");
  CHECK(visible_lines("a: ", "one\r\n\r\ntwo\r\n") == "a: one\na: \na: two\n");
  CHECK(visible_lines("a: ", "") == "a: \n");
  CHECK(visible_lines("", "\n\n") == "\n");
}

TEST_CASE("columns are those of a terminal") {
  CHECK(columns_in("abc") == 3);
  CHECK(columns_in("\u00e4\u2192") == 2);
  CHECK(columns_in("\u6e2c\u5b9a") == 4);
  CHECK(columns_in("e\u0301") == 1);
  CHECK(columns_in("\xf0\x9f\x98\x80") == 2);
  CHECK(columns_in("\uff21") == 2);
}

TEST_CASE("a text is cut between characters") {
  CHECK(cut_to_columns("abc", 3) == "abc");
  CHECK(cut_to_columns("abcd", 3) == "ab\u2026");
  CHECK(cut_to_columns("abcd", 1) == "\u2026");
  CHECK(cut_to_columns("abcd", 0) == "");
  CHECK(cut_to_columns("\u00e4\u00f6\u00fc\u00df", 3) == "\u00e4\u00f6\u2026");
  CHECK(cut_to_columns("\u6e2c\u5b9a\u540d", 4) ==
        "\u6e2c\u2026");  // a wide one does not fit beside the mark
  CHECK(cut_to_columns("e\u0301xyz", 2) == "e\u0301\u2026");
}
