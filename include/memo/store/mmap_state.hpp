/// What all handles of one mapped store in one process share.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claims.hpp>
#include <memo/store/entry_outline.hpp>
#include <memo/store/integrity.hpp>
#include <memo/store/limits.hpp>
#include <memo/store/log_check.hpp>
#include <memo/store/log_compaction.hpp>
#include <memo/store/log_put.hpp>
#include <memo/store/root_claims.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// How one handle wants its puts and views.
struct mmap_rules {
  store_limits limits{};
  durability level = durability::none;
  view_rules views{};
};

class mmap_state {
 public:
  mmap_state(std::string const& path, sharing share, std::uint64_t budget)
      : root_(path, share, folders),
        claims_(claim_source{&open_claims, this}),
        reader_(root_, budget),
        writer_(root_, reader_, budget) {}
  mmap_state(mmap_state const&) = delete;
  mmap_state& operator=(mmap_state const&) = delete;
  ~mmap_state() { close(); }

  /// The state of a root, made where no handle of it exists.
  static std::shared_ptr<mmap_state> of(std::string const& path, sharing share, std::uint64_t budget) {
    static std::mutex lock;
    static digest_map<std::weak_ptr<mmap_state>> states;
    digest const id = hash_bytes(as_byte_view(path), share == sharing::group ? 1 : 0);
    std::lock_guard const guard(lock);
    if (auto* const known = states.find(id))
      if (auto there = known->lock()) return there;
    digest_map<std::weak_ptr<mmap_state>> expired;
    states.move_if(expired, [](digest const&, auto const& state) { return state.expired(); });
    std::shared_ptr<mmap_state> made(new mmap_state(path, share, budget));
    states[id] = made;
    return made;
  }

  log_reader& reader() { return reader_; }
  claims& claimed() { return claims_; }
  pins& pinned() { return pins_; }

  found_entries find(digest const& key, access how) { return find_entries(reader_, key, how); }

  found_object read(digest const& object, access how) {
    log_answer found = reader_.read(record_kind::object, object, how);
    return {found.status, std::move(found.payload), {}, found.reason};
  }

  found_object view(digest const& object, access how, view_rules const& rules) {
    log_answer found =
        reader_.map(object, how,
                    [&](digest const& uuid, std::uint64_t offset, byte_view payload, digest const& checksum) {
                      if (rules.trusts(payload.size())) return true;
                      digest const place{uuid.high ^ object.high, uuid.low ^ object.low ^ offset};
                      if (rules.check != integrity::every_view && verified_here.has(place)) return true;
                      if (hash_bytes(payload) != checksum) return false;
                      verified_here.add(place);
                      return true;
                    });
    return {found.status, std::move(found.payload), {}, found.reason};
  }

  /// With no requests, keeps the limits now, and says in the warning where it cannot.
  put_result put(std::span<put_request const> requests, mmap_rules const& rules) {
    std::lock_guard const guard(writing_);
    put_result result = requests.empty() ? put_result{}
                                         : change(
                                               rules.level, "a value",
                                               [&](log_appender& to) { return bringing_.add(to, requests); },
                                               [&] { make_room(rules.limits, expected_size(requests)); });
    if (result.stored) keep_limits(rules, requests.empty());
    auto const view = reader_.view();
    if (!requests.empty() || view == nullptr) return result;
    auto const entries = reader_.counts().entries;
    std::uint64_t const bytes = size_of(*view);
    if (is_over(rules.limits, bytes, entries))
      result.warning = too_small_for_run(rules.limits, bytes, entries);
    return result;
  }

  put_result write_last(digest const& id, byte_view text, durability level) {
    std::lock_guard const guard(writing_);
    return change(level, "a last record", [&](log_appender& to) {
      return to.add(record_header{record_kind::last, id, text.size(), hash_bytes(text)}, std::span(&text, 1));
    });
  }

  std::optional<std::string> read_last(digest const& id) {
    log_answer const found = reader_.read(record_kind::last, id, access::read_only);
    if (found.status != lookup::hit) return std::nullopt;
    return std::string(as_text(found.payload.view));
  }

  /// Removes what is under these ids; how many there were.
  std::uint64_t remove(record_kind kind, std::span<digest const> ids) {
    reader_.sync();
    if (reader_.view() == nullptr) return 0;
    std::lock_guard const guard(writing_);
    std::uint64_t removed = 0;
    auto const result = change(durability::none, "", [&](log_appender& to) {
      for (digest const& id : ids) {
        if (writer_.view().find(kind, id) == 0) continue;
        ++removed;
        record_header const gone{kind, id, 0, hash_bytes({}), true};
        if (int const error = to.add(gone, std::span<byte_view const>())) return error;
      }
      return 0;
    });
    return result.stored ? removed : 0;
  }

  /// Goes on with a log that has nothing in it. What is mapped of the old one stays. Throws store_error where that fails.
  void clear() {
    reader_.sync();
    if (reader_.view() == nullptr) return;
    std::lock_guard const guard(writing_);
    int error = 0;
    if (auto const turn = writer_.begin(error)) {
      log_mark mark;
      auto made = writer_.make_log(mark);
      error = made.error;
      if (made) error = writer_.publish(mark, std::move(made.value));
      if (made && error != 0) writer_.remove_log(mark.generation);
      if (error != 0) error = writer_.remove_all();
    }
    if (error != 0 && error != ENOENT)
      throw store_error("the cache could not be cleared",
                        {{"directory", root_.path()}, {"because", reason_of(error)}},
                        "delete the directory, or try again");
  }

  collect_result collect(store_limits const& limits) {
    reader_.sync();
    if (reader_.view() == nullptr) return {};
    std::lock_guard const guard(writing_);
    int error = 0;
    auto const turn = writer_.begin(error);
    if (!turn) return {};
    grow_old();
    writer_.remove_others(writer_.view().log->generation());
    if (writer_.is_cut()) rewrite_all();
    return rewrite({limits.max_bytes, limits.max_entries, limits.max_age_ms});
  }

  verify_result verify() {
    reader_.sync();
    auto const view = reader_.view();
    if (view == nullptr) return {};
    auto const found = check_log(*view);
    for (auto const& one : found.damaged) reader_.forget(one.kind, one.id, one.offset);
    verify_result const result{found.checked, found.gaps + found.damaged.size()};
    if (result.damaged == 0) return result;
    // What was forgotten stays behind.
    std::lock_guard const guard(writing_);
    int error = 0;
    if (auto const turn = writer_.begin(error)) rewrite_all();
    return result;
  }

  std::string location() const { return root_for(root_.path()); }

  store_stats stats() {
    reader_.sync();
    auto const view = reader_.view();
    if (view == nullptr) return {};
    auto const counts = reader_.counts();
    return {counts.entries, counts.objects, size_of(*view)};
  }

  /// Calls `seen(entry_info)` for each entry, in the order in which they were written. Nothing of the log is kept in memory
  /// for it.
  template <class Seen>
  void each_entry(Seen seen) {
    reader_.sync();
    auto const view = reader_.view();
    if (view == nullptr) return;
    log_scan scan(*view->log, log_page_size);
    entry_outline outline;
    while (scan.next()) {
      auto const& header = scan.header();
      bool const is_live = header.kind == record_kind::entry && !header.is_gone &&
                           view->find(header.kind, header.id) == scan.offset();
      auto const payload = is_live ? scan.payload(max_entry_size) : std::nullopt;
      if (!payload || !read_outline(*payload, outline)) continue;
      outline.info.key = header.id;
      seen(outline.info);
    }
  }

  /// Whether claims reach other processes without being asked for more.
  bool is_lockable() {
    int known = network_.load();
    if (known < 0) network_ = known = *root_.network() == '\0' ? 0 : 1;
    return known == 0 && claims_.can_lock();
  }

 private:
  static constexpr std::array<char const*, 1> folders{"m"};

  static std::shared_ptr<claim_file> open_claims(void* self, claim_reach reach, std::string& why_not) {
    return open_claims_of(static_cast<mmap_state*>(self)->root_, reach, why_not);
  }

  /// Of the log, and of its index.
  static std::uint64_t size_of(log_view const& view) {
    std::uint64_t const snapshot = view.snapshot == nullptr ? 0 : view.snapshot->file_size();
    std::uint64_t const log = view.log->committed();
    return log == log_page_size ? 0 : log + snapshot;
  }

  put_result refused(std::string const& why) const {
    return {false, "nothing is stored in " + root_.path() + ": " + why};
  }
  put_result failed(char const* what, int error) const {
    return {false, std::string(what) + " could not be stored in " + root_.path() + ": " + reason_of(error)};
  }
  static std::string reason_of(int error) {
    return error == EWOULDBLOCK ? "another process keeps it locked" : os::error_text(error);
  }

  /// Appends what `add` adds, after `prepare`. Where that fails, whole records of it may be there, the first ones. The caller
  /// has `writing_`.
  template <class Add, class Prepare>
  put_result change(durability level, char const* what, Add add, Prepare prepare) {
    int error = 0;
    log_writer::turn turn;
    for (int attempt = 0; attempt < 2 && !turn; ++attempt) {
      if (std::string const why = root_.open_for_writing(); !why.empty()) return refused(why);
      turn = writer_.begin(error);
      if (error != ENOENT) break;
    }
    if (!turn) return failed(what, error);
    // Behind a hole nobody would look for records.
    if (writer_.is_cut()) error = rewrite_all();
    if (error != 0) return failed(what, error);
    prepare();
    grow_old();
    log_appender& to = writer_.appender();
    error = add(to);
    if (error == 0) error = writer_.commit(to, level);
    if (error != 0) writer_.drop_rest();
    has_written_ = true;
    return error == 0 ? put_result{} : failed(what, error);
  }

  template <class Add>
  put_result change(durability level, char const* what, Add add) {
    return change(level, what, add, [] {});
  }

  /// What requests add to the log, at most and roughly.
  static std::uint64_t expected_size(std::span<put_request const> requests) {
    std::uint64_t size = 0;
    for (auto const& request : requests) {
      for (auto const& source : request.objects) size += log_record_size(source.size);
      if (request.value == nullptr) continue;
      for (auto const& output : request.value->outputs) size += output.bytes.view.size();
    }
    return size;
  }

  /// A put after which there were no room for a second log comes after the rewriting, not before it. What is as large as
  /// the limit goes again at once, and drives nothing out. The caller has the right to write.
  void make_room(store_limits const& limits, std::uint64_t coming) {
    if (limits.max_bytes == 0 || coming > limits.max_bytes) return;
    std::uint64_t const kept = limits.max_bytes / 10 * 4;
    // Both logs together are 1.05 of the limit at most, so that what rounding and the small files add stays below 1.1: now,
    // and when that is done again after the put, of what is coming, or without it, as it is more than is kept.
    std::uint64_t const both = limits.max_bytes / 20 * 21;
    std::uint64_t const size = size_of(writer_.view());
    if (size == 0 || size + coming <= std::max(both - kept, futile_.bytes)) return;
    std::uint64_t const beside = coming <= kept ? both - kept - coming : (both - std::min(both, coming)) / 2;
    // More than the limit is what others put who have none.
    std::uint64_t const now = size > limits.max_bytes ? kept : both - std::min(both, size);
    // Zero would be no limit.
    rewrite({std::max<std::uint64_t>(std::min({kept, beside, now}), 1), 0, limits.max_age_ms});
    note_futile(limits);
  }

  /// What a put is followed by: the limits, and the log and its index in good shape. The caller has `writing_`.
  void keep_limits(mmap_rules const& rules, bool is_asked) {
    auto const view = reader_.view();
    if (view == nullptr) return;
    auto const counts = reader_.counts();
    std::uint64_t const size = size_of(*view);
    store_limits const& limits = rules.limits;
    std::int64_t const now = limits.max_age_ms == 0 ? 0 : clock::system().wall_ms();
    if (is_asked) futile_ = {};
    // While a log is written anew there are two of them, and both count.
    bool const is_long = limits.max_bytes != 0 && size > std::max(limits.max_bytes / 10 * 6, futile_.bytes);
    bool const is_full =
        limits.max_entries != 0 && counts.entries > std::max(limits.max_entries, futile_.entries);
    bool const is_aged =
        limits.max_age_ms != 0 && (now < aged_at_ms_ || now - aged_at_ms_ >= age_pause(limits));
    bool const is_dead = counts.dead_bytes > std::max({least_dead, size / 2, futile_.dead_bytes});
    if (is_long || is_full || is_aged || is_dead) {
      if (is_aged) aged_at_ms_ = now;
      int error = 0;
      auto const turn = writer_.begin(error);
      if (!turn) return;
      log_quota quota{limits.max_bytes / 10 * 4, 0, limits.max_age_ms};
      if (is_full) quota.entries = limits.max_entries - limits.max_entries / 10;
      rewrite(quota);
      note_futile(limits);
      return;
    }
    auto const tail = view->tail->size();
    std::uint64_t const indexed = view->snapshot == nullptr ? 0 : view->snapshot->size();
    if (tail > std::max<std::uint64_t>(most_unindexed, indexed / 4)) write_index();
  }

  static std::int64_t age_pause(store_limits const& limits) {
    return std::max(limits.max_age_ms / 8, a_second_ms);
  }

  /// Where what has to stay is more than the limits want, or the log cannot be written anew, that is not tried again at each
  /// put.
  void note_futile(store_limits const& limits) {
    auto const view = reader_.view();
    if (view == nullptr) return;
    auto const counts = reader_.counts();
    std::uint64_t const size = size_of(*view);
    futile_ = {};
    if (limits.max_bytes != 0 && size > limits.max_bytes / 2) futile_.bytes = size + size / 4;
    if (limits.max_entries != 0 && counts.entries > limits.max_entries)
      futile_.entries = counts.entries + counts.entries / 4;
    if (counts.dead_bytes > size / 2) futile_.dead_bytes = counts.dead_bytes + counts.dead_bytes / 4;
  }

  void write_index() {
    int error = 0;
    auto const turn = writer_.begin(error);
    if (turn) writer_.write_snapshot();
  }

  /// The caller has the right to write. Nothing is written where that would remove nothing.
  collect_result rewrite(log_quota const& quota) {
    log_compaction compaction(reader_, writer_, pins_, clock::system().wall_ms(), young_from_);
    if (!compaction.plan(quota)) return {};
    auto const gain = compaction.gain();
    if (gain.removed_bytes == 0 || compaction.write() != 0) return {};
    young_from_ = next_young_from_ = log_page_size;
    return gain;
  }

  /// Saves what can be read of a log that lost a part. The caller has the right to write.
  int rewrite_all() {
    log_compaction compaction(reader_, writer_, pins_, clock::system().wall_ms(), log_page_size);
    return compaction.plan({}) ? compaction.write() : EIO;
  }

  /// Objects that nothing names may be those of an entry that is yet to come, for ten minutes.
  void grow_old() {
    std::int64_t const now = log_reader::coarse_ns();
    if (now - young_since_ns_ < ten_minutes_ns) return;
    young_from_ = young_since_ns_ == 0 ? writer_.view().log->committed() : next_young_from_;
    next_young_from_ = writer_.view().log->committed();
    young_since_ns_ = now;
  }

  /// What this process added becomes part of the index, so that the next one opens it quickly. Nothing that a user waits for
  /// or that matters: without it the next one reads the end of the log.
  void close() {
    if (!has_written_ || generation_ != process_generation()) return;
    auto const view = reader_.view();
    if (view == nullptr || view->tail->size() < 512) return;
    int error = 0;
    auto const turn = writer_.begin(error, false);
    if (turn) writer_.write_snapshot();
  }

  static constexpr std::int64_t a_second_ms = 1000;
  static constexpr std::int64_t ten_minutes_ns = 600'000'000'000;
  static constexpr std::uint64_t least_dead = std::uint64_t{1} << 20;
  static constexpr std::uint64_t most_unindexed = 16384;

  store_root root_;
  claims claims_;
  pins pins_;
  log_reader reader_;
  log_writer writer_;
  std::uint64_t const generation_ = process_generation();
  std::atomic<int> network_{-1};

  std::mutex writing_;  ///< of what follows, and of the writer
  log_put bringing_{reader_, writer_};
  bool has_written_ = false;
  std::int64_t aged_at_ms_ = 0;
  std::int64_t young_since_ns_ = 0;
  std::uint64_t young_from_ = 0;       ///< what lies behind this in the log is younger than twenty minutes,
  std::uint64_t next_young_from_ = 0;  ///< and behind this, than ten
  struct futile_rewrite {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    std::uint64_t dead_bytes = 0;
  };
  futile_rewrite futile_;  ///< up to these, writing the log anew would not help
};

}  // namespace memo::detail
