#pragma once

#include <memo/core/error.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// A step failed: its function threw, or an output did not pass a check. The exception of the function is nested in
/// this one (std::rethrow_if_nested); of a map, that of the first element that failed.
class step_failed : public error, public std::nested_exception {
 public:
  step_failed(std::string step, std::string message, std::vector<fact> facts,
              std::exception_ptr cause = nullptr, std::vector<std::size_t> elements = {})
      : error("the step `" + step + "` failed: " + message, facts,
              cause ? "the exception of the step is nested in this one (std::rethrow_if_nested)" : ""),
        std::nested_exception(nested(cause)),
        step_(std::move(step)),
        message_(std::move(message)),
        elements_(std::move(elements)) {}

  /// The name of the step.
  std::string const& step() const { return step_; }
  /// What the step's exception, or its check, said.
  std::string const& message() const { return message_; }
  /// The places in the range of the elements that failed, in ascending order; empty where the step is no map.
  std::vector<std::size_t> const& elements() const { return elements_; }

 private:
  // std::nested_exception takes what is being handled when it is made.
  static std::nested_exception nested(std::exception_ptr const& cause) {
    if (!cause) return {};
    try {
      std::rethrow_exception(cause);
    } catch (...) {
      return {};
    }
  }

  std::string step_;
  std::string message_;
  std::vector<std::size_t> elements_;
};

/// The run was stopped by `options::stop` before it was finished.
class run_cancelled : public error {
  using error::error;
};

/// Under `strict`: a step that ran again gave another value than before.
class not_reproducible : public error {
  using error::error;
};

namespace detail {

/// What an exception says of itself; never empty.
inline std::string message_of(std::exception_ptr const& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (std::exception const& e) {
    std::string const text = e.what();
    return text.empty() ? "an exception without a message" : text;
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace detail
}  // namespace memo
