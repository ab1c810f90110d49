/// What a step's function takes and gives, and how each parameter is served.
#pragma once

#include <memo/core/view.hpp>
#include <memo/key/contiguous.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace memo {

class context;

/// The value of a step whose function returns void.
using unit = std::monostate;

namespace detail {

template <class... Ts>
struct types {
  static constexpr std::size_t size = sizeof...(Ts);
};

/// The signature of a function whose parameters are spelled out; `known` is false for a generic one.
template <class F>
struct signature {
  static constexpr bool known = false;
};

template <class Result, class... Parameters>
struct known_signature {
  static constexpr bool known = true;
  static constexpr bool takes_context = false;
  using result = Result;
  using parameters = types<Parameters...>;
};
template <class Result, class... Parameters>
struct known_signature<Result, context&, Parameters...> {
  static constexpr bool known = true;
  static constexpr bool takes_context = true;
  using result = Result;
  using parameters = types<Parameters...>;
};

template <class R, class... A>
struct signature<R (*)(A...)> : known_signature<R, A...> {};
template <class R, class... A>
struct signature<R (*)(A...) noexcept> : known_signature<R, A...> {};

template <class Member>
struct call_operator;
template <class R, class C, class... A>
struct call_operator<R (C::*)(A...) const> : known_signature<R, A...> {};
template <class R, class C, class... A>
struct call_operator<R (C::*)(A...) const noexcept> : known_signature<R, A...> {};
template <class R, class C, class... A>
struct call_operator<R (C::*)(A...)> : signature<void> {};
template <class R, class C, class... A>
struct call_operator<R (C::*)(A...) noexcept> : signature<void> {};

template <class F>
  requires requires { &F::operator(); }
struct signature<F> : call_operator<decltype(&F::operator())> {};

/// How a parameter gets its argument: a reference to the value, the value itself (moved where nobody else can need
/// it, else copied), or a view of its elements.
enum class passing : unsigned char { reference, value, view };

template <class P>
inline constexpr bool is_view_parameter = false;
template <class E>
inline constexpr bool is_view_parameter<std::span<E const>> = true;
template <class E>
inline constexpr bool is_view_parameter<view<E>> = true;

template <class P, class T>
consteval passing passing_of() {
  using bare = std::remove_cvref_t<P>;
  if constexpr (is_view_parameter<bare> && is_contiguous_v<T>) {
    if constexpr (std::is_same_v<typename bare::value_type, contiguous_element_t<T>>) return passing::view;
  }
  if constexpr (!std::is_lvalue_reference_v<P> && std::is_same_v<bare, T>) return passing::value;
  return passing::reference;
}

/// The type of the expression that is handed to parameter `P` for a value of type `T`.
template <class P, class T>
using passed = std::conditional_t<passing_of<P, T>() == passing::view, std::remove_cvref_t<P>,
                                  std::conditional_t<passing_of<P, T>() == passing::value, T, T const&>>;

template <class P>
inline constexpr bool is_mutable_reference =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;

/// Calls a function of known or generic signature with values of types `Args`.
template <class F, class Args, class Signature = signature<F>>
struct call_of {  // generic
  static constexpr bool takes_context = false;
  static constexpr bool callable = false;
  using result = void;
};

template <class F, class... Args, class Signature>
  requires(Signature::known)
struct call_of<F, types<Args...>, Signature> {
  template <class Parameters>
  struct served;
  template <class... P>
  struct served<types<P...>> {
    static constexpr bool counts_match = sizeof...(P) == sizeof...(Args);
  };
  template <class... P>
    requires(sizeof...(P) == sizeof...(Args))
  struct served<types<P...>> {
    static constexpr bool counts_match = true;
    static constexpr bool mutable_reference = (false || ... || is_mutable_reference<P>);
    // A value that is taken must be copied, unless the engine finds that nobody else needs it.
    static constexpr bool callable =
        !mutable_reference &&
        (true && ... &&
         (std::is_convertible_v<passed<P, Args>, P> &&
          (passing_of<P, Args>() != passing::value || std::is_copy_constructible_v<Args>)));
    static constexpr std::array<passing, sizeof...(P) + 1> how{passing_of<P, Args>()..., passing::reference};
  };
  using served_type = served<typename Signature::parameters>;
  static constexpr bool takes_context = Signature::takes_context;
  static constexpr bool callable = [] {
    if constexpr (served_type::counts_match)
      return served_type::callable;
    else
      return false;
  }();
  using result = typename Signature::result;
  using parameters = typename Signature::parameters;
};

template <class F, class... Args, class Signature>
  requires(!Signature::known && std::is_invocable_v<F const&, Args const&...>)
struct call_of<F, types<Args...>, Signature> {
  static constexpr bool takes_context = false;
  static constexpr bool callable = true;
  using result = std::invoke_result_t<F const&, Args const&...>;
  using parameters = types<Args const&...>;
};

// What a generic first parameter would take too: only a function that refuses it asks for the context.
struct no_context {};

template <class F, class... Args, class Signature>
  requires(!Signature::known && !std::is_invocable_v<F const&, Args const&...> &&
           !std::is_invocable_v<F const&, no_context&, Args const&...> &&
           std::is_invocable_v<F const&, context&, Args const&...>)
struct call_of<F, types<Args...>, Signature> {
  static constexpr bool takes_context = true;
  static constexpr bool callable = true;
  using result = std::invoke_result_t<F const&, context&, Args const&...>;
  using parameters = types<Args const&...>;
};

/// Types that look at memory of somebody else: no result can be one, because nothing keeps that memory alive.
template <class T>
inline constexpr bool is_borrowed =
    std::is_pointer_v<T> || std::is_reference_v<T> || std::is_member_pointer_v<T>;
template <class C, class Traits>
inline constexpr bool is_borrowed<std::basic_string_view<C, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_borrowed<std::span<T, N>> = true;
template <class T>
inline constexpr bool is_borrowed<view<T>> = true;
template <class T>
  requires(!std::is_same_v<typename T::value_type, T>)
inline constexpr bool is_borrowed<T> = is_borrowed<typename T::value_type>;

/// The types of a step's outputs: the result itself, or the elements of a tuple, pair or array.
template <class Result, std::size_t Outputs>
struct outputs_of {
  static constexpr bool matches = false;
  using list = types<>;
};
template <class Result>
struct outputs_of<Result, 1> {
  static constexpr bool matches = true;
  using list = types<std::remove_cv_t<std::conditional_t<std::is_void_v<Result>, unit, Result>>>;
};
template <class Result, std::size_t Outputs>
  requires(Outputs > 1 && requires { std::tuple_size<Result>::value; })
struct outputs_of<Result, Outputs> {
  static constexpr bool matches = std::tuple_size_v<Result> == Outputs;
  template <std::size_t... I>
  static types<std::remove_cv_t<std::tuple_element_t<I, Result>>...> split(std::index_sequence<I...>);
  using list = decltype(split(std::make_index_sequence<std::tuple_size_v<Result>>{}));
};

}  // namespace detail
}  // namespace memo
