#include <memo/core/stripes.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <thread>
#include <vector>

using memo::detail::stripes;

TEST_CASE("no count is lost, however many threads count") {
  memo::detail::striped<std::atomic<std::uint64_t>> counted;
  // Several rounds, in which threads take over the stripes of threads that are gone.
  for (int round = 0; round < 4; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 48; ++t)
      threads.emplace_back([&] {
        std::uint32_t const stripe = stripes::own();
        for (int i = 0; i < 1000; ++i) memo::detail::count_in(stripe, counted[stripe]);
      });
    for (auto& thread : threads) thread.join();
  }
  std::uint64_t sum = 0;
  counted.each([&](auto const& one) { sum += one.load(); });
  CHECK(sum == 4 * 48 * 1000);
}

TEST_CASE("threads that live at the same time have stripes of their own") {
  std::atomic<int> ready{0};
  std::vector<std::uint32_t> of(8);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < of.size(); ++t)
    threads.emplace_back([&, t] {
      of[t] = stripes::own();
      ++ready;
      while (ready != static_cast<int>(of.size())) std::this_thread::yield();
      if (of[t] != stripes::own()) of[t] = stripes::owned;
    });
  for (auto& thread : threads) thread.join();
  CHECK(std::set<std::uint32_t>(of.begin(), of.end()).size() == of.size());
  for (std::uint32_t const stripe : of) CHECK(stripe < stripes::owned);
}
