/// A memory store that loses values, and answers claims wrongly, when a test says so.
#pragma once

#include <memo/store/memory_store.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// Copies share one state. What is lost may be changed at any time, by any thread.
class losing_store {
 public:
  /// `is_live`: keeps objects as they are, and not only their bytes.
  explicit losing_store(bool is_live = false) : faults_(std::make_shared<faults>()) {
    faults_->is_live = is_live;
  }

  /// No value can be read any more, until `find_values`.
  void lose_values() { faults_->loses_all = true; }

  /// The same for one output alone of a step that has one entry. Throws std::logic_error where it has none.
  void lose_value(std::string_view step, std::size_t output = 0) {
    memo::digest const object = object_of(step, output);
    std::lock_guard const guard(faults_->lock);
    faults_->lost.insert(object);
  }

  /// Long values are read without their last bytes, until `find_values`.
  void cut_values() { faults_->cuts = true; }

  /// All is there again.
  void find_values() {
    std::lock_guard const guard(faults_->lock);
    faults_->loses_all = faults_->cuts = false;
    faults_->lost.clear();
  }

  /// Calls `act` before a value that is lost alone is asked for, on the thread that asks.
  void before_loss(std::function<void()> act) {
    std::lock_guard const guard(faults_->lock);
    faults_->before_loss = std::move(act);
  }

  /// The next so many claims are answered "busy" by a thread of this process that never tells that it has ended.
  void mislead_claims(int count) { faults_->misled_claims = count; }

  memo::capabilities capabilities() const {
    memo::capabilities able = store_.capabilities();
    able.live = faults_->is_live;
    able.inline_limit = 0;
    return able;
  }
  memo::found_entries find(memo::digest const& key, memo::access how = memo::access::normal) {
    return store_.find(key, how);
  }
  void find(std::span<memo::digest const> keys, std::span<memo::found_entries> answers,
            memo::access how = memo::access::normal) {
    store_.find(keys, answers, how);
  }
  memo::found_object read(memo::digest const& object, void const* tag, memo::access how) {
    if (loses(object)) return {memo::lookup::miss, {}, {}, "lost"};
    memo::found_object found = store_.read(object, faults_->is_live ? tag : nullptr, how);
    if (std::size_t const size = found.bytes.view.size(); faults_->cuts && size > 100)
      found.bytes.view = found.bytes.view.first(size - 4);
    return found;
  }
  memo::found_object view(memo::digest const& object, void const* tag, memo::access how) {
    return read(object, tag, how);
  }
  memo::put_result put(std::span<memo::put_request const> requests) { return store_.put(requests); }
  std::optional<std::string> read_last(memo::digest const& id) { return store_.read_last(id); }
  memo::put_result write_last(memo::digest const& id, memo::byte_view bytes) {
    return store_.write_last(id, bytes);
  }
  memo::claim_result claim(memo::claim_request const& request) {
    if (faults_->misled_claims > 0 && faults_->misled_claims.fetch_sub(1) > 0)
      return {memo::claim_result::status::busy, nullptr, "thread 0 of this process", false, {}};
    return store_.claim(request);
  }
  std::shared_ptr<void> pin(std::span<memo::digest const> keys) { return store_.pin(keys); }
  bool erase(memo::digest const& key) { return store_.erase(key); }
  void discard(memo::digest const& object) { store_.discard(object); }
  void visit(void (*seen)(void*, memo::entry_info const&), void* state) { store_.visit(seen, state); }
  std::vector<memo::entry_info> list() { return store_.list(); }
  memo::entries show(memo::digest const& key) { return store_.show(key); }
  memo::store_stats stats() { return store_.stats(); }
  memo::verify_result verify() { return store_.verify(); }
  memo::collect_result collect(memo::store_limits limits) { return store_.collect(limits); }
  memo::collect_result collect() { return store_.collect(); }
  void clear() { store_.clear(); }
  void clear_step(std::string_view pipeline, std::string_view step) { store_.clear_step(pipeline, step); }

 private:
  struct faults {
    bool is_live = false;
    std::atomic<bool> loses_all{false}, cuts{false};
    std::atomic<int> misled_claims{0};
    std::mutex lock;  // of what follows
    std::set<memo::digest> lost;
    std::function<void()> before_loss;
  };

  bool loses(memo::digest const& object) {
    if (faults_->loses_all) return true;
    std::function<void()> act;
    {
      std::lock_guard const guard(faults_->lock);
      if (!faults_->lost.contains(object)) return false;
      act = faults_->before_loss;
    }
    if (act) act();
    return true;
  }

  memo::digest object_of(std::string_view step, std::size_t output) {
    for (memo::entry_info const& info : store_.list())
      if (info.step == step) return store_.show(info.key).front().outputs.at(output).object;
    throw std::logic_error("the store has no entry of this step");
  }

  memo::memory_store store_;
  std::shared_ptr<faults> faults_;
};
static_assert(memo::store<losing_store>);

}  // namespace test
