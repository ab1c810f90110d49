#include <memo/graph/map_functions.hpp>

#include <memo/graph/lower.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <list>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using memo::detail::lower;
using memo::detail::mapped_range;
using memo::detail::passing;
using memo::detail::range_element;

double energy(int particle, double scale) { return particle * scale; }
double total(std::vector<double> const& all) {
  double sum = 0;
  for (double const one : all) sum += one;
  return sum;
}

constexpr auto system_energy = memo::pipeline<"system-energy">(
    memo::step<"total">(total).from<"energies">(),
    memo::step<"energies">(energy).over<"particles">().from<"scale">().version<2>(),
    memo::input<"scale", double>, memo::input<"particles", std::vector<int>>);

memo::step_row const& row_of(memo::graph const& rows, std::string_view name) {
  for (auto const& row : rows.steps)
    if (row.names[0] == name) return row;
  throw std::out_of_range(std::string(name));
}

memo::argument argument_of(void const* object) {
  memo::argument made;
  made.object = object;
  return made;
}

/// The graph of one map and how the engine would run it.
template <class Range, class Result>
class one_map {
 public:
  template <class Node, class... Inputs>
  explicit one_map(Node node, Inputs... inputs)
      : rows_(lower(memo::pipeline<"p">(memo::input<"xs", Range>, inputs..., node))) {}

  memo::step_row const& row() const { return rows_.steps.at(0); }
  memo::map_row const& map() const { return *row().map; }

  std::vector<Result> run(Range const& range, std::vector<memo::argument> const& rest = {},
                          memo::context* context = nullptr) const {
    memo::element_list const elements = map().elements(&range);
    auto const results = map().begin(elements.at.size());
    std::vector<std::uint32_t> places;
    for (std::uint32_t i = 0; i < elements.at.size(); ++i) {
      map().call(row().function, elements.at[i], rest, context, results.get(), i);
      places.push_back(i);
    }
    return value(map().finish(results.get(), places));
  }

  static std::vector<Result> value(std::shared_ptr<void> const& finished) {
    return *static_cast<std::vector<Result> const*>(finished.get());
  }

 private:
  memo::graph rows_;
};

struct particle {
  int charge;
  std::string name;
};

/// A range whose elements come into being as they are read.
struct countdown {
  int from = 0;

  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    int at = 0;
    int operator*() const { return at; }
    iterator& operator++() {
      --at;
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      --at;
      return before;
    }
    friend bool operator==(iterator, iterator) = default;
  };
  iterator begin() const { return {from}; }
  iterator end() const { return {}; }
};

}  // namespace

TEST_CASE("what a map can go over") {
  STATIC_REQUIRE(mapped_range<std::vector<int>>);
  STATIC_REQUIRE(mapped_range<std::vector<bool>>);
  STATIC_REQUIRE(mapped_range<std::array<std::string, 3>>);
  STATIC_REQUIRE(mapped_range<std::map<int, std::string>>);
  STATIC_REQUIRE(mapped_range<std::string>);
  STATIC_REQUIRE(mapped_range<countdown>);
  STATIC_REQUIRE_FALSE(mapped_range<int>);
  STATIC_REQUIRE_FALSE(mapped_range<particle>);
  STATIC_REQUIRE(std::is_same_v<range_element<std::vector<bool>>, bool>);
  STATIC_REQUIRE(std::is_same_v<range_element<std::map<int, char>>, std::pair<int const, char>>);
  STATIC_REQUIRE(memo::detail::has_addresses<std::list<int>>);
  STATIC_REQUIRE_FALSE(memo::detail::has_addresses<std::vector<bool>>);
  STATIC_REQUIRE_FALSE(memo::detail::has_addresses<countdown>);
}

TEST_CASE("a map stands in a constexpr pipeline, and its value is a vector that other steps read") {
  STATIC_REQUIRE(system_energy.levels() == 3);
  STATIC_REQUIRE(system_energy.steps() == 2);
  memo::graph const rows = lower(system_energy);
  memo::step_row const& row = row_of(rows, "energies");
  CHECK(row_of(rows, "total").map == nullptr);
  REQUIRE(row.map != nullptr);
  CHECK(row.invoke == nullptr);
  CHECK(row.key == nullptr);
  REQUIRE(row.reads.size() == 2);
  CHECK(rows.slots[row.reads[0]].name == "particles");
  CHECK(rows.slots[row.reads[1]].name == "scale");
  CHECK(row.passings.size() == 2);
  CHECK(rows.slots[row.first_output].type == &memo::value_type_of<std::vector<double>>);
  CHECK(row.map->element == &memo::value_type_of<int>);
  CHECK(row.map->result == &memo::value_type_of<double>);
  CHECK(row.options.version == 2);
  CHECK_FALSE(row.takes_context);
}

TEST_CASE("the range is read first, wherever .over stands") {
  auto const before = memo::step<"out">(energy).over<"xs">().from<"n">();
  auto const behind = memo::step<"out">(energy).from<"n">().over<"xs">();
  STATIC_REQUIRE(std::is_same_v<decltype(before), decltype(behind)>);
  memo::graph const rows =
      lower(memo::pipeline<"p">(memo::input<"n", double>, memo::input<"xs", std::vector<int>>, behind));
  REQUIRE(rows.steps[0].reads.size() == 2);
  CHECK(rows.slots[rows.steps[0].reads[0]].name == "xs");
}

TEST_CASE("each element is called with the rest, and results come in the order of the range") {
  one_map<std::vector<int>, double> const m(memo::step<"out">(energy).over<"xs">().from<"scale">(),
                                            memo::input<"scale", double>);
  double const scale = 2;
  CHECK(m.run({1, 2, 5}, {argument_of(&scale)}) == std::vector<double>{2, 4, 10});
  CHECK(m.run({}, {argument_of(&scale)}).empty());
}

TEST_CASE("a map goes over elements of many kinds of ranges") {
  auto const twice = memo::step<"out">([](auto const& x) { return x + x; }).over<"xs">();
  CHECK(one_map<std::vector<int>, int>(twice).run({3, 4}) == std::vector{6, 8});
  CHECK(one_map<std::array<double, 2>, double>(twice).run({1.5, 2.5}) == std::vector{3.0, 5.0});
  CHECK(one_map<std::set<int>, int>(twice).run({5, 1}) == std::vector{2, 10});
  CHECK(one_map<std::list<std::string>, std::string>(twice).run({"a", "bc"}) ==
        std::vector<std::string>{"aa", "bcbc"});
  CHECK(one_map<countdown, int>(twice).run({3}) == std::vector{6, 4, 2});

  auto const code = memo::step<"out">([](char c) { return static_cast<int>(c); }).over<"xs">();
  CHECK(one_map<std::string, int>(code).run("ab") == std::vector{97, 98});

  auto const pairs = memo::step<"out">([](std::pair<std::string const, int> const& entry) {
                       return entry.first + "=" + std::to_string(entry.second);
                     }).over<"xs">();
  CHECK(one_map<std::map<std::string, int>, std::string>(pairs).run({{"a", 1}, {"b", 2}}) ==
        std::vector<std::string>{"a=1", "b=2"});

  auto const charges = memo::step<"out">([](particle const& p) { return p.charge; }).over<"xs">();
  CHECK(one_map<std::vector<particle>, int>(charges).run({{-1, "electron"}, {1, "positron"}}) ==
        std::vector{-1, 1});
}

TEST_CASE("flags are elements and results like others") {
  auto const negated = memo::step<"out">([](bool x) { return !x; }).over<"xs">();
  one_map<std::vector<bool>, bool> const m(negated);
  CHECK(m.run({true, false, true}) == std::vector<bool>{false, true, false});
  CHECK(m.map().result == &memo::value_type_of<bool>);
}

TEST_CASE("elements are where the range has them, or are copies that the list keeps") {
  std::vector<std::string> const texts{"a", "b"};
  memo::element_list const in_place = memo::detail::list_elements<std::vector<std::string>>(&texts);
  CHECK(in_place.at == std::vector<void const*>{&texts[0], &texts[1]});
  CHECK(in_place.owner == nullptr);

  std::vector<bool> const flags{true, false};
  memo::element_list const copied = memo::detail::list_elements<std::vector<bool>>(&flags);
  REQUIRE(copied.at.size() == 2);
  CHECK(copied.owner != nullptr);
  CHECK(*static_cast<bool const*>(copied.at[0]));
  CHECK_FALSE(*static_cast<bool const*>(copied.at[1]));
}

TEST_CASE("an element's fingerprint is that of its value, wherever it lies") {
  using entries = std::map<int, std::string>;
  memo::value_type const& type =
      *one_map<entries, int>(memo::step<"out">([](auto const& entry) { return entry.first; }).over<"xs">())
           .map()
           .element;
  std::pair<int const, std::string> const entry{1, "one"};
  CHECK(type.fingerprint_of(&entry, 5) == memo::fingerprint_of(std::pair<int, std::string>{1, "one"}, 5));
  CHECK(type.schema() == memo::schema_of<std::pair<int, std::string>>());
}

TEST_CASE("a function that returns nothing maps to units, and its map is still a value") {
  one_map<std::vector<int>, memo::unit> const m(memo::step<"out">([](int) {}).over<"xs">());
  CHECK(m.run({1, 2}).size() == 2);
  CHECK(m.map().result->is_storable());
}

TEST_CASE("a map's function object keeps its state, and the state counts") {
  struct adder {
    int by;
    int operator()(int x) const { return x + by; }
  };
  one_map<std::vector<int>, int> const m(memo::step<"out">(adder{5}).over<"xs">());
  CHECK(m.run({1, 2}) == std::vector{6, 7});
  REQUIRE(m.row().state != nullptr);
  CHECK(m.row().state(m.row().function, 3) == memo::fingerprint_of(adder{5}, 3));
}

TEST_CASE("the context comes first, then the element, then the rest") {
  static memo::context* seen = nullptr;
  auto const minus = [](memo::context& context, int x, double y) {
    seen = &context;
    return x - y;
  };
  one_map<std::vector<int>, double> const known(memo::step<"out">(minus).over<"xs">().from<"y">(),
                                                memo::input<"y", double>);
  CHECK(known.row().takes_context);
  double const y = 0.5;
  std::byte somewhere{};
  auto& context = reinterpret_cast<memo::context&>(somewhere);  // only its address is looked at
  CHECK(known.run({1, 2}, {argument_of(&y)}, &context) == std::vector{0.5, 1.5});
  CHECK(seen == &context);

  one_map<std::vector<int>, int> const generic(
      memo::step<"out">([](memo::context&, auto x) { return x + 1; }).over<"xs">());
  CHECK(generic.row().takes_context);
  CHECK(generic.run({1, 2}, {}, &context) == std::vector{2, 3});
}

TEST_CASE(
    "parameters take elements and the rest by value, by reference or as views, and nothing is moved out") {
  using texts = std::vector<std::string>;
  one_map<texts, std::string> const by_value(
      memo::step<"out">([](std::string x, std::string y) { return std::move(x) + std::move(y); })
          .over<"xs">()
          .from<"y">(),
      memo::input<"y", std::string>);
  texts const xs{std::string(40, 'x'), "b"};
  std::string const y(40, 'y');
  memo::argument rest = argument_of(&y);
  rest.may_move = true;
  auto const expected = texts{xs[0] + y, "b" + y};
  CHECK(by_value.run(xs, {rest}) == expected);
  CHECK(by_value.run(xs, {rest}) == expected);
  CHECK(by_value.row().passings[0] == passing::reference);
  CHECK(by_value.row().passings[1] == passing::reference);

  using numbers = std::vector<double>;
  auto const dot = [](std::span<double const> x, memo::view<double> w) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * w[i];
    return sum;
  };
  one_map<std::vector<numbers>, double> const views(memo::step<"out">(dot).over<"xs">().from<"w">(),
                                                    memo::input<"w", numbers>);
  CHECK(views.row().passings[0] == passing::reference);
  CHECK(views.row().passings[1] == passing::view);
  numbers const w{1, 10};
  memo::argument stored;
  stored.elements = std::as_bytes(std::span(w));
  for (auto const& form : {argument_of(&w), stored})
    CHECK(views.run({{1, 2}, {3, 4}}, {form}) == numbers{21, 43});
}

TEST_CASE("results are stored and read back one by one, at any place") {
  one_map<std::vector<int>, std::string> const m(
      memo::step<"out">([](int x) { return std::to_string(x); }).over<"xs">());
  auto const results = m.map().begin(2);
  int const x = 12;
  m.map().call(m.row().function, &x, {}, nullptr, results.get(), 1);
  void const* const filled = m.map().at(results.get(), 1);
  CHECK(*static_cast<std::string const*>(filled) == "12");
  memo::shared_bytes const bytes = m.map().result->stored_form(filled);
  m.map().decode(results.get(), 0, bytes.view);
  CHECK(*static_cast<std::string const*>(m.map().at(results.get(), 0)) == "12");
  auto const flags =
      one_map<std::vector<int>, bool>(memo::step<"out">([](int n) { return n > 0; }).over<"xs">());
  auto const bits = flags.map().begin(1);
  std::array<std::byte, 3> const bad{};
  CHECK_THROWS_AS(flags.map().decode(bits.get(), 0, bad), memo::decode_error);
}

TEST_CASE("equal elements share one result: copied, and moved at its last use") {
  using texts = std::vector<std::string>;
  one_map<std::vector<int>, std::string> const m(
      memo::step<"out">([](int x) { return std::string(50, static_cast<char>('a' + x)); }).over<"xs">());
  auto const results = m.map().begin(2);
  std::array<int, 2> const elements{0, 1};
  for (std::size_t i = 0; i < 2; ++i)
    m.map().call(m.row().function, &elements[i], {}, nullptr, results.get(), i);
  auto const* const buffer = static_cast<std::string const*>(m.map().at(results.get(), 0))->data();
  std::array<std::uint32_t, 4> const places{0, 1, 0, 0};
  auto const finished = m.map().finish(results.get(), places);
  auto const& value = *static_cast<texts const*>(finished.get());
  std::string const a(50, 'a'), b(50, 'b');
  CHECK(value == texts{a, b, a, a});
  CHECK(value[3].data() == buffer);

  one_map<std::vector<int>, int> const numbers(memo::step<"out">([](int x) { return x; }).over<"xs">());
  auto const plain = numbers.map().begin(2);
  for (std::size_t i = 0; i < 2; ++i)
    numbers.map().call(numbers.row().function, &elements[i], {}, nullptr, plain.get(), i);
  CHECK(one_map<std::vector<int>, int>::value(numbers.map().finish(plain.get(), places)) ==
        std::vector{0, 1, 0, 0});
}

TEST_CASE("an element that fails leaves its place empty, and can be tried again") {
  static bool fails = true;
  one_map<std::vector<int>, int> const m(memo::step<"out">([](int x) {
                                           if (fails) throw std::runtime_error("no");
                                           return x;
                                         }).over<"xs">());
  auto const results = m.map().begin(1);
  int const x = 7;
  CHECK_THROWS_AS(m.map().call(m.row().function, &x, {}, nullptr, results.get(), 0), std::runtime_error);
  fails = false;
  m.map().call(m.row().function, &x, {}, nullptr, results.get(), 0);
  CHECK(*static_cast<int const*>(m.map().at(results.get(), 0)) == 7);
}

TEST_CASE("what stands for the inputs of a map stands for those of each element") {
  one_map<std::vector<int>, double> const m(
      memo::step<"out">([](int x, std::span<double const> w) { return x * w[0]; })
          .over<"xs">()
          .from<"w">()
          .key([](int x, std::vector<double> const& w) { return std::pair(x % 10, w.size()); }),
      memo::input<"w", std::vector<double>>);
  std::vector<double> const w{3, 4};
  std::vector<memo::argument> const rest{argument_of(&w)};
  int const x = 37;
  REQUIRE(m.map().key != nullptr);
  CHECK(m.row().key == nullptr);
  CHECK(m.map().key(m.row().key_function, &x, rest, 1) ==
        memo::fingerprint_of(std::pair<int, std::size_t>(7, 2), 1));
  CHECK(m.row().key_schema() == memo::schema_of<std::pair<int, std::size_t>>());
  CHECK(m.row().passings[1] == passing::reference);  // the key needs the whole value
  CHECK(m.run({2}, rest) == std::vector<double>{6});
}

TEST_CASE("checks and the identity of a map see the whole vector") {
  one_map<std::vector<int>, int> const m(
      memo::step<"out">([](int x) { return x; })
          .over<"xs">()
          .identity([](std::vector<int> const& all) { return all.size(); })
          .check([](std::vector<int> const& all) { return !all.empty(); }, "not empty")
          .check([](std::vector<int> const& all) { return all.size() < 3; }, "few"));
  auto const index_of_failing = [&](std::vector<int> const& all) {
    std::array<std::shared_ptr<void const>, 1> const outputs{std::make_shared<std::vector<int>>(all)};
    return m.row().check(m.row().check_functions, outputs);
  };
  CHECK(index_of_failing({}) == 0);
  CHECK(index_of_failing({1, 2, 3}) == 1);
  CHECK(index_of_failing({1, 2}) == 2);
  CHECK(m.row().check_whys == std::vector<std::string_view>{"not empty", "few"});
  std::vector<int> const two{1, 2}, other{3, 4}, three{1, 2, 3};
  auto const identity = [&](std::vector<int> const& all) {
    return m.row().identity(m.row().identity_function, &all, 0);
  };
  CHECK(identity(two) == identity(other));
  CHECK_FALSE(identity(two) == identity(three));
}

TEST_CASE("maps feed maps, and generic functions pass their types on") {
  constexpr auto p = memo::pipeline<"chain">(
      memo::step<"sum">([](auto const& texts, int n) {
        return static_cast<int>(texts.size()) + n;
      }).from<"texts", "n">(),
      memo::step<"texts">([](auto const& squares) { return std::to_string(squares); }).over<"squares">(),
      memo::step<"squares">([](auto x, auto n) { return x * x + n; }).over<"xs">().from<"n">(),
      memo::input<"n", int>, memo::input<"xs", std::vector<short>>);
  STATIC_REQUIRE(p.levels() == 4);
  memo::graph const rows = lower(p);
  memo::step_row const& squares = row_of(rows, "squares");
  memo::step_row const& texts = row_of(rows, "texts");
  CHECK(rows.slots[squares.first_output].type == &memo::value_type_of<std::vector<int>>);
  CHECK(texts.map->element == &memo::value_type_of<int>);
  CHECK(texts.map->result == &memo::value_type_of<std::string>);
  CHECK(rows.slots[texts.first_output].type == &memo::value_type_of<std::vector<std::string>>);
}

TEST_CASE("a map of an included pipeline keeps its place, and maps can come after steps") {
  constexpr auto all = memo::pipeline<"outer">(
      system_energy, memo::step<"scaled">(energy).over<"particles">().from<"total">().after<"energies">());
  STATIC_REQUIRE(all.levels() == 4);
  memo::graph const rows = lower(all);
  CHECK(row_of(rows, "energies").pipeline == "system-energy");
  CHECK(row_of(rows, "scaled").pipeline == "outer");
  CHECK(row_of(rows, "scaled").after.size() == 1);
  CHECK(row_of(rows, "scaled").map == row_of(rows, "energies").map);
}

TEST_CASE("a result that cannot be stored can be kept in memory") {
  struct handle {
    int* raw = nullptr;
    bool operator==(handle const&) const = default;
  };
  one_map<std::vector<int>, handle> const m(
      memo::step<"out">([](int) { return handle{}; }).over<"xs">().cache(memo::in_memory));
  CHECK(m.map().decode == nullptr);
  CHECK(m.run({1}).size() == 1);
}

TEST_CASE("further attempts wait as long as was said") {
  auto const pause_of = [](auto node) {
    return lower(memo::pipeline<"p">(memo::input<"xs", std::vector<int>>, node)).steps[0].options;
  };
  auto const step = memo::step<"out">([](int x) { return x; }).over<"xs">();
  CHECK(pause_of(step).retry_pause_ms == 0);
  CHECK(pause_of(step.retry(3)).retries == 3);
  CHECK(pause_of(step.retry(3)).retry_pause_ms == 0);
  CHECK(pause_of(step.retry(3, 2s)).retry_pause_ms == 2000);
  CHECK(pause_of(step.retry(3, -2s)).retry_pause_ms == 0);
}
