/// Numbers as people write them, read exactly: no rounding, no locale, and a reason where a number does not fit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memo::detail {

__extension__ using wide_whole = unsigned __int128;

/// The number `digits * 10^exponent`, or its negative.
struct decimal {
  bool is_negative = false;
  bool has_more_digits = false;  ///< than fit: the number is no multiple of 10^exponent
  wide_whole digits = 0;         ///< the last one is not 0, unless all are
  std::int64_t exponent = 0;
};

constexpr bool is_decimal_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex_digit(char c) {
  return is_decimal_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  std::size_t const begin = text.find_first_not_of(blanks);
  return begin == text.npos ? std::string_view()
                            : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

inline std::string in_lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

/// The text without `'` and `_` between digits, as C++ and Python allow them; nothing where one stands elsewhere.
inline std::optional<std::string> without_separators(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  bool const is_hexadecimal = text.find_first_of("xX") != text.npos;
  auto const is_digit_here = [&](char c) { return is_hexadecimal ? is_hex_digit(c) : is_decimal_digit(c); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\'' && text[i] != '_') {
      made += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit_here(text[i - 1]) || !is_digit_here(text[i + 1])) {
      return std::nullopt;
    }
  }
  return made;
}

/// Reads "12", "-0.5", "+1.25e-3", ".5", "1'000'000"; nothing where the text is no such number.
inline std::optional<decimal> read_decimal(std::string_view written) {
  constexpr wide_whole enough = ~wide_whole{0} / 10 - 1;
  constexpr std::int64_t huge = 1'000'000'000;
  std::optional<std::string> const plain = without_separators(written);
  if (!plain) return std::nullopt;
  std::string_view text = *plain;
  decimal made;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    made.is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::size_t digits = 0;
  std::int64_t zeros = 0;  // at the end so far: they count only if another digit follows
  bool is_behind_point = false;
  for (; !text.empty() && (is_decimal_digit(text[0]) || (text[0] == '.' && !is_behind_point));
       text.remove_prefix(1)) {
    if (text[0] == '.') {
      is_behind_point = true;
      continue;
    }
    ++digits;
    made.exponent -= is_behind_point ? 1 : 0;
    if (text[0] == '0') {
      zeros += made.digits == 0 && !made.has_more_digits ? 0 : 1;
      continue;
    }
    for (; zeros > 0 && !made.has_more_digits; --zeros) {
      if (made.digits > enough)
        made.has_more_digits = true;
      else
        made.digits *= 10;
    }
    if (made.digits > enough)
      made.has_more_digits = true;
    else
      made.digits = made.digits * 10 + static_cast<unsigned>(text[0] - '0');
    if (made.has_more_digits) zeros = 0;
  }
  if (digits == 0) return std::nullopt;
  made.exponent += zeros;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    bool const is_down = text.starts_with('-');
    if (is_down || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    std::int64_t power = 0;
    for (; !text.empty() && is_decimal_digit(text[0]); text.remove_prefix(1))
      power = std::min(power * 10 + (text[0] - '0'), huge);
    made.exponent += is_down ? -power : power;
  }
  if (!text.empty()) return std::nullopt;
  if (made.digits == 0) made.exponent = 0;
  return made;
}

/// How a number and a whole number go together.
enum class whole_fit : unsigned char { whole, fraction, too_large };

struct scaled_whole {
  whole_fit fit = whole_fit::whole;
  wide_whole magnitude = 0;
};

/// The magnitude of `number * factor`, exactly.
inline scaled_whole scaled(decimal const& number, wide_whole factor) {
  if (number.digits == 0) return {};
  // A number with more digits than fit keeps its last one behind those.
  if (number.has_more_digits) return {number.exponent < 0 ? whole_fit::fraction : whole_fit::too_large, 0};
  scaled_whole made{whole_fit::whole, number.digits};
  std::int64_t down = number.exponent;
  // Common factors first, so that a product which fits is not refused for what is divided out of it.
  for (; down < 0; ++down) {
    bool is_even = false, has_five = false;
    if (factor % 2 == 0) factor /= 2, is_even = true;
    if (factor % 5 == 0) factor /= 5, has_five = true;
    if (!is_even && made.magnitude % 2 == 0) made.magnitude /= 2, is_even = true;
    if (!has_five && made.magnitude % 5 == 0) made.magnitude /= 5, has_five = true;
    if (!is_even || !has_five) return {whole_fit::fraction, 0};
  }
  if (__builtin_mul_overflow(made.magnitude, factor, &made.magnitude)) return {whole_fit::too_large, 0};
  for (; down > 0; --down)
    if (__builtin_mul_overflow(made.magnitude, wide_whole{10}, &made.magnitude))
      return {whole_fit::too_large, 0};
  return made;
}

}  // namespace memo::detail
