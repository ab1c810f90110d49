/// Elements of a map that read something while they ran. Each has an entry of its own, under its key, with what it read: in
/// a pack there is no place for that.
///
/// An entry without outputs under `marker_of(group)` says that a group has such elements, so that a map without them does
/// not look for each.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/map_request.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

inline digest marker_of(digest const& group, std::uint64_t seed) {
  std::byte bytes[20] = {std::byte{'r'}, std::byte{'e'}, std::byte{'a'}, std::byte{'d'}};
  store_little(bytes + 4, group.high);
  store_little(bytes + 12, group.low);
  return hash_bytes(bytes, seed);
}

/// What the elements of one run of a map read, and their entries. `note` and `put` may be called from any thread.
class map_entries {
 public:
  struct read_by {
    std::uint32_t place = 0;
    std::vector<dependency> all;
  };
  struct found_element {
    shared_bytes bytes{};
    std::int64_t created_ms = 0;
    std::int64_t cost_ns = 0;
    std::string problem{};  ///< why the bytes cannot be had
  };

  map_entries(map_request const& request, clock const& time)
      : request_(request), type_(*request.row.map->result), time_(time), present_(request.seed) {}

  /// Says under which key the elements lie, before anything is looked up or put.
  void open(digest const& group) {
    marker_ = marker_of(group, request_.seed);
    has_marker_ = request_.looks_up && request_.store->find(marker_, how()).status == lookup::hit;
  }

  /// True where it is worth looking elements up.
  bool has_any() const { return has_marker_; }

  /// Looks one element up, and notes what it read. False where there is no result that fits, with a clause where more is
  /// known.
  bool look_up(std::uint32_t place, digest const& key, found_element& found, std::string& why) {
    file_scope const files(request_.files);
    cached_call call;
    call.look_up(*request_.store, key,
                 {.now_ms = time_.wall_ms(),
                  .ttl_ms = request_.ignores_age ? -1 : request_.row.options.ttl_ms,
                  .how = how(),
                  .seed = request_.seed},
                 present_);
    if (call.where() != cached_call::state::hit) {
      why = call.reason();
      return false;
    }
    entry const& kept = call.found();
    stored_output const& output = kept.outputs.front();
    found = {{}, kept.created_ms, kept.cost_ns, {}};
    if (!request_.only_looks) {
      if (output.codec != codec_of(type_)) {
        found.problem = "its value has another form";
      } else if (output.is_inline) {
        found.bytes = output.bytes;
      } else {
        found_object object = request_.store->read(output.object, nullptr, how());
        if (object.status != lookup::hit)
          found.problem = object.reason.empty() ? "its value is gone" : std::move(object.reason);
        found.bytes = std::move(object.bytes);
      }
    }
    if (found.problem.empty()) note(place, kept.dependencies);
    return true;
  }

  /// Notes what an element read.
  void note(std::uint32_t place, std::vector<dependency> all) {
    std::lock_guard const guard(lock_);
    read_.push_back({place, std::move(all)});
  }

  /// Keeps a result with what was read for it.
  put_result put(digest const& key, encoding const& form, std::vector<dependency> read,
                 std::int64_t cost_ns) {
    entry made = described(cost_ns);
    made.variant = variant_of(read, request_.seed);
    made.dependencies = std::move(read);
    stored_output out = describe(form, type_, request_.store->capabilities());
    if (out.is_inline) out.object = {};
    object_source const source = object_of(form, type_, nullptr);
    bool const has_object = static_cast<bool>(out.object);
    made.outputs.push_back(std::move(out));
    if (!has_marker_.exchange(true)) {
      entry const marker = described(cost_ns);
      put_request const request{.key = marker_, .value = &marker};
      if (put_result written = request_.store->put({&request, 1}); !written.stored) {
        has_marker_ = false;
        return written;
      }
    }
    cached_call call;
    // What was found does not fit, but for one that was lost: it is written again.
    call.skip_look_up(key, {}, true);
    return call.publish(*request_.store, std::move(made), {&source, has_object ? 1u : 0u});
  }

  bool empty() const { return read_.empty(); }

  /// The elements that read something.
  std::vector<std::uint32_t> places() const {
    std::vector<std::uint32_t> found;
    for (read_by const& one : read_) found.push_back(one.place);
    return found;
  }

  /// True where something that an element read is no longer what it was. Not while others note.
  bool has_changed(std::uint32_t place) const {
    for (read_by const& one : read_)
      if (one.place == place) return present_things(request_.seed).find_difference(one.all) != nullptr;
    return false;
  }

  /// All that was read, each thing once. A clause in `problem` where two elements met different answers.
  std::vector<dependency> all(std::string& problem) {
    std::sort(read_.begin(), read_.end(),
              [](read_by const& a, read_by const& b) { return a.place < b.place; });
    dependency_notes all(request_.seed);
    for (read_by const& one : read_)
      for (dependency const& read : one.all) all.add(read);
    problem = all.problem();
    return all.take();
  }

 private:
  entry described(std::int64_t cost_ns) const {
    entry made;
    made.project = request_.options.project;
    made.pipeline = request_.row.pipeline;
    made.step = joined_names(request_.row.names);
    made.created_ms = time_.wall_ms();
    made.cost_ns = cost_ns;
    return made;
  }
  access how() const { return request_.writes ? access::normal : access::read_only; }

  map_request const& request_;
  value_type const& type_;
  clock const& time_;
  digest marker_;
  std::atomic<bool> has_marker_{false};
  present_things present_;  // of all look-ups
  std::mutex lock_;
  std::vector<read_by> read_;
};

}  // namespace memo::detail
