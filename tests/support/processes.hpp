/// Child processes for tests: started together, killed, waited for with a bound.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

namespace test {

/// True where campaigns run for long.
inline bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

/// Runs `body` in a child process and gives its exit status.
template <class Body>
int in_child(Body body) {
  pid_t const child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A pipe: children tell the parent that something happened, or wait for it to begin.
class channel {
 public:
  channel() {
    if (::pipe(ends_) != 0) std::abort();
  }
  channel(channel const&) = delete;
  channel& operator=(channel const&) = delete;
  ~channel() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  void send(int count = 1) {
    for (int i = 0; i < count; ++i)
      if (::write(ends_[1], "x", 1) != 1) std::abort();
  }
  void receive() {
    char byte;
    while (::read(ends_[0], &byte, 1) != 1) {
    }
  }
  /// How often `send` was called since the last look. Does not wait.
  int count() {
    send();
    int all = 0;
    char bytes[256];
    for (ssize_t got = sizeof bytes; got == sizeof bytes; all += static_cast<int>(got))
      got = ::read(ends_[0], bytes, sizeof bytes);
    return all - 1;
  }

 private:
  int ends_[2];
};

/// A child that runs a function and ends, by itself within a minute or by a signal.
class process {
 public:
  template <class Act>
  explicit process(Act act) : id_(::fork()) {
    if (id_ != 0) return;
    ::alarm(60);
    int status = 99;
    try {
      status = act();
    } catch (...) {
    }
    ::_exit(status);
  }
  process(process&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  process& operator=(process&&) = delete;
  ~process() {
    if (id_ > 0) end(SIGKILL);
  }

  pid_t id() const { return id_; }

  /// The status that the function gave, or minus the number of the signal that ended the child.
  int join() {
    int status = 0;
    while (::waitpid(id_, &status, 0) != id_) {
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void end(int signal) {
    ::kill(id_, signal);
    join();
  }

 private:
  pid_t id_;
};

}  // namespace test
