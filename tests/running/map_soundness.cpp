// What a map must not give: results of files that changed meanwhile, results that a check refused, results too old, and
// results that were replaced.
#include <memo/run/runner.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <atomic>
#include <filesystem>
#include <stdexcept>

using namespace memo::literals;
using memo::outcome;

namespace {

std::atomic<int> calls{0};
int knob = 0;
std::filesystem::path changing;

int knobbed(int x) {
  ++calls;
  return 1000 * x + knob;
}
std::string content_and_change(memo::file const& f) {
  if (knob == 1) write_content(f.path(), "new");
  return content_of(f.path());
}
std::string content_with(memo::file const& f, int) { return content_of(f.path()); }
int change_and_pass(int n) {
  if (knob == 1) write_content(changing, "new");
  return n;
}
std::string first_of(std::vector<std::string> const& all) { return all.at(0); }

template <memo::cache_policy Policy>
constexpr auto reading =
    memo::pipeline<"reading">(memo::input<"files", std::vector<memo::file>>,
                              memo::step<"texts">(content_and_change)
                                  .over<"files">()
                                  .version<1>()
                                  .cache(memo::policy_constant<Policy>{}),
                              memo::step<"first">(first_of).from<"texts">().version<1>());

constexpr auto late =
    memo::pipeline<"late">(memo::input<"files", std::vector<memo::file>>, memo::input<"n", int>,
                           memo::step<"k">(change_and_pass).from<"n">().version<1>().cache(memo::digest_only),
                           memo::step<"texts">(content_with).over<"files">().from<"k">().version<1>());

/// Files are remembered by their time stamps: a change is to be seen in them.
void settle() { ::usleep(50'000); }

template <memo::cache_policy Policy>
void changes_are_noticed() {
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
  write_content(folder / "a", "old");
  settle();
  std::vector<memo::file> const files{memo::file(folder / "a")};
  knob = 1;
  auto const cold = runner.run(reading<Policy>, "files"_in = files);
  CHECK(cold.template get<"first">() == "new");
  CHECK(test::contains(cold.report()["texts"].reason, "not cached"));
  knob = 0;
  write_content(folder / "a", "old");
  settle();
  auto const again = runner.run(reading<Policy>, "files"_in = files);
  CHECK(again.template get<"first">() == "old");
  CHECK(again.report()["texts"].outcome == outcome::ran);
  auto const warm = runner.run(reading<Policy>, "files"_in = files);
  CHECK(warm.template get<"first">() == "old");
  CHECK(warm.report()["texts"].outcome == outcome::hit);
}

}  // namespace

TEST_CASE("a file that changes while an element reads it keeps the map out of the cache") {
  SECTION("stored") { changes_are_noticed<memo::cache_policy::stored>(); }
  SECTION("digest only") { changes_are_noticed<memo::cache_policy::digest_only>(); }
  SECTION("in memory") { changes_are_noticed<memo::cache_policy::in_memory>(); }
}

TEST_CASE("a file that changes before the elements are looked at keeps the map out of the cache") {
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
  changing = folder / "a";
  write_content(changing, "old");
  settle();
  std::vector<memo::file> const files{memo::file(changing)};
  knob = 0;
  runner.run<"k">(late, "files"_in = files, "n"_in = 1);
  knob = 1;  // the value of k is computed again when the map has its key already
  auto const cold = runner.run(late, "files"_in = files, "n"_in = 1);
  CHECK(cold.get<"texts">().at(0) == "new");
  knob = 0;
  write_content(changing, "old");
  settle();
  auto const again = runner.run(late, "files"_in = files, "n"_in = 1);
  CHECK(again.get<"texts">().at(0) == "old");
  CHECK(again.report()["texts"].outcome == outcome::ran);
}

namespace {
struct tagged_file {
  memo::file file;
  int tag = 0;
};
std::string read_tagged(tagged_file const& f) { return content_and_change(f.file) + std::to_string(f.tag); }
constexpr auto tagged =
    memo::pipeline<"tagged">(memo::input<"files", std::vector<tagged_file>>,
                             memo::step<"texts">(read_tagged).over<"files">().version<1>());
}  // namespace

TEST_CASE("a changing file inside an element keeps the map out of the cache") {
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
  write_content(folder / "a", "old");
  settle();
  std::vector<tagged_file> const files{{memo::file(folder / "a"), 7}};
  knob = 1;
  CHECK(runner.run(tagged, "files"_in = files).get<"texts">().at(0) == "new7");
  knob = 0;
  write_content(folder / "a", "old");
  settle();
  auto const again = runner.run(tagged, "files"_in = files);
  CHECK(again.get<"texts">().at(0) == "old7");
  CHECK(again.report()["texts"].elements_ran == 1);
  auto const warm = runner.run(tagged, "files"_in = files);
  CHECK(warm.report()["texts"].outcome == outcome::hit);
  CHECK(warm.get<"texts">().at(0) == "old7");
}

namespace {
bool all_positive(std::vector<int> const& all) {
  for (int const x : all)
    if (x < 0) return false;
  return true;
}
int flaky(int x) {
  ++calls;
  return knob == 1 && x == 2 ? -1 : x;
}
constexpr auto checked = memo::pipeline<"checked">(
    memo::input<"xs", std::vector<int>>,
    memo::step<"ys">(flaky).over<"xs">().version<1>().check(all_positive, "all are positive"));
}  // namespace

TEST_CASE("elements of a map that fails its check are not found again") {
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 1}};
  std::vector<int> const xs{1, 2, 3};
  knob = 1;
  CHECK_THROWS_AS(runner.run(checked, "xs"_in = xs), memo::step_failed);
  knob = 0;
  calls = 0;
  auto const run = runner.run(checked, "xs"_in = xs);
  CHECK(run.get<"ys">() == xs);
  CHECK(calls == 3);
  CHECK(run.report()["ys"].outcome == outcome::ran);
  CHECK(runner.run(checked, "xs"_in = xs).report()["ys"].outcome == outcome::hit);
}

namespace {
constexpr auto daily =
    memo::pipeline<"daily">(memo::input<"xs", std::vector<int>>,
                            memo::step<"ys">(knobbed).over<"xs">().version<1>().ttl(std::chrono::hours(24)));
constexpr auto plain = memo::pipeline<"plain">(memo::input<"xs", std::vector<int>>,
                                               memo::step<"ys">(knobbed).over<"xs">().version<1>());
constexpr auto only_digest = memo::pipeline<"only digest">(
    memo::input<"xs", std::vector<int>>,
    memo::step<"ys">(knobbed).over<"xs">().version<1>().cache(memo::digest_only),
    memo::step<"count">([](std::vector<int> const& ys) { return static_cast<int>(ys.size()); })
        .from<"ys">()
        .version<1>());
}  // namespace

TEST_CASE("a map is as old as its oldest element") {
  memo::manual_clock clock(1'700'000'000'000);
  memo::runner runner{memo::memory_store{}, {.jobs = 1, .clock = &clock}};
  knob = 0;
  runner.run(daily, "xs"_in = std::vector{1, 2});
  clock.advance(std::chrono::hours(23));
  knob = 1;
  auto const longer = runner.run(daily, "xs"_in = std::vector{1, 2, 3});
  CHECK(longer.get<"ys">() == std::vector{1000, 2000, 3001});
  CHECK(longer.report()["ys"].elements_ran == 1);
  clock.advance(std::chrono::minutes(59));
  CHECK(runner.run(daily, "xs"_in = std::vector{1, 2, 3}).report()["ys"].outcome == outcome::hit);
  clock.advance(std::chrono::hours(22));
  knob = 2;
  auto const later = runner.run(daily, "xs"_in = std::vector{1, 2, 3});
  CHECK(later.report()["ys"].elements_ran == 2);
  CHECK(later.get<"ys">() == std::vector{1002, 2002, 3001});
}

TEST_CASE("a map that was a hit is put together although its time runs out meanwhile") {
  scratch_folder const folder;
  memo::manual_clock clock(1'700'000'000'000);
  memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 1, .strict = true, .clock = &clock}};
  std::vector<int> const xs{1, 2};
  knob = 0;
  runner.run(daily, "xs"_in = xs);
  clock.advance(std::chrono::hours(23));
  auto const warm = runner.run(daily, "xs"_in = xs);
  CHECK(warm.report()["ys"].outcome == outcome::hit);
  clock.advance(std::chrono::hours(2));
  knob = 1;
  CHECK(warm.get<"ys">() == std::vector{1000, 2000});
  CHECK(warm.report()["ys"].elements_ran == 0);
  CHECK(runner.run(daily, "xs"_in = xs).get<"ys">() == std::vector{1001, 2001});
}

TEST_CASE("results that were replaced do not come back when the new ones are lost") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  std::vector<int> xs(2000), others(3000);
  for (std::size_t i = 0; i < others.size(); ++i) others[i] = static_cast<int>(i);
  for (std::size_t i = 0; i < xs.size(); ++i) xs[i] = static_cast<int>(i);
  memo::runner runner{store, {.jobs = 1}};
  memo::runner forced{store, {.jobs = 1}};
  SECTION("by force") { forced.options().force = {"ys"}; }
  SECTION("by a run that only writes") { forced.options().mode = memo::mode::write_only; }
  auto const packs = [&] {
    std::vector<std::filesystem::path> all;
    for (auto const& one : std::filesystem::recursive_directory_iterator(folder / "v1" / "o"))
      if (one.is_regular_file()) all.push_back(one.path());
    return all;
  };
  knob = 666;
  runner.run(plain, "xs"_in = others);
  auto const before = packs();
  knob = 0;
  CHECK(forced.run(plain, "xs"_in = xs).get<"ys">()[1] == 1000);
  // The others' results are kept, in a pack that took the place of theirs.
  CHECK(runner.run(plain, "xs"_in = std::vector{2000, 2999}).report()["ys"].elements_ran == 0);
  for (auto const& pack : before) CHECK_FALSE(std::filesystem::exists(pack));
  auto const now = packs();
  CHECK(now.size() == 2);
  std::size_t ran = 0;
  for (auto const& pack : now) {
    std::string const kept = content_of(pack);
    std::filesystem::remove(pack);
    memo::runner reading{store, {.mode = memo::mode::read_only, .jobs = 1}};
    auto const run = reading.run(plain, "xs"_in = others);
    CHECK(run.get<"ys">()[1] == 1000);
    ran += run.report()["ys"].elements_ran;
    write_content(pack, kept);
  }
  CHECK(ran == 3000);
}

namespace {
std::uint64_t seeded(memo::context& context, int, int) { return context.seed(); }
constexpr auto seeds =
    memo::pipeline<"seeds">(memo::input<"xs", std::vector<int>>, memo::input<"rest", int>,
                            memo::step<"ys">(seeded).over<"xs">().from<"rest">().version<1>());
}  // namespace

TEST_CASE("elements draw the same numbers in every mode, and others for other values of the rest") {
  std::vector<std::vector<std::uint64_t>> drawn;
  for (int const rest : {1, 2}) {
    std::vector<int> const xs{1, 2};
    memo::memory_store const store;
    memo::runner off{store, {.mode = memo::mode::off, .jobs = 1}};
    memo::runner on{store, {.jobs = 1}};
    auto const cold = on.run(seeds, "xs"_in = xs, "rest"_in = rest);
    CHECK(cold.report()["ys"].elements_ran == 2);
    drawn.push_back(cold.get<"ys">());
    CHECK(off.run(seeds, "xs"_in = xs, "rest"_in = rest).get<"ys">() == drawn.back());
    CHECK(drawn.back()[0] != drawn.back()[1]);
  }
  CHECK(drawn[0] != drawn[1]);
}

TEST_CASE("a map of which only the digest is kept runs once in a run") {
  memo::runner runner{memo::memory_store{}, {.jobs = 1}};
  knob = 0;
  calls = 0;
  auto const run = runner.run(only_digest, "xs"_in = std::vector{1, 2, 3});
  CHECK(calls == 3);
  CHECK(run.get<"ys">() == std::vector{1000, 2000, 3000});
  CHECK(calls == 3);
  CHECK(runner.run(only_digest, "xs"_in = std::vector{1, 2, 3}).report()["ys"].outcome == outcome::hit);
  CHECK(calls == 3);
}

namespace {
struct stubborn {
  int value = 0;
  stubborn() = default;
  explicit stubborn(int v) : value(v) {}
  stubborn(stubborn&&) = default;
  stubborn& operator=(stubborn&&) = default;
  stubborn(stubborn const&) { throw std::runtime_error("it cannot be copied today"); }
  stubborn& operator=(stubborn const&) = delete;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};
stubborn make_stubborn(int x) { return stubborn(x); }
constexpr auto copying = memo::pipeline<"copying">(
    memo::input<"xs", std::vector<int>>, memo::step<"ys">(make_stubborn).over<"xs">().version<1>(),
    memo::step<"other">([](int) { return 1; }).over<"xs">().version<1>());
}  // namespace

TEST_CASE("a result that cannot be copied for an equal element fails its map, not the run") {
  memo::runner runner{memo::memory_store{}, {.jobs = 1, .keep_going = true}};
  auto const run = runner.run(copying, "xs"_in = std::vector{1, 2, 1});
  CHECK(run.report()["ys"].outcome == outcome::failed);
  CHECK(test::contains(run.report()["ys"].reason, "it cannot be copied today"));
  CHECK(run.report()["other"].outcome == outcome::ran);
}
