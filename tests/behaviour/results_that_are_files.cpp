#include <memo/key/file_codec.hpp>
#include <memo/key/output_file.hpp>
#include <memo/memo.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// Steps that give files, types that are saved to files, and folders that outlive an attempt.

using namespace memo::literals;
namespace fs = std::filesystem;
using test::contains;
using test::names;

namespace {

fs::path where;  // steps write below this
std::atomic<int> plots{0}, reads{0};
fs::path path_seen;  // by the step that reads

std::string draw(std::vector<double> const& values) {
  return "<svg>" + std::to_string(values.size()) + std::string(200, '-') + "</svg>";
}

// As in the comment of memo::output_file: what the stream holds is written when the function is left.
memo::output_file plot(std::vector<double> const& values) {
  ++plots;
  std::ofstream out(where / "plot.svg");
  out << draw(values);
  return memo::output_file{where / "plot.svg"};
}

std::size_t measure(memo::output_file const& file) {
  ++reads;
  path_seen = file.path();
  return content_of(path_seen).size();
}

constexpr auto drawing = memo::pipeline<"drawing">(memo::input<"values", std::vector<double>>,
                                                   memo::step<"plot">(plot).from<"values">().version<1>(),
                                                   memo::step<"size">(measure).from<"plot">().version<1>());

// Every kind of store, opened again in the same place where it is on a disk.
template <class Store>
memo::any_store open(fs::path const& folder) {
  if constexpr (std::is_same_v<Store, memo::memory_store>) {
    static_cast<void>(folder);
    return memo::memory_store{};
  } else {
    return Store{folder};
  }
}

std::size_t count_in(fs::path const& folder) {
  std::size_t count = 0;
  for (auto const& item : fs::directory_iterator(folder)) count += item.path().filename() != ".swept" ? 1 : 0;
  return count;
}

// Work folders lie in a folder of the test's own.
struct work_place {
  scratch_folder root;
  test::variable variable{"MEMO_WORKDIR", root.path().c_str()};
  std::size_t count() const { return count_in(root.path()); }
};

}  // namespace

TEMPLATE_TEST_CASE("a file that a step wrote is a value in every store", "", memo::memory_store,
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  where = folder.path();
  plots = reads = 0;
  std::vector<double> const values{1, 2, 3};
  memo::runner runner{open<TestType>(folder / "cache")};
  auto go = [&] { return runner.run(drawing, "values"_in = values); };
  {
    auto const run = go();
    CHECK(test::all_ran(run.report()));
    CHECK(run.template get<"plot">().name() == "plot.svg");
    CHECK(run.template get<"size">() == draw(values).size());
    CHECK(path_seen == folder / "plot.svg");
  }
  SECTION("nothing changed") {}
  SECTION("the file was changed") { write_content(folder / "plot.svg", "scribble"); }
  SECTION("the file is gone") { fs::remove(folder / "plot.svg"); }
  if (!std::is_same_v<TestType, memo::memory_store>) runner = memo::runner{open<TestType>(folder / "cache")};
  auto const run = go();
  CHECK(test::all_hit(run.report()));
  CHECK(plots == 1);
  CHECK(reads == 1);
  memo::output_file const& stored = run.template get<"plot">();
  CHECK(stored.name() == "plot.svg");
  CHECK(memo::as_text(stored.bytes().view) == draw(values));
  CHECK(content_of(stored.path()) == draw(values));
  fs::create_directory(folder / "into");
  CHECK(content_of(stored.copy_to(folder / "into")) == draw(values));
}

TEST_CASE("a step that reads a stored file opens it at a path with its name") {
  scratch_folder const folder;
  where = folder.path();
  plots = reads = 0;
  memo::runner runner{memo::directory_store{folder / "cache"}};
  std::vector<double> const values{1};
  runner.run(drawing, "values"_in = values);
  fs::remove(folder / "plot.svg");
  runner.options().force = {"size"};
  auto const run = runner.run(drawing, "values"_in = values);
  CHECK(test::hits(run.report()) == names{"plot"});
  CHECK(test::ran(run.report()) == names{"size"});
  CHECK(run.get<"size">() == draw(values).size());
  CHECK(path_seen.filename() == "plot.svg");
  CHECK(path_seen.parent_path() != folder.path());
  CHECK(plots == 1);
}

TEST_CASE("a file that comes out the same stops the wave") {
  scratch_folder const folder;
  where = folder.path();
  plots = reads = 0;
  memo::runner runner{memo::memory_store{}};
  runner.run(drawing, "values"_in = std::vector<double>{1, 2});
  auto const run = runner.run(drawing, "values"_in = std::vector<double>{3, 4});
  CHECK(test::ran(run.report()) == names{"plot"});
  CHECK(test::hits(run.report()) == names{"size"});
}

TEST_CASE("a step that did not write what it gives fails, in every mode") {
  scratch_folder const folder;
  static fs::path missing;
  missing = folder / "missing.txt";
  static auto const forget = [] { return memo::output_file{missing}; };
  struct pair {
    int number = 1;
    std::vector<memo::output_file> files;
  };
  static auto const forget_inside = [] { return pair{2, {memo::output_file{missing}}}; };
  constexpr auto one = memo::pipeline<"one">(memo::step<"file">(+forget).version<1>());
  constexpr auto inside = memo::pipeline<"inside">(memo::step<"file">(+forget_inside).version<1>());
  for (memo::mode const mode : {memo::mode::off, memo::mode::read_write, memo::mode::write_only}) {
    memo::runner runner{memo::memory_store{}, {.mode = mode}};
    for (auto const& text : {test::error_of<memo::step_failed>([&] { runner.run(one); }),
                             test::error_of<memo::step_failed>([&] { runner.run(inside); })}) {
      CHECK(contains(text, "the step `file` failed"));
      CHECK(contains(text, "the file `missing.txt` cannot be taken as a result"));
    }
  }
  memo::runner runner{memo::memory_store{}};
  CHECK_THROWS_AS(runner.run(one), memo::step_failed);
  write_content(missing, "here");
  auto const first = runner.run(one);
  CHECK(test::all_ran(first.report()));
  CHECK(first.get<"file">().size() == 4);
  CHECK(test::all_hit(runner.run(one).report()));
}

TEST_CASE("a map gives a file for each element, and only new elements run") {
  scratch_folder const folder;
  where = folder.path();
  static std::atomic<int> calls{0};
  calls = 0;
  static auto const page = [](int n) {
    ++calls;
    if (n == 99) return memo::output_file{where / "none"};
    fs::path const path = where / ("page" + std::to_string(n));
    write_content(path, std::string(static_cast<std::size_t>(n) * 400'000, static_cast<char>('a' + n)));
    return memo::output_file{path};
  };
  constexpr auto pages = memo::pipeline<"pages">(memo::input<"numbers", std::vector<int>>,
                                                 memo::step<"pages">(+page).over<"numbers">().version<1>());
  memo::runner runner{memo::directory_store{folder / "cache"}};
  runner.run(pages, "numbers"_in = std::vector<int>{0, 1, 2, 3});
  CHECK(calls == 4);
  for (int n = 0; n < 4; ++n) fs::remove(folder / ("page" + std::to_string(n)));
  auto const run = runner.run(pages, "numbers"_in = std::vector<int>{3, 4, 1});
  CHECK(calls == 5);
  CHECK(run.report()["pages"].elements_ran == 1);
  auto const& files = run.get<"pages">();
  REQUIRE(files.size() == 3);
  CHECK(content_of(files[0].path()) == std::string(1'200'000, 'd'));
  CHECK(files[1].path() == folder / "page4");
  CHECK(files[2].name() == "page1");
  CHECK(content_of(files[2].path()) == std::string(400'000, 'b'));
  std::string const text =
      test::error_of<memo::step_failed>([&] { runner.run(pages, "numbers"_in = std::vector<int>{1, 99}); });
  CHECK(contains(text, "element 1"));
  CHECK(contains(text, "the file `none` cannot be taken as a result"));
}

namespace {

// A type whose library only saves and loads; `salt` stands for the time that a library writes into its files.
struct picture {
  explicit picture(std::string p) : points(std::move(p)) {}
  std::string points;
};
std::atomic<int> salt{0}, renders{0};

picture render(int n) {
  ++renders;
  return picture(std::string(static_cast<std::size_t>(n), '*'));
}
std::size_t count_points(picture const& p) { return p.points.size(); }

}  // namespace

template <>
struct memo::file_codec<picture> {
  static constexpr std::string_view schema = "picture:1";
  static constexpr std::string_view extension = ".png";
  static void save(picture const& p, fs::path const& path) {
    write_content(path, std::to_string(salt.load()) + "\n" + p.points);
  }
  static picture load(fs::path const& path) {
    std::string const all = content_of(path);
    return picture(all.substr(all.find('\n') + 1));
  }
};

namespace {

constexpr auto rendering =
    memo::pipeline<"rendering">(memo::input<"n", int>, memo::step<"picture">(render).from<"n">().version<1>(),
                                memo::step<"points">(count_points).from<"picture">().version<1>());

}  // namespace

TEMPLATE_TEST_CASE("a type that is saved to a file is a value in every store", "", memo::memory_store,
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  renders = salt = 0;
  memo::runner runner{open<TestType>(folder / "cache")};
  auto go = [&] { return runner.run(rendering, "n"_in = 5000); };
  {
    auto const run = go();
    CHECK(test::all_ran(run.report()));
    CHECK(run.template get<"points">() == 5000);
  }
  if (!std::is_same_v<TestType, memo::memory_store>) runner = memo::runner{open<TestType>(folder / "cache")};
  auto const run = go();
  CHECK(test::all_hit(run.report()));
  CHECK(run.template get<"picture">().points == std::string(5000, '*'));
  CHECK(renders == 1);
}

TEST_CASE("verify reports a library that writes something else each time") {
  renders = salt = 0;
  memo::runner runner{memo::memory_store{}};
  runner.run(rendering, "n"_in = 5);
  runner.options().mode = memo::mode::verify;
  runner.options().verify = 1;
  auto const same = runner.run(rendering, "n"_in = 5);
  CHECK(test::all_hit(same.report()));
  CHECK_FALSE(same.report()["picture"].differs);
  CHECK(renders == 2);
  ++salt;
  auto const run = runner.run(rendering, "n"_in = 5);
  CHECK(test::all_hit(run.report()));
  CHECK(run.report()["picture"].differs);
  CHECK(run.get<"points">() == 5);
}

namespace {

std::atomic<bool> fails{false};
std::atomic<int> resumed_at{0}, attempts{0};
std::set<fs::path> folders_seen;

// Counts to `n`, and leaves its count where a later attempt finds it.
int count_up(memo::context& context, int n) {
  ++attempts;
  fs::path const checkpoint = context.workdir() / "count";
  folders_seen.insert(context.workdir());
  int at = fs::exists(checkpoint) ? std::stoi(content_of(checkpoint)) : 0;
  resumed_at = at;
  while (at < n) {
    write_content(checkpoint, std::to_string(++at));
    if (fails && at == n / 2) throw std::runtime_error("the machine is needed");
  }
  return at;
}

constexpr auto counting =
    memo::pipeline<"counting">(memo::input<"n", int>, memo::step<"count">(count_up).from<"n">().version<1>());

}  // namespace

TEST_CASE("a work folder survives a failed attempt and is removed when the result is kept") {
  work_place const place;
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}};
  fails = true;
  CHECK_THROWS_AS(runner.run(counting, "n"_in = 10), memo::step_failed);
  CHECK(resumed_at == 0);
  CHECK(place.count() == 2);
  CHECK_THROWS_AS(runner.run(counting, "n"_in = 20), memo::step_failed);
  CHECK(resumed_at == 0);  // another key
  CHECK(place.count() == 4);
  fails = false;
  auto const run = runner.run(counting, "n"_in = 10);
  CHECK(test::all_ran(run.report()));
  CHECK(resumed_at == 5);
  CHECK(run.get<"count">() == 10);
  CHECK(place.count() == 2);
  CHECK(test::all_hit(runner.run(counting, "n"_in = 10).report()));
}

TEST_CASE("an attempt that is tried again finds its work folder") {
  work_place const place;
  static int tries;
  tries = 0;
  static auto const flaky = [](memo::context& context) {
    if (++tries == 1) {
      write_content(context.workdir() / "half", "x");
      throw std::runtime_error("once");
    }
    return fs::exists(context.workdir() / "half");
  };
  constexpr auto trying = memo::pipeline<"trying">(
      memo::step<"found">(+flaky).version<1>().retry(1, std::chrono::milliseconds(0)));
  memo::runner runner{memo::memory_store{}};
  auto const run = runner.run(trying);
  CHECK(test::all_ran(run.report()));
  CHECK(run.get<"found">());
  CHECK(place.count() == 0);
}

TEST_CASE("what is not kept has a work folder all the same, gone with a success") {
  work_place const place;
  fails = false;
  memo::mode const mode = GENERATE(memo::mode::off, memo::mode::read_only, memo::mode::write_only);
  memo::runner runner{memo::memory_store{}, {.mode = mode}};
  CHECK(runner.run(counting, "n"_in = 4).get<"count">() == 4);
  CHECK(resumed_at == 0);
  CHECK(place.count() == 0);
  fails = true;
  CHECK_THROWS_AS(runner.run(counting, "n"_in = 4), memo::step_failed);
  CHECK(place.count() == (mode == memo::mode::off ? 0u : 2u));
  fails = false;
}

TEST_CASE("a work folder stays where the result could not be stored") {
  work_place const place;
  scratch_folder const folder;
  fails = false;
  memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
  {
    auto& write = memo::detail::os::table.writev;
    struct restored {
      ~restored() { of = before; }
      decltype(write)& of;
      std::remove_reference_t<decltype(write)> before;
    } const at_end{write, write};
    write = [](int, iovec const*, int) -> ssize_t {
      errno = ENOSPC;
      return -1;
    };
    auto const run = runner.run(counting, "n"_in = 6);
    CHECK(test::all_ran(run.report()));
    CHECK_FALSE(run.report().warnings.empty());
    CHECK(run.get<"count">() == 6);
  }
  CHECK(place.count() == 2);
  auto const run = runner.run(counting, "n"_in = 6);
  CHECK(test::all_ran(run.report()));
  CHECK(resumed_at == 6);
  CHECK(place.count() == 0);
  CHECK(test::all_hit(runner.run(counting, "n"_in = 6).report()));
}

TEST_CASE("verify computes in a fresh work folder") {
  work_place const place;
  fails = true;
  memo::runner runner{memo::memory_store{}};
  CHECK_THROWS_AS(runner.run(counting, "n"_in = 8), memo::step_failed);
  fails = false;
  runner.run(counting, "n"_in = 8);
  CHECK(resumed_at == 4);
  runner.options().mode = memo::mode::verify;
  runner.options().verify = 1;
  folders_seen.clear();
  auto const run = runner.run(counting, "n"_in = 8);
  CHECK(test::all_hit(run.report()));
  CHECK_FALSE(run.report()["count"].differs);
  CHECK(resumed_at == 0);
  REQUIRE(folders_seen.size() == 1);
  CHECK(contains(folders_seen.begin()->string(), "once-"));
  CHECK(place.count() == 0);
}

TEST_CASE("a cancelled step finds its work folder the next time") {
  work_place const place;
  static std::stop_source stops;
  static auto const stoppable = [](memo::context& context) {
    bool const was_there = fs::exists(context.workdir() / "half");
    write_content(context.workdir() / "half", "x");
    if (!was_there) stops.request_stop();
    return context.stop_requested() ? -1 : was_there ? 1 : 0;
  };
  constexpr auto stopping = memo::pipeline<"stopping">(memo::step<"found">(+stoppable).version<1>());
  memo::runner runner{memo::memory_store{}, {.stop = stops.get_token()}};
  CHECK_THROWS_AS(runner.run(stopping), memo::run_cancelled);
  CHECK(place.count() == 2);
  runner.options().stop = {};
  auto const run = runner.run(stopping);
  CHECK(test::all_ran(run.report()));
  CHECK(run.get<"found">() == 1);
  CHECK(place.count() == 0);
}

TEST_CASE("a memoized function gives files and has a work folder") {
  work_place const place;
  scratch_folder const folder;
  static fs::path target;
  static int resumed;
  target = folder / "result.txt";
  resumed = 0;
  fails = true;
  auto const make = memo::memoize<"make">(
      +[](memo::context& context, int n) {
        resumed += fs::exists(context.workdir() / "half") ? 1 : 0;
        write_content(context.workdir() / "half", "x");
        if (fails) throw std::runtime_error("the machine is needed");
        write_content(context.workdir() / "out.txt", std::to_string(n));
        return memo::output_file{n == 99 ? target : context.workdir() / "out.txt"};
      },
      memo::memory_store{});
  CHECK_THROWS_AS(make(5), std::runtime_error);
  CHECK(place.count() == 2);
  fails = false;
  memo::output_file const made = make(5);
  CHECK(resumed == 1);
  CHECK(place.count() == 0);
  CHECK(content_of(made.path()) == "5");
  CHECK(make(5) == made);
  CHECK(make.stats().hits == 1);
  CHECK(make.stats().misses == 2);
  CHECK(contains(test::error_of([&] { make(99); }), "the file `result.txt` cannot be taken as a result"));
}

TEST_CASE("a work folder is found again only while what its step had read is as it was") {
  work_place const place;
  scratch_folder const folder;
  static fs::path beside;
  static bool breaks;
  beside = folder / "beside.txt";
  // The first attempt leaves what it made of a file; the next one may go on with it without looking at the file.
  static auto const half_by_half = [](memo::context& context, int n) {
    auto const early = context.env("MEMO_TEST_UNSET");
    fs::path const half = context.workdir() / "half";
    if (!fs::exists(half)) write_content(half, context.read(beside) + std::to_string(n));
    if (breaks) throw std::runtime_error("the machine is needed");
    return content_of(half) + early.value_or("");
  };
  constexpr auto halves = memo::pipeline<"halves">(
      memo::input<"n", int>, memo::step<"text">(+half_by_half).from<"n">().version<1>());
  memo::runner runner{memo::memory_store{}};
  auto go = [&] { return runner.run(halves, "n"_in = 1); };
  auto fail = [&](std::string const& content) {
    write_content(beside, content);
    breaks = true;
    CHECK_THROWS_AS(go(), memo::step_failed);
    breaks = false;
  };
  auto half = [&] {
    for (auto const& item : fs::recursive_directory_iterator(place.root.path()))
      if (item.path().filename() == "half") return content_of(item.path());
    return std::string("none");
  };

  fail("old ");
  CHECK(half() == "old 1");
  fail("old ");
  CHECK(half() == "old 1");
  fail("new ");
  CHECK(half() == "new 1");
  {
    auto const run = go();
    CHECK(test::all_ran(run.report()));
    CHECK(run.get<"text">() == "new 1");
  }
  CHECK(place.count() == 0);
  CHECK(test::all_hit(go().report()));
  // What the first attempt read counts, though the second, whose result is kept, did not read it.
  write_content(beside, "newer ");
  {
    auto const run = go();
    CHECK(test::all_ran(run.report()));
    CHECK(run.get<"text">() == "newer 1");
  }
  write_content(beside, "new ");
  CHECK(test::all_hit(go().report()));
  CHECK(go().get<"text">() == "new 1");
}

TEST_CASE("a step that a signal kills goes on where it was") {
  work_place const place;
  scratch_folder const folder;
  static test::channel half;
  static bool waits;
  static auto const long_step = [](memo::context& context, int n) {
    fs::path const checkpoint = context.workdir() / "count";
    int at = fs::exists(checkpoint) ? std::stoi(content_of(checkpoint)) : 0;
    int const began = at;
    while (at < n) {
      write_content(checkpoint, std::to_string(++at));
      if (waits && at == n / 2) {
        half.send();
        ::pause();
      }
    }
    return began;
  };
  constexpr auto long_run =
      memo::pipeline<"long">(memo::input<"n", int>, memo::step<"began">(+long_step).from<"n">().version<1>());
  waits = true;
  test::process child([&] {
    memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
    runner.run(long_run, "n"_in = 30);
    return 0;
  });
  half.receive();
  child.end(SIGKILL);
  waits = false;
  memo::runner runner{memo::directory_store{folder / "cache"}};
  auto const run = runner.run(long_run, "n"_in = 30);
  CHECK(test::all_ran(run.report()));
  CHECK(run.get<"began">() == 15);
  CHECK(place.count() == 0);
  CHECK(test::all_hit(runner.run(long_run, "n"_in = 30).report()));
}

TEST_CASE("two processes that compute one key never share a work folder") {
  work_place const place;
  static test::channel there, go_on;
  static auto const meet = [](memo::context& context) {
    write_content(context.workdir() / "who", std::to_string(::getpid()));
    there.send();
    go_on.receive();
    return content_of(context.workdir() / "who") == std::to_string(::getpid());
  };
  constexpr auto meeting = memo::pipeline<"meeting">(memo::step<"alone">(+meet).version<1>());
  auto const compute = [&] {
    memo::runner runner{memo::memory_store{}, {.jobs = 1}};  // of its own: nobody waits for the other
    auto const run = runner.run(meeting);
    return test::all_ran(run.report()) && run.get<"alone">() ? 0 : 1;
  };
  test::process one(compute), other(compute);
  there.receive();
  there.receive();
  CHECK(place.count() == 4);
  go_on.send(2);
  CHECK(one.join() == 0);
  CHECK(other.join() == 0);
  CHECK(place.count() == 0);
}

TEST_CASE("each element of a map has a work folder of its own that survives its failure") {
  work_place const place;
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 2, .keep_going = true}};
  static std::atomic<bool> breaks;
  breaks = true;
  static std::atomic<int> resumed;
  resumed = 0;
  static auto const work = [](memo::context& context, int n) {
    fs::path const checkpoint = context.workdir() / "half";
    if (fs::exists(checkpoint)) resumed += std::stoi(content_of(checkpoint)) == n ? 1 : 100;
    write_content(checkpoint, std::to_string(n));
    if (breaks && n % 2 == 1) throw std::runtime_error("odd");
    return n * n;
  };
  constexpr auto squares = memo::pipeline<"squares">(
      memo::input<"numbers", std::vector<int>>, memo::step<"squares">(+work).over<"numbers">().version<1>());
  std::vector<int> const numbers{1, 2, 3, 4, 5, 6};
  CHECK_FALSE(runner.run(squares, "numbers"_in = numbers).ok());
  CHECK(place.count() == 6);  // of three elements, and their locks
  CHECK(resumed == 0);
  breaks = false;
  auto const run = runner.run(squares, "numbers"_in = numbers);
  CHECK(run.get<"squares">() == std::vector<int>{1, 4, 9, 16, 25, 36});
  CHECK(run.report()["squares"].elements_ran == 3);
  CHECK(resumed == 3);
  CHECK(place.count() == 0);
  CHECK(test::all_hit(runner.run(squares, "numbers"_in = numbers).report()));
}

TEST_CASE("a file in a work folder is a result that outlives the folder") {
  work_place const place;
  scratch_folder const folder;
  static auto const make = [](memo::context& context, int n) {
    fs::path const path = context.workdir() / "out.txt";
    write_content(path, "made of " + std::to_string(n));
    return memo::output_file{path};
  };
  static auto const read = [](memo::output_file const& file) { return content_of(file.path()); };
  static auto const read_all = [](std::vector<memo::output_file> const& files) {
    std::string all;
    for (auto const& file : files) all += content_of(file.path()) + ";";
    return all;
  };
  constexpr auto making =
      memo::pipeline<"making">(memo::input<"n", int>, memo::input<"numbers", std::vector<int>>,
                               memo::step<"file">(+make).from<"n">().version<1>(),
                               memo::step<"text">(+read).from<"file">().version<1>(),
                               memo::step<"files">(+make).over<"numbers">().version<1>(),
                               memo::step<"texts">(+read_all).from<"files">().version<1>());
  memo::mode const mode = GENERATE(memo::mode::off, memo::mode::read_write);
  memo::runner runner{memo::mmap_store{folder / "cache"}, {.mode = mode}};
  auto go = [&] { return runner.run(making, "n"_in = 7, "numbers"_in = std::vector<int>{1, 2}); };
  auto const run = go();
  CHECK(test::all_ran(run.report()));
  CHECK(run.get<"text">() == "made of 7");
  CHECK(run.get<"texts">() == "made of 1;made of 2;");
  CHECK(place.count() == 0);
  CHECK(content_of(run.get<"file">().path()) == "made of 7");
  if (mode == memo::mode::off) return;
  auto const again = go();
  CHECK(test::all_hit(again.report()));
  CHECK(content_of(again.get<"file">().path()) == "made of 7");
}
