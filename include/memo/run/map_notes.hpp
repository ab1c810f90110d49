/// What goes wrong while a map runs, noted by any of its threads.
#pragma once

#include <memo/run/errors.hpp>
#include <memo/run/map_request.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// Notes from any thread; they are read by one thread when the others are done.
class map_notes {
 public:
  struct failure {
    std::uint32_t index = 0;  ///< of the first element of this value
    std::string message;
    std::exception_ptr thrown;
  };

  /// The index of what concerns no single element.
  static constexpr std::uint32_t no_element = 0xffffffff;

  /// `ending` is told to stop when no element is to be started any more because of what was noted.
  explicit map_notes(std::stop_source& ending) : ending_(ending) {}

  void failed(std::uint32_t at, std::exception_ptr thrown, bool keep_going) {
    constexpr std::size_t most = 8;
    failure made{at, message_of(thrown), std::move(thrown)};
    if (!keep_going) ending_.request_stop();
    std::lock_guard const guard(lock_);
    auto const after = std::find_if(failures_.begin(), failures_.end(),
                                    [&](failure const& known) { return known.index > at; });
    failures_.insert(after, std::move(made));
    if (failures_.size() > most) failures_.pop_back();
  }
  /// What is being handled is no failure of an element, and ends the run.
  void broke() {
    ending_.request_stop();
    std::lock_guard const guard(lock_);
    if (!broken_) broken_ = std::current_exception();
  }
  void differs(std::uint32_t at, std::string const& text) {
    std::lock_guard const guard(lock_);
    if (!difference_.empty() && differs_at_ <= at) return;
    differs_at_ = at;
    difference_ = "element " + std::to_string(at) + ": " + text;
  }
  /// Of several clauses the one of the first element is told, so that it is the same for any number of threads.
  void uncacheable(std::uint32_t at, std::string why) {
    std::lock_guard const guard(lock_);
    if (!uncacheable_.empty() && uncacheable_at_ <= at) return;
    uncacheable_at_ = at;
    uncacheable_ = std::move(why);
  }
  void warn(std::string text) {
    std::lock_guard const guard(lock_);
    if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end())
      warnings_.push_back(std::move(text));
  }

  bool is_broken() const { return broken_ != nullptr; }
  bool is_uncacheable() const { return !uncacheable_.empty(); }
  /// The first of the range's elements that failed, a few of them.
  std::vector<failure> const& failures() const { return failures_; }

  /// Moves what was noted into the outcome, but for the failures.
  void tell(map_outcome& made) {
    made.broken = broken_;
    made.difference = std::move(difference_);
    made.uncacheable = std::move(uncacheable_);
    made.warnings = std::move(warnings_);
  }

 private:
  std::stop_source& ending_;
  std::mutex lock_;
  std::vector<failure> failures_;
  std::string difference_;
  std::uint32_t differs_at_ = 0;
  std::string uncacheable_;
  std::uint32_t uncacheable_at_ = 0;
  std::vector<std::string> warnings_;
  std::exception_ptr broken_;
};

}  // namespace memo::detail
