#pragma once

#include <memo/core/file.hpp>
#include <memo/exec/parallel_for.hpp>
#include <memo/report/event.hpp>
#include <memo/run/running_step.hpp>
#include <memo/store/entry.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// The whole content of a file of the user.
inline os::outcome<std::string> read_user_file(char const* path) {
  os::outcome<std::string> content;
  auto const opened = os::open_user_file(path);
  content.error = opened.error;
  if (!opened) return content;
  constexpr std::size_t block = std::size_t{1} << 16;
  for (;;) {
    std::size_t const at = content.value.size();
    content.value.resize(at + block);
    auto const got =
        os::read_up_to(opened.value.get(), reinterpret_cast<std::byte*>(content.value.data()) + at, block);
    content.error = got.error;
    content.value.resize(at + got.value);
    if (!got || got.value < block) return content;
  }
}

}  // namespace detail

/// What a step may ask of the run, by taking `memo::context&` as its first parameter. One for each call of a step;
/// used by the thread that the step runs on.
///
/// What `depends_on`, `read`, `exists` and `env` look at is noted. A step that noted anything is not cached, because its
/// result depends on more than its key says.
class context {
 public:
  context(std::string_view step, std::uint64_t seed, std::stop_token stop, memo::observer* observer,
          executor_ref const* executor = nullptr)
      : step_(step), seed_(seed), stop_(std::move(stop)), observer_(observer), executor_(executor) {}
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

  /// True once the run should end, because options.stop was requested or another step failed. A long step may return or
  /// throw early then: whatever it gives is dropped, and it counts as cancelled. May be called from any thread.
  bool stop_requested() const {
    if (!stop_.stop_requested()) return false;
    saw_stop_.store(true, std::memory_order_relaxed);
    return true;
  }

  /// Whether `stop_requested` ever said so.
  bool saw_stop() const { return saw_stop_.load(std::memory_order_relaxed); }

  /// Calls `f(i)` for each `i` below `count`, on this thread and on others of the run that have nothing better to do, in any
  /// order; returns when all calls have. After an exception no further calls begin, and it is thrown here. May be called
  /// within `f` again. Everything else of the context stays with the thread that the step runs on.
  template <class F>
  void parallel_for(std::size_t count, F&& f) const {
    if (executor_ == nullptr) {
      for (std::size_t i = 0; i < count; ++i) f(i);
      return;
    }
    struct work {
      std::remove_reference_t<F>* call;
      detail::running_step const* inside;
    } all{std::addressof(f), detail::running_step::innermost()};
    memo::parallel_for(*executor_, count,
                       {[](void* state, std::size_t first, std::size_t last) {
                          work& w = *static_cast<work*>(state);
                          detail::running_step::scope const inside(w.inside);
                          for (std::size_t i = first; i < last; ++i) (*w.call)(i);
                        },
                        &all});
  }

  /// Notes that the result depends on the content of a file.
  void depends_on(std::filesystem::path const& path) {
    dependencies_.push_back({dependency::kind::file, path.string(), {}});
  }

  /// The content of a file, and notes it. Throws std::filesystem::filesystem_error where it cannot be read.
  std::string read(std::filesystem::path const& path) {
    depends_on(path);
    detail::os::outcome<std::string> content = detail::read_user_file(path.c_str());
    if (!content)
      throw std::filesystem::filesystem_error("memo: a step cannot read a file", path,
                                              std::error_code(content.error, std::generic_category()));
    return std::move(content.value);
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
  executor_ref const* executor_;
  mutable std::atomic<bool> saw_stop_{false};
  std::vector<dependency> dependencies_;
};

}  // namespace memo
