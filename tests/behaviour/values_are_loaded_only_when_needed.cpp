// Lazy values, lost values, values that are not reproducible, and who owns what.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <atomic>
#include <thread>

using namespace memo::literals;
using memo::event_kind;
using test::all_hit;
using test::all_ran;
using test::calls;
using test::contains;
using test::hits;
using test::names;
using test::ran;

namespace {

int drift = 0;  // what makes a step give another value

std::vector<int> numbers(int n) {
  ++calls("numbers");
  return std::vector<int>(static_cast<std::size_t>(n), 1 + drift);
}
std::vector<int> doubled(std::vector<int> v) {
  ++calls("doubled");
  for (int& x : v) x *= 2;
  return v;
}
int first_of(std::vector<int> const& v, int k) {
  ++calls("first");
  return v.front() + k;
}

constexpr auto chain = memo::pipeline<"chain">(
    memo::input<"n", int>, memo::input<"k", int>.defaults_to(0), memo::step<"numbers">(numbers).from<"n">(),
    memo::step<"doubled">(doubled).from<"numbers">(), memo::step<"first">(first_of).from<"doubled", "k">());

template <class Act>
int for_each_value(std::filesystem::path const& cache, Act act) {
  std::vector<std::filesystem::path> found;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(cache))
    if (entry.is_regular_file() && entry.file_size() > 4000) found.push_back(entry.path());
  for (auto const& path : found) act(path);
  return static_cast<int>(found.size());
}

void lose_all(std::filesystem::path const& cache) {
  CHECK(for_each_value(cache, [](auto const& path) { std::filesystem::remove(path); }) >= 1);
}
void damage_all(std::filesystem::path const& cache) {
  CHECK(for_each_value(cache, [](auto const& path) {
          std::string bytes = content_of(path);
          bytes[bytes.size() - 9] ^= 4;
          std::filesystem::remove(path);
          write_content(path, bytes);
        }) >= 1);
}

struct fixture {
  fixture() {
    drift = 0;
    for (char const* name : {"numbers", "doubled", "first"}) calls(name) = 0;
  }
  scratch_folder folder;
  std::filesystem::path cache = folder / "cache";
  test::recorder events;
  memo::runner runner{memo::directory_store{cache}, {.observer = &events}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "a warm run loads no value, and get loads one, once") {
  runner.run(chain, "n"_in = 5000);
  events.clear();
  auto const warm = runner.run(chain, "n"_in = 5000);
  CHECK(all_hit(warm.report()));
  CHECK(events.count(event_kind::did_load) == 0);
  CHECK(warm.get<"doubled">()[4999] == 2);
  CHECK(warm.get<"doubled">()[0] == 2);
  CHECK(events.steps(event_kind::did_load) == names{"doubled"});
  CHECK(&warm.get<"doubled">() == &warm.get<"doubled">());
  CHECK(calls("numbers") == 1);
}

TEST_CASE_METHOD(fixture, "only what a step that runs reads is loaded") {
  runner.run(chain, "n"_in = 5000);
  events.clear();
  auto const run = runner.run(chain, "n"_in = 5000, "k"_in = 1);
  CHECK(ran(run.report()) == names{"first"});
  CHECK(run.get<"first">() == 3);
  CHECK(events.steps(event_kind::did_load) == names{"doubled"});
}

TEST_CASE_METHOD(fixture, "a lost or damaged value runs its step again when a reader needs it") {
  runner.run(chain, "n"_in = 5000);
  GENERATE(0, 1) == 0 ? lose_all(cache) : damage_all(cache);
  CHECK(all_hit(runner.run(chain, "n"_in = 5000).report()));
  CHECK(calls("numbers") == 1);
  auto const run = runner.run(chain, "n"_in = 5000, "k"_in = 1);
  CHECK(run.get<"first">() == 3);
  CHECK(all_ran(run.report()));
  CHECK(run.report()["doubled"].reason != "");
  CHECK(run.report()["doubled"].reason != "unchanged");
  CHECK_FALSE(run.report()["numbers"].not_reproducible);
  auto const after = runner.run(chain, "n"_in = 5000, "k"_in = 2);
  CHECK(after.get<"first">() == 4);
  CHECK(hits(after.report()) == names{"numbers", "doubled"});
  CHECK(calls("numbers") == 2);
}

TEST_CASE_METHOD(fixture, "a lost value is computed again by get") {
  runner.run(chain, "n"_in = 5000);
  lose_all(cache);
  auto const run = runner.run(chain, "n"_in = 5000);
  CHECK(all_hit(run.report()));
  CHECK(run.get<"doubled">()[17] == 2);
  CHECK(calls("doubled") == 2);
  CHECK(calls("numbers") == 2);
  CHECK(run.get<"first">() == 2);
  CHECK(calls("first") == 1);
  auto const after = runner.run(chain, "n"_in = 5000);
  CHECK(after.get<"doubled">()[17] == 2);
  CHECK(calls("doubled") == 2);
}

TEST_CASE_METHOD(fixture, "a lost value is computed in mode read_only without being written") {
  runner.run(chain, "n"_in = 5000);
  lose_all(cache);
  runner.options().mode = memo::mode::read_only;
  auto const run = runner.run(chain, "n"_in = 5000, "k"_in = 1);
  CHECK(run.get<"first">() == 3);
  CHECK(run.get<"numbers">()[4999] == 1);
  CHECK(for_each_value(cache, [](auto const&) {}) == 0);
}

TEST_CASE_METHOD(
    fixture,
    "a step that gives another value than its entry holds is not reproducible, and its readers run") {
  runner.run(chain, "n"_in = 5000);
  lose_all(cache);
  drift = 10;
  SECTION("in a run") {
    auto const run = runner.run(chain, "n"_in = 5000, "k"_in = 1);
    CHECK(run.get<"first">() == 23);
    CHECK(run.report()["numbers"].not_reproducible);
    CHECK(events.count(event_kind::did_replace) >= 1);
    CHECK(contains(memo::to_text(run.report()), "not reproducible"));
    auto const after = runner.run(chain, "n"_in = 5000, "k"_in = 1);
    CHECK(all_hit(after.report()));
    CHECK(after.get<"numbers">()[0] == 11);
    CHECK(after.get<"doubled">()[0] == 22);
  }
  SECTION("by get") {
    auto const run = runner.run(chain, "n"_in = 5000);
    CHECK(all_hit(run.report()));
    CHECK(run.get<"first">() == 2);
    CHECK(run.get<"numbers">()[0] == 11);
    CHECK(run.get<"doubled">()[0] == 22);
    CHECK(run.get<"first">() == 22);
    CHECK(run.report()["numbers"].not_reproducible);
  }
  SECTION("strict makes it an error") {
    runner.options().strict = true;
    CHECK_THROWS_AS(runner.run(chain, "n"_in = 5000, "k"_in = 1), memo::not_reproducible);
    drift = 20;
    lose_all(cache);
    auto const run = runner.run(chain, "n"_in = 5000, "k"_in = 1);
    CHECK(all_hit(run.report()));
    CHECK_THROWS_AS(run.get<"numbers">(), memo::not_reproducible);
  }
}

TEST_CASE_METHOD(fixture, "a damaged entry is a miss with a warning, and is replaced") {
  constexpr auto small = memo::pipeline<"small">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return ++calls("small"), n; }).from<"n">());
  calls("small") = 0;
  runner.run(small, "n"_in = 1);
  int damaged = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(cache)) {
    std::string bytes = entry.is_regular_file() ? content_of(entry.path()) : "";
    if (bytes.find("small") == std::string::npos) continue;
    bytes[bytes.find("small")] ^= 1;
    write_content(entry.path(), bytes);
    ++damaged;
  }
  CHECK(damaged >= 1);
  auto const run = runner.run(small, "n"_in = 1);
  CHECK(run.get<"x">() == 1);
  CHECK(ran(run.report()) == names{"x"});
  CHECK(contains(run.report()["x"].reason, "damaged"));
  CHECK_FALSE(run.report().warnings.empty());
  CHECK(events.count(event_kind::did_warn) >= 1);
  CHECK(all_hit(runner.run(small, "n"_in = 1).report()));
  CHECK(calls("small") == 2);
}

TEST_CASE_METHOD(fixture, "a run owns what it needs") {
  auto make = [&] {
    std::vector<std::string> words{"a", "bc"};
    auto const p = memo::pipeline<"temporary">(memo::input<"words", std::vector<std::string>>,
                                               memo::step<"joined">([](std::vector<std::string> const& w) {
                                                 std::string all;
                                                 for (auto const& s : w) all += s;
                                                 return std::string(30'000, all.back());
                                               }).from<"words">());
    memo::runner const local{memo::directory_store{cache}};
    return local.run(p, "words"_in = words);
  };
  make();
  auto const run = make();
  lose_all(cache);
  CHECK(all_hit(run.report()));
  CHECK(run.get<"joined">() == std::string(30'000, 'c'));
  auto const copy = run;
  CHECK(&copy.get<"joined">() == &run.get<"joined">());
  CHECK(make().get<"words">() == names{"a", "bc"});
  CHECK(make().get<"joined">().size() == 30'000);
}

TEST_CASE_METHOD(fixture, "several threads may ask for the same and for other values") {
  runner.run(chain, "n"_in = 5000);
  bool const lost = GENERATE(false, true);
  if (lost) lose_all(cache);
  auto const run = runner.run(chain, "n"_in = 5000);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        if ((t + i) % 3 == 0) wrong += run.get<"numbers">()[4999] != 1;
        if ((t + i) % 3 == 1) wrong += run.get<"doubled">()[4999] != 2;
        if ((t + i) % 3 == 2) wrong += run.view<"doubled">()[4999] != 2;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(calls("numbers") == (lost ? 2 : 1));
  CHECK(calls("doubled") == (lost ? 2 : 1));
}

TEST_CASE("a store of a newer format is left alone, and all steps run") {
  drift = 0;
  scratch_folder const folder;
  auto const cache = folder / "cache";
  memo::runner{memo::directory_store{cache}}.run(chain, "n"_in = 3);
  std::string marker = content_of(cache / "MEMO");
  REQUIRE(contains(marker, "layout 1"));
  marker[marker.find("layout 1") + 7] = '9';
  write_content(cache / "MEMO", marker);
  std::map<std::string, std::string> before, after;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(cache))
    if (entry.is_regular_file()) before[entry.path().string()] = content_of(entry.path());
  auto const run = memo::runner{memo::directory_store{cache}}.run(chain, "n"_in = 3);
  CHECK(run.get<"first">() == 2);
  CHECK(all_ran(run.report()));
  CHECK_FALSE(run.report().warnings.empty());
  for (auto const& entry : std::filesystem::recursive_directory_iterator(cache))
    if (entry.is_regular_file()) after[entry.path().string()] = content_of(entry.path());
  CHECK(before == after);
}
