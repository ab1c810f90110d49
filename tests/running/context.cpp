#include <memo/run/context.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

using namespace memo::literals;

using memo::context;
using memo::dependency;
using memo::event_kind;
using test::names;

TEST_CASE("a context tells the observer lines and progress") {
  test::recorder events;
  context const c("fit", 7, {}, &events);
  c.log("half way");
  c.progress(3, 10);
  REQUIRE(events.seen().size() == 2);
  CHECK(events.seen()[0].kind == event_kind::did_log);
  CHECK(events.seen()[0].step == "fit");
  CHECK(events.seen()[0].text == "half way");
  CHECK(events.seen()[1].kind == event_kind::did_progress);
  CHECK(events.seen()[1].count == 3);
  CHECK(events.seen()[1].total == 10);
  context const alone("fit", 7, {}, nullptr);
  alone.log("nobody hears it");
  CHECK(alone.seed() == 7);
}

TEST_CASE("a context says when the run should end") {
  std::stop_source source;
  context const c("fit", 0, source.get_token(), nullptr);
  CHECK_FALSE(c.stop_requested());
  source.request_stop();
  CHECK(c.stop_requested());
  CHECK_FALSE(context("fit", 0, {}, nullptr).stop_requested());
}

TEST_CASE("what a step looks at is noted") {
  scratch_folder const folder;
  auto const file = folder / "a.txt";
  write_content(file, std::string("with\0zero", 9));
  test::variable const set("MEMO_TEST_CONTEXT", "value"), unset("MEMO_TEST_ABSENT", nullptr);
  context c("fit", 0, {}, nullptr);
  CHECK(c.dependencies().empty());
  CHECK(c.read(file) == std::string("with\0zero", 9));
  CHECK(c.exists(file));
  CHECK_FALSE(c.exists(folder / "b.txt"));
  CHECK(c.env("MEMO_TEST_CONTEXT") == "value");
  CHECK(c.env("MEMO_TEST_ABSENT") == std::nullopt);
  c.depends_on(folder / "c.txt");
  REQUIRE(c.dependencies().size() == 6);
  CHECK(c.dependencies()[0].what == dependency::kind::file);
  CHECK(c.dependencies()[0].name == file.string());
  CHECK(c.dependencies()[2].what == dependency::kind::absent);
  CHECK(c.dependencies()[3].what == dependency::kind::variable);
  CHECK(c.dependencies()[3].name == "MEMO_TEST_CONTEXT");
  CHECK(c.dependencies()[5].name == (folder / "c.txt").string());
}

TEST_CASE("a file that cannot be read is an error, and is noted") {
  scratch_folder const folder;
  context c("fit", 0, {}, nullptr);
  CHECK_THROWS_AS(c.read(folder / "none"), std::filesystem::filesystem_error);
  CHECK(c.dependencies().size() == 1);
}

TEST_CASE("a step's seed is the same for the same values, in every mode and store, and differs otherwise") {
  auto const draw = [](memo::context& c, int) { return c.seed(); };
  auto const p =
      memo::pipeline<"draws">(memo::input<"n", int>, memo::step<"a">(draw).from<"n">().version<1>(),
                              memo::step<"b">(draw).from<"n">().version<1>());
  auto const newer =
      memo::pipeline<"draws">(memo::input<"n", int>, memo::step<"a">(draw).from<"n">().version<2>());
  auto const elsewhere =
      memo::pipeline<"others">(memo::input<"n", int>, memo::step<"a">(draw).from<"n">().version<1>());
  auto seed = [&](auto const& pipeline, memo::options chosen, int n) {
    return memo::runner{memo::memory_store{}, std::move(chosen)}
        .run(pipeline, "n"_in = n)
        .template get<"a">();
  };
  auto const first = seed(p, {}, 1);
  CHECK(seed(p, {}, 1) == first);
  CHECK(seed(p, {.mode = memo::mode::off}, 1) == first);
  CHECK(seed(p, {.mode = memo::mode::read_only}, 1) == first);
  CHECK(seed(p, {.mode = memo::mode::write_only}, 1) == first);
  CHECK(seed(newer, {}, 1) == first);
  CHECK(seed(p, {}, 2) != first);
  CHECK(seed(elsewhere, {}, 1) != first);
  CHECK(seed(p, {.project = "q"}, 1) != first);
  auto const run = memo::runner{memo::memory_store{}}.run(p, "n"_in = 1);
  CHECK(run.get<"a">() != run.get<"b">());
}

TEST_CASE("a step that looked around is not cached, and the report names what it read") {
  constexpr auto p =
      memo::pipeline<"looks">(memo::input<"n", int>, memo::step<"x">([](memo::context& c, int n) {
                                                       return n + (c.env("MEMO_TEST_LOOK") ? 1 : 0);
                                                     }).from<"n">(),
                              memo::step<"y">([](int x) { return 10 * x; }).from<"x">());
  memo::memory_store store;
  memo::runner const runner{store};
  test::variable const absent("MEMO_TEST_LOOK", nullptr);
  runner.run(p, "n"_in = 1);
  auto const again = runner.run(p, "n"_in = 1);
  CHECK(test::ran(again.report()) == names{"x"});
  CHECK(test::contains(again.report()["x"].reason, "MEMO_TEST_LOOK"));
  test::variable const set("MEMO_TEST_LOOK", "1");
  auto const changed = runner.run(p, "n"_in = 1);
  CHECK(changed.get<"y">() == 20);
}
