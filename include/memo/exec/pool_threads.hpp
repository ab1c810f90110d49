/// The threads of a pool: their start and end, and forks.
#pragma once

#include <memo/exec/pool.hpp>
#include <memo/exec/pool_work.hpp>

namespace memo::detail {

/// In a forked child the threads are gone. Locks are held across the fork; then each pool starts afresh.
struct fork_handlers {
  static void before() {
    all_pools.sharing.lock();
    all_pools.mutex.lock();
    for (pool* p = all_pools.first; p != nullptr; p = p->following_) {
      p->starting_.lock();
      p->gate_.lock();
    }
    all_sleepers.mutex.lock();
  }
  static void in_parent() {
    all_sleepers.mutex.unlock();
    for (pool* p = all_pools.first; p != nullptr; p = p->following_) {
      p->gate_.unlock();
      p->starting_.unlock();
    }
    all_pools.mutex.unlock();
    all_pools.sharing.unlock();
  }
  static void in_child() {
    fork_count.fetch_add(1);
    all_sleepers.first = nullptr;
    group_sleepers.store(0);
    for (pool* p = all_pools.first; p != nullptr; p = p->following_) start_afresh(*p);
    in_parent();
  }

 private:
  static void start_afresh(pool& p) {
    unsigned active = 0, shares = p.is_owned_ ? 1 : 0;
    for (worker* w = p.workers_.first(); w != nullptr; w = w->following) {
      bool const lives = is_of(p, *w);
      plain_task found;
      while (w->tasks.steal(found) == stolen::item) p.gate_.set_aside(found.queued());
      if (lives) {
        ++shares;
        active += w->is_active ? 1 : 0;
        continue;
      }
      w->is_active = false;
      w->is_taken.store(false);
    }
    p.gate_.set_all_aside(active);
    p.parking_.set_unstarted(p.jobs_ - 1);
    p.started_.store(0);
    p.shares_.store(shares);
  }

  /// True for a worker of the thread that forked.
  static bool is_of(pool const& p, worker const& w) {
    for (task_frame const* f = frame_here; f != nullptr; f = f->outer)
      if (f->executor == &p && &static_cast<session const*>(f)->own == &w) return true;
    return false;
  }
};

inline pool::pool(unsigned jobs)
    : jobs_(jobs), gate_(jobs), threads_(jobs > 1 ? new pthread_t[jobs - 1]{} : nullptr) {
  parking_.set_unstarted(jobs - 1);
  std::lock_guard const lock(all_pools.mutex);
  if (!std::exchange(all_pools.watches_forks, true))
    ::pthread_atfork(&fork_handlers::before, &fork_handlers::in_parent, &fork_handlers::in_child);
  following_ = all_pools.first;
  all_pools.first = this;
}

inline pool::~pool() {
  std::lock_guard const lock(all_pools.mutex);
  pool** at = &all_pools.first;
  while (*at != this) at = &(*at)->following_;
  *at = following_;
}

inline void* pool::thread_main(void* started) noexcept {
  started_thread const start = *static_cast<started_thread*>(started);
  delete static_cast<started_thread*>(started);
  session s(*start.own, nullptr, nullptr);
  s.is_searching = true;
  start.home->work(s);
  start.home->deactivate(s);
  workers::give_back(*start.own);
  start.home->drop();
  return nullptr;
}

inline void pool::wake_one() {
  if (parking_.wake_one() != parking::woken::start_one) return;
  worker* const own = workers_.take();
  auto* const started = new (std::nothrow) started_thread{this, own};
  share();
  std::lock_guard const lock(starting_);
  if (own != nullptr && started != nullptr && !closing_.load() &&
      ::pthread_create(&threads_[started_.load()], nullptr, &thread_main, started) == 0) {
    started_.fetch_add(1);
    return;
  }
  delete started;
  if (own != nullptr) workers::give_back(*own);
  parking_.end_search();
  drop();
}

inline void pool::close() {
  bool const in_the_way = waiting_outside_.load() != 0 || session_here() != nullptr;
  {
    std::lock_guard const lock(starting_);
    closing_.store(true);
  }
  parking_.wake_all();
  for (unsigned i = 0; i < started_.load(); ++i)
    in_the_way ? ::pthread_detach(threads_[i]) : ::pthread_join(threads_[i], nullptr);
  is_owned_ = false;
  drop();
}

}  // namespace memo::detail
