#include <memo/export/json_writer.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>

using memo::detail::json_writer;

namespace {

std::string json_string(std::string_view text) {
  std::string made;
  memo::detail::append_json_string(made, text);
  return made;
}

template <class Number>
std::string json_number(Number value) {
  return json_writer().number(value).text();
}

}  // namespace

TEST_CASE("commas and colons come by themselves") {
  json_writer w;
  w.begin_object().member("name", "a").key("empty").begin_object().end_object();
  w.key("list").begin_array().number(1).begin_array().end_array().null().end_array();
  w.member("yes", true).member("no", false).member("texts", std::vector<std::string>{"x", "y"});
  w.key("raw").raw("[1,2]").end_object();
  CHECK(w.text() ==
        R"({"name":"a","empty":{},"list":[1,[],null],"yes":true,"no":false,"texts":["x","y"],"raw":[1,2]})");
}

TEST_CASE("strings are escaped where JSON asks for it") {
  CHECK(json_string("plain / text") == "\"plain / text\"");
  CHECK(json_string("\"\\") == R"("\"\\")");
  CHECK(json_string("\n\t\r") == R"("\n\t\r")");
  CHECK(json_string(std::string_view("\0\x01\x1f\x7f", 4)) == R"("\u0000\u0001\u001f\u007f")");
  CHECK(json_string("\u00e4\u65e5\U0001f600") == "\"\u00e4\u65e5\U0001f600\"");
}

TEST_CASE("strings can stand in a script of HTML and in JavaScript") {
  CHECK(json_string("</script>") == R"("\u003c/script>")");
  CHECK(json_string("<!-- --><b>") == R"("\u003c!-- --><b>")");
  CHECK(json_string("a<") == R"("a<")");
  CHECK(json_string("\u2028\u2029\u202a") == "\"\\u2028\\u2029\u202a\"");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character") {
  CHECK(json_string("a\xff\xc3") == "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("integers are exact") {
  CHECK(json_number(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(json_number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(json_number(std::uint8_t{200}) == "200");
}

TEST_CASE("floating-point numbers are short and read back as they were") {
  CHECK(json_number(0.1) == "0.1");
  CHECK(json_number(-0.0) == "-0");
  CHECK(json_number(1e300) == "1e+300");
  CHECK(json_number(std::numeric_limits<double>::denorm_min()) == "5e-324");
  CHECK(json_number(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(json_number(-std::numeric_limits<double>::infinity()) == "null");
}
