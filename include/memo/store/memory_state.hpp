/// What the copies of a memory store share: the tables, their limits, claims and pins.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claims.hpp>
#include <memo/store/limits.hpp>
#include <memo/store/memory_tables.hpp>
#include <memo/store/pins.hpp>

#include <algorithm>
#include <optional>

namespace memo {

/// Limits of a memory store; zero means none.
struct memory_options {
  std::uint64_t max_bytes = 0;
  std::uint64_t max_entries = 0;
  std::chrono::milliseconds max_age{0};  ///< from an entry's creation
};

namespace detail {

/// What the copies of a memory store share.
class memory_state {
 public:
  explicit memory_state(memory_options const& limits)
      : limits_(limits), tables_(limits.max_bytes != 0 || limits.max_entries != 0) {}
  memory_state(memory_state const&) = delete;
  memory_state& operator=(memory_state const&) = delete;

  memory_tables& tables() { return tables_; }

  put_result put(put_request const& request) {
    store_limits limits = own_limits();
    if (request.value == nullptr && limits.max_bytes != 0)
      for (auto const& source : request.objects)
        if (source.size > limits.max_bytes) return {};  // it would drive out all others, and then go itself
    put_result result = tables_.put(request);
    if (!result.stored) return result;
    if (limits.max_age_ms != 0) {
      // Looking at every entry's age costs a pass over all of them.
      std::int64_t const now = clock::system().wall_ms();
      if (std::int64_t last = age_checked_ms_.load(); now - last < 1000 && now >= last)
        limits.max_age_ms = 0;
      else
        age_checked_ms_.store(now);
    }
    if (limits.max_age_ms != 0 || is_worth_a_look(limits)) enforce(limits);
    return result;
  }

  /// Applies limits now, with a warning where what is pinned is more than they allow.
  put_result apply() {
    store_limits const limits = own_limits();
    if (has_limits(limits)) enforce(limits);
    if (!is_over(limits)) return {};
    return {true, too_small_for_run(limits, tables_.bytes(), tables_.count())};
  }

  bool erase(digest const& key) {
    std::vector<memory_object> gone;
    return tables_.take_out(key, gone);
  }

  collect_result collect(store_limits const& limits) {
    {
      digest_map<memory_object> gone;
      tables_.drop_unnamed(gone);
    }
    return enforce(limits);
  }

  store_limits own_limits() const {
    return {limits_.max_bytes, limits_.max_entries, static_cast<std::int64_t>(limits_.max_age.count())};
  }

  void clear() {
    tables_.clear();
    std::lock_guard const guard(last_lock_);
    last_.clear();
  }

  std::optional<std::string> read_last(digest const& id) {
    std::lock_guard const guard(last_lock_);
    std::string const* const text = last_.find(id);
    if (text == nullptr) return std::nullopt;
    return *text;
  }
  void write_last(digest const& id, byte_view text) {
    std::lock_guard const guard(last_lock_);
    last_[id] = as_text(text);
  }

  claim_result claim(claim_request const& request) { return claims_.claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) { return pins_.pin(keys); }

 private:
  bool is_over(store_limits const& limits) const {
    return detail::is_over(limits, tables_.bytes(), tables_.count());
  }

  /// False where what is pinned is too much, until a tenth more has come: a look goes over all that is pinned.
  bool is_worth_a_look(store_limits const& limits) const {
    return (limits.max_bytes != 0 && tables_.bytes() > std::max(limits.max_bytes, patience_bytes_.load())) ||
           (limits.max_entries != 0 &&
            tables_.count() > std::max(limits.max_entries, patience_entries_.load()));
  }

  collect_result enforce(store_limits const& limits) {
    collect_result result;
    std::uint64_t const before = tables_.bytes();
    if (limits.max_age_ms != 0) result.removed_entries += tables_.drop_old(limits.max_age_ms, pins_);
    if (is_over(limits)) {
      std::vector<memory_object> gone;  // destroyed after the lock
      digest_map<memory_object> unnamed;
      std::lock_guard const guard(collecting_);
      tables_.drop_unnamed(unnamed);
      while (is_over(limits)) {
        auto const victim = tables_.least_valuable(pins_);
        patience_bytes_ = victim ? 0 : tables_.bytes() + tables_.bytes() / 10;
        patience_entries_ = victim ? 0 : tables_.count() + tables_.count() / 10;
        if (!victim) break;
        if (tables_.take_out(*victim, gone)) ++result.removed_entries;
      }
    }
    std::uint64_t const after = tables_.bytes();
    result.removed_bytes = before > after ? before - after : 0;
    return result;
  }

  memory_options const limits_;
  memory_tables tables_;
  std::atomic<std::int64_t> age_checked_ms_{0};
  std::atomic<std::uint64_t> patience_bytes_{0};
  std::atomic<std::uint64_t> patience_entries_{0};
  std::mutex collecting_;
  claims claims_;
  pins pins_;
  std::mutex last_lock_;
  digest_map<std::string> last_;
};

}  // namespace detail

}  // namespace memo
