#include <memo/run/memoize.hpp>

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

#include "../laws/scratch.hpp"
#include "../support/deadline.hpp"
#include "../support/losing_store.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Runs `act(thread)` on so many threads, which begin at the same time.
template <class Act>
void on_threads(int count, Act act) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t)
    threads.emplace_back([&, t] {
      ++ready;
      while (ready != count) std::this_thread::yield();
      act(t);
    });
  for (auto& thread : threads) thread.join();
}

/// What another thread waits for; for longer than any test takes is a failure.
void wait_for(std::atomic<int> const& number, int wanted) {
  auto const until = std::chrono::steady_clock::now() + 120s;
  while (number.load() < wanted) {
    if (std::chrono::steady_clock::now() > until) std::abort();
    std::this_thread::sleep_for(1ms);
  }
}

class waits_seen final : public memo::observer {
 public:
  void notice(memo::event const& e) override {
    if (e.kind != memo::event_kind::will_wait) return;
    {
      std::lock_guard const guard(lock_);
      text_ = std::string(e.step) + " waits for " + std::string(e.text);
    }
    ++count;
  }
  std::string text() {
    std::lock_guard const guard(lock_);
    return text_;
  }
  std::atomic<int> count{0};

 private:
  std::mutex lock_;
  std::string text_;
};

std::atomic<int> executions{0}, entered{0}, may_end{0};

double slowly(int n) {
  ++executions;
  std::this_thread::sleep_for(30ms);
  return n * 0.5;
}

std::vector<int> long_series(int n) {
  ++executions;
  std::this_thread::sleep_for(30ms);
  return std::vector<int>(2000, n);
}

/// Ends when the test says so.
int when_told(int n) {
  ++executions;
  ++entered;
  wait_for(may_end, 1);
  return n + 1;
}

void begin() { executions = entered = may_end = 0; }

}  // namespace

TEST_CASE("threads that miss one key compute it once") {
  scratch_folder const folder;
  bool const directory = GENERATE(false, true);
  memo::any_store const store = directory ? memo::any_store(memo::directory_store{folder / "cache"})
                                          : memo::any_store(memo::memory_store{});
  begin();
  std::atomic<int> wrong{0};
  auto const number = memo::memoize<"slowly">(slowly, store);
  on_threads(8, [&](int) { wrong += number(3) != 1.5 ? 1 : 0; });
  CHECK(executions == 1);
  CHECK(number.stats().hits == 7);
  CHECK(number.stats().misses == 1);

  begin();
  auto const series = memo::memoize<"series">(long_series, store);
  auto const again = memo::memoize<"series">(long_series, store);  // other statistics, the same key
  on_threads(8, [&](int t) { wrong += (t % 2 == 0 ? series : again)(3)[1999] != 3 ? 1 : 0; });
  CHECK(executions == 1);
  CHECK(series.stats().hits + again.stats().hits == 7);
  CHECK(series.stats().misses + again.stats().misses == 1);
  CHECK(wrong == 0);
}

TEST_CASE("threads that only read the store compute a key once all the same") {
  memo::memory_store const store;
  begin();
  waits_seen seen;
  auto const f = memo::memoize<"told">(when_told, store, {.mode = memo::mode::read_only, .observer = &seen});
  std::atomic<int> wrong{0};
  std::thread first([&] { wrong += f(1) != 2 ? 1 : 0; });
  wait_for(entered, 1);
  std::vector<std::thread> others;
  for (int t = 0; t < 3; ++t) others.emplace_back([&] { wrong += f(1) != 2 ? 1 : 0; });
  wait_for(seen.count, 3);
  may_end = 1;
  first.join();
  for (auto& other : others) other.join();
  CHECK(executions == 1);
  CHECK(f.stats().hits == 3);
  CHECK(f.stats().misses == 1);
  CHECK(wrong == 0);
  CHECK(store.stats().entries == 0);
}

TEST_CASE("the observer is told who is waited for") {
  begin();
  waits_seen seen;
  auto const f = memo::memoize<"told">(when_told, memo::memory_store{}, {.observer = &seen});
  std::thread first([&] { f(1); });
  wait_for(entered, 1);
  CHECK(seen.count == 0);
  int got = 0;
  std::thread second([&] { got = f(1); });
  wait_for(seen.count, 1);
  may_end = 1;
  first.join();
  second.join();
  CHECK(got == 2);
  CHECK(executions == 1);
  CHECK(f.stats().hits == 1);
  CHECK(seen.count == 1);
  CHECK(seen.text().find("told waits for thread ") == 0);
}

TEST_CASE("where a computation throws, the next thread that waits computes itself") {
  static std::atomic<int> failures;
  failures = 3;
  begin();
  auto const f = memo::memoize<"fails">(
      [](int n) {
        ++executions;
        std::this_thread::sleep_for(10ms);
        if (failures.fetch_sub(1) > 0) throw std::runtime_error("not yet");
        return n;
      },
      memo::memory_store{});
  std::atomic<int> thrown{0}, right{0};
  on_threads(8, [&](int) {
    try {
      right += f(7) == 7 ? 1 : 0;
    } catch (std::runtime_error const&) {
      ++thrown;
    }
  });
  CHECK(thrown == 3);
  CHECK(right == 5);
  CHECK(executions == 4);
  CHECK(f.stats().hits == 4);
  CHECK(f.stats().misses == 4);
}

TEST_CASE("a thread that has waited long enough computes a key a second time") {
  begin();
  memo::memory_store const store;
  auto const wait = GENERATE(0ms, 20ms, std::chrono::milliseconds::min());
  auto const f = memo::memoize<"told">(
      [](int n) {
        ++executions;
        if (++entered == 1) wait_for(may_end, 1);
        return n;
      },
      store, {.wait = wait});
  int first_got = 0;
  std::thread first([&] { first_got = f(4); });
  wait_for(entered, 1);
  CHECK(f(4) == 4);  // while the first still runs
  CHECK(executions == 2);
  CHECK(f.contains(4));
  may_end = 1;
  first.join();
  CHECK(first_got == 4);
  CHECK(f.stats().misses == 2);
  CHECK(f.stats().hits == 0);
}

TEST_CASE("a thread that was told of a holder which gave the key away asks again") {
  test::deadline const within("a wait for a thread that computes nothing");
  begin();
  may_end = 1;
  bool const is_stored_meanwhile = GENERATE(true, false);
  test::losing_store store;
  waits_seen seen;
  auto const f = memo::memoize<"told">(when_told, store, {.observer = &seen});
  auto const other = memo::memoize<"told">(when_told, store);
  store.mislead_claims(1);
  int got = 0;
  std::thread misled([&] { got = f(1); });
  wait_for(seen.count, 1);
  if (is_stored_meanwhile) CHECK(other(1) == 2);
  misled.join();
  CHECK(got == 2);
  CHECK(executions == 1);
  CHECK(f.stats().hits == (is_stored_meanwhile ? 1 : 0));
  CHECK(f.stats().misses == (is_stored_meanwhile ? 0 : 1));
  CHECK(seen.count == 1);
}

TEST_CASE("a function that saw something change is called by every thread") {
  begin();
  auto const f = memo::memoize<"looks">(
      [](memo::context& c, int n) {
        ++executions;
        std::this_thread::sleep_for(10ms);
        c.notes().refuse("file `b.txt` changed while it ran");
        return n;
      },
      memo::memory_store{});
  std::atomic<int> right{0};
  on_threads(6, [&](int) { right += f(1) == 1 ? 1 : 0; });
  CHECK(right == 6);
  CHECK(executions == 6);
  CHECK(f.stats().hits == 0);
  CHECK(f.stats().misses == 6);
}

TEST_CASE("calls that ask for each other on two threads are the error that they are on one") {
  static std::function<int(int)> left, right;
  begin();
  memo::memory_store const store;
  auto meet = [](int n, std::function<int(int)> const& other) {
    ++entered;
    wait_for(entered, 2);  // both hold their key
    return other(n);
  };
  static decltype(meet)* both;
  both = &meet;
  auto const ping = memo::memoize<"ping">([](int n) { return (*both)(n, right); }, store);
  auto const pong = memo::memoize<"pong">([](int n) { return (*both)(n, left); }, store);
  left = ping;
  right = pong;
  std::array<std::string, 2> errors;
  on_threads(2, [&](int t) {
    try {
      (t == 0 ? left : right)(1);
    } catch (memo::usage_error const& e) {
      errors[static_cast<std::size_t>(t)] = e.what();
    }
  });
  CHECK(errors[0].find("ping \u2192 pong \u2192 ping") != std::string::npos);
  CHECK(errors[1].find("pong \u2192 ping \u2192 pong") != std::string::npos);
  CHECK(store.stats().entries == 0);
  left = right = nullptr;
}

TEST_CASE("calls that need what another thread computes wait for each other without end only if they must") {
  // Each asks for all smaller numbers, in different orders, from many threads at once.
  static std::function<long(int)> self;
  begin();
  auto const f = memo::memoize<"sums">(
      [](int n) {
        ++executions;
        long sum = n;
        for (int i = 0; i < n; ++i) sum += self(n % 2 == 0 ? i : n - 1 - i);
        return sum;
      },
      memo::memory_store{});
  self = f;
  std::atomic<int> wrong{0};
  auto const expected = [](int n) { return (1L << n) - 1; };
  on_threads(6, [&](int t) { wrong += self(14 - t % 3) != expected(14 - t % 3) ? 1 : 0; });
  CHECK(wrong == 0);
  CHECK(executions == 15);
  self = nullptr;
}

TEST_CASE("memories of one function may stand behind each other") {
  static std::function<int(int)> inner;
  memo::memory_store const store;
  // The same name, types and arguments: one key.
  auto const leaf = memo::memoize<"same">(+[](int n) { return n + 100; }, store);
  auto const outer = memo::memoize<"same">(+[](int n) { return inner(n) + 1; }, store);
  inner = leaf;
  CHECK(outer(1) == 102);
  CHECK(outer.stats().misses == 1);
  CHECK(leaf.stats().misses == 1);
  inner = nullptr;
}

TEST_CASE("many threads that wait for each other in a chain of memories behind each other end at once") {
  static std::function<int(int)> outer, inner;
  static waits_seen* waiting;
  constexpr int length = 40;
  test::deadline const within("a chain of threads with memories behind each other");
  begin();
  memo::memory_store const near, far;
  waits_seen seen;
  waiting = &seen;
  // The near memory is one of a function that asks the far one: two calls of one thread under one key.
  auto const computed = memo::memoize<"behind">(
      +[](int n) {
        ++executions;
        ++entered;
        wait_for(entered, length);  // each has its own key
        bool const is_last = n + 1 == length;
        // The last but one waits first, so that each looks along a chain of all that come after it.
        wait_for(waiting->count, is_last ? length - 1 : length - 2 - n);
        return is_last ? 1 : outer(n + 1) + 1;
      },
      far);
  auto const asked = memo::memoize<"behind">(+[](int n) { return inner(n); }, near, {.observer = &seen});
  inner = computed;
  outer = asked;
  std::atomic<int> wrong{0};
  on_threads(length, [&](int t) { wrong += outer(t) != length - t ? 1 : 0; });
  CHECK(wrong == 0);
  CHECK(executions == length);
  CHECK(seen.count == length - 1);
  CHECK(computed.stats().misses == length);
  CHECK(asked.stats().misses == length);
  CHECK(asked.stats().hits == length - 1);
  outer = inner = nullptr;
}

TEST_CASE("a nested call of another function waits for it and no longer") {
  begin();
  memo::memory_store const store;
  static std::function<int(int)> told;
  auto const inner = memo::memoize<"told">(when_told, store);
  told = inner;
  waits_seen seen;
  auto const outer = memo::memoize<"outer">([](int n) { return 2 * told(n); }, store);
  std::atomic<int> right{0};
  std::thread first([&] { right += inner(1) == 2 ? 1 : 0; });
  wait_for(entered, 1);
  std::thread second([&] { right += outer(1) == 4 ? 1 : 0; });
  std::thread third([&] { right += outer(1) == 4 ? 1 : 0; });
  std::this_thread::sleep_for(10ms);
  may_end = 1;
  for (auto* const thread : {&first, &second, &third}) thread->join();
  CHECK(right == 3);
  CHECK(executions == 1);
  CHECK(outer.stats().misses == 1);
  told = nullptr;
}

TEST_CASE("threads may call, ask and erase as they like") {
  constexpr int keys = 12;
  bool const is_long = std::getenv("MEMO_TEST_LONG") != nullptr;
  static std::array<std::atomic<int>, keys> computed;
  for (auto& one : computed) one = 0;
  std::array<std::atomic<int>, keys> removed{};
  memo::memory_store const store;
  auto const f = memo::memoize<"stress">(
      [](int n, double x) {
        ++computed[static_cast<std::size_t>(n)];
        std::this_thread::yield();
        return n + x;
      },
      store);
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> calls{0};
  int const rounds = is_long ? 200'000 : 4000;
  on_threads(8, [&](int t) {
    auto const mine = f;
    auto state = static_cast<unsigned>(t) * 7919 + 1;
    for (int i = 0; i < rounds; ++i) {
      state = state * 1664525 + 1013904223;
      int const n = static_cast<int>((state >> 16) % keys);
      switch ((state >> 8) % 32) {
        case 0:
          if (mine.erase(n, 0.5)) ++removed[static_cast<std::size_t>(n)];
          break;
        case 1:
          mine.contains(n, 0.5);
          break;
        case 2:
          wrong += *mine.shared(n, 0.5) != n + 0.5 ? 1 : 0;
          ++calls;
          break;
        case 3:
          if (i % 64 != 0) break;
          for (auto& count : removed) ++count;  // before it: a computation may follow at once
          store.clear();
          break;
        default:
          wrong += mine(n, 0.5) != n + 0.5 ? 1 : 0;
          ++calls;
      }
    }
  });
  CHECK(wrong == 0);
  int all = 0;
  for (std::size_t n = 0; n < keys; ++n) {
    CHECK(computed[n] <= 1 + removed[n]);
    all += computed[n];
  }
  CHECK(f.stats().misses == static_cast<std::uint64_t>(all));
  CHECK(f.stats().hits + f.stats().misses == calls);
}

namespace {

/// Does something after its first put, on the thread that puts.
struct telling_store : memo::memory_store {
  memo::put_result put(std::span<memo::put_request const> requests) const {
    memo::put_result const done = memo::memory_store::put(requests);
    if (auto const act = std::exchange(*after_put, nullptr)) act();
    return done;
  }
  std::shared_ptr<std::function<void()>> after_put = std::make_shared<std::function<void()>>();
};
static_assert(memo::store<telling_store>);

}  // namespace

TEST_CASE("a call that begins after an edit does not take what a running call read before it") {
  scratch_folder const folder;
  static std::filesystem::path path;
  path = folder / "number";
  write_content(path, "1");
  waits_seen seen;
  telling_store const store;
  auto const number = memo::memoize<"number">([](memo::context& c, int) { return std::stoi(c.read(path)); },
                                              store, {.observer = &seen})
                          .version<1>();
  std::thread later;
  int found_later = 0;
  *store.after_put = [&] {
    write_content(path, "2");
    later = std::thread([&] { found_later = number(0); });
    wait_for(seen.count, 1);
  };
  CHECK(number(0) == 1);
  later.join();
  CHECK(found_later == 2);
  CHECK(number.stats().misses == 2);
  CHECK(number(0) == 2);
  CHECK(number.stats().hits == 1);
}
