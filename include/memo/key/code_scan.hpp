/// Source files as the compiler's first phases see them: tokens without comments and spacing, and what they include.
/// Not part of <memo/memo.hpp>.
#pragma once

#include <memo/key/source_text.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// A file that a source file names in `#include`, `#embed` or `import`, or asks for with `__has_include`.
struct code_include {
  std::string name{};
  bool is_quoted = false;  ///< "name", not <name>
  bool is_next = false;    ///< #include_next: the same name in a later folder
  bool is_data = false;    ///< #embed: its bytes count, as they are

  bool operator==(code_include const&) const = default;
};

/// What counts of a source file.
struct code_scan {
  /// Its tokens, one space between two of them, each directive on a line of its own. Scanned again, it gives itself.
  std::string text{};
  std::vector<code_include> includes{};  ///< in order; a branch of `#if` that is not compiled counts too
};

/// Reads source text character by character, with lines joined that end in a backslash.
class code_cursor {
 public:
  explicit code_cursor(std::string_view text) : text_(text) { join_lines(); }

  bool at_end() const { return at_ == text_.size(); }
  /// The next character; a zero at the end.
  char next() const { return at_end() ? '\0' : text_[at_]; }
  char second() const {
    code_cursor ahead = *this;
    ahead.skip();
    return ahead.next();
  }
  void skip() {
    if (at_end()) return;
    ++at_;
    join_lines();
  }
  char take() {
    char const c = next();
    skip();
    return c;
  }

  // Within a raw string lines are not joined.
  std::string_view rest() const { return text_.substr(at_); }
  void skip_raw(std::size_t length) {
    at_ += length;
    join_lines();
  }

 private:
  void join_lines() {
    while (at_ < text_.size() && text_[at_] == '\\') {
      std::size_t end = at_ + 1;
      while (end < text_.size() && text_[end] != '\n' && is_space(text_[end])) ++end;
      if (end == text_.size() || text_[end] != '\n') return;
      at_ = end + 1;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class code_scanner {
 public:
  explicit code_scanner(std::string_view source)
      : in_(source.starts_with("\xef\xbb\xbf") ? source.substr(3) : source) {}

  code_scan run() {
    while (!in_.at_end()) {
      if (skip_blank()) continue;
      if (in_.next() == '\n') {
        in_.skip();
        end_line();
      } else {
        take_token();
      }
    }
    end_line();
    return std::move(made_);
  }

 private:
  enum class place : unsigned char { line_start, in_line, directive_word, directive, macro_name, macro_end };

  /// Skips a space or a comment, which is one; not the end of a line.
  bool skip_blank() {
    char const c = in_.next();
    if (c == '/' && in_.second() == '/') {
      while (!in_.at_end() && in_.next() != '\n') in_.skip();
    } else if (c == '/' && in_.second() == '*') {
      in_.skip();
      in_.skip();
      while (!in_.at_end() && !(in_.next() == '*' && in_.second() == '/')) in_.skip();
      in_.skip();
      in_.skip();
    } else if (is_space(c) && c != '\n') {
      in_.skip();
    } else {
      return false;
    }
    // `#define f (x)` names a value and `#define f(x)` a function.
    if (place_ == place::macro_end) place_ = place::directive;
    return true;
  }

  void end_line() {
    if (place_ > place::in_line) made_.text += '\n';
    place_ = place::line_start;
  }

  void begin_token() {
    bool const is_parameters = place_ == place::macro_end && in_.next() == '(';
    if (!made_.text.empty() && made_.text.back() != '\n' && !is_parameters) made_.text += ' ';
    if (place_ == place::macro_end) place_ = place::directive;
  }

  void take_token() {
    char const c = in_.next();
    bool const is_directive = c == '#' || (c == '%' && in_.second() == ':');
    if (place_ == place::line_start && is_directive) {
      if (!made_.text.empty() && made_.text.back() != '\n') made_.text += '\n';
      for (std::size_t length = c == '#' ? 1 : 2; length > 0; --length) made_.text += in_.take();
      place_ = place::directive_word;
      return;
    }
    bool const begins_line = place_ == place::line_start;
    if (begins_line) place_ = place::in_line;
    begin_token();
    if (is_digit(c) || (c == '.' && is_digit(in_.second())))
      take_number();
    else if (is_word(c))
      take_word(begins_line);
    else if (c == '"' || c == '\'')
      take_literal();
    else
      take_operator();
  }

  void take_number() {
    char last = in_.take();
    made_.text += last;
    for (;;) {
      char const c = in_.next();
      bool const is_sign =
          (c == '+' || c == '-') && (last == 'e' || last == 'E' || last == 'p' || last == 'P');
      if (!is_word(c) && c != '.' && !is_sign && !(c == '\'' && is_word(in_.second()))) return;
      last = in_.take();
      made_.text += last;
    }
  }

  void take_word(bool begins_line) {
    std::string word;
    while (is_word(in_.next())) word += in_.take();
    made_.text += word;
    if (in_.next() == '"' && is_raw_prefix(word)) {
      std::size_t const length = raw_literal_length(in_.rest());
      made_.text += in_.rest().substr(0, length);
      in_.skip_raw(length);
      take_suffix();
    } else if ((in_.next() == '"' || in_.next() == '\'') && is_encoding(word)) {
      take_literal();
    }
    if (place_ == place::directive_word) {
      place_ = word == "define" ? place::macro_name : place::directive;
      if (word == "include" || word == "import") take_header({});
      if (word == "include_next") take_header({.is_next = true});
      if (word == "embed") take_header({.is_data = true});
    } else if (place_ == place::macro_name) {
      place_ = place::macro_end;
    } else if (place_ == place::directive && word.starts_with("__has_")) {
      take_question(word);
    } else if (word == "import" && (begins_line || follows_export_)) {
      take_header({});
    }
    follows_export_ = begins_line && word == "export";
  }

  void take_question(std::string_view word) {
    bool const is_next = word == "__has_include_next";
    bool const is_data = word == "__has_embed";
    if (word != "__has_include" && !is_next && !is_data) return;
    while (skip_blank()) {
    }
    if (in_.next() != '(') return;
    begin_token();
    made_.text += in_.take();
    take_header({.is_next = is_next, .is_data = is_data});
  }

  static bool is_encoding(std::string_view word) {
    return word == "L" || word == "u" || word == "U" || word == "u8";
  }

  // In skipped branches stand apostrophes that open nothing: no literal is longer than its line.
  void take_literal() {
    char const quote = in_.next();
    made_.text += in_.take();
    while (!in_.at_end() && in_.next() != '\n') {
      char const c = in_.take();
      made_.text += c;
      if (c == quote) return take_suffix();
      if (c == '\\' && !in_.at_end() && in_.next() != '\n') made_.text += in_.take();
    }
  }

  void take_suffix() {
    while (is_word(in_.next())) made_.text += in_.take();
  }

  /// The name that follows in <> or quotes, in which neither comments nor escapes are known; nothing where a macro does.
  void take_header(code_include made) {
    while (skip_blank()) {
    }
    char const open = in_.next();
    if (open != '<' && open != '"') return;
    begin_token();
    made_.text += in_.take();
    char const close = open == '<' ? '>' : '"';
    while (!in_.at_end() && in_.next() != '\n' && in_.next() != close) made.name += in_.take();
    made_.text += made.name;
    if (in_.next() != close) return;
    made_.text += in_.take();
    made.is_quoted = open == '"';
    made_.includes.push_back(std::move(made));
  }

  void take_operator() {
    constexpr std::string_view longest[] = {"%:%:", "<<=", ">>=", "<=>", "...", "->*"};
    constexpr std::string_view pairs =
        "++ -- << >> <= >= == != && || += -= *= /= %= &= |= ^= -> .* :: ## <: :> <% %> %:";
    std::string ahead;
    code_cursor look = in_;
    for (; ahead.size() < 4 && !look.at_end(); look.skip()) ahead += look.next();
    std::string_view const text = ahead;
    std::size_t length = 1;
    for (std::string_view const one : longest)
      if (length == 1 && text.starts_with(one)) length = one.size();
    std::size_t const pair = pairs.find(text.substr(0, 2));
    if (length == 1 && text.size() > 1 && !is_space(text[1]) && pair != std::string_view::npos) length = 2;
    for (; length > 0; --length) made_.text += in_.take();
  }

  code_cursor in_;
  code_scan made_;
  place place_ = place::line_start;
  bool follows_export_ = false;
};

/// What counts of `source`, C++ source text of any kind. Linear in its size.
///
/// Left out are comments, spacing and joined lines, where a compiler leaves them out: string literals, header names and the
/// lines of directives keep what counts. So a macro that turns its argument into text, and `__LINE__`, see more than this.
inline code_scan scan_code(std::string_view source) { return code_scanner(source).run(); }

}  // namespace memo::detail
