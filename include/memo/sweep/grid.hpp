/// Points of a parameter sweep: values of a struct of the user's, for a map to go over.
///
///     struct point { int size; double temperature; };
///     auto points = memo::grid<point>("size"_in = {16, 32}, "temperature"_in = memo::linspace(1.5, 3.5, 41));
#pragma once

#include <memo/core/error.hpp>
#include <memo/graph/typing.hpp>
#include <memo/key/names.hpp>
#include <memo/run/bindings.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <range/v3/view/cartesian_product.hpp>
#include <range/v3/view/zip.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
namespace rule {

template <class Point>
struct not_a_point {
  static_assert(broken<Point>,
                "memo: a sweep makes values of a plain struct: one without base class, bit-field, reference "
                "or union, that can be made without arguments, and whose fields are not const");
};
template <class Name, class Point>
struct not_a_field {
  static_assert(broken<Name>, "memo: values were given to a name that is no field of the sweep's struct");
};
template <class Name>
struct field_given_twice {
  static_assert(broken<Name>, "memo: the field of the sweep was given values twice");
};
template <class Name, class Given, class Wanted>
struct wrong_field_type {
  static_assert(
      broken<Name>,
      "memo: what was given to the field is neither a value of its type nor a range of such values, or they "
      "do not convert without loss (a fraction to an integer, or anything but a bool to a bool)");
};

}  // namespace rule

namespace detail {

template <class T, name_id Id, std::size_t... I>
consteval std::size_t find_field(std::index_sequence<I...>) {
  std::size_t found = sizeof...(I);
  ((found = hash_name(field_name<T, I>()) == Id ? I : found), ...);
  return found;
}
/// Which field of a plain aggregate has this name; the number of fields where none has.
template <class T, name_id Id>
inline constexpr std::size_t place_of_field =
    find_field<T, Id>(std::make_index_sequence<static_cast<std::size_t>(field_count<T>)>{});

template <std::size_t I, class... Fields>
std::type_identity<typename nth_type<I, Fields...>::type> nth_field(type_list<Fields...>);
/// The type of the field with this name.
template <class T, name_id Id>
using field_type = typename decltype(nth_field<place_of_field<T, Id>>(fields_of<T>{}))::type;

/// How the values for a field were given.
enum class axis_kind : unsigned char { none, one, list, listed_one, range };

// What stands for an element while it is read, as in a vector of bool, counts as what it converts to.
template <class V>
using axis_value = std::iter_value_t<decltype(std::begin(std::declval<V&>()))>;

template <class V, class Field>
consteval axis_kind kind_of_axis() {
  if constexpr (is_listed<V>) {
    if constexpr (is_input_value<typename decltype(V::values)::value_type, Field>)
      return axis_kind::list;
    else
      return fills<V, Field> ? axis_kind::listed_one : axis_kind::none;
  } else if constexpr (is_input_value<V, Field>) {
    return axis_kind::one;
  } else if constexpr (requires(V& given) {
                         std::begin(given) != std::end(given);
                         typename axis_value<V>;
                       }) {
    return is_input_value<axis_value<V>, Field> ? axis_kind::range : axis_kind::none;
  } else {
    return axis_kind::none;
  }
}

template <class T, class Given>
struct axis;
template <class T, name_id Id, class V>
struct axis<T, binding<Id, V>> {
  static constexpr name_id id = Id;
  static constexpr fixed_string name = name_of(name_key<Id>{});
  static constexpr std::size_t place = place_of_field<T, Id>;
  static constexpr bool is_field = place < static_cast<std::size_t>(field_count<T>);
  using given = V;

  static consteval axis_kind kind() {
    if constexpr (is_field)
      return kind_of_axis<V, field_type<T, Id>>();
    else
      return axis_kind::none;
  }
  static constexpr bool is_one_value = kind() == axis_kind::one || kind() == axis_kind::listed_one;

  static auto values(V& from) {
    using field = field_type<T, Id>;
    std::vector<field> made;
    if constexpr (kind() == axis_kind::one)
      made.push_back(to_input<field>(std::move(from), name.view()));
    else if constexpr (kind() == axis_kind::listed_one)
      made.push_back(field(from.values.begin(), from.values.end()));
    else if constexpr (kind() == axis_kind::list)
      for (auto const& value : from.values) made.push_back(to_input<field>(value, name.view()));
    else
      for (auto&& value : from)
        made.push_back(to_input<field>(static_cast<axis_value<V> const&>(value), name.view()));
    return made;
  }
};

template <class First, class... Rest>
struct first_unknown : first_unknown<Rest...> {};
template <class First, class... Rest>
  requires(!First::is_field)
struct first_unknown<First, Rest...> : First {};
template <class First, class... Rest>
struct first_unfit : first_unfit<Rest...> {};
template <class First, class... Rest>
  requires(First::kind() == axis_kind::none)
struct first_unfit<First, Rest...> : First {};

/// The first id that is there twice, or 0.
template <std::size_t N>
constexpr name_id first_repeated(std::array<name_id, N> const& all) {
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i] == all[j]) return all[i];
  return 0;
}

template <class T>
consteval bool is_point() {
  if constexpr (!is_plain_aggregate<T>() || !std::is_default_constructible_v<T>)
    return false;
  else
    return []<class... Fields>(type_list<Fields...>) {
      return sizeof...(Fields) > 0 && (true && ... && !std::is_const_v<Fields>);
    }(fields_of<T>{});
}

template <class T, class... Given>
consteval auto check_sweep() {
  if constexpr (!is_point<T>()) {
    return sizeof(rule::not_a_point<type<T>>) != 0;
  } else if constexpr (constexpr name_id twice = first_repeated(std::array{Given::id...}); twice != 0) {
    return sizeof(rule::field_given_twice<name_witness<twice>>) != 0;
  } else if constexpr (!(true && ... && axis<T, Given>::is_field)) {
    using unknown = first_unknown<axis<T, Given>...>;
    return sizeof(rule::not_a_field<named<unknown::name>, type<T>>) != 0;
  } else if constexpr (!(true && ... && (axis<T, Given>::kind() != axis_kind::none))) {
    using unfit = first_unfit<axis<T, Given>...>;
    return sizeof(rule::wrong_field_type<named<unfit::name>, type<typename unfit::given>,
                                         type<field_type<T, unfit::id>>>) != 0;
  } else {
    return true;
  }
}

/// A point whose fields at `Places` have these values, and the others those that the struct gives them.
template <class T, std::size_t... Places, class Values, std::size_t... I>
T make_point(Values&& values, std::index_sequence<I...>) {
  T point{};
  with_fields(point, [&](auto&... fields) {
    auto const all = std::tie(fields...);
    ((std::get<Places>(all) = std::get<I>(values)), ...);
  });
  return point;
}

inline std::size_t count_points(std::initializer_list<std::size_t> lengths, std::size_t most) {
  std::size_t count = 1;
  for (std::size_t const length : lengths)
    if (length == 0) return 0;
  for (std::size_t const length : lengths)
    if (__builtin_mul_overflow(count, length, &count) || count > most)
      throw usage_error("a grid has more points than memory can hold", {}, "give shorter ranges");
  return count;
}

/// The common length of the ranges; those that are one value for all points do not count.
template <std::size_t N>
std::size_t common_length(std::array<std::size_t, N> const& lengths, std::array<bool, N> const& is_one_value,
                          std::array<std::string_view, N> const& names) {
  std::size_t first = N;
  for (std::size_t i = 0; i < N; ++i) {
    if (is_one_value[i]) continue;
    if (first == N) first = i;
    if (lengths[i] != lengths[first])
      throw usage_error("the ranges of a zip have different lengths",
                        {{names[first], std::to_string(lengths[first]) + " values"},
                         {names[i], std::to_string(lengths[i]) + " values"}},
                        "give each as many values as the others, or one value for all points");
  }
  return first == N ? 1 : lengths[first];
}

}  // namespace detail

/// All combinations of the values of named fields, as values of the plain struct `T`: the last field named varies
/// fastest. A field is given a range of values, values in braces, or one value; a field that is not named keeps the
/// value that the struct gives it. Throws usage_error for an integer that a field cannot hold, and for too many points.
template <class T, class... Given>
  requires(sizeof...(Given) > 0)
std::vector<T> grid(Given... given) {
  static_assert(detail::check_sweep<T, Given...>());
  std::tuple const axes(detail::axis<T, Given>::values(given.value)...);
  return std::apply(
      [](auto const&... values) {
        std::vector<T> points;
        points.reserve(detail::count_points({values.size()...}, points.max_size()));
        for (auto&& combined : ranges::views::cartesian_product(values...))
          points.push_back(detail::make_point<T, detail::axis<T, Given>::place...>(
              combined, std::index_sequence_for<Given...>{}));
        return points;
      },
      axes);
}

/// The first values of all named fields together, then the second ones, and so on, as values of the plain struct `T`.
/// Fields are given as for `grid`; one value stands for all points. Throws usage_error where the ranges differ in
/// length, and for an integer that a field cannot hold.
template <class T, class... Given>
  requires(sizeof...(Given) > 0)
std::vector<T> zip(Given... given) {
  static_assert(detail::check_sweep<T, Given...>());
  std::tuple axes(detail::axis<T, Given>::values(given.value)...);
  return std::apply(
      [](auto&... values) {
        std::size_t const count = detail::common_length<sizeof...(Given)>(
            {values.size()...}, {detail::axis<T, Given>::is_one_value...},
            {detail::axis<T, Given>::name.view()...});
        auto const repeat = [&](auto& all) {
          all.reserve(count);
          while (all.size() < count) all.push_back(all.front());
        };
        ((detail::axis<T, Given>::is_one_value ? repeat(values) : void()), ...);
        std::vector<T> points;
        points.reserve(count);
        for (auto&& together : ranges::views::zip(values...))
          points.push_back(detail::make_point<T, detail::axis<T, Given>::place...>(
              together, std::index_sequence_for<Given...>{}));
        return points;
      },
      axes);
}

}  // namespace memo
