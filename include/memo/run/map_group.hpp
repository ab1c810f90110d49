/// The entry of a map's elements in a store: each variant of it names a pack, and the results that are too large for one.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/map_keys.hpp>
#include <memo/store/any_store.hpp>
#include <memo/store/pack.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A group and how it is used.
struct pack_group {
  digest key;
  digest codec;  ///< of packs of its results
  std::string_view project;
  std::string_view pipeline;
  std::string step;
  std::int64_t ttl_ms = -1;
  std::uint64_t seed = 0;
  access how = access::normal;
  bool replaces = false;  ///< what is written takes the place of all older results of the same elements
  clock const& time;
};

/// A pack on its way into the store.
struct pack_draft {
  entry value{};  ///< names the pack first, then the large results
  pack_writer pack{};
  std::vector<object_source> objects{};  ///< the large results that come with it
  std::vector<digest> superseded{};      ///< variants
  std::vector<digest> gone{};            ///< their objects
};

/// The packs of one group as they are stored. Used by one thread at a time.
class stored_group {
 public:
  /// Packs of fewer bytes are merged when there are `merged_at_once` of them.
  static constexpr std::uint64_t full_pack = std::uint64_t{4} << 20;
  static constexpr std::size_t merged_at_once = 16;

  stored_group(any_store& store, pack_group named) : store_(store), named_(std::move(named)) {}

  pack_group const& named() const { return named_; }
  std::vector<std::string> const& warnings() const { return warnings_; }
  void warn(std::string const& text) {
    if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end()) warnings_.push_back(text);
  }

  found_entries find() { return store_.find(named_.key, named_.how); }
  any_store& store() { return store_; }

  bool is_of_codec(entry const& variant) const {
    return !variant.outputs.empty() && variant.outputs[0].has_value() &&
           variant.outputs[0].codec == named_.codec;
  }
  bool is_readable(entry const& variant) const {
    return is_of_codec(variant) && !is_future(variant.created_ms);
  }
  bool is_future(std::int64_t created_ms) const {
    return created_ms < 0 || created_ms > named_.time.wall_ms() + clock_skew_ms;
  }
  bool is_of_time(std::int64_t created_ms, std::int64_t now_ms) const {
    return created_ms >= 0 && created_ms <= now_ms + clock_skew_ms &&
           (named_.ttl_ms < 0 || now_ms - created_ms < named_.ttl_ms);
  }

  lookup read(entry const& variant, shared_bytes& pack) {
    stored_output const& named = variant.outputs[0];
    if (named.is_inline) {
      pack = named.bytes;
      return lookup::hit;
    }
    found_object object = store_.read(named.object, nullptr, named_.how);
    if (object.status == lookup::error) warn(object.reason);
    pack = std::move(object.bytes);
    return object.status;
  }

  pack_draft draft(std::int64_t cost_ns) const {
    pack_draft made;
    made.value.project = named_.project;
    made.value.pipeline = named_.pipeline;
    made.value.step = named_.step;
    made.value.created_ms = named_.time.wall_ms();
    made.value.cost_ns = cost_ns;
    made.value.outputs.resize(1);
    return made;
  }

  void name_object(pack_draft& draft, packed_object const& named) const {
    stored_output out;
    out.value = fingerprint::of_digest(named.object);
    out.object = named.object;
    out.codec = named_.codec;
    out.size = named.size;
    draft.value.outputs.push_back(std::move(out));
  }

  /// Adds those items of a section for which `stays(key)` is true. Gives how many do not stay.
  template <class Stays>
  std::size_t copy(pack_section const& section, pack_draft& draft, Stays stays) const {
    section_writer kept;
    each_packed(section, [&](digest const& key, byte_view item) {
      if (!stays(key)) return;
      kept.add(key, item);
      if (section.kind == packed::object) name_object(draft, object_in(item));
    });
    draft.pack.add(kept, section.created_ms, section.kind);
    return section.count - kept.count();
  }

  /// Says that what a variant names is in this pack, or nowhere.
  void supersede(pack_draft& draft, entry const& variant) const {
    draft.superseded.push_back(variant.variant);
    if (!variant.outputs[0].is_inline) draft.gone.push_back(variant.outputs[0].object);
  }

  /// Gives false, and notes why, where it could not be stored.
  bool put(pack_draft& draft) {
    byte_writer const bytes = draft.pack.finish();
    byte_view const view = bytes.view();
    stored_output& out = draft.value.outputs[0];
    digest const checksum = hash_bytes(view);
    draft.value.variant = named_.seed == 0 ? checksum : hash_bytes(view, named_.seed);
    out.value = fingerprint::of_digest(draft.value.variant);
    out.codec = named_.codec;
    out.size = view.size();
    out.is_inline = view.size() <= store_.capabilities().inline_limit;
    if (out.is_inline) {
      out.bytes = {nullptr, view};
    } else {
      out.object = draft.value.variant;
      draft.objects.push_back({.object = out.object,
                               .checksum = checksum,
                               .size = view.size(),
                               .pieces = {&view, 1},
                               .file = {},
                               .live = {}});
    }
    return put(draft.value, put_policy::keep, draft.objects, draft.superseded, draft.gone);
  }

  bool put(entry const& value, put_policy policy, std::span<object_source const> objects,
           std::span<digest const> superseded, std::span<digest const> gone) {
    put_request const request{named_.key, &value, policy, objects, superseded, max_listed_variants};
    put_result const put = store_.put({&request, 1});
    if (!put.warning.empty()) warn(put.warning);
    if (put.stored)
      for (digest const& object : gone) store_.discard(object);
    return put.stored;
  }

  /// Adds to a draft what lies in small packs and is not in `taken`.
  void merge(std::vector<entry const*>& small, key_places& taken, pack_draft& draft) {
    // The newest first. They nearly are: only packs of processes that write at the same time are not.
    for (std::size_t i = 1; i < small.size(); ++i)
      for (std::size_t at = i; at > 0 && small[at - 1]->created_ms < small[at]->created_ms; --at)
        std::swap(small[at - 1], small[at]);
    std::int64_t const now_ms = named_.time.wall_ms();
    for (entry const* const variant : small) {
      shared_bytes bytes;
      lookup const status = read(*variant, bytes);
      if (status == lookup::error) continue;  // it may be there again later
      // What another process merges at this moment has a name there; what is lost or damaged needs none.
      supersede(draft, *variant);
      auto const sections = status == lookup::hit ? read_pack(bytes.view) : std::nullopt;
      if (!sections) continue;
      draft.value.cost_ns += variant->cost_ns;
      for (pack_section const& section : *sections)
        if (is_of_time(section.created_ms, now_ms))
          copy(section, draft, [&](digest const& key) {
            std::uint32_t const known = taken.size();
            return taken.add(key) == known;
          });
    }
  }

  /// Takes out of the packs what is older than `since_ms` and of an element in `written`, as if it had never been there:
  /// else it would be found again if the newer result were lost.
  void remove_older(key_places const& written, std::int64_t since_ms) {
    found_entries const before = find();
    if (before.variants == nullptr) return;
    pack_draft dropped;
    entry const* staying = nullptr;
    for (entry const& variant : *before.variants) {
      if (!is_of_codec(variant)) continue;
      shared_bytes bytes;
      auto const sections = read(variant, bytes) == lookup::hit ? read_pack(bytes.view) : std::nullopt;
      pack_draft rest = draft(variant.cost_ns);
      rest.value.created_ms = variant.created_ms;
      std::size_t removed = 0;
      if (sections)
        for (pack_section const& section : *sections) {
          bool const is_older = section.created_ms < since_ms || is_future(section.created_ms);
          removed += copy(section, rest, [&](digest const& key) {
            return !is_older || written.find(key) == key_places::none;
          });
        }
      if (sections && removed == 0) {
        if (staying == nullptr) staying = &variant;
      } else if (rest.pack.empty()) {
        supersede(dropped, variant);  // nobody knows what is in a pack that cannot be read now
      } else {
        supersede(rest, variant);
        put(rest);
      }
    }
    if (dropped.superseded.empty()) return;
    if (staying != nullptr)
      put(*staying, put_policy::replace, {}, dropped.superseded, dropped.gone);
    else
      store_.erase(named_.key);
  }

 private:
  any_store& store_;
  pack_group const named_;
  std::vector<std::string> warnings_;
};

}  // namespace memo::detail
