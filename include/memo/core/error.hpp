/// Every error that memo throws, in one form: a headline, facts, and a hint what to do.
///
///     memo: the step `mean` failed: particle out of bounds
///       pipeline  statistics
///       scaled    digest 5c6b9ac4a2d6d5bfa7b7d2d3c0a7e0f1
///     hint: the exception of the step is nested in this one (std::rethrow_if_nested)
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// One line of an error: what it is about and what was found.
struct fact {
  std::string_view name;
  std::string value;
};

namespace detail {

inline std::string format_error(std::string_view headline, fact const* facts, std::size_t count,
                                std::string_view hint) {
  std::string text = "memo: ";
  text += headline;
  std::size_t width = 0;
  for (std::size_t i = 0; i < count; ++i) width = facts[i].name.size() > width ? facts[i].name.size() : width;
  for (std::size_t i = 0; i < count; ++i) {
    text += "\n  ";
    text += facts[i].name;
    text.append(width - facts[i].name.size() + 2, ' ');
    text += facts[i].value;
  }
  if (!hint.empty()) {
    text += "\nhint: ";
    text += hint;
  }
  return text;
}

}  // namespace detail

/// The base of all errors of memo; `what()` is the whole text.
class error : public std::runtime_error {
 public:
  error(std::string headline, std::initializer_list<fact> facts, std::string_view hint)
      : error(std::move(headline), facts.begin(), facts.size(), hint) {}
  error(std::string headline, std::vector<fact> const& facts, std::string_view hint)
      : error(std::move(headline), facts.data(), facts.size(), hint) {}

  /// The first line, without "memo: ".
  std::string const& headline() const { return headline_; }

 private:
  error(std::string headline, fact const* facts, std::size_t count, std::string_view hint)
      : std::runtime_error(detail::format_error(headline, facts, count, hint)),
        headline_(std::move(headline)) {}

  std::string headline_;
};

/// The program asked for something that cannot be: an unknown step, a bad value of an option or of MEMO_*.
class usage_error : public error {
  using error::error;
};

/// A store cannot be used, or, under `strict`, could not be read or written.
class store_error : public error {
  using error::error;
};

/// Stored bytes are not a value of the type that is asked for. Stores turn it into a miss.
class decode_error : public error {
  using error::error;
};

}  // namespace memo
