// The table of experiments of FastFlowTransform's cache demo, and its modes: what is built again after which edit.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <sstream>

using namespace memo::literals;
using memo::mode;
using test::all_hit;
using test::all_ran;
using test::names;
using rows = std::vector<std::string>;

namespace {

rows lines_of(memo::file const& seed) {
  rows lines;
  std::istringstream text(content_of(seed.path()));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}
rows stg_users(memo::file const& seed) { return lines_of(seed); }
rows edited_stg_users(memo::file const& seed) {
  rows lines = lines_of(seed);
  for (std::string& line : lines) line += "!";
  return lines;
}
rows stg_orders(memo::file const& seed) { return lines_of(seed); }
std::string mart_user_orders(rows const& users, rows const& orders) {
  return std::to_string(users.size()) + " " + users.front() + " " + std::to_string(orders.size());
}
int py_constants() { return 42; }
int edited_py_constants() { return 43; }

constexpr auto models(auto users, auto constants) {
  return memo::pipeline<"cache_demo">(
      memo::input<"seed_users", memo::file>, memo::input<"seed_orders", memo::file>, users,
      memo::step<"stg_orders">(stg_orders).from<"seed_orders">().version<1>(),
      memo::step<"mart_user_orders">(mart_user_orders).from<"stg_users", "stg_orders">().version<1>(),
      constants);
}
constexpr auto users_1 = memo::step<"stg_users">(stg_users).from<"seed_users">().version<1>();
constexpr auto users_2 = memo::step<"stg_users">(edited_stg_users).from<"seed_users">().version<2>();
constexpr auto constants_1 = memo::step<"py_constants">(py_constants).version<1>();
constexpr auto constants_2 = memo::step<"py_constants">(edited_py_constants).version<2>();
constexpr auto demo = models(users_1, constants_1);

struct fixture {
  fixture() {
    write_content(folder / "users.csv", "ada\nblaise\n");
    write_content(folder / "orders.csv", "1\n2\n3\n");
  }
  auto run(auto const& pipeline, memo::options options = {}) const {
    options.env = {"FF_*"};
    return memo::runner{store, options}.run(pipeline, "seed_users"_in = folder / "users.csv",
                                            "seed_orders"_in = folder / "orders.csv");
  }
  auto first() const {
    auto made = run(demo);
    REQUIRE(made.get<"mart_user_orders">() == "2 ada 3");
    REQUIRE(made.get<"py_constants">() == 42);
    REQUIRE(all_ran(made.report()));
    return made;
  }

  scratch_folder folder;
  memo::any_store store{memo::directory_store{folder / "cache"}};
  test::variable const engine{"FF_ENGINE", "duckdb"};
};

}  // namespace

TEST_CASE_METHOD(fixture, "FastFlowTransform: first full run: all models build, cache written") {
  auto const run = first();
  for (auto const& step : run.report().steps) CHECK(step.reason == "first time");
  CHECK(store.stats().entries == 4);
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: no-op run: all skipped, also where seeds were touched") {
  first();
  auto const again = run(demo);
  CHECK(again.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_hit(again.report()));
  std::filesystem::last_write_time(folder / "users.csv", std::filesystem::file_time_type::clock::now());
  auto const touched = run(demo);
  CHECK(touched.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_hit(touched.report()));
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: modify SQL: the model and the downstream mart rebuild") {
  first();
  auto const edited = run(models(users_2, constants_1));
  CHECK(edited.get<"mart_user_orders">() == "2 ada! 3");
  CHECK(test::ran(edited.report()) == names{"stg_users", "mart_user_orders"});
  CHECK(edited.report()["stg_users"].reason == "version 1 \u2192 2");
  CHECK(edited.report()["mart_user_orders"].reason ==
        "input `stg_users` changed (it ran: version 1 \u2192 2)");
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: add seed row: staging and mart rebuild") {
  first();
  write_content(folder / "users.csv", "ada\nblaise\ncarl\n");
  auto const more = run(demo);
  CHECK(more.get<"mart_user_orders">() == "3 ada 3");
  CHECK(test::ran(more.report()) == names{"stg_users", "mart_user_orders"});
  CHECK(more.report()["stg_users"].reason == "input `seed_users` changed: users.csv");
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: change env: all nodes rebuild") {
  first();
  test::variable const other("FF_ENGINE", "postgres");
  auto const changed = run(demo);
  CHECK(changed.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_ran(changed.report()));
  for (auto const& step : changed.report().steps)
    CHECK(step.reason == "environment variable FF_ENGINE changed");
  test::variable const unrelated("OTHER_VARIABLE", "x");
  CHECK(all_hit(run(demo).report()));
  test::variable const added("FF_SCHEMA", "main");
  auto const more = run(demo);
  CHECK(all_ran(more.report()));
  CHECK(more.report()["stg_users"].reason == "environment variable FF_SCHEMA is new");
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: edit Python constant: only that model rebuilds") {
  first();
  auto const edited = run(models(users_1, constants_2));
  CHECK(edited.get<"py_constants">() == 43);
  CHECK(edited.get<"mart_user_orders">() == "2 ada 3");
  CHECK(test::ran(edited.report()) == names{"py_constants"});
  CHECK(edited.report()["py_constants"].reason == "version 1 \u2192 2");
}

TEST_CASE_METHOD(fixture,
                 "FastFlowTransform: warm and offline: a response is fetched once, until it is cleared") {
  static int fetched = 0;
  fetched = 0;
  constexpr auto http = memo::pipeline<"http">(memo::input<"url", std::string>,
                                               memo::step<"response">([](std::string const& url) {
                                                 ++fetched;
                                                 return "users of " + url;
                                               })
                                                   .from<"url">()
                                                   .version<1>());
  auto const get = [&](memo::options options) {
    return memo::runner{store, options}.run(http, "url"_in = "example.com");
  };
  CHECK(all_ran(get({}).report()));
  auto const offline = get({.mode = mode::read_only});
  CHECK(offline.get<"response">() == "users of example.com");
  CHECK(all_hit(offline.report()));
  CHECK(fetched == 1);
  store.clear_step("http", "response");
  CHECK(all_ran(get({}).report()));
  CHECK(fetched == 2);
}

TEST_CASE_METHOD(fixture, "FastFlowTransform: cache off, rw, ro and wo") {
  auto const entries = [this] { return store.stats().entries; };
  CHECK(all_ran(run(demo, {.mode = mode::off}).report()));
  CHECK(entries() == 0);
  CHECK(all_ran(run(demo, {.mode = mode::read_only}).report()));
  CHECK(entries() == 0);
  CHECK(all_ran(run(demo, {.mode = mode::write_only}).report()));
  CHECK(entries() == 4);
  auto const always = run(demo, {.mode = mode::write_only});
  CHECK(always.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_ran(always.report()));
  auto const only_read = run(demo, {.mode = mode::read_only});
  CHECK(only_read.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_hit(only_read.report()));
  auto const both = run(demo, {.mode = mode::read_write});
  CHECK(both.get<"mart_user_orders">() == "2 ada 3");
  CHECK(all_hit(both.report()));
  CHECK(entries() == 4);
}
