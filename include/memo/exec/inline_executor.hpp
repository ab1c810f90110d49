#pragma once

#include <memo/exec/concept.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace memo {

/// Runs tasks on the thread that waits, one at a time: those of higher priority first, then in the order in which they
/// were submitted; one that asks to be `next` goes before those of its priority. For tests, for debugging, and for `jobs = 1`. Used by
/// one thread.
class inline_executor {
 public:
  unsigned concurrency() const { return 1; }

  void submit(task_group& tasks, task const& t) {
    queue_.push_back({&tasks, t, t.next ? --first_ : ++last_});
    std::push_heap(queue_.begin(), queue_.end(), later);
    tasks.add();
  }

  /// Runs tasks until the group has none: of any group, but in a task only those of this group or below it, as the task
  /// holds its exclusions.
  void wait(task_group& tasks) {
    bool const in_task = detail::frame_here != nullptr;
    detail::task_frame frame{nullptr, detail::frame_here, this};
    while (tasks.pending() != 0) {
      auto at = queue_.begin();
      if (in_task) {
        at = queue_.end();
        for (auto i = queue_.begin(); i != queue_.end(); ++i)
          if (i->group->is_below(tasks) && (at == queue_.end() || later(*at, *i))) at = i;
      }
      if (at == queue_.end()) return;
      queued const found = *at;
      if (at == queue_.begin()) {
        std::pop_heap(queue_.begin(), queue_.end(), later);
      } else {
        std::swap(*at, queue_.back());
        std::make_heap(queue_.begin(), queue_.end() - 1, later);
      }
      queue_.pop_back();
      frame.group = found.group;
      detail::frame_here = &frame;
      found.work.run(found.work.state, found.work.argument);
      detail::frame_here = frame.outer;
      found.group->done();
    }
  }

 private:
  struct queued {
    task_group* group;
    task work;
    std::int64_t number;
  };

  static bool later(queued const& a, queued const& b) {
    return a.work.priority != b.work.priority ? a.work.priority < b.work.priority : a.number > b.number;
  }

  std::vector<queued> queue_;  // a heap
  std::int64_t first_ = 0, last_ = 0;
};

static_assert(executor<inline_executor>);

}  // namespace memo
