// What of the file system counts, in runs: contents and names, not stamps.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"
#include "../support/stat_seam.hpp"

#include <memo/key/directory.hpp>
#include <memo/key/glob.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace memo::literals;
namespace fs = std::filesystem;
namespace os = memo::detail::os;

namespace {

std::string text_of(memo::file const& f) { return content_of(f.path()); }
std::string all_of(std::vector<memo::file> const& files) {
  std::string all;
  for (auto const& f : files) all += content_of(f.path());
  return all;
}
std::string tree_of(memo::directory const& d) {
  std::string all;
  std::vector<fs::path> paths;
  for (auto const& entry : fs::recursive_directory_iterator(d.path()))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (auto const& path : paths) all += content_of(path);
  return all;
}
std::string matching(memo::glob const& g) {
  std::string all;
  for (auto const& path : g.paths()) all += path.filename().string() + "=" + content_of(path) + ";";
  return all;
}

constexpr auto reading = memo::pipeline<"reading">(memo::input<"f", memo::file>,
                                                   memo::step<"text">(text_of).from<"f">().version<1>());
constexpr auto many = memo::pipeline<"many">(memo::input<"files", std::vector<memo::file>>,
                                             memo::step<"all">(all_of).from<"files">().version<1>(),
                                             memo::step<"each">(text_of).over<"files">().version<1>());
constexpr auto tree = memo::pipeline<"tree">(memo::input<"d", memo::directory>, memo::input<"g", memo::glob>,
                                             memo::step<"tree">(tree_of).from<"d">().version<1>(),
                                             memo::step<"match">(matching).from<"g">().version<1>());

void age(fs::path const& path) { fs::last_write_time(path, fs::file_time_type::clock::now()); }

bool has_note(memo::report const& report, std::string_view part) {
  return std::any_of(report.notes.begin(), report.notes.end(),
                     [&](std::string const& note) { return test::contains(note, part); });
}

// As in a new process.
void forget() {
  test::stat_seam::forget();
  memo::detail::file_records::process().clear();
}

int reads = 0;
class read_counter {
 public:
  read_counter() {
    reads = 0;
    os::table.pread = [](int fd, void* to, std::size_t n, off_t at) {
      ++reads;
      return ::pread(fd, to, n, at);
    };
  }
  ~read_counter() { os::table.pread = os::calls().pread; }
};

}  // namespace

TEST_CASE("no edit within a tick of the file system's clock gives a stale result") {
  auto const [tick, shift] =
      GENERATE(std::pair{1, 0}, std::pair{2, 0}, std::pair{1, -3600}, std::pair{2, 3600});
  int const edits = test::is_long() ? 10'000 : 500;
  CAPTURE(tick, shift);
  scratch_folder const scratch;
  fs::path const path = scratch / "a";
  test::stat_seam const coarse(tick, shift);
  memo::runner runner{memo::memory_store{}, {.jobs = 1}};
  write_content(path, "000000");
  int stale = 0, not_run = 0, not_hit = 0;
  for (int i = 0; i < edits; ++i) {
    std::string const text = std::to_string(100'000 + i);
    std::fstream(path, std::ios::in | std::ios::out) << text;
    auto const run = runner.run(reading, "f"_in = path);
    stale += run.get<"text">() != text;
    not_run += !test::all_ran(run.report());
    not_hit += i % 10 == 0 && !test::all_hit(runner.run(reading, "f"_in = path).report());
  }
  CHECK(stale == 0);
  CHECK(not_run == 0);
  CHECK(not_hit == 0);
}

TEST_CASE("touching a thousand files runs nothing, and the report says so") {
  scratch_folder const scratch;
  std::vector<memo::file> files;
  for (int i = 0; i < 1000; ++i) {
    std::string const name = std::to_string(1000 + i);
    write_content(scratch / name, name);
    files.emplace_back(scratch / name);
  }
  memo::runner runner{memo::memory_store{}};
  CHECK(test::all_ran(runner.run(many, "files"_in = files).report()));
  auto const again = runner.run(many, "files"_in = files).report();
  CHECK(test::all_hit(again));
  CHECK_FALSE(has_note(again, "touched"));
  for (auto const& f : files) age(f.path());
  auto const touched = runner.run(many, "files"_in = files);
  CHECK(test::all_hit(touched.report()));
  CHECK(has_note(touched.report(), "touched, same content: `" + files[0].path().string() + "`, `" +
                                       files[1].path().string() + "` and 998 more"));
  CHECK(touched.get<"each">()[7] == "1007");

  write_content(scratch / "1007", "7001");
  auto const edited = runner.run(many, "files"_in = files);
  CHECK(test::all_ran(edited.report()));
  CHECK(edited.report()["each"].elements_ran == 1);
  CHECK(edited.get<"each">()[7] == "7001");
}

TEST_CASE("a new process does not read files that an earlier one knew") {
  scratch_folder const scratch;
  for (char const* name : {"a", "b"}) write_content(scratch / name, name);
  std::vector<memo::file> const files{scratch / "a", scratch / "b"};
  // Old enough for their stamps to tell them from what they become.
  for (bool is_young = true; is_young;) {
    test::stat_seam::forget();
    is_young = false;
    for (auto const& f : files) {
      memo::file_digest(f.path().string());
      read_counter const counter;
      memo::file_digest(f.path().string());
      is_young = is_young || reads != 0;
    }
  }
  memo::directory_store const store{scratch / "cache"};
  forget();
  CHECK(test::all_ran(memo::runner{store}.run(many, "files"_in = files).report()));
  forget();
  {
    read_counter const counter;
    CHECK(test::all_hit(memo::runner{store}.run(many, "files"_in = files).report()));
    CHECK(reads == 0);
  }
  forget();
  {
    read_counter const counter;
    memo::runner reader{store, {.mode = memo::mode::read_only}};
    CHECK(test::all_hit(reader.run(many, "files"_in = files).report()));
    CHECK(reads == 0);
  }
  age(scratch / "a");
  forget();
  auto const touched = memo::runner{store}.run(many, "files"_in = files);
  CHECK(test::all_hit(touched.report()));
  CHECK(has_note(touched.report(), "touched, same content: `" + files[0].path().string() + "`"));
  write_content(scratch / "a", "A");
  forget();
  auto const edited = memo::runner{store}.run(many, "files"_in = files);
  CHECK(test::all_ran(edited.report()));
  CHECK(edited.get<"all">() == "Ab");
}

TEST_CASE("a directory and a glob are inputs") {
  scratch_folder const scratch;
  fs::create_directories(scratch / "d" / "e");
  write_content(scratch / "d" / "a.csv", "1");
  write_content(scratch / "d" / "e" / "b.txt", "2");
  memo::runner runner{memo::memory_store{}};
  auto const go = [&] {
    return runner.run(tree, "d"_in = scratch / "d", "g"_in = (scratch / "d" / "*.csv").string());
  };
  auto const first = go();
  CHECK(test::all_ran(first.report()));
  CHECK(first.get<"tree">() == "12");
  CHECK(first.get<"match">() == "a.csv=1;");
  age(scratch / "d" / "a.csv");
  CHECK(test::all_hit(go().report()));

  write_content(scratch / "d" / "e" / "b.txt", "3");
  auto const below = go();
  CHECK(test::ran(below.report()) == test::names{"tree"});
  CHECK(test::hits(below.report()) == test::names{"match"});
  CHECK(below.get<"tree">() == "13");

  write_content(scratch / "d" / "c.csv", "4");
  auto const more = go();
  CHECK(test::all_ran(more.report()));
  CHECK(more.get<"match">() == "a.csv=1;c.csv=4;");
  fs::remove(scratch / "d" / "c.csv");
  CHECK(test::all_hit(go().report()));
}

TEST_CASE("several directories and globs in a vector, and in a map") {
  static constexpr auto folders = memo::pipeline<"folders">(
      memo::input<"ds", std::vector<memo::directory>>, memo::input<"gs", std::vector<memo::glob>>,
      memo::step<"trees">(tree_of).over<"ds">().version<1>(),
      memo::step<"matches">(matching).over<"gs">().version<1>());
  scratch_folder const scratch;
  std::vector<memo::directory> ds;
  std::vector<memo::glob> gs;
  for (char const* name : {"one", "two"}) {
    fs::create_directories(scratch / name);
    write_content(scratch / name / "a", name);
    ds.emplace_back(scratch / name);
    gs.emplace_back((scratch / name / "*").string());
  }
  memo::runner runner{memo::memory_store{}};
  CHECK(test::all_ran(runner.run(folders, "ds"_in = ds, "gs"_in = gs).report()));
  CHECK(test::all_hit(runner.run(folders, "ds"_in = ds, "gs"_in = gs).report()));
  write_content(scratch / "two" / "a", "TWO");
  auto const edited = runner.run(folders, "ds"_in = ds, "gs"_in = gs);
  CHECK(test::all_ran(edited.report()));
  CHECK(edited.report()["trees"].elements_ran == 1);
  CHECK(edited.report()["matches"].elements_ran == 1);
  CHECK(edited.get<"trees">() == std::vector<std::string>{"one", "TWO"});
}

TEST_CASE("big files are hashed on the threads of the run") {
  static constexpr auto sizes = memo::pipeline<"sizes">(
      memo::input<"files", std::vector<memo::file>>, memo::input<"d", memo::directory>,
      memo::step<"sum">([](std::vector<memo::file> const& files) {
        std::uintmax_t sum = 0;
        for (auto const& f : files) sum += fs::file_size(f.path());
        return static_cast<double>(sum);
      })
          .from<"files">()
          .version<1>(),
      memo::step<"last">([](memo::directory const& d) { return content_of(d.path() / "2").back(); })
          .from<"d">()
          .version<1>());
  scratch_folder const scratch;
  std::vector<memo::file> files;
  for (int i = 0; i < 3; ++i) {
    write_content(scratch / std::to_string(i), std::string(1 << 20, static_cast<char>('a' + i)));
    files.emplace_back(scratch / std::to_string(i));
  }
  memo::runner runner{memo::memory_store{}, {.jobs = 3}};
  forget();
  auto const go = [&] { return runner.run(sizes, "files"_in = files, "d"_in = scratch.path()); };
  auto const cold = go();
  CHECK(test::all_ran(cold.report()));
  CHECK(cold.get<"sum">() == 3 << 20);
  forget();
  CHECK(test::all_hit(go().report()));
  write_content(scratch / "2", std::string(1 << 20, 'x'));
  auto const edited = go();
  CHECK(test::all_ran(edited.report()));
  CHECK(edited.get<"last">() == 'x');
}

TEST_CASE("by stat, what counts is size and time, and nothing is read") {
  scratch_folder const scratch;
  fs::path const path = scratch / "a";
  write_content(path, "old");
  auto const time = fs::last_write_time(path);
  memo::runner runner{memo::memory_store{}};
  auto const go = [&] { return runner.run(reading, "f"_in = memo::file(path).by_stat()); };
  {
    read_counter const counter;
    CHECK(test::all_ran(go().report()));
    CHECK(test::all_hit(go().report()));
    CHECK(reads == 0);
  }
  write_content(path, "new");
  fs::last_write_time(path, time);
  auto const blind = go();
  CHECK(test::all_hit(blind.report()));
  CHECK(blind.get<"text">() == "old");
  fs::last_write_time(path, time + std::chrono::seconds(5));
  auto const seen = go();
  CHECK(test::all_ran(seen.report()));
  CHECK(seen.get<"text">() == "new");
  // By content it is another value.
  CHECK(test::all_ran(runner.run(reading, "f"_in = path).report()));
}

TEST_CASE("a file that a step's run edits, or edits and edits back, keeps the result out of the cache") {
  static fs::path path;
  static bool edits;
  static fs::file_time_type before;
  static std::string back;
  static bool sets_back;
  static constexpr auto racing =
      memo::pipeline<"racing">(memo::input<"f", memo::file>, memo::step<"text">([](memo::file const& f) {
                                                               if (edits) write_content(path, "other");
                                                               std::string const text = content_of(f.path());
                                                               if (edits) write_content(path, back);
                                                               if (edits && sets_back)
                                                                 fs::last_write_time(path, before);
                                                               return text;
                                                             })
                                                                 .from<"f">()
                                                                 .version<1>());
  back = GENERATE("first", "changed");
  sets_back = GENERATE(false, true);
  CAPTURE(back, sets_back);
  scratch_folder const scratch;
  path = scratch / "a";
  write_content(path, "first");
  before = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(path, before);
  // Edits in the tick in which it was hashed would be no other stamp.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  memo::runner runner{memo::memory_store{}};
  edits = true;
  auto const raced = runner.run(racing, "f"_in = path);
  CHECK(test::all_ran(raced.report()));
  CHECK(raced.get<"text">() == "other");
  edits = false;
  write_content(path, "first");
  auto const calm = runner.run(racing, "f"_in = path);
  CHECK(test::all_ran(calm.report()));
  CHECK(calm.get<"text">() == "first");
  auto const again = runner.run(racing, "f"_in = path);
  CHECK(test::all_hit(again.report()));
  CHECK(again.get<"text">() == "first");
}

TEST_CASE("a file that an element's run edits and edits back keeps that element out of the cache") {
  static fs::path path;
  static bool edits;
  static constexpr auto racing = memo::pipeline<"racing elements">(
      memo::input<"files", std::vector<memo::file>>, memo::step<"texts">([](memo::file const& f) {
                                                       bool const is_raced = edits && f.path() == path;
                                                       if (is_raced) write_content(path, "other");
                                                       std::string const text = content_of(f.path());
                                                       if (is_raced) write_content(path, "first");
                                                       return text;
                                                     })
                                                         .over<"files">()
                                                         .version<1>());
  scratch_folder const scratch;
  path = scratch / "a";
  std::vector<memo::file> const files{path, scratch / "b"};
  for (auto const& f : files) {
    write_content(f.path(), "first");
    fs::last_write_time(f.path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  write_content(files[1].path(), "second");
  memo::runner runner{memo::memory_store{}};
  edits = true;
  auto const raced = runner.run(racing, "files"_in = files);
  CHECK(raced.get<"texts">() == std::vector<std::string>{"other", "second"});
  edits = false;
  auto const calm = runner.run(racing, "files"_in = files);
  CHECK(test::all_ran(calm.report()));
  CHECK(calm.report()["texts"].elements_ran == 1);
  CHECK(calm.get<"texts">() == std::vector<std::string>{"first", "second"});
  CHECK(test::all_hit(runner.run(racing, "files"_in = files).report()));
}

TEST_CASE("a file that gets another name is the same file, and not touched") {
  scratch_folder const scratch;
  write_content(scratch / "a", "content");
  memo::runner runner{memo::memory_store{}};
  CHECK(test::all_ran(runner.run(reading, "f"_in = scratch / "a").report()));
  fs::create_hard_link(scratch / "a", scratch / "b");
  auto const linked = runner.run(reading, "f"_in = scratch / "a");
  CHECK(test::all_hit(linked.report()));
  CHECK_FALSE(has_note(linked.report(), "touched"));
}

TEST_CASE("a step that takes a context is keyed by where its directory and glob lie") {
  static constexpr auto neighbours = memo::pipeline<"neighbours">(
      memo::input<"d", memo::directory>, memo::input<"g", memo::glob>,
      memo::step<"d_there">([](memo::context&, memo::directory const& d) { return d.path().string(); })
          .from<"d">()
          .version<1>(),
      memo::step<"g_there">([](memo::context&, memo::glob const& g) { return g.pattern(); })
          .from<"g">()
          .version<1>());
  scratch_folder const scratch;
  memo::runner runner{memo::memory_store{}};
  auto const go = [&](char const* name) {
    fs::create_directories(scratch / name);
    write_content(scratch / name / "a", "same");
    return runner.run(neighbours, "d"_in = scratch / name, "g"_in = (scratch / name / "*").string());
  };
  CHECK(test::all_ran(go("one").report()));
  CHECK(test::all_hit(go("one").report()));
  auto const two = go("two");
  CHECK(test::all_ran(two.report()));
  CHECK(two.get<"d_there">() == (scratch / "two").string());
  CHECK(two.get<"g_there">() == (scratch / "two" / "*").string());
}

namespace {

struct numbered_file {
  memo::file main;
  int number = 0;
};

std::string neighbour(memo::context& ctx, memo::file const& f) {
  return ctx.read(f.path().parent_path() / "b.txt");
}

}  // namespace

TEST_CASE("a step that looks around is keyed by where the files in its inputs lie") {
  static constexpr auto around = memo::pipeline<"around">(
      memo::input<"list", std::vector<memo::file>>, memo::input<"one", numbered_file>,
      memo::input<"all", std::vector<numbered_file>>,
      memo::step<"first">([](memo::context& ctx, std::vector<memo::file> const& files) {
        return neighbour(ctx, files.front());
      })
          .from<"list">()
          .version<1>(),
      memo::step<"inner">(
          [](memo::context& ctx, numbered_file const& one) { return neighbour(ctx, one.main); })
          .from<"one">()
          .version<1>(),
      memo::step<"each">(
          [](memo::context& ctx, numbered_file const& one) { return neighbour(ctx, one.main); })
          .over<"all">()
          .version<1>(),
      memo::step<"plain">([](numbered_file const& one) { return content_of(one.main.path()); })
          .from<"one">()
          .version<1>());
  scratch_folder const scratch;
  memo::runner runner{memo::memory_store{}};
  auto const go = [&](char const* name) {
    return runner.run(around, "list"_in = std::vector<memo::file>{scratch / name / "main"},
                      "one"_in = numbered_file{scratch / name / "main", 1},
                      "all"_in = std::vector<numbered_file>{{scratch / name / "main", 1}});
  };
  for (char const* name : {"x", "y"}) {
    fs::create_directories(scratch / name);
    write_content(scratch / name / "main", "same");
    write_content(scratch / name / "b.txt", name);
  }
  CHECK(test::all_ran(go("x").report()));
  CHECK(test::all_hit(go("x").report()));
  auto const y = go("y");
  CHECK(test::ran(y.report()) == test::names{"first", "inner", "each"});
  CHECK(test::hits(y.report()) == test::names{"plain"});
  CHECK(y.get<"first">() == "y");
  CHECK(y.get<"inner">() == "y");
  CHECK(y.get<"each">() == std::vector<std::string>{"y"});
  CHECK(test::all_hit(go("y").report()));
}

TEST_CASE("a memoized function that looks around is keyed by where its files lie") {
  memo::memory_store store;
  auto const around = memo::memoize<"around">(
                          +[](memo::context& ctx, memo::file const& f) { return neighbour(ctx, f); }, store)
                          .version<1>();
  scratch_folder const scratch;
  for (char const* name : {"x", "y"}) {
    fs::create_directories(scratch / name);
    write_content(scratch / name / "main", "same");
    write_content(scratch / name / "b.txt", name);
  }
  CHECK(around(scratch / "x" / "main") == "x");
  CHECK(around(scratch / "x" / "main") == "x");
  CHECK(around.stats().hits == 1);
  CHECK(around(scratch / "y" / "main") == "y");
  CHECK(around.stats().misses == 2);
}
