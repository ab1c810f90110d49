/// Text of users on a terminal: what it may not do there is made visible, and it is cut by the columns that it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace memo::detail {

/// A character of UTF-8 at the beginning of a text.
struct utf8_character {
  std::uint32_t code = 0;
  std::size_t size = 0;  ///< in bytes; 0 where the text begins with none
};

/// Takes neither overlong forms, nor surrogates, nor what lies beyond U+10FFFF.
inline utf8_character first_character(std::string_view text) {
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (text.empty()) return {};
  unsigned char const first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t code = first & (0x7fu >> size);
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(at) & 0x3fu);
  }
  bool const is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  bool const is_surrogate = code >= 0xd800 && code < 0xe000;
  return is_overlong || is_surrogate || code > 0x10ffff ? utf8_character{} : utf8_character{code, size};
}

/// How many columns a terminal gives a character: 2 for those of East Asia and for pictures, 0 for accents that join the
/// character before. As Unicode's East Asian Width has it, in its larger blocks.
inline std::size_t columns_of(std::uint32_t code) {
  struct block {
    std::uint32_t first, last;
  };
  constexpr block joining[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                               {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                               {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
  constexpr block wide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23f3},
                            {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x2705, 0x2705},
                            {0x270a, 0x270b},   {0x274c, 0x274c},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                            {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                            {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
                            {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f265}, {0x1f300, 0x1f64f},
                            {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};
  if (code < 0x300) return 1;
  for (block const& one : joining)
    if (code >= one.first && code <= one.last) return 0;
  for (block const& one : wide)
    if (code >= one.first && code <= one.last) return 2;
  return 1;
}

/// True where a terminal would act on the character instead of showing it: control characters, and those that turn the
/// direction of the text after them.
inline bool acts_on_terminal(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/// Appends a text of one line, in which control characters and bytes that are no UTF-8 stand as "\x1b"; a tabulator
/// becomes a space.
inline void append_visible(std::string& into, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  while (!text.empty()) {
    utf8_character const next = first_character(text);
    std::size_t const size = next.size == 0 ? 1 : next.size;
    if (next.size != 0 && !acts_on_terminal(next.code)) {
      into.append(text.substr(0, size));
    } else if (next.code == '\t') {
      into += ' ';
    } else if (next.code > 0xff) {
      into += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) into += digits[next.code >> shift & 15u];
    } else {
      std::uint32_t const code = next.size == 0 ? static_cast<unsigned char>(text.front()) : next.code;
      into += "\\x";
      into += digits[code >> 4 & 15u];
      into += digits[code & 15u];
    }
    text.remove_prefix(size);
  }
}

inline std::string visible(std::string_view text) {
  std::string made;
  append_visible(made, text);
  return made;
}

/// Visible lines, each behind `prefix` and with a newline at its end, whatever newlines the text has. An empty text is one
/// line.
inline std::string visible_lines(std::string_view prefix, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  std::string made;
  do {
    std::size_t const end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    made += prefix;
    append_visible(made, line);
    made += '\n';
  } while (!text.empty());
  return made;
}

/// How many columns a visible text takes.
inline std::size_t columns_in(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    utf8_character const next = first_character(text);
    columns += next.size == 0 ? 1 : columns_of(next.code);
    text.remove_prefix(next.size == 0 ? 1 : next.size);
  }
  return columns;
}

/// The beginning of a visible text that takes at most `columns`, with "…" at its end where something was cut.
inline std::string cut_to_columns(std::string_view text, std::size_t columns) {
  if (columns_in(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t used = 0, end = 0;
  while (end < text.size()) {
    utf8_character const next = first_character(text.substr(end));
    std::size_t const more = next.size == 0 ? 1 : columns_of(next.code);
    if (used + more > columns - 1) break;
    used += more;
    end += next.size == 0 ? 1 : next.size;
  }
  return std::string(text.substr(0, end)) + "\u2026";
}

}  // namespace memo::detail
