/// Sizes and durations with their units, as they are typed: "500MiB", "1h30m".
///
///     size     ::= number unit?       B kB MB GB TB PB EB are powers of 1000; KiB MiB GiB TiB PiB EiB of 1024
///     duration ::= "-"? (number unit)+ | "0"      ns us ms s m or min h d w; "ps" too where a type counts those
///
/// Upper and lower case are one for sizes; spaces may stand around numbers. Nothing is rounded.
#pragma once

#include <memo/cli/decimal.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace memo {
namespace detail {

struct unit_name {
  std::string_view name;
  wide_whole size = 1;
};

inline constexpr unit_name size_units[] = {
    {"eib", wide_whole{1} << 60},
    {"eb", 1'000'000'000'000'000'000},
    {"pib", wide_whole{1} << 50},
    {"pb", 1'000'000'000'000'000},
    {"tib", wide_whole{1} << 40},
    {"tb", 1'000'000'000'000},
    {"gib", wide_whole{1} << 30},
    {"gb", 1'000'000'000},
    {"mib", wide_whole{1} << 20},
    {"mb", 1'000'000},
    {"kib", wide_whole{1} << 10},
    {"kb", 1'000},
    {"b", 1},
};

/// In picoseconds. The first of a size is the one that is printed.
inline constexpr unit_name duration_units[] = {
    {"w", 604'800'000'000'000'000},
    {"d", 86'400'000'000'000'000},
    {"h", 3'600'000'000'000'000},
    {"m", 60'000'000'000'000},
    {"min", 60'000'000'000'000},
    {"s", 1'000'000'000'000},
    {"ms", 1'000'000'000},
    {"us", 1'000'000},
    {"\u00b5s", 1'000'000},
    {"\u03bcs", 1'000'000},
    {"ns", 1'000},
    {"ps", 1},
};

/// Where the number at the beginning of a text ends.
inline std::size_t number_end(std::string_view text) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    char const c = text[end];
    bool const is_sign = c == '-' || c == '+';
    bool const is_exponent =
        (c == 'e' || c == 'E') && end > 0 && end + 1 < text.size() &&
        (is_decimal_digit(text[end + 1]) || text[end + 1] == '-' || text[end + 1] == '+');
    bool const is_behind_exponent = end > 0 && (text[end - 1] == 'e' || text[end - 1] == 'E');
    if (is_decimal_digit(c) || c == '.' || c == '\'' || c == '_' || is_exponent) continue;
    if (is_sign && (end == 0 || is_behind_exponent)) continue;
    break;
  }
  return end;
}

/// A duration of any length in picoseconds.
struct picoseconds_text {
  enum class problem : unsigned char { none, no_duration, no_unit, too_fine, too_long };
  problem what = problem::none;
  bool is_negative = false;
  wide_whole magnitude = 0;
};

inline picoseconds_text read_picoseconds(std::string_view text) {
  using problem = picoseconds_text::problem;
  picoseconds_text made;
  text = trimmed(text);
  if (text.starts_with('-') || text.starts_with('+')) {
    made.is_negative = text[0] == '-';
    text = trimmed(text.substr(1));
  }
  if (text.empty()) return {problem::no_duration};
  while (!text.empty()) {
    std::size_t const end = number_end(text);
    std::string_view const digits = text.substr(0, end);
    auto const number = read_decimal(digits);
    if (!number || digits[0] == '-' || digits[0] == '+') return {problem::no_duration};
    text = trimmed(text.substr(end));
    std::size_t letters = 0;
    while (letters < text.size() && !is_decimal_digit(text[letters]) && text[letters] != '.' &&
           text[letters] != ' ' && text[letters] != '-' && text[letters] != '+')
      ++letters;
    std::string_view const name = text.substr(0, letters);
    text = trimmed(text.substr(letters));
    unit_name const* known = nullptr;
    for (unit_name const& one : duration_units)
      if (one.name == name) known = &one;
    if (known == nullptr && name.empty() && number->digits == 0 && text.empty()) return made;
    if (known == nullptr) return {name.empty() ? problem::no_unit : problem::no_duration};
    scaled_whole const part = scaled(*number, known->size);
    if (part.fit == whole_fit::fraction) return {problem::too_fine};
    if (part.fit == whole_fit::too_large ||
        __builtin_add_overflow(made.magnitude, part.magnitude, &made.magnitude))
      return {problem::too_long};
  }
  return made;
}

inline std::string decimal_text(wide_whole number) {
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  return text;
}

/// The text that is read back as the same duration: "1h30m", "250ms", "0s".
inline std::string picoseconds_to_text(bool is_negative, wide_whole magnitude) {
  if (magnitude == 0) return "0s";
  std::string text(is_negative ? "-" : "");
  wide_whole last = 0;
  for (unit_name const& known : duration_units) {
    bool const is_other_spelling = known.size == last;
    last = known.size;
    if (is_other_spelling || magnitude / known.size == 0) continue;
    text += decimal_text(magnitude / known.size);
    text += known.name;
    magnitude %= known.size;
  }
  return text;
}

}  // namespace detail

/// The bytes that a size such as "10GB", "500MiB", "1e9" or "1.5 GiB" stands for; nothing where the text is none, is no
/// whole number of bytes or 2^64 or more. A letter alone, as in "10G", is none: half of the world means 10^9 by it.
inline std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = detail::trimmed(text);
  std::size_t const end = detail::number_end(text);
  auto const number = detail::read_decimal(text.substr(0, end));
  std::string const name = detail::in_lower_case(detail::trimmed(text.substr(end)));
  if (!number || (number->is_negative && number->digits != 0)) return std::nullopt;
  for (detail::unit_name const& known : detail::size_units) {
    if (known.name != (name.empty() ? "b" : name)) continue;
    auto const bytes = detail::scaled(*number, known.size);
    if (bytes.fit != detail::whole_fit::whole || bytes.magnitude > std::numeric_limits<std::uint64_t>::max())
      return std::nullopt;
    return static_cast<std::uint64_t>(bytes.magnitude);
  }
  return std::nullopt;
}

/// The shortest size that `parse_size` reads back as the same number: "500MiB", "10GB", "1234567B".
inline std::string exact_size_text(std::uint64_t bytes) {
  constexpr std::string_view names[] = {"EiB", "EB",  "PiB", "PB",  "TiB", "TB", "GiB",
                                        "GB",  "MiB", "MB",  "KiB", "kB",  "B"};
  std::string shortest = std::to_string(bytes) + "B";
  for (std::size_t i = 0; bytes != 0 && i < std::size(names); ++i)
    if (bytes % detail::size_units[i].size == 0) {
      std::string text = detail::decimal_text(bytes / detail::size_units[i].size) + std::string(names[i]);
      if (text.size() < shortest.size()) shortest = std::move(text);
    }
  return shortest;
}

/// The time that a duration such as "7d", "1h30m", "1.5 s" or "250ms" stands for; nothing where the text is none, has no
/// unit (but for "0"), is negative, no whole number of nanoseconds, or 292 years or more.
inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto const read = detail::read_picoseconds(text);
  constexpr auto limit = static_cast<detail::wide_whole>(std::chrono::nanoseconds::max().count());
  bool const is_negative = read.is_negative && read.magnitude != 0;
  if (read.what != detail::picoseconds_text::problem::none || is_negative || read.magnitude % 1000 != 0 ||
      read.magnitude / 1000 > limit)
    return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(read.magnitude / 1000));
}

/// The duration that `parse_duration` reads back as the same time: "1h30m", "250ms".
inline std::string exact_duration_text(std::chrono::nanoseconds time) {
  std::int64_t const count = time.count();
  auto const magnitude = count < 0 ? detail::wide_whole{0} - static_cast<detail::wide_whole>(count)
                                   : static_cast<detail::wide_whole>(count);
  return detail::picoseconds_to_text(count < 0, magnitude * 1000);
}

}  // namespace memo
