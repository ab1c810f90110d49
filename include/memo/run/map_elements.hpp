/// The elements of a map: which are the same, what they are known by, and the values that stand for them.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/exec/parallel_for.hpp>
#include <memo/key/explain.hpp>
#include <memo/key/file_table.hpp>
#include <memo/key/unhashable.hpp>
#include <memo/run/map_keys.hpp>
#include <memo/run/map_notes.hpp>
#include <memo/run/value_difference.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace memo::detail {

/// A function object that takes the first and the last of a range of numbers, for `parallel_for`.
template <class Body>
range_body body_of(Body& body) {
  return {[](void* state, std::size_t first, std::size_t last) { (*static_cast<Body*>(state))(first, last); },
          &body};
}

/// Small work on many items, which does not throw: other threads only where there is enough of it to wake them for.
template <class Body>
void spread(map_request const& request, std::size_t count, Body body) {
  constexpr std::size_t most_tried = 64;
  constexpr std::int64_t enough_ns = 1'000'000;
  std::size_t const tried = count < most_tried ? count : most_tried;
  std::int64_t const start = clock::system().steady_ns();
  body(0, tried);
  if (tried == count) return;
  std::int64_t const took = clock::system().steady_ns() - start;
  if (took * static_cast<std::int64_t>(count / most_tried) < enough_ns) return body(tried, count);
  auto rest = [&body](std::size_t first, std::size_t last) { body(first + most_tried, last + most_tried); };
  parallel_for(request.executor, count - tried, body_of(rest), {.priority = request.priority});
}

/// The elements of one run of a map. Different elements have different places, from 0 on; where elements are not hashed,
/// each has a place of its own.
class map_elements {
 public:
  explicit map_elements(map_request const& request)
      : request_(request), row_(request.row), map_(*request.row.map) {
    for (argument const& one : request.arguments.subspan(1)) {
      rest_.push_back(one);
      rest_.back().may_move = false;  // the next element needs it too
    }
    list_ = map_.elements(request_.arguments[0].object);
  }
  map_elements(map_elements const&) = delete;
  map_elements& operator=(map_elements const&) = delete;

  /// More elements than this have no places.
  static constexpr std::size_t most = key_places::none - 1;

  /// Gives each element its place. True where elements have keys.
  bool number(map_notes& notes) {
    std::size_t const count = list_.at.size();
    group_parts const parts{request_.omitted, request_.seen, request_.arguments, request_.options.project,
                            request_.options.env};
    if (row_.takes_context) seed_base_ = seed_base(request_.graph, row_, parts, request_.seeds_from);
    if (!request_.seen.empty() && (map_.key != nullptr || map_.element->is_hashable())) {
      try {
        group_ = group_of(request_.graph, row_, parts, request_.seed);
        std::vector<digest> keys(count);
        spread(request_, count,
               [&](std::size_t first, std::size_t last) { derive(keys, first, last, notes); });
        if (!notes.is_uncacheable() && !notes.is_broken()) {
          number_by(keys);
          edits_before_ = file_table::process().changes();
          return true;
        }
      } catch (std::bad_alloc const&) {
        throw;
      } catch (...) {
        notes.uncacheable(map_notes::no_element,
                          message_of(std::current_exception()));  // a function of the user's
      }
    }
    edits_before_ = file_table::process().changes();
    for (std::uint32_t i = 0; i < count; ++i) {
      places_.push_back(i);
      first_at_.push_back(i);
    }
    return false;
  }

  std::size_t count() const { return list_.at.size(); }
  std::size_t distinct() const { return first_at_.size(); }
  digest const& group() const { return group_; }
  key_places const& keys() const { return keys_; }
  /// The place of each element.
  std::span<std::uint32_t const> places() const { return places_; }
  /// Where in the range the first of the equal elements of a place is.
  std::uint32_t first_index(std::uint32_t place) const { return first_at_[place]; }
  void const* at(std::uint32_t place) const { return list_.at[first_at_[place]]; }
  /// What the function gets behind the element.
  std::span<argument const> rest() const { return rest_; }

  /// The seed of an element's context.
  std::uint64_t seed_of(void const* element) const {
    try {
      if (map_.element->is_hashable() || map_.key != nullptr)
        return element_seed(seed_base_, fingerprint_of(element, !map_.element->is_hashable()).value);
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      // It cannot be hashed, and runs uncached: what comes behind it is not drawn from.
    }
    return seed_base_.low;
  }

  /// True where an element holds a file that is no longer what was hashed, or was meanwhile.
  bool has_changed(std::uint32_t place) const {
    if (!map_.element->may_hold_file()) return false;
    return is_edited([&] { return key_of(at(place)) != keys_.key(place); });
  }

  /// True where the range holds a file that is no longer what was hashed.
  bool has_range_changed() const { return has_changed_at(0); }

  /// The same for what the function gets behind the elements.
  bool has_rest_changed() const {
    for (std::size_t i = 1; i < row_.reads.size(); ++i)
      if (has_changed_at(i)) return true;
    return false;
  }

  /// "element 5, 0.25", or "element 5, a.csv" for a file.
  std::string label_of(std::uint32_t number) const {
    std::string label = "element " + std::to_string(number);
    try {
      if (map_.element->location != nullptr) {
        std::filesystem::path const path = map_.element->location(list_.at[number]);
        return label + ", " + (path.has_filename() ? path : path.parent_path()).filename().string();
      }
      fingerprint const value = fingerprint_of(list_.at[number], false);
      std::string const text =
          value.is_small ? small_value_text(map_.element->schema(), value.small_bytes()) : std::string();
      return text.empty() || text.starts_with("bytes ") ? label : label + ", " + text;
    } catch (...) {
      return label;  // a function of the user's
    }
  }

  /// What is said of an element whose result is not known.
  std::string is_new(bool has_lost) const {
    std::string text = "new";
    if (map_.element->may_hold_file()) text += " or changed";
    if (has_lost) text += " or was lost";
    return text;
  }

  /// ", 0.25" for an element whose value can be told.
  std::string text_of(std::uint32_t number) const {
    if (!map_.element->is_hashable()) return {};
    try {
      return ", " + value_text(*map_.element, fingerprint_of(list_.at[number], false));
    } catch (...) {
      return {};  // a function of the user's
    }
  }

  /// ", from 0.25": what the result at a place was made from, where it can be told.
  std::string source_text_of(std::uint32_t place) const {
    std::string const text = text_of(first_index(place));
    return text.empty() ? text : ", from" + text.substr(1);
  }

 private:
  bool has_changed_at(std::size_t read) const {
    slot_row const& slot = request_.graph.slots[row_.reads[read]];
    void const* const object = request_.arguments[read].object;
    // What `.identity` stands for was not hashed itself.
    bool const is_hashed = slot.step == no_step || request_.graph.steps[slot.step].identity == nullptr;
    if (request_.seen.empty() || object == nullptr || !is_hashed || !slot.type->may_hold_file()) return false;
    return is_edited(
        [&] { return !(slot.type->fingerprint_of(object, request_.seed) == request_.seen[read]); });
  }

  /// `differs` hashes files again. One that was edited and edited back may have been read in between.
  template <class Differs>
  bool is_edited(Differs differs) const {
    file_looks looks;
    file_scope const files(&looks);
    try {
      return differs() || looks.newest_change() > edits_before_;
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      return true;  // it is gone, or unreadable
    }
  }

  fingerprint fingerprint_of(void const* element, bool by_key) const {
    return by_key ? map_.key(row_.key_function, element, rest_, request_.seed)
                  : map_.element->fingerprint_of(element, request_.seed);
  }

  digest key_of(void const* element) const {
    bool const is_placed = row_.takes_context && has_place(*map_.element);
    return element_key(group_, fingerprint_of(element, map_.key != nullptr),
                       is_placed ? place_of(*map_.element, element, request_.seed) : std::string(),
                       request_.seed);
  }

  void derive(std::vector<digest>& keys, std::size_t first, std::size_t last, map_notes& notes) const {
    std::size_t i = first;
    try {
      for (; i < last; ++i) keys[i] = key_of(list_.at[i]);
    } catch (std::bad_alloc const&) {
      notes.broke();
    } catch (...) {
      notes.uncacheable(static_cast<std::uint32_t>(i), message_of(std::current_exception()));
    }
  }

  void number_by(std::vector<digest> const& keys) {
    keys_ = key_places(keys.size());
    places_.reserve(keys.size());
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
      std::uint32_t const place = keys_.add(keys[i]);
      places_.push_back(place);
      if (place == first_at_.size()) first_at_.push_back(i);
    }
  }

  map_request const& request_;
  step_row const& row_;
  map_row const& map_;
  std::vector<argument> rest_;
  element_list list_;
  digest group_;
  digest seed_base_;
  std::uint64_t edits_before_ = 0;  // the number of the last edit of a file before a function was called
  key_places keys_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> first_at_;
};

}  // namespace memo::detail
