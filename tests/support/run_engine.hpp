/// Runs an engine as a runner does.
#pragma once

#include <memo/exec/inline_executor.hpp>
#include <memo/run/engine.hpp>
#include <memo/run/threads.hpp>

/// With 1 job on the calling thread, else on threads that all runs of this program share.
inline void run_engine(memo::detail::engine& engine, unsigned jobs) {
  if (jobs == 1) {
    memo::inline_executor here;
    return engine.run(here);
  }
  static memo::detail::kept_threads kept[9];
  engine.run(*kept[jobs].of(jobs));
}
