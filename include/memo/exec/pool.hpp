#pragma once

#include <memo/exec/gate.hpp>
#include <memo/exec/parking.hpp>
#include <memo/exec/worker.hpp>

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace memo::detail {

class pool;

/// All pools of the process, for `fork`.
struct pools {
  std::mutex sharing;  // for who makes shared ones; locked before the other
  std::mutex mutex;
  pool* first = nullptr;
  bool watches_forks = false;
};
inline constinit pools all_pools;

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb");
#endif
}

/// The state of a work_stealing_executor. Owned by the executor, its threads and the threads that wait, together, so that the
/// executor may be destroyed by one of its own tasks or while `exit` runs.
class pool {
 public:
  /// Throws std::bad_alloc.
  explicit pool(unsigned jobs);
  pool(pool const&) = delete;
  pool& operator=(pool const&) = delete;

  unsigned jobs() const { return jobs_; }
  unsigned threads() const { return started_.load(); }

  void submit(task_group& tasks, task const& t);
  void wait(task_group& tasks);
  /// Ends the threads, waits for them if no task is in the way, and drops the executor's share.
  void close();

 private:
  friend struct fork_handlers;

  ~pool();
  void share() { shares_.fetch_add(1, std::memory_order_relaxed); }
  void drop() {
    if (shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  session* session_here() const {
    task_frame* frame = frame_here;
    while (frame != nullptr && frame->executor != this) frame = frame->outer;
    return static_cast<session*>(frame);
  }

  void work(session& s);
  void run(session& s);
  bool is_over(session const& s) const {
    if (s.group_waited_for == nullptr) return closing_.load();
    return s.group_waited_for->pending() == 0;
  }
  bool take_here(session& s);
  bool take_through_gate(session& s);
  bool take_from_gate(session& s) {
    if (s.only != nullptr ? s.only->queued.load() == 0 : gate_.size() == 0) return false;
    return gate_.take(s.current, s, s.only, s.own.is_active);
  }
  bool take_anywhere(session& s);
  bool steal(session& s);
  bool accept(session& s, plain_task const& found, std::int64_t priority = 0);
  bool search(session& s);
  bool sleep(session& s);
  void stop_searching(session& s) {
    if (std::exchange(s.is_searching, false) && parking_.end_search() && has_work()) wake_one();
  }
  void deactivate(session& s);
  bool give_away(plain_task const& unwanted, std::int64_t priority = 0);
  void publish_next(session& s);
  void wait_in_task(session& outer, task_group& tasks);

  void submit_to_deque(session& s, task_group& tasks, plain_task const& t);
  void submit_to_gate(task_group& tasks, task const& t);
  bool has_work() const;
  /// There is a new task in the gate. Its group may be gone: the task may have run.
  void announce_in_gate() {
    if (parking_.needs_wake()) wake_one();
    if (parking_.has_restricted()) parking_.wake_restricted_in_gate();
  }
  /// There is a new task in the deque of the calling thread. The group is null if it may be gone.
  void announce_in_deque(task_group const* tasks) {
    if (parking_.needs_wake()) wake_one();
    if (parking_.has_restricted()) parking_.wake_restricted(tasks);
  }
  /// There is room for tasks in the gate, of which the caller takes so many.
  void announce_free_gate(std::size_t taken) {
    std::size_t const size = gate_.size();
    if (size > taken && parking_.needs_wake()) wake_one();
    if (size != 0 && parking_.has_restricted()) parking_.wake_restricted_in_gate();
  }
  void wake_one();
  static void* thread_main(void* started) noexcept;

  unsigned const jobs_;
  std::atomic<bool> closing_{false};
  std::atomic<unsigned> shares_{1};
  std::atomic<unsigned> started_{0};
  std::atomic<unsigned> waiting_outside_{0};
  gate gate_;
  parking parking_;
  workers workers_;
  std::mutex starting_;  // guards threads_, and started_ against close()
  std::unique_ptr<pthread_t[]> threads_;
  bool is_owned_ = true;
  pool* following_ = nullptr;  // in all_pools
};

struct started_thread {
  pool* home;
  worker* own;
};

}  // namespace memo::detail
