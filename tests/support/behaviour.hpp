/// What tests of behaviour ask of a run: which steps ran, which were hits, and what happened in which order.
#pragma once

#include <memo/memo.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using namespace memo::literals;

using names = std::vector<std::string>;

/// The steps with this outcome, in the order of their declaration.
inline names steps_with(memo::report const& report, memo::outcome wanted) {
  names found;
  for (auto const& step : report.steps)
    if (step.outcome == wanted) found.push_back(step.name);
  return found;
}
inline names ran(memo::report const& report) { return steps_with(report, memo::outcome::ran); }
inline names hits(memo::report const& report) { return steps_with(report, memo::outcome::hit); }

/// True where all steps of the report ran, or all were hits.
inline bool all_ran(memo::report const& report) {
  return report.count(memo::outcome::ran) == report.steps.size();
}
inline bool all_hit(memo::report const& report) {
  return report.count(memo::outcome::hit) == report.steps.size();
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// How often each thing happened, by name; for counting calls of functions that are constants.
inline int& calls(std::string_view name) {
  static std::map<std::string, int, std::less<>> counters;
  auto const found = counters.find(name);
  return found != counters.end() ? found->second : counters.emplace(std::string(name), 0).first->second;
}

/// Keeps all events as text: "did_hit mean".
class recorder final : public memo::observer {
 public:
  struct happened {
    memo::event_kind kind;
    std::string step, text;
    std::uint64_t count, total;
  };

  void notice(memo::event const& e) override {
    std::lock_guard const lock(mutex_);
    seen_.push_back({e.kind, std::string(e.step), std::string(e.text), e.count, e.total});
  }
  std::vector<happened> const& seen() const { return seen_; }
  void clear() { seen_.clear(); }

  names steps(memo::event_kind kind) const {
    names found;
    for (auto const& e : seen_)
      if (e.kind == kind) found.push_back(e.step);
    return found;
  }
  std::size_t count(memo::event_kind kind) const { return steps(kind).size(); }

 private:
  std::mutex mutex_;
  std::vector<happened> seen_;
};

/// The text of the error that `act` throws, or "nothing was thrown". Another exception passes.
template <class Error = memo::error, class Act>
std::string error_of(Act&& act) {
  try {
    std::forward<Act>(act)();
  } catch (Error const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

/// An environment variable for the life of this object.
class variable {
 public:
  variable(char const* name, char const* value) : name_(name) {
    if (char const* old = std::getenv(name); old != nullptr) old_ = old, had_ = true;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  variable(variable const&) = delete;
  variable& operator=(variable const&) = delete;
  ~variable() { had_ ? ::setenv(name_, old_.c_str(), 1) : ::unsetenv(name_); }

 private:
  char const* name_;
  std::string old_;
  bool had_ = false;
};

}  // namespace test
