/// Where lines for people go: a terminal with one live line below them, or anything else that takes bytes.
#pragma once

#include <memo/core/os_calls.hpp>
#include <memo/report/visible_text.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

namespace memo::detail {

/// A write to a pipe that nobody reads must not end the program: while it lives, the calling thread gets no SIGPIPE.
class without_sigpipe {
 public:
  without_sigpipe() {
    ::sigemptyset(&only_);
    ::sigaddset(&only_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
  }
  without_sigpipe(without_sigpipe const&) = delete;
  without_sigpipe& operator=(without_sigpipe const&) = delete;
  ~without_sigpipe() {
    timespec const now{};
    if (came_ && !was_pending_)
      while (::sigtimedwait(&only_, nullptr, &now) < 0 && errno == EINTR) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  /// A write failed with EPIPE.
  void expect() { came_ = true; }

 private:
  sigset_t only_{}, before_{};
  bool was_pending_ = false, came_ = false;
};

/// A descriptor, which stays the caller's. Each of the functions makes one write where the system takes all bytes at once.
/// They may be called from any thread, and never fail: what cannot be written is left out, and what is closed is not
/// tried again.
///
/// The cursor always stands on the live line between two writes, and nothing of the terminal's state stays changed, so that
/// a program that is killed leaves a usable terminal.
class screen {
 public:
  screen(int descriptor, bool is_live)
      : fd_(descriptor), is_terminal_(::isatty(descriptor) == 1), is_live_(is_live) {}

  bool is_terminal() const { return is_terminal_; }

  /// How many columns a live line may have: all but the last, where terminals differ in what they do next.
  std::size_t columns() const {
    winsize size{};
    if (is_terminal_ && ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      return size.ws_col - std::size_t{1};
    char const* const told = std::getenv("COLUMNS");
    long const columns = told == nullptr ? 0 : std::strtol(told, nullptr, 10);
    return columns > 1 && columns < 10'000 ? static_cast<std::size_t>(columns - 1) : 79;
  }

  /// Lines with a newline at their ends, above the live line.
  void write_lines(std::string_view lines) {
    std::lock_guard const lock(lock_);
    std::string text;
    if (is_torn_) text += '\n';
    if (!line_.empty()) text += "\r\x1b[K";
    text += lines;
    if (!line_.empty() && !is_in_background()) text += live_text();
    write(text, true);
  }

  /// Puts a line into the place of the live line where `is_wanted()` says so, as no other thread writes.
  template <class IsWanted>
  void draw(std::string line, IsWanted is_wanted) {
    std::lock_guard const lock(lock_);
    if (!is_live_ || line.empty() || !is_wanted() || is_in_background()) return;
    bool const was_torn = is_torn_;
    line_ = std::move(line);
    write((was_torn ? "\n" : "") + live_text(), false);
  }

  /// Takes the live line away.
  void clear() {
    std::lock_guard const lock(lock_);
    if (line_.empty()) return;
    line_.clear();
    write("\r\x1b[K", true);
  }

  /// As `clear` and `write_lines`.
  void finish(std::string_view lines) {
    std::lock_guard const lock(lock_);
    std::string text = is_torn_ ? "\n" : "";
    if (!line_.empty()) text += "\r\x1b[K";
    line_.clear();
    text += lines;
    if (!text.empty()) write(text, true);
  }

 private:
  /// Without the terminal's automatic wrap, so that also a character that is wider than it is known to be stays in the line.
  std::string live_text() const { return "\r\x1b[?7l" + cut_to_columns(line_, columns()) + "\x1b[K\x1b[?7h"; }

  /// A job that the user sent to the background does not draw over what is done in front of it.
  bool is_in_background() const {
    pid_t const front = is_terminal_ ? ::tcgetpgrp(fd_) : -1;
    return front > 0 && front != ::getpgrp();
  }

  /// `is_whole`: these bytes are worth waiting for where the descriptor does not block and is full.
  void write(std::string_view bytes, bool is_whole) {
    if (is_closed_) return;
    if (is_terminal_) return write_bytes(bytes, is_whole, nullptr);
    without_sigpipe guard;
    write_bytes(bytes, is_whole, &guard);
  }

  void write_bytes(std::string_view bytes, bool is_whole, without_sigpipe* guard) {
    constexpr int patience_ms = 1000;
    while (!bytes.empty()) {
      int error = 0;
      ssize_t const got = os::retried(error, [&] { return ::write(fd_, bytes.data(), bytes.size()); });
      if (error == EPIPE && guard != nullptr) guard->expect();
      if (error == EPIPE || error == EBADF || error == EIO) is_closed_ = true;
      if (error == EAGAIN && (is_whole || is_torn_)) {
        pollfd wanted{fd_, POLLOUT, 0};
        if (::poll(&wanted, 1, patience_ms) > 0 && (wanted.revents & POLLOUT) != 0) continue;
      }
      if (error != 0) return;
      is_torn_ = bytes[static_cast<std::size_t>(got) - 1] != '\n' && !is_terminal_ && !is_live_;
      bytes.remove_prefix(static_cast<std::size_t>(got));
    }
  }

  int const fd_;
  bool const is_terminal_, is_live_;
  std::mutex lock_;       // guards the rest, and the order of what is written
  std::string line_;      // that stands on the terminal now
  bool is_torn_ = false;  // what was written last ends within a line
  bool is_closed_ = false;
};

}  // namespace memo::detail
