/// How far a run is, from its events and the time alone.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/report/event.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// A step of which something is to be seen now.
struct running_step_progress {
  std::string name;
  std::int64_t started_ns = 0;
  std::uint64_t done = 0;  ///< of `total`: elements of a map, or what the step said; both 0: it said nothing
  std::uint64_t total = 0;
  bool is_verify = false;  ///< it is a hit that runs again to be compared
  std::string waits_for;   ///< who computes its result elsewhere; empty: it runs here
  std::string reason;      ///< why it runs

  /// Where its speed is measured from: `older`, which lies in the first half of the time since `first`.
  struct moment {
    std::int64_t at_ns = 0;
    std::uint64_t done = 0;
  };
  moment first{}, older{}, newer{};
  bool tells_elements = false;  ///< `done` counts the elements of a map, whatever these say of themselves
};

/// The state of a run, made of its events. Knows neither clocks nor terminals, so that the same events and times give
/// the same state. Not for several threads at once.
///
/// Several runs may tell one object of this class, be it that a step runs a pipeline or that threads do: then they count
/// as one, which ends with the last of them. Steps of one name count once.
///
/// The time left is an estimate, or nothing where there is no ground for one:
/// - A step that says how far it is, as maps do, goes on at the speed that it had lately: over the last half, or somewhat more,
///   of the time since it first said so.
/// - Any other takes as long as those that ran to their end in this run took on average. At least three must have, and
///   their standard error must be less than half of the average; a step that takes more than twice as long as the
///   longest of them makes the estimate impossible as long as it runs.
/// - A step that is not decided yet will run with the chance with which the others did.
/// - Work goes on beside other work as much as it did up to now, and no faster than its longest piece.
/// Where there is no ground for the whole run, as where a long map comes before the first steps have ended, the running step
/// that will take longest, among those that say how far they are, has an estimate of its own.
///
/// Nothing is estimated in the first two seconds of a run, nor in the first second of a step that says how far it is. An
/// estimate follows what is learnt with a time constant of a tenth of itself, but at least a second, so that one event
/// cannot make it jump.
class progress {
 public:
  using running_step = running_step_progress;

  /// Takes an event that happened at a time of a steady clock. `now_ns` does not count where `needs_time` denies it.
  void take(event const& happened, std::int64_t now_ns);

  static bool needs_time(event_kind kind) {
    return kind != event_kind::did_hit && kind != event_kind::did_load && kind != event_kind::did_skip &&
           kind != event_kind::did_cancel;
  }

  /// Time went on. What is told of times below refers to the last call of this function or of `take`.
  void tick(std::int64_t now_ns);

  bool is_going_on() const { return runs_ != 0; }
  /// Of the outermost run.
  std::string const& pipeline() const { return pipeline_; }
  std::int64_t now_ns() const { return now_ns_; }
  std::int64_t elapsed_ns() const { return now_ns_ - started_ns_; }
  std::optional<std::int64_t> left_ns() const;
  /// The step that the time left is about; empty: the run.
  std::string const& left_of() const { return estimated_; }

  std::size_t needed() const { return needed_; }
  std::size_t done() const { return std::min(needed_, hits() + ran() + failed() + skipped() + cancelled()); }
  std::size_t hits() const { return count(decision::hit); }
  std::size_t ran() const { return count(decision::ran); }
  std::size_t failed() const { return count(decision::failed); }
  std::size_t skipped() const { return count(decision::skipped); }
  std::size_t cancelled() const { return count(decision::cancelled); }

  /// In the order in which they began.
  std::vector<running_step> const& running() const { return running_; }
  /// Of all running steps that told.
  std::uint64_t elements_done() const;
  std::uint64_t elements_total() const;

 private:
  enum class decision : std::uint8_t { none, hit, ran, failed, skipped, cancelled };

  struct known_step {
    std::uint64_t hash = 0;  // 0: free
    decision what = decision::none;
  };

  static constexpr std::int64_t earliest_ns = 2'000'000'000, earliest_step_ns = 1'000'000'000;

  std::size_t count(decision what) const { return counts_[static_cast<std::size_t>(what)]; }

  void start(event const& happened);
  void begin(event const& happened, bool waits);
  void decide(event const& happened, decision what);
  void note_told(event const& happened);
  running_step* running_named(std::string_view name);
  static std::uint64_t hash_of(std::string_view name) { return checksum_bytes(as_byte_view(name), 0) | 1; }
  known_step& known(std::string_view name);
  std::size_t place_of(std::uint64_t hash) const;
  bool is_decided(std::string_view name) const;
  void grow();
  std::optional<double> estimate() const;
  std::optional<double> left_in(running_step const& step, std::optional<double> usual) const;
  std::optional<double> usual_duration() const;

  std::string pipeline_;
  unsigned runs_ = 0;
  std::size_t needed_ = 0;
  std::size_t counts_[6]{};
  std::vector<known_step> known_;  // a hash table with open addressing; its size is a power of two
  std::size_t known_count_ = 0;
  std::vector<running_step> running_;
  std::int64_t started_ns_ = 0, now_ns_ = 0;
  std::int64_t first_run_ns_ = -1;  // when the first step of the run began; -1: none has
  // Of the steps that ran to their end: how many, their durations in seconds, those squared, and the longest.
  std::size_t finished_ = 0;
  double finished_sum_ = 0, finished_squares_ = 0, finished_longest_ = 0;
  std::optional<double> end_ns_;  // when the run, or the step `estimated_`, will be over
  std::string estimated_;
  std::int64_t estimated_ns_ = 0;
};

inline void progress::take(event const& happened, std::int64_t now_ns) {
  if (needs_time(happened.kind)) now_ns_ = std::max(now_ns_, now_ns);
  if (happened.kind == event_kind::will_start) return start(happened);
  if (!is_going_on()) return;
  switch (happened.kind) {
    case event_kind::did_hit:
      return decide(happened, decision::hit);
    case event_kind::did_run:
      return decide(happened, decision::ran);
    case event_kind::did_fail:
      return decide(happened, decision::failed);
    case event_kind::did_skip:
      return decide(happened, decision::skipped);
    case event_kind::did_cancel:
      return decide(happened, decision::cancelled);
    case event_kind::will_run:
      return begin(happened, false);
    case event_kind::will_wait:
      return begin(happened, true);
    case event_kind::did_progress:
      return note_told(happened);
    case event_kind::did_finish:
      if (--runs_ == 0) running_.clear();
      return;
    default:
      return;
  }
}

inline void progress::start(event const& happened) {
  if (runs_ == 0) {
    std::vector<known_step> table = std::move(known_);
    std::fill(table.begin(), table.end(), known_step{});
    std::int64_t const now = now_ns_;
    *this = progress();
    known_ = std::move(table);
    pipeline_ = happened.text;
    started_ns_ = now_ns_ = now;
  }
  ++runs_;
  needed_ += static_cast<std::size_t>(happened.count);
  while (known_.size() < 2 * needed_ + 2) grow();
}

inline progress::running_step* progress::running_named(std::string_view name) {
  for (running_step& one : running_)
    if (one.name == name) return &one;
  return nullptr;
}

inline void progress::begin(event const& happened, bool waits) {
  running_step* found = running_named(happened.step);
  if (found == nullptr) {
    found = &running_.emplace_back();
    found->name = happened.step;
  }
  found->started_ns = now_ns_;
  found->is_verify = !waits && happened.text == "verify";
  found->waits_for = waits ? happened.text : std::string_view();
  found->reason = waits ? std::string_view() : happened.text;
  if (!waits && first_run_ns_ < 0) first_run_ns_ = now_ns_;
}

inline void progress::decide(event const& happened, decision what) {
  known_step& step = known(happened.step);
  --counts_[static_cast<std::size_t>(step.what)];
  ++counts_[static_cast<std::size_t>(step.what = what)];
  if (running_.empty()) return;
  running_step const* const found = running_named(happened.step);
  if (found == nullptr) return;
  if (what == decision::ran && !found->is_verify && found->waits_for.empty()) {
    double const took = 1e-9 * static_cast<double>(now_ns_ - found->started_ns);
    ++finished_;
    finished_sum_ += took;
    finished_squares_ += took * took;
    finished_longest_ = std::max(finished_longest_, took);
  }
  running_.erase(running_.begin() + (found - running_.data()));
}

inline void progress::note_told(event const& happened) {
  running_step* step = running_named(happened.step);
  // Such an event names the first output only.
  for (std::size_t i = 0; step == nullptr && i < running_.size(); ++i)
    if (running_[i].name.starts_with(std::string(happened.step) + ',')) step = &running_[i];
  if (step == nullptr) return;
  // What the elements of a map say of themselves is not how far the map is.
  bool const is_of_map = happened.text == "elements";
  if (step->tells_elements && !is_of_map) return;
  std::uint64_t const done = std::min(happened.count, happened.total);
  running_step::moment const now{now_ns_, done};
  bool const is_other =
      step->tells_elements != is_of_map || step->total != happened.total || done < step->done;
  step->tells_elements = is_of_map;
  step->done = done;
  step->total = happened.total;
  if (is_other) {
    step->first = step->older = step->newer = now;
  } else if (now.at_ns - step->newer.at_ns > (now.at_ns - step->first.at_ns) / 2) {
    step->older = step->newer;
    step->newer = now;
  }
}

inline std::uint64_t progress::elements_done() const {
  std::uint64_t all = 0;
  for (running_step const& one : running_) all += one.done;
  return all;
}

inline std::uint64_t progress::elements_total() const {
  std::uint64_t all = 0;
  for (running_step const& one : running_) all += one.total;
  return all;
}

inline std::size_t progress::place_of(std::uint64_t hash) const {
  std::size_t const mask = known_.size() - 1;
  auto at = static_cast<std::size_t>(hash >> 1) & mask;
  while (known_[at].hash != 0 && known_[at].hash != hash) at = (at + 1) & mask;
  return at;
}

inline progress::known_step& progress::known(std::string_view name) {
  // Two steps whose hashes are the same would count as one, in one run of 10^11 with ten thousand steps.
  std::uint64_t const hash = hash_of(name);
  if (2 * known_count_ + 2 > known_.size()) grow();
  known_step& step = known_[place_of(hash)];
  if (step.hash == 0) {
    step.hash = hash;
    ++known_count_;
    ++counts_[0];
  }
  return step;
}

inline void progress::grow() {
  std::vector<known_step> old = std::move(known_);
  known_.assign(std::max<std::size_t>(16, 2 * old.size()), known_step{});
  for (known_step const& one : old)
    if (one.hash != 0) known_[place_of(one.hash)] = one;
}

inline void progress::tick(std::int64_t now_ns) {
  now_ns_ = std::max(now_ns_, now_ns);
  constexpr double unknown = -1;
  double left = is_going_on() ? estimate().value_or(unknown) : unknown;
  running_step const* longest = nullptr;
  if (left < 0 && is_going_on() && elapsed_ns() >= earliest_ns)
    for (running_step const& one : running_) {
      double const own = one.total != 0 ? left_in(one, std::nullopt).value_or(unknown) : unknown;
      if (own < 0 || own <= left) continue;
      left = own;
      longest = &one;
    }
  std::string_view const about = longest != nullptr ? std::string_view(longest->name) : std::string_view();
  if (about != estimated_) {
    estimated_ = about;
    end_ns_.reset();
  }
  auto const now = static_cast<double>(now_ns_ - started_ns_);
  if (left < 0) {
    end_ns_.reset();
  } else if (!end_ns_) {
    end_ns_ = now + left * 1e9;
  } else {
    double const shown = std::max(0.0, *end_ns_ - now);
    double const slowness = std::max(1e9, 0.1 * shown);
    double const share = 1 - std::exp(-static_cast<double>(now_ns_ - estimated_ns_) / slowness);
    *end_ns_ += (now + left * 1e9 - *end_ns_) * share;
  }
  estimated_ns_ = now_ns_;
}

inline std::optional<std::int64_t> progress::left_ns() const {
  if (!end_ns_ || !is_going_on()) return std::nullopt;
  double const left = *end_ns_ - static_cast<double>(now_ns_ - started_ns_);
  return static_cast<std::int64_t>(std::clamp(left, 0.0, 9e18));
}

inline std::optional<double> progress::usual_duration() const {
  if (finished_ < 3) return std::nullopt;
  auto const n = static_cast<double>(finished_);
  double const mean = finished_sum_ / n;
  double const variance = std::max(0.0, (finished_squares_ - n * mean * mean) / (n - 1));
  if (std::sqrt(variance / n) >= 0.5 * mean && variance > 0) return std::nullopt;
  return mean;
}

/// In seconds.
inline std::optional<double> progress::left_in(running_step const& step, std::optional<double> usual) const {
  if (!step.waits_for.empty()) return std::nullopt;
  if (step.total != 0) {
    auto const done = static_cast<double>(step.done - step.older.done);
    auto const left = static_cast<double>(step.total - step.done);
    if (left == 0) return 0;
    if (done == 0 || now_ns_ - step.first.at_ns < earliest_step_ns) return std::nullopt;
    return left / done * 1e-9 * static_cast<double>(now_ns_ - step.older.at_ns);
  }
  double const took = 1e-9 * static_cast<double>(now_ns_ - step.started_ns);
  if (!usual || took > 2 * finished_longest_) return std::nullopt;
  return std::max(0.0, *usual - took);
}

/// In seconds.
inline std::optional<double> progress::estimate() const {
  std::size_t const undecided = needed() - done();
  if (undecided == 0 || first_run_ns_ < 0 || elapsed_ns() < earliest_ns) return std::nullopt;
  std::optional<double> const usual = usual_duration();
  double all = 0, longest = 0, work = finished_sum_;
  std::size_t undecided_running = 0;
  for (running_step const& one : running_) {
    std::optional<double> const left = left_in(one, usual);
    if (!left) return std::nullopt;
    all += *left;
    longest = std::max(longest, *left);
    work += 1e-9 * static_cast<double>(now_ns_ - one.started_ns);
    if (!is_decided(one.name)) ++undecided_running;
  }
  if (undecided > undecided_running) {
    if (!usual) return std::nullopt;
    auto const run = static_cast<double>(ran() + failed());
    all += static_cast<double>(undecided - undecided_running) * *usual * run /
           (run + static_cast<double>(hits()));
  }
  double const wall = 1e-9 * static_cast<double>(now_ns_ - first_run_ns_);
  return std::max(longest, all / std::max(1.0, work / std::max(wall, 1e-9)));
}

inline bool progress::is_decided(std::string_view name) const {
  std::uint64_t const hash = hash_of(name);
  return known_[place_of(hash)].what != decision::none;
}

}  // namespace memo
