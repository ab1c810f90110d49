/// Keeps a directory store within its limits: each put is counted before it is written, and waits where there is no room
/// until somebody has made some.
#pragma once

#include <memo/store/directory_limits.hpp>
#include <memo/store/directory_usage.hpp>
#include <memo/store/limits.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace memo::detail {

/// The limits of one root in one process. Processes that put with limits count together (directory_usage.hpp), so that all
/// of them stay below the limits, whoever puts; processes without limits count too once somebody does, and make no room.
/// Any thread.
class directory_room {
 public:
  directory_room(directory_files& files, pins const& pinned) : files_(files), pins_(pinned) {}
  directory_room(directory_room const&) = delete;
  directory_room& operator=(directory_room const&) = delete;

  /// The room that one put takes, from before it writes until it has written.
  class place {
   public:
    /// Waits until there is room, and collects for it; for some seconds at most, and not for what is pinned.
    place(directory_room& of, store_limits const& limits, put_request const& request) : of_(of) {
      bool const is_limited = has_limits(limits);
      if (is_limited) expected_ = of.expected_size(limits, request);
      for (int round = 0;; ++round) {
        guard_ = std::shared_lock(of.collecting_);
        if (!is_limited) {
          // Who collects for the limits of others must know of it.
          if (of.usage_.is_used()) putting_.begin(of.usage_);
          return;
        }
        putting_.begin(of.usage_);
        auto const now = of.usage_.add(expected_);
        is_over_ = is_over(limits, now.size);
        if (round == 3 || !of.has_to_collect(limits, now, expected_)) break;
        of.usage_.add({-expected_.bytes, -expected_.entries});
        putting_.end();
        guard_.unlock();
        of.make_room(limits, expected_);
      }
      wrote({-expected_.bytes, -expected_.entries});
    }
    place(place const&) = delete;
    place& operator=(place const&) = delete;
    ~place() {
      if (putting_.of == nullptr) return;
      if (written_.bytes != 0 || written_.entries != 0) of_.usage_.add(written_);
    }

    /// What the put has added to the files, or taken from them.
    void wrote(directory_size const& more) {
      written_.bytes += more.bytes;
      written_.entries += more.entries;
    }
    /// True where the limits do not hold with what is put here.
    bool is_over_limits() const { return is_over_; }

   private:
    struct turn {
      turn() = default;
      turn(turn const&) = delete;
      turn& operator=(turn const&) = delete;
      ~turn() { end(); }
      void begin(directory_usage& usage) {
        usage.begin_put();
        of = &usage;
      }
      void end() {
        if (of != nullptr) of->end_put();
        of = nullptr;
      }
      directory_usage* of = nullptr;
    };

    directory_room& of_;
    std::shared_lock<std::shared_mutex> guard_;
    turn putting_;
    directory_size expected_;
    directory_size written_;
    bool is_over_ = false;
  };

  /// What is left to do when a put is done: a value that is larger than the limit, say, has to go again.
  void after_put(store_limits const& limits, bool was_over) {
    if (!has_limits(limits)) return collect_daily();
    if (was_over) make_room(limits, {});
  }

  /// Applies limits now; gives a sentence where what is pinned is more than they allow.
  std::string apply(store_limits const& limits) {
    if (!has_limits(limits) || files_.folder(record_kind::entry) < 0) return {};
    auto now = usage_.look();
    if (!is_stale(now) && !is_over(limits, now.size)) return {};
    {
      std::lock_guard const guard(patience_lock_);
      patience_ = {};
    }
    make_room(limits, {});
    now = usage_.look();
    if (is_stale(now) || !is_over(limits, now.size)) return {};
    return too_small_for_run(limits, static_cast<std::uint64_t>(now.size.bytes),
                             static_cast<std::uint64_t>(now.size.entries));
  }

  /// Collects on demand; does nothing while another process does it.
  collect_result collect(store_limits const& limits) {
    std::lock_guard const guard(collecting_);
    directory_collector collector(files_, pins_);
    if (!collector.begin(0)) return {};
    return collect_with(collector, limits);
  }

  /// For a full disk: true where something could be removed. Looks no more than once a minute.
  bool free_disk(store_limits const& limits) {
    std::int64_t const now = clock::system().steady_ns();
    if (std::int64_t last = full_at_ns_; last != 0 && now - last < a_minute_ns) return false;
    full_at_ns_ = now;
    return collect(with_room(limits)).removed_bytes != 0;
  }

  /// Something was removed; `remove` gives how much.
  template <class Remove>
  void removing(Remove remove) {
    std::shared_lock const guard(collecting_);
    directory_size const gone = remove();
    if ((gone.bytes != 0 || gone.entries != 0) && usage_.is_used()) usage_.add({-gone.bytes, -gone.entries});
  }

  void clear() {
    std::lock_guard const guard(collecting_);
    remove_all(files_);
    forget();
  }

  /// What lies here is not known any more.
  void forget() {
    if (usage_.is_used()) usage_.forget();
  }

 private:
  static constexpr std::int64_t a_minute_ns = 60'000'000'000;
  static constexpr std::int64_t most_wait_ns = 2'000'000'000;

  static bool is_over(store_limits const& limits, directory_size const& size) {
    auto const known = [](std::int64_t number) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
    };
    return detail::is_over(limits, known(size.bytes), known(size.entries));
  }

  static bool is_stale(counted_usage const& now) {
    std::int64_t const age_ms = clock::system().wall_ms() - now.measured_ms;
    return !now.is_known || age_ms > a_minute_ns / 1'000'000 || age_ms < -a_minute_ns / 1'000'000;
  }

  /// Of the files that a put will write, roughly.
  directory_size expected_size(store_limits const& limits, put_request const& request) {
    directory_size size;
    for (auto const& source : request.objects)
      size.bytes += static_cast<std::int64_t>(source.size + record_header_size);
    if (request.value == nullptr) return size;
    size.bytes += static_cast<std::int64_t>(record_header_size + 256);
    for (auto const& output : request.value->outputs)
      if (output.is_inline) size.bytes += static_cast<std::int64_t>(output.bytes.view.size());
    int const in = files_.folder(record_kind::entry);
    bool const is_new =
        limits.max_entries == 0 || in < 0 || !os::status_at(in, record_name(request.key).file());
    size.entries = is_new ? 1 : 0;
    return size;
  }

  /// `now` has `expected` in it. A value that is larger than the limit does not drive out all others: it is put, and then
  /// what is worth least goes.
  bool has_to_collect(store_limits const& limits, counted_usage const& now, directory_size const& expected) {
    if (is_stale(now)) return true;
    directory_size size = now.size;
    if (limits.max_bytes != 0 && expected.bytes > static_cast<std::int64_t>(limits.max_bytes))
      size.bytes -= expected.bytes;
    std::lock_guard const guard(patience_lock_);
    return (is_over({limits.max_bytes, 0, 0}, size) && size.bytes > patience_.bytes) ||
           (is_over({0, limits.max_entries, 0}, size) && size.entries > patience_.entries);
  }

  void make_room(store_limits const& limits, directory_size const& expected) {
    std::lock_guard const guard(collecting_);
    auto const is_needed = [&] {
      counted_usage now = usage_.look();
      now.size.bytes += expected.bytes;
      now.size.entries += expected.entries;
      return has_to_collect(limits, now, expected);
    };
    if (!is_needed()) return;
    directory_collector collector(files_, pins_);
    // Who else collects at this moment does it for all; who takes too long is not waited for again and again.
    std::int64_t const now_ns = clock::system().steady_ns();
    if (!collector.begin(now_ns < impatient_until_ns_ ? 0 : most_wait_ns)) {
      impatient_until_ns_ = clock::system().steady_ns() + 10 * most_wait_ns;
      return;
    }
    if (!is_needed()) return;
    auto const before = usage_.look();
    directory_size const with_all{before.size.bytes + expected.bytes, before.size.entries + expected.entries};
    if (is_stale(before) && limits.max_age_ms == 0) {
      auto const found = measure(files_);
      usage_.set(before, {static_cast<std::int64_t>(found.bytes), static_cast<std::int64_t>(found.entries)});
      return;
    }
    bool const is_short = is_over(limits, with_all);
    bool const fits = limits.max_bytes == 0 || expected.bytes <= static_cast<std::int64_t>(limits.max_bytes);
    auto const bytes = static_cast<std::uint64_t>(fits ? expected.bytes : 0);
    collect_with(collector,
                 is_short ? with_room(limits, bytes, static_cast<std::uint64_t>(expected.entries)) : limits);
    auto const left = usage_.look();
    directory_size const then{left.size.bytes + expected.bytes, left.size.entries + expected.entries};
    std::lock_guard const patience(patience_lock_);
    patience_ = {};
    if (!is_over(limits, then)) return;
    // What is pinned is too much: the next look is worth its time when a tenth more has come.
    patience_ = {then.bytes + then.bytes / 10, then.entries + then.entries / 10};
  }

  /// With a collector that has begun, and no put of this process under way.
  collect_result collect_with(directory_collector& collector, store_limits const& limits) {
    // Without limits nothing goes that is young enough to be part of a put.
    if (!has_limits(limits) && !usage_.is_used()) return collector.collect(limits, false);
    struct ending {
      ~ending() { of.end_alone(); }
      directory_usage& of;
    } const at_end{usage_};
    bool const is_alone = usage_.begin_alone();
    auto const before = usage_.look();
    auto const result = collector.collect(limits, is_alone);
    if (auto const left = collector.left())
      usage_.set(before, {static_cast<std::int64_t>(left->bytes), static_cast<std::int64_t>(left->entries)});
    return result;
  }

  /// Without limits too, what is left over goes: one pass a day, by the time of the lock file.
  void collect_daily() {
    constexpr std::int64_t an_hour_ns = 60 * a_minute_ns;
    std::int64_t const now = clock::system().steady_ns();
    if (std::int64_t last = lock_seen_at_ns_; last != 0 && now - last < an_hour_ns) return;
    lock_seen_at_ns_ = now;
    auto const status = os::status_at(files_.root().version_folder(), "lock");
    std::int64_t const age_ms = clock::system().wall_ms() - status.value.modified_ns / 1'000'000;
    if (!status || age_ms > 24 * 3'600'000) collect({});
  }

  directory_files& files_;
  pins const& pins_;
  directory_usage usage_{files_.root()};
  std::shared_mutex collecting_;  ///< shared by puts
  std::mutex patience_lock_;
  directory_size patience_;  ///< up to here no collection is tried again
  std::atomic<std::int64_t> impatient_until_ns_{0};
  std::atomic<std::int64_t> full_at_ns_{0};
  std::atomic<std::int64_t> lock_seen_at_ns_{0};
};

}  // namespace memo::detail
