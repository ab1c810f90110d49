#include <memo/cli/parse_value.hpp>

#include "typed_values.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

using memo::parse_text;
using memo::value_to_text;

namespace {

// What is read, in full, or the headline of the error behind its first clause.
template <class T>
std::string read(std::string_view text) {
  try {
    return value_to_text(parse_text<T>(text));
  } catch (memo::usage_error const& problem) {
    std::string const& headline = problem.headline();
    return "!" + headline.substr(headline.find(": ") + 1);
  }
}

template <class T>
std::string error_of(std::string_view text) {
  try {
    parse_text<T>(text);
  } catch (memo::usage_error const& problem) {
    return problem.what();
  }
  return "no error";
}

struct row {
  std::string_view text, value;
};
template <class T>
void check(std::initializer_list<row> rows) {
  for (row const& one : rows) {
    INFO(one.text);
    CHECK(read<T>(one.text) == one.value);
  }
}

struct file_of_text {
  std::string path;
  explicit file_of_text(std::string_view content) {
    path = (std::filesystem::temp_directory_path() / "memo_parse_value_XXXXXX").string();
    int const descriptor = mkstemp(path.data());
    REQUIRE(descriptor >= 0);
    std::ofstream(path) << content;
    ::close(descriptor);
  }
  file_of_text(file_of_text const&) = delete;
  file_of_text& operator=(file_of_text const&) = delete;
  ~file_of_text() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("numbers are read as people type them") {
  check<int>(
      {{"10", "10"}, {" 10 ", "10"}, {"-3", "-3"}, {"1e6", "1000000"}, {"0x10", "16"}, {"1'000", "1000"}});
  check<std::uint8_t>({{"255", "255"}, {"256", "! 256 is outside the range 0 to 255"}});
  check<std::int8_t>({{"-128", "-128"}, {"a", "! \"a\" is no whole number"}});
  check<std::uint64_t>({{"9007199254740993", "9007199254740993"}});
  check<double>({{"1e-3", "0.001"}, {"nan", "nan"}, {"-inf", "-inf"}, {"0,5", "! \"0,5\" is no number"}});
  check<float>({{"0.1", "0.1"}});
}

TEST_CASE("true and false have the words that people use") {
  check<bool>({{"true", "true"}, {"Yes", "true"}, {"on", "true"}, {"1", "true"}});
  check<bool>({{"FALSE", "false"}, {"no", "false"}, {"off", "false"}, {"0", "false"}});
  check<bool>({{"", "! \"\" is neither true nor false"}, {"2", "! \"2\" is neither true nor false"}});
}

TEST_CASE("texts, paths and characters are taken as they are") {
  check<std::string>(
      {{"", ""}, {" a b ", " a b "}, {"\"q\"", "\"q\""}, {"@name", "@name"}, {"none", "none"}});
  check<std::filesystem::path>({{"a/../b c", "a/../b c"}, {"@x", "@x"}, {"", ""}});
  check<memo::file>({{"data.csv", "data.csv"}});
  check<memo::directory>({{"data", "data"}});
  check<memo::glob>({{"data/*.csv", "data/*.csv"}});
  check<char>({{"x", "x"}, {" ", " "}, {"@", "@"}, {"xy", "! \"xy\" is not one character of one byte"}});
  CHECK(read<char>("").starts_with("! \"\" is not one"));
}

TEST_CASE("a file that counts by its stamps goes on to do so under another path") {
  memo::file const before = memo::file("old").by_stat();
  memo::file const after = memo::parse_text<memo::file>("new", before);
  CHECK(after.path() == "new");
  CHECK(after.is_by_stat());
  CHECK_FALSE(memo::parse_text<memo::file>("new").is_by_stat());
}

TEST_CASE("enumerators have names and numbers") {
  check<test::lattice>({{"cubic", "cubic"},
                        {" triclinic ", "triclinic"},
                        {"1", "hexagonal"},
                        {"5", "5"},
                        {"-1", "-1"},
                        {"Cubic", "! \"Cubic\" is none of the names"},
                        {"face", "! \"face\" is none of the names"},
                        {"", "! \"\" is none of the names"},
                        {"1.5", "! \"1.5\" is none of the names"}});
  check<test::unscoped>({{"low", "low"}, {"7", "7"}, {"8", "! 8 is outside the range -8 to 7"}});
  check<std::byte>({{"17", "17"}, {"256", "! 256 is outside the range 0 to 255"}});
  CHECK(read<std::byte>("a").ends_with("names of this type cannot be read"));
}

TEST_CASE("durations need a unit and must fit their type") {
  using namespace std::chrono;
  check<milliseconds>({{"250ms", "250ms"}, {"1.5s", "1s500ms"}, {"-1h30m", "-1h30m"}, {"0", "0s"}});
  check<seconds>({{"90s", "1m30s"}, {"250ms", "! \"250ms\" is finer than the type can tell"}});
  check<hours>({{"7d", "1w"}, {"1h30m", "! \"1h30m\" is finer than the type can tell"}});
  check<nanoseconds>({{"300w", "300w"}, {"20000w", "! \"20000w\" is too long for the type"}});
  check<duration<double>>({{"0.1s", "0.1s"},
                           {"250ms", "0.25s"},
                           {"infs", "infs"},
                           {"nans", "nans"},
                           {"1h", "3600s"},
                           {"1min30s", "90s"},
                           {"250ns", "2.5e-07s"}});
  check<duration<float, std::milli>>({{"1m", "60000ms"}, {"0.1ms", "0.1ms"}});
  check<years>({{"31556952s", "52w1d5h49m12s"}});
  CHECK(parse_text<hours>("106751991167300d").count() == 2'562'047'788'015'200);
  check<seconds>({{"5", "! \"5\" has no unit"},
                  {"soon", "! \"soon\" is no duration"},
                  {"5 lightyears", "! \"5 lightyears\" is no duration"}});
}

TEST_CASE("complex numbers are sums, or pairs in brackets") {
  using complex = std::complex<double>;
  check<complex>({{"1+2i", "1+2i"},
                  {"1-2i", "1-2i"},
                  {"2i", "0+2i"},
                  {"-i", "0-1i"},
                  {"1.5", "1.5+0i"},
                  {"(1,2)", "1+2i"},
                  {"(1)", "1+0i"},
                  {"1e-3-2e+2j", "0.001-200i"},
                  {"nan+infi", "nan+infi"},
                  {"-inf-nani", "-inf+nani"},
                  {"1+2", "! 1+2 is no number"},
                  {"i+1", "! \"i+1\" is no number"},
                  {"", "! \"\" is no complex number"}});
  check<std::vector<complex>>(
      {{"1+2i,3", "[\"1+2i\",\"3+0i\"]"}, {"[[1,2],3,\"i\"]", "[\"1+2i\",\"3+0i\",\"0+1i\"]"}});
}

TEST_CASE("an optional is none or its value") {
  check<std::optional<int>>(
      {{"none", "none"}, {"null", "none"}, {" 5 ", "5"}, {"x", "! \"x\" is no whole number"}});
  check<std::optional<std::string>>({{"none", "none"},
                                     {"\"none\"", "\"none\""},
                                     {"abc", "abc"},
                                     {"", ""},
                                     {" a", " a"},
                                     {"@a", "@a"},
                                     {"\"a\\nb\"", "a\nb"}});
  CHECK(read<std::optional<std::string>>("\"").starts_with("! it is no valid JSON at line 1, column 2"));
  check<std::optional<std::vector<int>>>({{"none", "none"}, {"1,2", "[1,2]"}, {"", "[]"}});
  check<std::optional<std::tuple<int, int>>>({{"none", "none"}, {"[1,2]", "[1,2]"}});
}

TEST_CASE("lists of plain values are given with commas, and all lists as JSON") {
  check<std::vector<int>>(
      {{"1,2,3", "[1,2,3]"}, {"5", "[5]"}, {"", "[]"}, {" ", "[]"}, {"[]", "[]"}, {"[1, 2]", "[1,2]"}});
  check<std::vector<int>>({{"1,2,", "! an element is empty"},
                           {",", "! an element is empty"},
                           {"1;2", "! \"1;2\" is no whole number"},
                           {"[1,\"2\"]", "! the text \"2\" stands where the type is: whole number"},
                           {"[1,null]", "! null stands where the type is: whole number"},
                           {"{}", "! an object stands where the type is: list"}});
  check<std::vector<std::string>>({{"a, b", "[\"a\",\"b\"]"},
                                   {"[\" a\",\"\"]", "[\" a\",\"\"]"},
                                   {"\"a\",\"b\"", "! a quotation mark is for JSON only"}});
  check<std::vector<bool>>({{"yes,no", "[true,false]"}, {"[true,false]", "[true,false]"}});
  check<std::vector<test::lattice>>({{"cubic,hexagonal", "[\"cubic\",\"hexagonal\"]"}});
  check<std::vector<memo::file>>({{"a.csv,b.csv", "[\"a.csv\",\"b.csv\"]"}});
  check<std::vector<std::optional<double>>>({{"1,none,3", "[1,null,3]"}});
  check<std::set<int>>({{"3,1,3", "[1,3]"}});
  check<std::unordered_set<int>>({{"3,1", "[1,3]"}});
  check<std::list<std::string>>({{"a", "[\"a\"]"}});
  check<std::array<double, 3>>({{"1,2,3", "[1,2,3]"},
                                {"1,2", "! a list of 3 is needed, and 2 are given"},
                                {"[1,2,3,4]", "! a list of 3 is needed, and 4 are given"}});
  check<std::vector<std::vector<int>>>(
      {{"[[1],[]]", "[[1],[]]"}, {"1,2", "! \"1,2\" is no list of JSON"}, {"", "! \"\" is no list of JSON"}});
}

TEST_CASE("pairs, tuples and maps are JSON") {
  check<std::pair<int, std::string>>({{"[1,\"a\"]", "[1,\"a\"]"}, {"1,a", "! \"1,a\" is no list of JSON"}});
  check<std::tuple<>>({{"[]", "[]"}, {"[1]", "! a list of 0 is needed, and 1 are given"}});
  check<std::tuple<test::angle, int>>({{"[\"30deg\",1]", "[\"30.000000deg\",1]"}});
  check<std::map<std::string, int>>({{"{\"a\":1}", "{\"a\":1}"},
                                     {"[[\"a\",1]]", "{\"a\":1}"},
                                     {"{}", "{}"},
                                     {"{\"a\":1,\"a\":2}", "! the member \"a\" is there twice"},
                                     {"[[\"a\",1],[\"a\",2]]", "! this key is there twice"},
                                     {"[[\"a\"]]", "! a list of 2 is needed, and 1 are given"},
                                     {"a=1", "! \"a=1\" is no object of JSON"}});
  check<std::map<int, double>>({{"{\"1\":0.5}", "{\"1\":0.5}"},
                                {"{\"x\":0.5}", "! \"x\" is no whole number"},
                                {"{\"1\":0.5,\"01\":1}", "! this key is there twice"}});
  check<std::multimap<int, int>>({{"[[1,2],[1,3]]", "[[1,2],[1,3]]"}});
  check<std::map<test::lattice, int>>({{"{\"cubic\":1}", "{\"cubic\":1}"}});
  check<std::map<std::vector<int>, int>>({{"[[[1,2],3]]", "[[[1,2],3]]"}});
  CHECK(read<std::map<std::vector<int>, int>>("{}") ==
        "! an object stands where the type is: list of [key, value]");
}

TEST_CASE("a variant takes the one alternative that fits") {
  using number_or_text = std::variant<std::monostate, int, double, std::string>;
  check<number_or_text>(
      {{"2.5", R"({"alternative":2,"value":2.5})"},
       {"abc", R"({"alternative":3,"value":"abc"})"},
       {"\"2\"", R"({"alternative":3,"value":"2"})"},
       {"null", R"({"alternative":0,"value":null})"},
       {R"({"alternative":1,"value":2})", R"({"alternative":1,"value":2})"},
       {"2", "! the number 2 fits several alternatives"},
       {".5", R"({"alternative":2,"value":0.5})"},
       {R"({"alternative":4,"value":2})", "! 4 is outside the range 0 to 3"},
       {R"({"alternative":"x","value":2})", "! the text \"x\" stands where the type is: whole number"}});
  CHECK(read<number_or_text>("1e999").starts_with("! "));  // too large, and no text
  CHECK(read<std::variant<int, double>>("abc").starts_with("! the text \"abc\" stands where"));
}

TEST_CASE("a struct is a JSON object with all its fields") {
  check<test::layer>(
      {{R"({"width":3,"dropout":0.5})", R"({"width":3,"dropout":0.5})"},
       {R"({"dropout":1,"width":3})", R"({"width":3,"dropout":1})"},
       {R"({"width":3})", "! the field dropout is missing"},
       {"{}", "! the fields width, dropout are missing"},
       {R"({"width":3,"droput":1})", "! there is no field \"droput\"; the fields are width, dropout"},
       {"[3,0.5]",
        "! a list of 2 stands where the type is: object with width (whole number), dropout (number)"},
       {"3", "! \"3\" is no object of JSON"}});
  check<test::adapted>({{R"({"count":3,"label":"x"})", R"({"count":3,"label":"x"})"}});
  check<test::no_fields>({{"{}", "{}"}});
  check<test::tree>({{R"({"name":"a","children":[{"name":"b","children":[]}]})",
                      R"({"name":"a","children":[{"name":"b","children":[]}]})"}});
}

TEST_CASE("fields that an object leaves out keep what the default of the input has") {
  test::model const before{0.1, {{8, 0.5}}, "old", {1, 2, 3}, test::lattice::hexagonal};
  auto const changed = [&](std::string_view text) {
    return value_to_text(parse_text<test::model>(text, before));
  };
  CHECK(changed("{}") == value_to_text(before));
  CHECK(changed(R"({"lr":0.5,"note":null})") ==
        R"({"lr":0.5,"layers":[{"width":8,"dropout":0.5}],"note":null,"shape":[1,2,3],"kind":"hexagonal"})");
  // An element of a list has nothing that it could keep.
  CHECK_THROWS_AS(changed(R"({"layers":[{"width":1}]})"), memo::usage_error);
  struct outer {
    test::layer inner;
    std::optional<test::layer> maybe;
    std::optional<test::layer> none;
  };
  outer const nested{{1, 0.1}, test::layer{2, 0.2}, {}};
  CHECK(value_to_text(parse_text<outer>(R"({"inner":{"width":5},"maybe":{"width":6}})", nested)) ==
        R"({"inner":{"width":5,"dropout":0.1},"maybe":{"width":6,"dropout":0.2},"none":null})");
  CHECK_THROWS_AS(parse_text<outer>(R"({"none":{"width":6}})", nested), memo::usage_error);
  CHECK(nested.inner.width == 1);
}

TEST_CASE("types of the program are read by what it says about them") {
  check<test::angle>({{"30deg", "30.000000deg"}, {"30", "! \"30\" is refused: an angle ends in deg"}});
  check<std::vector<test::angle>>({{"1deg,2deg", "[\"1.000000deg\",\"2.000000deg\"]"}});
  check<std::optional<test::angle>>({{"none", "none"}, {"1deg", "1.000000deg"}});
  check<test::version>({{"1.2", "1.2"},
                        {" 1.2 ", "1.2"},
                        {"1.2x", "! \"1.2x\" is not understood"},
                        {"1", "! \"1\" is not understood"}});
  check<std::vector<test::version>>({{"[\"1.2\",3.4]", "[\"1.2\",\"3.4\"]"}});
}

TEST_CASE("a file of JSON stands behind an at sign") {
  file_of_text const model(R"({"width": 3,
 "dropout": 0.5})");
  CHECK(read<test::layer>("@" + model.path) == R"({"width":3,"dropout":0.5})");
  CHECK(read<std::optional<test::layer>>("@" + model.path) == R"({"width":3,"dropout":0.5})");
  file_of_text const number("5\n");
  CHECK(read<int>("@" + number.path) == "5");
  file_of_text const list("[1,2]");
  CHECK(read<std::vector<int>>("@" + list.path) == "[1,2]");
  CHECK(read<std::pair<int, int>>("@" + list.path) == "[1,2]");
  CHECK(read<std::variant<int, std::vector<int>>>("@" + list.path) == R"({"alternative":1,"value":[1,2]})");
  CHECK(read<std::string>("@" + list.path) == "@" + list.path);
  CHECK(read<int>("@/no/such/file.json") ==
        "! the file \"/no/such/file.json\" cannot be read: No such file or directory");
  CHECK(read<int>("@/tmp").starts_with("! the file \"/tmp\" cannot be read: Is a directory"));
  CHECK(read<int>("@").starts_with("! the file \"\" cannot be read"));
  file_of_text const broken("{\n \"a\": 1,\n}");
  CHECK(
      read<test::layer>("@" + broken.path).find("it is no valid JSON at line 3, column 1: unexpected '}'") !=
      std::string::npos);
}

TEST_CASE("errors tell the type, the text, the place and what would be right") {
  CHECK(error_of<int>("ten") ==
        "memo: the text is no value of its type: \"ten\" is no whole number\n"
        "  type  whole number\n"
        "  text  \"ten\"\n"
        "hint: for example 10");
  CHECK(error_of<std::uint8_t>("300") ==
        "memo: the text is no value of its type: 300 is outside the range 0 to 255\n"
        "  type  whole number from 0 to 255\n"
        "  text  \"300\"\n"
        "hint: for example 10");
  CHECK(error_of<double>("1,5") ==
        "memo: the text is no value of its type: \"1,5\" is no number\n"
        "  type  number\n"
        "  text  \"1,5\"\n"
        "hint: for example 0.5");
  CHECK(error_of<bool>("maybe") ==
        "memo: the text is no value of its type: \"maybe\" is neither true nor false\n"
        "  type  true or false\n"
        "  text  \"maybe\"\n"
        "hint: write true or false, yes or no, on or off, 1 or 0");
  CHECK(error_of<test::lattice>("hexagnal") ==
        "memo: the text is no value of its type: \"hexagnal\" is none of the names\n"
        "  type  one of: cubic, hexagonal, triclinic\n"
        "  text  \"hexagnal\"\n"
        "hint: did you mean `hexagonal`?");
  CHECK(error_of<std::chrono::milliseconds>("250") ==
        "memo: the text is no value of its type: \"250\" has no unit\n"
        "  type  duration such as 250ms or 1h30m\n"
        "  text  \"250\"\n"
        "hint: write one of ns, us, ms, s, m, h, d and w behind the number");
  CHECK(error_of<std::vector<double>>("1,2;3") ==
        "memo: the text is no value of its type: \"2;3\" is no number\n"
        "  type  list of numbers\n"
        "  text  \"1,2;3\"\n"
        "  at    $[1]\n"
        "hint: for example 0.5,0.5");
  CHECK(error_of<std::map<std::string, int>>("{\"a\": \"x\"}") ==
        "memo: the text is no value of its type: the text \"x\" stands where the type is: whole number\n"
        "  type  map from text to whole number\n"
        "  text  \"{\"a\": \"x\"}\"\n"
        "  at    $.a\n"
        "hint: for example {\"text\":10}");
  CHECK(
      error_of<test::layer>(R"({"width":3,"droput":1})") ==
      "memo: the text is no value of its type: there is no field \"droput\"; the fields are width, dropout\n"
      "  type  object with width (whole number), dropout (number)\n"
      "  text  \"{\"width\":3,\"droput\":1}\"\n"
      "hint: did you mean `dropout`?");
  CHECK(error_of<std::vector<test::layer>>(R"([{"width":3,"dropout":1},{"width":1.5,"dropout":1}])") ==
        "memo: the text is no value of its type: 1.5 is no whole number, but has a fraction\n"
        "  type  list of objects with width (whole number), dropout (number)\n"
        "  text  \"[{\"width\":3,\"dropout\":1},{\"width\":1.5,\"dropout\":1}]\"\n"
        "  at    $[1].width\n"
        "hint: for example [{\"width\":10,\"dropout\":0.5},{\"width\":10,\"dropout\":0.5}]");
  CHECK(error_of<std::vector<int>>("[1,2") ==
        "memo: the text is no value of its type: it is no valid JSON at line 1, column 5: unexpected end of "
        "input; "
        "expected ']'\n"
        "  type  list of whole numbers\n"
        "  text  \"[1,2\"\n"
        "hint: for example 10,10");
  CHECK(error_of<std::array<int, 3>>("1,2") ==
        "memo: the text is no value of its type: a list of 3 is needed, and 2 are given\n"
        "  type  list of 3 whole numbers\n"
        "  text  \"1,2\"\n"
        "hint: for example 10,10,10");
}

TEST_CASE("the text in an error is one short line") {
  CHECK(error_of<int>("a\n\x1b[31m\xff\tb").find("text  \"a\\n\\x1b[31m\\xff\\tb\"") != std::string::npos);
  std::string const text = error_of<int>(std::string(1000, 'x'));
  CHECK(text.find("\"... (1000 bytes)") != std::string::npos);
  CHECK(text.size() < 600);
  // It is cut between characters.
  CHECK(error_of<int>("a" + std::string(300, '\xc3')).find("(301 bytes)") != std::string::npos);
}

TEST_CASE("values inside each other end somewhere") {
  std::string const deep = std::string(200, '[') + std::string(200, ']');
  CHECK(read<std::vector<int>>(deep) == "! it has values inside each other more than 100 deep");
  std::string tree = R"({"name":"x","children":[]})";
  for (int i = 0; i < 40; ++i) tree = R"({"name":"x","children":[)" + tree + "]}";
  CHECK(read<test::tree>(tree) == tree);
}

TEST_CASE("JSON numbers are exact or an error") {
  check<std::vector<std::uint64_t>>(
      {{"[9007199254740993,18446744073709551615]", "[9007199254740993,18446744073709551615]"}});
  CHECK(read<std::vector<std::uint64_t>>("[18446744073709551616]") ==
        "! 18446744073709551616 is outside the range 0 to 18446744073709551615");
  check<std::vector<std::uint8_t>>({{"[300]", "! 300 is outside the range 0 to 255"},
                                    {"[1e2]", "[100]"},
                                    {"[0.5]", "! 0.5 is no whole number, but has a fraction"}});
  check<std::vector<double>>(
      {{"[1e400]", "! the number \"1e400\" is too large"},
       {"[-0,-0.0]", "[-0,-0]"},
       {"[\"nan\",\"-inf\"]", "[\"nan\",\"-inf\"]"},
       {"[NaN]", "! it is no valid JSON at line 1, column 2: invalid literal; last read: '[N'"}});
  check<std::vector<float>>({{"[1e39]", "! 1e39 is too large for the type"}, {"[0.1]", "[0.1]"}});
  check<std::vector<long double>>({{"[0.1]", "[0.1]"}});
  check<std::vector<bool>>({{"[1]", "! the number 1 stands where the type is: true or false"},
                            {"[\"true\"]", "! the text \"true\" stands where the type is: true or false"}});
}
