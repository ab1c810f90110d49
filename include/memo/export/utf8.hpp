/// Text that came from anywhere as valid UTF-8.
#pragma once

#include <memo/report/visible_text.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace memo::detail {

/// How many bytes the well-formed UTF-8 sequence at the beginning of `text` has; 0 where there is none.
inline std::size_t utf8_sequence_size(std::string_view text) { return first_character(text).size; }

/// The code point of a well-formed sequence of 1 to 4 bytes.
inline char32_t utf8_code_point(std::string_view sequence) { return first_character(sequence).code; }

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
