/// What all handles of one directory in one process share: files, claims, pins, and the room in it.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/claims.hpp>
#include <memo/store/directory_room.hpp>
#include <memo/store/root_claims.hpp>

#include <atomic>
#include <memory>
#include <mutex>
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

  put_result put(put_request const& request, store_limits const& limits,
                 durability level = durability::none) {
    if (std::string const why = files_.root().open_for_writing(); !why.empty()) return refused(why);
    int error = 0;
    bool is_over = false;
    put_result result = try_put(request, limits, level, error, is_over);
    if ((error == ENOSPC || error == EDQUOT) && room_.free_disk(limits))
      result = try_put(request, limits, level, error, is_over);
    if (!result.stored) return result;
    room_.after_put(limits, is_over);
    return {};
  }

  /// Applies limits now, with a warning where what is pinned is more than they allow.
  put_result apply(store_limits const& limits) { return {true, room_.apply(limits)}; }

  put_result write_last(digest const& id, byte_view text) {
    if (std::string const why = files_.root().open_for_writing(); !why.empty()) return refused(why);
    int const error = publish(record_kind::last, id, text);
    return error == 0 ? put_result{} : failed("a last record", error);
  }

  bool erase(digest const& key) {
    bool was_there = false;
    room_.removing([&] {
      directory_size const gone{size_of(record_kind::entry, key), 1};
      was_there = files_.remove(record_kind::entry, key);
      return was_there ? gone : directory_size{};
    });
    return was_there;
  }

  void discard(digest const& object) {
    room_.removing([&] {
      directory_size const gone{size_of(record_kind::object, object), 0};
      return files_.remove(record_kind::object, object) ? gone : directory_size{};
    });
  }

  void clear() { room_.clear(); }

  collect_result collect(store_limits const& limits) { return room_.collect(limits); }

  verify_result verify() {
    verify_result result;
    bool is_complete = true;
    for (record_kind const kind : {record_kind::entry, record_kind::object, record_kind::last})
      is_complete &= each_file(files_, kind, false, [&](found_file const& file) {
        if (file.is_temporary) return;
        ++result.checked;
        // Verifying is no use: the time of use stays.
        auto const record = files_.read(kind, file.id, access::read_only);
        bool const is_bad =
            record.is_damaged ||
            (kind == record_kind::entry && record.status == lookup::hit && !decode_entries(record.payload));
        if (is_bad) ++result.damaged;
        if (is_bad) files_.remove(kind, file.name.c_str());
      });
    if (result.damaged != 0) room_.forget();
    refuse_unread(files_, is_complete);
    return result;
  }

  claims& claimed() { return claims_; }

  /// Whether views are mappings here.
  bool is_mappable() {
    int known = mappable_.load();
    if (known >= 0) return known == 1;
    int const in = files_.folder(record_kind::object);
    auto const nearest = in < 0 ? open_nearest(files_.root().path()) : os::unique_fd();
    known = os::is_safe_to_map(in < 0 ? nearest.get() : in) ? 1 : 0;
    mappable_ = known;
    return known == 1;
  }

  /// Whether claims reach other processes without being asked for more.
  bool is_lockable() {
    int known = network_.load();
    if (known < 0) network_ = known = *files_.root().network() == '\0' ? 0 : 1;
    return known == 0 && claims_.can_lock();
  }
  pins& pinned() { return pins_; }

 private:
  put_result try_put(put_request const& request, store_limits const& limits, durability level, int& error,
                     bool& is_over) {
    directory_room::place place(room_, limits, request);
    is_over = place.is_over_limits();
    // Again: somebody may have deleted the folder meanwhile.
    if (std::string const why = files_.root().open_for_writing(); !why.empty()) return refused(why);
    for (auto const& source : request.objects) {
      error = put_object(source, request.policy, level, place);
      if (error != 0) return failed("a value", error);
    }
    error = request.value == nullptr ? 0 : put_entry(request, level, place);
    return error == 0 ? put_result{} : failed("an entry", error);
  }

  /// Of a record's file; 0 where there is none.
  std::int64_t size_of(record_kind kind, digest const& id) {
    auto const there = os::status_at(files_.folder(kind), record_name(id).file());
    return there ? static_cast<std::int64_t>(there.value.size) : 0;
  }

  static std::shared_ptr<claim_file> open_claims(void* self, claim_reach reach, std::string& why_not) {
    return open_claims_of(static_cast<directory_state*>(self)->files_.root(), reach, why_not);
  }

  put_result refused(std::string const& why) const {
    return {false, "nothing is stored in " + files_.root().path() + ": " + why};
  }
  put_result failed(char const* what, int error) const {
    return {false, std::string(what) + " could not be stored in " + files_.root().path() + ": " +
                       os::error_text(error)};
  }

  int publish(record_kind kind, digest const& id, byte_view payload, durability level = durability::none) {
    record_source source;
    source.header = {kind, id, payload.size(), hash_bytes(payload)};
    source.pieces = {&payload, 1};
    return files_.publish(source, level);
  }

  int put_object(object_source const& from, put_policy policy, durability level,
                 directory_room::place& place) {
    record_source source;
    source.header = {record_kind::object, from.object, from.size, from.checksum};
    if (policy == put_policy::keep && files_.has_object(source.header))
      return sync_kept(record_kind::object, from.object, level);
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
    int const error = files_.publish(source, level);
    if (error == 0) place.wrote({static_cast<std::int64_t>(from.size + record_header_size), 0});
    return error;
  }

  /// What lies here already may have been put by somebody who did not wait for the disk.
  int sync_kept(record_kind kind, digest const& id, durability level) {
    return level == durability::none ? 0 : files_.sync(kind, id);
  }

  int put_entry(put_request const& request, durability level, directory_room::place& place) {
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
        if (variant.variant == request.value->variant && is_complete(variant, request))
          return sync_kept(record_kind::entry, request.key, level);
    auto const payload =
        encode_entries(with_variant(before, *request.value, request.supersedes, request.most_variants));
    if (payload.view().size() > max_entry_size) return EFBIG;
    std::int64_t const replaced = old.status == lookup::miss ? 0 : size_of(record_kind::entry, request.key);
    int const error = publish(record_kind::entry, request.key, payload.view(), level);
    if (error != 0) return error;
    auto const written = static_cast<std::int64_t>(payload.view().size() + record_header_size);
    place.wrote({written - replaced, old.status == lookup::miss ? 1 : 0});
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

  directory_files files_;
  claims claims_;
  pins pins_;
  directory_room room_{files_, pins_};
  std::array<std::mutex, 16> turns_;
  std::atomic<int> mappable_{-1};  ///< 1 where files are mapped, 0 where not, -1 where nobody looked
  std::atomic<int> network_{-1};  ///< 1 on the file system of a network, 0 on another, -1 where nobody looked
};

}  // namespace memo::detail
