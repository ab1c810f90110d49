/// Text and numbers as parts of an HTML document.
#pragma once

#include <memo/export/utf8.hpp>
#include <memo/report/table.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace memo::detail {

/// The text as it can stand between tags and in a quoted attribute. What is no UTF-8, and control characters, which have
/// no place in a document, become U+FFFD.
inline std::string html_text(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for_each_character(text, [&](std::string_view character) {
    char const c = character[0];
    if (c == '&')
      made += "&amp;";
    else if (c == '<')
      made += "&lt;";
    else if (c == '>')
      made += "&gt;";
    else if (c == '"')
      made += "&quot;";
    else if (c == '\'')
      made += "&#39;";
    else if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
      made += replacement_character;
    else
      made += character;
  });
  return made;
}

/// A length in pixels, to a tenth.
inline std::string pixels(double length) {
  char digits[48];
  double const rounded = std::round(length * 10) / 10;
  auto const end = std::to_chars(digits, digits + sizeof digits, rounded == 0 ? 0.0 : rounded);
  return {digits, end.ptr};
}

/// How many columns of a fixed-width font the character takes: 2 for those of East Asia and pictures, else 1.
inline std::size_t column_count(std::string_view character) {
  char32_t const point = utf8_code_point(character);
  return point < 0x1100 || (point >= 0x2000 && point < 0x2e80) || point == 0xfffd ? 1 : 2;
}

/// The sum over a text.
inline std::size_t text_columns(std::string_view text) {
  std::size_t columns = 0;
  for_each_character(text, [&](std::string_view character) { columns += column_count(character); });
  return columns;
}

/// The text in at most `most` columns: what does not fit leaves from the middle, as names that belong together often
/// differ at their ends.
inline std::string shortened_in_middle(std::string_view text, std::size_t most) {
  std::string const valid = valid_utf8(text);
  if (text_columns(valid) <= most) return valid;
  std::size_t const tail = most / 3, head = most - tail - 1;
  std::size_t const all = text_columns(valid);
  std::string front, back;
  std::size_t column = 0;
  for_each_character(valid, [&](std::string_view character) {
    std::size_t const before = column;
    column += column_count(character);
    if (column <= head) front += character;
    if (before >= all - tail) back += character;
  });
  return front + "\u2026" + back;
}

/// As duration_text, but from two minutes on "2 min 5 s", "3 h 20 min", "2 d 4 h".
inline std::string long_duration_text(std::int64_t ns) {
  std::int64_t const seconds = ns / 1'000'000'000;
  auto const pair = [](std::int64_t large, char const* name, std::int64_t small, char const* small_name) {
    return std::to_string(large) + name + (small == 0 ? "" : " " + std::to_string(small) + small_name);
  };
  if (seconds < 120) return duration_text(ns);
  if (seconds < 7200) return pair(seconds / 60, " min", seconds % 60, " s");
  if (seconds < 172'800) return pair(seconds / 3600, " h", seconds / 60 % 60, " min");
  return pair(seconds / 86'400, " d", seconds / 3600 % 24, " h");
}

}  // namespace memo::detail
