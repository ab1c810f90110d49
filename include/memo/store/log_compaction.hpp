/// Writing a log anew without what is superseded, gone, named by nothing, or least valuable.
#pragma once

#include <memo/store/entry_outline.hpp>
#include <memo/store/log_writer.hpp>
#include <memo/store/pins.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace memo::detail {

/// What a log may keep when it is written anew; zero means all. Bytes are those of the log and of its index.
struct log_quota {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::int64_t max_age_ms = 0;
};

/// One rewriting of the present log. The caller has the right to write, and no thread of this process puts meanwhile. Takes
/// 24 bytes of memory a record, some more for entries, and none for what is in them: a log may have very many.
class log_compaction {
 public:
  /// Objects from `young_from` on stay although nothing names them, unless bytes are short.
  log_compaction(log_reader& reader, log_writer& writer, pins const& pinned, std::int64_t now_ms,
                 std::uint64_t young_from)
      : reader_(reader),
        writer_(writer),
        pins_(pinned),
        now_ms_(now_ms),
        young_from_(young_from),
        view_(writer.shared_view()) {}

  /// Reads the log's entries, and decides what stays. False where it could not be read: then nothing may be changed.
  bool plan(log_quota const& quota) {
    quota_ = quota;
    log_scan scan(*view_->log, log_page_size);
    gather(scan);
    if (records_.size() > UINT32_MAX) return false;
    std::sort(records_.begin(), records_.end(),
              [](live const& a, live const& b) { return a.place < b.place; });
    entry_outline outline;
    for (live& one : records_) look_at(scan, one, outline);
    if (scan.error() != 0 || named_.size() > UINT32_MAX) return false;
    index_objects();
    for (std::size_t i = 0; i < entries_.size(); ++i) name_objects(i);
    keep_young();
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (records_[entries_[i].record].is_old()) drop(i);
    drop_least_valuable();
    return true;
  }

  /// How many entries do not stay, and how many bytes the log would lose.
  collect_result gain() const {
    std::uint64_t const now = view_->log->committed();
    std::uint64_t kept = log_page_size;
    for (auto const& one : records_)
      if (one.stays()) kept += one.size();
    return {entries_.size() - entries_left_, now > kept ? now - kept : 0};
  }

  /// Writes what stays into a new log, and makes that the current one; 0 or an errno, and then nothing has changed. Only
  /// once, after a plan.
  int write() {
    entries_ = {};
    named_ = {};
    objects_ = {};
    starts_ = {};
    log_mark mark;
    auto made = writer_.make_log(mark);
    if (!made) return made.error;
    int const to = made.value.get();
    int error = copy(to, mark);
    // Unlike a put, this is not done again where a power failure takes it: the log before it is removed.
    if (error == 0) error = os::sync_data(to);
    if (error == 0) error = writer_.write_first_mark(to, mark);
    if (error == 0) {
      log_snapshot_numbers numbers;
      numbers.uuid = mark.uuid;
      numbers.generation = mark.generation;
      numbers.watermark = mark.marked;
      numbers.live_bytes = mark.marked - log_page_size;
      std::sort(records_.begin(), records_.end(), [](live const& a, live const& b) { return a.tag < b.tag; });
      std::uint64_t const seed = log_seed(mark.uuid, mark.generation);
      writer_.write_index(numbers, [&](auto seen) {
        for (live const& one : records_)
          if (one.stays()) seen(log_slot::make(one.tag, {one.offset(), one.kind(), false}, seed));
        return 0;
      });
      error = writer_.publish(mark, std::move(made.value));
    }
    if (error != 0) writer_.remove_log(mark.generation);
    return error;
  }

 private:
  /// A record that look-ups may give.
  struct live {
    std::uint64_t tag = 0;    ///< as in its slot of the index
    std::uint64_t place = 0;  ///< its offset, a multiple of 64, and below that its kind and what is decided
    std::uint32_t units = 0;  ///< of 64 bytes: what it takes, or the most that can be said; 0 where damaged
    std::uint32_t references = 0;  ///< of an object: by how many outputs of entries that stay

    static constexpr std::uint64_t kind_bits = 3;
    static constexpr std::uint64_t stays_bit = 4;
    static constexpr std::uint64_t old_bit = 8;  ///< an entry beyond the age that is allowed

    live(std::uint64_t made_tag, log_place const& from)
        : tag(made_tag), place(from.offset | static_cast<std::uint64_t>(from.kind)) {}
    std::uint64_t offset() const { return place / payload_alignment * payload_alignment; }
    std::uint64_t size() const { return std::uint64_t{units} * payload_alignment; }
    record_kind kind() const { return static_cast<record_kind>(place & kind_bits); }
    bool is_object() const { return kind() == record_kind::object && units != 0; }
    bool stays() const { return (place & stays_bit) != 0; }
    bool is_old() const { return (place & old_bit) != 0; }
    void keep() { place |= stays_bit; }
    void leave() { place &= ~stays_bit; }
    /// What it takes in the log and, roughly, in the index.
    std::uint64_t cost() const { return size() + 26; }
  };
  /// An entry that could be read.
  struct live_entry {
    double worth = 0;
    std::uint32_t record = 0;
    std::uint32_t names_end = 0;  ///< in `named_`: its names begin where those of the entry before it end
  };
  /// Stands for an object that is not there.
  static constexpr std::uint64_t no_record = UINT64_MAX;

  /// The records that the index knows of, in no order. Where its file lost a part, those that look-ups still find.
  void gather(log_scan& scan) {
    auto const counts = reader_.counts();
    std::uint64_t const most = view_->log->committed() / payload_alignment;
    // All slots, those of last records too: growing would take twice the memory for a moment.
    std::uint64_t const slots = view_->tail->size() + (view_->snapshot ? view_->snapshot->size() : 0);
    records_.reserve(static_cast<std::size_t>(std::min(slots, most)));
    entries_.reserve(static_cast<std::size_t>(std::min(counts.entries, most)));
    named_.reserve(static_cast<std::size_t>(std::min(counts.objects, most)));
    int const error = merge_slots(view_->snapshot.get(), *view_->tail,
                                  [&](log_slot const& one) { records_.emplace_back(one.tag, one.place()); });
    if (error == 0) return;
    records_.clear();
    while (scan.next()) {
      auto const& header = scan.header();
      if (!header.is_gone && view_->find(header.kind, header.id) == scan.offset())
        records_.emplace_back(log_slot::tag_of(header.kind, header.id),
                              log_place{scan.offset(), header.kind, false});
    }
  }

  /// Reads what is to be known of a record. One that is damaged does not stay.
  void look_at(log_scan& scan, live& one, entry_outline& outline) {
    if (!scan.go_to(one.offset())) return;
    auto const& header = scan.header();
    if (header.is_gone || header.kind != one.kind() || log_slot::tag_of(header.kind, header.id) != one.tag)
      return;
    one.units = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(log_record_size(header.size) / payload_alignment, UINT32_MAX));
    auto const number = static_cast<std::uint32_t>(&one - records_.data());
    if (header.kind == record_kind::object) {
      ++object_count_;
      return;
    }
    if (header.kind == record_kind::entry) {
      auto const payload = scan.payload(max_entry_size);
      if (!payload || !read_outline(*payload, outline)) return;
      for (digest const& id : outline.objects) named_.push_back(log_slot::tag_of(record_kind::object, id));
      std::int64_t const used_ms = std::max(outline.newest_ms, reader_.last_use_ms(header.id, now_ms_));
      bool const is_old = quota_.max_age_ms != 0 && now_ms_ - outline.newest_ms >= quota_.max_age_ms;
      if (is_old) one.place |= live::old_bit;
      entries_.push_back({worth_of_any_size(outline.recompute_ns, (now_ms_ - used_ms) * 1'000'000), number,
                          static_cast<std::uint32_t>(named_.size())});
      ++entries_left_;
    }
    one.keep();
    bytes_ += one.cost();
  }

  std::span<std::uint64_t> names_of(std::size_t entry) {
    std::size_t const begin = entry == 0 ? 0 : entries_[entry - 1].names_end;
    return std::span(named_).subspan(begin, entries_[entry].names_end - begin);
  }

  /// Sorts the objects by the place that their tags lead to among as many as they are: a handful share one.
  void index_objects() {
    starts_.assign(object_count_ + 1, 0);
    objects_.resize(object_count_);
    auto const each = [&](auto seen) {
      for (std::uint32_t i = 0; i < records_.size(); ++i)
        if (records_[i].is_object()) seen(i, place_of(records_[i].tag));
    };
    each([&](std::uint32_t, std::size_t place) { ++starts_[place]; });
    std::uint32_t sum = 0;
    for (std::uint32_t& start : starts_) start = sum += start;
    // From the end of each place's room to its start.
    each([&](std::uint32_t number, std::size_t place) { objects_[--starts_[place]] = number; });
  }
  std::size_t place_of(std::uint64_t tag) const {
    return static_cast<std::size_t>(log_slot::start_of(tag, object_count_));
  }
  /// The number of an object's record.
  std::uint64_t find_object(std::uint64_t tag) const {
    if (object_count_ == 0) return no_record;
    std::size_t const place = place_of(tag);
    for (std::uint32_t i = starts_[place]; i < starts_[place + 1]; ++i)
      if (records_[objects_[i]].tag == tag) return objects_[i];
    return no_record;
  }

  /// Finds the objects that an entry names by tags, which become their numbers. They may lie behind the entry, where they
  /// were stored again.
  void name_objects(std::size_t number) {
    live_entry& one = entries_[number];
    std::uint64_t bytes = records_[one.record].cost();
    for (std::uint64_t& name : names_of(number)) {
      name = find_object(name);
      if (name == no_record) continue;
      live& object = records_[static_cast<std::size_t>(name)];
      bytes += object.cost();
      if (++object.references > 1) continue;
      object.keep();
      bytes_ += object.cost();
    }
    one.worth = worth_of_size(one.worth, bytes);
  }

  void keep_young() {
    for (live& one : records_) {
      if (!one.is_object() || one.stays() || one.offset() < young_from_) continue;
      if (quota_.bytes != 0 && bytes_ + one.cost() > quota_.bytes) continue;
      one.keep();
      bytes_ += one.cost();
    }
  }

  void drop_least_valuable() {
    auto const is_over = [&] {
      return (quota_.bytes != 0 && bytes_ > quota_.bytes) ||
             (quota_.entries != 0 && entries_left_ > quota_.entries);
    };
    if (!is_over()) return;
    std::vector<std::uint32_t> order(entries_.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    // Entries lie in the order of their records.
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return entries_[a].worth != entries_[b].worth ? entries_[a].worth < entries_[b].worth : a < b;
    });
    for (std::uint32_t const one : order) {
      if (!is_over()) return;
      drop(one);
    }
  }

  void drop(std::size_t number) {
    live& record = records_[entries_[number].record];
    if (!record.stays() || is_pinned(record)) return;
    record.leave();
    --entries_left_;
    bytes_ -= record.cost();
    for (std::uint64_t const name : names_of(number)) {
      if (name == no_record) continue;
      live& object = records_[static_cast<std::size_t>(name)];
      if (--object.references != 0) continue;
      object.leave();
      bytes_ -= object.cost();
    }
  }

  /// Reads the key again: it is not worth the memory, as few programs have pins while they collect.
  bool is_pinned(live const& record) {
    if (pins_.empty()) return false;
    record_header header;
    bool const is_known = view_->log->peek_header_at(record.offset(), header) == record_state::good;
    return !is_known || pins_.contains(header.id);
  }

  /// Copies what stays, in the order in which it lies; `mark` says in the end how much that was, and the records where they
  /// are then.
  int copy(int to, log_mark& mark) {
    log_scan from(*view_->log, log_page_size);
    log_buffer out(to, log_page_size);
    for (auto& one : records_) {
      if (!one.stays()) continue;
      one.leave();
      if (!from.go_to(one.offset())) {
        if (from.error() != 0) return from.error();
        continue;
      }
      auto const header = from.header();
      std::uint64_t const end = one.offset() + from.size();
      if (int const error = reach(end); error != 0) return error;
      if (end > file_size_) continue;
      std::uint64_t const at = out.end();
      if (int const error = out.add(encode_header(header, record_seed(mark.uuid, at)))) return error;
      for (std::uint64_t place = one.offset() + record_header_size; place < end;) {
        byte_view const piece = from.window(place, std::min(end - place, log_scan::most_at_once / 2));
        if (piece.empty()) return from.error() != 0 ? from.error() : EIO;
        if (int const error = out.add(piece)) return error;
        place += piece.size();
      }
      one.place = at | static_cast<std::uint64_t>(one.kind()) | live::stays_bit;
    }
    mark.marked = out.end();
    ++mark.sequence;
    return out.flush();
  }

  /// Sees how long the file is, where it was shorter than this when that was last seen. Somebody may have cut it.
  int reach(std::uint64_t end) {
    if (end <= file_size_) return 0;
    auto const status = os::status_of(view_->log->descriptor());
    file_size_ = status.value.size;
    return status.error;
  }

  /// Bytes on their way into a file, a mebibyte at a time.
  class log_buffer {
   public:
    log_buffer(int to, std::uint64_t at) : to_(to), at_(at), block_(std::size_t{1} << 20) {}
    int add(byte_view bytes) {
      while (!bytes.empty()) {
        if (used_ == block_.size())
          if (int const error = flush()) return error;
        std::size_t const some = std::min(bytes.size(), block_.size() - used_);
        std::memcpy(block_.data() + used_, bytes.data(), some);
        used_ += some;
        bytes = bytes.subspan(some);
      }
      return 0;
    }
    int flush() {
      int const error = os::write_at(to_, block_.view().first(used_), at_);
      at_ += used_;
      used_ = 0;
      return error;
    }
    std::uint64_t end() const { return at_ + used_; }

   private:
    int to_;
    std::uint64_t at_;
    aligned_block block_;
    std::size_t used_ = 0;
  };

  log_reader& reader_;
  log_writer& writer_;
  pins const& pins_;
  std::int64_t const now_ms_;
  std::uint64_t const young_from_;
  std::shared_ptr<log_view const> const view_;
  log_quota quota_;
  std::vector<live> records_;
  std::vector<live_entry> entries_;
  std::size_t object_count_ = 0;
  std::vector<std::uint32_t> objects_;  ///< numbers of records, by their places
  std::vector<std::uint32_t> starts_;   ///< where in `objects_` those of a place begin
  std::vector<std::uint64_t> named_;    ///< by entries: tags of objects, in the end their numbers
  std::uint64_t entries_left_ = 0;
  std::uint64_t bytes_ = log_page_size;  ///< of what stays
  std::uint64_t file_size_ = 0;
};

}  // namespace memo::detail
