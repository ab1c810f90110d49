/// The functions of a map's row: its typed parts, for one element at a time.
#pragma once

#include <memo/graph/map_row.hpp>
#include <memo/graph/range.hpp>
#include <memo/graph/step_functions.hpp>
#include <memo/graph/typing.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo::detail {

// A vector of bool has no elements to point to, a vector of these has.
template <class T>
struct element_copy {
  T value;
};

/// The elements of a range, in order: those in the range itself, or copies where it makes them as it is walked through.
template <class Range>
element_list list_elements(void const* object) {
  Range const& range = *static_cast<Range const*>(object);
  std::size_t const count = count_of(range);
  auto const last = range_access::last_of(range);
  element_list list;
  list.at.reserve(count);
  if constexpr (has_addresses<Range>) {
    for (auto at = range_access::first_of(range); at != last; ++at) list.at.push_back(std::addressof(*at));
  } else {
    auto copies = std::make_shared<std::vector<element_copy<range_element<Range>>>>();
    copies->reserve(count);
    for (auto at = range_access::first_of(range); at != last; ++at)
      copies->push_back({static_cast<range_element<Range>>(*at)});
    for (auto const& copy : *copies) list.at.push_back(std::addressof(copy.value));
    list.owner = std::move(copies);
  }
  return list;
}

/// The same as `pass` for what several calls share: nothing is moved, and a view may look at a whole value.
template <class P, class T>
passed<P, T> pass_shared(argument const& a) {
  constexpr passing how = passing_of<P, T>();
  if constexpr (how == passing::view) {
    if (a.object == nullptr) return pass<P, T>(a);
    return pass<P, T>({a.object, value_functions<T>::elements(a.object), a.owner});
  } else {
    return *static_cast<T const*>(a.object);
  }
}

/// Results of a map in the making. Threads may fill different places at the same time.
template <class Result>
struct map_results {
  using list = std::vector<std::optional<Result>>;

  static std::shared_ptr<void> begin(std::size_t count) { return std::make_shared<list>(count); }
  static std::optional<Result>& place(void* results, std::size_t i) {
    return (*static_cast<list*>(results))[i];
  }
  static void const* at(void const* results, std::size_t i) {
    return std::addressof(*(*static_cast<list const*>(results))[i]);
  }
  static void decode(void* results, std::size_t i, byte_view bytes) {
    place(results, i).emplace(memo::decode<Result>(bytes));
  }

  static std::shared_ptr<void> finish(void* results, std::span<std::uint32_t const> places) {
    list& all = *static_cast<list*>(results);
    auto value = std::make_shared<std::vector<Result>>();
    value->reserve(places.size());
    if constexpr (std::is_trivially_copyable_v<Result>) {
      for (std::uint32_t const i : places) value->push_back(*all[i]);
    } else {
      std::vector<std::uint32_t> uses(all.size());
      for (std::uint32_t const i : places) ++uses[i];
      for (std::uint32_t const i : places)
        if (--uses[i] == 0)
          value->push_back(std::move(*all[i]));
        else
          value->push_back(std::as_const(*all[i]));
    }
    return value;
  }
};

/// The functions of a map's row. It names no pipeline and no step: maps with one signature share it.
template <class Parts, class Range, class... Rest, std::size_t Outputs>
struct step_functions<Parts, mapped<Range, Rest...>, Outputs>
    : output_functions<
          Parts,
          types<map_value<typename call_of<typename Parts::function_type, mapped<Range, Rest...>>::result>>> {
  using function_type = typename Parts::function_type;
  using call_type = call_of<function_type, mapped<Range, Rest...>>;
  using element = range_element<Range>;
  using value = map_value<typename call_type::result>;
  using result = typename value::value_type;
  using outputs = types<value>;
  using results = map_results<result>;
  using whole_rest = std::index_sequence_for<Rest...>;
  static constexpr bool has_key = !std::is_same_v<typename Parts::key_type, no_function>;

  template <class First, class... P, std::size_t... I>
  static decltype(auto) apply(function_type const& f, argument const& first, std::span<argument const> rest,
                              memo::context* context, types<First, P...>, std::index_sequence<I...>) {
    if constexpr (call_type::takes_context)
      return f(*context, pass_shared<First, element>(first), pass_shared<P, Rest>(rest[I])...);
    else
      return f(pass_shared<First, element>(first), pass_shared<P, Rest>(rest[I])...);
  }

  static void call(void const* function, void const* one, std::span<argument const> rest,
                   memo::context* context, void* into, std::size_t place) {
    auto const& f = *static_cast<function_type const*>(function);
    auto call_it = [&]() -> decltype(auto) {
      return apply(f, argument{one, {}, nullptr}, rest, context, typename call_type::parameters{},
                   whole_rest{});
    };
    if constexpr (std::is_void_v<typename call_type::result>) {
      call_it();
      results::place(into, place).emplace();
    } else {
      results::place(into, place).emplace(call_it());
    }
  }

  template <std::size_t... I>
  static fingerprint key_of(void const* g, void const* one, std::span<argument const> rest,
                            std::uint64_t seed, std::index_sequence<I...>) {
    auto const& function = *static_cast<typename Parts::key_type const*>(g);
    return fingerprint_of(
        function(*static_cast<element const*>(one), *static_cast<Rest const*>(rest[I].object)...), seed);
  }
  static fingerprint key(void const* g, void const* one, std::span<argument const> rest, std::uint64_t seed) {
    return key_of(g, one, rest, seed, whole_rest{});
  }

  static constexpr map_row operations = [] {
    map_row made;
    made.element = &value_type_of<element>;
    made.result = &value_type_of<result>;
    made.elements = &list_elements<Range>;
    made.begin = &results::begin;
    made.call = &call;
    made.at = &results::at;
    if constexpr (storable<result>) made.decode = &results::decode;
    made.finish = &results::finish;
    if constexpr (has_key) made.key = &key;
    return made;
  }();

  // The range itself is always needed, and so is the whole of what `.key` is called with.
  static constexpr auto passings = [] {
    std::array<passing, 1 + sizeof...(Rest)> how{};
    [&]<class First, class... P>(types<First, P...>) {
      [[maybe_unused]] std::size_t i = 1;
      ((how[i++] = !has_key && passing_of<P, Rest>() == passing::view ? passing::view : passing::reference),
       ...);
    }(typename call_type::parameters{});
    return how;
  }();

  /// Fills in what depends on types.
  static void fill(step_row& row, Parts const& parts) {
    output_functions<Parts, outputs>::fill_parts(row, parts);
    row.map = &operations;
    row.takes_context = call_type::takes_context;
    row.passings = passings;
    if constexpr (has_key) {
      row.key_function = &parts.key;
      row.key_schema = [] { return schema_of_result<typename Parts::key_type>(types<element, Rest...>{}); };
    }
  }
};

}  // namespace memo::detail
