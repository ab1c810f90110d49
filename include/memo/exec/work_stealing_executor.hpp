#pragma once

#include <memo/exec/concept.hpp>
#include <memo/exec/pool.hpp>
#include <memo/exec/pool_threads.hpp>
#include <memo/exec/pool_work.hpp>
#include <memo/exec/processors.hpp>

#include <memory>
#include <utility>

namespace memo {

/// Runs tasks on several threads, each with a deque of its own (Chase, Lev 2005) from which idle ones steal.
///
/// Thread safe: several threads may submit and wait at once, and each thread that waits works too. `jobs - 1` threads
/// are started when there is more to do than the running ones can take; a chain of tasks that are `next` starts and wakes none.
/// Idle threads sleep. A task without wishes that a task submits is run by the same thread, last in first out, or
/// stolen, first in first out; others lie in one shared queue, by priority and then in order. A task that waits runs only what it waits for
/// (its group and below), gives its weight back meanwhile and does not stand in the way of the names that it holds.
///
/// Destroyed while no group has pending tasks; then all its threads have ended. In a task of its own or under `exit` in
/// a task, the threads end on their own. After fork() the child can use it, with new threads; tasks that were running on other
/// threads never end there, and queued ones run only if the child itself waits for their group.
class work_stealing_executor {
 public:
  /// 0 jobs are usable_processors(). Throws std::bad_alloc.
  explicit work_stealing_executor(unsigned jobs = 0)
      : pool_(new detail::pool(jobs == 0 ? usable_processors() : jobs)) {}
  work_stealing_executor(work_stealing_executor const&) = delete;
  work_stealing_executor& operator=(work_stealing_executor const&) = delete;
  ~work_stealing_executor() { pool_->close(); }

  /// The one of this process with so many jobs, made on first use, gone with its last owner: whoever shares it shares
  /// threads, weights and names.
  static std::shared_ptr<work_stealing_executor> shared(unsigned jobs = 0) {
    struct known {
      unsigned jobs;
      std::weak_ptr<work_stealing_executor> executor;
      known* following;
    };
    static constinit known* first = nullptr;
    if (jobs == 0) jobs = usable_processors();
    std::lock_guard const lock(detail::all_pools.sharing);
    known* found = first;
    while (found != nullptr && found->jobs != jobs) found = found->following;
    if (found == nullptr) found = first = new known{jobs, {}, first};
    std::shared_ptr<work_stealing_executor> executor = found->executor.lock();
    if (executor == nullptr) found->executor = executor = std::make_shared<work_stealing_executor>(jobs);
    return executor;
  }

  unsigned concurrency() const { return pool_->jobs(); }
  /// How many threads it has started.
  unsigned threads() const { return pool_->threads(); }

  /// Any thread. Throws std::bad_alloc.
  void submit(task_group& tasks, task const& t) { pool_->submit(tasks, t); }
  /// Any thread.
  void wait(task_group& tasks) { pool_->wait(tasks); }

 private:
  detail::pool* pool_;
};

static_assert(executor<work_stealing_executor>);

}  // namespace memo
