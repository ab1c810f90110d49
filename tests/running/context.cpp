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

TEST_CASE("what a step looks at is noted, each thing once") {
  using kind = dependency::kind;
  scratch_folder const folder;
  auto const file = folder / "a.txt";
  std::string const text("with\0zero", 9);
  write_content(file, text);
  test::variable const set("MEMO_TEST_CONTEXT", ""), unset("MEMO_TEST_ABSENT", nullptr);
  context c("fit", 0, {}, nullptr, nullptr, 5);
  CHECK(c.dependencies().empty());
  CHECK(c.read(file) == text);
  c.depends_on(folder / "." / "a.txt");
  CHECK(c.exists(file));
  CHECK(c.exists(folder.path()));
  CHECK_FALSE(c.exists(folder / "b.txt"));
  CHECK_FALSE(c.exists(file / "below a file"));
  CHECK(c.list((folder / "*.txt").string()) == names{file.string()});
  CHECK(c.list((folder / "none" / "*").string()).empty());
  CHECK(c.env("MEMO_TEST_CONTEXT") == "");
  CHECK(c.env("MEMO_TEST_ABSENT") == std::nullopt);
  c.depends_on(folder / "c.txt");
  auto const& noted = c.dependencies();
  REQUIRE(noted.size() == 10);
  CHECK(noted[0] == dependency{kind::file, file.string(), memo::hash_bytes(memo::as_byte_view(text), 5)});
  CHECK(noted[1] == dependency{kind::present, file.string(), {}});
  CHECK(noted[2].what == kind::present);
  CHECK(noted[3] == dependency{kind::absent, (folder / "b.txt").string(), {}});
  CHECK(noted[4].what == kind::absent);
  CHECK(noted[5].what == kind::listing);
  CHECK(noted[6].content != noted[5].content);
  CHECK(noted[7].what == kind::variable);
  CHECK(noted[7].content);
  CHECK(noted[8] == dependency{kind::variable, "MEMO_TEST_ABSENT", {}});
  CHECK(noted[9] == dependency{kind::file, (folder / "c.txt").string(), {}});
  CHECK(c.notes().find_change() == "");
}

TEST_CASE("a file that cannot be read is an error, and is noted") {
  scratch_folder const folder;
  context c("fit", 0, {}, nullptr);
  CHECK_THROWS_AS(c.read(folder / "none"), std::filesystem::filesystem_error);
  REQUIRE(c.dependencies().size() == 1);
  CHECK_FALSE(c.dependencies()[0].content);
  CHECK(c.notes().problem() == "");
  std::filesystem::create_symlink("circle", folder / "circle");
  CHECK_THROWS_AS(c.exists(folder / "circle"), std::filesystem::filesystem_error);
  CHECK(c.notes().find_change() == "`" + (folder / "circle").string() + "` cannot be looked at");
}

TEST_CASE("what a step has in its own work folder is not noted") {
  scratch_folder const folder;
  test::variable const where("MEMO_WORKDIR", folder.path().c_str());
  context c("fit", 0, {}, nullptr);
  auto const checkpoint = c.workdir() / "checkpoint";
  CHECK_FALSE(c.exists(checkpoint));
  write_content(checkpoint, "7");
  CHECK(c.read(checkpoint) == "7");
  CHECK(c.list((c.workdir() / "*").string()) == names{checkpoint.string()});
  CHECK(c.read(c.workdir().parent_path() / "." / c.workdir().filename() / "checkpoint") == "7");
  CHECK(c.dependencies().empty());
}

TEST_CASE("what a step reaches through its own work folder is noted by where it is") {
  scratch_folder const folder;
  test::variable const where("MEMO_WORKDIR", (folder / "work").c_str());
  std::filesystem::create_directory(folder / "data");
  write_content(folder / "data/b.txt", "1");
  context c("fit", 0, {}, nullptr);
  std::filesystem::create_directory_symlink(folder / "data", c.workdir() / "link");
  CHECK(c.read(c.workdir() / "link/b.txt") == "1");
  CHECK(c.read(c.workdir() / "../../data/b.txt") == "1");
  REQUIRE(c.dependencies().size() == 1);
  CHECK(c.dependencies()[0].name == (folder / "data/b.txt").string());
}

TEST_CASE("without a seed for digests nothing is noted") {
  scratch_folder const folder;
  context c("fit", 0, {}, nullptr, nullptr, std::nullopt);
  CHECK_FALSE(c.exists(folder / "none"));
  CHECK(c.env("MEMO_TEST_ABSENT") == std::nullopt);
  c.depends_on(folder.path());
  CHECK(c.dependencies().empty());
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

TEST_CASE("a step that looked around is a hit as long as it would see the same") {
  constexpr auto p =
      memo::pipeline<"looks">(memo::input<"n", int>, memo::step<"x">([](memo::context& c, int n) {
                                                       return n + (c.env("MEMO_TEST_LOOK") ? 1 : 0);
                                                     }).from<"n">(),
                              memo::step<"y">([](int x) { return 10 * x; }).from<"x">());
  memo::memory_store store;
  memo::runner const runner{store};
  test::variable const absent("MEMO_TEST_LOOK", nullptr);
  runner.run(p, "n"_in = 1);
  CHECK(test::all_hit(runner.run(p, "n"_in = 1).report()));
  test::variable const set("MEMO_TEST_LOOK", "1");
  auto const changed = runner.run(p, "n"_in = 1);
  CHECK(test::ran(changed.report()) == names{"x", "y"});
  CHECK(changed.report()["x"].reason == "environment variable MEMO_TEST_LOOK is set now");
  CHECK(changed.get<"y">() == 20);
}
