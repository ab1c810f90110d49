#pragma once

#include <memo/core/bytes.hpp>
#include <memo/report/event.hpp>
#include <memo/store/entry.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// What a step may ask of the run, by taking `memo::context&` as its first parameter. One for each call of a step;
/// used by the thread that the step runs on.
///
/// What `depends_on`, `read`, `exists` and `env` look at is noted. A step that noted anything is not cached yet: its
/// result depends on more than its key says.
class context {
 public:
  context(std::string_view step, std::uint64_t seed, std::stop_token stop, memo::observer* observer)
      : step_(step), seed_(seed), stop_(std::move(stop)), observer_(observer) {}
  context(context const&) = delete;
  context& operator=(context const&) = delete;

  /// A number for random generators, drawn from project, pipeline, step and the digests of what the step reads: the
  /// same whenever the step runs on the same values, in every mode.
  std::uint64_t seed() const { return seed_; }

  /// Tells the observer a line; without an observer it is lost.
  void log(std::string_view line) const { tell({event_kind::did_log, step_, line, 0, 0}); }

  /// Tells the observer how far the step is.
  void progress(std::uint64_t done, std::uint64_t total) const {
    tell({event_kind::did_progress, step_, {}, done, total});
  }

  /// True once the run should end; a long step may return or throw early then.
  bool stop_requested() const { return stop_.stop_requested(); }

  /// Notes that the result depends on the content of a file.
  void depends_on(std::filesystem::path const& path) {
    dependencies_.push_back({dependency::kind::file, path.string(), {}});
  }

  /// The content of a file, and notes it. Throws std::filesystem::filesystem_error where it cannot be read.
  std::string read(std::filesystem::path const& path) {
    depends_on(path);
    std::ifstream in(path, std::ios::binary);
    if (!in)
      throw std::filesystem::filesystem_error("memo: a step cannot read a file", path,
                                              std::make_error_code(std::errc::no_such_file_or_directory));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// Whether a file exists, and notes the answer.
  bool exists(std::filesystem::path const& path) {
    bool const there = std::filesystem::exists(path);
    dependencies_.push_back({there ? dependency::kind::file : dependency::kind::absent, path.string(), {}});
    return there;
  }

  /// The value of an environment variable, or nothing, and notes it.
  std::optional<std::string> env(std::string const& name) {
    dependencies_.push_back({dependency::kind::variable, name, {}});
    char const* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  /// What was noted so far.
  std::vector<dependency> const& dependencies() const { return dependencies_; }

 private:
  void tell(event const& what) const {
    if (observer_ != nullptr) observer_->notice(what);
  }

  std::string_view step_;
  std::uint64_t seed_;
  std::stop_token stop_;
  memo::observer* observer_;
  std::vector<dependency> dependencies_;
};

}  // namespace memo
