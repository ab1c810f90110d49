#include <memo/run/bindings.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace memo::literals;

namespace {

template <class Pipeline, class... Given>
auto bound(Pipeline const& p, Given... given) {
  return memo::detail::bind_inputs(p, given...);
}

template <class T>
T const& as(std::shared_ptr<void const> const& value) {
  return *static_cast<T const*>(value.get());
}

constexpr auto inputs = memo::pipeline<"inputs">(
    memo::input<"text", std::string>.defaults_to("default"), memo::step<"x">([] { return 1; }),
    memo::input<"numbers", std::vector<double>>.defaults_to([] { return std::vector<double>{0.5}; }),
    memo::input<"path", std::filesystem::path>.defaults_to("/tmp"),
    memo::input<"maybe", std::optional<int>>.defaults_to(3), memo::input<"scale", double>.defaults_to(2));

}  // namespace

TEST_CASE("values come in the order of declaration, whatever the order of the call") {
  auto const values = bound(inputs, "scale"_in = 4, "numbers"_in = {1.0, 2.0}, "text"_in = "given");
  REQUIRE(values.size() == 5);
  CHECK(as<std::string>(values[0]) == "given");
  CHECK(as<std::vector<double>>(values[1]) == std::vector<double>{1, 2});
  CHECK(as<std::filesystem::path>(values[2]) == "/tmp");
  CHECK(as<std::optional<int>>(values[3]) == 3);
  CHECK(as<double>(values[4]) == 4.0);
}

TEST_CASE("defaults are converted to the type of the input") {
  auto const values = bound(inputs);
  REQUIRE(values.size() == 5);
  CHECK(as<std::string>(values[0]) == "default");
  CHECK(as<std::vector<double>>(values[1]) == std::vector<double>{0.5});
  CHECK(as<double>(values[4]) == 2.0);
}

TEST_CASE("an argument is copied from an lvalue and moved from an rvalue") {
  std::vector<double> numbers{1, 2, 3};
  double const* const data = numbers.data();
  auto const copied = bound(inputs, "numbers"_in = numbers);
  CHECK(as<std::vector<double>>(copied[1]).data() != data);
  CHECK(numbers.size() == 3);
  auto const moved = bound(inputs, "numbers"_in = std::move(numbers));
  CHECK(as<std::vector<double>>(moved[1]).data() == data);
}

TEST_CASE("what converts without loss is taken") {
  CHECK(as<std::string>(bound(inputs, "text"_in = std::string("own"))[0]) == "own");
  char const text[] = "array";
  CHECK(as<std::string>(bound(inputs, "text"_in = text)[0]) == "array");
  CHECK(as<double>(bound(inputs, "scale"_in = 1.5f)[4]) == 1.5);
  CHECK(as<std::optional<int>>(bound(inputs, "maybe"_in = std::nullopt)[3]) == std::nullopt);
  CHECK(as<std::filesystem::path>(bound(inputs, "path"_in = std::string("a/b"))[2]) == "a/b");
  constexpr auto move_only =
      memo::pipeline<"owned">(memo::input<"p", std::unique_ptr<int>>,
                              memo::step<"x">([](std::unique_ptr<int> const& p) { return *p; }).from<"p">());
  CHECK(*as<std::unique_ptr<int>>(bound(move_only, "p"_in = std::make_unique<int>(7))[0]) == 7);
  constexpr auto table = memo::pipeline<"table">(memo::input<"t", std::map<std::string, int>>);
  CHECK(as<std::map<std::string, int>>(bound(table, "t"_in = std::map<std::string, int>{{"a", 1}})[0])
            .at("a") == 1);
}
