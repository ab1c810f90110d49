/// Values that need no brackets, from text.
#pragma once

#include <memo/cli/terminal.hpp>
#include <memo/cli/value_words.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <locale>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo::detail {

inline bool read_boolean(std::string_view text, text_place const& at) {
  std::string const word = in_lower_case(text);
  for (std::string_view const yes : {"true", "yes", "on", "1"})
    if (word == yes) return true;
  for (std::string_view const no : {"false", "no", "off", "0"})
    if (word == no) return false;
  refuse_text(at, quoted_text(text, 60) + " is neither true nor false",
              "write true or false, yes or no, on or off, 1 or 0");
}

/// The number of the enumerator `text`, modulo 2^64.
inline std::uint64_t read_enumerator(enumeration const& known, std::string_view text, text_place const& at) {
  for (enumerator const& one : known.names)
    if (one.name == text) return one.number;
  // What is no number is a name, and then the names are of more help.
  if (text.empty() || text.find_first_not_of("+-0123456789xXabcdefABCDEF'_") != text.npos ||
      text.find_first_of("0123456789") == text.npos) {
    std::vector<std::string> names;
    for (enumerator const& one : known.names) names.emplace_back(one.name);
    if (names.empty())
      refuse_text(at,
                  quoted_text(text, 60) + " is no whole number, and the names of this type cannot be read",
                  "give the number");
    std::string const nearest = nearest_name(text, names);
    refuse_text(at, quoted_text(text, 60) + " is none of the names",
                nearest.empty() ? std::string() : "did you mean `" + nearest + "`?");
  }
  auto const magnitude = [](std::uint64_t lowest) { return std::uint64_t{0} - lowest; };
  return read_whole(text, {known.is_signed ? magnitude(known.lowest) : 0, known.highest}, at);
}

struct real_and_imaginary {
  std::string_view real, imaginary;  ///< an empty one is 0
};

/// Splits "1+2i", "-2i", "1.5", "(1,2)". Empty where the text has no such form.
inline real_and_imaginary split_complex(std::string_view text) {
  if (text.starts_with('(') && text.ends_with(')')) {
    text = text.substr(1, text.size() - 2);
    std::size_t const comma = text.find(',');
    return comma == text.npos
               ? real_and_imaginary{trimmed(text), {}}
               : real_and_imaginary{trimmed(text.substr(0, comma)), trimmed(text.substr(comma + 1))};
  }
  if (text.empty() || (text.back() != 'i' && text.back() != 'j')) return {text, {}};
  text.remove_suffix(1);
  std::size_t split = text.size();
  while (split > 0) {
    --split;
    bool const is_sign = text[split] == '+' || text[split] == '-';
    bool const is_exponent = split > 1 && (text[split - 1] == 'e' || text[split - 1] == 'E') &&
                             (is_decimal_digit(text[split - 2]) || text[split - 2] == '.');
    if (is_sign && !is_exponent) break;
  }
  std::string_view const imaginary = text.substr(split);
  if (imaginary.empty() || imaginary == "+") return {trimmed(text.substr(0, split)), "1"};
  if (imaginary == "-") return {trimmed(text.substr(0, split)), "-1"};
  return {trimmed(text.substr(0, split)), imaginary};
}

[[noreturn]] inline void refuse_duration(picoseconds_text::problem problem, std::string_view text,
                                         text_place const& at) {
  std::string const shown = quoted_text(text, 60);
  switch (problem) {
    case picoseconds_text::problem::no_unit:
      refuse_text(at, shown + " has no unit", "write one of ns, us, ms, s, m, h, d and w behind the number");
    case picoseconds_text::problem::too_fine:
      refuse_text(at, shown + " is finer than the type can tell");
    case picoseconds_text::problem::too_long:
      refuse_text(at, shown + " is too long for the type");
    default:
      refuse_text(at, shown + " is no duration");
  }
}

/// True for infinity and for what is no number, as floating-point types write them.
inline bool is_word_for_number(std::string_view text) {
  std::string word = in_lower_case(text);
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.erase(0, 1);
  return word == "inf" || word == "infinity" || word == "nan";
}

template <class Duration>
Duration read_duration(std::string_view text, text_place const& at) {
  using rep = typename Duration::rep;
  using problem = picoseconds_text::problem;
  constexpr wide_whole one = picoseconds_in<typename Duration::period>();
  if constexpr (std::is_floating_point_v<rep>) {
    // A number of this very unit needs no way round.
    constexpr std::string_view suffix = unit_of_period<typename Duration::period>();
    std::string_view const number = text.substr(0, text.size() - std::min(text.size(), suffix.size()));
    bool const is_number = text.ends_with(suffix) &&
                           (is_word_for_number(trimmed(number)) || read_decimal(trimmed(number)).has_value());
    if (is_number) return Duration(read_floating<rep>(trimmed(number), at));
  }
  picoseconds_text const read = read_picoseconds(text);
  if (read.what != problem::none) refuse_duration(read.what, text, at);
  if constexpr (std::is_floating_point_v<rep>) {
    auto const count =
        static_cast<rep>(static_cast<long double>(read.magnitude) / static_cast<long double>(one));
    return Duration(read.is_negative ? -count : count);
  } else {
    whole_range const range = range_of<rep>();
    wide_whole const count = read.magnitude / one;
    bool const is_negative = read.is_negative && count != 0;
    if (read.magnitude % one != 0) refuse_duration(problem::too_fine, text, at);
    if (count > (is_negative ? range.below_zero : range.highest))
      refuse_duration(problem::too_long, text, at);
    auto const magnitude = static_cast<std::uint64_t>(count);
    return Duration(static_cast<rep>(is_negative ? std::uint64_t{0} - magnitude : magnitude));
  }
}

/// What a function of the program throws says the same as ours.
[[noreturn]] inline void refuse_as_program_does(std::string_view text, text_place const& at) {
  try {
    throw;
  } catch (parse_problem const&) {
    throw;
  } catch (error const& problem) {
    refuse_text(at, problem.headline());
  } catch (std::bad_alloc const&) {
    throw;
  } catch (std::exception const& problem) {
    refuse_text(at, quoted_text(text, 60) + " is refused: " + visible(problem.what()));
  } catch (...) {
    refuse_text(at, quoted_text(text, 60) + " is refused");
  }
}

template <class T>
void read_streamed(T& into, std::string_view text, text_place const& at) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  in >> into;
  if (in && !in.eof()) in >> std::ws;
  if (!in || in.peek() != std::istringstream::traits_type::eof())
    refuse_text(at, quoted_text(text, 60) + " is not understood");
}

/// What of the text counts: all of it where it can have blanks of its own.
template <class T>
std::string_view scalar_part(std::string_view text) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::text || k == text_kind::path || k == text_kind::location ||
                k == text_kind::own || k == text_kind::stream || k == text_kind::character)
    return text;
  else
    return trimmed(text);
}

template <class T>
T scalar_value(std::string_view text, text_place const& at);

/// The value that `written` stands for. What `into` is matters only for a memo::file and the like, which stay `by_stat`.
template <class T>
void read_scalar(T& into, std::string_view written, text_place const& at) {
  constexpr text_kind k = text_kind_of<T>;
  std::string_view const text = scalar_part<T>(written);
  if constexpr (k == text_kind::own) {
    into = scalar_value<T>(text, at);
  } else if constexpr (k == text_kind::stream) {
    try {
      read_streamed(into, text, at);
    } catch (...) {
      refuse_as_program_does(text, at);
    }
  } else if constexpr (k == text_kind::boolean) {
    into = read_boolean(text, at);
  } else if constexpr (k == text_kind::character) {
    if (text.size() != 1) refuse_text(at, quoted_text(text, 60) + " is not one character of one byte");
    into = text[0];
  } else if constexpr (k == text_kind::integer) {
    into = static_cast<T>(read_whole(text, range_of<T>(), at));
  } else if constexpr (k == text_kind::floating) {
    into = read_floating<T>(text, at);
  } else if constexpr (k == text_kind::enumeration) {
    into = static_cast<T>(
        static_cast<std::underlying_type_t<T>>(read_enumerator(enumeration_of<T>(), text, at)));
  } else if constexpr (k == text_kind::text) {
    into = T(text);
  } else if constexpr (k == text_kind::path) {
    into = T(std::string(text));
  } else if constexpr (k == text_kind::location) {
    bool const is_by_stat = into.is_by_stat();
    into = T(std::string(text));
    if (is_by_stat) into = into.by_stat();
  } else if constexpr (k == text_kind::duration) {
    into = read_duration<T>(text, at);
  } else {
    static_assert(k == text_kind::complex);
    using number = element_of<T>;
    auto const parts = split_complex(text);
    if (text.empty()) refuse_text(at, "\"\" is no complex number");
    into = T(parts.real.empty() ? number{} : read_floating<number>(parts.real, at),
             parts.imaginary.empty() ? number{} : read_floating<number>(parts.imaginary, at));
  }
}

/// A value of a type that may have no default constructor.
template <class T>
T scalar_value(std::string_view text, text_place const& at) {
  if constexpr (text_kind_of<T> == text_kind::own) {
    try {
      return memo::text_of<T>::parse(text);
    } catch (...) {
      refuse_as_program_does(text, at);
    }
  } else {
    T made{};
    read_scalar(made, text, at);
    return made;
  }
}

}  // namespace memo::detail
