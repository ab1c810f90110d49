/// Tags of types inside what a cereal function shows an archive: they turn a reordered or data-dependent
/// function into an error on load.
#pragma once

#include <memo/key/packed.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace memo::detail {

/// One byte in front of a value. The numbers are in stored bytes: append only.
enum class type_code : std::uint8_t {
  name = 1,
  boolean = 2,
  i8 = 3,
  i16 = 4,
  i32 = 5,
  i64 = 6,
  u8 = 7,
  u16 = 8,
  u32 = 9,
  u64 = 10,
  f32 = 11,
  f64 = 12,
  wide_float = 13,
  character = 14,  // of any width
  enumeration = 15,
  text = 16,
  path = 17,
  array = 18,
  sequence = 19,
  set = 20,
  map = 21,
  optional = 22,
  pointer = 23,
  variant = 24,
  product = 25,
  complex = 26,
  duration = 27,
  time_point = 28,
  unit = 29,
  aggregate = 30,
  cereal = 31,
  codec = 32,
  bytes = 33,
  size = 34,
  version = 35,
};

inline constexpr std::size_t long_double_size =
    std::numeric_limits<long double>::digits == 64 ? 10 : sizeof(long double);

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, char8_t> || std::is_same_v<T, char16_t> ||
    std::is_same_v<T, char32_t> || std::is_same_v<T, wchar_t>;

template <class T>
consteval type_code number_code() {
  if (is_character<T>) return type_code::character;
  if (std::is_floating_point_v<T>) return sizeof(T) == 4 ? type_code::f32 : type_code::f64;
  bool const is_signed = std::is_signed_v<T>;
  switch (sizeof(T)) {
    case 1:
      return is_signed ? type_code::i8 : type_code::u8;
    case 2:
      return is_signed ? type_code::i16 : type_code::u16;
    case 4:
      return is_signed ? type_code::i32 : type_code::u32;
    default:
      return is_signed ? type_code::i64 : type_code::u64;
  }
}

/// The tag of T.
template <class T>
consteval type_code code_of() {
  constexpr form s = form_of<T>;
  if constexpr (s == form::number) return number_code<T>();
  switch (s) {
    case form::boolean:
      return type_code::boolean;
    case form::wide_float:
      return type_code::wide_float;
    case form::enumeration:
      return type_code::enumeration;
    case form::text:
    case form::text_view:
      return type_code::text;
    case form::path:
      return type_code::path;
    case form::array:
      return type_code::array;
    case form::view:
    case form::sequence:
      return type_code::sequence;
    case form::set:
    case form::unordered_set:
      return type_code::set;
    case form::map:
    case form::unordered_map:
      return type_code::map;
    case form::optional:
      return type_code::optional;
    case form::pointer:
      return type_code::pointer;
    case form::variant:
      return type_code::variant;
    case form::product:
      return type_code::product;
    case form::complex:
      return type_code::complex;
    case form::duration:
      return type_code::duration;
    case form::time_point:
      return type_code::time_point;
    case form::unit:
      return type_code::unit;
    case form::hana:
    case form::aggregate:
      return type_code::aggregate;
    case form::cereal:
      return type_code::cereal;
    default:
      return type_code::codec;
  }
}

constexpr std::uint32_t mix_code(std::uint32_t code, std::uint32_t more) { return (code ^ more) * 16777619u; }

// Packed values have no tags inside, so that they stay one piece; one number in front stands for all of them.
template <class T>
constexpr std::uint32_t packed_code(std::uint32_t code);

template <class... Fs>
constexpr std::uint32_t packed_codes(std::uint32_t code, type_list<Fs...>) {
  ((code = packed_code<std::remove_cv_t<Fs>>(code)), ...);
  return code;
}

template <class T>
constexpr std::uint32_t packed_code(std::uint32_t code) {
  constexpr form s = form_of<T>;
  code = mix_code(code, static_cast<std::uint32_t>(code_of<T>()));
  code = mix_code(code, static_cast<std::uint32_t>(sizeof(T)));
  if constexpr (s == form::array || s == form::complex)
    return packed_code<element_of<T>>(code);
  else if constexpr (s == form::enumeration)
    return packed_code<std::underlying_type_t<T>>(code);
  else if constexpr (s == form::aggregate)
    return packed_codes(code, parts_of<T>());
  else
    return code;
}

/// The number that stands for T where it is packed.
template <class T>
inline constexpr std::uint32_t packed_code_of = packed_code<T>(2166136261u);

}  // namespace memo::detail
