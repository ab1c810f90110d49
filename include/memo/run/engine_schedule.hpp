/// The order of a run: who runs first, how tasks reach the executor, and who waits for somebody else.
#pragma once

#include <memo/exec/inline_executor.hpp>
#include <memo/run/engine_class.hpp>
#include <memo/run/running_step.hpp>

#include <array>
#include <chrono>
#include <thread>

namespace memo::detail {

/// Look-ups come before all computing: they are short, and what they find decides what is critical.
inline constexpr std::int64_t look_up_priority = std::int64_t{1} << 62;

/// The height of a step is its own length and the greatest height of what waits for it.
inline void engine::find_heights(std::int64_t (*length)(engine const&, std::uint32_t)) {
  for (std::size_t i = steps_.size(); i-- > 0;) {
    step_state& s = steps_[i];
    std::int64_t above = 0;
    for (std::uint32_t const next : s.successors) above = std::max(above, steps_[next].height);
    s.height = std::min(above + length(*this, static_cast<std::uint32_t>(i)), look_up_priority - 1);
  }
}

/// Reads how long the steps took in earlier runs; from here on the critical path goes first, where steps that never ran
/// count as short. Once in a run, when it is clear that something must run.
inline void engine::learn_lengths() {
  if (last_) return;
  std::optional<std::string> record =
      request_.store.read_last(last_record_id(request_.options.project, rows().name));
  last_ = record ? read_last_record(*record) : last_steps{};
  if (executor_ == nullptr || executor_->concurrency() == 1) return;
  ordered_ = true;
  find_heights([](engine const& e, std::uint32_t step) {
    last_step const* const known = find_step(*e.last_, e.steps_[step].report.name, step);
    std::uint64_t const time = known == nullptr ? 0 : known->time_ns;
    return static_cast<std::int64_t>(std::min<std::uint64_t>(time, std::uint64_t{1} << 50)) + 1;
  });
}

inline task engine::task_for(std::uint32_t step) {
  step_state const& s = steps_[step];
  task work{[](void* self, std::uint64_t which) noexcept {
              static_cast<engine*>(self)->advance(static_cast<std::uint32_t>(which));
            },
            this, step};
  work.weight = row(step).options.threads;
  work.exclusions = s.exclusions;
  if (ordered_ || starts_) work.priority = s.height + (s.phase == phase::look_up ? look_up_priority : 0);
  return work;
}

/// Has the step taken up soon: its task goes to the executor when the mutex is released.
inline void engine::submit(std::uint32_t step) { ready_.push_back(step); }

/// Releases the mutex and does what had to wait for that. `ends`: the calling task is over with it.
inline void engine::flush(std::unique_lock<std::mutex>& lock, bool ends) noexcept {
  bool const halts = std::exchange(halts_, false);
  std::vector<std::shared_ptr<void>> given_up;
  given_up.swap(given_up_);
  // Without the mutex for all that is called; a few at a time, as there may be no memory for more.
  for (std::array<task, 8> tasks; executor_ != nullptr && submitted_ < ready_.size();) {
    executor_ref executor = *executor_;
    task_group& group = *group_;
    std::size_t const count = std::min(tasks.size(), ready_.size() - submitted_);
    for (std::size_t i = 0; i < count; ++i) tasks[i] = task_for(ready_[submitted_ + i]);
    submitted_ += count;
    if (submitted_ == ready_.size()) {
      ready_.clear();
      submitted_ = 0;
      starts_ = false;
    }
    bool const is_last = ready_.empty();
    tasks[0].next = std::exchange(ends, false) && tasks[0].priority == 0;
    lock.unlock();
    bool out_of_memory = false;
    for (std::size_t i = 0; i < count; ++i) {
      try {
        executor.submit(group, tasks[i]);
      } catch (...) {
        out_of_memory = true;
      }
    }
    if (is_last && !out_of_memory) break;
    lock.lock();
    if (out_of_memory) {
      try {
        throw std::bad_alloc();
      } catch (...) {
        break_off();
      }
    }
  }
  if (lock.owns_lock()) lock.unlock();
  if (halts) halt_.request_stop();
}

/// Leaves the step until its key is free, or for as long as options.wait says.
inline void engine::park(std::uint32_t step, claim_result&& busy) {
  step_state& s = steps_[step];
  s.claim = std::move(busy.hold);
  bool const is_first = s.report.waited_for.empty();
  s.report.waited_for = std::move(busy.holder);
  if (is_first) tell(event_kind::will_wait, step, s.report.waited_for);
  s.parked = true;
  ++parked_;
}

/// The key of a step may be free. Called by the store, on any thread.
inline void engine::wake(void* self, std::uint64_t which) noexcept {
  engine& e = *static_cast<engine*>(self);
  auto const step = static_cast<std::uint32_t>(which);
  std::unique_lock lock(e.mutex_);
  step_state& s = e.steps_[step];
  if (!s.parked) {
    s.again = true;  // between the claim and the parking
    return;
  }
  s.parked = false;
  --e.parked_;
  e.submit(step);
  // An executor of one thread is that thread's alone: it is told to look.
  if (e.executor_->concurrency() > 1) {
    try {
      for (; e.submitted_ < e.ready_.size(); ++e.submitted_)
        e.executor_->submit(*e.group_, e.task_for(e.ready_[e.submitted_]));
      e.ready_.clear();
      e.submitted_ = 0;
    } catch (...) {
      e.break_off();
    }
  }
  ++e.wake_ups_;
  e.wake_ups_.notify_all();
}

/// Nothing new starts from here on; the first reason counts.
inline void engine::stop(std::string why) {
  if (!stopped_by_.empty()) return;
  stopped_by_ = std::move(why);
  halts_ = true;
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (std::exchange(steps_[i].parked, false)) {
      --parked_;
      submit(static_cast<std::uint32_t>(i));
    }
}

/// An observer hears of the end, also of a run that breaks; but it may be what broke it.
inline void engine::tell_of_broken_end() noexcept {
  try {
    tell(event_kind::did_finish, no_step);
  } catch (...) {
  }
}

/// Runs what is needed with an executor, and waits for all of it.
inline void engine::run(executor_ref executor) {
  std::int64_t const start = time().steady_ns();
  report_.started_ms = time().wall_ms();
  work_.start(start);
  task_group group;
  executor_ = &executor;
  group_ = &group;
  runs_ = true;
  inside_ = running_step::innermost();
  if (request_.options.observer != nullptr) {
    auto const needed =
        std::count_if(steps_.begin(), steps_.end(), [](step_state const& s) { return s.needed; });
    request_.options.observer->notice(
        {event_kind::will_start, {}, rows().name, static_cast<std::uint64_t>(needed), 0});
  }
  recall_files();
  {
    auto const pass_on = [this] {
      halt_.request_stop();
      ++wake_ups_;
      wake_ups_.notify_all();
    };
    std::stop_callback const stops(request_.options.stop, pass_on);
    {
      std::unique_lock lock(mutex_);
      for (std::size_t i = 0; i < steps_.size(); ++i)
        if (steps_[i].needed && steps_[i].waiting_for == 0) {
          steps_[i].phase = phase::look_up;
          submit(static_cast<std::uint32_t>(i));
        }
      if (executor.concurrency() > 1) {
        find_heights([](engine const&, std::uint32_t) { return std::int64_t{1}; });
        std::sort(ready_.begin(), ready_.end(), [this](std::uint32_t a, std::uint32_t b) {
          return steps_[a].height != steps_[b].height ? steps_[a].height > steps_[b].height : a < b;
        });
      }
      starts_ = executor.concurrency() > 1 && rules().looks_up;
      flush(lock);
    }
    finish_tasks(executor, group);
  }
  runs_ = false;
  inside_ = nullptr;
  executor_ = nullptr;
  group_ = nullptr;
  owes_report_ = true;
  if (broken_) {
    tell_of_broken_end();
    std::rethrow_exception(broken_);
  }
  write_last();
  remember_files();
  apply_limits();
  report_.time_ns = time().steady_ns() - start;
  tell(event_kind::did_finish, no_step);
  throw_failure();
}

/// Works on a step that is taken up after the run, on the calling thread.
inline void engine::drive(std::uint32_t step) {
  inline_executor here;
  executor_ref executor(here);
  task_group group;
  {
    std::unique_lock lock(mutex_);
    executor_ = &executor;
    group_ = &group;
    inside_ = running_step::innermost();
    halt_ = std::stop_source();  // the run is over, whatever ended it
    submit(step);
    flush(lock);
  }
  finish_tasks(executor, group);
  std::unique_lock lock(mutex_);
  inside_ = nullptr;
  executor_ = nullptr;
  group_ = nullptr;
  if (broken_) std::rethrow_exception(broken_);
}

/// Helps until all tasks are done, those of steps that wait for somebody else included.
inline void engine::finish_tasks(executor_ref executor, task_group& group) {
  for (;;) {
    executor.wait(group);
    std::unique_lock lock(mutex_);
    std::uint32_t const seen = wake_ups_.load();
    if (runs_ && request_.options.stop.stop_requested()) stop("options.stop was requested");
    if (inside_ != nullptr) give_up_waiting();
    bool const waits = ready_.empty() && group.pending() == 0;
    if (waits && parked_ == 0) return;
    if (waits && inside_ != nullptr) {
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else if (waits) {
      lock.unlock();
      wake_ups_.wait(seen);
    } else {
      flush(lock);
    }
  }
}

}  // namespace memo::detail
