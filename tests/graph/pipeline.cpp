#include <memo/graph/pipeline.hpp>

#include <memo/graph/lower.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

int f(int x) { return x; }
int g(int x, int y) { return x + y; }

constexpr auto inner = memo::pipeline<"inner">(memo::step<"b">(f).from<"a">(), memo::input<"n", int>,
                                               memo::step<"a">(f).from<"n">().version<3>());
constexpr auto middle = memo::pipeline<"middle">(memo::step<"c">(g).from<"a", "b">(), inner);
constexpr auto outer =
    memo::pipeline<"outer">(memo::input<"k", int>, middle, memo::step<"d">(g).from<"c", "k">().after<"b">());

std::vector<std::string> declared_names(memo::graph const& rows) {
  std::vector<std::string> found;
  for (std::uint32_t const step : rows.declared) found.emplace_back(rows.steps[step].names[0]);
  return found;
}

memo::step_row const& row_of(memo::graph const& rows, std::string_view name) {
  for (auto const& row : rows.steps)
    if (row.names[0] == name) return row;
  throw std::out_of_range(std::string(name));
}

}  // namespace

TEST_CASE("a pipeline tells its name, its steps and its levels") {
  STATIC_REQUIRE(inner.name == "inner");
  STATIC_REQUIRE(inner.levels() == 3);
  STATIC_REQUIRE(inner.steps() == 2);
  STATIC_REQUIRE(outer.levels() == 5);
  STATIC_REQUIRE(outer.steps() == 4);
  constexpr auto only_input = memo::pipeline<"inputs">(memo::input<"n", int>);
  STATIC_REQUIRE(only_input.levels() == 1);
  STATIC_REQUIRE(only_input.steps() == 0);
}

TEST_CASE("included pipelines join one name space, and their steps keep the name of who declared them") {
  memo::graph const rows = memo::detail::lower(outer);
  CHECK(rows.name == "outer");
  CHECK(declared_names(rows) == std::vector<std::string>{"c", "b", "a", "d"});
  CHECK(row_of(rows, "a").pipeline == "inner");
  CHECK(row_of(rows, "b").pipeline == "inner");
  CHECK(row_of(rows, "c").pipeline == "middle");
  CHECK(row_of(rows, "d").pipeline == "outer");
  CHECK(row_of(rows, "a").options.version == 3);
}

TEST_CASE("rows stand in an order in which what is read comes first, and slots lead back to steps") {
  memo::graph const rows = memo::detail::lower(outer);
  REQUIRE(rows.slots.size() == 6);
  REQUIRE(rows.inputs.size() == 2);
  for (std::uint32_t i = 0; i < rows.steps.size(); ++i) {
    memo::step_row const& row = rows.steps[i];
    CHECK(rows.slots[row.first_output].step == i);
    CHECK(rows.slots[row.first_output].name == row.names[0]);
    for (auto const& needs : {row.reads, row.after})
      for (auto const slot : needs)
        if (rows.slots[slot].step != memo::no_step) CHECK(rows.slots[slot].step < i);
  }
  auto const& d = row_of(rows, "d");
  REQUIRE(d.reads.size() == 2);
  CHECK(rows.slots[d.reads[0]].name == "c");
  CHECK(rows.slots[d.reads[1]].name == "k");
  REQUIRE(d.after.size() == 1);
  CHECK(rows.slots[d.after[0]].name == "b");
  for (auto const& input : rows.inputs) {
    CHECK(rows.slots[input.slot].name == input.name);
    CHECK(rows.slots[input.slot].step == memo::no_step);
    CHECK(rows.slots[input.slot].type == &memo::value_type_of<int>);
  }
}

TEST_CASE("a step's options come into its row") {
  constexpr auto p = memo::pipeline<"options">(
      memo::input<"n", int>, memo::step<"x", "y">([](int n) { return std::pair(n, std::to_string(n)); })
                                 .from<"n">()
                                 .ttl(2h)
                                 .env<"ONE", "TWO_*">()
                                 .env<"THREE">()
                                 .retry(3)
                                 .uses<"hdf5">()
                                 .threads(4)
                                 .in<"scratch">()
                                 .check([](int n, std::string const&) { return n > 0; }, "positive")
                                 .check([](int n, std::string const&) { return n < 9; }, "small")
                                 .cache(memo::inputs_only)
                                 .version<-7>());
  memo::graph const rows = memo::detail::lower(p);
  memo::step_row const& row = rows.steps.at(0);
  CHECK(row.names.size() == 2);
  CHECK(row.policy == memo::cache_policy::inputs_only);
  CHECK(row.options.code == memo::code_identity::version);
  CHECK(row.options.version == -7);
  CHECK(row.options.ttl_ms == 7'200'000);
  CHECK(row.options.retries == 3);
  CHECK(row.options.threads == 4);
  CHECK(row.options.store == "scratch");
  CHECK(row.options.environment.all() == std::vector<std::string_view>{"ONE", "TWO_*", "THREE"});
  CHECK(row.options.exclusions.all() == std::vector<std::string_view>{"hdf5"});
  CHECK(row.check_whys == std::vector<std::string_view>{"positive", "small"});
  CHECK(rows.slots[row.first_output].type == &memo::value_type_of<int>);
  CHECK(rows.slots[row.first_output + 1].type == &memo::value_type_of<std::string>);
  CHECK(row.key == nullptr);
  CHECK(row.identity == nullptr);
  CHECK(row.state == nullptr);
}

TEST_CASE("a step without options is stored, and stands by its build") {
  memo::graph const rows = memo::detail::lower(memo::pipeline<"plain">(memo::step<"x">([] { return 1; })));
  memo::step_row const& row = rows.steps.at(0);
  CHECK(row.policy == memo::cache_policy::stored);
  CHECK(row.options.code == memo::code_identity::build);
  CHECK(row.options.ttl_ms < 0);
  CHECK(row.options.retries == 0);
  CHECK(row.options.threads == 1);
  CHECK(row.options.store.empty());
  CHECK(row.check == nullptr);
}

TEST_CASE("the functions of a row call what was declared") {
  struct adder {
    int by;
    int operator()(int n) const { return n + by; }
  };
  auto const rows = memo::detail::lower(
      memo::pipeline<"call">(memo::input<"n", int>, memo::step<"x">(adder{5})
                                                        .from<"n">()
                                                        .key([](int n) { return n / 10; })
                                                        .identity([](int x) { return x / 100; })
                                                        .check([](int x) { return x < 1000; }, "small")));
  memo::step_row const& row = rows.steps.at(0);
  int const n = 37;
  std::vector<memo::argument> arguments(1);
  arguments[0].object = &n;
  std::vector<std::shared_ptr<void>> results(1);
  memo::call_frame frame{arguments, nullptr, results};
  row.invoke(row.function, frame);
  CHECK(*static_cast<int const*>(results[0].get()) == 42);
  CHECK(row.key(row.key_function, arguments, 0) == memo::fingerprint_of(3));
  memo::fingerprint const stands_for = row.identity(row.identity_function, results[0].get(), 7);
  CHECK_FALSE(stands_for.is_small);
  CHECK(stands_for.value != memo::fingerprint_of(0, 7).value);
  CHECK(stands_for == row.identity(row.identity_function, results[0].get(), 7));
  CHECK(row.identity_schema() == "i32");
  CHECK(row.state(row.function, 0) == memo::fingerprint_of(adder{5}));
  std::vector<std::shared_ptr<void const>> const good{results[0]}, bad{std::make_shared<int>(1000)};
  CHECK(row.check(row.check_functions, good) == 1);
  CHECK(row.check(row.check_functions, bad) == 0);
}

TEST_CASE("rows keep alive what they point to") {
  auto rows = [] {
    std::string const prefix(100, 'p');
    struct joiner {
      std::string prefix;
      std::string operator()(std::string const& s) const { return prefix + s; }
    };
    return memo::detail::lower(
        memo::pipeline<"alive">(memo::input<"s", std::string>, memo::step<"x">(joiner{prefix}).from<"s">()));
  }();
  auto const copy = rows;
  rows = {};
  std::string const s = "end";
  std::vector<memo::argument> arguments(1);
  arguments[0].object = &s;
  std::vector<std::shared_ptr<void>> results(1);
  memo::call_frame frame{arguments, nullptr, results};
  copy.steps[0].invoke(copy.steps[0].function, frame);
  CHECK(static_cast<std::string const*>(results[0].get())->size() == 103);
}

TEST_CASE("the id of a name and its text belong together") {
  STATIC_REQUIRE(memo::id_of<"mean"> != memo::id_of<"means">);
  STATIC_REQUIRE(name_of(memo::detail::name_key<memo::id_of<"mean">>{}).view() == "mean");
  STATIC_REQUIRE(memo::id_of<""> == memo::detail::hash_name(""));
}
