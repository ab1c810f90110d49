/// Who runs tasks. An executor knows no graph and no cache.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace memo {

/// One piece of work: a plain function with its arguments, and how it wants to be scheduled.
struct task {
  void (*run)(void* state, std::uint64_t argument) noexcept = nullptr;
  void* state = nullptr;
  std::uint64_t argument = 0;
  std::int64_t priority = 0;  ///< higher first, among tasks that are ready
  unsigned weight = 1;        ///< how many jobs it takes while it runs; more than there are means all of them
  /// Tasks that share a name here never run at the same time, except a task and those that it waits for. The span and
  /// its texts outlive the task.
  std::span<std::string_view const> exclusions{};
  /// The task that submits it ends right after, or the thread that submits it waits right after: run it next, on the same
  /// thread, and wake nobody for it. A hint, for one task at a time.
  bool next = false;
};

class task_group;

namespace detail {

/// A thread that runs tasks, on its stack: the group of the task that it runs, and the frame that was there before. An
/// executor may derive from it.
struct task_frame {
  task_group* group = nullptr;
  task_frame* outer = nullptr;
  void const* executor = nullptr;
};

/// The innermost frame of this thread; null outside of tasks.
inline constinit thread_local task_frame* frame_here = nullptr;

/// How many threads sleep until a group is done, and what wakes them; set by the executor that lets them sleep.
inline constinit std::atomic<unsigned> group_sleepers{0};
inline constinit std::atomic<void (*)(task_group const*) noexcept> wake_group_sleepers{nullptr};

/// How often this process is a forked child of one that used an executor.
inline constinit std::atomic<unsigned> fork_count{0};

}  // namespace detail

/// Counts tasks that are submitted and not finished, so that somebody can wait for all of them. Not movable; outlives
/// its tasks. Tasks may submit further tasks to their own group. A group that is made in a task is below the group of that
/// task, and ends before the task does.
class task_group {
 public:
  task_group() : maker_(detail::frame_here) {}
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;

  /// Never less than the tasks that are not finished; while some are not, it may be more.
  std::size_t pending() const { return pending_.load(); }

  /// One task more, one task done: for executors, and for who keeps a group open until something else has happened. The
  /// last `done` makes everything that the tasks wrote visible to who sees `pending() == 0`; the group may be gone then.
  void add(std::size_t count = 1) { pending_.fetch_add(count); }
  void done(std::size_t count = 1) {
    if (pending_.fetch_sub(count) == count && detail::group_sleepers.load() != 0)
      detail::wake_group_sleepers.load()(this);
  }

  /// True for the group itself and for those that its tasks, and theirs, made.
  bool is_below(task_group const& other) const {
    task_group const* tasks = this;
    while (tasks != &other && tasks->maker_ != nullptr) tasks = tasks->maker_->group;
    return tasks == &other;
  }
  /// True if the task that runs in this frame, or one that it waits for, made the group.
  bool is_below(detail::task_frame const& frame) const {
    detail::task_frame const* maker = maker_;
    while (maker != nullptr && maker != &frame) maker = maker->group->maker_;
    return maker != nullptr;
  }
  /// The group of the task that made this one, or null.
  task_group* parent() const { return maker_ == nullptr ? nullptr : maker_->group; }

  /// True in a forked child for groups that were made before the fork.
  bool is_from_before_fork() const { return forks_ != detail::fork_count.load(std::memory_order_relaxed); }

  /// For executors: how many tasks of the group and below it lie in a queue that all threads share.
  std::atomic<std::size_t> queued{0};

 private:
  std::atomic<std::size_t> pending_{0};
  detail::task_frame* maker_;
  unsigned forks_ = detail::fork_count.load(std::memory_order_relaxed);
};

/// Something that runs tasks.
///
/// Promises that the syntax cannot state: a submitted task runs exactly once, on some thread, before `wait` for its
/// group returns; `submit` may be called from a running task; `wait` helps, that is, runs tasks on the calling thread,
/// and may be called from a running task for another group: then it runs only tasks of that group or below it. Tasks do
/// not throw. `submit` throws std::bad_alloc at most, and then the task is not in the group.
template <class E>
concept executor = requires(E e, E const ce, task_group& tasks, task const& t) {
  { ce.concurrency() } -> std::same_as<unsigned>;  // how many tasks can run at the same time
  e.submit(tasks, t);
  e.wait(tasks);
};

/// A reference to any executor, for code that is not a template. Cheap to copy; the executor outlives it.
class executor_ref {
 public:
  template <executor E>
    requires(!std::same_as<E, executor_ref>)
  executor_ref(E& e)  // NOLINT: a reference converts
      : self_(&e), table_(&table_of<E>) {}

  unsigned concurrency() const { return table_->concurrency(self_); }
  void submit(task_group& tasks, task const& t) { table_->submit(self_, tasks, t); }
  void wait(task_group& tasks) { table_->wait(self_, tasks); }

 private:
  struct functions {
    unsigned (*concurrency)(void const*);
    void (*submit)(void*, task_group&, task const&);
    void (*wait)(void*, task_group&);
  };
  template <class E>
  static constexpr functions table_of{
      [](void const* e) { return static_cast<E const*>(e)->concurrency(); },
      [](void* e, task_group& g, task const& t) { static_cast<E*>(e)->submit(g, t); },
      [](void* e, task_group& g) { static_cast<E*>(e)->wait(g); }};

  void* self_;
  functions const* table_;
};

static_assert(executor<executor_ref>);

}  // namespace memo
