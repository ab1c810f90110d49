/// Which memoized calls run now, on which thread, and which threads wait for them: what tells recursion and keeps
/// waiting from going in a circle.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/core/fork.hpp>
#include <memo/store/digest_map.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

class running_key;

/// What a thread runs and waits for.
struct calling_thread {
  running_key const* innermost = nullptr;  ///< the thread's own
  bool waits = false;                      ///< this and the next: under the lock of `call_table`
  digest waits_for{};
  std::uint64_t search = 0;  ///< the last search for a circle that came by

  static calling_thread& own() {
    static thread_local calling_thread mine;
    return mine;
  }
};

/// A key that a thread computes right now, for as long as this object lives on its stack.
class running_key {
 public:
  /// `function` tells apart functions of one key: one memory of a function may stand behind another. Throws usage_error
  /// where the same call runs on this thread already.
  running_key(void const* function, std::string_view name, digest const& key)
      : function_(function), name_(name), key_(key), outer_(calling_thread::own().innermost) {
    for (running_key const* k = outer_; k != nullptr; k = k->outer_)
      if (k->key_ == key && k->function_ == function) throw_recursion();
    calling_thread::own().innermost = this;
  }
  running_key(running_key const&) = delete;
  running_key& operator=(running_key const&) = delete;
  ~running_key() { calling_thread::own().innermost = outer_; }

 private:
  [[noreturn]] void throw_recursion() const {
    std::string chain(name_);
    for (running_key const* k = outer_; k != nullptr; k = k->outer_) {
      chain = std::string(k->name_) + " \u2192 " + chain;
      if (k->key_ == key_ && k->function_ == function_) break;
    }
    throw usage_error(
        "a memoized call asks for its own result",
        {{"function", std::string(name_)}, {"chain", chain}, {"key", to_hex(key_)}},
        "the arguments are the same as those of the call that is running: the recursion has no end");
  }

  void const* function_;
  std::string_view name_;
  digest key_;
  running_key const* outer_;
};

/// A call that other threads may wait for, and how it ended.
struct running_call {
  enum class end : std::uint8_t {
    none,    ///< it runs, or it threw
    value,   ///< `value` is its result, though it may not be in the store
    unkept,  ///< its result is its caller's alone: each has to call
  };
  calling_thread* thread = nullptr;
  void const* tag = nullptr;  ///< of the result's exact type
  end how = end::none;
  std::shared_ptr<void const> value{};
};

/// The running calls of this process that hold their key's claim. One lock, which no hit takes.
class call_table {
 public:
  /// Never destroyed, for calls of threads that outlive `main`. A forked child begins with an empty one: what its parent's
  /// other threads held, calls and the lock, is not let go of there.
  static call_table& of_process() {
    static std::atomic<call_table*> current{nullptr};
    call_table* table = current.load();
    while (table == nullptr || !table->is_own()) {
      notice_forks();
      auto made = std::make_unique<call_table>();
      if (!current.compare_exchange_strong(table, made.get())) continue;
      made->before_ = table;
      table = made.release();
    }
    return *table;
  }

  /// False in a child of the process that made it.
  bool is_own() const { return generation_ == process_generation(); }

  std::shared_ptr<running_call> add(digest const& key, void const* tag) {
    auto made = std::make_shared<running_call>();
    made->thread = &calling_thread::own();
    made->tag = tag;
    std::lock_guard const guard(lock_);
    calls_[key].push_back(made);
    return made;
  }

  void remove(digest const& key, running_call const* call) noexcept {
    std::lock_guard const guard(lock_);
    auto* const calls = calls_.find(key);
    std::erase_if(*calls, [&](auto const& c) { return c.get() == call; });
    if (calls->empty()) calls_.erase(key);
  }

  void end(running_call& call, running_call::end how, std::shared_ptr<void const> value) {
    std::lock_guard const guard(lock_);
    call.how = how;
    call.value = std::move(value);
  }

  running_call ended(running_call const& call) {
    std::lock_guard const guard(lock_);
    return call;
  }

  /// Notes that the calling thread waits for the key; false, and nothing is noted, where a thread that computes it waits
  /// for this one, directly or through others. `call`: the one whose result it may take, if such a call is known.
  bool begin_wait(digest const& key, void const* tag, std::shared_ptr<running_call>& call) {
    calling_thread& me = calling_thread::own();
    std::lock_guard const guard(lock_);
    ++search_;
    if (leads_to(key, me, 0)) return false;
    me.waits = true;
    me.waits_for = key;
    if (auto const* const calls = calls_.find(key))
      for (auto const& c : *calls)
        if (c->tag == tag) call = c;
    return true;
  }
  void end_wait() noexcept {
    std::lock_guard const guard(lock_);
    calling_thread::own().waits = false;
  }

 private:
  static constexpr int longest_chain = 1000;

  // Each thread is looked at once in a search.
  bool leads_to(digest const& key, calling_thread const& me, int depth) {
    auto const* const calls = calls_.find(key);
    if (calls == nullptr) return false;
    if (depth == longest_chain) return true;  // to compute twice is never wrong
    for (auto const& c : *calls) {
      if (c->thread == &me) return true;
      if (!c->thread->waits || std::exchange(c->thread->search, search_) == search_) continue;
      if (leads_to(c->thread->waits_for, me, depth + 1)) return true;
    }
    return false;
  }

  std::uint64_t const generation_ = process_generation();
  call_table const* before_ = nullptr;  // of the parent
  std::mutex lock_;
  std::uint64_t search_ = 0;
  digest_map<std::vector<std::shared_ptr<running_call>>> calls_;
};

/// Lets others wait for a call of this thread, for as long as this object lives on its stack.
class offered_call {
 public:
  offered_call(digest const& key, void const* tag)
      : table_(call_table::of_process()), key_(key), call_(table_.add(key, tag)) {}
  offered_call(offered_call const&) = delete;
  offered_call& operator=(offered_call const&) = delete;
  ~offered_call() {
    if (table_.is_own()) table_.remove(key_, call_.get());
  }

  void give(std::shared_ptr<void const> value) { end(running_call::end::value, std::move(value)); }
  void keep_to_itself() { end(running_call::end::unkept, {}); }

 private:
  void end(running_call::end how, std::shared_ptr<void const> value) {
    if (table_.is_own()) table_.end(*call_, how, std::move(value));
  }

  call_table& table_;
  digest key_;
  std::shared_ptr<running_call> call_;
};

/// What a thread blocks on until a claim tells it that the key is free.
class claim_signal {
 public:
  static void wake(void* self, std::uint64_t) noexcept {
    auto& signal = *static_cast<claim_signal*>(self);
    std::lock_guard const guard(signal.lock_);
    signal.is_set_ = true;
    signal.changed_.notify_one();
  }

  /// False where `until` came first.
  bool wait_until(std::chrono::steady_clock::time_point until) {
    std::unique_lock guard(lock_);
    return changed_.wait_until(guard, until, [this] { return is_set_; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

}  // namespace memo::detail
