/// The protocol that steps and memoized functions share: look up, validate, load, compute, store.
///
/// A `cached_call` is one key's way through it, as states and not as one blocking function, so that the owner decides
/// where and when each act happens, and can wait for a load or for another computation without holding a thread:
///
///     fresh -> hit                      look_up found a valid entry
///     fresh -> missing -> stored        look_up found none; the owner computed and published
///     hit, stored -> missing            its value is lost or not kept: `reopen`, `forget`
#pragma once

#include <memo/core/clock.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/value_type.hpp>
#include <memo/run/dependencies.hpp>
#include <memo/store/any_store.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// What counts as a hit.
struct hit_rules {
  std::int64_t now_ms = 0;
  std::int64_t ttl_ms = -1;          ///< negative: none
  std::size_t outputs = 1;           ///< an entry with another number of them is of another program
  std::span<digest const> checks{};  ///< that the values should have passed
  access how = access::normal;
  std::uint64_t seed = 0;  ///< of the digests of what entries depend on
};

/// Entries whose creation lies further ahead than this come from a clock that is wrong, and are misses.
inline constexpr std::int64_t clock_skew_ms = 5 * 60 * 1000;

/// A value from the store, in one of two forms, or why it cannot be had.
struct loaded {
  std::shared_ptr<void const> object;  ///< the value, decoded or live
  shared_bytes elements;               ///< or the stored bytes of a contiguous value
  std::string problem;                 ///< why there is neither
};

/// The digest that tells the codec of stored bytes apart: their schema and the number of the encoding.
inline digest codec_of(value_type const& type) {
  return type.schema == nullptr ? digest{} : hash_bytes(as_byte_view(type.schema()), encoding_version);
}

/// How an entry describes an encoded value: with its bytes where they are few, else as an object. A store that wants few
/// bytes inline and keeps live values gets an object beside them, which is the live value alone.
inline stored_output describe(encoding const& encoded, value_type const& type,
                              memo::capabilities const& able) {
  stored_output out;
  out.value = encoded.value();
  out.codec = codec_of(type);
  out.size = encoded.size();
  out.is_inline = encoded.size() <= able.inline_limit;
  if (out.is_inline) out.bytes = encoded.join();
  if (!out.is_inline || (able.live && able.inline_limit != 0)) out.object = encoded.object();
  return out;
}

/// The object of an encoded value, for a put. It points into `encoded`.
inline object_source object_of(encoding const& encoded, value_type const& type,
                               std::shared_ptr<void const> value) {
  return {.object = encoded.object(),
          .checksum = encoded.checksum(),
          .size = encoded.size(),
          .pieces = encoded.pieces(),
          .file = {},
          .live = {std::move(value), type.tag, encoded.size(), type.stored_form}};
}

/// Reads the value of one output of an entry. `elements_only`: the stored bytes of a contiguous value will do, where they
/// are.
inline loaded load_output(any_store& store, stored_output const& kept, value_type const& type,
                          bool elements_only, access how) {
  if (!kept.has_value()) return {{}, {}, "its value was not kept"};
  if (kept.codec != codec_of(type)) return {{}, {}, "its value has another form"};
  shared_bytes bytes = kept.bytes;
  if (!kept.is_inline) {
    bool const in_place = elements_only && type.elements != nullptr;
    found_object object =
        in_place ? store.view(kept.object, type.tag, how) : store.read(kept.object, type.tag, how);
    if (object.status != lookup::hit)
      return {{}, {}, object.reason.empty() ? std::string("its value is gone") : std::move(object.reason)};
    if (object.live && object.live.tag == type.tag) return {std::move(object.live.value), {}, {}};
    bytes = std::move(object.bytes);
  } else if (kept.object && type.tag != nullptr) {
    found_object object = store.read(kept.object, type.tag, how);
    if (object.live && object.live.tag == type.tag) return {std::move(object.live.value), {}, {}};
  }
  if (bytes.view.size() != kept.size) return {{}, {}, "its value is damaged"};
  if (elements_only && type.elements != nullptr && !kept.is_inline) return {{}, std::move(bytes), {}};
  if (type.decode == nullptr) return {{}, {}, "its value was kept by another process"};
  try {
    return {type.decode(bytes.view), {}, {}};
  } catch (decode_error const&) {
    return {{}, {}, "its value is damaged"};
  }
}

/// One key's way through the protocol. Used by one thread at a time.
class cached_call {
 public:
  enum class state : std::uint8_t { fresh, hit, missing, stored };

  state where() const { return state_; }
  digest const& key() const { return key_; }
  entry const& found() const { return (*variants_)[variant_]; }
  bool has_entry() const { return variants_ != nullptr; }
  /// Tells entries apart: another one, even with the same content, is another answer of the store.
  entries const* answer() const { return variants_.get(); }
  std::shared_ptr<entries const> const& variants() const { return variants_; }
  /// True where the entry's outputs have these fingerprints.
  bool gives(std::span<fingerprint const> values) const {
    auto const same = [](stored_output const& o, fingerprint const& value) { return o.value == value; };
    return has_entry() &&
           std::equal(found().outputs.begin(), found().outputs.end(), values.begin(), values.end(), same);
  }
  bool lacks_checks() const { return lacks_checks_; }

  /// Why the key missed, where more is known than that nothing was there: "entry damaged", "older than its ttl".
  std::string const& reason() const { return reason_; }
  /// True where the last look-up found an entry that is too old, or comes from the future.
  bool out_of_time() const { return out_of_time_; }
  /// True where the last look-up met a record that could not be read.
  bool failed_to_read() const { return failed_to_read_; }
  /// True where what is stored must not stay: it is expired, forced, damaged or outdated.
  bool replaces() const { return replaces_; }

  /// Makes it a miss for `reason`; with `replace`, what is published next replaces what is stored.
  void reopen(std::string reason, bool replace) {
    state_ = state::missing;
    reason_ = std::move(reason);
    replaces_ = replace;
  }

  /// Lets go of the entry: the store does not have the value of now.
  void forget() {
    variants_ = nullptr;
    state_ = state::missing;
  }

  /// Looks the key up and judges what is found.
  void look_up(any_store& store, digest const& key, hit_rules const& rules) {
    present_things present(rules.seed);
    look_up(store, key, rules, present);
  }

  /// The same for one of several keys whose entries may have read the same things.
  void look_up(any_store& store, digest const& key, hit_rules const& rules, present_things& present) {
    key_ = key;
    variants_ = nullptr;
    lacks_checks_ = false;
    found_entries answer = store.find(key, rules.how);
    failed_to_read_ = answer.status == lookup::error;
    out_of_time_ = false;
    if (answer.status != lookup::hit) {
      reopen(std::move(answer.reason), answer.status == lookup::error);
      return;
    }
    std::string changed;
    char const* refused = nullptr;
    for (std::size_t i = 0; i < answer.variants->size(); ++i) {
      entry const& candidate = (*answer.variants)[i];
      std::string change = present.difference(candidate.dependencies);
      if (!change.empty()) {
        if (changed.empty()) changed = std::move(change);
        continue;
      }
      char const* const problem = judge(candidate, rules);
      if (problem != nullptr) {
        refused = problem;
        continue;
      }
      variants_ = std::move(answer.variants);
      variant_ = i;
      state_ = state::hit;
      reason_.clear();
      replaces_ = false;
      return;
    }
    // Variants of other files stay: what was before may come again.
    reopen(refused != nullptr ? refused : std::move(changed), refused != nullptr);
  }

  /// Sets a key that is computed without a look-up.
  void skip_look_up(digest const& key, std::string reason, bool replace) {
    key_ = key;
    variants_ = nullptr;
    reopen(std::move(reason), replace);
  }

  /// Reads the value of one output of the entry.
  loaded load(any_store& store, std::size_t output, value_type const& type, bool elements_only,
              access how) const {
    return load_output(store, found().outputs[output], type, elements_only, how);
  }

  /// Stores the found entry again with these checks passed; it stays the hit that it is.
  put_result note_checks(any_store& store, std::vector<digest> passed) {
    auto kept = std::make_shared<entries>();
    kept->push_back(found());
    kept->front().checks = std::move(passed);
    put_request const request{key_, &kept->front(), put_policy::replace, {}};
    variants_ = std::move(kept);
    variant_ = 0;
    lacks_checks_ = false;
    return store.put({&request, 1});
  }

  /// Stores an entry with its objects under the key; from here on it is what `found` gives.
  put_result publish(any_store& store, entry&& made, std::span<object_source const> objects) {
    auto kept = std::make_shared<entries>();
    kept->push_back(std::move(made));
    put_request const request{key_, &kept->front(), replaces_ ? put_policy::replace : put_policy::keep,
                              objects};
    variants_ = std::move(kept);
    variant_ = 0;
    state_ = state::stored;
    return store.put({&request, 1});
  }

 private:
  // Null where the entry counts as a hit, else why not.
  char const* judge(entry const& candidate, hit_rules const& rules) {
    if (candidate.outputs.size() != rules.outputs) return "its entry has another form";
    out_of_time_ = true;
    if (candidate.created_ms < 0) return "its entry has no valid time";
    if (candidate.created_ms > rules.now_ms + clock_skew_ms) return "its entry comes from the future";
    if (rules.ttl_ms >= 0 && rules.now_ms - candidate.created_ms >= rules.ttl_ms) return "older than its ttl";
    out_of_time_ = false;
    lacks_checks_ = false;
    for (digest const& wanted : rules.checks)
      if (std::find(candidate.checks.begin(), candidate.checks.end(), wanted) == candidate.checks.end())
        lacks_checks_ = true;
    return nullptr;
  }

  digest key_;
  std::shared_ptr<entries const> variants_;
  std::size_t variant_ = 0;
  state state_ = state::fresh;
  bool lacks_checks_ = false;
  bool replaces_ = false;
  bool failed_to_read_ = false;
  bool out_of_time_ = false;
  std::string reason_;
};

}  // namespace memo::detail
