/// Structs adapted with Boost.Hana (BOOST_HANA_ADAPT_STRUCT, BOOST_HANA_DEFINE_STRUCT): their fields, by
/// name.
#pragma once

#include <memo/key/fields.hpp>

#include <boost/hana/concept/struct.hpp>
#include <boost/hana/fwd/core/to.hpp>
#include <boost/hana/fwd/first.hpp>
#include <boost/hana/fwd/second.hpp>
#include <boost/hana/fwd/unpack.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo::detail {

template <class T>
inline constexpr bool is_hana_struct = ::boost::hana::Struct<T>::value;

/// Calls `f` with the accessors of T: pairs of a name and a function from a struct to its field.
template <class T, class F>
constexpr decltype(auto) with_accessors(F&& f) {
  return ::boost::hana::unpack(::boost::hana::accessors_impl<T>::apply(), std::forward<F>(f));
}

template <class T, class F>
constexpr decltype(auto) with_hana_fields(T& value, F&& f) {
  return with_accessors<std::remove_const_t<T>>(
      [&](auto const&... pairs) -> decltype(auto) { return f(::boost::hana::second(pairs)(value)...); });
}

template <class T, std::size_t I>
std::string_view hana_field_name() {
  return with_accessors<T>([](auto const&... pairs) {
    std::string_view const names[] = {::boost::hana::to<char const*>(::boost::hana::first(pairs))...};
    return names[I];
  });
}

template <class T, class... Pairs>
auto hana_field_types(Pairs const&... pairs)
    -> type_list<std::remove_cvref_t<decltype(::boost::hana::second(pairs)(std::declval<T&>()))>...>;

template <class T>
using hana_fields = decltype(with_accessors<T>(
    [](auto const&... pairs) { return decltype(hana_field_types<T>(pairs...)){}; }));

}  // namespace memo::detail
