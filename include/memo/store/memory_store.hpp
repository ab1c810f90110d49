#pragma once

#include <memo/store/concept.hpp>
#include <memo/store/memory_state.hpp>

namespace memo {

/// Results in this process's memory: live values, never copied, until the limits remove those that are worth least: of
/// those that cost as much for their bytes the one whose last use lies furthest back; what is dear to compute again stays
/// longer (use_stamps::credit_for). A look-up locks one of 16 tables; a hit of `recall` on a small value takes no lock.
class memory_store {
 public:
  explicit memory_store(memory_options limits = {}) : state_(new detail::memory_state(limits)) {}

  memo::capabilities capabilities() const { return {.live = true}; }
  found_entries find(digest const& key, access how = access::normal) const {
    return state_->tables().find(key, how);
  }
  void find(std::span<digest const> keys, std::span<found_entries> answers,
            access how = access::normal) const {
    for (std::size_t i = 0; i < keys.size(); ++i) answers[i] = state_->tables().find(keys[i], how);
  }
  found_object read(digest const& object, void const* tag = nullptr, access = access::normal) const {
    return state_->tables().read(object, tag);
  }
  found_object view(digest const& object, void const* tag = nullptr, access how = access::normal) const {
    return read(object, tag, how);
  }
  std::int64_t recall(digest const& key, recall_request const& request) const {
    return state_->tables().recall(key, request);
  }
  put_result put(std::span<put_request const> requests) const {
    if (requests.empty()) return state_->apply();
    put_result all;
    for (auto const& request : requests)
      if (put_result one = state_->put(request); !one.stored) all = std::move(one);
    return all;
  }
  std::optional<std::string> read_last(digest const& id) const { return state_->read_last(id); }
  put_result write_last(digest const& id, byte_view text) const {
    state_->write_last(id, text);
    return {};
  }
  claim_result claim(claim_request const& request) const { return state_->claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) const { return state_->pin(keys); }
  bool erase(digest const& key) const { return state_->erase(key); }
  /// Removes an object that no entry names any more.
  void discard(digest const& object) const { state_->tables().discard(object); }
  void visit(void (*seen)(void*, entry_info const&), void* state) const {
    for (auto const& info : list()) seen(state, info);
  }
  std::vector<entry_info> list() const { return state_->tables().list(); }
  entries show(digest const& key) const {
    auto const found = state_->tables().find(key, access::read_only);
    return found.variants ? *found.variants : entries{};
  }
  store_stats stats() const { return state_->tables().stats(); }
  verify_result verify() const { return state_->tables().verify(); }
  collect_result collect(store_limits limits) const { return state_->collect(limits); }
  collect_result collect() const { return state_->collect(state_->own_limits()); }
  void clear() const { state_->clear(); }

  /// Removes the entries of a step, named by any of its outputs or by "" for all steps of the pipeline.
  void clear_step(std::string_view pipeline, std::string_view step) const {
    for (auto const& info : list())
      if (info.pipeline == pipeline && detail::names_step(info.step, step)) state_->erase(info.key);
  }

 private:
  std::shared_ptr<detail::memory_state> state_;
};

static_assert(store<memory_store>);

}  // namespace memo
