/// Why elements of a map run, in words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// What is known of elements that run beside that the store has no result of them. Clauses are added by any thread, and
/// read by one when the others are done.
class map_reasons {
 public:
  /// So many elements are named.
  static constexpr std::size_t most_named = 10;

  /// `why` is a clause: "its stored result is damaged". Those of the first places are kept, a few more than are named, as
  /// an element may be found elsewhere after all.
  void add(std::uint32_t place, std::string_view why) {
    constexpr std::size_t most_kept = 64;
    std::lock_guard const guard(lock_);
    if (known_.size() == most_kept && known_.back().first < place) return;
    auto const after =
        std::find_if(known_.begin(), known_.end(), [place](auto const& one) { return one.first > place; });
    known_.emplace(after, place, why);
    if (known_.size() > most_kept) known_.pop_back();
  }
  bool empty() const { return known_.empty(); }

  /// Null where nothing more is known of the element.
  std::string const* find(std::uint32_t place) const {
    for (auto const& one : known_)
      if (one.first == place) return &one.second;
    return nullptr;
  }

 private:
  std::mutex lock_;
  std::vector<std::pair<std::uint32_t, std::string>> known_;
};

/// What a map says of the elements that run.
struct element_words {
  std::string clause{};  ///< "1 of 100 elements is new: element 5, 0.25"; empty where it says nothing
  std::vector<std::string> named{};  ///< of the first few: "element 5, 0.25, is new"
};

/// `missing` are the places of the elements that run, of `distinct` different ones among `elements`. `label(place)` names
/// one: "element 5, 0.25". `is_new` is what is said of an element that the store does not have: "new", "new or changed".
template <class Label>
element_words words_for(std::vector<std::uint32_t> const& missing, std::uint64_t distinct,
                        std::uint64_t elements, map_reasons const& reasons, std::string const& is_new,
                        Label label) {
  element_words made;
  if (missing.empty()) return made;
  bool const all_run = missing.size() == distinct;
  std::string const many =
      std::to_string(distinct) + (distinct == elements ? " elements" : " different elements");
  if (all_run && reasons.empty()) {
    made.clause = "all elements run";
    return made;
  }
  for (std::uint32_t const place : missing) {
    std::string const* const why = reasons.find(place);
    std::string text = label(place);
    char const* const is = text.find(',') == text.npos ? " is " : ", is ";
    made.named.push_back(text + (why ? ": " + *why : is + is_new));
    if (made.named.size() == map_reasons::most_named) break;
  }
  std::string const count = std::to_string(missing.size()) + " of " + many;
  bool const one = missing.size() == 1;
  if (reasons.empty())
    made.clause =
        count + (one ? " is " : " are ") + is_new + (one ? ": " : ", the first is ") + label(missing.front());
  else
    made.clause = count + (one ? " runs; " : " run; ") + made.named.front();
  return made;
}

}  // namespace memo::detail
