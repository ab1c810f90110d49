/// The functions of a step's row: what its typed parts become.
#pragma once

#include <memo/graph/row.hpp>
#include <memo/graph/step.hpp>
#include <memo/key/key.hpp>

#include <array>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace memo::detail {

/// Makes the argument of parameter `P` from a value of type `T`.
template <class P, class T>
passed<P, T> pass(argument const& a) {
  constexpr passing how = passing_of<P, T>();
  if constexpr (how == passing::view) {
    using element = contiguous_element_t<T>;
    std::span<element const> const elements{reinterpret_cast<element const*>(a.elements.data()),
                                            a.elements.size() / sizeof(element)};
    if constexpr (std::is_same_v<std::remove_cvref_t<P>, view<element>>)
      return view<element>{a.owner, elements};
    else
      return elements;
  } else if constexpr (how == passing::value) {
    if (!a.may_move) return *static_cast<T const*>(a.object);
    return std::move(*static_cast<T*>(const_cast<void*>(a.object)));
  } else {
    return *static_cast<T const*>(a.object);
  }
}

/// The schema of what `G` gives for these values.
template <class G, class... T>
std::string_view schema_of_result(types<T...>) {
  return schema_of<std::remove_cvref_t<std::invoke_result_t<G const&, T const&...>>>();
}

/// The functions of a row that know a step's parts and outputs, and not what it reads.
template <class Parts, class Outputs>
struct output_functions;
template <class Parts, class... T>
struct output_functions<Parts, types<T...>> {
  using outputs = types<T...>;
  using function_type = typename Parts::function_type;

  static fingerprint state(void const* function, std::uint64_t seed) {
    return fingerprint_of(*static_cast<function_type const*>(function), seed);
  }

  template <class Value>
  static decltype(auto) identity_value(void const* g, void const* value, types<Value>) {
    return (*static_cast<typename Parts::identity_type const*>(g))(*static_cast<Value const*>(value));
  }
  // In a domain of its own: never the fingerprint of a plain value.
  static fingerprint identity(void const* g, void const* value, std::uint64_t seed) {
    key_parts parts;
    parts.add(part::identity, schema_of_result<typename Parts::identity_type>(outputs{}),
              fingerprint_of(identity_value(g, value, outputs{}), seed));
    return fingerprint::of_digest(parts.prefix(seed));
  }

  // Gives the index of the first check that fails, or the number of checks.
  template <std::size_t... I>
  static std::size_t first_failing(no_checks const&, std::span<std::shared_ptr<void const> const>,
                                   std::index_sequence<I...>) {
    return 0;
  }
  template <class Earlier, class Predicate, std::size_t... I>
  static std::size_t first_failing(checks<Earlier, Predicate> const& all,
                                   std::span<std::shared_ptr<void const> const> values,
                                   std::index_sequence<I...> indices) {
    std::size_t const failing = first_failing(all.earlier, values, indices);
    if (failing < Earlier::size) return failing;
    return all.predicate(*static_cast<T const*>(values[I].get())...) ? Earlier::size + 1 : Earlier::size;
  }
  static std::size_t check(void const* all, std::span<std::shared_ptr<void const> const> values) {
    return first_failing(*static_cast<typename Parts::checks_type const*>(all), values,
                         std::index_sequence_for<T...>{});
  }
  static void append_whys(no_checks const&, std::vector<std::string_view>&) {}
  template <class Earlier, class Predicate>
  static void append_whys(checks<Earlier, Predicate> const& all, std::vector<std::string_view>& whys) {
    append_whys(all.earlier, whys);
    whys.push_back(all.why);
  }

  static void fill_parts(step_row& row, Parts const& parts) {
    row.function = &parts.function;
    if constexpr (!std::is_empty_v<function_type> && !std::is_pointer_v<function_type>) {
      row.state = &state;
      row.state_schema = &schema_of<function_type>;
    }
    if constexpr (!std::is_same_v<typename Parts::identity_type, no_function>) {
      row.identity_function = &parts.identity;
      row.identity = &identity;
      row.identity_schema = [] { return schema_of_result<typename Parts::identity_type>(outputs{}); };
    }
    if constexpr (Parts::checks_type::size != 0) {
      row.check_functions = &parts.checks;
      row.check = &check;
      append_whys(parts.checks, row.check_whys);
    }
  }
};

/// The functions of a step's row. It names no pipeline and no step: steps with one signature share it.
template <class Parts, class Arguments, std::size_t Outputs>
struct step_functions;
template <class Parts, class... Args, std::size_t Outputs>
struct step_functions<Parts, types<Args...>, Outputs>
    : output_functions<
          Parts, typename outputs_of<typename call_of<typename Parts::function_type, types<Args...>>::result,
                                     Outputs>::list> {
  using function_type = typename Parts::function_type;
  using call = call_of<function_type, types<Args...>>;
  using result = typename call::result;
  using outputs = typename outputs_of<result, Outputs>::list;

  template <class... P, std::size_t... I>
  static result apply(function_type const& f, call_frame& frame, types<P...>, std::index_sequence<I...>) {
    if constexpr (call::takes_context)
      return f(*frame.context, pass<P, Args>(frame.arguments[I])...);
    else
      return f(pass<P, Args>(frame.arguments[I])...);
  }

  template <class All, class... T, std::size_t... I>
  static void split(All&& all, call_frame& frame, types<T...>, std::index_sequence<I...>) {
    using std::get;
    ((frame.results[I] = std::make_shared<T>(get<I>(std::forward<All>(all)))), ...);
  }

  static void invoke(void const* function, call_frame& frame) {
    auto const& f = *static_cast<function_type const*>(function);
    auto call_it = [&]() -> result {
      return apply(f, frame, typename call::parameters{}, std::index_sequence_for<Args...>{});
    };
    if constexpr (std::is_void_v<result>) {
      call_it();
      frame.results[0] = std::make_shared<unit>();
    } else if constexpr (Outputs == 1) {
      frame.results[0] = std::make_shared<std::remove_cv_t<result>>(call_it());
    } else {
      split(call_it(), frame, outputs{}, std::make_index_sequence<Outputs>{});
    }
  }

  template <std::size_t... I>
  static fingerprint key_of(void const* g, std::span<argument const> arguments, std::uint64_t seed,
                            std::index_sequence<I...>) {
    auto const& function = *static_cast<typename Parts::key_type const*>(g);
    return fingerprint_of(function(*static_cast<Args const*>(arguments[I].object)...), seed);
  }
  static fingerprint key(void const* g, std::span<argument const> arguments, std::uint64_t seed) {
    return key_of(g, arguments, seed, std::index_sequence_for<Args...>{});
  }

  static constexpr auto passings = [] {
    std::array<passing, sizeof...(Args) + 1> how{};
    [&]<class... P>(types<P...>) {
      std::size_t i = 0;
      ((how[i++] = passing_of<P, Args>()), ...);
    }(typename call::parameters{});
    return how;
  }();

  /// Fills in what depends on types.
  static void fill(step_row& row, Parts const& parts) {
    output_functions<Parts, outputs>::fill_parts(row, parts);
    row.invoke = &invoke;
    row.takes_context = call::takes_context;
    row.passings = {passings.data(), sizeof...(Args)};
    if constexpr (!std::is_same_v<typename Parts::key_type, no_function>) {
      row.key_function = &parts.key;
      row.key = &key;
      row.key_schema = [] { return schema_of_result<typename Parts::key_type>(types<Args...>{}); };
    }
  }
};

}  // namespace memo::detail
