// MEMO_TEST_LONG=1 wakes a thread 10^6 times instead of 2 * 10^4, and makes larger random trees.
#include <memo/exec/work_stealing_executor.hpp>

#include "../laws/executor_laws.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

// ThreadSanitizer lets no child of a program with threads start any.
#if defined(__SANITIZE_THREAD__)
#  define MEMO_TEST_NO_FORK
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define MEMO_TEST_NO_FORK
#  endif
#endif

namespace {

bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

memo::task calling(std::function<void()> const& f) {
  memo::task made;
  made.run = [](void* state, std::uint64_t) noexcept {
    (*static_cast<std::function<void()> const*>(state))();
  };
  made.state = const_cast<std::function<void()>*>(&f);
  return made;
}

/// Waits for what happens on another thread; false after a long time.
template <class Condition>
bool eventually(Condition condition) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

void nap(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

TEST_CASE("a work stealing executor keeps the promises of executors") {
  for (unsigned const jobs : {1U, 2U, 4U, 8U}) {
    memo::work_stealing_executor executor(jobs);
    CHECK(executor.concurrency() == jobs);
    for (int i = 0; i < 20; ++i) laws::hold(executor);
    memo::executor_ref reference(executor);
    laws::hold(reference);
    CHECK(executor.threads() <= jobs - 1);
  }
  CHECK(memo::work_stealing_executor().concurrency() == memo::usable_processors());
}

TEST_CASE("executors with equal jobs are shared while somebody has them") {
  auto const one = memo::work_stealing_executor::shared(3);
  auto const other = memo::work_stealing_executor::shared(3);
  CHECK(one == other);
  CHECK(memo::work_stealing_executor::shared(2) != one);
  CHECK(memo::work_stealing_executor::shared()->concurrency() == memo::usable_processors());
  laws::hold(*one);
}

TEST_CASE("one task, and a chain of tasks that are next, run on the thread that waits and start no thread") {
  memo::work_stealing_executor executor(4);
  struct chain {
    memo::work_stealing_executor& executor;
    memo::task_group group{};
    std::thread::id caller = std::this_thread::get_id();
    std::uint64_t ran = 0;
    bool elsewhere = false;

    void submit(std::uint64_t left) {
      memo::task t;
      t.run = [](void* self, std::uint64_t n) noexcept {
        auto& c = *static_cast<chain*>(self);
        ++c.ran;
        c.elsewhere = c.elsewhere || std::this_thread::get_id() != c.caller;
        if (n != 0) c.submit(n - 1);
      };
      t.state = this;
      t.argument = left;
      t.next = true;
      executor.submit(group, t);
    }
  };
  for (std::uint64_t const length : {1U, 2U, 1000U}) {
    chain c{executor};
    c.submit(length - 1);
    executor.wait(c.group);
    CHECK(c.ran == length);
    CHECK_FALSE(c.elsewhere);
  }
  CHECK(executor.threads() == 0);
}

TEST_CASE("no more threads run tasks than there are jobs, and all of them do if there is enough to do") {
  memo::work_stealing_executor executor(4);
  memo::task_group group;
  std::atomic<int> running{0}, most{0};
  std::function<void()> const meet = [&] {
    int const now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    eventually([&] { return most >= 4; });
    --running;
  };
  for (int i = 0; i < 20; ++i) executor.submit(group, calling(meet));
  executor.wait(group);
  CHECK(most == 4);
  CHECK(executor.threads() == 3);
}

TEST_CASE("tasks of higher priority start first, equal ones in order") {
  memo::work_stealing_executor executor(1);
  memo::task_group group;
  std::vector<int> order;
  std::vector<std::function<void()>> tasks;
  for (int i = 0; i < 6; ++i) tasks.emplace_back([&order, i] { order.push_back(i); });
  std::int64_t const priorities[] = {-1, 5, 0, 5, 9, 0};
  std::function<void()> const root = [&] {
    for (std::size_t i = 0; i < 6; ++i) {
      memo::task t = calling(tasks[i]);
      t.priority = priorities[i];
      executor.submit(group, t);
    }
  };
  executor.submit(group, calling(root));
  executor.wait(group);
  CHECK(order == std::vector<int>{4, 1, 3, 5, 2, 0});  // a task's own ones of priority 0: last in, first out
  order.clear();
  root();
  executor.wait(group);
  CHECK(order == std::vector<int>{4, 1, 3, 2, 5, 0});
}

TEST_CASE("a next task lets more urgent ones go first") {
  memo::work_stealing_executor executor(1);
  memo::task_group group;
  std::string order;
  std::function<void()> const next = [&] { order += 'n'; }, urgent = [&] { order += 'u'; },
                              other = [&] { order += 'o'; };
  std::function<void()> const root = [&] {
    memo::task t = calling(next);
    t.next = true;
    t.priority = 3;
    executor.submit(group, t);
    executor.submit(group, calling(other));
    t = calling(urgent);
    t.priority = 4;
    executor.submit(group, t);
  };
  executor.submit(group, calling(root));
  executor.wait(group);
  CHECK(order == "uno");
}

TEST_CASE("the weights of what runs are never more than the jobs, and light tasks pass heavy ones") {
  for (int round = 0; round < 20; ++round) {
    memo::work_stealing_executor executor(4);
    memo::task_group group;
    std::atomic<unsigned> weight{0}, most{0};
    std::atomic<int> ran{0};
    struct weighed {
      std::function<void()> run;
      unsigned weight;
    };
    std::vector<std::unique_ptr<weighed>> tasks;
    for (unsigned const w : {1U, 3U, 2U, 1U, 4U, 1U, 100U, 2U, 1U, 3U, 1U, 1U, 0U, 1U, 2U, 1U}) {
      unsigned const counted = std::clamp(w, 1U, 4U);
      tasks.push_back(std::make_unique<weighed>(
          weighed{[&, counted] {
                    unsigned const now = weight += counted;
                    for (unsigned seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                    }
                    std::this_thread::sleep_for(std::chrono::microseconds(200));
                    weight -= counted;
                    ++ran;
                  },
                  w}));
    }
    auto const submit_all = [&] {
      for (auto const& w : tasks) {
        memo::task t = calling(w->run);
        t.weight = w->weight;
        executor.submit(group, t);
      }
    };
    std::function<void()> const root = submit_all;  // some lie in a deque then
    submit_all();
    executor.submit(group, calling(root));
    executor.wait(group);
    CHECK(ran == 32);
    CHECK(most <= 4 + 1);  // the root counts too, and has no weight here
    CHECK(most >= 4);
  }
}

TEST_CASE("a light task runs beside a heavy one that leaves it room, and passes one that has none") {
  memo::work_stealing_executor executor(4);
  memo::task_group group;
  std::atomic<int> light{0};
  std::atomic<bool> too_heavy_ran{false}, early{false};
  std::function<void()> const one = [&] { ++light; }, too_heavy = [&] { too_heavy_ran = true; };
  std::function<void()> const heavy = [&] {
    if (!eventually([&] { return light == 10; })) light = -1000;
    early = too_heavy_ran.load();
  };
  memo::task t = calling(heavy);
  t.weight = 3;
  executor.submit(group, t);
  t = calling(too_heavy);
  t.weight = 2;
  executor.submit(group, t);
  for (int i = 0; i < 10; ++i) executor.submit(group, calling(one));
  executor.wait(group);
  CHECK(light == 10);
  CHECK(too_heavy_ran);
  CHECK_FALSE(early);
}

TEST_CASE("a task that may not run because of a name blocks no other") {
  memo::work_stealing_executor executor(2);
  memo::task_group group;
  constexpr std::array<std::string_view, 1> a{"a"};
  constexpr std::array<std::string_view, 2> ab{"a", "b"};
  std::atomic<int> free_ones{0}, inside{0};
  std::atomic<bool> overlapped{false};
  std::function<void()> const unnamed = [&] { ++free_ones; };
  std::function<void()> const first = [&] {
    if (inside++ != 0) overlapped = true;
    if (!eventually([&] { return free_ones == 10; })) overlapped = true;
    --inside;
  };
  std::function<void()> const later = [&] {
    if (inside++ != 0) overlapped = true;
    --inside;
  };
  memo::task t = calling(first);
  t.exclusions = a;
  executor.submit(group, t);
  for (int i = 0; i < 10; ++i) {
    t = calling(later);
    t.exclusions = i % 2 == 0 ? std::span<std::string_view const>(ab) : a;
    t.weight = i % 3 == 0 ? 2 : 1;
    executor.submit(group, t);
    executor.submit(group, calling(unnamed));
  }
  executor.wait(group);
  CHECK_FALSE(overlapped);
  CHECK(free_ones == 10);
}

TEST_CASE("what a task waits for may use the names that it holds and the jobs that it takes") {
  constexpr std::array<std::string_view, 1> name{"device"};
  for (unsigned const jobs : {1U, 2U, 4U}) {
    memo::work_stealing_executor executor(jobs);
    memo::task_group group;
    std::atomic<int> ran{0}, inside{0};
    std::atomic<bool> overlapped{false};
    std::function<void()> const innermost = [&] {
      if (inside++ != 0) overlapped = true;
      nap(1);
      ++ran;
      --inside;
    };
    std::function<void()> const inner = [&] {
      memo::task_group below;
      for (int i = 0; i < 3; ++i) {
        memo::task t = calling(innermost);
        t.exclusions = name;
        t.weight = 100;
        executor.submit(below, t);
      }
      executor.wait(below);
    };
    std::function<void()> const outer = [&] {
      memo::task_group below;
      for (int i = 0; i < 2; ++i) {
        memo::task t = calling(inner);
        t.weight = 100;
        t.exclusions = name;
        executor.submit(below, t);
      }
      executor.wait(below);
    };
    for (int i = 0; i < 3; ++i) {
      memo::task t = calling(outer);
      t.exclusions = name;
      t.weight = 100;
      executor.submit(group, t);
    }
    executor.wait(group);
    CHECK(ran == 3 * 2 * 3);
    CHECK_FALSE(overlapped);
  }
}

TEST_CASE("a task that waits runs nothing but what it waits for") {
  for (unsigned const jobs : {1U, 4U}) {
    memo::work_stealing_executor executor(jobs);
    memo::task_group group;
    static thread_local int depth = 0;  // of tasks that hold something while they wait
    std::atomic<bool> nested{false};
    std::atomic<int> ran{0};
    std::function<void()> const leaf = [&] { ++ran; };
    std::function<void()> const outer = [&] {
      if (depth != 0) nested = true;
      ++depth;
      memo::task_group below;
      for (int i = 0; i < 5; ++i) executor.submit(below, calling(leaf));
      executor.wait(below);
      --depth;
    };
    std::function<void()> const root = [&] {
      for (int i = 0; i < 200; ++i) {
        memo::task t = calling(outer);
        t.next = i == 7;
        t.priority = i % 4 == 0 ? 1 : 0;
        executor.submit(group, t);
      }
    };
    executor.submit(group, calling(root));
    executor.wait(group);
    CHECK(ran == 1000);
    CHECK_FALSE(nested);
  }
}

TEST_CASE("a thread that sleeps is woken for a single task") {
  int const times = is_long() ? 1'000'000 : 20'000;
  memo::work_stealing_executor executor(2);
  memo::task_group group;
  std::atomic<int> ran{0};
  std::function<void()> const count = [&] { ++ran; };
  bool lost = false;
  std::uint32_t random = 1;
  for (int i = 1; i <= times && !lost; ++i) {
    executor.submit(group, calling(count));
    lost = !eventually([&] { return ran == i; });  // by nobody but the other thread
    random = random * 1664525 + 1013904223;
    // From searching, from falling asleep, and from sleep.
    auto const until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(random >> 15);
    while (random % 4 != 0 && std::chrono::steady_clock::now() < until) {
    }
  }
  CHECK_FALSE(lost);
  executor.wait(group);
  CHECK(ran == times);
  WARN(times << " single tasks");
}

TEST_CASE("a group that somebody keeps open wakes who waits for it when it is closed") {
  memo::work_stealing_executor executor(2);
  for (int i = 0; i < 200; ++i) {
    memo::task_group group;
    group.add();
    std::thread other([&] {
      if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
      group.done();
    });
    executor.wait(group);
    CHECK(group.pending() == 0);
    other.join();
  }
}

TEST_CASE("several threads may submit and wait at once") {
  memo::work_stealing_executor executor(3);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        memo::task_group group;
        std::atomic<int> ran{0};
        std::function<void()> const leaf = [&] { ++ran; };
        std::function<void()> const branch = [&] {
          for (int i = 0; i < 5; ++i) executor.submit(group, calling(leaf));
        };
        for (int i = 0; i < 5; ++i) executor.submit(group, calling(branch));
        executor.wait(group);
        if (ran != 25 || group.pending() != 0) ++wrong;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("an executor used inside a task of another does not get in its way") {
  memo::work_stealing_executor first(2), second(2);
  memo::task_group group;
  std::atomic<int> ran{0};
  std::function<void()> const leaf = [&] { ++ran; };
  std::function<void()> const middle = [&] {
    memo::task_group back;
    for (int i = 0; i < 3; ++i) first.submit(back, calling(leaf));
    first.wait(back);
  };
  std::function<void()> const outer = [&] {
    memo::task_group there;
    for (int i = 0; i < 3; ++i) second.submit(there, calling(middle));
    second.wait(there);
  };
  for (int i = 0; i < 50; ++i) first.submit(group, calling(outer));
  first.wait(group);
  CHECK(ran == 450);
}

TEST_CASE("an executor may be destroyed as soon as wait returns, or by its own task") {
  for (int i = 0; i < 300; ++i) {
    std::atomic<int> ran{0};
    std::function<void()> const leaf = [&] { ++ran; };
    memo::task_group group;
    {
      memo::work_stealing_executor executor(3);
      for (int k = 0; k < 5; ++k) executor.submit(group, calling(leaf));
      executor.wait(group);
    }
    CHECK(ran == 5);
  }
  for (int i = 0; i < 100; ++i) {
    auto executor = std::make_unique<memo::work_stealing_executor>(3);
    memo::task_group group;
    std::atomic<bool> submitted{false}, gone{false};
    std::function<void()> const owner = [&] {
      eventually([&] { return submitted.load(); });
      executor.reset();
      gone = true;
    };
    executor->submit(group, calling(owner));
    submitted = true;
    CHECK(eventually([&] { return gone && group.pending() == 0; }));
  }
}

namespace {

/// A random tree of tasks with all wishes; counts what ran and what overlapped.
struct tree {
  memo::work_stealing_executor& executor;
  std::atomic<std::uint64_t> submitted{0}, ran{0};
  std::array<std::atomic<int>, 3> inside{};
  std::atomic<bool> overlapped{false};

  static constexpr std::array<std::string_view, 3> names{"x", "y", "z"};

  struct node {
    tree& all;
    memo::task_group& group;
    std::uint64_t seed;
    int depth;
    bool is_below_holder;
    int name;
  };

  // Below one that holds a name none has one: they could wait for each other in a circle.
  void submit(memo::task_group& group, std::uint64_t seed, int depth, bool may_be_next,
              bool is_below_holder) {
    std::mt19937_64 random(seed);
    auto* const made = new node{*this, group, random(), depth, is_below_holder, -1};
    memo::task t;
    t.run = [](void* state, std::uint64_t) noexcept {
      std::unique_ptr<node> const n(static_cast<node*>(state));
      n->all.run(*n);
    };
    t.state = made;
    if (random() % 4 == 0) t.priority = static_cast<std::int64_t>(random() % 5) - 2;
    if (random() % 16 == 0) t.weight = static_cast<unsigned>(random() % 6);
    if (!is_below_holder && random() % 8 == 0) {
      made->name = static_cast<int>(random() % 3);
      t.exclusions = std::span(names).subspan(static_cast<std::size_t>(made->name), 1);
    }
    t.next = may_be_next && random() % 2 == 0;
    ++submitted;
    executor.submit(group, t);
  }
  void run(node const& n) {
    std::mt19937_64 random(n.seed);
    if (n.name >= 0 && inside[static_cast<std::size_t>(n.name)]++ != 0) overlapped = true;
    bool const holds = n.name >= 0;
    if (n.depth > 0) {
      auto const children = random() % 5;
      if (random() % 3 == 0) {
        memo::task_group below;
        for (std::uint64_t i = 0; i < children; ++i)
          submit(below, random(), n.depth - 1, false, n.is_below_holder || holds);
        executor.wait(below);
      } else {
        for (std::uint64_t i = 0; i < children; ++i)
          submit(n.group, random(), n.depth - 1, i + 1 == children, n.is_below_holder);
      }
    }
    if (random() % 8 == 0) std::this_thread::yield();
    if (holds) --inside[static_cast<std::size_t>(n.name)];
    ++ran;
  }
};

}  // namespace

TEST_CASE("random trees of tasks with all wishes run completely, from several threads") {
  for (unsigned const jobs : {1U, 2U, 4U, 8U}) {
    memo::work_stealing_executor executor(jobs);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    std::atomic<std::uint64_t> tasks{0};
    for (std::uint64_t t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        for (std::uint64_t round = 0; round < (is_long() ? 1000U : 30U); ++round) {
          tree all{executor};
          memo::task_group group;
          for (std::uint64_t i = 0; i < 4; ++i)
            all.submit(group, (t * 1000 + round) * 10 + i, 6, i == 3, false);
          executor.wait(group);
          if (all.ran != all.submitted || all.overlapped) ++wrong;
          tasks += all.ran;
        }
      });
    for (std::thread& t : threads) t.join();
    CHECK(wrong == 0);
    CHECK(tasks > 1000);
  }
}

#ifndef MEMO_TEST_NO_FORK

namespace {

/// The exit status of a child that calls f; -1 if it does not end in a minute or by a signal.
template <class F>
int status_of_child(F f) {
  pid_t const child = ::fork();
  if (child == 0) {
    f();
    ::_exit(99);
  }
  for (int i = 0; i < 6000; ++i) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    nap(10);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

int sum_of_many(memo::work_stealing_executor& executor) {
  memo::task_group group;
  std::atomic<int> ran{0};
  std::function<void()> const leaf = [&] {
    ++ran;
    nap(1);
  };
  for (int i = 0; i < 20; ++i) executor.submit(group, calling(leaf));
  executor.wait(group);
  return ran;
}

}  // namespace

TEST_CASE("a forked child can use the executor and end") {
  memo::work_stealing_executor executor(4);
  CHECK(sum_of_many(executor) == 20);
  CHECK(status_of_child([&] { ::_exit(sum_of_many(executor)); }) == 20);
  CHECK(status_of_child([&] { std::exit(sum_of_many(executor)); }) == 20);
  CHECK(sum_of_many(executor) == 20);
}

TEST_CASE(
    "a child that is forked while tasks run can use the executor, runs none of them by itself, and can wait "
    "for queued ones") {
  auto const executor = memo::work_stealing_executor::shared(3);
  memo::task_group group, queued;
  std::atomic<bool> stop{false};
  std::atomic<int> started{0}, ran{0};
  std::function<void()> const hold = [&] {
    ++started;
    while (!stop) nap(1);
  };
  std::function<void()> const leaf = [&] { ++ran; };
  for (int i = 0; i < 2; ++i) executor->submit(group, calling(hold));
  REQUIRE(eventually([&] { return started == 2; }));
  for (int i = 0; i < 5; ++i) executor->submit(queued, calling(leaf));
  CHECK(status_of_child([&] {
          if (sum_of_many(*executor) != 20 || ran != 0) ::_exit(1);
          executor->wait(queued);
          ::_exit(ran == 5 ? 0 : 2);
        }) == 0);
  CHECK(ran == 0);
  stop = true;
  executor->wait(group);
  executor->wait(queued);
  CHECK(ran == 5);
}

TEST_CASE("a child forked inside a task can use the executor") {
  memo::work_stealing_executor executor(3);
  memo::task_group group;
  std::atomic<int> status{-1};
  std::function<void()> const forking = [&] {
    status = status_of_child([&] { ::_exit(sum_of_many(executor)); });
  };
  executor.submit(group, calling(forking));
  executor.wait(group);
  CHECK(status == 20);
  CHECK(sum_of_many(executor) == 20);
}

TEST_CASE("a task may end the program while others run") {
  for (int i = 0; i < 10; ++i)
    CHECK(status_of_child([&] {
            static std::unique_ptr<memo::work_stealing_executor> executor;
            executor = std::make_unique<memo::work_stealing_executor>(3);
            memo::task_group group;
            std::atomic<int> started{0};
            std::function<void()> const busy = [&] {
              ++started;
              nap(20);
            };
            std::function<void()> const end = [&] {
              while (started < 1) nap(1);
              std::exit(7);
            };
            executor->submit(group, calling(busy));
            executor->submit(group, calling(end));
            for (int k = 0; k < 10; ++k) executor->submit(group, calling(busy));
            executor->wait(group);
          }) == 7);
}

#endif
