/// The parts of a key as text, one line each.
#pragma once

#include <memo/key/key.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace memo {
namespace detail {

inline std::string hex_of(byte_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (std::byte const b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

/// As few digits as tell the number from all others of its type.
template <class Number>
std::string floating_text(byte_view bytes) {
  Number value;
  std::memcpy(&value, bytes.data(), sizeof value);
  char text[64];
  int digits = sizeof value == 4 ? 6 : 15;
  do {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
  } while (++digits <= 17 && static_cast<Number>(std::strtod(text, nullptr)) != value);
  return text;
}

inline std::string quoted(std::string_view raw) {
  std::string text = "\"";
  for (char const c : raw) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      text += "\\x" + hex_of(as_byte_view(std::string_view(&c, 1)));
    else
      (c == '"' || c == '\\' ? text += '\\' : text) += c;
  }
  return text += '"';
}

/// A small value as its schema says it is to be read; bytes in hexadecimal where that is not known.
inline std::string small_value_text(std::string_view schema, byte_view bytes) {
  auto is = [&](std::string_view name, std::size_t size) { return schema == name && bytes.size() == size; };
  if (is("f64", 8)) return floating_text<double>(bytes);
  if (is("f32", 4)) return floating_text<float>(bytes);
  if (is("i64", 8) || is("enum<i64>", 8)) return std::to_string(load_little<std::int64_t>(bytes.data()));
  if (is("i32", 4) || is("enum<i32>", 4)) return std::to_string(load_little<std::int32_t>(bytes.data()));
  if (is("i16", 2)) return std::to_string(load_little<std::int16_t>(bytes.data()));
  if (is("i8", 1)) return std::to_string(load_little<std::int8_t>(bytes.data()));
  if (is("u64", 8)) return std::to_string(load_little<std::uint64_t>(bytes.data()));
  if (is("u32", 4)) return std::to_string(load_little<std::uint32_t>(bytes.data()));
  if (is("u16", 2)) return std::to_string(load_little<std::uint16_t>(bytes.data()));
  if (is("u8", 1)) return std::to_string(load_little<std::uint8_t>(bytes.data()));
  if (is("bool", 1)) return bytes[0] == std::byte{0} ? "false" : "true";
  if (schema == "str" || schema == "path") return quoted(as_text(bytes));
  return "bytes " + hex_of(bytes);
}

/// The value in a part (see the grammar in key.hpp).
inline std::string value_text(std::string_view schema, byte_view bytes) {
  if (bytes.empty()) return "?";
  if (bytes[0] == std::byte{0}) return small_value_text(schema, bytes.subspan(1));
  return "digest " + to_hex(digest_in(bytes.subspan(1)));
}

/// The schema that `parts` give for what is read under `name`.
inline std::string_view schema_read(byte_view parts, std::string_view name) {
  part_reader reader(parts);
  part_view p;
  while (reader.next(p))
    if (p.tag == part::read && p.name == name) return as_text(p.bytes);
  return {};
}

inline std::uint64_t number_in(byte_view bytes) {
  return bytes.size() == 8 ? load_little<std::uint64_t>(bytes.data()) : 0;
}

inline std::string part_text(byte_view parts, part_view const& p) {
  std::string const name(p.name);
  switch (p.tag) {
    case part::format:
      return "key format " + std::to_string(number_in(p.bytes));
    case part::project:
      return "project " + quoted(as_text(p.bytes));
    case part::pipeline:
      return "pipeline " + quoted(as_text(p.bytes));
    case part::step:
      return "step " + quoted(p.name);
    case part::result:
      return "gives " + name + ": " + std::string(as_text(p.bytes));
    case part::read:
      return "reads " + name + ": " + std::string(as_text(p.bytes));
    case part::version:
      return "version " + std::to_string(static_cast<std::int64_t>(number_in(p.bytes)));
    case part::source:
      return "source digest " + to_hex(digest_in(p.bytes));
    case part::build:
      return "build digest " + to_hex(digest_in(p.bytes));
    case part::arithmetic:
      return "arithmetic " + std::string(as_text(p.bytes));
    case part::state:
      return "state of the function = " + value_text(p.name, p.bytes);
    case part::input:
      return "input " + name + " = " + value_text(schema_read(parts, p.name), p.bytes);
    case part::path:
      return "path of " + name + " = " + quoted(as_text(p.bytes));
    case part::user_key:
      return "key given by .key() = " + value_text(p.name, p.bytes);
    case part::identity:
      return "identity of the output: " + name;
    case part::over:
      return "for each element of " + name;
    case part::element:
      return "element = " + value_text(p.name, p.bytes);
    case part::environment:
      return "environment " + name +
             (p.bytes.empty() ? " not set" : " = " + quoted(as_text(p.bytes.subspan(1))));
  }
  return "part " + std::to_string(static_cast<unsigned>(p.tag)) + " of a newer format";
}

}  // namespace detail

/// The parts of a key, one line each: what a result depends on. A small value is printed, a large one by its digest.
inline std::string explain(byte_view parts) {
  std::string text;
  part_reader reader(parts);
  part_view p;
  while (reader.next(p)) {
    text += detail::part_text(parts, p);
    text += '\n';
  }
  return text;
}

}  // namespace memo
