// How a run goes on where values are lost, where steps give other values than before, fail or are stopped, and what can
// be asked for afterwards.
#include <memo/memo.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/deadline.hpp"
#include "../support/losing_store.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace memo::literals;
using namespace std::chrono_literals;
using memo::outcome;
using test::all_hit;
using test::all_ran;
using test::comes_true;
using test::contains;
using test::deadline;
using test::error_of;
using test::hits;
using test::losing_store;
using test::names;
using test::ran;
using test::steps_with;

namespace {

/// What is to happen in the functions below.
struct circumstances {
  std::atomic<bool> is_ill{false}, stops{false};
  std::atomic<int> count{0}, others{0};
  std::stop_source stop;
};
circumstances now;

void begin() {
  now.is_ill = now.stops = false;
  now.count = now.others = 0;
  now.stop = {};
}

int fragile(int n) {
  if (now.stops) now.stop.request_stop();
  if (now.is_ill) throw std::runtime_error("ill");
  return n;
}
int next(int n) { return n + 1; }
int counted_next(int n) {
  ++now.others;
  return n + 1;
}
int counting(int) { return ++now.count; }
int unless_stopped(memo::context& c, int n) { return c.stop_requested() ? -1 : n + 1; }

/// An exception that has nothing to say.
struct quiet : std::exception {
  char const* what() const noexcept override { return ""; }
};

/// Tells that something has happened to a step.
class lookout final : public memo::observer {
 public:
  lookout(memo::event_kind kind, std::string step) : kind_(kind), step_(std::move(step)) {}
  void notice(memo::event const& e) override {
    if (e.kind == kind_ && e.step == step_) has_happened = true;
    if (next != nullptr) next->notice(e);
  }
  std::atomic<bool> has_happened{false};
  lookout* next = nullptr;

 private:
  memo::event_kind kind_;
  std::string step_;
};

}  // namespace

// Exceptions without a message

TEST_CASE("a check or a step that throws without a message has failed, and nothing of it is kept") {
  constexpr auto checked = memo::pipeline<"checked">(
      memo::input<"n", int>,
      memo::step<"c">(next).from<"n">().version<1>().check([](int) -> bool { throw quiet{}; }, "calm"));
  constexpr auto thrown = memo::pipeline<"thrown">(
      memo::input<"n", int>, memo::step<"c">([](int) -> int { throw quiet{}; }).from<"n">().version<1>());
  memo::memory_store store;
  memo::runner const runner{store, {.jobs = 1}};
  for (int i = 0; i < 2; ++i) {
    CHECK(contains(error_of<memo::step_failed>([&] { runner.run(checked, "n"_in = 1); }),
                   "the step `c` failed: an exception without a message"));
    CHECK(contains(error_of<memo::step_failed>([&] { runner.run(thrown, "n"_in = 1); }),
                   "the step `c` failed: an exception without a message"));
  }
  CHECK(store.stats().entries == 0);
  auto const kept = memo::runner{store, {.keep_going = true}}.run(checked, "n"_in = 1);
  CHECK(kept.report()["c"].outcome == outcome::failed);
  CHECK_THROWS_AS(kept.get<"c">(), memo::step_failed);
}

// Seeds

TEST_CASE("a seed is drawn from what .identity says in every mode") {
  constexpr auto p = memo::pipeline<"seeds">(
      memo::input<"n", int>,
      memo::step<"x">([](int n) { return n + 0.25; }).from<"n">().version<1>().identity([](double const& x) {
        return static_cast<int>(x);
      }),
      memo::step<"seed">([](memo::context& c, double) { return c.seed(); }).from<"x">().version<1>());
  memo::memory_store const store;
  memo::runner runner{store, {.jobs = 1}};
  auto const first = runner.run(p, "n"_in = 1);
  CHECK(all_ran(first.report()));
  std::uint64_t const seed = first.get<"seed">();
  CHECK(runner.run(p, "n"_in = 2).get<"seed">() != seed);
  for (auto const mode : {memo::mode::off, memo::mode::write_only}) {
    runner.options().mode = mode;
    auto const again = runner.run(p, "n"_in = 1);
    CHECK(again.get<"seed">() == seed);
    CHECK(all_ran(again.report()));
  }
  runner.options().mode = memo::mode::verify;
  auto const verified = runner.run(p, "n"_in = 1);
  CHECK(all_hit(verified.report()));
  CHECK_FALSE(verified.report()["seed"].differs);
}

// Runs within steps

namespace {

memo::runner const* self = nullptr;
std::atomic<bool> nests{false};

int run_itself(int n);
constexpr auto within_itself = memo::pipeline<"within itself">(
    memo::input<"list", std::vector<int>>, memo::step<"r">(run_itself).over<"list">().version<1>());
int run_itself(int n) { return self->run(within_itself, "list"_in = {n, n}).get<"r">().front(); }

constexpr auto part =
    memo::pipeline<"part">(memo::input<"n", int>, memo::step<"s">(counted_next).from<"n">().version<1>());
int run_part(int n) {
  std::this_thread::sleep_for(30ms);
  return nests ? self->run(part, "n"_in = n).get<"s">() : n + 1;
}
int run_part_too(int n) { return 2 * run_part(n); }
constexpr auto whole = memo::pipeline<"whole">(part, memo::step<"a">(run_part).from<"n">().version<1>(),
                                               memo::step<"b">(run_part_too).from<"n">().version<1>());

}  // namespace

TEST_CASE("an element of a map that runs the map for itself is an error that names the chain") {
  for (unsigned const jobs : {1u, 2u, 4u}) {
    deadline const within("a map that runs itself");
    memo::memory_store store;
    memo::runner const runner{store, {.jobs = jobs}};
    self = &runner;
    auto const text = error_of<memo::step_failed>([&] { runner.run(within_itself, "list"_in = {1, 1}); });
    CHECK(contains(text, "a step asks for its own result"));
    CHECK(contains(text, "r \u2192 r"));
    CHECK(store.stats().entries == 0);
  }
}

TEST_CASE("where the steps that occupy all threads want a step that waits for a thread, all of them end") {
  for (unsigned jobs = 1; jobs <= 4; ++jobs) {
    deadline const within("steps that want a step which waits for a thread");
    begin();
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    self = &runner;
    nests = false;
    CHECK(all_ran(
        runner.run(whole, "n"_in = 1).report()));  // from here on `a` and `b` are known to be the longest
    CHECK(now.others == 1);
    nests = true;
    auto const run = runner.run(whole, "n"_in = 2);
    CHECK(run.get<"a">() == 3);
    CHECK(run.get<"b">() == 6);
    CHECK(now.others == 2);
    CHECK(run.report()["a"].outcome == outcome::ran);
    CHECK(run.report()["b"].outcome == outcome::ran);
    CHECK(all_hit(runner.run(whole, "n"_in = 2).report()));
  }
}

// Lost values of steps that are not reproducible

namespace {

class opaque {
 public:
  explicit opaque(int v) : v_(v) {}
  int v() const { return v_; }

 private:
  int v_;
};
opaque wrapped(int n) { return opaque(n); }
int unwrapped(opaque const& o) { return o.v(); }

template <int V>
constexpr auto not_hashable = memo::pipeline<"not hashable">(
    memo::input<"n", int>, memo::step<"a">(counting).from<"n">().version<1>(),
    memo::step<"d">(wrapped).from<"a">().version<1>().cache(memo::in_memory),
    memo::step<"e">(unwrapped).from<"d">().version<1>(), memo::step<"f">(unwrapped).from<"d">().version<V>());

template <int V>
constexpr auto counted_chain = memo::pipeline<"counted chain">(
    memo::input<"n", int>, memo::step<"a">(counting).from<"n">().version<1>(),
    memo::step<"d">(next).from<"a">().version<1>(), memo::step<"e">(next).from<"d">().version<V>());

}  // namespace

TEST_CASE("what cannot be hashed and is made of a value that changed is another value to its readers") {
  for (unsigned const jobs : {1u, 4u}) {
    begin();
    losing_store store{true};
    memo::runner const runner{store, {.jobs = jobs}};
    CHECK(all_ran(runner.run(not_hashable<1>, "n"_in = 1).report()));
    store.lose_values();
    {
      auto const run = runner.run(not_hashable<2>, "n"_in = 1);
      store.find_values();
      CHECK(run.get<"a">() == 2);
      CHECK(run.get<"e">() == 2);
      CHECK(run.get<"f">() == 2);
      CHECK(all_ran(run.report()));
    }
    auto const run = runner.run(not_hashable<2>, "n"_in = 1);
    CHECK(run.get<"a">() == 2);
    CHECK(run.get<"e">() == 2);
    CHECK(run.get<"f">() == 2);
    CHECK(all_hit(run.report()));
  }
}

TEST_CASE("only the step that gave another value from the same inputs is called not reproducible") {
  for (unsigned const jobs : {1u, 4u}) {
    begin();
    losing_store store;
    memo::runner runner{store, {.jobs = jobs}};
    CHECK(all_ran(runner.run(counted_chain<1>, "n"_in = 1).report()));
    store.lose_values();
    auto const run = runner.run(counted_chain<2>, "n"_in = 1);
    CHECK(run.get<"e">() == 4);
    CHECK(all_ran(run.report()));
    CHECK(run.report()["a"].not_reproducible);
    CHECK_FALSE(run.report()["d"].not_reproducible);
    CHECK_FALSE(run.report()["e"].not_reproducible);
    runner.options().strict = true;
    auto const error = error_of<memo::not_reproducible>([&] { runner.run(counted_chain<3>, "n"_in = 1); });
    CHECK(contains(error, "step  a"));
  }
}

// Ends that are inherited

namespace {

std::vector<std::atomic<bool> const*> decided;  // what `last` waits for

int last(int n) {
  for (auto const* const flag : decided) comes_true(*flag);
  return fragile(n);
}

template <int V>
constexpr auto family = memo::pipeline<"family">(
    memo::input<"n", int>, memo::step<"a">(last).from<"n">().version<1>(),
    memo::step<"b">(next).from<"a">().version<1>(), memo::step<"c">(next).from<"b">().version<1>(),
    memo::step<"behind">(next).from<"n">().after<"b">().version<1>(),
    memo::step<"d">(next).from<"a">().version<V>());

}  // namespace

TEST_CASE("what was a hit is skipped where what it reads or comes after is skipped after all") {
  for (unsigned const jobs : {1u, 2u, 8u}) {
    begin();
    losing_store store;
    memo::runner runner{store, {.jobs = jobs, .keep_going = true}};
    CHECK(all_ran(runner.run(family<1>, "n"_in = 1).report()));
    store.lose_values();
    now.is_ill = true;
    // `a` fails when its heirs were decided, where another thread can decide them meanwhile.
    lookout c(memo::event_kind::did_hit, "c"), behind(memo::event_kind::did_hit, "behind");
    c.next = &behind;
    runner.options().observer = &c;
    if (jobs > 1) decided = {&c.has_happened, &behind.has_happened};
    auto const run = runner.run(family<2>, "n"_in = 1);
    decided.clear();
    if (jobs > 1) CHECK((c.has_happened && behind.has_happened));
    CHECK_FALSE(run.ok());
    CHECK(steps_with(run.report(), outcome::failed) == names{"a"});
    CHECK(steps_with(run.report(), outcome::skipped) == names{"b", "c", "behind", "d"});
    CHECK(run.report()["c"].reason == "it needs `b`, which was skipped");
    CHECK_THROWS_AS(run.get<"c">(), memo::step_failed);
    CHECK_THROWS_AS(run.get<"behind">(), memo::step_failed);
  }
}

// Views

namespace {

/// Lets each step of the pipeline below begin and end when the test wants it.
struct order_of_views {
  bool is_on = false;
  std::atomic<bool> f_began{false}, d_began{false}, e_began{false};
  std::atomic<bool> const *f_may_end = nullptr, *d_may_end = nullptr, *e_may_end = nullptr;
  void wait(std::atomic<bool> const* flag) const {
    if (is_on) comes_true(*flag);
  }
};
order_of_views views;

std::vector<double> long_series(int n) { return std::vector<double>(5000, n); }
int front(std::vector<double> const& a) {
  views.d_began = true;
  views.wait(views.d_may_end);
  return static_cast<int>(a.front());
}
int same(int d) { return d; }
int back(std::span<double const> a) {
  views.f_began = true;
  views.wait(views.f_may_end);
  return static_cast<int>(a.back());
}
int after_d_began(int n) {
  views.wait(&views.d_began);
  return n;
}
double element(int x, std::span<double const> a, int g) {
  views.e_began = true;
  views.wait(views.e_may_end);
  return a[static_cast<std::size_t>(x)] + g;
}

template <int V>
constexpr auto viewing = memo::pipeline<"viewing">(
    memo::input<"n", int>, memo::input<"xs", std::vector<int>>,
    memo::step<"a">(long_series).from<"n">().version<1>(), memo::step<"d">(front).from<"a">().version<1>(),
    memo::step<"x">(same).from<"d">().version<V>(), memo::step<"f">(back).from<"a">().version<V>(),
    memo::step<"g">(after_d_began).from<"n">().version<V>(),
    memo::step<"e">(element).over<"xs">().from<"a", "g">().version<V>());

}  // namespace

TEST_CASE("a view that is handed to a step stays valid while other readers of the value end") {
  deadline const within("steps that look at one value");
  losing_store store;
  memo::runner runner{store, {.jobs = 8}};
  std::vector<int> const xs{3, 4};
  CHECK(all_ran(runner.run(viewing<1>, "n"_in = 7, "xs"_in = xs).report()));
  // The elements of `a` are there for `f`; then `d`, whose value is lost, makes `a` of them; `e` looks at it until both
  // have ended.
  lookout f_ended(memo::event_kind::did_run, "f"), d_ended(memo::event_kind::did_run, "d");
  f_ended.next = &d_ended;
  views.f_may_end = &views.e_began;
  views.d_may_end = &f_ended.has_happened;
  views.e_may_end = &d_ended.has_happened;
  views.f_began = views.d_began = views.e_began = false;
  views.is_on = true;
  store.lose_value("d");
  store.before_loss([] { comes_true(views.f_began); });
  runner.options().observer = &f_ended;
  auto const run = runner.run(viewing<2>, "n"_in = 7, "xs"_in = xs);
  views.is_on = false;
  CHECK((f_ended.has_happened && d_ended.has_happened));
  CHECK(run.get<"e">() == std::vector<double>{14, 14});
  CHECK(run.get<"x">() == 7);
  CHECK(run.get<"f">() == 7);
  CHECK(hits(run.report()) == names{"a"});
  CHECK(ran(run.report()) == names{"d", "x", "f", "g", "e"});
}

// Files that a step gives

namespace {

std::filesystem::path chosen_folder;
memo::file choose(int n) { return memo::file(chosen_folder / std::to_string(n)); }
std::string place(memo::context&, memo::file const& f) { return f.path().filename().string(); }

constexpr auto placing = memo::pipeline<"placing">(
    memo::input<"n", int>, memo::step<"f">(choose).from<"n">().version<1>().cache(memo::in_memory),
    memo::step<"w">(place).from<"f">().version<1>());

}  // namespace

TEST_CASE(
    "where a step that takes a context reads a file, its path counts also when the file's step is a hit") {
  scratch_folder const folder;
  chosen_folder = folder.path();
  write_content(folder / "1", "same");
  write_content(folder / "2", "same");
  for (unsigned const jobs : {1u, 4u}) {
    memo::runner const runner{memo::memory_store{}, {.jobs = jobs}};
    for (int const n : {1, 2}) {
      auto const run = runner.run(placing, "n"_in = n);
      CHECK(run.get<"w">() == std::to_string(n));
      CHECK(all_ran(run.report()));
    }
    for (int const n : {1, 1, 2, 2, 1}) {
      CHECK(runner.plan(placing, "n"_in = n)["w"].forecast == memo::forecast::hit);
      auto const run = runner.run(placing, "n"_in = n);
      CHECK(run.get<"w">() == std::to_string(n));
      CHECK(all_hit(run.report()));
    }
  }
}

// Stop requests and failures

namespace {

/// Occupies its thread until the run ends, where it is to end.
std::atomic<bool> const* run_ends = nullptr;
int occupied(int n) {
  ++now.others;
  if (run_ends != nullptr) comes_true(*run_ends);
  return n;
}
std::atomic<bool> has_stopped{false};
int ends_run(int n) {
  if (run_ends == nullptr) std::this_thread::sleep_for(50ms);  // the longest
  int const given = fragile(n);
  if (now.stops) has_stopped = true;
  return given;
}

template <int V>
constexpr auto many = memo::pipeline<"many">(
    memo::input<"n", int>, memo::step<"first">(ends_run).from<"n">().version<V>(),
    memo::step<"a">(occupied).from<"n">().version<V>(), memo::step<"b">(occupied).from<"n">().version<V>(),
    memo::step<"c">(occupied).from<"n">().version<V>(), memo::step<"d">(occupied).from<"n">().version<V>(),
    memo::step<"e">(occupied).from<"n">().version<V>(), memo::step<"f">(occupied).from<"n">().version<V>());

template <int V>
constexpr auto pair_of =
    memo::pipeline<"pair">(memo::input<"n", int>, memo::step<"a">(fragile).from<"n">().version<1>(),
                           memo::step<"b">(counted_next).from<"a">().version<V>());

template <int V>
constexpr auto independent = memo::pipeline<"independent">(
    memo::input<"n", int>, memo::step<"a">(last).from<"n">().version<V>(),
    memo::step<"b">(unless_stopped).from<"n">().version<1>(), memo::step<"c">(next).from<"n">().version<1>(),
    memo::step<"d">(next).from<"c">().version<1>(), memo::step<"e">(next).from<"a">().version<1>());

}  // namespace

TEST_CASE(
    "after a failure nothing new starts, also where steps wait for a thread in the order of their lengths") {
  begin();
  run_ends = nullptr;
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  CHECK(all_ran(runner.run(many<1>, "n"_in = 1).report()));
  lookout failed(memo::event_kind::did_fail, "first");
  runner.options().observer = &failed;
  now.is_ill = true;
  now.others = 0;
  run_ends = &failed.has_happened;
  CHECK_THROWS_AS(runner.run(many<2>, "n"_in = 1), memo::step_failed);
  CHECK(now.others <= 1);  // on the other thread
  now.is_ill = false;
  int const begun = now.others;
  auto const run = runner.run(many<2>, "n"_in = 1);
  run_ends = nullptr;
  CHECK(run.get<"f">() == 1);
  CHECK(run.report().count(outcome::hit) == static_cast<std::size_t>(begun));
}

TEST_CASE(
    "after a stop request nothing new starts, also where steps wait for a thread in the order of their "
    "lengths") {
  begin();
  run_ends = nullptr;
  has_stopped = false;
  memo::runner runner{memo::memory_store{}, {.jobs = 2}};
  CHECK(all_ran(runner.run(many<1>, "n"_in = 1).report()));
  runner.options().stop = now.stop.get_token();
  now.stops = true;
  now.others = 0;
  run_ends = &has_stopped;
  CHECK_THROWS_AS(runner.run(many<2>, "n"_in = 1), memo::run_cancelled);
  CHECK(now.others <= 1);
  now.stops = false;
  runner.options().stop = {};
  std::size_t const begun = static_cast<std::size_t>(now.others.load());
  auto const run = runner.run(many<2>, "n"_in = 1);
  run_ends = nullptr;
  CHECK(run.get<"f">() == 1);
  CHECK(run.report().count(outcome::hit) == begun + 1);
}

TEST_CASE("a step that waits for a lost value does not run where the run is stopped meanwhile") {
  for (unsigned const jobs : {1u, 2u}) {
    begin();
    losing_store store;
    memo::runner runner{store, {.jobs = jobs, .stop = now.stop.get_token()}};
    CHECK(all_ran(runner.run(pair_of<1>, "n"_in = 1).report()));
    store.lose_values();
    now.stops = true;
    now.others = 0;
    CHECK_THROWS_AS(runner.run(pair_of<2>, "n"_in = 1), memo::run_cancelled);
    CHECK(now.others == 0);
    store.find_values();
    runner.options().stop = {};
    auto const run = runner.run(pair_of<2>, "n"_in = 1);
    CHECK(run.get<"b">() == 2);
    CHECK(hits(run.report()) == names{"a"});
    CHECK(ran(run.report()) == names{"b"});
  }
}

// What can be asked for after the run

TEST_CASE("a lost value that cannot be computed again is no obstacle to the others of the result") {
  for (unsigned const jobs : {1u, 4u}) {
    begin();
    losing_store store;
    memo::runner const runner{store, {.jobs = jobs}};
    CHECK(all_ran(runner.run(independent<1>, "n"_in = 1).report()));
    auto const run = runner.run(independent<1>, "n"_in = 1);
    CHECK(all_hit(run.report()));
    store.lose_values();
    now.is_ill = true;
    CHECK_THROWS_AS(run.get<"a">(), memo::step_failed);
    CHECK(run.get<"b">() == 2);
    CHECK(run.get<"d">() == 3);
    CHECK_THROWS_AS(run.get<"a">(), memo::step_failed);
    CHECK_THROWS_AS(run.get<"e">(), memo::step_failed);
    CHECK(steps_with(run.report(), outcome::failed) == names{"a"});
    CHECK(ran(run.report()) == names{"b", "c", "d"});
    CHECK(steps_with(run.report(), outcome::skipped) == names{"e"});
    CHECK(steps_with(run.report(), outcome::cancelled).empty());
  }
}

TEST_CASE("what a run gave before it failed or was stopped can be had, also where it is lost") {
  for (bool const stops : {false, true})
    for (unsigned const jobs : {1u, 4u}) {
      begin();
      losing_store store;
      memo::runner runner{store, {.jobs = jobs, .keep_going = true}};
      CHECK(all_ran(runner.run(independent<1>, "n"_in = 1).report()));
      // `a` ends the run when all others are decided, where another thread can decide them meanwhile.
      lookout b(memo::event_kind::did_hit, "b"), d(memo::event_kind::did_hit, "d");
      b.next = &d;
      runner.options().observer = &b;
      if (jobs > 1) decided = {&b.has_happened, &d.has_happened};
      now.is_ill = !stops;
      now.stops = stops;
      runner.options().stop = now.stop.get_token();
      auto const run = runner.run(independent<2>, "n"_in = 1);
      decided.clear();
      bool const is_hit = run.report()["d"].outcome == outcome::hit;
      if (jobs > 1 || !stops) CHECK(is_hit);
      CHECK(run.report()["a"].outcome == (stops ? outcome::ran : outcome::failed));
      store.lose_values();
      if (stops) {
        CHECK(run.get<"a">() == 1);
      } else {
        CHECK_THROWS_AS(run.get<"a">(), memo::step_failed);
        CHECK_THROWS_AS(run.get<"e">(), memo::step_failed);
      }
      if (is_hit) {
        CHECK(run.get<"b">() == 2);  // its context hears of no stop: the run is over
        CHECK(run.get<"d">() == 3);
        CHECK(run.report()["d"].outcome == outcome::ran);
      } else {
        CHECK_THROWS_AS(run.get<"d">(), memo::run_cancelled);
      }
    }
}

// Values that do not come back as they were

namespace {

int length(std::span<double const> a) { return static_cast<int>(a.size()); }
int longer(std::vector<double> const& a, int v) { return static_cast<int>(a.size()) + v; }

template <int V>
constexpr auto lengths = memo::pipeline<"lengths">(
    memo::input<"n", int>, memo::step<"a">(long_series).from<"n">().version<1>(),
    memo::step<"v">(length).from<"a">().version<V>(), memo::step<"r">(longer).from<"a", "v">().version<V>());

std::array<int, 2> two_countings(int) {
  ++now.count;
  return {now.count, 100 * now.count};
}
int only_one(int u) {
  if (u != 1) throw std::runtime_error("not 1");
  return 10 * u;
}
int unchanged(int v) { return v; }

template <int V>
constexpr auto two_outputs = memo::pipeline<"two outputs">(
    memo::input<"n", int>, memo::step<"u", "v">(two_countings).from<"n">().version<1>(),
    memo::step<"c">(unchanged).from<"v">().version<V>(), memo::step<"b">(only_one).from<"u">().version<V>());

}  // namespace

TEST_CASE("a value whose stored bytes are too few is computed again") {
  for (unsigned const jobs : {1u, 4u}) {
    losing_store store;
    memo::runner const runner{store, {.jobs = jobs}};
    CHECK(all_ran(runner.run(lengths<1>, "n"_in = 1).report()));
    store.cut_values();
    {
      auto const run = runner.run(lengths<2>, "n"_in = 1);
      CHECK(run.get<"v">() == 5000);
      CHECK(run.get<"r">() == 10'000);
      CHECK(all_ran(run.report()));
    }
    store.find_values();
    auto const run = runner.run(lengths<2>, "n"_in = 1);
    CHECK(run.get<"a">().size() == 5000);
    CHECK(run.get<"r">() == 10'000);
    CHECK(all_hit(run.report()));
  }
}

TEST_CASE("a step that gave a value and fails with what it reads in the end gives none") {
  for (unsigned const jobs : {1u, 4u}) {
    begin();
    losing_store store;
    memo::runner const runner{store, {.jobs = jobs, .keep_going = true}};
    CHECK(all_ran(runner.run(two_outputs<1>, "n"_in = 1).report()));
    store.lose_value("u,v", 1);
    // `b` may have run with u = 1 when `c` finds that v is lost: u is 2 then.
    auto const run = runner.run(two_outputs<2>, "n"_in = 1);
    CHECK(run.get<"u">() == 2);
    CHECK(run.get<"v">() == 200);
    CHECK(run.get<"c">() == 200);
    CHECK_THROWS_AS(run.get<"b">(), memo::step_failed);
    CHECK_FALSE(run.ok());
    CHECK(run.report()["u"].not_reproducible);
    CHECK(ran(run.report()) == names{"u,v", "c"});
    CHECK(steps_with(run.report(), outcome::failed) == names{"b"});
  }
}
