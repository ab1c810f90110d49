/// What all handles of one directory in one process share: files, claims, pins, and the estimate of its size.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claims.hpp>
#include <memo/store/directory_limits.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace memo::detail {

class directory_state {
 public:
  directory_state(std::string const& path, sharing share)
      : files_(path, share), claims_(claim_source{&open_claims, this}) {}

  /// The state of a root, made where no handle of it exists. Handles with different sharing have nothing in
  /// common but the files.
  static std::shared_ptr<directory_state> of(std::string const& path, sharing share) {
    static std::mutex lock;
    static digest_map<std::weak_ptr<directory_state>> states;
    digest const id = hash_bytes(as_byte_view(path), share == sharing::group ? 1 : 0);
    std::lock_guard const guard(lock);
    if (auto* const known = states.find(id))
      if (auto there = known->lock()) return there;
    digest_map<std::weak_ptr<directory_state>> expired;
    states.move_if(expired, [](digest const&, auto const& state) { return state.expired(); });
    std::shared_ptr<directory_state> made(new directory_state(path, share));
    states[id] = made;
    return made;
  }

  directory_files& files() { return files_; }

  found_entries find(digest const& key, access how) {
    found_entries found;
    auto record = files_.read(record_kind::entry, key, how);
    found.status = record.status;
    found.reason = std::move(record.reason);
    if (record.status != lookup::hit) return found;
    auto variants = decode_entries(record.payload);
    if (!variants) {
      // Whole, and yet no entry: a writer went wrong.
      if (how == access::normal) files_.remove(record_kind::entry, key);
      found.status = lookup::error;
      found.reason = "entry damaged";
      return found;
    }
    found.variants = std::make_shared<entries const>(std::move(*variants));
    return found;
  }

  put_result put(put_request const& request, store_limits const& limits) {
    int error = 0;
    put_result result = try_put(request, error);
    if ((error == ENOSPC || error == EDQUOT) && make_room(limits)) result = try_put(request, error);
    if (!result.stored) return result;
    enforce(limits);
    return {};
  }

  put_result write_last(digest const& id, byte_view text) {
    if (std::string const why = files_.root().open_for_writing(); !why.empty()) return refused(why);
    int const error = publish(record_kind::last, id, text);
    return error == 0 ? put_result{} : failed("a last record", error);
  }

  bool erase(digest const& key) {
    estimate_known_ = false;
    return files_.remove(record_kind::entry, key);
  }

  void discard(digest const& object) {
    std::shared_lock const guard(collecting_);
    auto const there = os::status_at(files_.folder(record_kind::object), record_name(object).file());
    if (files_.remove(record_kind::object, object))
      estimated_bytes_ -= static_cast<std::int64_t>(there.value.size);
  }

  void clear() {
    std::lock_guard const guard(collecting_);
    remove_all(files_);
    estimate_known_ = false;
  }

  collect_result collect(store_limits const& limits) {
    std::lock_guard const guard(collecting_);
    directory_collector collector(files_, pins_);
    auto const result = collector.collect(limits);
    if (auto const left = collector.left()) {
      estimated_bytes_ = static_cast<std::int64_t>(left->bytes);
      estimated_entries_ = static_cast<std::int64_t>(left->entries);
      estimate_known_ = true;
      estimated_at_ns_ = clock::system().steady_ns();
    }
    return result;
  }

  verify_result verify() {
    verify_result result;
    for (record_kind const kind : {record_kind::entry, record_kind::object, record_kind::last})
      for (auto const& file : files_.list(kind, false).files) {
        if (file.is_temporary) continue;
        ++result.checked;
        // Verifying is no use: the time of use stays.
        auto const record = files_.read(kind, file.id, access::read_only);
        bool const is_bad =
            record.is_damaged ||
            (kind == record_kind::entry && record.status == lookup::hit && !decode_entries(record.payload));
        if (is_bad) ++result.damaged;
        if (is_bad) files_.remove(kind, file.name.c_str());
      }
    if (result.damaged != 0) estimate_known_ = false;
    return result;
  }

  claims& claimed() { return claims_; }

  /// Whether claims reach other processes without being asked for more.
  bool is_lockable() {
    int known = network_.load();
    if (known < 0) network_ = known = *files_.root().network() == '\0' ? 0 : 1;
    return known == 0 && claims_.can_lock();
  }
  pins& pinned() { return pins_; }

 private:
  put_result try_put(put_request const& request, int& error) {
    std::shared_lock const guard(collecting_);
    if (std::string const why = files_.root().open_for_writing(); !why.empty()) return refused(why);
    for (auto const& source : request.objects) {
      error = put_object(source, request.policy);
      if (error != 0) return failed("a value", error);
    }
    error = request.value == nullptr ? 0 : put_entry(request);
    return error == 0 ? put_result{} : failed("an entry", error);
  }

  /// For a full disk: true where something could be removed. Looks no more than once a minute.
  bool make_room(store_limits const& limits) {
    std::int64_t const now = clock::system().steady_ns();
    if (std::int64_t last = full_at_ns_; last != 0 && now - last < a_minute_ns) return false;
    full_at_ns_ = now;
    return collect(with_room(limits)).removed_bytes != 0;
  }

  /// Limits with some room below them, so that not every put collects.
  static store_limits with_room(store_limits limits) {
    limits.max_bytes -= limits.max_bytes / 10;
    limits.max_entries -= limits.max_entries / 10;
    return limits;
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

  static std::shared_ptr<claim_file> open_claims(void* self, claim_reach reach, std::string& why_not) {
    auto& files = static_cast<directory_state*>(self)->files_;
    if (std::string const why = files.root().open_for_writing(); !why.empty()) {
      why_not = "the cache cannot be written to: " + why;
      return nullptr;
    }
    // Before the file is made.
    if (char const* const name = files.root().network(); *name != '\0' && reach != claim_reach::asked) {
      why_not = on_network_file_system(name);
      return nullptr;
    }
    auto opened = files.root().open_claims();
    if (!opened) why_not = "its file of claims cannot be opened: " + os::error_text(opened.error);
    return std::move(opened.value);
  }

  put_result refused(std::string const& why) const {
    return {false, "nothing is stored in " + files_.root().path() + ": " + why};
  }
  put_result failed(char const* what, int error) const {
    return {false, std::string(what) + " could not be stored in " + files_.root().path() + ": " +
                       os::error_text(error)};
  }

  int publish(record_kind kind, digest const& id, byte_view payload) {
    record_source source;
    source.header = {kind, id, payload.size(), hash_bytes(payload)};
    source.pieces = {&payload, 1};
    return files_.publish(source);
  }

  int put_object(object_source const& from, put_policy policy) {
    record_source source;
    source.header = {record_kind::object, from.object, from.size, from.checksum};
    if (policy == put_policy::keep && files_.has_object(source.header)) return 0;
    shared_bytes encoded;
    if (!from.file.empty()) {
      source.file = &from.file;
    } else if (from.pieces.empty() && from.size != 0 && from.live && from.live.encode != nullptr) {
      encoded = from.live.encode(from.live.value.get());
      source.pieces = {&encoded.view, 1};
    } else {
      source.pieces = from.pieces;
    }
    if (source.file == nullptr) {
      std::uint64_t sum = 0;
      for (byte_view const piece : source.pieces) sum += piece.size();
      if (sum != from.size) return EINVAL;
    }
    int const error = files_.publish(source);
    if (error == 0) estimated_bytes_ += static_cast<std::int64_t>(from.size + record_header_size);
    return error;
  }

  int put_entry(put_request const& request) {
    // Who adds to what is there takes turns: threads here, and processes where they can be locked out. A first entry
    // without variants, which is what most puts bring, needs no turn.
    std::lock_guard const guard(turns_[request.key.low % turns_.size()]);
    entry_turn turn;
    bool const is_variant = static_cast<bool>(request.value->variant);
    if (is_variant) turn = claims_.wait_for_turn(request.key);
    auto old = find(request.key, access::read_only);
    if (!is_variant && old.status == lookup::hit) {
      turn = claims_.wait_for_turn(request.key);
      old = find(request.key, access::read_only);
    }
    entries const none;
    entries const& before = old.variants ? *old.variants : none;
    if (request.policy == put_policy::keep)
      for (auto const& variant : before)
        if (variant.variant == request.value->variant && is_complete(variant, request)) return 0;
    auto const payload =
        encode_entries(with_variant(before, *request.value, request.supersedes, request.most_variants));
    if (payload.view().size() > max_entry_size) return EFBIG;
    int const error = publish(record_kind::entry, request.key, payload.view());
    if (error != 0) return error;
    estimated_bytes_ += static_cast<std::int64_t>(payload.view().size());
    if (old.status == lookup::miss) ++estimated_entries_;
    return 0;
  }

  /// True where the objects that a variant names are there, as the request brought them or as they lie here.
  bool is_complete(entry const& variant, put_request const& request) {
    for (auto const& output : variant.outputs) {
      if (output.is_inline || !output.object) continue;
      bool brought = false;
      for (auto const& source : request.objects) brought |= source.object == output.object;
      if (brought) continue;
      int const in = files_.folder(record_kind::object);
      auto const there = os::status_at(in, record_name(output.object).file());
      if (!there || there.value.size != output.size + record_header_size) return false;
    }
    return true;
  }

  /// Keeps the limits, by an estimate that only grows between collections. It starts from a look at the whole
  /// root, which is repeated now and then, as other processes put too.
  void enforce(store_limits const& limits) {
    if (limits.max_bytes == 0 && limits.max_entries == 0 && limits.max_age_ms == 0) return collect_daily();
    std::int64_t const now = clock::system().steady_ns();
    bool const is_stale = !estimate_known_ || now - estimated_at_ns_ > a_minute_ns;
    if (is_stale) {
      if (limits.max_age_ms != 0) {
        collect(limits);
      } else {
        auto const found = measure(files_);
        estimated_bytes_ = static_cast<std::int64_t>(found.bytes);
        estimated_entries_ = static_cast<std::int64_t>(found.entries);
        estimated_at_ns_ = now;
        estimate_known_ = true;
      }
    }
    auto const over = [](std::uint64_t most, std::int64_t is) {
      return most != 0 && is > 0 && static_cast<std::uint64_t>(is) > most;
    };
    if (!over(limits.max_bytes, estimated_bytes_) && !over(limits.max_entries, estimated_entries_)) return;
    collect(with_room(limits));
  }

  static constexpr std::int64_t a_minute_ns = 60'000'000'000;

  directory_files files_;
  claims claims_;
  pins pins_;
  std::shared_mutex collecting_;
  std::array<std::mutex, 16> turns_;
  std::atomic<std::int64_t> estimated_bytes_{0};
  std::atomic<std::int64_t> estimated_entries_{0};
  std::atomic<std::int64_t> estimated_at_ns_{0};
  std::atomic<std::int64_t> full_at_ns_{0};
  std::atomic<std::int64_t> lock_seen_at_ns_{0};
  std::atomic<bool> estimate_known_{false};
  std::atomic<int> network_{-1};  ///< 1 on the file system of a network, 0 on another, -1 where nobody looked
};

}  // namespace memo::detail
