#include <memo/cli/pipeline_inputs.hpp>

#include "typed_values.hpp"

#include <memo/graph/pipeline.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

test::model default_model() { return {0.1, {}, std::nullopt, {1, 2, 3}, test::lattice::cubic}; }
int failing() { throw std::runtime_error("no default today"); }

double first(int n, std::string const&) { return n; }
std::pair<std::vector<int>, test::closed> second(double, test::closed const&) {
  return {{}, test::closed(1)};
}
void third(test::model const&) {}

constexpr auto sample = memo::pipeline<"sample">(
    memo::input<"n", int>, memo::input<"title", std::string>.defaults_to("a run"),
    memo::step<"first">(first).from<"n", "title">(),
    memo::input<"model", test::model>.defaults_to(default_model),
    memo::input<"closed", test::closed>.defaults_to([] { return test::closed(3); }),
    memo::input<"wait", std::chrono::milliseconds>.defaults_to(250ms),
    memo::input<"failing", int>.defaults_to(failing),
    memo::step<"numbers", "handle">(second).from<"first", "closed">().cache(memo::never),
    memo::step<"nothing">(third).from<"model">());

std::string error_of(memo::input_text_row const& row, std::string_view text) {
  try {
    row.parse(text);
  } catch (memo::usage_error const& problem) {
    return problem.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("each input has a row, in the order of declaration") {
  auto const rows = memo::input_rows(sample);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].name == "n");
  CHECK(rows[0].type == "whole number");
  CHECK_FALSE(rows[0].has_default);
  CHECK(rows[0].default_value == nullptr);
  CHECK(rows[0].default_text.empty());
  CHECK(rows[1].name == "title");
  CHECK(rows[1].default_text == "a run");
  CHECK(rows[2].default_text == R"({"lr":0.1,"layers":[],"note":null,"shape":[1,2,3],"kind":"cubic"})");
  CHECK(rows[4].default_text == "250ms");
}

TEST_CASE("a default that is long or empty is told in short") {
  constexpr auto made = memo::pipeline<"made">(
      memo::input<"many", std::vector<double>>.defaults_to([] { return std::vector<double>(1000, 0.5); }),
      memo::input<"empty", std::string>.defaults_to(""),
      memo::input<"long", std::string>.defaults_to([] { return std::string(500, 'x'); }));
  auto const rows = memo::input_rows(made);
  CHECK(rows[0].default_text == "list of 1000 numbers: 0.5, 0.5, 0.5, ...");
  CHECK(rows[1].default_text == "\"\"");
  CHECK(rows[2].default_text.ends_with("... (500 bytes)"));
}

TEST_CASE("a row reads the text of its input") {
  auto const rows = memo::input_rows(sample);
  CHECK(*std::static_pointer_cast<int const>(rows[0].parse("0x10", nullptr)) == 16);
  CHECK(*std::static_pointer_cast<std::string const>(rows[1].parse("a=b")) == "a=b");
  auto const model = std::static_pointer_cast<test::model const>(rows[2].parse(R"({"lr":0.5})"));
  CHECK(model->lr == 0.5);
  CHECK(model->shape[2] == 3);
  // A value that is given counts instead of the default.
  auto const again =
      std::static_pointer_cast<test::model const>(rows[2].parse(R"({"note":"x"})", model.get()));
  CHECK(again->lr == 0.5);
}

TEST_CASE("an error of an input names it, its type and the text, and shows what could be typed") {
  auto const rows = memo::input_rows(sample);
  CHECK(error_of(rows[0], "ten") ==
        "memo: the input `n` cannot be read: \"ten\" is no whole number\n"
        "  input  n\n"
        "  type   whole number\n"
        "  text   \"ten\"\n"
        "hint: for example --set n=10");
  CHECK(error_of(rows[2], "0.5") ==
        "memo: the input `model` cannot be read: \"0.5\" is no object of JSON\n"
        "  input  model\n"
        "  type   object with lr (number), layers (list of objects with width (whole number), dropout "
        "(number)), "
        "note (text, or none), shape (list of 3 whole numbers), kind (one of: cubic, hexagonal, triclinic)\n"
        "  text   \"0.5\"\n"
        "hint: for example --set "
        "'model={\"lr\":0.5,\"layers\":[{\"width\":10,\"dropout\":0.5}],\"note\":\"text\","
        "\"shape\":[10,10,10],\"kind\":\"cubic\"}'");
}

TEST_CASE("an input of a type that cannot be read has a default and an error that tells what to add") {
  auto const rows = memo::input_rows(sample);
  CHECK(rows[3].has_default);
  CHECK(rows[3].default_value != nullptr);
  CHECK(rows[3].default_text.empty());
  CHECK(rows[3].parse == nullptr);
  CHECK_FALSE(static_cast<bool>(rows[3].parse));
  std::string const text = error_of(rows[3], "7");
  CHECK(text.starts_with("memo: the input `closed` cannot be given as text: its type cannot be read\n"));
  CHECK(text.find("specialize memo::text_of") != std::string::npos);
}

TEST_CASE("a default that fails is told by the run, and not by a list of the inputs") {
  auto const rows = memo::input_rows(sample);
  CHECK(rows[5].has_default);
  CHECK(rows[5].default_value == nullptr);
  CHECK(*std::static_pointer_cast<int const>(rows[5].parse("4")) == 4);
}

TEST_CASE("each slot has a row that shows its value in short, if it can be shown") {
  auto const rows = memo::output_rows(sample);
  std::vector<std::string> names;
  for (auto const& row : rows) names.emplace_back(row.name);
  CHECK(names == std::vector<std::string>{"n", "title", "first", "model", "closed", "wait", "failing",
                                          "numbers", "handle", "nothing"});
  double const value = 0.25;
  CHECK(rows[2].text(&value) == "0.25");
  std::vector<int> const numbers{1, 2};
  CHECK(rows[7].text(&numbers) == "[1,2]");
  CHECK(rows[8].text == nullptr);
  for (std::size_t slot = 0; slot < rows.size(); ++slot)
    CHECK(rows[slot].name == memo::detail::lower(sample).slots[slot].name);
}

TEST_CASE("an assignment is split at its first equals sign") {
  using memo::parse_assignment;
  using pair = std::pair<std::string_view, std::string_view>;
  CHECK(parse_assignment("n=10") == pair("n", "10"));
  CHECK(parse_assignment("title=a=b") == pair("title", "a=b"));
  CHECK(parse_assignment("title=") == pair("title", ""));
  CHECK_THROWS_WITH(
      parse_assignment("n"),
      "memo: a value for an input is given as name=value, and there is no =\n  text  \"n\"\nhint: for "
      "example --set n=10");
  CHECK_THROWS_WITH(parse_assignment("=10"), Catch::Contains("there is no name"));
}
