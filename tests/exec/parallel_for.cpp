#include <memo/exec/parallel_for.hpp>

#include <memo/exec/inline_executor.hpp>
#include <memo/exec/work_stealing_executor.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

template <class F>
memo::range_body body_of(F& f) {
  return {[](void* state, std::size_t first, std::size_t last) { (*static_cast<F*>(state))(first, last); },
          &f};
}

/// Counts how often each element ran.
struct counts {
  explicit counts(std::size_t n) : ran(n) {}
  void operator()(std::size_t first, std::size_t last) {
    if (first >= last || last > ran.size()) {
      wrong = true;
      return;
    }
    for (std::size_t i = first; i < last; ++i) ++ran[i];
    ++ranges;
  }
  bool all_ran_once() const {
    if (wrong) return false;
    for (int const r : ran)
      if (r != 1) return false;
    return true;
  }
  std::vector<int> ran;
  std::atomic<std::size_t> ranges{0};
  std::atomic<bool> wrong{false};
};

/// How many were inside at the same time; each stays until `enough` have been, or for a long time.
struct meeting {
  int enough;
  std::atomic<int> inside{0}, most{0};
  void operator()() {
    int const now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    for (int i = 0; i < 5000 && most < enough; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside;
  }
};

void run_each_once(memo::executor_ref executor) {
  for (std::size_t const count : {0U, 1U, 2U, 3U, 7U, 8U, 9U, 100U, 66'000U}) {
    counts c(count);
    memo::parallel_for(executor, count, body_of(c));
    CHECK(c.all_ran_once());
    if (count == 66'000) CHECK(c.ranges < 20'000);
  }
}

}  // namespace

TEST_CASE("a parallel loop runs each element once") {
  memo::inline_executor here;
  run_each_once(here);
  for (unsigned const jobs : {1U, 2U, 4U, 8U}) {
    memo::work_stealing_executor executor(jobs);
    for (int i = 0; i < 10; ++i) run_each_once(executor);
  }
}

TEST_CASE("a parallel loop gives long elements to all threads, one by one") {
  memo::work_stealing_executor executor(4);
  meeting m{4};
  std::atomic<std::size_t> largest{0};
  auto body = [&](std::size_t first, std::size_t last) {
    if (last - first > largest) largest = last - first;
    m();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  memo::parallel_for(executor, 12, body_of(body));
  CHECK(m.most == 4);
  CHECK(largest == 1);
}

TEST_CASE("slow elements after many fast ones are spread too") {
  memo::work_stealing_executor executor(4);
  meeting m{4};
  std::atomic<std::size_t> largest{0};
  auto body = [&](std::size_t first, std::size_t last) {
    if (last <= 50'000) return;
    std::size_t const size = last - first;
    for (std::size_t seen = largest; seen < size && !largest.compare_exchange_weak(seen, size);) {
    }
    m();
    std::this_thread::sleep_for(std::chrono::milliseconds(1) * size);
  };
  memo::parallel_for(executor, 50'500, body_of(body));
  CHECK(m.most == 4);
  CHECK(largest <= 64);
}

TEST_CASE("a parallel loop obeys its limits") {
  memo::work_stealing_executor executor(4);
  std::atomic<int> running{0}, most{0};
  auto body = [&](std::size_t first, std::size_t last) {
    int const now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1) * (last - first));
    --running;
  };
  memo::parallel_for(executor, 20, body_of(body), {.priority = 3, .most_at_once = 2});
  CHECK(most <= 2);
  most = 0;
  memo::parallel_for(executor, 20, body_of(body), {.most_at_once = 1});
  CHECK(most == 1);
  most = 0;
  constexpr std::string_view names[] = {"one helper"};
  memo::parallel_for(executor, 20, body_of(body), {.exclusions = names});
  CHECK(most <= 2);
}

TEST_CASE("a parallel loop ends after an exception and throws it on the caller") {
  for (unsigned const jobs : {1U, 2U, 8U}) {
    memo::work_stealing_executor executor(jobs);
    std::atomic<std::size_t> ran{0};
    auto body = [&](std::size_t first, std::size_t last) {
      ran += last - first;
      if (first <= 700 && 700 < last) throw std::runtime_error("element 700");
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    };
    std::string caught;
    try {
      memo::parallel_for(executor, 100'000, body_of(body));
    } catch (std::runtime_error const& e) {
      caught = e.what();
    }
    CHECK(caught == "element 700");
    CHECK(ran < 100'000);
  }
}

TEST_CASE("parallel loops may be nested") {
  for (unsigned const jobs : {1U, 2U, 4U}) {
    memo::work_stealing_executor executor(jobs);
    std::atomic<int> total{0};
    auto body = [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        counts c(50);
        auto inner = [&](std::size_t from, std::size_t to) {
          c(from, to);
          int innermost = 0;
          auto count = [&](std::size_t a, std::size_t b) { innermost += static_cast<int>(b - a); };
          memo::parallel_for(executor, 5, body_of(count), {.most_at_once = 1});
          total += innermost;
        };
        memo::parallel_for(executor, 50, body_of(inner));
        if (!c.all_ran_once()) total += 1'000'000;
      }
    };
    memo::parallel_for(executor, 40, body_of(body));
    CHECK(total > 0);
    CHECK(total % 5 == 0);
    CHECK(total < 1'000'000);
  }
}
