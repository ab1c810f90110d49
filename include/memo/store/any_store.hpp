#pragma once

#include <memo/store/concept.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace memo {

/// Any store, behind one type, so that what uses it is not a template. Converts from every store; copies share
/// it. Costs a virtual call for each operation.
class any_store {
 public:
  template <class Store>
    requires(!std::same_as<std::remove_cvref_t<Store>, any_store> && store<std::remove_cvref_t<Store>>)
  any_store(Store&& held)  // NOLINT: a store is meant to convert
      : held_(static_cast<interface*>(new model<std::remove_cvref_t<Store>>(std::forward<Store>(held)))) {}

  /// The same for copies, which share the store.
  void const* identity() const { return held_.get(); }
  memo::capabilities capabilities() const { return held_->capabilities(); }
  found_entries find(digest const& key, access how = access::normal) const { return held_->find(key, how); }
  void find(std::span<digest const> keys, std::span<found_entries> answers,
            access how = access::normal) const {
    held_->find_many(keys, answers, how);
  }
  found_object read(digest const& object, void const* tag = nullptr, access how = access::normal) const {
    return held_->read(object, tag, how);
  }
  found_object view(digest const& object, void const* tag = nullptr, access how = access::normal) const {
    return held_->view(object, tag, how);
  }
  std::int64_t recall(digest const& key, recall_request const& request) const {
    return held_->recall(key, request);
  }
  put_result put(std::span<put_request const> requests) const { return held_->put(requests); }
  std::optional<std::string> read_last(digest const& id) const { return held_->read_last(id); }
  put_result write_last(digest const& id, byte_view text) const { return held_->write_last(id, text); }
  claim_result claim(claim_request const& request) const { return held_->claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) const { return held_->pin(keys); }
  bool erase(digest const& key) const { return held_->erase(key); }
  void discard(digest const& object) const { held_->discard(object); }
  void visit(void (*seen)(void*, entry_info const&), void* state) const { held_->visit(seen, state); }
  std::vector<entry_info> list() const { return held_->list(); }
  entries show(digest const& key) const { return held_->show(key); }
  store_stats stats() const { return held_->stats(); }
  /// The canonical path of the directory where it lies; "" for a store that lies in none.
  std::string location() const { return held_->location(); }
  verify_result verify() const { return held_->verify(); }
  collect_result collect(store_limits limits) const { return held_->collect(limits); }
  collect_result collect() const { return held_->collect(); }
  void clear() const { held_->clear(); }
  void clear_step(std::string_view pipeline, std::string_view step) const {
    held_->clear_step(pipeline, step);
  }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual memo::capabilities capabilities() const = 0;
    virtual found_entries find(digest const&, access) = 0;
    virtual void find_many(std::span<digest const>, std::span<found_entries>, access) = 0;
    virtual found_object read(digest const&, void const*, access) = 0;
    virtual found_object view(digest const&, void const*, access) = 0;
    virtual std::int64_t recall(digest const&, recall_request const&) = 0;
    virtual put_result put(std::span<put_request const>) = 0;
    virtual std::optional<std::string> read_last(digest const&) = 0;
    virtual put_result write_last(digest const&, byte_view) = 0;
    virtual claim_result claim(claim_request const&) = 0;
    virtual std::shared_ptr<void> pin(std::span<digest const>) = 0;
    virtual bool erase(digest const&) = 0;
    virtual void discard(digest const&) = 0;
    virtual void visit(void (*)(void*, entry_info const&), void*) = 0;
    virtual std::vector<entry_info> list() = 0;
    virtual entries show(digest const&) = 0;
    virtual store_stats stats() = 0;
    virtual std::string location() = 0;
    virtual verify_result verify() = 0;
    virtual collect_result collect(store_limits) = 0;
    virtual collect_result collect() = 0;
    virtual void clear() = 0;
    virtual void clear_step(std::string_view, std::string_view) = 0;
  };

  template <class Store>
  struct model final : interface {
    template <class From>
    explicit model(From&& from) : held(std::forward<From>(from)) {}

    memo::capabilities capabilities() const override { return held.capabilities(); }
    found_entries find(digest const& key, access how) override { return held.find(key, how); }
    void find_many(std::span<digest const> keys, std::span<found_entries> answers, access how) override {
      held.find(keys, answers, how);
    }
    found_object read(digest const& object, void const* tag, access how) override {
      return held.read(object, tag, how);
    }
    found_object view(digest const& object, void const* tag, access how) override {
      return held.view(object, tag, how);
    }
    std::int64_t recall(digest const& key, recall_request const& request) override {
      if constexpr (requires { held.recall(key, request); })
        return held.recall(key, request);
      else
        return -1;
    }
    put_result put(std::span<put_request const> requests) override { return held.put(requests); }
    std::optional<std::string> read_last(digest const& id) override { return held.read_last(id); }
    put_result write_last(digest const& id, byte_view text) override { return held.write_last(id, text); }
    claim_result claim(claim_request const& request) override { return held.claim(request); }
    std::shared_ptr<void> pin(std::span<digest const> keys) override { return held.pin(keys); }
    bool erase(digest const& key) override { return held.erase(key); }
    void discard(digest const& object) override { held.discard(object); }
    void visit(void (*seen)(void*, entry_info const&), void* state) override { held.visit(seen, state); }
    std::vector<entry_info> list() override { return held.list(); }
    entries show(digest const& key) override { return held.show(key); }
    store_stats stats() override { return held.stats(); }
    std::string location() override {
      if constexpr (requires { held.location(); })
        return held.location();
      else
        return {};
    }
    verify_result verify() override { return held.verify(); }
    collect_result collect(store_limits limits) override { return held.collect(limits); }
    collect_result collect() override { return held.collect(); }
    void clear() override { held.clear(); }
    void clear_step(std::string_view pipeline, std::string_view step) override {
      held.clear_step(pipeline, step);
    }

    Store held;
  };

  std::shared_ptr<interface> held_;
};

static_assert(store<any_store>);

}  // namespace memo
