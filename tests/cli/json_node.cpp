#include <memo/cli/json_node.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using memo::detail::json_node;
using memo::detail::parse_problem;
using memo::detail::read_json_text;

namespace {

std::string problem(std::string_view text) {
  try {
    read_json_text(text);
  } catch (parse_problem const& found) {
    return found.what + (found.place.empty() ? "" : " at " + found.place);
  }
  return "";
}

}  // namespace

TEST_CASE("numbers of JSON keep their spelling where that says more than a double") {
  CHECK(read_json_text("18446744073709551615").text == "18446744073709551615");
  CHECK(read_json_text("18446744073709551617").text == "18446744073709551617");
  CHECK(read_json_text("-9223372036854775808").text == "-9223372036854775808");
  CHECK(read_json_text("0.1000").text == "0.1000");
  CHECK(read_json_text("-0").text == "-0");
  CHECK(read_json_text("1E3").text == "1E3");
}

TEST_CASE("values of JSON become a tree") {
  json_node const node = read_json_text(R"( {"a":[1,"x\u00e9",true,null], "b":{}} )");
  REQUIRE(node.is(json_node::kind::object));
  CHECK(node.names == std::vector<std::string>{"a", "b"});
  REQUIRE(node.items[0].items.size() == 4);
  CHECK(node.items[0].items[1].text == "x\u00e9");
  CHECK(node.items[0].items[2].truth);
  CHECK(node.items[0].items[3].is(json_node::kind::null));
  CHECK(node.items[1].is(json_node::kind::object));
}

TEST_CASE("a member that is there twice is refused, with its place") {
  CHECK(problem(R"({"a":1,"a":2})") == "the member \"a\" is there twice");
  CHECK(problem(R"([1,{"a":[2,{"b":1,"c":2,"b":3}]}])") == "the member \"b\" is there twice at $[1].a[1]");
  CHECK(problem(R"([[[],{"x":1,"x":1}]])") == "the member \"x\" is there twice at $[0][1]");
  CHECK(problem(R"({"a":{"b":1},"b":{"a":1}})").empty());
}

TEST_CASE("a number that is too large tells where it is") {
  CHECK(problem("1e400") == "the number \"1e400\" is too large");
  CHECK(problem("[1,1e400]") == "the number \"1e400\" is too large at $[1]");
  CHECK(problem(R"({"a b":[1e999]})") == "the number \"1e999\" is too large at $[\"a b\"][0]");
  CHECK(problem(R"({"x":{"y":-1e999}})") == "the number \"-1e999\" is too large at $.x.y");
}

TEST_CASE("what is no JSON tells the line, the column and what was expected") {
  CHECK(problem("") ==
        "it is no valid JSON at line 1, column 1: unexpected end of input; expected '[', '{', or a literal");
  CHECK(problem("[1,\n2,]") ==
        "it is no valid JSON at line 2, column 3: unexpected ']'; expected '[', '{', or a literal");
  CHECK(problem("{\"a\":1}}") ==
        "it is no valid JSON at line 1, column 8: unexpected '}'; expected end of input");
  CHECK(problem("\"\xff\"").find("ill-formed UTF-8 byte") != std::string::npos);
  CHECK(problem("[1] // no comments").starts_with("it is no valid JSON at line 1, column 5"));
  CHECK(problem("01").starts_with("it is no valid JSON"));
}

TEST_CASE("JSON is read 100 values deep, and no deeper") {
  auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(problem(nested(100)).empty());
  CHECK(problem(nested(101)) == "it has values inside each other more than 100 deep");
  CHECK(problem(std::string(1'000'000, '[')) == "it has values inside each other more than 100 deep");
}
