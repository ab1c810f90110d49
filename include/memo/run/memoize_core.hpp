/// The part of a memoized function that needs no types.
#pragma once

#include <memo/core/stripes.hpp>
#include <memo/exec/concept.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/errors.hpp>
#include <memo/run/options.hpp>
#include <memo/run/running_call.hpp>
#include <memo/run/step_key.hpp>
#include <memo/run/waiting.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// How often a memoized function was answered from the store or by another thread's computation, and how often it had to
/// be called.
struct memoize_stats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t differences = 0;  ///< mode verify: hits that a second computation did not confirm
};

namespace detail {

/// What the copies of a memoized function count. Any thread.
class memoize_counters {
 public:
  void count_hit() {
    std::uint32_t const stripe = stripes::own();
    count_in(stripe, counted_[stripe].hits);
  }
  void count_miss() {
    std::uint32_t const stripe = stripes::own();
    count_in(stripe, counted_[stripe].misses);
  }
  void count_difference() { differences_.fetch_add(1, std::memory_order_relaxed); }
  std::atomic<std::uint64_t>& random() { return random_; }

  memoize_stats sum() const {
    memoize_stats all;
    counted_.each([&](counts const& own) {
      all.hits += own.hits.load(std::memory_order_relaxed);
      all.misses += own.misses.load(std::memory_order_relaxed);
    });
    all.differences = differences_.load(std::memory_order_relaxed);
    return all;
  }

 private:
  struct counts {
    std::atomic<std::uint64_t> hits{0}, misses{0};
  };
  striped<counts> counted_;
  std::atomic<std::uint64_t> differences_{0}, random_{0};
};

class memoize_core {
 public:
  memoize_core(any_store store, memo::options const& chosen, std::string_view name)
      : store_(std::move(store)), options_(effective(chosen)), seed_(seed_of(options_.secret)), name_(name) {
    mode_rules const& rules = rules_of(options_.mode);
    is_recalled_ = rules.looks_up && !rules.verifies && store_.capabilities().live;
    how_ = rules.writes ? access::normal : access::read_only;
    if (rules.writes && waits_for_processes(options_))
      reach_ = options_.wait ? claim_reach::asked : claim_reach::machine;
  }

  /// The stored value of a key, or null with a call that is ready to be published.
  struct answer {
    std::shared_ptr<void const> value;
    cached_call call;
  };

  std::uint64_t seed() const { return seed_; }
  memo::options const& options() const { return options_; }
  void set_prefix(digest const& prefix) { prefix_ = prefix; }
  digest const& prefix() const { return prefix_; }

  digest key_of(key_parts& parts, step_options const& declared) const {
    if (has_environment(declared)) {
      std::vector<std::string_view> variables = declared.environment.all();
      variables.insert(variables.end(), options_.env.begin(), options_.env.end());
      add_environment(parts, std::move(variables));
    }
    return parts.key(prefix_, seed_);
  }
  bool has_environment(step_options const& declared) const {
    return !options_.env.empty() || !declared.environment.empty();
  }

  /// Gives the live value of a key where the store has it at hand: copied to `plain`, or else shared by `handle`.
  bool recall(digest const& key, value_type const& type, std::int64_t ttl_ms, void* plain,
              std::shared_ptr<void const>* handle) const {
    if (!is_recalled_) return false;
    std::int64_t const created_ms =
        store_.recall(key, {type.tag, how_, plain, plain == nullptr ? 0 : type.object_size, handle});
    if (created_ms < 0) return false;
    // A value that this process made and that may be of any age is not asked for its time.
    return ttl_ms < 0 || is_young(created_ms, ttl_ms);
  }

  answer find(digest const& key, value_type const& type, std::int64_t ttl_ms) const {
    return find(key, type, ttl_ms, true);
  }

  /// Waits while another thread or process computes the key, as `options::wait` says. Then `found` has a
  /// value, or the caller has to compute: for all, where this gives a claim to hold until the value is stored, or for
  /// itself alone.
  std::shared_ptr<void> take_turn(digest const& key, value_type const& type, std::int64_t ttl_ms,
                                  answer& found) const {
    if (!rules_of(options_.mode).looks_up) return nullptr;
    auto const start = std::chrono::steady_clock::now();
    for (bool is_told = false;; is_told = true) {
      claim_signal freed;
      claim_result claim =
          store_.claim({.key = key, .reach = reach_, .waiter = {&claim_signal::wake, &freed}});
      if (claim.what == claim_result::status::mine) {
        found = find(key, type, ttl_ms, false);
        return found.value != nullptr ? nullptr : std::move(claim.hold);
      }
      if (!wait(key, type, claim, freed, start, is_told, found)) return nullptr;
      if (found.value == nullptr) found = find(key, type, ttl_ms, false);
      if (found.value != nullptr) return nullptr;
    }
  }

  void publish(cached_call& call, std::shared_ptr<void const> const& value, value_type const& type,
               std::int64_t took, std::vector<dependency>&& read) const {
    if (!rules_of(options_.mode).writes) return;
    put_result put;
    try {
      put = put_value(call, value, type, took, std::move(read));
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      put.warning = message_of(std::current_exception());
    }
    if (!put.warning.empty()) warn("a result could not be stored", put.warning);
  }

  void tell_uncached(std::string const& why) const { tell(event_kind::did_warn, "not cached: " + why); }

  /// Tells the observer that a second computation did not confirm what is stored.
  void tell_difference(std::string const& what) const { tell(event_kind::did_differ, what); }

  bool verifies() const { return rules_of(options_.mode).verifies; }

  any_store& store() const { return store_; }
  clock const& time() const { return options_.clock ? *options_.clock : clock::system(); }
  std::string_view name() const { return name_; }
  bool is_off() const { return options_.mode == mode::off; }

 private:
  bool is_young(std::int64_t created_ms, std::int64_t ttl_ms) const {
    std::int64_t const now_ms = time().wall_ms();
    return created_ms <= now_ms + clock_skew_ms && now_ms - created_ms < ttl_ms;
  }

  answer find(digest const& key, value_type const& type, std::int64_t ttl_ms, bool warns) const {
    answer found;
    mode_rules const& rules = rules_of(options_.mode);
    if (!rules.looks_up) {
      found.call.skip_look_up(key, {}, rules.replaces);
      return found;
    }
    found.call.look_up(
        store_, key,
        {.now_ms = time().wall_ms(), .ttl_ms = ttl_ms, .outputs = 1, .how = how_, .seed = seed_});
    if (found.call.where() != cached_call::state::hit) {
      if (warns && found.call.failed_to_read()) warn("a result could not be read", found.call.reason());
      return found;
    }
    loaded value = found.call.load(store_, 0, type, false, how_);
    if (value.object == nullptr) {
      if (warns) warn("a result could not be read", value.problem);
      found.call.reopen(std::move(value.problem), true);
      return found;
    }
    found.value = std::move(value.object);
    return found;
  }

  /// Blocks until the key is free. False where it is not worth looking again: the wait would go in a circle or is over,
  /// or nothing is kept.
  bool wait(digest const& key, value_type const& type, claim_result& busy, claim_signal& freed,
            std::chrono::steady_clock::time_point start, bool is_told, answer& found) const {
    // A thread of this process ends its computation, whatever comes; only in a task it may want what this task holds (a
    // name of `.uses`, a job), and has to be overtaken.
    bool const has_bound = busy.is_other_process || options_.wait || frame_here != nullptr;
    auto const now = std::chrono::steady_clock::now();
    auto const until = start + std::chrono::nanoseconds(wait_ns(options_));
    if (has_bound && until <= now) return false;
    call_table& calls = call_table::of_process();
    std::shared_ptr<running_call> other;
    if (!calls.begin_wait(key, type.tag, other)) return false;
    struct ending {
      ~ending() { of.end_wait(); }
      call_table& of;
    } const at_end{calls};
    if (!is_told) tell(event_kind::will_wait, busy.holder);
    // The holder may become another one meanwhile, in another process: it is asked for again and again.
    auto const later = now + std::chrono::seconds(1);
    bool const is_free = freed.wait_until(has_bound ? std::min(until, later) : later);
    busy.hold.reset();  // from here on `freed` is not called
    if (!is_free) return true;
    if (other == nullptr) return true;
    running_call const ended = calls.ended(*other);
    if (ended.how == running_call::end::value) found.value = ended.value;
    return ended.how != running_call::end::unkept;
  }

  put_result put_value(cached_call& call, std::shared_ptr<void const> const& value, value_type const& type,
                       std::int64_t took, std::vector<dependency>&& read) const {
    encoding const encoded = type.encode(value.get(), seed_);
    stored_output out = describe(encoded, type, store_.capabilities());
    object_source const source = object_of(encoded, type, value);
    bool const has_object = static_cast<bool>(out.object);
    entry made;
    made.project = options_.project;
    made.pipeline = "memoize";
    made.step = name_;
    made.created_ms = time().wall_ms();
    made.cost_ns = took;
    made.variant = variant_of(read, seed_);
    made.dependencies = std::move(read);
    made.outputs.push_back(std::move(out));
    return call.publish(store_, std::move(made), {&source, has_object ? 1u : 0u});
  }

  void tell(event_kind what, std::string const& text) const {
    if (options_.observer != nullptr) options_.observer->notice({what, name_, text, 0, 0});
  }

  void warn(std::string_view headline, std::string const& problem) const {
    tell(event_kind::did_warn, problem);
    if (options_.strict)
      throw store_error(std::string(headline) + ", and options.strict is set",
                        {{"function", std::string(name_)}, {"problem", problem}},
                        "without options.strict the result is used, and computed again next time");
  }

  mutable any_store store_;
  memo::options options_;
  std::uint64_t seed_;
  digest prefix_;
  std::string_view name_;
  bool is_recalled_ = false;
  access how_ = access::normal;
  claim_reach reach_ = claim_reach::process;
};

}  // namespace detail
}  // namespace memo
