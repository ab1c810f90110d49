// Maps as steps of a pipeline, through the runner: what runs, what is found, and what lies in the store.
#include <memo/run/runner.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"

#include <atomic>
#include <numeric>
#include <stdexcept>

using namespace memo::literals;

namespace {

std::atomic<int> calls{0};
std::atomic<int> poison{-1};
std::atomic<int> pause_us{0};

double scaled(int x, double scale) {
  if (pause_us != 0) {
    timespec const time{0, 1000L * pause_us};
    ::nanosleep(&time, nullptr);
  }
  if (x == poison) throw std::runtime_error("poisoned");
  ++calls;
  return x * scale;
}
double rounded(double y) {
  ++calls;
  return static_cast<double>(static_cast<long>(y));
}
double sum(std::vector<double> const& ys) { return std::accumulate(ys.begin(), ys.end(), 0.0); }

constexpr auto chain = memo::pipeline<"chain">(
    memo::input<"xs", std::vector<int>>, memo::input<"scale", double>.defaults_to(0.5),
    memo::step<"ys">(scaled).over<"xs">().from<"scale">().version<1>(),
    memo::step<"zs">(rounded).over<"ys">().version<1>(), memo::step<"total">(sum).from<"zs">().version<1>());

std::vector<int> numbers(int first, int last) {
  std::vector<int> all(static_cast<std::size_t>(last - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

double total_of(int last) {
  double all = 0;
  for (int i = 0; i < last; ++i) all += static_cast<double>(i / 2);
  return all;
}

/// A directory store that counts what is read.
struct counting_store : memo::directory_store {
  using memo::directory_store::directory_store;
  memo::found_object read(memo::digest const& object, void const* tag = nullptr,
                          memo::access how = memo::access::normal) const {
    ++*reads;
    return memo::directory_store::read(object, tag, how);
  }
  std::shared_ptr<int> reads = std::make_shared<int>(0);
};

}  // namespace

TEST_CASE("an unchanged map is one look-up, and its value is put together when somebody asks for it") {
  scratch_folder const folder;
  counting_store const store{folder.path()};
  memo::runner runner{store, {.jobs = 1}};
  auto const xs = numbers(0, 3000);
  calls = 0;
  auto const cold = runner.run(chain, "xs"_in = xs);
  CHECK(test::all_ran(cold.report()));
  CHECK(cold.report()["ys"].elements == 3000);
  CHECK(cold.report()["ys"].elements_ran == 3000);
  CHECK(cold.report()["zs"].elements_ran == 3000);
  CHECK(calls == 6000);

  *store.reads = 0;
  auto const warm = runner.run(chain, "xs"_in = xs);
  CHECK(test::all_hit(warm.report()));
  CHECK(warm.get<"total">() == total_of(3000));
  CHECK(*store.reads == 0);

  CHECK(warm.get<"ys">().size() == 3000);
  CHECK(warm.get<"ys">()[2999] == 1499.5);
  CHECK(*store.reads == 1);
  CHECK(test::all_hit(warm.report()));
  CHECK(warm.report()["ys"].elements_ran == 0);
  CHECK(calls == 6000);
}

TEST_CASE("the payload of a map lies on disk once") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  memo::runner runner{store, {.jobs = 2}};
  runner.run<"ys">(chain, "xs"_in = numbers(0, 20'000));
  auto const stats = store.stats();
  CHECK(stats.bytes < 20'000 * 26);  // 8 bytes of result, 16 of key
  CHECK(stats.entries + stats.objects <= 4);
}

TEST_CASE("the change of an element goes as far as it changes something") {
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  auto xs = numbers(0, 100);
  runner.run(chain, "xs"_in = xs);
  xs[10] = 11;  // there is one already, and its half is rounded to the same
  auto const changed = runner.run(chain, "xs"_in = xs);
  CHECK(changed.report()["ys"].elements_ran == 0);
  CHECK(changed.report()["zs"].elements_ran == 0);
  CHECK(changed.get<"total">() == total_of(100));
  CHECK(changed.report()["total"].outcome == memo::outcome::hit);
  xs[10] = 1000;
  auto const other = runner.run(chain, "xs"_in = xs);
  CHECK(other.report()["ys"].elements_ran == 1);
  CHECK(other.report()["zs"].elements_ran == 1);
  CHECK(other.report()["total"].outcome == memo::outcome::ran);
  CHECK(other.get<"total">() == total_of(100) - 5 + 500);
}

TEST_CASE("values, keys and reports of maps are the same on any number of threads") {
  std::vector<double> values;
  std::vector<std::string> lines;
  for (unsigned const jobs : {1u, 2u, 3u, 8u}) {
    CAPTURE(jobs);
    memo::runner runner{memo::memory_store{}, {.jobs = jobs}};
    auto const run = runner.run(chain, "xs"_in = numbers(0, 5000));
    std::vector<std::string> now;
    for (auto const& step : run.report().steps)
      now.push_back(step.name + memo::to_hex(step.key) + memo::to_hex(step.value) + step.reason +
                    std::to_string(step.elements) + "/" + std::to_string(step.elements_ran));
    if (jobs == 1) {
      values = run.get<"ys">();
      lines = now;
    }
    CHECK(run.get<"ys">() == values);
    CHECK(now == lines);
  }
}

TEST_CASE("a failed element fails its map, names its place, and loses no other") {
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 1}};
  auto xs = numbers(0, 50);
  xs.push_back(7);
  calls = 0;
  poison = 7;
  try {
    runner.run(chain, "xs"_in = xs);
    FAIL("it did not throw");
  } catch (memo::step_failed const& e) {
    CHECK(e.step() == "ys");
    CHECK(e.elements() == std::vector<std::size_t>{7, 50});
    CHECK(test::contains(e.what(), "element 7: poisoned"));
    CHECK(test::contains(e.what(), "7 of 51, 7: poisoned"));
    CHECK_THROWS_WITH(std::rethrow_if_nested(e), "poisoned");
  }
  CHECK(calls == 7);

  SECTION("and with keep_going all others are there") {
    memo::runner going{memo::directory_store{folder.path()}, {.jobs = 2, .keep_going = true}};
    auto const run = going.run(chain, "xs"_in = xs);
    CHECK_FALSE(run.ok());
    CHECK(calls == 49);
    CHECK(run.report()["total"].outcome == memo::outcome::skipped);
  }
  poison = -1;
  auto const run = runner.run(chain, "xs"_in = xs);
  CHECK(run.get<"total">() == total_of(50) + 3);
  CHECK(run.report()["ys"].elements_ran <= 43);
}

TEST_CASE("a map obeys the mode of its run") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  auto const xs = numbers(0, 20);
  auto const ran = [&](memo::mode mode, std::vector<int> const& of) {
    memo::runner runner{store, {.mode = mode, .jobs = 1}};
    auto const run = runner.run<"ys">(chain, "xs"_in = of);
    CHECK(run.get<"ys">().back() == of.back() / 2.0);
    return run.report()["ys"].elements_ran;
  };
  CHECK(ran(memo::mode::off, xs) == 20);
  CHECK(ran(memo::mode::read_only, xs) == 20);
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));
  CHECK(ran(memo::mode::read_write, xs) == 20);
  CHECK(ran(memo::mode::read_write, xs) == 0);
  CHECK(ran(memo::mode::read_only, numbers(0, 25)) == 5);
  CHECK(ran(memo::mode::read_only, numbers(0, 25)) == 5);
  CHECK(ran(memo::mode::write_only, xs) == 20);
  CHECK(ran(memo::mode::read_write, xs) == 0);
  memo::runner forced{store, {.jobs = 1, .force = {"ys"}}};
  CHECK(forced.run<"ys">(chain, "xs"_in = xs).report()["ys"].elements_ran == 20);
}

namespace {
int offset = 0;
int shifted(int x) { return x + offset; }
constexpr auto shift = memo::pipeline<"shift">(memo::input<"xs", std::vector<int>>,
                                               memo::step<"ys">(shifted).over<"xs">().version<1>());
}  // namespace

TEST_CASE("verify finds elements that depend on more than their key") {
  memo::memory_store const store;
  auto const xs = numbers(0, 20);
  offset = 0;
  memo::runner{store, {.jobs = 1}}.run(shift, "xs"_in = xs);
  memo::runner verifying{store, {.mode = memo::mode::verify, .jobs = 1, .verify = 1}};
  CHECK_FALSE(verifying.run(shift, "xs"_in = xs).report()["ys"].differs);
  offset = 1;
  auto const whole = verifying.run(shift, "xs"_in = xs);
  CHECK(whole.report()["ys"].differs);
  CHECK(whole.get<"ys">()[3] == 3);
  auto const found = verifying.run(shift, "xs"_in = numbers(0, 19));
  CHECK(found.report()["ys"].differs);
  CHECK(test::contains(found.report()["ys"].difference, "element 0: stored 0, now 1"));
  CHECK(found.get<"ys">()[3] == 3);
}

TEST_CASE("a map that was killed goes on where it was, from any number of threads") {
  scratch_folder const folder;
  auto const xs = numbers(0, 2000);
  test::channel started;
  {
    test::process child([&] {
      pause_us = 2000;
      memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 2}};
      started.send();
      runner.run(chain, "xs"_in = xs);
      return 0;
    });
    started.receive();
    // A first pack is written half a second after the start, however slow the machine is.
    auto const has_entry = [&] { return memo::directory_store{folder.path()}.stats().entries != 0; };
    for (int i = 0; i < 3000 && !has_entry(); ++i) ::usleep(10'000);
    child.end(SIGKILL);
  }
  memo::runner runner{memo::directory_store{folder.path()}, {.jobs = 2}};
  auto const run = runner.run(chain, "xs"_in = xs);
  CHECK(run.get<"total">() == total_of(2000));
  CHECK(run.report()["ys"].elements_ran > 0);
  CHECK(run.report()["ys"].elements_ran < 1990);
}

namespace {
std::string text_of(int x) { return std::string(static_cast<std::size_t>(x), 'x'); }
std::vector<std::string> same(std::vector<std::string> const& all) { return all; }
constexpr auto never_kept =
    memo::pipeline<"policies">(memo::input<"xs", std::vector<int>>,
                               memo::step<"ys">(text_of).over<"xs">().version<1>().cache(memo::never));
constexpr auto in_memory =
    memo::pipeline<"policies">(memo::input<"xs", std::vector<int>>,
                               memo::step<"ys">(text_of).over<"xs">().version<1>().cache(memo::in_memory));
constexpr auto digest_only =
    memo::pipeline<"policies">(memo::input<"xs", std::vector<int>>,
                               memo::step<"ys">(text_of).over<"xs">().version<1>().cache(memo::digest_only),
                               memo::step<"copy">(same).from<"ys">().version<1>());
}  // namespace

TEST_CASE("elements are kept where their map is, and not beside it") {
  scratch_folder const folder;
  memo::directory_store const store{folder.path()};
  memo::runner runner{store, {.jobs = 1}};
  auto const xs = numbers(0, 30);
  for (int i = 0; i < 2; ++i) CHECK(runner.run(never_kept, "xs"_in = xs).report()["ys"].elements_ran == 30);
  CHECK(store.stats().entries == 0);
  CHECK(runner.run(in_memory, "xs"_in = xs).report()["ys"].elements_ran == 30);
  CHECK(runner.run(in_memory, "xs"_in = xs).report()["ys"].elements_ran == 0);
  CHECK(runner.run(in_memory, "xs"_in = numbers(0, 31)).report()["ys"].elements_ran == 31);
  CHECK(store.stats().entries == 0);
  CHECK(runner.run(digest_only, "xs"_in = xs).report()["ys"].elements_ran == 30);
  CHECK(store.stats().entries == 2);
  auto const warm = runner.run(digest_only, "xs"_in = xs);
  CHECK(test::all_hit(warm.report()));
  CHECK(warm.get<"copy">()[29] == text_of(29));
}
