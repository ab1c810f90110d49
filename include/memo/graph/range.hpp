/// The ranges that a map goes over.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace memo::detail {

// A namespace of its own, so that the functions of the standard library and those of a user's range are both found.
namespace range_access {

using std::begin;
using std::end;

template <class Range>
auto first_of(Range const& range) -> decltype(begin(range)) {
  return begin(range);
}
template <class Range>
auto last_of(Range const& range) -> decltype(end(range)) {
  return end(range);
}

}  // namespace range_access

template <class Range>
using iterator_of = decltype(range_access::first_of(std::declval<Range const&>()));

/// A container whose order is nobody's, as that of std::unordered_set: equal ones may differ in it.
template <class Range>
concept has_no_order = requires { typename Range::hasher; };

/// What a map can go over: a constant value of the type can be walked through more than once, in an order that belongs
/// to the value.
template <class Range>
concept mapped_range = !has_no_order<Range> && requires(Range const& range) {
  { range_access::first_of(range) } -> std::forward_iterator;
  { range_access::last_of(range) } -> std::sentinel_for<iterator_of<Range>>;
};

/// The type of the elements of a range; void where it is none.
template <class Range>
struct range_traits {
  using element = void;
};
template <mapped_range Range>
struct range_traits<Range> {
  using element = std::remove_cv_t<std::iter_value_t<iterator_of<Range>>>;
};
template <class Range>
using range_element = typename range_traits<Range>::element;

/// Whether the elements of a range lie in memory as such, so that their addresses can be taken.
template <class Range>
inline constexpr bool has_addresses =
    std::is_same_v<std::iter_reference_t<iterator_of<Range>>, range_element<Range> const&>;

/// The number of elements of a range.
template <mapped_range Range>
std::size_t count_of(Range const& range) {
  auto const first = range_access::first_of(range);
  auto const last = range_access::last_of(range);
  std::size_t count = 0;
  if constexpr (std::sized_sentinel_for<decltype(last), decltype(first)>)
    count = static_cast<std::size_t>(last - first);
  else
    for (auto at = first; at != last; ++at) ++count;
  return count;
}

}  // namespace memo::detail
