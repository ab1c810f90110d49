/// memo's stores as subjects of the benchmark of stores.
#pragma once

#include "store_work.hpp"

#include <memo/store/directory_store.hpp>

#if __has_include(<memo/store/mmap_store.hpp>)
#  include <memo/store/mmap_store.hpp>
#  define MEMO_BENCH_MMAP_STORE
#endif

#include <array>
#include <span>
#include <string>
#include <vector>

namespace bench {

/// Where a put leaves the value: in its entry up to the store's limit for that, or always in an object.
enum class place { entry, object };

/// A store of memo with entries as the engine makes them.
template <class Store>
class memo_subject {
 public:
  explicit memo_subject(fs::path const& folder) : store_(folder) {
    template_.pipeline = "bench";
    template_.step = "value";
    template_.created_ms = 1'700'000'000'000;
    template_.cost_ns = 1'000'000;
    template_.outputs.resize(1);
    template_.outputs[0].codec = {1, 2};
  }

  /// Puts `count` values from number `first` on as one batch.
  void put(work const& all, std::size_t first, std::size_t count, place where) {
    entries_.assign(count, template_);
    pieces_.resize(count);
    sources_.resize(count);
    requests_.assign(count, {});
    for (std::size_t i = 0; i < count; ++i) fill(all, first + i, i, where);
    if (auto const result = store_.put(requests_); !result.stored) give_up(result.warning);
  }

  std::uint64_t read(work const& all, std::size_t i) { return ends(store_.read(all.key(i), nullptr)); }
  std::uint64_t view(work const& all, std::size_t i) { return ends(store_.view(all.key(i), nullptr)); }
  /// What a warm step asks for: the entry, and its value where that is not inside.
  std::uint64_t step(work const& all, std::size_t i) {
    auto const found = store_.find(entry_key(all.key(i)));
    if (found.status != memo::lookup::hit) return 0;
    auto const& output = found.variants->front().outputs[0];
    return output.is_inline ? work::ends_of(output.bytes.view) : ends(store_.view(output.object, nullptr));
  }
  bool has(memo::digest const& key) { return store_.find(key).status == memo::lookup::hit; }

  Store& store() { return store_; }

 private:
  static memo::digest entry_key(memo::digest const& object) { return {object.low, object.high}; }
  static std::uint64_t ends(memo::found_object const& found) {
    return found.status == memo::lookup::hit ? work::ends_of(found.bytes.view) : 0;
  }

  void fill(work const& all, std::size_t number, std::size_t i, place where) {
    memo::byte_view const bytes = all.value(number);
    auto& output = entries_[i].outputs[0];
    output.value = memo::fingerprint::of_digest(all.key(number));
    output.size = bytes.size();
    output.is_inline = where == place::entry && bytes.size() <= store_.capabilities().inline_limit;
    requests_[i].key = entry_key(all.key(number));
    requests_[i].value = &entries_[i];
    if (output.is_inline) {
      output.bytes = {nullptr, bytes};
      return;
    }
    output.object = all.key(number);
    pieces_[i] = bytes;
    sources_[i] = {.object = output.object,
                   .checksum = memo::hash_bytes(bytes),
                   .size = bytes.size(),
                   .pieces = {&pieces_[i], 1}};
    requests_[i].objects = {&sources_[i], 1};
  }

  Store store_;
  memo::entry template_;
  std::vector<memo::entry> entries_;
  std::vector<memo::byte_view> pieces_;
  std::vector<memo::object_source> sources_;
  std::vector<memo::put_request> requests_;
};

/// How a row asks memo for a value.
enum class way { read, view, step };

/// A row: one way to ask one store.
template <class Store, way Way>
class memo_row {
 public:
  explicit memo_row(fs::path const& folder) : subject_(folder) {}

  static constexpr place where = Way == way::step ? place::entry : place::object;
  void put(work const& all, std::size_t i) { subject_.put(all, i, 1, where); }
  std::uint64_t get(work const& all, std::size_t i) {
    if constexpr (Way == way::read) return subject_.read(all, i);
    if constexpr (Way == way::view) return subject_.view(all, i);
    return subject_.step(all, i);
  }
  bool has(memo::digest const& key) { return subject_.has(key); }
  memo_subject<Store>& subject() { return subject_; }

 private:
  memo_subject<Store> subject_;
};

}  // namespace bench
