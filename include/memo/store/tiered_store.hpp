#pragma once

#include <memo/store/concept.hpp>
#include <memo/store/tiered_state.hpp>

namespace memo {

/// A fast store in front of a slow one: `tiered_store{memory_store{}, directory_store{"cache"}}`. Any two stores do.
///
/// Puts go to both; where the slow one refuses (a full disk), the value is kept in the fast one, with the warning. Look-ups
/// ask the fast one first; what only the slow one has is handed out and put into the fast one, entries and the objects
/// that are read. `access::read_only` promotes nothing into a store that other processes see. An entry in the fast tier
/// whose object only the slow one has is whole, and so is the reverse.
///
/// Other processes may write to the slow tier. An entry without variants that the fast tier has is handed out without
/// asking the slow one: it is right, though another process may have made a newer one, or erased it. A caller who is not
/// content with it (it is expired, say) claims the key and looks again, and while a key is claimed both tiers are asked
/// and the newer entry counts. A key with variants is always asked for in both.
///
/// Claims are those of the slow tier, so that one process computes for all; of the fast one where only that is lockable.
/// `stats` and `list` count once what lies in both. `collect(limits)` applies the limits to each tier, and what has to
/// leave the slow one leaves both. Each tier keeps its own limits by itself; keys are pinned in the slow one, and in the
/// fast one only while the slow one takes nothing.
class tiered_store {
 public:
  tiered_store(any_store fast, any_store slow)
      : state_(new detail::tiered_state(std::move(fast), std::move(slow))) {}

  memo::capabilities capabilities() const { return state_->able(); }
  found_entries find(digest const& key, access how = access::normal) const { return state_->find(key, how); }
  void find(std::span<digest const> keys, std::span<found_entries> answers,
            access how = access::normal) const {
    state_->find(keys, answers, how);
  }
  found_object read(digest const& object, void const* tag = nullptr, access how = access::normal) const {
    return state_->read(object, tag, how);
  }
  found_object view(digest const& object, void const* tag = nullptr, access how = access::normal) const {
    return state_->view(object, tag, how);
  }
  std::int64_t recall(digest const& key, recall_request const& request) const {
    return state_->fast().recall(key, request);
  }
  put_result put(std::span<put_request const> requests) const { return state_->put(requests); }
  std::optional<std::string> read_last(digest const& id) const {
    auto text = state_->slow().read_last(id);
    return text ? std::move(text) : state_->fast().read_last(id);
  }
  put_result write_last(digest const& id, byte_view text) const {
    put_result written = state_->slow().write_last(id, text);
    if (!written.stored) written.stored = state_->fast().write_last(id, text).stored;
    return written;
  }
  claim_result claim(claim_request const& request) const { return state_->claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) const { return state_->pin(keys); }
  bool erase(digest const& key) const { return state_->erase(key); }
  /// Removes an object that no entry names any more.
  void discard(digest const& object) const {
    state_->slow().discard(object);
    state_->fast().discard(object);
  }
  void visit(void (*seen)(void*, entry_info const&), void* state) const {
    state_->slow().visit(seen, state);
    for (auto const& info : state_->list_fast().alone) seen(state, info);
  }
  std::vector<entry_info> list() const {
    auto all = state_->slow().list();
    for (auto& info : state_->list_fast().alone) all.push_back(std::move(info));
    return all;
  }
  entries show(digest const& key) const {
    auto const found = state_->find(key, access::read_only);
    return found.variants ? *found.variants : entries{};
  }
  store_stats stats() const { return state_->stats(); }
  /// That of the slow store, or of the fast one where only that one lies in a directory.
  std::string location() const {
    std::string slow = state_->slow().location();
    return slow.empty() ? state_->fast().location() : slow;
  }
  verify_result verify() const {
    auto const slow = state_->slow().verify();
    auto const fast = state_->fast().verify();
    return {slow.checked + fast.checked, slow.damaged + fast.damaged};
  }
  collect_result collect(store_limits limits) const {
    return state_->collect([&](any_store& tier) { return tier.collect(limits); }, true);
  }
  collect_result collect() const {
    return state_->collect([](any_store& tier) { return tier.collect(); }, false);
  }
  void clear() const { state_->clear(); }

  /// Removes the entries of a step, named by any of its outputs or by "" for all steps of the pipeline.
  void clear_step(std::string_view pipeline, std::string_view step) const {
    state_->clear_step(pipeline, step);
  }

 private:
  std::shared_ptr<detail::tiered_state> state_;
};

static_assert(store<tiered_store>);

}  // namespace memo
