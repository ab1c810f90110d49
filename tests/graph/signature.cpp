#include <memo/graph/signature.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

namespace {

using memo::view;
using memo::detail::call_of;
using memo::detail::is_borrowed;
using memo::detail::outputs_of;
using memo::detail::passing;
using memo::detail::passing_of;
using memo::detail::signature;
using memo::detail::types;
using numbers = std::vector<double>;

template <class P, class T>
inline constexpr bool serves = call_of<int (*)(P), types<T>>::callable;

}  // namespace

TEST_CASE("each form of a parameter is served in its way") {
  STATIC_REQUIRE(passing_of<numbers const&, numbers>() == passing::reference);
  STATIC_REQUIRE(passing_of<numbers, numbers>() == passing::value);
  STATIC_REQUIRE(passing_of<numbers&&, numbers>() == passing::value);
  STATIC_REQUIRE(passing_of<std::span<double const>, numbers>() == passing::view);
  STATIC_REQUIRE(passing_of<view<double>, numbers>() == passing::view);
  STATIC_REQUIRE(passing_of<view<double> const&, numbers>() == passing::view);
  STATIC_REQUIRE(passing_of<std::span<float const>, numbers>() == passing::reference);
  STATIC_REQUIRE(passing_of<double, int>() == passing::reference);
  STATIC_REQUIRE(passing_of<std::string_view, std::string>() == passing::reference);
}

TEST_CASE("a function is callable with what converts to its parameters") {
  STATIC_REQUIRE(serves<numbers const&, numbers>);
  STATIC_REQUIRE(serves<numbers, numbers>);
  STATIC_REQUIRE(serves<numbers&&, numbers>);
  STATIC_REQUIRE(serves<std::span<double const>, numbers>);
  STATIC_REQUIRE(serves<view<double>, numbers>);
  STATIC_REQUIRE(serves<std::string_view, std::string>);
  STATIC_REQUIRE(serves<double, int>);
  STATIC_REQUIRE_FALSE(serves<numbers&, numbers>);
  STATIC_REQUIRE_FALSE(serves<std::span<double>, numbers>);
  STATIC_REQUIRE_FALSE(serves<std::span<float const>, numbers>);
  STATIC_REQUIRE_FALSE(serves<std::string const&, int>);
  STATIC_REQUIRE_FALSE(serves<numbers, std::size_t>);
  STATIC_REQUIRE_FALSE(call_of<int (*)(int), types<>>::callable);
  STATIC_REQUIRE_FALSE(call_of<int (*)(int), types<int, int>>::callable);
  STATIC_REQUIRE(call_of<int (*)(), types<>>::callable);
}

TEST_CASE("what cannot be copied can only be read by reference") {
  STATIC_REQUIRE(serves<std::unique_ptr<int> const&, std::unique_ptr<int>>);
  STATIC_REQUIRE_FALSE(serves<std::unique_ptr<int>, std::unique_ptr<int>>);
  STATIC_REQUIRE_FALSE(serves<std::unique_ptr<int>&&, std::unique_ptr<int>>);
}

TEST_CASE("the signature of functions, lambdas and function objects is known") {
  constexpr auto plain = [](int, double) { return 1.5f; };
  constexpr auto quiet = [](int) noexcept { return 1; };
  constexpr auto generic = [](auto const& x) { return x; };
  struct changing {
    int operator()(int x) { return x; }
  };
  STATIC_REQUIRE(signature<int (*)(int)>::known);
  STATIC_REQUIRE(signature<int (*)(int) noexcept>::known);
  STATIC_REQUIRE(std::is_same_v<signature<decltype(plain)>::parameters, types<int, double>>);
  STATIC_REQUIRE(std::is_same_v<signature<decltype(plain)>::result, float>);
  STATIC_REQUIRE(signature<std::remove_const_t<decltype(quiet)>>::known);
  STATIC_REQUIRE_FALSE(signature<std::remove_const_t<decltype(generic)>>::known);
  STATIC_REQUIRE_FALSE(signature<changing>::known);
  STATIC_REQUIRE_FALSE(call_of<changing, types<int>>::callable);
}

TEST_CASE("a context is no parameter that reads") {
  using with = int (*)(memo::context&, int);
  STATIC_REQUIRE(signature<with>::takes_context);
  STATIC_REQUIRE(std::is_same_v<signature<with>::parameters, types<int>>);
  STATIC_REQUIRE(call_of<with, types<int>>::callable);
  constexpr auto generic = [](memo::context&, auto const&) { return 1; };
  STATIC_REQUIRE(call_of<std::remove_const_t<decltype(generic)>, types<int>>::takes_context);
  // A generic first parameter would do for a context too, and asks for none.
  constexpr auto too_many = [](auto const&, auto const&) { return 1; };
  STATIC_REQUIRE_FALSE(call_of<std::remove_const_t<decltype(too_many)>, types<int>>::callable);
  STATIC_REQUIRE_FALSE(call_of<int (*)(int, memo::context&), types<int>>::callable);
}

TEST_CASE("a generic function is asked with what it reads") {
  constexpr auto size = [](auto const& v) -> decltype(v.size()) { return v.size(); };
  using function = std::remove_const_t<decltype(size)>;
  STATIC_REQUIRE(call_of<function, types<numbers>>::callable);
  STATIC_REQUIRE(std::is_same_v<call_of<function, types<numbers>>::result, std::size_t>);
  STATIC_REQUIRE_FALSE(call_of<function, types<int>>::callable);
  STATIC_REQUIRE_FALSE(call_of<function, types<numbers, int>>::callable);
}

TEST_CASE("several outputs are the elements of a tuple, pair or array") {
  STATIC_REQUIRE(std::is_same_v<outputs_of<std::tuple<int, double>, 2>::list, types<int, double>>);
  STATIC_REQUIRE(std::is_same_v<outputs_of<std::pair<int const, double>, 2>::list, types<int, double>>);
  STATIC_REQUIRE(std::is_same_v<outputs_of<std::array<int, 3>, 3>::list, types<int, int, int>>);
  STATIC_REQUIRE(
      std::is_same_v<outputs_of<std::tuple<int, double>, 1>::list, types<std::tuple<int, double>>>);
  STATIC_REQUIRE(std::is_same_v<outputs_of<void, 1>::list, types<memo::unit>>);
  STATIC_REQUIRE(std::is_same_v<outputs_of<int const, 1>::list, types<int>>);
  STATIC_REQUIRE_FALSE(outputs_of<std::tuple<int, double>, 3>::matches);
  STATIC_REQUIRE_FALSE(outputs_of<numbers, 2>::matches);
  STATIC_REQUIRE_FALSE(outputs_of<void, 2>::matches);
}

TEST_CASE("values that look at memory of others are borrowed") {
  STATIC_REQUIRE(is_borrowed<int*>);
  STATIC_REQUIRE(is_borrowed<char const*>);
  STATIC_REQUIRE(is_borrowed<int const&>);
  STATIC_REQUIRE(is_borrowed<std::string_view>);
  STATIC_REQUIRE(is_borrowed<std::wstring_view>);
  STATIC_REQUIRE(is_borrowed<std::span<int const>>);
  STATIC_REQUIRE(is_borrowed<std::span<int, 3>>);
  STATIC_REQUIRE(is_borrowed<view<int>>);
  STATIC_REQUIRE_FALSE(is_borrowed<std::string>);
  STATIC_REQUIRE_FALSE(is_borrowed<numbers>);
}
