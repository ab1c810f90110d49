#include <memo/run/signals.hpp>

#include <memo/memo.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// Real signals, each in a child process, as some of them end it.

#if defined(__SANITIZE_THREAD__)
#  define MEMO_TEST_TSAN 1
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define MEMO_TEST_TSAN 1
#  endif
#endif

using namespace memo::literals;
using namespace std::chrono_literals;

namespace {

/// What a child knows of its parent: a pipe in each direction.
class pipes {
 public:
  pipes() {
    if (::pipe(up_) != 0 || ::pipe(down_) != 0) std::abort();
  }
  pipes(pipes const&) = delete;
  pipes& operator=(pipes const&) = delete;
  ~pipes() { close_all({up_[0], up_[1], down_[0], down_[1]}); }

  void be_child() { close_all({std::exchange(up_[0], -1), std::exchange(down_[1], -1)}); }
  void be_parent() { close_all({std::exchange(up_[1], -1), std::exchange(down_[0], -1)}); }

  /// To the parent.
  void tell(char word) const { (void)!::write(up_[1], &word, 1); }
  void say(std::string_view text) const { (void)!::write(up_[1], text.data(), text.size()); }
  /// Waits for the parent; false once it said all.
  bool hear() const {
    char word = 0;
    return ::read(down_[0], &word, 1) == 1;
  }
  int from_parent() const { return down_[0]; }

  /// To the child.
  void nod() const { (void)!::write(down_[1], "", 1); }
  /// What the child says next, one letter; 0 once it ended.
  char heard() const {
    char word = 0;
    return ::read(up_[0], &word, 1) == 1 ? word : '\0';
  }
  std::string all_heard() const {
    std::string text;
    for (char word = heard(); word != '\0'; word = heard()) text += word;
    return text;
  }

 private:
  static void close_all(std::initializer_list<int> fds) {
    for (int const fd : fds)
      if (fd >= 0) ::close(fd);
  }
  int up_[2], down_[2];
};

/// A process that runs `body` and ends with what it returns. It starts as a program in a terminal does.
class child_process {
 public:
  template <class Body>
  explicit child_process(Body const& body) : pid_(::fork()) {
    if (pid_ != 0) {
      parents_.be_parent();
      return;
    }
    parents_.be_child();
    // Catch has handlers, and whoever started this test may ignore or block signals.
    for (int const number : {SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::alarm(120);
    int status = 99;
    try {
      status = body(parents_);
    } catch (std::exception const& e) {
      parents_.say(e.what());
    }
    ::_exit(status);
  }
  child_process(child_process const&) = delete;
  child_process& operator=(child_process const&) = delete;
  ~child_process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pipes const* operator->() const { return &parents_; }
  void signal(int number) const { ::kill(pid_, number); }

  /// As a shell tells it: the exit status, or 128 and the number of the signal that ended it.
  int status() {
    int how = 0;
    ::waitpid(std::exchange(pid_, -1), &how, 0);
    return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
  }

 private:
  pipes parents_;
  pid_t pid_;
};

void wait_for(std::stop_token const& token) {
  while (!token.stop_requested()) std::this_thread::sleep_for(1ms);
}
[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}
void let_the_first_signal_age() { std::this_thread::sleep_for(300ms); }

struct sigaction action_of(int number) {
  struct sigaction now{};
  ::sigaction(number, nullptr, &now);
  return now;
}

void block_both_signals() {
  sigset_t both;
  ::sigemptyset(&both);
  ::sigaddset(&both, SIGINT);
  ::sigaddset(&both, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &both, nullptr);
}

/// ThreadSanitizer holds a signal back while a thread sleeps in std::atomic::wait, as a thread that waits for a run does.
/// Where the program's threads block it, the watching thread takes it.
void make_way_for_signals() {
#ifdef MEMO_TEST_TSAN
  block_both_signals();
#endif
}

std::atomic<int> own_signals{0};
void count_signal(int) { own_signals.fetch_add(1); }
void end_with_seven(int) { ::_exit(7); }

}  // namespace

TEST_CASE("a signal requests a stop, and the process goes on") {
  for (int const number : {SIGINT, SIGTERM}) {
    child_process program([](pipes const& parent) {
      memo::stop_on_signals const signals;
      if (signals.token().stop_requested() || signals.received() != 0) return 1;
      parent.tell('r');
      wait_for(signals.token());
      return 128 + signals.received();
    });
    REQUIRE(program->heard() == 'r');
    program.signal(number);
    CHECK(program.status() == 128 + number);
  }
}

TEST_CASE("the second signal of a kind ends the process, even while a callback of the first is busy") {
  for (bool const busy : {false, true}) {
    child_process program([busy](pipes const& parent) {
      memo::stop_on_signals const signals;
      std::stop_callback const told(signals.token(), [&] {
        parent.tell('s');
        if (busy) wait_for_ever();
      });
      parent.tell('r');
      wait_for_ever();
      return 0;
    });
    REQUIRE(program->heard() == 'r');
    program.signal(SIGINT);
    REQUIRE(program->heard() == 's');
    let_the_first_signal_age();
    program.signal(SIGINT);
    CHECK(program.status() == 128 + SIGINT);
  }
}

TEST_CASE("SIGTERM after SIGINT is a first signal, and the second SIGTERM ends the process") {
  child_process program([](pipes const& parent) {
    memo::stop_on_signals const signals;
    parent.tell('r');
    wait_for(signals.token());
    parent.tell('s');
    while (parent.hear()) parent.tell(signals.received() == SIGINT ? 'i' : 't');
    return 0;
  });
  REQUIRE(program->heard() == 'r');
  program.signal(SIGINT);
  REQUIRE(program->heard() == 's');
  let_the_first_signal_age();
  program.signal(SIGTERM);
  program->nod();
  REQUIRE(program->heard() == 'i');
  let_the_first_signal_age();
  program.signal(SIGTERM);
  CHECK(program.status() == 128 + SIGTERM);
}

TEST_CASE("the second signal finds the handler that was there before") {
  child_process program([](pipes const& parent) {
    ::signal(SIGTERM, end_with_seven);
    memo::stop_on_signals const signals;
    parent.tell('r');
    wait_for(signals.token());
    parent.tell('s');
    wait_for_ever();
    return 0;
  });
  REQUIRE(program->heard() == 'r');
  program.signal(SIGTERM);
  REQUIRE(program->heard() == 's');
  let_the_first_signal_age();
  program.signal(SIGTERM);
  CHECK(program.status() == 7);
}

TEST_CASE("a signal that comes twice at once, as from timeout(1), is one") {
  int status = 0;
  // A machine that stands still between the two lines may take them for two signals.
  for (int tries = 0; tries < 5 && status != 3; ++tries)
    status = child_process([](pipes const&) {
               memo::stop_on_signals const signals;
               ::raise(SIGTERM);
               ::raise(SIGTERM);
               wait_for(signals.token());
               return 3;
             }).status();
  CHECK(status == 3);
}

TEST_CASE("the last object gives the signals back as they were") {
  child_process program([](pipes const&) {
    struct sigaction before{};
    before.sa_handler = count_signal;
    before.sa_flags = SA_NODEFER;
    ::sigemptyset(&before.sa_mask);
    ::sigaddset(&before.sa_mask, SIGUSR1);
    ::sigaction(SIGINT, &before, nullptr);
    {
      memo::stop_on_signals const outer;
      {
        memo::stop_on_signals const inner;
      }
      if (action_of(SIGINT).sa_handler == count_signal || action_of(SIGTERM).sa_handler == SIG_DFL) return 1;
    }
    struct sigaction const after = action_of(SIGINT);
    if (after.sa_handler != count_signal || (after.sa_flags & (SA_NODEFER | SA_RESTART)) != SA_NODEFER ||
        ::sigismember(&after.sa_mask, SIGUSR1) != 1)
      return 2;
    if (action_of(SIGTERM).sa_handler != SIG_DFL) return 3;
    ::raise(SIGINT);
    return own_signals.load() == 1 ? 0 : 4;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("objects share one stop, and a program that had one can have a fresh one") {
  child_process program([](pipes const&) {
    {
      memo::stop_on_signals const outer;
      memo::stop_on_signals const inner;
      ::raise(SIGINT);
      wait_for(outer.token());
      wait_for(inner.token());
      memo::stop_on_signals const late;
      if (!late.token().stop_requested()) return 1;
    }
    memo::stop_on_signals const fresh;
    if (fresh.token().stop_requested() || fresh.received() != 0) return 2;
    ::raise(SIGINT);
    wait_for(fresh.token());
    return 0;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("an ignored signal stays ignored") {
  child_process program([](pipes const&) {
    ::signal(SIGINT, SIG_IGN);
    {
      memo::stop_on_signals const signals;
      ::raise(SIGINT);
      if (action_of(SIGINT).sa_handler != SIG_IGN || signals.received() != 0) return 1;
      ::raise(SIGTERM);
      wait_for(signals.token());
      if (signals.received() != SIGTERM) return 2;
    }
    return action_of(SIGINT).sa_handler == SIG_IGN ? 0 : 3;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("a handler that is installed later stays") {
  child_process program([](pipes const&) {
    {
      memo::stop_on_signals const signals;
      ::signal(SIGINT, count_signal);
    }
    return action_of(SIGINT).sa_handler == count_signal && action_of(SIGTERM).sa_handler == SIG_DFL ? 0 : 1;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("signals that every thread of the program blocks are taken all the same") {
  child_process program([](pipes const& parent) {
    block_both_signals();
    memo::stop_on_signals const signals;
    parent.tell('r');
    wait_for(signals.token());
    parent.tell('s');
    wait_for_ever();
    return 0;
  });
  REQUIRE(program->heard() == 'r');
  program.signal(SIGINT);
  REQUIRE(program->heard() == 's');
  let_the_first_signal_age();
  program.signal(SIGINT);
  CHECK(program.status() == 128 + SIGINT);
}

TEST_CASE("the mask of the thread that makes an object stays as it was") {
  child_process program([](pipes const&) {
    sigset_t before, after;
    ::sigemptyset(&before);
    ::sigaddset(&before, SIGUSR2);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    memo::stop_on_signals const signals;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int const number : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP})
      if (::sigismember(&before, number) != ::sigismember(&after, number)) return number;
    return 0;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("a system call goes on when the signal came") {
  child_process program([](pipes const& parent) {
    memo::stop_on_signals const signals;
    parent.tell('r');
    char word = 0;
    if (::read(parent.from_parent(), &word, 1) != 1) return 1;  // EINTR without SA_RESTART
    wait_for(signals.token());
    return 0;
  });
  REQUIRE(program->heard() == 'r');
  program.signal(SIGTERM);
  std::this_thread::sleep_for(50ms);
  program->nod();
  CHECK(program.status() == 0);
}

#ifndef MEMO_TEST_TSAN  // in a child of a process with threads it runs no handlers and lets no thread start

TEST_CASE("in a forked child the signals do what they did before, and the parent does not hear of them") {
  child_process program([](pipes const&) {
    memo::stop_on_signals const signals;
    child_process forked([](pipes const& parent) {
      parent.tell('r');
      wait_for_ever();
      return 0;
    });
    // `child_process` sets the default actions itself; this one keeps what it inherits.
    pid_t const inherits = ::fork();
    if (inherits == 0) {
      ::raise(SIGTERM);
      ::_exit(1);
    }
    int how = 0;
    ::waitpid(inherits, &how, 0);
    if (!WIFSIGNALED(how) || WTERMSIG(how) != SIGTERM) return 1;
    if (forked->heard() != 'r') return 2;
    forked.signal(SIGINT);
    if (forked.status() != 128 + SIGINT) return 3;
    return signals.received() == 0 && !signals.token().stop_requested() ? 0 : 4;
  });
  CHECK(program.status() == 0);
}

TEST_CASE("a forked child can have an object of its own") {
  child_process program([](pipes const&) {
    memo::stop_on_signals const signals;
    pid_t const forked = ::fork();
    if (forked == 0) {
      {
        memo::stop_on_signals const own;
        if (own.token().stop_requested()) ::_exit(1);
        ::raise(SIGTERM);
        wait_for(own.token());
        if (signals.token().stop_requested()) ::_exit(2);
      }
      if (action_of(SIGTERM).sa_handler != SIG_DFL) ::_exit(3);
      {
        memo::stop_on_signals const again;
      }
      ::_exit(0);
    }
    int how = 0;
    ::waitpid(forked, &how, 0);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) return 10 + WEXITSTATUS(how);
    if (signals.token().stop_requested()) return 1;
    ::raise(SIGTERM);
    wait_for(signals.token());
    return 0;
  });
  CHECK(program.status() == 0);
}

#endif

TEST_CASE("an object with static storage may be destroyed after main") {
  child_process program([](pipes const&) {
    static memo::stop_on_signals const signals;
    ::raise(SIGINT);
    wait_for(signals.token());
    std::exit(3);
    return 0;
  });
  CHECK(program.status() == 3);
}

TEST_CASE("objects come and go in several threads while signals arrive") {
  child_process program([](pipes const&) {
    ::signal(SIGINT, count_signal);
    ::signal(SIGTERM, count_signal);
    std::atomic<int> at_work{3};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 300; ++round) {
          memo::stop_on_signals const signals;
          std::stop_callback const told(signals.token(), [] {});
          if (round % 8 == 0) wait_for(signals.token());
        }
        at_work.fetch_sub(1);
      });
    while (at_work.load() != 0) {
      ::kill(::getpid(), SIGINT);
      ::kill(::getpid(), SIGTERM);
      std::this_thread::sleep_for(100us);
    }
    for (auto& thread : threads) thread.join();
    return action_of(SIGINT).sa_handler == count_signal ? 0 : 1;
  });
  CHECK(program.status() == 0);
}

namespace {

// What steps do in the child that is stopped: they tell it that they run, and wait for the stop.
pipes const* waiting_for_a_signal = nullptr;
std::stop_token the_stop;
enum class when_stopped { finish, give_up, return_early } what_then = when_stopped::finish;

int prepare(int n) { return n + 1; }
int simulate(memo::context& context, int prepared) {
  if (waiting_for_a_signal != nullptr) {
    waiting_for_a_signal->tell('r');
    if (what_then == when_stopped::finish) wait_for(the_stop);
    while (what_then != when_stopped::finish && !context.stop_requested()) std::this_thread::sleep_for(1ms);
    if (what_then == when_stopped::give_up) throw std::runtime_error("gave up");
    if (what_then == when_stopped::return_early) return -1;
  }
  return 10 * prepared;
}
int summarise(int simulated) { return simulated + 1; }

constexpr auto study =
    memo::pipeline<"study">(memo::input<"n", int>, memo::step<"prepared">(prepare).from<"n">().version<1>(),
                            memo::step<"simulated">(simulate).from<"prepared">().version<1>(),
                            memo::step<"summary">(summarise).from<"simulated">().version<1>());

/// What a user's main could be.
int program_main(std::filesystem::path const& cache, unsigned jobs, pipes const& output) {
  make_way_for_signals();
  memo::stop_on_signals const signals;
  the_stop = signals.token();
  memo::runner const runner{memo::directory_store{cache}, {.jobs = jobs, .stop = signals.token()}};
  try {
    auto const run = runner.run(study, "n"_in = 1);
    for (auto const& step : run.report().steps)
      output.say(step.name + ' ' + std::string(to_text(step.outcome)) + '\n');
    output.say(std::to_string(run.get<"summary">()) + '\n');
  } catch (memo::run_cancelled const& e) {
    output.say(e.headline() + '\n');
    return 128 + signals.received();
  }
  return 0;
}

struct ending {
  std::string output;
  int status;
};

/// Runs the program, sends SIGTERM while `simulated` runs, and gives what it says after that.
ending stopped(std::filesystem::path const& cache, unsigned jobs, when_stopped then) {
  child_process program([&](pipes const& parent) {
    waiting_for_a_signal = &parent;
    what_then = then;
    return program_main(cache, jobs, parent);
  });
  REQUIRE(program->heard() == 'r');
  program.signal(SIGTERM);
  std::string output = program->all_heard();
  return {std::move(output), program.status()};
}

ending undisturbed(std::filesystem::path const& cache, unsigned jobs) {
  child_process program([&](pipes const& parent) { return program_main(cache, jobs, parent); });
  std::string output = program->all_heard();
  return {std::move(output), program.status()};
}

}  // namespace

TEST_CASE("a run that a signal stops keeps what was finished, and the next one goes on from there") {
  for (unsigned const jobs : {1u, 2u}) {
    scratch_folder const folder;
    ending const first = stopped(folder / "cache", jobs, when_stopped::finish);
    CHECK(first.output == "the run was stopped\n");
    CHECK(first.status == 128 + SIGTERM);
    ending const second = undisturbed(folder / "cache", jobs);
    CHECK(second.output == "prepared hit\nsimulated hit\nsummary ran\n21\n");
    CHECK(second.status == 0);
  }
}

TEST_CASE("a step that gives up because it was stopped is cancelled, and runs again next time") {
  for (unsigned const jobs : {1u, 2u})
    for (when_stopped const then : {when_stopped::give_up, when_stopped::return_early}) {
      scratch_folder const folder;
      ending const first = stopped(folder / "cache", jobs, then);
      CHECK(first.output == "the run was stopped\n");
      CHECK(first.status == 128 + SIGTERM);
      ending const second = undisturbed(folder / "cache", jobs);
      CHECK(second.output == "prepared hit\nsimulated ran\nsummary ran\n21\n");
      CHECK(second.status == 0);
    }
}

namespace {

int simulate_one(memo::context& context, int n) {
  if (waiting_for_a_signal != nullptr && n == 3) {
    waiting_for_a_signal->tell('r');
    while (!context.stop_requested()) std::this_thread::sleep_for(1ms);
    throw std::runtime_error("gave up");
  }
  return n * n;
}

constexpr auto sweep =
    memo::pipeline<"sweep">(memo::input<"points", std::vector<int>>,
                            memo::step<"squares">(simulate_one).over<"points">().version<1>());

}  // namespace

TEST_CASE("the elements of a map that were finished when a signal came are hits next time") {
  std::vector<int> const points{0, 1, 2, 3, 4, 5};
  for (unsigned const jobs : {1u, 2u}) {
    scratch_folder const folder;
    child_process program([&](pipes const& parent) {
      waiting_for_a_signal = &parent;
      make_way_for_signals();
      memo::stop_on_signals const signals;
      try {
        memo::runner{memo::directory_store{folder / "cache"}, {.jobs = jobs, .stop = signals.token()}}.run(
            sweep, "points"_in = points);
      } catch (memo::run_cancelled const&) {
        return 128 + signals.received();
      }
      return 0;
    });
    REQUIRE(program->heard() == 'r');
    program.signal(SIGINT);
    CHECK(program.status() == 128 + SIGINT);

    auto const next =
        memo::runner{memo::directory_store{folder / "cache"}, {.jobs = 1}}.run(sweep, "points"_in = points);
    CHECK(next.get<"squares">() == std::vector<int>{0, 1, 4, 9, 16, 25});
    CHECK(next.report()["squares"].elements == 6);
    std::size_t const ran = next.report()["squares"].elements_ran;
    CHECK(ran >= 1);
    CHECK(ran <= (jobs == 1 ? 3u : 5u));
  }
}
