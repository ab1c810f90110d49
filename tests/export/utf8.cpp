#include <memo/export/utf8.hpp>

#include <catch2/catch.hpp>
#include <string>

using memo::detail::utf8_code_point;
using memo::detail::utf8_sequence_size;
using memo::detail::valid_utf8;

namespace {

std::string encoded(char32_t code) {
  auto const tail = [&](unsigned shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("every code point of Unicode is read from its UTF-8, and surrogates are none") {
  std::size_t wrong = 0;
  for (char32_t code = 0; code < 0x110000; ++code) {
    std::string const text = encoded(code);
    bool const is_surrogate = code >= 0xd800 && code < 0xe000;
    std::size_t const size = utf8_sequence_size(text + "x");
    wrong += is_surrogate ? size != 0 : size != text.size() || utf8_code_point(text) != code;
  }
  CHECK(wrong == 0);
}

TEST_CASE("of all texts of two bytes, those that are UTF-8 stay and the rest is replaced") {
  std::size_t kept = 0;
  for (unsigned a = 0; a < 256; ++a)
    for (unsigned b = 0; b < 256; ++b) {
      std::string const text{static_cast<char>(a), static_cast<char>(b)};
      std::string const valid = valid_utf8(text);
      kept += valid == text;
      if (valid != text) CHECK(valid.find("\xef\xbf\xbd") != std::string::npos);
      CHECK(valid_utf8(valid) == valid);
    }
  CHECK(kept == 128 * 128 + 30 * 64);
}

TEST_CASE("overlong forms, cut sequences and what lies above Unicode are replaced byte by byte") {
  std::string const r = "\xef\xbf\xbd";
  CHECK(valid_utf8("a\xc0\xaf") == "a" + r + r);
  CHECK(valid_utf8("\xe0\x80\xaf") == r + r + r);
  CHECK(valid_utf8("\xf0\x8f\xbf\xbf") == r + r + r + r);
  CHECK(valid_utf8("\xf4\x90\x80\x80") == r + r + r + r);
  CHECK(valid_utf8("\xf0\x9f\x98") == r + r + r);
  CHECK(valid_utf8("\xe2\x82z") == r + r + "z");
  CHECK(valid_utf8("") == "");
}
