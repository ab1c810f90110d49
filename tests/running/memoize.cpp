#include <memo/run/memoize.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <atomic>
#include <functional>
#include <thread>

using test::calls;
using test::contains;
using test::error_of;

namespace {

double simulate(int n, std::string const& model) {
  ++calls("simulate");
  return n + static_cast<double>(model.size());
}

std::vector<double> series(std::size_t n) {
  ++calls("series");
  return std::vector<double>(n, 0.25);
}

struct scaler {
  int factor = 1;
  int operator()(int x) const { return ++calls("scaler"), factor * x; }
};

}  // namespace

TEST_CASE("a memoized function is called once for equal arguments") {
  calls("simulate") = 0;
  auto const sim = memo::memoize<"simulate">(simulate, memo::memory_store{});
  CHECK(sim(2, "abc") == 5);
  CHECK(sim(2, "abc") == 5);
  CHECK(sim(2, std::string("abc")) == 5);
  CHECK(calls("simulate") == 1);
  CHECK(sim(3, "abc") == 6);
  CHECK(sim(2, "abcd") == 6);
  CHECK(calls("simulate") == 3);
  CHECK(sim.stats().hits == 2);
  CHECK(sim.stats().misses == 3);
}

TEST_CASE("contains counts nothing, and erase removes one result") {
  calls("simulate") = 0;
  auto const sim = memo::memoize<"simulate">(simulate, memo::memory_store{});
  CHECK_FALSE(sim.contains(1, "a"));
  CHECK_FALSE(sim.erase(1, "a"));
  sim(1, "a");
  sim(2, "a");
  CHECK(sim.contains(1, "a"));
  CHECK_FALSE(sim.contains(3, "a"));
  CHECK(sim.erase(1, "a"));
  CHECK_FALSE(sim.contains(1, "a"));
  CHECK(sim.contains(2, "a"));
  CHECK(sim.stats().hits == 0);
  CHECK(sim.stats().misses == 2);
  CHECK(sim(1, "a") == 2);
  CHECK(calls("simulate") == 3);
}

TEST_CASE("statistics belong to an object and its copies") {
  memo::memory_store const store;
  auto const one = memo::memoize<"simulate">(simulate, store);
  auto const copy = one;
  auto const other = memo::memoize<"simulate">(simulate, store);
  one(1, "");
  copy(1, "");
  other(1, "");
  CHECK(one.stats().hits == 1);
  CHECK(copy.stats().misses == 1);
  CHECK(other.stats().hits == 1);
  CHECK(other.stats().misses == 0);
  CHECK(one.version<1>().stats().misses == 0);
}

TEST_CASE("a shared handle is the stored value itself") {
  scratch_folder const folder;
  bool const directory = GENERATE(false, true);
  memo::any_store const store = directory ? memo::any_store(memo::directory_store{folder / "cache"})
                                          : memo::any_store(memo::memory_store{});
  calls("series") = 0;
  auto const made = memo::memoize<"series">(series, store);
  std::shared_ptr<std::vector<double> const> const first = made.shared(10'000);
  auto const second = made.shared(10'000);
  CHECK(first->size() == 10'000);
  CHECK(*first == *second);
  if (!directory) CHECK(first == second);
  CHECK(calls("series") == 1);
}

TEST_CASE("results survive the process in a directory") {
  scratch_folder const folder;
  calls("series") = 0;
  for (int i = 0; i < 2; ++i) {
    auto const made = memo::memoize<"series">(series, memo::directory_store{folder / "cache"}).version<1>();
    CHECK(made(10'000)[9'999] == 0.25);
    CHECK(made(3)[2] == 0.25);
  }
  CHECK(calls("series") == 2);
}

TEST_CASE("name, version, project, secret, environment and state keep results apart") {
  memo::memory_store const store;
  calls("scaler") = 0;
  auto const one = memo::memoize<"scaled">(scaler{2}, store);
  CHECK(one(3) == 6);
  CHECK(memo::memoize<"scaled">(scaler{2}, store)(3) == 6);
  CHECK(calls("scaler") == 1);
  CHECK(memo::memoize<"other">(scaler{2}, store)(3) == 6);
  CHECK(memo::memoize<"scaled">(scaler{5}, store)(3) == 15);
  CHECK(memo::memoize<"scaled">(scaler{2}, store, {.project = "p"})(3) == 6);
  CHECK(memo::memoize<"scaled">(scaler{2}, store, {.secret = "s"})(3) == 6);
  CHECK(one.version<1>()(3) == 6);
  CHECK(one.version<2>()(3) == 6);
  CHECK(calls("scaler") == 7);
  CHECK(memo::memoize<"scaled">(scaler{2}, store).version<2>()(3) == 6);
  CHECK(calls("scaler") == 7);
  auto const in_environment = one.env<"MEMO_TEST_MEMOIZE">();
  in_environment(3);
  in_environment(3);
  CHECK(calls("scaler") == 8);
  test::variable const set("MEMO_TEST_MEMOIZE", "1");
  in_environment(3);
  CHECK(calls("scaler") == 9);
}

TEST_CASE("a memoized function's results age") {
  using namespace std::chrono_literals;
  memo::manual_clock clock;
  calls("scaler") = 0;
  auto const f = memo::memoize<"aging">(scaler{2}, memo::memory_store{}, {.clock = &clock}).ttl(1s);
  f(1);
  clock.advance(999ms);
  f(1);
  CHECK(f.contains(1));
  CHECK(calls("scaler") == 1);
  clock.advance(1ms);
  CHECK_FALSE(f.contains(1));
  CHECK(f(1) == 2);
  CHECK(calls("scaler") == 2);
  clock.advance(500ms);
  CHECK(f(1) == 2);
  CHECK(calls("scaler") == 2);
}

TEST_CASE("a source text is a version") {
  memo::memory_store const store;
  CHECK(memo::memoize<"source">(MEMO_FN([](int n) { return ++calls("source"), n + 1; }), store)(1) == 2);
  CHECK(memo::memoize<"source">(MEMO_FN([](int n) { return ++calls("source"), n + 1; }), store)(1) == 2);
  CHECK(calls("source") == 1);
  CHECK(memo::memoize<"source">(MEMO_FN([](int n) { return ++calls("source"), n + 2; }), store)(1) == 3);
}

TEST_CASE("recursion on other arguments works, and on the same ones is an error that names the chain") {
  memo::memory_store const store;
  static std::function<long(int)> self;
  auto const fibonacci =
      memo::memoize<"fibonacci">([](int n) -> long { return n < 2 ? n : self(n - 1) + self(n - 2); }, store);
  self = fibonacci;
  CHECK(fibonacci(60) == 1548008755920);
  CHECK(fibonacci.stats().misses == 61);

  static std::function<int(int)> left, right;
  auto const ping = memo::memoize<"ping">([](int n) { return right(n); }, store);
  auto const pong = memo::memoize<"pong">([](int n) { return left(n); }, store);
  left = ping;
  right = pong;
  auto const text = error_of<memo::usage_error>([&] { ping(1); });
  CHECK(contains(text, "ping \u2192 pong \u2192 ping"));
  CHECK(contains(text, "hint: "));
  CHECK(error_of<memo::usage_error>([&] { ping(1); }) == text);
}

TEST_CASE("an exception passes as it is, and nothing is kept") {
  static bool broken;
  broken = true;
  memo::memory_store store;
  auto const f = memo::memoize<"throws">(
      [](int n) {
        if (broken) throw std::out_of_range("far");
        return n;
      },
      store);
  CHECK_THROWS_AS(f(1), std::out_of_range);
  CHECK_FALSE(f.contains(1));
  CHECK(store.stats().entries == 0);
  broken = false;
  CHECK(f(1) == 1);
  CHECK(f.stats().misses == 2);
}

TEST_CASE("the modes hold for memoized functions") {
  memo::memory_store store;
  auto with = [&](memo::mode m) {
    return memo::memoize<"modes">(scaler{3}, store, {.mode = m, .verify = 1});
  };
  calls("scaler") = 0;
  auto const off = with(memo::mode::off);
  CHECK(off(1) == 3);
  CHECK(off(1) == 3);
  CHECK(calls("scaler") == 2);
  auto const reading = with(memo::mode::read_only);
  CHECK(reading(1) == 3);
  CHECK(store.stats().entries == 0);
  auto const normal = with(memo::mode::read_write);
  normal(1);
  calls("scaler") = 0;
  CHECK(reading(1) == 3);
  CHECK(calls("scaler") == 0);
  auto const writing = with(memo::mode::write_only);
  CHECK(writing(1) == 3);
  CHECK(writing(1) == 3);
  CHECK(calls("scaler") == 2);
  CHECK(store.stats().entries == 1);
  auto const verifying = with(memo::mode::verify);
  CHECK(verifying(1) == 3);
  CHECK(calls("scaler") == 3);
  test::variable const mode("MEMO_MODE", "off");
  CHECK(with(memo::mode::read_write)(1) == 3);
  CHECK(calls("scaler") == 4);
}

TEST_CASE("verify tells the observer of a memoized function that gives another value") {
  static int drift;
  drift = 0;
  test::recorder events;
  memo::memory_store const store;
  auto drifting = [](int n) { return n + drift; };
  memo::memoize<"drifts">(drifting, store)(1);
  auto const f = memo::memoize<"drifts">(drifting, store,
                                         {.mode = memo::mode::verify, .verify = 1, .observer = &events});
  CHECK(f(1) == 1);
  CHECK(events.count(memo::event_kind::did_differ) == 0);
  drift = 5;
  CHECK(f(1) == 1);
  CHECK(events.steps(memo::event_kind::did_differ) == test::names{"drifts"});
  CHECK(events.seen().back().text == "stored 1, now 6");
}

TEST_CASE("what a store cannot keep is told, and the value is given") {
  scratch_folder const folder;
  write_content(folder / "file", "not a folder");
  memo::directory_store const store{folder / "file" / "cache"};
  test::recorder events;
  auto const f = memo::memoize<"unkept">(scaler{3}, store, {.observer = &events});
  CHECK(f(2) == 6);
  // Of the look-up, which could not read, and of the put.
  CHECK(events.steps(memo::event_kind::did_warn) == test::names{"unkept", "unkept"});
  auto const strict = memo::memoize<"unkept">(scaler{3}, store, {.strict = true});
  CHECK_THROWS_AS(strict(2), memo::store_error);
}

TEST_CASE("a memoized function may take a context, and what it reads through that counts") {
  memo::memory_store store;
  auto const draw = memo::memoize<"draw">(
      [](memo::context& c, int n) { return ++calls("draw"), c.seed() + static_cast<std::uint64_t>(n); },
      store);
  calls("draw") = 0;
  auto const first = draw(1);
  CHECK(draw(1) == first);
  CHECK(calls("draw") == 1);
  CHECK(draw(2) != first + 1);
  auto const looks = memo::memoize<"looks">(
      [](memo::context& c, int) { return ++calls("looks"), c.env("MEMO_TEST_LOOKS").has_value(); }, store);
  calls("looks") = 0;
  CHECK_FALSE(looks(1));
  CHECK_FALSE(looks(1));
  CHECK(calls("looks") == 1);
  {
    test::variable const set("MEMO_TEST_LOOKS", "1");
    CHECK_FALSE(looks.contains(1));
    CHECK(looks(1));
    CHECK(looks(1));
  }
  CHECK(looks.contains(1));
  CHECK_FALSE(looks(1));
  CHECK(calls("looks") == 2);
}

TEST_CASE("calls may come from several threads") {
  auto const f =
      memo::memoize<"threads">([](int n) { return std::vector<int>(1000, n); }, memo::memory_store{});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) wrong += f(i % 7)[999] != i % 7;
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(f.stats().hits + f.stats().misses == 800);
}
