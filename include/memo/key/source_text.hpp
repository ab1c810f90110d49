/// The source text of a lambda as the version of a step.
#pragma once

#include <memo/core/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace memo {
namespace detail {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         (c & 0x80) != 0;
}
constexpr bool is_operator(char c) {
  return std::string_view("+-*/%&|^!<>=~?:.#").find(c) != std::string_view::npos;
}

// Two characters that could be another token if the space between them went: words and literals, or
// operators.
constexpr bool could_join(char a, char b) {
  auto const wordlike = [](char c) { return is_word(c) || c == '"' || c == '\''; };
  return (wordlike(a) && wordlike(b)) || (is_operator(a) && is_operator(b));
}

/// Two FNV-1a hashes side by side: the only kind of hash here that a constant expression can afford.
class text_hash {
 public:
  constexpr void add(char c) {
    high_ = (high_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    low_ = (low_ ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15u;
    low_ ^= low_ >> 29;
    last_ = c;
  }
  constexpr void add(std::string_view text) {
    for (char const c : text) add(c);
  }
  constexpr char last() const { return last_; }
  constexpr digest finish() const { return {high_, low_}; }

 private:
  std::uint64_t high_ = 0xcbf29ce484222325u;
  std::uint64_t low_ = 0x6c62272e07bb0142u;
  char last_ = '(';  // joins with nothing
};

// The length of the word or number at the beginning of `text`, with the quotes that separate digits.
constexpr std::size_t word_length(std::string_view text) {
  bool const number = is_digit(text[0]);
  std::size_t length = 1;
  while (length < text.size() &&
         (is_word(text[length]) ||
          (number && text[length] == '\'' && length + 1 < text.size() && is_word(text[length + 1]))))
    ++length;
  return length;
}

// The length of the literal whose opening quote `text` begins with.
constexpr std::size_t literal_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == text[0])
      return i + 1;
  }
  return text.size();
}

// The same of a raw string, which ends with its own delimiter.
constexpr std::size_t raw_literal_length(std::string_view text) {
  std::size_t const open = text.find('(');
  if (open == std::string_view::npos) return text.size();
  std::string_view const delimiter = text.substr(1, open - 1);
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    std::string_view const rest = text.substr(i);
    if (rest[0] == ')' && rest.substr(1).starts_with(delimiter) && rest.size() > delimiter.size() + 1 &&
        rest[delimiter.size() + 1] == '"')
      return i + delimiter.size() + 2;
  }
  return text.size();
}

constexpr bool is_raw_prefix(std::string_view word) {
  return word == "R" || word == "u8R" || word == "uR" || word == "UR" || word == "LR";
}

}  // namespace detail

/// The digest of source text without its white space, except inside literals and where two words or two
/// operators would run into one: `a + +b` and `a++ b` differ, `f( x )` and `f(x)` do not.
constexpr digest source_digest(std::string_view text) {
  detail::text_hash hash;
  bool space = false;
  std::string_view word;
  for (std::size_t i = 0; i < text.size();) {
    char const c = text[i];
    if (detail::is_space(c)) {
      space = true;
      word = {};
      ++i;
      continue;
    }
    if (space && detail::could_join(hash.last(), c)) hash.add(' ');
    space = false;
    std::string_view const rest = text.substr(i);
    std::size_t length = 1;
    if (detail::is_word(c))
      length = detail::word_length(rest);
    else if (c == '"' && detail::is_raw_prefix(word))
      length = detail::raw_literal_length(rest);
    else if (c == '"' || c == '\'')
      length = detail::literal_length(rest);
    hash.add(rest.substr(0, length));
    word = detail::is_word(c) ? rest.substr(0, length) : std::string_view{};
    i += length;
  }
  return hash.finish();
}

/// A function together with the digest of its source text; made by MEMO_FN.
template <class F>
struct sourced {
  F function;
  digest source;
};
template <class F>
sourced(F, digest) -> sourced<F>;

}  // namespace memo

/// A lambda whose source text is its version: changing a comment or spacing is no change, anything else is.
/// What the lambda calls is not seen.
#define MEMO_FN(...) (::memo::sourced{__VA_ARGS__, ::memo::source_digest(#__VA_ARGS__)})
