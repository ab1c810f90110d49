/// JSON (RFC 8259), appended to a string piece by piece.
#pragma once

#include <memo/export/utf8.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// Which bytes stand for themselves in a string, wherever they are.
inline constexpr auto plain_in_json = [] {
  std::array<bool, 256> made{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) made[byte] = byte != '"' && byte != '\\' && byte != '<';
  return made;
}();

/// Appends `text` as a JSON string. It can stand in a <script> of HTML and in a line of JavaScript: "</" and "<!" are broken
/// up by an escape, as are U+2028 and U+2029. Bytes that are no UTF-8 become U+FFFD.
inline void append_json_string(std::string& into, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  into += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && plain_in_json[static_cast<unsigned char>(text[plain])]) ++plain;
    into.append(text.data(), plain);
    if (plain == text.size()) break;
    text.remove_prefix(plain);
    std::size_t const size = utf8_sequence_size(text);
    std::string_view const character = size == 0 ? replacement_character : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
    char const first = character[0];
    if (first == '"' || first == '\\') {
      into += '\\';
      into += first;
    } else if (first == '\n') {
      into += "\\n";
    } else if (first == '\t') {
      into += "\\t";
    } else if (first == '\r') {
      into += "\\r";
    } else if (static_cast<unsigned char>(first) < 0x20 || first == 0x7f ||
               (first == '<' && !text.empty() && (text[0] == '/' || text[0] == '!'))) {
      into += "\\u00";
      into += digits[static_cast<unsigned char>(first) >> 4];
      into += digits[first & 15];
    } else if (character == "\xe2\x80\xa8") {
      into += "\\u2028";
    } else if (character == "\xe2\x80\xa9") {
      into += "\\u2029";
    } else {
      into += character;
    }
  }
  into += '"';
}

/// Writes one JSON value. Commas and colons come by themselves; what is opened has to be closed, and `key` stands before
/// each member of an object. Neither is checked.
///
///     json_writer w;
///     w.begin_object().member("name", "a").key("times").begin_array().number(1).number(2.5).end_array().end_object();
///     w.text();  // {"name":"a","times":[1,2.5]}
class json_writer {
 public:
  /// Room for so many bytes, where it is known that there will be about as many.
  json_writer& reserve(std::size_t size) {
    text_.reserve(size);
    return *this;
  }

  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name) {
    separate();
    append_json_string(text_, name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
  }

  json_writer& string(std::string_view value) {
    separate();
    append_json_string(text_, value);
    return *this;
  }
  /// A string of two lower-case hexadecimal digits for each byte.
  json_writer& hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    separate();
    std::size_t at = text_.size();
    text_.resize(at + 2 * bytes.size() + 2, '"');
    for (char const c : bytes) {
      text_[++at] = digits[static_cast<unsigned char>(c) >> 4];
      text_[++at] = digits[c & 15];
    }
    return *this;
  }
  /// Integers exactly, although many readers keep 53 bits only.
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  json_writer& number(Integer value) {
    return append_number(value);
  }
  /// The shortest text that is read back as the same number; null for NaN and infinities.
  json_writer& number(double value) { return std::isfinite(value) ? append_number(value) : null(); }
  json_writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  json_writer& null() { return raw("null"); }
  /// A value that is JSON already.
  json_writer& raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
  }

  json_writer& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  json_writer& member(std::string_view name, char const* value) { return key(name).string(value); }
  json_writer& member(std::string_view name, std::string const& value) { return key(name).string(value); }
  json_writer& member(std::string_view name, std::same_as<bool> auto value) {
    return key(name).boolean(value);
  }
  template <class Number>
    requires(std::integral<Number> || std::same_as<Number, double>) && (!std::same_as<Number, bool>)
  json_writer& member(std::string_view name, Number value) {
    return key(name).number(value);
  }
  /// An array of strings.
  json_writer& member(std::string_view name, std::vector<std::string> const& values) {
    key(name).begin_array();
    for (std::string const& one : values) string(one);
    return end_array();
  }

  /// What was written so far.
  std::string const& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  json_writer& open(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
    return *this;
  }
  json_writer& close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
    return *this;
  }
  void separate() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = true;
  }
  template <class Number>
  json_writer& append_number(Number value) {
    separate();
    char digits[40];
    auto const end = std::to_chars(digits, digits + sizeof digits, value);
    text_.append(digits, end.ptr);
    return *this;
  }

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace memo::detail
