#include <memo/sweep/csv.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>
#include <clocale>
#include <complex>
#include <cstdlib>
#include <limits>
#include <list>
#include <locale>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

namespace {

using memo::column;
using memo::csv;

enum class phase : char { ordered = 'o', disordered = 'd' };

struct lattice {
  int size;
  bool periodic;
};
struct point {
  lattice grid;
  double temperature;
};
struct observable {
  double mean;
  std::optional<double> error;
};
struct everything {
  std::string text;
  char letter;
  signed char small;
  unsigned char byte;
  phase state;
  std::complex<float> wave;
  std::array<int, 2> pair;
  long double wide;
  char16_t wide_letter;
  int numbers[2];
  std::filesystem::path file;
  std::optional<lattice> inner;
};

template <class Number>
Number read_back(std::string const& text) {
  if constexpr (std::is_same_v<Number, float>)
    return std::strtof(text.c_str(), nullptr);
  else
    return std::strtod(text.c_str(), nullptr);
}

template <class Number>
std::string cell_of(Number value) {
  std::string const table = csv(column<"x">(std::vector{value}));
  return table.substr(2, table.size() - 3);
}

}  // namespace

TEST_CASE("a table has a line of names, then a line for each point") {
  std::vector<point> const points{{{16, true}, 1.5}, {{32, false}, 2.25}};
  std::vector<double> const energies{-1.25, 3};
  CHECK(csv(points) == "grid.size,grid.periodic,temperature\n16,true,1.5\n32,false,2.25\n");
  CHECK(csv(points, column<"energy">(energies)) ==
        "grid.size,grid.periodic,temperature,energy\n16,true,1.5,-1.25\n32,false,2.25,3\n");
  CHECK(csv(column<"at">(points)) ==
        "at.grid.size,at.grid.periodic,at.temperature\n16,true,1.5\n32,false,2.25\n");
}

TEST_CASE("values without a name are called value") {
  std::vector<double> const x{1, 2};
  CHECK(csv(x) == "value\n1\n2\n");
  CHECK(csv(x, column<"y">(x), x) == "value,y,value2\n1,1,1\n2,2,2\n");
}

TEST_CASE("results that are structs have their own columns, and what is absent is an empty cell") {
  std::vector<observable> const results{{0.5, 0.125}, {0.75, {}}};
  CHECK(csv(std::vector{1, 2}, column<"m">(results)) == "value,m.mean,m.error\n1,0.5,0.125\n2,0.75,\n");
  std::vector<std::optional<lattice>> const lattices{{}, lattice{3, true}};
  CHECK(csv(column<"l">(lattices)) == "l.size,l.periodic\n,\n3,true\n");
  std::vector<std::optional<int>> const holes{{}, 1};
  CHECK(csv(column<"x">(holes)) == "x\n\"\"\n1\n");
}

TEST_CASE("a cell can be of many types") {
  std::vector<everything> const one{{"a,b",
                                     'c',
                                     -1,
                                     200,
                                     phase::disordered,
                                     {1.5F, -2},
                                     {3, 4},
                                     0.5L,
                                     u'x',
                                     {5, 6},
                                     "dir/file",
                                     lattice{7, false}}};
  CHECK(csv(one) ==
        "text,letter,small,byte,state,wave.real,wave.imag,pair.0,pair.1,wide,wide_letter,numbers.0,numbers.1,"
        "file,"
        "inner.size,inner.periodic\n"
        "\"a,b\",c,-1,200,100,1.5,-2,3,4,0.5,120,5,6,dir/file,7,false\n");
  std::map<std::string, int> const counts{{"a", 1}, {"b", 2}};
  CHECK(csv(counts) == "first,second\na,1\nb,2\n");
  std::list<std::tuple<int, char>> const tuples{{1, 'x'}};
  CHECK(csv(tuples) == "0,1\n1,x\n");
  CHECK(csv(column<"ok">(std::vector<bool>{true, false})) == "ok\ntrue\nfalse\n");
}

TEST_CASE("texts are quoted where they must be") {
  std::vector<std::string> const texts{"plain", "a,b", "say \"so\"", "two\nlines", "cr\r", "", " space "};
  CHECK(csv(column<"a,b">(texts)) ==
        "\"a,b\"\nplain\n\"a,b\"\n\"say \"\"so\"\"\"\n\"two\nlines\"\n\"cr\r\"\n\"\"\n space \n");
}

TEST_CASE("numbers are short and are read back exactly") {
  CHECK(cell_of(0.1) == "0.1");
  CHECK(cell_of(0.1F) == "0.1");
  CHECK(cell_of(-0.0) == "-0");
  CHECK(cell_of(1e300) == "1e+300");
  CHECK(cell_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(cell_of(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(cell_of(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(cell_of(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(cell_of(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(cell_of(std::numeric_limits<long double>::max()).size() < 64);
  CHECK(cell_of(std::numeric_limits<long double>::denorm_min()).size() < 64);
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    auto const bits = random();
    auto const wide = std::bit_cast<double>(bits);
    auto const narrow = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!std::isnan(wide)) CHECK(read_back<double>(cell_of(wide)) == wide);
    if (!std::isnan(narrow)) CHECK(read_back<float>(cell_of(narrow)) == narrow);
  }
}

TEST_CASE("no locale changes a table") {
  struct comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  std::locale const before = std::locale::global(std::locale(std::locale::classic(), new comma));
  std::ostringstream out;
  memo::write_csv(out, std::vector{1234567.5}, column<"n">(std::vector{1000000}));
  std::locale::global(before);
  CHECK(out.str() == "value,n\n1234567.5,1000000\n");
}

TEST_CASE("columns of different lengths are an error that names both") {
  std::vector<point> const points(3);
  std::vector<double> const energies(2);
  try {
    csv(points, column<"energy">(energies));
    FAIL("no error");
  } catch (memo::usage_error const& e) {
    std::string const text = e.what();
    INFO(text);
    CHECK(text.find("column 1  3 rows") != text.npos);
    CHECK(text.find("energy    2 rows") != text.npos);
  }
}

TEST_CASE("a table without points is its names") {
  CHECK(csv(std::vector<point>{}) == "grid.size,grid.periodic,temperature\n");
}

TEST_CASE("a table is written to a file in the place of what was there, or it is an error") {
  scratch_folder const folder;
  auto const file = folder / "curve.csv";
  memo::write_csv(file, std::vector{1, 2, 3});
  memo::write_csv(file, std::vector{1, 2});
  std::ifstream in(file);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "value\n1\n2\n");
  CHECK_THROWS_AS(memo::write_csv(folder / "absent/curve.csv", std::vector{1}), memo::error);
  memo::write_csv((folder / "by_text.csv").string(), std::vector{1});
  CHECK(std::filesystem::exists(folder / "by_text.csv"));
}
