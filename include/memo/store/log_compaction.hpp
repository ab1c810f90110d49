/// Writing a log anew without what is superseded, gone, named by nothing, or least valuable.
#pragma once

#include <memo/store/digest_map.hpp>
#include <memo/store/log_writer.hpp>
#include <memo/store/pins.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace memo::detail {

/// What a log may keep when it is written anew; zero means all. Bytes are those of the log and of its index.
struct log_quota {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::int64_t max_age_ms = 0;
};

/// One rewriting of the present log. The caller has the right to write, and no thread of this process puts meanwhile.
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
    log_scan scan(*view_->log, log_page_size);
    while (scan.next()) {
      auto const& header = scan.header();
      if (header.is_gone || view_->find(header.kind, header.id) != scan.offset()) continue;
      live one{header, scan.offset()};
      if (header.kind == record_kind::object) {
        objects_[header.id].record = records_.size();
        records_.push_back(one);
      } else if (header.kind == record_kind::last) {
        one.stays = true;
        bytes_ += cost_of(header.size);
        records_.push_back(one);
      } else if (add_entry(scan, one)) {
        records_.push_back(one);
      }
    }
    if (scan.error() != 0 || error_ != 0) return false;
    // Objects may lie behind the entries that name them, where they were stored again.
    for (auto& one : entries_) name_objects(one);
    keep_young(quota);
    drop_old(quota.max_age_ms);
    drop_least_valuable(quota);
    return true;
  }

  /// How many entries do not stay, and how many bytes the log would lose.
  collect_result gain() const {
    std::uint64_t const now = view_->log->committed();
    std::uint64_t kept = log_page_size;
    for (auto const& one : records_)
      if (one.stays) kept += log_record_size(one.header.size);
    return {entries_.size() - entries_left_, now > kept ? now - kept : 0};
  }

  /// Writes what stays into a new log, and makes that the current one; 0 or an errno, and then nothing has changed.
  int write() {
    log_mark mark;
    auto made = writer_.make_log(mark);
    if (!made) return made.error;
    int const to = made.value.get();
    std::uint64_t const slots = (records_.size() + 32) * 2;
    log_table places(log_seed(mark.uuid, mark.generation), slots);
    int error = copy(to, mark, places);
    // Unlike a put, this is not done again where a power failure takes it: the log before it is removed.
    if (error == 0) error = os::sync_data(to);
    if (error == 0) error = writer_.write_first_mark(to, mark);
    if (error == 0) {
      log_snapshot_numbers numbers;
      numbers.uuid = mark.uuid;
      numbers.generation = mark.generation;
      numbers.watermark = mark.marked;
      numbers.live_bytes = mark.marked - log_page_size;
      writer_.write_index(numbers, nullptr, places);
      error = writer_.publish(mark, std::move(made.value));
    }
    if (error != 0) writer_.remove_log(mark.generation);
    return error;
  }

 private:
  struct live {
    record_header header;
    std::uint64_t offset = 0;
    bool stays = false;
  };
  struct live_entry {
    std::size_t record = 0;
    std::int64_t created_ms = 0;
    std::int64_t cost_ns = 0;
    double worth = 0;
    std::vector<digest> objects;
  };
  struct live_object {
    std::size_t record = 0;
    std::uint64_t references = 0;
  };

  /// What a record takes in the log and, roughly, in the index.
  static std::uint64_t cost_of(std::uint64_t payload) { return log_record_size(payload) + 26; }

  bool add_entry(log_scan& scan, live& one) {
    shared_bytes payload;
    std::uint64_t const at = one.offset + record_header_size;
    if (one.header.size <= log_scan::most_at_once) {
      payload.view = scan.window(at, one.header.size);
    } else {
      aligned_block const block(static_cast<std::size_t>(std::min(one.header.size, max_entry_size)));
      auto const got = os::read_at(view_->log->descriptor(), block.data(), block.size(), at);
      // What cannot be read now may be worth anything.
      if (!got) error_ = got.error;
      payload = block.share(block.view().first(got.value));
    }
    if (payload.view.size() != one.header.size || hash_bytes(payload.view) != one.header.checksum)
      return false;
    auto const variants = decode_entries(payload);
    if (!variants) return false;
    live_entry made;
    made.record = records_.size();
    made.cost_ns = recompute_cost(*variants);
    for (auto const& variant : *variants) {
      made.created_ms = std::max(made.created_ms, variant.created_ms);
      for (auto const& output : variant.outputs)
        if (output.object) made.objects.push_back(output.object);
    }
    one.stays = true;
    bytes_ += cost_of(one.header.size);
    entries_.push_back(std::move(made));
    ++entries_left_;
    return true;
  }

  void name_objects(live_entry& one) {
    std::uint64_t bytes = cost_of(records_[one.record].header.size);
    for (auto const& id : one.objects) {
      live_object* const object = objects_.find(id);
      if (object == nullptr) continue;
      auto& record = records_[object->record];
      bytes += cost_of(record.header.size);
      if (++object->references > 1) continue;
      record.stays = true;
      bytes_ += cost_of(record.header.size);
    }
    digest const& key = records_[one.record].header.id;
    std::int64_t const used_ms = std::max(one.created_ms, reader_.last_use_ms(key, now_ms_));
    one.worth = worth(one.cost_ns, bytes, (now_ms_ - used_ms) * 1'000'000);
  }

  void keep_young(log_quota const& quota) {
    for (auto& one : records_) {
      if (one.stays || one.header.kind != record_kind::object || one.offset < young_from_) continue;
      std::uint64_t const cost = cost_of(one.header.size);
      if (quota.bytes != 0 && bytes_ + cost > quota.bytes) continue;
      one.stays = true;
      bytes_ += cost;
    }
  }

  void drop_old(std::int64_t max_age_ms) {
    if (max_age_ms == 0) return;
    for (auto& one : entries_)
      if (now_ms_ - one.created_ms >= max_age_ms) drop(one);
  }

  void drop_least_valuable(log_quota const& quota) {
    auto const is_over = [&] {
      return (quota.bytes != 0 && bytes_ > quota.bytes) ||
             (quota.entries != 0 && entries_left_ > quota.entries);
    };
    if (!is_over()) return;
    std::vector<live_entry*> order;
    for (auto& one : entries_) order.push_back(&one);
    std::sort(order.begin(), order.end(), [&](live_entry const* a, live_entry const* b) {
      return a->worth != b->worth ? a->worth < b->worth
                                  : records_[a->record].offset < records_[b->record].offset;
    });
    for (live_entry* const one : order) {
      if (!is_over()) return;
      drop(*one);
    }
  }

  void drop(live_entry& one) {
    live& record = records_[one.record];
    if (!record.stays || pins_.contains(record.header.id)) return;
    record.stays = false;
    --entries_left_;
    bytes_ -= cost_of(record.header.size);
    for (auto const& id : one.objects) {
      live_object* const object = objects_.find(id);
      if (object == nullptr || --object->references != 0) continue;
      records_[object->record].stays = false;
      bytes_ -= cost_of(records_[object->record].header.size);
    }
  }

  /// Copies what stays, in the order in which it lies; `mark` says in the end how much that was.
  int copy(int to, log_mark& mark, log_table& places) {
    log_scan from(*view_->log, log_page_size);
    log_buffer out(to, log_page_size);
    for (auto const& one : records_) {
      if (!one.stays) continue;
      if (!reaches(one)) {
        if (error_ != 0) return error_;
        continue;
      }
      std::uint64_t const at = out.end();
      if (int const error = out.add(encode_header(one.header, record_seed(mark.uuid, at)))) return error;
      std::uint64_t const end = one.offset + log_record_size(one.header.size);
      for (std::uint64_t place = one.offset + record_header_size; place < end;) {
        byte_view const piece = from.window(place, std::min(end - place, log_scan::most_at_once / 2));
        if (piece.empty()) return from.error() != 0 ? from.error() : EIO;
        if (int const error = out.add(piece)) return error;
        place += piece.size();
      }
      places.put(one.header.kind, one.header.id, at);
    }
    mark.marked = out.end();
    ++mark.sequence;
    return out.flush();
  }

  /// False where the file was cut before a record's end.
  bool reaches(live const& one) {
    std::uint64_t const end = one.offset + log_record_size(one.header.size);
    if (end > file_size_) {
      auto const status = os::status_of(view_->log->descriptor());
      file_size_ = status.value.size;
      error_ = status.error;
    }
    return end <= file_size_;
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
  std::vector<live> records_;
  std::vector<live_entry> entries_;
  digest_map<live_object> objects_;
  std::uint64_t entries_left_ = 0;
  std::uint64_t bytes_ = log_page_size;  ///< of what stays
  std::uint64_t file_size_ = 0;
  int error_ = 0;  ///< why the log cannot be read now
};

}  // namespace memo::detail
