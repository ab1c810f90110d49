#pragma once

#include <memo/core/file.hpp>
#include <memo/exec/parallel_for.hpp>
#include <memo/report/event.hpp>
#include <memo/run/dependencies.hpp>
#include <memo/run/running_step.hpp>
#include <memo/run/work_folder.hpp>

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
/// What `depends_on`, `read`, `exists`, `list` and `env` look at is noted with the result, and looked at again at the next
/// look-up: it is a hit only where all of that is as it was, absent files included. The results of the 16 latest states are
/// kept, so that one of before that fits again is found again. What changes while the step runs keeps its result out of
/// the cache. What lies in `workdir` is not noted; nor is what a run or a memoized function notes that the step calls inside.
///
/// Paths are noted as they are spelled; a relative one is looked up from the working directory, then as now.
class context {
 public:
  /// `hash_seed` is that of the run's digests; without one, nothing is noted.
  context(std::string_view step, std::uint64_t seed, std::stop_token stop, memo::observer* observer,
          executor_ref const* executor = nullptr, std::optional<std::uint64_t> hash_seed = 0)
      : step_(step),
        seed_(seed),
        stop_(std::move(stop)),
        observer_(observer),
        executor_(executor),
        notes_(hash_seed.value_or(0)) {
    if (!hash_seed) notes_.stop();
  }
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
  /// within `f` again. Of the context, `f` may use `seed`, `log`, `progress` and `stop_requested`; what notes something, and
  /// `workdir`, stay with the thread that the step runs on: let that call them before.
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

  /// Notes that the result depends on the content of a file, or of all that lies below a folder.
  void depends_on(std::filesystem::path const& path) {
    if (!counts(path)) return;
    notes_.look(dependency::kind::file, name_of(path));
    write_notes();
  }

  /// The content of a file, and notes it. Throws std::filesystem::filesystem_error where it cannot be read; that it is not
  /// there is noted, too.
  std::string read(std::filesystem::path const& path) {
    detail::os::outcome<std::string> content = detail::read_user_file(path.c_str());
    if (!content) {
      depends_on(path);
      throw_unreadable("cannot read a file", path, content.error);
    }
    if (counts(path))
      note(detail::noted_file(name_of(path), hash_bytes(as_byte_view(content.value), notes_.seed())));
    return std::move(content.value);
  }

  /// Whether a file or folder exists, and notes the answer. Throws std::filesystem::filesystem_error where that cannot be
  /// told.
  bool exists(std::filesystem::path const& path) {
    auto const status = detail::os::status_at(detail::os::here, path.c_str(), true);
    bool const is_told = status || status.error == ENOENT || status.error == ENOTDIR;
    if (!is_told) {
      refuse("`" + path.string() + "` cannot be looked at");
      throw_unreadable("cannot tell whether a file exists", path, status.error);
    }
    if (counts(path)) note(detail::noted_presence(name_of(path), static_cast<bool>(status)));
    return static_cast<bool>(status);
  }

  /// The paths that match a pattern, sorted and spelled as it is, and notes which they are, not what is in them: `*`, `?`
  /// and `[a-z]` stand for text within a name, `**` for folders. Throws memo::unhashable where a folder cannot be read.
  std::vector<std::string> list(std::string const& pattern) {
    try {
      std::vector<std::string> found = detail::paths_matching(pattern);
      if (!lists_own_folder(pattern))
        note({dependency::kind::listing, pattern, detail::digest_of_names(found, notes_.seed())});
      return found;
    } catch (unhashable const&) {
      refuse("the files matching `" + pattern + "` cannot be listed");
      throw;
    }
  }

  /// The value of an environment variable, or nothing, and notes it.
  std::optional<std::string> env(std::string const& name) {
    char const* const value = std::getenv(name.c_str());
    note(detail::noted_variable(name, value, notes_.seed()));
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  /// A folder of this computation's own, made at the first call, for checkpoints and scratch files. Where the step throws, is
  /// cancelled or killed, the folder is there again with its content when the step runs on the same values the next time,
  /// so that a long step can go on where it stopped. It is removed when the result is kept, or when a step that is not
  /// cached has succeeded. Two computations never have one at the same time.
  ///
  /// It lies in `$MEMO_WORKDIR`, else in `memo-work` in the user's folder for caches; one that nobody used for 30 days is
  /// removed. What the earlier attempts read through their contexts counts for the result of this one; where it has
  /// changed, the folder is empty. Throws memo::error where there can be no such folder.
  std::filesystem::path const& workdir() {
    if (!work_.is_made()) make_work();
    return work_.path();
  }

  /// That folder, for the library; without a key it is new and gone with its owner.
  detail::work_folder& work() { return work_; }
  void set_work_key(digest const& key) {
    if (!notes_.is_off()) work_.set_key(key);
  }

  /// What was noted so far, for the library.
  detail::dependency_notes& notes() { return notes_; }
  std::vector<dependency> const& dependencies() const { return notes_.all(); }

 private:
  void tell(event const& what) const {
    if (observer_ != nullptr) observer_->notice(what);
  }

  // What a step leaves in its own folder follows from what it reads; where a link or `..` leads out of it does not.
  bool counts(std::string_view path) const {
    if (notes_.is_off()) return false;
    if (!work_.is_made()) return true;
    std::string const own = detail::os::canonical_path(work_.place());
    std::string const real = detail::os::canonical_path(path);
    return real != own && !real.starts_with(own + '/');
  }
  bool counts(std::filesystem::path const& path) const { return counts(std::string_view(path.native())); }
  // The way through the step's own folder will be gone.
  std::string name_of(std::filesystem::path const& path) const {
    bool const is_through = work_.is_made() && path.native().starts_with(work_.place());
    return is_through ? detail::os::canonical_path(path.native()) : detail::noted_name(path);
  }
  bool lists_own_folder(std::string_view pattern) const {
    std::size_t const slash = pattern.find_last_of('/');
    std::size_t const first = pattern.find_first_of("*?[");
    return work_.is_made() && slash != pattern.npos && first > slash && !counts(pattern.substr(0, slash));
  }

  /// The step saw what cannot be looked at again.
  void refuse(std::string clause) {
    notes_.refuse(std::move(clause));
    write_notes();
  }

  [[noreturn]] static void throw_unreadable(std::string const& what, std::filesystem::path const& path,
                                            int error) {
    throw std::filesystem::filesystem_error("memo: a step " + what, path,
                                            std::error_code(error, std::generic_category()));
  }

  /// Notes a thing, and before the step can use it in its work folder, there too.
  void note(dependency noted) {
    notes_.add(std::move(noted));
    write_notes();
  }
  void write_notes() {
    if (!work_.is_made()) return;
    for (; written_ < notes_.all().size(); ++written_) work_.note(notes_.all()[written_]);
    if (!notes_.problem().empty()) work_.note_unknown();
  }

  void make_work() {
    work_.path();
    detail::present_things present(notes_.seed());
    if (present.find_difference(work_.reads()) != nullptr) work_.start_anew();
    write_notes();
    for (dependency const& read : work_.reads()) notes_.add(read);
    written_ = notes_.all().size();
  }

  std::string_view step_;
  std::uint64_t seed_;
  std::stop_token stop_;
  memo::observer* observer_;
  executor_ref const* executor_;
  mutable std::atomic<bool> saw_stop_{false};
  detail::dependency_notes notes_;
  detail::work_folder work_;
  std::size_t written_ = 0;  // of the notes, to where the work folder has them
};

}  // namespace memo
