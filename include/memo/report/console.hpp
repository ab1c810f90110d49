/// Tells a person what happens during runs.
///
///     memo::console console;
///     memo::runner runner{store, {.observer = &console}};
#pragma once

#include <memo/core/clock.hpp>
#include <memo/core/error.hpp>
#include <memo/core/fork.hpp>
#include <memo/report/event.hpp>
#include <memo/report/progress_log.hpp>
#include <memo/report/screen.hpp>
#include <memo/report/table.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace memo {

/// How much a console tells. Each level tells what those before it tell.
enum class verbosity : std::uint8_t {
  quiet,   ///< steps that failed
  normal,  ///< progress, warnings, differences, and a line at the end of a run
  verbose,  ///< each step that runs, why and how long; what steps write with context::log; skipped and cancelled ones
  very_verbose,  ///< hits, values that are loaded, and who is waited for
};

/// Options of a console.
struct console_options {
  int descriptor = 2;  ///< is not closed
  verbosity level = verbosity::normal;
  /// With one line that is drawn again and again. Empty: as MEMO_PROGRESS says, `live` or `plain`; without it, where the
  /// descriptor is a terminal whose TERM is not `dumb`.
  std::optional<bool> live{};
  memo::clock const* clock = nullptr;  ///< null: the machine's
  bool summary = true;                 ///< the line at the end of a run
};

/// An observer that tells a person what happens, on a terminal or in a log file. May observe any number of runs, one after
/// the other or at the same time, from any threads.
///
/// - On a terminal the last line shows how far the run is (`progress_line`). It comes after 0.2 s, is drawn ten times a
///   second, by a thread of the console, also while nothing happens, and is gone at the end of the run. It is never wider
///   than the terminal. Colours are used unless NO_COLOR is set. A job in the background draws none.
/// - Elsewhere there is no line to draw again, and no escape sequence: the steps that take five seconds or longer are told
///   when they begin and end, and how far the run is at growing intervals from ten seconds on (`progress_log`).
/// - A line belongs to one step, with its name in front, and is written by one call, so that lines of steps that run at the
///   same time do not mix. Newlines in a text begin new lines with the same name; other control characters, and bytes that
///   are no UTF-8, are shown as `\x1b`, so that no text of a step acts on the terminal.
/// - What cannot be written is left out: a full disk and a closed pipe fail no run. A terminal that is stopped (Ctrl-S)
///   holds the run up only where there is a line to write.
///
/// What the program itself writes to the terminal during a run joins the live line; `print` puts it above. In a child that
/// is made by fork the object does nothing. The constructor throws usage_error for a value of MEMO_PROGRESS that cannot be.
class console final : public observer {
 public:
  explicit console(console_options options = {});
  console(console const&) = delete;
  console& operator=(console const&) = delete;
  ~console() override;

  void notice(event const& happened) override;

  /// Writes lines of the program's own above the live line, at every level.
  void print(std::string_view text);
  /// Takes the live line away until it is drawn again, within a run a tenth of a second later.
  void clear();

 private:
  using progress_step = progress::running_step;

  /// The thread that draws, made when there is something to draw.
  struct watcher {
    std::condition_variable changed;
    std::thread thread;
  };

  static bool chosen_live(console_options const& options);
  std::int64_t now() const { return clock_.steady_ns(); }
  bool is_elsewhere() const { return detail::process_generation() != generation_; }
  bool tells(verbosity level) const { return level_ >= level; }

  void take_hit(event const& happened);
  void take(event const& happened);
  std::string lines_for(event const& happened, progress_step const* step, std::int64_t at_ns) const;
  std::string took_text(progress_step const* step, std::int64_t at_ns) const;
  std::string coloured(std::string_view text, char const* colour) const;
  std::string summary_text() const;
  void wake(event_kind kind);
  void watch();
  void show(std::unique_lock<std::mutex>& lock);

  verbosity const level_;
  bool const is_live_, has_summary_;
  memo::clock const& clock_;
  std::uint64_t const generation_;
  detail::screen screen_;
  bool const has_colours_;
  // A line that was made before its last change is not drawn any more.
  std::atomic<std::uint64_t> epoch_{0};

  std::mutex lock_;  // guards what follows; never held while something is written
  progress run_;
  detail::progress_log log_;
  unsigned quiet_events_ = 0;
  bool is_watched_ = false;  // the thread looks at the run
  bool is_idle_ = false;     // the thread waits for a run
  bool stops_ = false;
  std::unique_ptr<watcher> watcher_ = std::make_unique<watcher>();
};

inline bool console::chosen_live(console_options const& options) {
  if (options.live) return *options.live;
  auto const value_of = [](char const* name) {
    char const* const text = std::getenv(name);
    return std::string_view(text == nullptr ? "" : text);
  };
  std::string_view const wanted = value_of("MEMO_PROGRESS");
  if (!wanted.empty() && wanted != "live" && wanted != "plain")
    throw usage_error("the environment variable MEMO_PROGRESS has a value that it cannot have",
                      {{"value", '"' + detail::visible(wanted) + '"'}, {"allowed", "live, plain"}},
                      "correct it, or unset it to draw a live line where there is a terminal");
  if (!wanted.empty()) return wanted == "live";
  return ::isatty(options.descriptor) == 1 && value_of("TERM") != "dumb";
}

inline console::console(console_options options)
    : level_(options.level),
      is_live_(chosen_live(options) && options.level != verbosity::quiet),
      has_summary_(options.summary),
      clock_(options.clock != nullptr ? *options.clock : clock::system()),
      generation_((detail::notice_forks(), detail::process_generation())),
      screen_(options.descriptor, is_live_),
      has_colours_(screen_.is_terminal() && is_live_ &&
                   (std::getenv("NO_COLOR") == nullptr || *std::getenv("NO_COLOR") == '\0')) {}

inline console::~console() {
  if (is_elsewhere()) {
    // The thread is the parent's, and what waits for it would wait for ever.
    static_cast<void>(watcher_.release());
    return;
  }
  {
    std::lock_guard const lock(lock_);
    stops_ = true;
    ++epoch_;
  }
  watcher_->changed.notify_one();
  if (watcher_->thread.joinable()) watcher_->thread.join();
  screen_.clear();
}

inline void console::notice(event const& happened) {
  if (!tells(verbosity::normal) && happened.kind != event_kind::did_fail) return;
  if (is_elsewhere()) return;
  try {
    // Hits are what there are most of, and next to nothing is done for them.
    if (happened.kind == event_kind::did_hit && !tells(verbosity::very_verbose))
      take_hit(happened);
    else
      take(happened);
  } catch (...) {
    // No memory for a line: an exception from here would end the run.
  }
}

inline void console::take_hit(event const& happened) {
  std::lock_guard const lock(lock_);
  run_.take(happened, 0);
  if (!is_watched_) wake(event_kind::did_hit);
}

inline void console::take(event const& happened) {
  std::unique_lock lock(lock_);
  std::int64_t const at_ns = progress::needs_time(happened.kind) ? now() : 0;
  bool const was_going_on = run_.is_going_on();
  progress_step const* step = nullptr;
  for (progress_step const& one : run_.running())
    if (one.name == happened.step) step = &one;
  std::string lines = lines_for(happened, step, at_ns);
  run_.take(happened, at_ns);
  if (!tells(verbosity::normal)) {
    lock.unlock();
    return screen_.write_lines(lines);
  }
  if (happened.kind == event_kind::will_start && !was_going_on) log_.start(at_ns);
  if (was_going_on && !run_.is_going_on()) {
    is_watched_ = false;
    ++epoch_;
    if (has_summary_) lines += summary_text();
    lock.unlock();
    return screen_.finish(lines);
  }
  wake(happened.kind);
  lock.unlock();
  if (!lines.empty()) screen_.write_lines(lines);
}

inline std::string console::lines_for(event const& happened, progress_step const* step,
                                      std::int64_t at_ns) const {
  std::string const prefix = happened.step.empty() ? "" : detail::visible(happened.step) + ": ";
  auto const line = [&](verbosity level, std::string_view what, std::string_view text) {
    std::string const all =
        std::string(what) + (what.empty() || text.empty() ? "" : ": ") + std::string(text);
    return tells(level) ? detail::visible_lines(prefix, all) : std::string();
  };
  auto const alarm = [&](char const* colour, std::string_view what, std::string_view text) {
    std::string lines = detail::visible_lines(prefix, text);
    return lines.insert(prefix.size(), coloured(what, colour) + ": ");
  };
  constexpr auto red = "31", yellow = "33";
  bool const is_verify = step != nullptr && step->is_verify;
  switch (happened.kind) {
    case event_kind::did_fail:
      return alarm(red, "failed", happened.text);
    case event_kind::did_warn:
      return alarm(yellow, "warning", happened.text);
    case event_kind::did_differ:
      return alarm(yellow, "gives another result than the stored one", happened.text);
    case event_kind::did_replace:
      return line(verbosity::normal, "gave another value than before, from the same inputs", "");
    case event_kind::will_run:
      if (happened.text == "verify") return line(verbosity::verbose, "runs again to verify it", "");
      return line(verbosity::verbose, "runs", happened.text);
    case event_kind::did_run: {
      bool const is_long = !is_live_ && step != nullptr && step->waits_for.empty() &&
                           at_ns - step->started_ns >= detail::long_step_ns;
      return line(is_long ? verbosity::normal : verbosity::verbose, "ran" + took_text(step, at_ns), "");
    }
    case event_kind::did_hit:
      return line(verbosity::very_verbose, is_verify ? "verified" : "hit", "");
    case event_kind::did_skip:
      return line(verbosity::verbose, "skipped", happened.text);
    case event_kind::did_cancel:
      return line(verbosity::verbose, "cancelled", happened.text);
    case event_kind::did_log:
      return line(verbosity::verbose, "", happened.text);
    case event_kind::did_load:
      return line(verbosity::very_verbose, "value loaded", "");
    case event_kind::will_wait:
      return line(verbosity::very_verbose, "waits for " + std::string(happened.text), "");
    case event_kind::will_start:
    case event_kind::did_progress:
    case event_kind::did_finish:
      break;
  }
  return {};
}

inline std::string console::took_text(progress_step const* step, std::int64_t at_ns) const {
  if (step == nullptr || !step->waits_for.empty()) return {};
  std::int64_t const took = at_ns - step->started_ns;
  return " in " + (took < 60'000'000'000 ? duration_text(took) : elapsed_text(took));
}

inline std::string console::coloured(std::string_view text, char const* colour) const {
  if (!has_colours_) return std::string(text);
  return std::string("\x1b[").append(colour).append("m").append(text).append("\x1b[0m");
}

inline std::string console::summary_text() const {
  std::string text = std::to_string(run_.hits()) + " hit, " + std::to_string(run_.ran()) + " ran";
  auto const add = [&](std::size_t count, char const* what) {
    if (count != 0) text += ", " + std::to_string(count) + ' ' + what;
  };
  add(run_.failed(), "failed");
  add(run_.skipped(), "skipped");
  add(run_.cancelled(), "cancelled");
  std::int64_t const took = run_.elapsed_ns();
  text += " in " + (took < 60'000'000'000 ? duration_text(took) : elapsed_text(took));
  return detail::visible_lines(detail::visible(run_.pipeline()) + ": ", text);
}

/// Sees to it that the thread looks at a run that is more than a series of hits.
inline void console::wake(event_kind kind) {
  if (is_watched_ || !run_.is_going_on()) return;
  constexpr std::int64_t slow_ns = 200'000'000;
  bool const works = kind == event_kind::will_run || kind == event_kind::will_wait;
  // Look-ups may be slow, too; but the clock is not asked for each of a hundred thousand hits.
  if (!works && (++quiet_events_ % 16 != 0 || now() - (run_.now_ns() - run_.elapsed_ns()) < slow_ns)) return;
  is_watched_ = true;
  if (is_idle_) watcher_->changed.notify_one();
  if (watcher_->thread.joinable()) return;
  // The program's handlers for signals must not run on this thread.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    watcher_->thread = std::thread([this] { watch(); });
  } catch (std::system_error const&) {
    // Then nothing is drawn.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

inline void console::watch() {
  std::unique_lock lock(lock_);
  for (;;) {
    is_idle_ = true;
    watcher_->changed.wait(lock, [this] { return stops_ || is_watched_; });
    is_idle_ = false;
    while (is_watched_ && !stops_) {
      watcher_->changed.wait_for(lock, std::chrono::milliseconds(is_live_ ? 100 : 1000),
                                 [this] { return stops_; });
      if (is_watched_ && !stops_) show(lock);
    }
    if (stops_) return;
  }
}

inline void console::show(std::unique_lock<std::mutex>& lock) {
  constexpr std::int64_t earliest_ns = 200'000'000;
  run_.tick(now());
  if (!is_live_) {
    std::string const lines = log_.due(run_, run_.now_ns(), !tells(verbosity::verbose));
    lock.unlock();
    if (!lines.empty()) screen_.write_lines(lines);
  } else if (run_.elapsed_ns() >= earliest_ns) {
    std::string line = progress_line(run_, screen_.columns());
    std::uint64_t const epoch = epoch_;
    lock.unlock();
    screen_.draw(std::move(line), [&] { return epoch_ == epoch; });
  }
  if (!lock.owns_lock()) lock.lock();
}

inline void console::print(std::string_view text) {
  if (is_elsewhere()) return;
  screen_.write_lines(detail::visible_lines("", text));
}

inline void console::clear() {
  if (is_elsewhere()) return;
  ++epoch_;
  screen_.clear();
}

}  // namespace memo
