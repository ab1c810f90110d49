/// Names of enumerators, as the program spells them.
///
/// Compilers print a template argument of an enumeration by the name of its enumerator, and as "(type)7" where there is none
/// (the observation that magic_enum is built on). All values that are asked about are the arguments of one function here,
/// so that a type costs one instantiation and its names are cut out at run time.
#pragma once

#include <memo/key/names.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo::detail {

/// An enumerator; the number is its value modulo 2^64.
struct enumerator {
  std::string_view name;
  std::uint64_t number = 0;
};

/// What is known of an enumeration.
struct enumeration {
  std::vector<enumerator> names;  ///< ascending; one for each value, of those from -16 to 127 and powers of 2
  bool is_signed = false;
  std::uint64_t lowest = 0;  ///< the numbers that the type holds, modulo 2^64
  std::uint64_t highest = 0;

  bool holds(std::uint64_t number) const {
    return is_signed ? static_cast<std::int64_t>(number) >= static_cast<std::int64_t>(lowest) &&
                           static_cast<std::int64_t>(number) <= static_cast<std::int64_t>(highest)
                     : number <= highest;
  }
  enumerator const* find(std::uint64_t number) const {
    for (enumerator const& one : names)
      if (one.number == number) return &one;
    return nullptr;
  }
};

// Looks into the enumeration: clang knows the enumerators of one inside a class template only once somebody did.
template <class E>
concept looked_into = !requires { E::this_is_no_enumerator_but_makes_the_compiler_look; };

// Without a fixed underlying type an enumeration holds only as many bits as its enumerators need.
template <class E>
concept has_fixed_underlying_type = requires { E{0}; };

// g++, and clang up to its version 19, only warn of a constant that an enumeration does not hold; others do not substitute
// it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#if defined(__clang__) && __clang_major__ < 20
#  pragma clang diagnostic ignored "-Wenum-constexpr-conversion"
#endif
template <class E, auto Number, class = void>
inline constexpr bool is_enum_constant = false;
template <class E, auto Number>
inline constexpr bool
    is_enum_constant<E, Number, std::void_t<std::integral_constant<E, static_cast<E>(Number)>>> = true;

template <auto... Values>
std::string_view spelled_values() {
  return __PRETTY_FUNCTION__;
}

inline constexpr int lowest_asked = -16;

template <class E, int Bits>
consteval int bits_held() {
  if constexpr (Bits == 0)
    return 0;
  else if constexpr (is_enum_constant<E, (std::uint64_t{1} << (Bits - 1))>)
    return Bits;
  else
    return bits_held<E, Bits - 1>();
}
template <class E, int Lowest>
consteval int lowest_held() {
  if constexpr (Lowest == 0 || !std::is_signed_v<std::underlying_type_t<E>>)
    return 0;
  else if constexpr (is_enum_constant<E, Lowest>)
    return Lowest;
  else
    return lowest_held<E, Lowest / 2>();
}

template <class E, int From, int... I>
std::string_view spelled_row(std::integer_sequence<int, I...>) {
  return spelled_values<static_cast<E>(From + I)...>();
}
template <class E, int From, int... I>
std::string_view spelled_powers(std::integer_sequence<int, I...>) {
  using number = std::underlying_type_t<E>;
  return spelled_values<static_cast<E>(static_cast<number>(number{1} << (From + I)))...>();
}
#pragma GCC diagnostic pop

/// Takes the last identifier of each value in "[with auto ...Values = {color::red, (color)1}; ...]" (g++) or
/// "[Values = <color::red, (color)1>]" (clang), without those that are numbers. Nothing where the text is not
/// understood. `number_of(i)`: the i-th value.
template <class NumberOf>
void take_enumerators(std::vector<enumerator>& into, std::string_view text, std::size_t count,
                      NumberOf number_of) {
  std::size_t begin = text.find("Values = ");
  if (begin == text.npos) return;
  begin += 10;  // the bracket as well
  std::vector<std::string_view> spelled;
  int open = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    char const c = text[i];
    bool const closes = c == '>' || c == '}' || c == ')' || c == ']';
    if ((c == ',' || closes) && open == 0) {
      spelled.push_back(text.substr(begin, i - begin));
      begin = i + 1;
      if (closes) break;
    }
    open += c == '<' || c == '{' || c == '(' || c == '[' ? 1 : closes ? -1 : 0;
  }
  if (spelled.size() != count) return;
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view const value = spelled[i];
    std::size_t name = value.size();
    while (name > 0 && is_identifier_char(value[name - 1])) --name;
    bool const is_first = name == 0 || value[name - 1] == ' ' || value[name - 1] == ':';
    bool const is_name = name < value.size() && !(value[name] >= '0' && value[name] <= '9');
    if (is_first && is_name) into.push_back({value.substr(name), number_of(i)});
  }
}

template <class Number>
constexpr std::uint64_t modulo_64(Number value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

template <looked_into E>
enumeration find_enumeration() {
  using number = std::underlying_type_t<E>;
  using limits = std::numeric_limits<number>;
  enumeration made;
  made.is_signed = std::is_signed_v<number>;
  if constexpr (std::is_same_v<number, bool>) {
    made.highest = 1;
    take_enumerators(made.names, spelled_row<E, 0>(std::make_integer_sequence<int, 2>{}), 2,
                     [](std::size_t i) { return static_cast<std::uint64_t>(i); });
  } else {
    constexpr bool is_fixed = has_fixed_underlying_type<E>;
    constexpr int bits = is_fixed ? limits::digits : bits_held<E, limits::digits>();
    constexpr int from = lowest_held<E, lowest_asked>();
    constexpr int count = (1 << std::min(bits, 7)) - from;
    take_enumerators(made.names, spelled_row<E, from>(std::make_integer_sequence<int, count>{}),
                     static_cast<std::size_t>(count),
                     [](std::size_t i) { return modulo_64(from + static_cast<int>(i)); });
    if constexpr (bits > 7)
      take_enumerators(made.names, spelled_powers<E, 7>(std::make_integer_sequence<int, bits - 7>{}),
                       static_cast<std::size_t>(bits - 7),
                       [](std::size_t i) { return std::uint64_t{1} << (i + 7); });
    made.lowest = modulo_64(limits::min());
    made.highest = static_cast<std::uint64_t>(limits::max());
    if constexpr (!is_fixed) {
      std::uint64_t needed = 1;
      bool has_negative = false;
      for (enumerator const& one : made.names) {
        bool const is_negative = made.is_signed && static_cast<std::int64_t>(one.number) < 0;
        has_negative = has_negative || is_negative;
        needed |= is_negative ? ~one.number : one.number;
      }
      std::uint64_t mask = 1;
      while (mask < needed) mask = mask << 1 | 1;
      made.highest = mask;
      made.lowest = has_negative ? ~mask : 0;
    }
  }
  return made;
}

/// What is known of `E`: found once.
template <class E>
enumeration const& enumeration_of() {
  static enumeration const found = find_enumeration<E>();
  return found;
}

}  // namespace memo::detail
