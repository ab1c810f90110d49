/// Text that came from anywhere as valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace memo::detail {

/// How many bytes the well-formed UTF-8 sequence at the beginning of `text` has (RFC 3629: no overlong forms, no surrogates,
/// nothing above U+10FFFF); 0 where there is none.
inline std::size_t utf8_sequence_size(std::string_view text) {
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const is_within = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  if (text.empty()) return 0;
  unsigned const first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return is_within(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool const is_second = is_within(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return is_second && is_within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool const is_second = is_within(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return is_second && is_within(2, 0x80, 0xbf) && is_within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

/// The code point of a well-formed sequence of 1 to 4 bytes.
inline char32_t utf8_code_point(std::string_view sequence) {
  auto const at = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(sequence[i]));
  };
  switch (sequence.size()) {
    case 2:
      return (at(0) & 0x1f) << 6 | (at(1) & 0x3f);
    case 3:
      return (at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f);
    case 4:
      return (at(0) & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f);
    default:
      return at(0);
  }
}

inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

/// Calls `on(sequence)` for each character of `text`, as UTF-8; each byte that belongs to none comes as U+FFFD.
template <class On>
void for_each_character(std::string_view text, On&& on) {
  while (!text.empty()) {
    std::size_t const size = utf8_sequence_size(text);
    on(size == 0 ? replacement_character : text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

/// The text with U+FFFD for each byte that is no part of valid UTF-8.
inline std::string valid_utf8(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for_each_character(text, [&](std::string_view character) { made += character; });
  return made;
}

}  // namespace memo::detail
