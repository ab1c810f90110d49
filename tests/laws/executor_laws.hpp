/// The promises of the concept `executor`, as tests for any model of it.
#pragma once

#include <memo/exec/concept.hpp>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

namespace laws {

/// What a task of these laws works on: counters, and the means to submit more.
template <class Executor>
struct work {
  Executor& executor;
  memo::task_group group{};
  std::array<std::atomic<int>, 100> ran{};
  std::atomic<int> total{0};
  std::vector<int> plain = std::vector<int>(100);  // not atomic: `wait` must make it visible

  memo::task task_for(std::uint64_t number, void (*run)(void*, std::uint64_t) noexcept = &count) {
    memo::task made;
    made.run = run;
    made.state = this;
    made.argument = number;
    return made;
  }

  static void count(void* self, std::uint64_t number) noexcept {
    auto& w = *static_cast<work*>(self);
    ++w.ran[number];
    ++w.plain[number];
    ++w.total;
  }
  /// Submits its number's successor until 99, to its own group.
  static void chain(void* self, std::uint64_t number) noexcept {
    count(self, number);
    auto& w = *static_cast<work*>(self);
    if (number + 1 < w.ran.size()) w.executor.submit(w.group, w.task_for(number + 1, &chain));
  }
  /// Waits for tasks of a group of its own.
  static void nest(void* self, std::uint64_t number) noexcept {
    auto& w = *static_cast<work*>(self);
    memo::task_group inner;
    for (std::uint64_t i = 1; i <= 9; ++i) w.executor.submit(inner, w.task_for(number + i));
    w.executor.wait(inner);
    for (std::uint64_t i = 1; i <= 9; ++i)
      if (w.plain[number + i] != 1 || inner.pending() != 0) w.total += 1000;
    count(self, number);
  }
};

template <class Executor>
void every_task_runs_once(Executor& executor) {
  work<Executor> w{executor};
  for (std::uint64_t i = 0; i < 100; ++i) executor.submit(w.group, w.task_for(i));
  executor.wait(w.group);
  CHECK(w.group.pending() == 0);
  for (std::size_t i = 0; i < 100; ++i) CHECK(w.plain[i] == 1);
  executor.wait(w.group);
  CHECK(w.total == 100);
}

template <class Executor>
void waiting_for_nothing_returns(Executor& executor) {
  work<Executor> w{executor};
  executor.wait(w.group);
  CHECK(w.total == 0);
}

template <class Executor>
void a_group_can_be_used_again(Executor& executor) {
  work<Executor> w{executor};
  for (std::uint64_t i = 0; i < 5; ++i) {
    executor.submit(w.group, w.task_for(i));
    executor.wait(w.group);
    CHECK(w.plain[i] == 1);
  }
}

template <class Executor>
void a_task_may_submit_to_its_own_group(Executor& executor) {
  work<Executor> w{executor};
  executor.submit(w.group, w.task_for(0, &work<Executor>::chain));
  executor.wait(w.group);
  for (std::size_t i = 0; i < 100; ++i) CHECK(w.plain[i] == 1);
}

template <class Executor>
void a_task_may_wait_for_another_group(Executor& executor) {
  work<Executor> w{executor};
  for (std::uint64_t i = 0; i < 100; i += 10) executor.submit(w.group, w.task_for(i, &work<Executor>::nest));
  executor.wait(w.group);
  CHECK(w.total == 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(w.plain[i] == 1);
}

template <class Executor>
void weights_and_exclusions_only_order(Executor& executor) {
  constexpr std::array<std::string_view, 2> files{"hdf5", "mpi"};
  static std::atomic<int> inside;
  static std::atomic<bool> overlapped;
  inside = 0;
  overlapped = false;
  work<Executor> w{executor};
  for (std::uint64_t i = 0; i < 100; ++i) {
    memo::task t = w.task_for(i, [](void* self, std::uint64_t number) noexcept {
      bool const exclusive = number % 2 == 0;
      if (exclusive && inside++ != 0) overlapped = true;
      work<Executor>::count(self, number);
      if (exclusive) --inside;
    });
    t.weight = i % 7 == 0 ? 1'000'000 : 1;
    if (i % 2 == 0) t.exclusions = files;
    executor.submit(w.group, t);
  }
  executor.wait(w.group);
  CHECK_FALSE(overlapped);
  CHECK(w.total == 100);
}

/// A hint, also where it is given to several tasks, to tasks with other wishes, and from outside.
template <class Executor>
void next_is_only_a_hint(Executor& executor) {
  static constexpr std::array<std::string_view, 1> name{"device"};
  static work<Executor>* all;
  work<Executor> w{executor};
  all = &w;
  memo::task root = w.task_for(0, [](void* self, std::uint64_t number) noexcept {
    work<Executor>::count(self, number);
    for (std::uint64_t i = 1; i < 100; ++i) {
      memo::task t = all->task_for(i);
      t.next = true;
      t.priority = static_cast<std::int64_t>(i % 3);
      t.weight = i % 5 == 0 ? 3 : 1;
      if (i % 7 == 0) t.exclusions = name;
      all->executor.submit(all->group, t);
    }
  });
  root.next = true;
  executor.submit(w.group, root);
  executor.wait(w.group);
  for (std::size_t i = 0; i < 100; ++i) CHECK(w.plain[i] == 1);
}

/// It may hold something that others need.
template <class Executor>
void a_task_that_waits_runs_only_what_it_waits_for(Executor& executor) {
  static thread_local int waiting;
  static std::atomic<bool> nested;
  waiting = 0;
  nested = false;
  work<Executor> w{executor};
  for (std::uint64_t i = 0; i < 100; i += 10)
    executor.submit(w.group, w.task_for(i, [](void* self, std::uint64_t number) noexcept {
      if (waiting++ != 0) nested = true;
      work<Executor>::nest(self, number);
      --waiting;
    }));
  executor.wait(w.group);
  CHECK(w.total == 100);
  CHECK_FALSE(nested);
}

/// All laws. `executor` has no tasks.
template <memo::executor Executor>
void hold(Executor& executor) {
  CHECK(executor.concurrency() >= 1);
  every_task_runs_once(executor);
  waiting_for_nothing_returns(executor);
  a_group_can_be_used_again(executor);
  a_task_may_submit_to_its_own_group(executor);
  a_task_may_wait_for_another_group(executor);
  weights_and_exclusions_only_order(executor);
  next_is_only_a_hint(executor);
  a_task_that_waits_runs_only_what_it_waits_for(executor);
}

}  // namespace laws
