/// Numbers from text: exact, or an error that says why not. No locale.
#pragma once

#include <memo/cli/decimal.hpp>
#include <memo/cli/parse_problem.hpp>

#include <locale.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace memo::detail {

/// The whole numbers of a type.
struct whole_range {
  std::uint64_t below_zero = 0;  ///< the magnitude of the lowest
  std::uint64_t highest = 0;

  std::string text() const {
    return (below_zero == 0 ? "0" : "-" + std::to_string(below_zero)) + " to " + std::to_string(highest);
  }
};

template <class Integer>
constexpr whole_range range_of() {
  using limits = std::numeric_limits<Integer>;
  return {std::is_signed_v<Integer> ? static_cast<std::uint64_t>(limits::max()) + 1 : 0,
          static_cast<std::uint64_t>(limits::max())};
}

/// A number as it is, and what does not begin as one between quotes.
inline std::string number_in_error(std::string_view text) {
  bool const is_like_number = text.size() <= 60 &&
                              text.find_first_not_of("+-.0123456789abcdefABCDEFxX'_") == text.npos &&
                              text.find_first_of("+-.0123456789") == 0;
  return is_like_number ? std::string(text) : quoted_text(text, 60);
}

/// Reads "0x1f", "-0x10"; nothing where the text is no hexadecimal number.
inline std::optional<decimal> read_hexadecimal(std::string_view written) {
  auto const plain = without_separators(written);
  if (!plain) return std::nullopt;
  std::string_view text = *plain;
  decimal made;
  made.is_negative = text.starts_with('-');
  if (made.is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
  text.remove_prefix(2);
  if (text.empty()) return std::nullopt;
  for (char const c : text) {
    if (!is_hex_digit(c)) return std::nullopt;
    if (made.digits >> 120 != 0)
      made.has_more_digits = true;
    else
      made.digits =
          made.digits * 16 + static_cast<unsigned>(is_decimal_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return made;
}

/// Reads "12", "-3", "1'000'000", "1e6", "2.0" and "0x1f": the number modulo 2^64.
inline std::uint64_t read_whole(std::string_view text, whole_range range, text_place const& at) {
  auto number = read_hexadecimal(text);
  if (!number) number = read_decimal(text);
  if (!number) refuse_text(at, number_in_error(text) + " is no whole number");
  scaled_whole const found = scaled(*number, 1);
  if (found.fit == whole_fit::fraction)
    refuse_text(at, number_in_error(text) + " is no whole number, but has a fraction");
  bool const is_negative = number->is_negative && number->digits != 0;
  if (found.fit == whole_fit::too_large || found.magnitude > (is_negative ? range.below_zero : range.highest))
    refuse_text(at, number_in_error(text) + " is outside the range " + range.text());
  auto const magnitude = static_cast<std::uint64_t>(found.magnitude);
  return is_negative ? std::uint64_t{0} - magnitude : magnitude;
}

/// Reads "0.5", "1e-3", "1'000", "inf", "-inf" and "nan".
template <class Floating>
Floating read_floating(std::string_view text, text_place const& at) {
  using limits = std::numeric_limits<Floating>;
  std::string const word =
      in_lower_case(text.starts_with('+') || text.starts_with('-') ? text.substr(1) : text);
  if (word == "inf" || word == "infinity")
    return text.starts_with('-') ? -limits::infinity() : limits::infinity();
  if (word == "nan") return limits::quiet_NaN();
  auto const number = read_decimal(text);
  if (!number) refuse_text(at, number_in_error(text) + " is no number");
  std::string const plain = *without_separators(text);
  char const* const begin = plain.data() + (plain.starts_with('+') ? 1 : 0);
  Floating made{};
  if (std::from_chars(begin, plain.data() + plain.size(), made).ec == std::errc()) return made;
  // libstdc++ takes what strtold reports for numbers that are not normalized, which are exact enough, for an error.
  if constexpr (std::is_same_v<Floating, long double>) {
    static locale_t const plain_locale = ::newlocale(LC_ALL_MASK, "C", locale_t{});
    if (plain_locale != locale_t{}) made = ::strtold_l(begin, nullptr, plain_locale);
    if (made != 0 && made <= limits::max() && made >= limits::lowest()) return made;
  }
  // Out of range: the first digit tells which end.
  std::int64_t magnitude = number->exponent;
  for (wide_whole rest = number->digits; rest != 0; rest /= 10) ++magnitude;
  refuse_text(at, number_in_error(text) + (magnitude > 0 ? " is too large for the type"
                                                         : " is too small for the type: it would become 0"));
}

}  // namespace memo::detail
