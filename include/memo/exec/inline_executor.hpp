#pragma once

#include <memo/exec/concept.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace memo {

/// Runs tasks on the thread that waits, one at a time: those of higher priority first, then in the order in which they
/// were submitted. For tests, for debugging, and for `jobs = 1`. Used by one thread.
class inline_executor {
 public:
  unsigned concurrency() const { return 1; }

  void submit(task_group& group, task const& t) {
    queue_.push_back({&group, t, number_++});
    std::push_heap(queue_.begin(), queue_.end(), later);
    group.add();
  }

  /// Runs tasks, of other groups too, until the group has none.
  void wait(task_group& group) {
    while (group.pending() != 0 && !queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end(), later);
      queued const next = queue_.back();
      queue_.pop_back();
      next.work.run(next.work.state, next.work.argument);
      next.group->done();
    }
  }

 private:
  struct queued {
    task_group* group;
    task work;
    std::uint64_t number;
  };

  static bool later(queued const& a, queued const& b) {
    return a.work.priority != b.work.priority ? a.work.priority < b.work.priority : a.number > b.number;
  }

  std::vector<queued> queue_;  // a heap
  std::uint64_t number_ = 0;
};

static_assert(executor<inline_executor>);

}  // namespace memo
