#include <memo/store/directory_store.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_laws_claims.hpp"
#include "../support/processes.hpp"

#include <algorithm>

// Processes that want the same value at the same time, by what a store gives: look up, claim, look up again, compute, put.
// MEMO_TEST_LONG=1 makes 1000 rounds of 20.

using test::channel;
using test::process;

namespace {

constexpr int crowd = 16;

int rounds() { return test::is_long() ? 1000 : 20; }

/// Returns when the value is there. Says how it came about: 0 found, 1 computed.
int get_or_compute(std::filesystem::path const& folder, int key, channel& computing, int cost_us) {
  memo::directory_store store{folder};
  for (;;) {
    if (store.find(samples::key_of(key)).status == memo::lookup::hit)
      return samples::look_up(store, key) == samples::got::right ? 0 : 2;
    laws::sleeping_waiter sleeper;
    auto const claim = store.claim(
        {.key = samples::key_of(key), .reach = memo::claim_reach::machine, .waiter = sleeper.waiter()});
    if (claim.what == memo::claim_result::status::busy) {
      sleeper.sleep();
      continue;
    }
    if (store.find(samples::key_of(key)).status == memo::lookup::hit) continue;
    computing.send();
    ::usleep(static_cast<useconds_t>(cost_us));
    return samples::sample(key).put_into(store).stored ? 1 : 3;
  }
}

std::int64_t now_ns() { return memo::clock::system().steady_ns(); }

}  // namespace

TEST_CASE("of sixteen processes on one cold key one computes") {
  scratch_folder const folder;
  std::int64_t longest_ns = 0;
  for (int round = 0; round < rounds(); ++round) {
    channel begin, computing;
    std::vector<process> all;
    for (int p = 0; p < crowd; ++p)
      all.emplace_back([&] {
        begin.receive();
        return get_or_compute(folder / "cache", round, computing, 50'000);
      });
    auto const start_ns = now_ns();
    begin.send(crowd);
    int computed = 0;
    for (auto& one : all) {
      int const status = one.join();
      CHECK((status == 0 || status == 1));
      computed += status;
    }
    CHECK(computed == 1);
    CHECK(computing.count() == 1);
    longest_ns = std::max(longest_ns, now_ns() - start_ns);
  }
  INFO("the longest round took " << longest_ns / 1'000'000 << " ms");
  CHECK(longest_ns < 20'000'000'000);
}

TEST_CASE("where the process that computes is killed another takes over") {
  scratch_folder const folder;
  std::int64_t longest_ns = 0;
  for (int round = 0; round < rounds(); ++round) {
    channel computing;
    process first([&] { return get_or_compute(folder / "cache", round, computing, 100'000'000); });
    computing.receive();
    std::vector<process> all;
    for (int p = 0; p < 3; ++p)
      all.emplace_back([&] { return get_or_compute(folder / "cache", round, computing, 1000); });
    // Some of them are waiting by now, and some are not yet.
    ::usleep(static_cast<useconds_t>(round % 5) * 2000);
    CHECK(computing.count() == 0);
    first.end(SIGKILL);
    auto const killed_ns = now_ns();
    computing.receive();
    longest_ns = std::max(longest_ns, now_ns() - killed_ns);
    int computed = 0;
    for (auto& one : all) computed += one.join();
    CHECK(computed == 1);
    CHECK(computing.count() == 0);
  }
  INFO("the longest took " << longest_ns / 1'000'000 << " ms");
  CHECK(longest_ns < 20'000'000'000);
}
