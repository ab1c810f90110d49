/// Every error that memo throws, in one form: a headline, facts, and a hint what to do.
///
///     memo: the step `mean` failed
///       step      mean
///       message   particle out of bounds
///     hint: the exception of the step is nested in this one
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

inline std::string format_error(std::string_view headline, std::vector<fact> const& facts,
                                std::string_view hint) {
  std::string text = "memo: ";
  text += headline;
  std::size_t width = 0;
  for (auto const& f : facts) width = f.name.size() > width ? f.name.size() : width;
  for (auto const& f : facts) {
    text += "\n  ";
    text += f.name;
    text.append(width - f.name.size() + 2, ' ');
    text += f.value;
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
  error(std::string headline, std::vector<fact> const& facts, std::string_view hint)
      : std::runtime_error(detail::format_error(headline, facts, hint)), headline_(std::move(headline)) {}

  /// The first line, without "memo: ".
  std::string const& headline() const { return headline_; }

 private:
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
