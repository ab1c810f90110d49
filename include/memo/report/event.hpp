/// What happens during a run, as it happens: the one stream that progress, logs and tests are fed from.
#pragma once

#include <cstdint>
#include <string_view>

namespace memo {

/// A notable thing. `will_*` comes before the act, `did_*` after it; `text` is the reason where nothing else is said.
enum class event_kind : std::uint8_t {
  will_start,    ///< a run of the pipeline `text`: `count` steps are needed
  did_hit,       ///< a step's result was found
  will_run,      ///< a step's function is about to be called
  did_run,       ///< it has returned, and its results are kept where they are to be kept
  did_fail,      ///< it threw, or a check failed; `text` is the message
  did_skip,      ///< a step needs one that failed
  did_cancel,    ///< a step was not started because the run stops
  did_load,      ///< a value was read from the store
  did_differ,    ///< verify: the step gives another result than the stored one
  did_replace,   ///< a step that ran again gave another digest than its entry held
  did_warn,      ///< the store could not read or write; `text` says what
  did_log,       ///< a step wrote a line with context::log
  did_progress,  ///< a step said how far it is, or, with the text `elements`, a map: `count` of `total`
  did_finish,    ///< the run is over
  will_wait,     ///< a result is waited for that another thread or process computes; `text` says which
};

/// One event. The texts are valid during the call of the observer.
struct event {
  event_kind kind{};
  std::string_view step;
  std::string_view text;
  std::uint64_t count = 0;
  std::uint64_t total = 0;
};

/// Is told of every event, on the thread where it happens; several threads may call at once. It must not ask the run
/// that it hears of for anything (the run waits for it), and an exception from it ends that run.
class observer {
 public:
  virtual ~observer() = default;
  virtual void notice(event const& happened) = 0;
};

}  // namespace memo
