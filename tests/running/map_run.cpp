// Maps run alone, without an engine: which elements run, which are found, and what is said of failures.
#include <memo/run/map_run.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "map_rows.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace {

using test::hand_map;
using test::numbers;

double half(int const& x, double scale, memo::context*) { return x * scale / 2; }

std::vector<double> halves(std::vector<int> const& xs, double scale = 1) {
  std::vector<double> all;
  for (int const x : xs) all.push_back(half(x, scale, nullptr));
  return all;
}

/// Runs `test` on a memory store and on a directory store.
template <class Test>
void on_each_store(Test test) {
  SECTION("memory") { test(memo::any_store(memo::memory_store{})); }
  SECTION("directory") {
    scratch_folder const folder;
    test(memo::any_store(memo::directory_store{folder.path()}));
  }
}

}  // namespace

TEST_CASE("the elements of a map are found one by one, whatever their position") {
  on_each_store([](memo::any_store store) {
    hand_map<int, double> map(half);
    auto xs = numbers(0, 500);
    auto const cold = map.run(xs, store);
    CHECK(cold.values == halves(xs));
    CHECK(cold.ran == 500);
    CHECK(cold.found == 0);
    CHECK(cold.warnings.empty());

    auto const warm = map.run(xs, store);
    CHECK(warm.values == halves(xs));
    CHECK(warm.ran == 0);
    CHECK(warm.found == 500);

    std::shuffle(xs.begin(), xs.end(), std::mt19937(5));
    auto const shuffled = map.run(xs, store);
    CHECK(shuffled.values == halves(xs));
    CHECK(shuffled.ran == 0);

    xs[3] = 1000;
    xs[400] = 1001;
    auto const changed = map.run(xs, store);
    CHECK(changed.values == halves(xs));
    CHECK(changed.ran == 2);
    CHECK(changed.found == 498);
  });
}

TEST_CASE("equal elements run once in a map") {
  on_each_store([](memo::any_store store) {
    std::atomic<int> calls{0};
    hand_map<int, double> map([&](int const& x, double, memo::context*) {
      ++calls;
      return x + 0.5;
    });
    auto const cold = map.run({7, 3, 7, 7, 3}, store);
    CHECK(cold.values == std::vector<double>{7.5, 3.5, 7.5, 7.5, 3.5});
    CHECK(calls == 2);
    CHECK(cold.elements == 5);
    CHECK(cold.distinct == 2);
    CHECK(cold.ran == 2);
  });
}

TEST_CASE("results of every size come back, those in packs and those beside them") {
  on_each_store([](memo::any_store store) {
    auto const text_of = [](int x) {
      return std::string(static_cast<std::size_t>(x), static_cast<char>('a' + x % 26));
    };
    hand_map<int, std::string> map([&](int const& x, double, memo::context*) { return text_of(x); });
    std::vector<int> const xs{0, 1, 300, 70'000, 2'000'000, 1'048'576, 1'048'577, 5'000'000};
    auto const cold = map.run(xs, store);
    CHECK(cold.ran == xs.size());
    auto const warm = map.run(xs, store);
    CHECK(warm.ran == 0);
    REQUIRE(warm.values.size() == xs.size());
    for (std::size_t i = 0; i < xs.size(); ++i) CHECK(warm.values[i] == text_of(xs[i]));

    SECTION("and a large one whose object is gone runs again") {
      auto const found = store.list();
      REQUIRE(found.size() == 1);
      std::vector<memo::digest> large;
      for (auto const& variant : store.show(found[0].key))
        for (std::size_t i = 1; i < variant.outputs.size(); ++i) large.push_back(variant.outputs[i].object);
      CHECK(large.size() == 3);
      if (store.capabilities().live) return;
      store.discard(large[0]);
      auto const again = map.run(xs, store);
      CHECK(again.ran == 1);
      CHECK(again.found == xs.size() - 1);
      CHECK(map.run(xs, store).ran == 0);
    }
  });
}

TEST_CASE("what else a key holds decides whether elements are found") {
  memo::memory_store store;
  hand_map<int, double> map(half);
  auto const xs = numbers(0, 10);
  CHECK(map.run(xs, store).ran == 10);
  CHECK(map.run(xs, store, 2).ran == 10);
  CHECK(map.run(xs, store, 2).ran == 0);
  map.row().options.version = 2;
  CHECK(map.run(xs, store).ran == 10);
  map.row().options.version = 1;
  CHECK(map.run(xs, store).ran == 0);
  map.options.project = "other";
  CHECK(map.run(xs, store).ran == 10);
  map.options.project = "";
  map.options.secret = "secret";
  CHECK(map.run(xs, store).ran == 10);
  map.options.secret = "";
  map.omitted = {0, 1};
  CHECK(map.run(xs, store, 3).ran == 10);
  CHECK(map.run(xs, store, 4).ran == 0);
  map.omitted = {};
  test::variable const variable("MEMO_TEST_MAP", "1");
  map.options.env = {"MEMO_TEST_MAP"};
  CHECK(map.run(xs, store).ran == 10);
  CHECK(map.run(xs, store).ran == 0);
  map.options.env = {};
  CHECK(map.run(xs, store).ran == 0);
}

TEST_CASE("an empty map gives an empty value") {
  memo::memory_store store;
  hand_map<int, double> map(half);
  auto const made = map.run({}, store);
  CHECK(made.value != nullptr);
  CHECK(made.values.empty());
  CHECK(made.ran == 0);
  CHECK(store.list().empty());
}

TEST_CASE("a map obeys its mode") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  int calls = 0;
  double added = 0;
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    ++calls;
    return x + added;
  });
  auto const xs = numbers(0, 20);

  map.options.mode = memo::mode::off;
  CHECK(map.run(xs, store).ran == 20);
  map.options.mode = memo::mode::read_only;
  CHECK(map.run(xs, store).ran == 20);
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));

  map.options.mode = memo::mode::read_write;
  CHECK(map.run(xs, store).ran == 20);
  map.options.mode = memo::mode::read_only;
  CHECK(map.run(numbers(0, 21), store).ran == 1);
  CHECK(map.run(numbers(0, 21), store).ran == 1);

  map.options.mode = memo::mode::write_only;
  added = 100;
  CHECK(map.run(xs, store).ran == 20);
  map.options.mode = memo::mode::read_write;
  auto const newest = map.run(xs, store);
  CHECK(newest.ran == 0);
  CHECK(newest.values.front() == 100);

  map.is_forced = true;
  added = 200;
  CHECK(map.run(xs, store).ran == 20);
  map.is_forced = false;
  CHECK(map.run(xs, store).values.front() == 200);

  map.options.mode = memo::mode::verify;
  map.options.verify = 1;
  calls = 0;
  auto const same = map.run(xs, store);
  CHECK(same.found == 20);
  CHECK(same.ran == 0);
  CHECK(calls == 20);
  CHECK(same.difference == "");
  added = 300;
  auto const different = map.run(xs, store);
  CHECK(different.values.front() == 200);
  CHECK(different.difference == "element 0: stored 200, now 300, from 0");
  map.options.verify = 0;
  CHECK(map.run(xs, store).difference == "");
}

TEST_CASE("the first failure ends a map, and what was computed is kept") {
  on_each_store([](memo::any_store store) {
    bool fails = true;
    hand_map<int, double> map([&](int const& x, double, memo::context*) {
      if (x == 6 && fails) throw std::runtime_error("six");
      return x / 2.0;
    });
    auto const failed = map.run(numbers(0, 10), store);
    CHECK(failed.value == nullptr);
    CHECK(failed.failed.size() == 1);
    CHECK(failed.ran == 6);
    CHECK(failed.message == "element 6: six");
    REQUIRE(failed.facts.size() == 1);
    CHECK(failed.facts[0].value == "6 of 10, 6: six");
    CHECK_THROWS_WITH(std::rethrow_exception(failed.error), "six");
    fails = false;
    auto const resumed = map.run(numbers(0, 10), store);
    CHECK(resumed.found == 6);
    CHECK(resumed.ran == 4);
    CHECK(resumed.values == halves(numbers(0, 10)));
  });
}

TEST_CASE("with keep_going the other elements are tried, and failures are listed") {
  memo::memory_store const store;
  hand_map<int, double> map([](int const& x, double, memo::context*) {
    if (x % 2 == 0) throw std::runtime_error("even " + std::to_string(x));
    return 1.0;
  });
  map.options.keep_going = true;
  auto const failed = map.run(numbers(0, 30), store);
  CHECK(failed.value == nullptr);
  CHECK(failed.ran == 15);
  CHECK(failed.failed.size() == 15);
  CHECK(failed.message == "15 elements, the first is element 0: even 0");
  REQUIRE(failed.facts.size() == 9);
  CHECK(failed.facts[7].value == "14 of 30, 14: even 14");
  CHECK(failed.facts[8].name == "and");
  CHECK(failed.facts[8].value == "7 more");
  auto const again = map.run(numbers(0, 30), store);
  CHECK(again.found == 15);
  CHECK(again.ran == 0);
}

TEST_CASE("an element is tried again as often as is allowed") {
  memo::memory_store const store;
  int calls = 0;
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    if (++calls % 3 != 0) throw std::runtime_error("not yet");
    return x / 2.0;
  });
  map.row().options.retries = 2;
  map.row().options.retry_pause_ms = 1;
  CHECK(map.run(numbers(0, 4), store).values == halves(numbers(0, 4)));
  CHECK(calls == 12);
  map.row().options.retries = 1;
  calls = 0;
  auto const failed = map.run(numbers(4, 8), store);
  CHECK(failed.failed.size() == 1);
  CHECK(calls == 2);
}

TEST_CASE("a stopped map starts nothing new, and is resumed where it ended") {
  memo::memory_store const store;
  std::stop_source source;
  hand_map<int, double> map([&](int const& x, double, memo::context*) {
    if (x == 4) source.request_stop();
    return x / 2.0;
  });
  map.options.stop = source.get_token();
  auto const stopped = map.run(numbers(0, 10), store);
  CHECK(stopped.message.empty());
  CHECK(stopped.value == nullptr);
  CHECK(stopped.ran == 5);
  CHECK(stopped.failed.empty());
  map.options.stop = {};
  CHECK(map.run(numbers(0, 10), store).ran == 5);

  SECTION("and the pause before another attempt ends early") {
    std::stop_source other;
    hand_map<int, double> slow([&](int const&, double, memo::context*) -> double {
      other.request_stop();
      throw std::runtime_error("no");
    });
    slow.options.stop = other.get_token();
    slow.row().options.retries = 3;
    slow.row().options.retry_pause_ms = 3'600'000;
    CHECK(slow.run({100}, store).failed.size() == 1);
  }
}

TEST_CASE("an element that saw the stop gives nothing") {
  memo::memory_store const store;
  std::stop_source source;
  bool throws = false;
  hand_map<int, double> map([&](int const& x, double, memo::context* context) {
    if (x == 2) source.request_stop();
    if (!context->stop_requested()) return x / 2.0;
    if (throws) throw std::runtime_error("stopped");
    return -1.0;
  });
  map.row().takes_context = true;
  for (bool const then_throws : {false, true}) {
    throws = then_throws;
    source = {};
    map.options.stop = source.get_token();
    auto const stopped = map.run(numbers(0, 5), store);
    CHECK(stopped.value == nullptr);
    CHECK(stopped.message.empty());
    CHECK(stopped.ran == (then_throws ? 0 : 2));
  }
  map.options.stop = {};
  CHECK(map.run(numbers(0, 5), store).found == 2);
}

TEST_CASE("each element has a seed of its own, the same in every mode and position") {
  memo::memory_store const store;
  hand_map<int, std::uint64_t> map(
      [](int const&, double, memo::context* context) { return context->seed(); });
  map.row().takes_context = true;
  auto const seeds = map.run({1, 2, 3}, store).values;
  CHECK(seeds[0] != seeds[1]);
  CHECK(seeds[1] != seeds[2]);
  map.is_forced = true;
  map.row().options.version = 7;
  CHECK(map.run({3, 1}, store).values == std::vector<std::uint64_t>{seeds[2], seeds[0]});
  CHECK(map.run({1}, store, 2).values.front() != seeds[0]);
}

TEST_CASE("an element that read something while it ran is kept with what it read") {
  test::variable const first("MEMO_TEST_ELEMENT", "1");
  on_each_store([](memo::any_store store) {
    hand_map<int, double> map([](int const& x, double, memo::context* context) {
      return x != 2 ? x / 2.0 : std::strtod(context->env("MEMO_TEST_ELEMENT")->c_str(), nullptr);
    });
    map.row().takes_context = true;
    auto const cold = map.run(numbers(0, 4), store);
    CHECK(cold.ran == 4);
    CHECK(cold.uncacheable == "");
    CHECK(cold.dependencies.size() == 1);
    CHECK_FALSE(cold.packed);
    auto const warm = map.run(numbers(0, 4), store);
    CHECK(warm.ran == 0);
    CHECK(warm.found == 4);
    CHECK(warm.dependencies == cold.dependencies);
    CHECK(warm.values == cold.values);
    {
      test::variable const second("MEMO_TEST_ELEMENT", "7");
      auto const changed = map.run(numbers(0, 4), store);
      CHECK(changed.ran == 1);
      CHECK(changed.values[2] == 7);
      CHECK(changed.element_reasons ==
            std::vector<std::string>{"element 2, 2: environment variable MEMO_TEST_ELEMENT changed"});
    }
    auto const back = map.run(numbers(0, 4), store);
    CHECK(back.ran == 0);
    CHECK(back.values == cold.values);
    store.clear_step("by hand", "ys");
    CHECK(map.run(numbers(0, 4), store).ran == 4);
  });
}

TEST_CASE("a forced element replaces what it read and gave before, in packs too") {
  memo::memory_store const store;
  bool reads = false;
  double value = 1;
  hand_map<int, double> map([&](int const&, double, memo::context* context) {
    if (reads) (void)context->env("HOME");
    return value;
  });
  map.row().takes_context = true;
  CHECK(map.run({1}, store).values == std::vector<double>{1});
  reads = true;
  for (double const next : {2.0, 3.0}) {
    value = next;
    map.is_forced = true;
    CHECK(map.run({1}, store).values == std::vector<double>{next});
    map.is_forced = false;
    auto const warm = map.run({1}, store);
    CHECK(warm.ran == 0);
    CHECK(warm.values == std::vector<double>{next});
  }
}

TEST_CASE("a file that changes while an element reads it leaves nothing behind") {
  scratch_folder const folder;
  memo::memory_store const store;
  for (auto const* name : {"a", "b"}) write_content(folder / name, name);
  hand_map<memo::file, std::string> map([&](memo::file const& f, double, memo::context*) {
    std::string const text = content_of(f.path());
    if (text == "b") write_content(f.path(), "changed");
    return text;
  });
  std::vector<memo::file> const files{memo::file((folder / "a").string()),
                                      memo::file((folder / "b").string())};
  auto const cold = map.run(files, store);
  CHECK(cold.values == std::vector<std::string>{"a", "b"});
  CHECK(cold.uncacheable == "a file of element 1 changed while it ran");
  write_content(folder / "b", "b");
  CHECK(map.run(files, store).ran == 1);
}

TEST_CASE("results that were computed while a file of the rest changed are dropped") {
  scratch_folder const folder;
  memo::memory_store const store;
  write_content(folder / "scale", "1");
  bool changes = true;
  hand_map<int, std::string, memo::file> map([&](int const& x, memo::file const& scale, memo::context*) {
    if (changes) write_content(scale.path(), "2");
    return std::to_string(x) + content_of(scale.path());
  });
  memo::file const scale((folder / "scale").string());
  auto const cold = map.run({1, 2}, store, scale);
  CHECK(cold.values == std::vector<std::string>{"12", "22"});
  CHECK(cold.uncacheable == "a file that it reads changed while it ran");
  changes = false;
  write_content(folder / "scale", "1");
  auto const again = map.run({1, 2}, store, scale);
  CHECK(again.ran == 2);
  CHECK(again.values == std::vector<std::string>{"11", "21"});
  CHECK(again.uncacheable == "");
  CHECK(map.run({1, 2}, store, scale).ran == 0);
}

TEST_CASE("the results of a map's elements are cleared with their step") {
  on_each_store([](memo::any_store store) {
    hand_map<int, double> map(half);
    CHECK(map.run(numbers(0, 10), store).ran == 10);
    store.clear_step("by hand", "other");
    CHECK(map.run(numbers(0, 10), store).ran == 0);
    store.clear_step("by hand", "ys");
    CHECK(map.run(numbers(0, 10), store).ran == 10);
  });
}

TEST_CASE("a function of the elements stands for them in their keys") {
  memo::memory_store const store;
  hand_map<int, double> map([](int const& x, double, memo::context*) { return x / 10; });
  const_cast<memo::map_row*>(map.row().map)->key = [](void const*, void const* element,
                                                      std::span<memo::argument const>, std::uint64_t seed) {
    return memo::fingerprint_of(*static_cast<int const*>(element) / 10, seed);
  };
  map.row().key_schema = [] { return std::string_view("i32"); };
  auto const cold = map.run(numbers(0, 30), store);
  CHECK(cold.ran == 3);
  CHECK(cold.values[29] == 2);
  CHECK(map.run({15}, store).ran == 0);
  CHECK(map.run({15}, store, 2).ran == 0);
}

TEST_CASE("what elements cost is known when they are found") {
  memo::memory_store const store;
  hand_map<int, double> map([](int const& x, double, memo::context*) {
    timespec const time{0, 2'000'000};
    ::nanosleep(&time, nullptr);
    return x / 2.0;
  });
  auto const cold = map.run(numbers(0, 20), store);
  CHECK(cold.cost_ns >= 40'000'000);
  auto const warm = map.run(numbers(0, 20), store);
  CHECK(warm.ran == 0);
  CHECK(warm.cost_ns > cold.cost_ns / 20 * 19);
  CHECK(warm.cost_ns <= cold.cost_ns);
  CHECK(map.run(numbers(0, 10), store).cost_ns <= cold.cost_ns / 2);
}

TEST_CASE("progress is told at the beginning, now and then, and at the end") {
  test::recorder recorder;
  memo::memory_store const store;
  hand_map<int, double> map([](int const& x, double, memo::context*) {
    timespec const time{0, 2'000'000};
    ::nanosleep(&time, nullptr);
    return x / 2.0;
  });
  map.options.observer = &recorder;
  CHECK(map.run(numbers(0, 100), store).ran == 100);
  std::size_t const told = recorder.count(memo::event_kind::did_progress);
  CHECK(told >= 3);
  CHECK(told <= 60);
  CHECK(recorder.seen().front().count == 0);
  CHECK(recorder.seen().back().count == 100);
  for (auto const& e : recorder.seen()) {
    CHECK(e.step == "ys");
    CHECK(e.count <= 100);
    CHECK(e.total == 100);
  }
}
