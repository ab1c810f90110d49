/// Verifying a map: computing elements again whose results were found, and comparing what they give.
#pragma once

#include <memo/run/chance.hpp>
#include <memo/run/map_class.hpp>
#include <memo/run/value_difference.hpp>

namespace memo::detail {

inline void map_run::verify_found() {
  std::atomic<std::uint64_t> random{0};
  for (std::uint32_t const place : hits_)
    if (states_[place] == state::filled && by_chance(random, request_.options.verify))
      verified_.push_back(place);
  if (verified_.empty()) return;
  again_ = map_.begin(states_.size());
  parallel(verified_.size(), [this](std::size_t first, std::size_t last) { verify_range(first, last); });
}

inline void map_run::verify_range(std::size_t first, std::size_t last) {
  running_step::scope const inside(inside_);
  for (std::size_t i = first; i < last && !is_over(); ++i) {
    std::uint32_t const place = verified_[i];
    try {
      if (std::string text = difference_of(place); !text.empty())
        notes_.differs(elements_.first_index(place), text + elements_.source_text_of(place));
    } catch (...) {
      return notes_.broke();
    }
  }
}

/// How a second computation of a hit differs; empty where it does not, or where only the whole can tell.
inline std::string map_run::difference_of(std::uint32_t place) const {
  std::optional<context> ctx = context_for(place);
  try {
    if (!call(place, ctx ? &*ctx : nullptr, again_.get(), place) || row_.identity != nullptr) return {};
    std::string text = value_difference(*map_.result, map_.at(results_.get(), place),
                                        map_.at(again_.get(), place), request_.seed);
    // What changed since the look-up explains it.
    if (!text.empty() && entries_.has_changed(place)) text.clear();
    return text;
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    return "it failed: " + message_of(std::current_exception());
  }
}

/// For a step with `.identity`, which only the whole value has: the value with the second results in their places is
/// compared with the value. Called before the results leave their places.
inline std::shared_ptr<void> map_run::value_of_second_results() const {
  if (again_ == nullptr || row_.identity == nullptr || is_over()) return nullptr;
  std::size_t next = 0;
  for (std::uint32_t place = 0; place < states_.size(); ++place) {
    if (next < verified_.size() && verified_[next] == place) {
      ++next;
      continue;
    }
    encoding const form = map_.result->encode(map_.at(results_.get(), place), request_.seed);
    map_.decode(again_.get(), place, form.join().view);
  }
  return map_.finish(again_.get(), elements_.places());
}

inline void map_run::compare_whole(std::shared_ptr<void> const& again) {
  fingerprint const before = row_.identity(row_.identity_function, made_.value.get(), request_.seed);
  fingerprint const now = row_.identity(row_.identity_function, again.get(), request_.seed);
  if (before == now || !made_.difference.empty()) return;
  made_.difference = "by .identity() stored " + to_hex(before.value) + ", now " + to_hex(now.value) +
                     ", with " + std::to_string(verified_.size()) + " elements run again";
}

}  // namespace memo::detail
