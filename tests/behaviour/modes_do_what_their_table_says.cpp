// The modes, plan, force, targets and strict.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <sys/stat.h>

using namespace memo::literals;
using memo::forecast;
using memo::mode;
using memo::outcome;
using test::all_hit;
using test::all_ran;
using test::calls;
using test::contains;
using test::hits;
using test::names;
using test::ran;

namespace {

int offset = 0;  // a hidden input

std::vector<int> numbers(int n) {
  std::vector<int> v(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<int>(i);
  return v;
}
int total(std::vector<int> const& v) {
  int sum = offset;
  for (int const x : v) sum += x;
  return sum;
}
int next(int n) { return n + 1; }

constexpr auto chain = memo::pipeline<"chain">(
    memo::input<"n", int>, memo::step<"numbers">(numbers).from<"n">(),
    memo::step<"total">(total).from<"numbers">(), memo::step<"next">(next).from<"total">());

/// Every path below a folder with its size and times to the nanosecond.
std::vector<std::string> listing(std::filesystem::path const& folder) {
  std::vector<std::string> lines;
  auto add = [&](std::filesystem::path const& path) {
    struct stat s{};
    if (::lstat(path.c_str(), &s) != 0) return;
    auto time = [](timespec const& t) {
      return " " + std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec);
    };
    lines.push_back(path.string() + " " + std::to_string(s.st_ino) + " " + std::to_string(s.st_size) +
                    time(s.st_mtim) + time(s.st_ctim));
  };
  add(folder);
  if (std::filesystem::exists(folder))
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) add(entry.path());
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// Removes the values of a directory store, or damages them, and keeps the entries.
std::size_t for_each_object(std::filesystem::path const& cache, void (*act)(std::filesystem::path const&)) {
  std::vector<std::filesystem::path> found;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(cache)) {
    bool const is_claims = entry.path().filename() == "claims";
    if (entry.is_regular_file() && !is_claims && entry.file_size() > 4000) found.push_back(entry.path());
  }
  for (auto const& path : found) act(path);
  return found.size();
}

}  // namespace

TEST_CASE("mode off looks nothing up and writes nothing") {
  memo::memory_store store;
  memo::runner const writing{store}, off{store, {.mode = mode::off}};
  CHECK(off.run(chain, "n"_in = 5).get<"next">() == 11);
  CHECK(store.stats().entries == 0);
  writing.run(chain, "n"_in = 5);
  auto const run = off.run(chain, "n"_in = 5);
  CHECK(run.get<"next">() == 11);
  CHECK(all_ran(run.report()));
  CHECK(run.report()["next"].reason == "caching is off");
  CHECK(store.stats().entries == 3);
}

TEST_CASE("mode read_only leaves not a byte changed") {
  scratch_folder const folder;
  auto const cache = folder / "cache";
  memo::runner const writing{memo::directory_store{cache}},
      reading{memo::directory_store{cache}, {.mode = mode::read_only}};
  SECTION("an empty place stays empty") {
    CHECK(reading.run(chain, "n"_in = 2000).get<"next">() == 1999001);
    CHECK_FALSE(std::filesystem::exists(cache));
  }
  SECTION("hits, misses, values and forced steps") {
    writing.run(chain, "n"_in = 2000);
    auto const before = listing(cache);
    auto const warm = reading.run(chain, "n"_in = 2000);
    CHECK(all_hit(warm.report()));
    CHECK(warm.get<"numbers">()[1999] == 1999);
    CHECK(warm.get<"next">() == 1999001);
    auto const other = reading.run(chain, "n"_in = 3000);
    CHECK(all_ran(other.report()));
    CHECK(other.get<"next">() == 4498501);
    memo::runner const forced{memo::directory_store{cache}, {.mode = mode::read_only, .force = {"total"}}};
    CHECK(ran(forced.run(chain, "n"_in = 2000).report()) == names{"total"});
    CHECK(listing(cache) == before);
    CHECK(all_hit(writing.run(chain, "n"_in = 2000).report()));
    CHECK(all_ran(writing.run(chain, "n"_in = 3000).report()));
  }
  SECTION("damaged values are computed and left as they are") {
    writing.run(chain, "n"_in = 2000);
    CHECK(for_each_object(cache, [](auto const& path) {
            std::string bytes = content_of(path);
            bytes[bytes.size() / 2] ^= 1;
            write_content(path, bytes);
          }) == 1);
    auto const before = listing(cache);
    auto const run = reading.run(chain, "n"_in = 2000);
    CHECK(all_hit(run.report()));
    CHECK(run.get<"numbers">()[1999] == 1999);
    CHECK(listing(cache) == before);
  }
}

TEST_CASE("mode write_only runs all and replaces what is stored") {
  memo::memory_store const store;
  memo::runner const normal{store}, writing{store, {.mode = mode::write_only}};
  offset = 0;
  normal.run(chain, "n"_in = 5);
  offset = 100;
  auto const run = writing.run(chain, "n"_in = 5);
  CHECK(all_ran(run.report()));
  CHECK(run.report()["next"].reason == "the mode looks nothing up");
  CHECK(run.get<"next">() == 111);
  offset = 0;
  auto const after = normal.run(chain, "n"_in = 5);
  CHECK(all_hit(after.report()));
  CHECK(after.get<"next">() == 111);
}

TEST_CASE("mode verify runs hits again and reports what differs, keeping what is stored") {
  scratch_folder const folder;
  memo::directory_store const directory{folder / "cache"};
  memo::runner runner{directory};
  offset = 0;
  runner.run(chain, "n"_in = 2000);
  runner.options().mode = mode::verify;
  runner.options().verify = 1;
  test::recorder events;
  runner.options().observer = &events;
  auto const fine = runner.run(chain, "n"_in = 2000);
  CHECK(all_hit(fine.report()));
  CHECK(events.steps(memo::event_kind::will_run) == names{"numbers", "total", "next"});
  CHECK(events.count(memo::event_kind::did_differ) == 0);
  for (auto const& step : fine.report().steps) CHECK_FALSE(step.differs);

  events.clear();
  offset = 256;
  auto const run = runner.run(chain, "n"_in = 2000);
  CHECK(all_hit(run.report()));
  CHECK(run.get<"total">() == 1999000);
  CHECK(run.get<"next">() == 1999001);
  CHECK(events.steps(memo::event_kind::did_differ) == names{"total"});
  auto const& total = run.report()["total"];
  CHECK(total.differs);
  CHECK(contains(total.difference, "`total`"));
  CHECK(contains(total.difference, memo::to_hex(memo::digest_of(1999000))));
  CHECK(contains(total.difference, memo::to_hex(memo::digest_of(1999256))));
  CHECK(contains(total.difference, "byte 1 of 4"));
  CHECK_FALSE(run.report()["next"].differs);
  offset = 0;
  auto const after = runner.run(chain, "n"_in = 2000);
  CHECK(after.get<"next">() == 1999001);
  CHECK_FALSE(after.report()["total"].differs);
  offset = 3;
  runner.options().verify = 0;
  CHECK_FALSE(runner.run(chain, "n"_in = 2000).report()["total"].differs);
  offset = 0;
}

TEST_CASE("mode verify runs misses as read_write does, and compares by identity") {
  static double noise;
  constexpr auto p = memo::pipeline<"noise">(
      memo::input<"x", double>,
      memo::step<"y">([](double x) { return x + noise; }).from<"x">().identity([](double y) {
        return static_cast<int>(y);
      }));
  memo::runner const runner{memo::memory_store{}, {.mode = mode::verify, .verify = 1}};
  noise = 0;
  CHECK(all_ran(runner.run(p, "x"_in = 3.25).report()));
  noise = 0.5;
  auto const near = runner.run(p, "x"_in = 3.25);
  CHECK_FALSE(near.report()["y"].differs);
  CHECK(near.get<"y">() == 3.25);
  noise = 2;
  CHECK(runner.run(p, "x"_in = 3.25).report()["y"].differs);
}

TEST_CASE("a step that throws when it is verified is reported, and its value used") {
  static bool broken;
  broken = false;
  constexpr auto p = memo::pipeline<"breaks">(memo::input<"n", int>, memo::step<"x">([](int n) {
                                                                       if (broken)
                                                                         throw std::runtime_error("gone");
                                                                       return n;
                                                                     }).from<"n">());
  memo::runner const runner{memo::memory_store{}, {.mode = mode::verify, .verify = 1}};
  runner.run(p, "n"_in = 1);
  broken = true;
  auto const run = runner.run(p, "n"_in = 1);
  CHECK(run.get<"x">() == 1);
  CHECK(run.report()["x"].differs);
  CHECK(contains(run.report()["x"].difference, "gone"));
}

TEST_CASE("a plan says hit, run or depends, runs nothing and writes nothing") {
  scratch_folder const folder;
  auto const cache = folder / "cache";
  memo::runner runner{memo::directory_store{cache}};
  auto const cold = runner.plan(chain, "n"_in = 2000);
  CHECK(cold.is_plan);
  CHECK(cold["numbers"].forecast == forecast::run);
  CHECK(cold["numbers"].reason == "first time");
  CHECK(cold["total"].forecast == forecast::depends);
  CHECK(cold["next"].forecast == forecast::depends);
  CHECK_FALSE(std::filesystem::exists(cache));
  runner.run(chain, "n"_in = 2000);
  auto const before = listing(cache);
  CHECK(runner.plan(chain, "n"_in = 2000).count(forecast::hit) == 3);
  auto const changed = runner.plan(chain, "n"_in = 3000);
  CHECK(changed["numbers"].forecast == forecast::run);
  CHECK(changed["numbers"].reason == "input `n` changed");
  CHECK(changed["numbers"].change == "2000 \u2192 3000");
  CHECK(changed["total"].forecast == forecast::depends);
  auto const targets = runner.plan<"total">(chain, "n"_in = 2000);
  CHECK(targets["total"].forecast == forecast::hit);
  CHECK(targets["next"].forecast == forecast::not_needed);
  runner.options().force = {"total"};
  auto const forced = runner.plan(chain, "n"_in = 2000);
  CHECK(forced["numbers"].forecast == forecast::hit);
  CHECK(forced["total"].forecast == forecast::run);
  CHECK(forced["total"].reason == "forced");
  CHECK(forced["next"].forecast == forecast::depends);
  runner.options() = {.mode = mode::off};
  CHECK(runner.plan(chain, "n"_in = 2000).count(forecast::run) == 3);
  runner.options() = {.mode = mode::write_only};
  CHECK(runner.plan(chain, "n"_in = 2000).count(forecast::run) == 3);
  CHECK(listing(cache) == before);
}

TEST_CASE("a forced step runs whatever is stored, and replaces it") {
  memo::runner runner{memo::memory_store{}};
  offset = 0;
  runner.run(chain, "n"_in = 4);
  offset = 10;
  runner.options().force = {"total"};
  auto const run = runner.run(chain, "n"_in = 4);
  CHECK(hits(run.report()) == names{"numbers"});
  CHECK(ran(run.report()) == names{"total", "next"});
  CHECK(run.report()["total"].reason == "forced");
  CHECK(run.get<"next">() == 17);
  runner.options().force.clear();
  offset = 0;
  auto const after = runner.run(chain, "n"_in = 4);
  CHECK(all_hit(after.report()));
  CHECK(after.get<"total">() == 16);
}

TEST_CASE("a forced name that no step has is an error that lists the steps") {
  memo::runner const runner{memo::memory_store{}, {.force = {"totl"}}};
  auto const text = test::error_of<memo::usage_error>([&] { runner.run(chain, "n"_in = 4); });
  CHECK(contains(text, "totl"));
  CHECK(contains(text, "numbers, total, next"));
  CHECK(contains(text, "hint: "));
  memo::runner const input{memo::memory_store{}, {.force = {"n"}}};
  CHECK_THROWS_AS(input.run(chain, "n"_in = 4), memo::usage_error);
  CHECK_THROWS_AS(input.plan(chain, "n"_in = 4), memo::usage_error);
}

TEST_CASE("only what the targets need runs, and the rest cannot be asked for") {
  memo::runner const runner{memo::memory_store{}};
  auto const run = runner.run<"total">(chain, "n"_in = 4);
  CHECK(run.get<"total">() == 6);
  CHECK(ran(run.report()) == names{"numbers", "total"});
  CHECK(run.report()["next"].outcome == outcome::not_needed);
  CHECK(run.get<"numbers">().size() == 4);
  auto const text = test::error_of<memo::usage_error>([&] { run.get<"next">(); });
  CHECK(contains(text, "next"));
  CHECK(contains(text, "add its name to the targets"));
  auto const input = runner.run<"n">(chain, "n"_in = 4);
  CHECK(input.get<"n">() == 4);
  CHECK(input.report().count(outcome::not_needed) == 3);
  auto const two = runner.run<"numbers", "next">(chain, "n"_in = 4);
  CHECK(ran(two.report()) == names{"next"});
  CHECK(hits(two.report()) == names{"numbers", "total"});
}

TEST_CASE("strict makes warnings of the store exceptions") {
  scratch_folder const folder;
  write_content(folder / "file", "not a folder");
  memo::runner const runner{memo::directory_store{folder / "file" / "cache"}};
  auto const run = runner.run(chain, "n"_in = 4);
  CHECK(run.get<"next">() == 7);
  CHECK(all_ran(run.report()));
  CHECK_FALSE(run.report().warnings.empty());
  memo::runner const strict{memo::directory_store{folder / "file" / "cache"}, {.strict = true}};
  CHECK_THROWS_AS(strict.run(chain, "n"_in = 4), memo::store_error);
}
