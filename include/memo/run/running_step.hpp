#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>

#include <string>
#include <string_view>

namespace memo::detail {

/// A step whose function runs right now, and the one in whose function its run was begun: what tells that a step asks for
/// its own result. Lives on the stack of the thread that runs the step; other threads that work for the function refer to
/// it by a `scope`.
class running_step {
 public:
  running_step(digest const& key, std::string_view name, running_step const* outer)
      : key_(key), name_(name), outer_(outer) {}
  running_step(running_step const&) = delete;
  running_step& operator=(running_step const&) = delete;

  /// The step that this thread works for; null outside of steps.
  static running_step const* innermost() { return here(); }

  /// Makes a step the innermost one of this thread for a while.
  class scope {
   public:
    explicit scope(running_step const* step) : before_(here()) { here() = step; }
    scope(scope const&) = delete;
    scope& operator=(scope const&) = delete;
    ~scope() { here() = before_; }

   private:
    running_step const* before_;
  };

  /// Throws usage_error where a step of this key is `inside` or around it.
  static void refuse_circle(running_step const* inside, digest const& key, std::string_view name) {
    std::string chain(name);
    for (running_step const* s = inside; s != nullptr; s = s->outer_) {
      chain = std::string(s->name_) + " \u2192 " + chain;
      if (s->key_ == key)
        throw usage_error(
            "a step asks for its own result",
            {{"step", std::string(name)}, {"chain", chain}, {"key", to_hex(key)}},
            "it runs a pipeline that holds this very step with the same inputs: the recursion has no end");
    }
  }

 private:
  static running_step const*& here() {
    static thread_local running_step const* step = nullptr;
    return step;
  }

  digest key_;
  std::string_view name_;
  running_step const* outer_;
};

}  // namespace memo::detail
