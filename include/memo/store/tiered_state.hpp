/// What the copies of a tiered store share: the two tiers, and the keys that are looked up in both.
#pragma once

#include <memo/store/any_store.hpp>
#include <memo/store/digest_map.hpp>
#include <memo/store/record.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace memo::detail {

/// Keys that somebody has claimed and is about to look up again. Any thread; a claim may outlive it.
class claimed_keys {
 public:
  bool contains(digest const& key) const {
    if (count_.load() == 0) return false;
    std::lock_guard const guard(lock_);
    return counts_.find(key) != nullptr;
  }
  void add(digest const& key) {
    std::lock_guard const guard(lock_);
    ++counts_[key];
    ++count_;
  }
  void remove(digest const& key) {
    std::lock_guard const guard(lock_);
    --count_;
    if (--counts_[key] == 0) counts_.erase(key);
  }

 private:
  std::atomic<std::uint64_t> count_{0};
  mutable std::mutex lock_;
  digest_map<std::uint64_t> counts_;
};

/// The claim of a tier, noted while it is held.
class noted_claim {
 public:
  noted_claim(std::shared_ptr<claimed_keys> keys, digest const& key) : keys_(std::move(keys)), key_(key) {
    keys_->add(key_);
  }
  noted_claim(noted_claim const&) = delete;
  noted_claim& operator=(noted_claim const&) = delete;
  ~noted_claim() { keys_->remove(key_); }

  void hold(std::shared_ptr<void> claim) { claim_ = std::move(claim); }

 private:
  std::shared_ptr<claimed_keys> const keys_;
  digest const key_;
  std::shared_ptr<void> claim_;
};

/// True where the source is a value that has no bytes of its own: what is kept of it means something in this process only.
inline bool is_by_reference(object_source const& source) {
  if (!source.live || !source.pieces.empty() || !source.file.empty() || source.size == 0) return false;
  return source.live.encode == nullptr || source.checksum == source.object;
}

/// Puts on their way to the slow tier: inline values without the object that the fast tier may keep as live, and nothing
/// that means something in this process only.
class slow_requests {
 public:
  explicit slow_requests(std::span<put_request const> all) {
    bool as_they_are = true;
    for (auto const& request : all) as_they_are = as_they_are && !needs_change(request);
    if (as_they_are) {
      view_ = all;
      return;
    }
    values_.reserve(all.size());
    objects_.reserve(all.size());
    for (auto const& request : all) add(request);
    view_ = made_;
  }
  slow_requests(slow_requests const&) = delete;
  slow_requests& operator=(slow_requests const&) = delete;

  std::span<put_request const> view() const { return view_; }

 private:
  static bool names_inline(put_request const& request, digest const& object) {
    if (request.value == nullptr) return false;
    for (auto const& output : request.value->outputs)
      if (output.is_inline && output.object == object) return true;
    return false;
  }
  static bool needs_change(put_request const& request) {
    for (auto const& source : request.objects)
      if (is_by_reference(source)) return true;
    if (request.value == nullptr) return false;
    for (auto const& output : request.value->outputs)
      if (output.is_inline && output.object) return true;
    return false;
  }

  void add(put_request const& request) {
    if (!needs_change(request)) return made_.push_back(request);
    auto& objects = objects_.emplace_back();
    for (auto const& source : request.objects) {
      if (is_by_reference(source)) return;
      if (!names_inline(request, source.object)) objects.push_back(source);
    }
    put_request changed = request;
    if (request.value != nullptr) {
      entry& value = values_.emplace_back(*request.value);
      for (auto& output : value.outputs)
        if (output.is_inline) output.object = {};
      changed.value = &value;
    }
    changed.objects = objects;
    made_.push_back(changed);
  }

  std::span<put_request const> view_;
  std::vector<put_request> made_;
  std::vector<entry> values_;
  std::vector<std::vector<object_source>> objects_;
};

class tiered_state {
 public:
  tiered_state(any_store fast, any_store slow)
      : fast_(std::move(fast)),
        slow_(std::move(slow)),
        fast_can_(fast_.capabilities()),
        slow_can_(slow_.capabilities()),
        claims_in_fast_(fast_can_.lockable && !slow_can_.lockable) {}
  tiered_state(tiered_state const&) = delete;
  tiered_state& operator=(tiered_state const&) = delete;

  any_store& fast() { return fast_; }
  any_store& slow() { return slow_; }

  memo::capabilities able() const {
    memo::capabilities can;
    can.shared = fast_can_.shared || slow_can_.shared;
    can.lockable = (claims_in_fast_ ? fast_ : slow_).capabilities().lockable;
    can.mappable = fast_can_.mappable || slow_can_.mappable;
    can.live = fast_can_.live;
    // A store of live values needs nothing inline; the other one decides.
    if (fast_can_.live)
      can.inline_limit = slow_can_.live ? 0 : slow_can_.inline_limit;
    else
      can.inline_limit =
          slow_can_.live ? fast_can_.inline_limit : std::min(fast_can_.inline_limit, slow_can_.inline_limit);
    return can;
  }

  found_entries find(digest const& key, access how) {
    found_entries near = fast_.find(key, how);
    if (is_enough(key, near)) return near;
    std::uint64_t const before = erasures_.load();
    return joined(key, std::move(near), slow_.find(key, how), how, before);
  }

  void find(std::span<digest const> keys, std::span<found_entries> answers, access how) {
    fast_.find(keys, answers, how);
    std::vector<digest> asked;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (is_enough(keys[i], answers[i])) continue;
      asked.push_back(keys[i]);
      places.push_back(i);
    }
    if (asked.empty()) return;
    std::uint64_t const before = erasures_.load();
    std::vector<found_entries> far(asked.size());
    slow_.find(asked, far, how);
    for (std::size_t i = 0; i < asked.size(); ++i)
      answers[places[i]] = joined(asked[i], std::move(answers[places[i]]), std::move(far[i]), how, before);
  }

  found_object read(digest const& object, void const* tag, access how) {
    found_object near = fast_.read(object, tag, how);
    if (near.status == lookup::hit) return near;
    found_object far = slow_.read(object, tag, how);
    promote(object, far, how);
    return better(std::move(near), std::move(far));
  }

  found_object view(digest const& object, void const* tag, access how) {
    found_object near = fast_.view(object, tag, how);
    if (near.status == lookup::hit) return near;
    found_object far = slow_.view(object, tag, how);
    // What is mapped is as near as it can be.
    if (!slow_can_.mappable) promote(object, far, how);
    return better(std::move(near), std::move(far));
  }

  /// Into the slow tier first, so that what a process found is there when it ends.
  put_result put(std::span<put_request const> requests) {
    slow_requests const kept(requests);
    put_result far;
    if (!kept.view().empty() || requests.empty()) far = slow_.put(kept.view());
    if (!kept.view().empty()) slow_refuses_ = !far.stored;
    put_result near = fast_.put(requests);
    bool const in_slow = far.stored && kept.view().size() == requests.size();
    return {near.stored || in_slow, far.warning.empty() ? std::move(near.warning) : std::move(far.warning)};
  }

  claim_result claim(claim_request const& request) {
    auto noted = std::make_shared<noted_claim>(claimed_, request.key);
    claim_result result = (claims_in_fast_ ? fast_ : slow_).claim(request);
    if (result.what != claim_result::status::mine) return result;
    noted->hold(std::move(result.hold));
    result.hold = std::move(noted);
    return result;
  }

  /// What leaves the fast tier alone is still there: it keeps to its limits, unless the slow one takes nothing.
  std::shared_ptr<void> pin(std::span<digest const> keys) {
    if (!slow_refuses_) return slow_.pin(keys);
    return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(fast_.pin(keys),
                                                                                     slow_.pin(keys));
  }

  bool erase(digest const& key) {
    bool const in_slow = slow_.erase(key);
    ++erasures_;
    return fast_.erase(key) || in_slow;
  }

  void clear() {
    slow_.clear();
    ++erasures_;
    fast_.clear();
  }

  void clear_step(std::string_view pipeline, std::string_view step) {
    slow_.clear_step(pipeline, step);
    ++erasures_;
    fast_.clear_step(pipeline, step);
  }

  /// What is in the fast tier, by whether the slow one has it too.
  struct fast_list {
    std::vector<entry_info> shared;
    std::vector<entry_info> alone;
  };
  fast_list list_fast() {
    fast_list all;
    for (auto& info : fast_.list())
      (is_in(slow_, info.key) ? all.shared : all.alone).push_back(std::move(info));
    return all;
  }

  store_stats stats() {
    store_stats sum = slow_.stats();
    digest_map<bool> seen;
    for (auto const& info : list_fast().alone) {
      ++sum.entries;
      sum.bytes += info.bytes;
      for (auto const& variant : fast_.show(info.key))
        for (auto const& output : variant.outputs)
          if (!output.is_inline && output.object) seen[output.object] = true;
    }
    sum.objects += seen.size();
    return sum;
  }

  /// What leaves the slow tier leaves the fast one too, and counts; what leaves the fast one alone is still there.
  template <class Collect>
  collect_result collect(Collect collect_in, bool follows) {
    fast_list const before = list_fast();
    collect_result result = collect_in(slow_);
    ++erasures_;
    if (follows && result.removed_entries != 0)
      for (auto const& info : before.shared)
        if (!is_in(slow_, info.key)) fast_.erase(info.key);
    collect_in(fast_);
    for (auto const& info : before.alone) {
      if (is_in(fast_, info.key)) continue;
      ++result.removed_entries;
      result.removed_bytes += info.bytes;
    }
    return result;
  }

 private:
  static bool is_in(any_store& tier, digest const& key) {
    return tier.find(key, access::read_only).status == lookup::hit;
  }

  /// One entry without dependencies is the same for everybody. A key with variants gets new ones from other processes, and
  /// who has claimed a key was not content with the answer.
  bool is_enough(digest const& key, found_entries const& near) const {
    return near.status == lookup::hit && near.variants->size() == 1 && !near.variants->front().variant &&
           !claimed_->contains(key);
  }

  bool is_promoting(access how) const { return how == access::normal || !fast_can_.shared; }

  static entry const* variant_of(entries const& all, digest const& variant) {
    for (auto const& one : all)
      if (one.variant == variant) return &one;
    return nullptr;
  }

  static bool same(entries const& a, entries const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](entry const& one, entry const& other) {
      return one.variant == other.variant && one.created_ms == other.created_ms;
    });
  }

  /// The answer of both tiers. The slow one says which variants there are: those that only the fast one has were removed
  /// or superseded by others, unless they are newer than all in the slow one, which then could not be written to. Of
  /// two entries of one variant the newer counts.
  found_entries joined(digest const& key, found_entries near, found_entries far, access how,
                       std::uint64_t erasures) {
    if (far.status != lookup::hit) {
      bool const tells_more = near.status == lookup::hit || far.status == lookup::miss;
      return tells_more ? std::move(near) : std::move(far);
    }
    entries const none;
    entries const& fast = near.status == lookup::hit ? *near.variants : none;
    entries const& slow = *far.variants;
    if (same(fast, slow)) return near;
    entries all;
    std::vector<entry const*> added;
    for (auto const& one : fast)
      if (one.created_ms > newest(slow) && !has_variant(slow, one.variant)) all.push_back(one);
    for (auto const& one : slow) {
      entry const* const known = variant_of(fast, one.variant);
      bool const is_known = known != nullptr && known->created_ms >= one.created_ms;
      all.push_back(is_known ? *known : one);
      if (!is_known) added.push_back(&one);
    }
    if (is_promoting(how)) promote(key, fast, all, added, erasures);
    found_entries answer;
    answer.status = lookup::hit;
    answer.variants = added.size() == slow.size() && all.size() == slow.size()
                          ? std::move(far.variants)
                          : std::make_shared<entries const>(std::move(all));
    return answer;
  }

  static std::int64_t newest(entries const& all) {
    std::int64_t latest = 0;
    for (auto const& one : all) latest = std::max(latest, one.created_ms);
    return latest;
  }

  void promote(digest const& key, entries const& before, entries const& all,
               std::vector<entry const*> const& added, std::uint64_t erasures) {
    if (added.empty()) return;
    std::vector<digest> gone;
    for (auto const& one : before)
      if (!has_variant(all, one.variant)) gone.push_back(one.variant);
    std::size_t const most = std::max(all.size(), max_variants);
    std::vector<put_request> requests;
    for (std::size_t i = added.size(); i-- > 0;) {
      // One that somebody has put meanwhile is newer.
      bool const is_new = !has_variant(before, added[i]->variant);
      requests.push_back({key, added[i], is_new ? put_policy::keep : put_policy::replace, {}, gone, most});
    }
    fast_.put(requests);  // where it cannot be kept, it is found in the slow tier again
    // What was erased meanwhile must not come back; what was not is in the slow tier.
    if (erasures_.load() != erasures) fast_.erase(key);
  }

  void promote(digest const& object, found_object const& far, access how) {
    if (far.status != lookup::hit || far.live || !is_promoting(how)) return;
    object_source source;
    source.object = object;
    source.checksum = hash_bytes(far.bytes.view);
    source.size = far.bytes.view.size();
    source.pieces = {&far.bytes.view, 1};
    source.owner = far.bytes.owner;
    put_request const request{{}, nullptr, put_policy::keep, {&source, 1}};
    fast_.put({&request, 1});
  }

  static found_object better(found_object near, found_object far) {
    bool const tells_more = near.status == lookup::error && far.status == lookup::miss;
    return tells_more ? std::move(near) : std::move(far);
  }

  any_store fast_;
  any_store slow_;
  memo::capabilities const fast_can_;
  memo::capabilities const slow_can_;
  bool const claims_in_fast_;
  std::atomic<bool> slow_refuses_{false};  ///< the last put
  /// Grows after an erasure in the slow tier, and before the one in the fast tier.
  std::atomic<std::uint64_t> erasures_{0};
  std::shared_ptr<claimed_keys> const claimed_ = std::make_shared<claimed_keys>();
};

}  // namespace memo::detail
