#pragma once

#include <memo/exec/processors.hpp>
#include <memo/exec/work_stealing_executor.hpp>

#include <memory>
#include <mutex>

namespace memo::detail {

/// How many jobs a run has; asked of the system once.
inline unsigned jobs_of(unsigned wanted) {
  static unsigned const processors = usable_processors();
  return wanted == 0 ? processors : wanted;
}

/// The threads that a runner keeps between its runs; runners with the same number of jobs share them. Any thread.
class kept_threads {
 public:
  std::shared_ptr<work_stealing_executor> of(unsigned jobs) {
    std::lock_guard const guard(lock_);
    if (executor_ == nullptr || executor_->concurrency() != jobs)
      executor_ = work_stealing_executor::shared(jobs);
    return executor_;
  }

 private:
  std::mutex lock_;
  std::shared_ptr<work_stealing_executor> executor_;
};

}  // namespace memo::detail
