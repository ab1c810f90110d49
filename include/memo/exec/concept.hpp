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
  std::span<std::string_view const> exclusions;  ///< tasks that share a name here never run at the same time
};

/// Counts tasks that are submitted and not finished, so that somebody can wait for all of them. Not movable; outlives
/// its tasks. Tasks may submit further tasks to their own group.
class task_group {
 public:
  task_group() = default;
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;

  std::size_t pending() const { return pending_.load(); }

  /// For executors: one task more, one task done. The last `done` makes everything that the tasks wrote visible to
  /// who sees `pending() == 0`.
  void add() { pending_.fetch_add(1); }
  void done() { pending_.fetch_sub(1); }

 private:
  std::atomic<std::size_t> pending_{0};
};

/// Something that runs tasks.
///
/// Promises that the syntax cannot state: a submitted task runs exactly once, on some thread, before `wait` for its
/// group returns; `submit` may be called from a running task; `wait` helps, that is, runs tasks of the group (or below
/// it) on the calling thread, and may be called from a running task for another group. Tasks do not throw. `submit`
/// throws std::bad_alloc at most, and then the task is not in the group.
template <class E>
concept executor = requires(E e, E const ce, task_group& group, task const& t) {
  { ce.concurrency() } -> std::same_as<unsigned>;  // how many tasks can run at the same time
  e.submit(group, t);
  e.wait(group);
};

/// A reference to any executor, for code that is not a template. Cheap to copy; the executor outlives it.
class executor_ref {
 public:
  template <executor E>
    requires(!std::same_as<E, executor_ref>)
  executor_ref(E& e)  // NOLINT: a reference converts
      : self_(&e), table_(&table_of<E>) {}

  unsigned concurrency() const { return table_->concurrency(self_); }
  void submit(task_group& group, task const& t) { table_->submit(self_, group, t); }
  void wait(task_group& group) { table_->wait(self_, group); }

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
