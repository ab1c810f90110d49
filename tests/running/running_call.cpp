#include <memo/run/running_call.hpp>

#include "../support/deadline.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using memo::detail::call_table;
using memo::detail::offered_call;
using memo::detail::running_call;

namespace {

int const tag = 0, other_tag = 0;

memo::digest key_of(std::uint64_t number) { return {1, number}; }

/// A thread that computes a key and may wait for another one, as it is told. `is_layered`: in two functions, one of which
/// is the memory of the other.
class caller {
 public:
  explicit caller(std::uint64_t key, bool is_layered = false)
      : thread_([this, key, is_layered] { work(key, is_layered); }) {
    while (!is_ready_) std::this_thread::yield();
  }
  caller(caller const&) = delete;
  caller& operator=(caller const&) = delete;
  ~caller() {
    is_over_ = true;
    thread_.join();
  }

  /// Whether the thread may wait for the key; from then on it does.
  bool waits_for(std::uint64_t key) {
    asked_ = static_cast<int>(key);
    while (asked_ != 0) std::this_thread::yield();
    return may_wait_;
  }

 private:
  void work(std::uint64_t key, bool is_layered) {
    offered_call const offered(key_of(key), &tag);
    std::optional<offered_call> inner;
    if (is_layered) inner.emplace(key_of(key), &other_tag);
    is_ready_ = true;
    while (!is_over_) {
      if (asked_ != 0) {
        std::shared_ptr<running_call> of;
        may_wait_ = call_table::of_process().begin_wait(key_of(static_cast<std::uint64_t>(asked_)), &tag, of);
        asked_ = 0;
      }
      std::this_thread::yield();
    }
    call_table::of_process().end_wait();
  }

  std::atomic<bool> is_ready_{false}, is_over_{false}, may_wait_{false};
  std::atomic<int> asked_{0};
  std::thread thread_;
};

}  // namespace

TEST_CASE("threads wait for each other in a chain, and not in a circle") {
  caller one(1), two(2), three(3), four(4);
  CHECK(one.waits_for(2));
  CHECK(two.waits_for(3));
  CHECK(four.waits_for(3));  // as another does
  CHECK_FALSE(three.waits_for(1));
  CHECK_FALSE(three.waits_for(4));
  CHECK_FALSE(three.waits_for(3));
  CHECK(three.waits_for(5));  // which nobody here computes
}

TEST_CASE("a long chain of threads with memories behind each other is looked through at once") {
  constexpr std::uint64_t length = 48;  // two calls of each: 2^48 ways along the chain
  test::deadline const within("a search along a chain of waiting threads");
  std::vector<std::unique_ptr<caller>> chain;
  for (std::uint64_t i = 0; i < length; ++i) chain.push_back(std::make_unique<caller>(100 + i, true));
  std::size_t waiting = 0;
  for (std::uint64_t i = length - 1; i-- > 0;) waiting += chain[i]->waits_for(101 + i) ? 1 : 0;
  CHECK(waiting == length - 1);
  CHECK_FALSE(chain.back()->waits_for(100));  // the circle is found all the same
  CHECK(chain.back()->waits_for(100 + length));
}

TEST_CASE("who waits for a call finds how it ended") {
  call_table& calls = call_table::of_process();
  std::array<std::shared_ptr<running_call>, 4> seen;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    offered_call offered(key_of(7), &tag);
    // Another thread, as this one must not wait for itself.
    std::thread([&] {
      CHECK(calls.begin_wait(key_of(7), i == 3 ? &other_tag : &tag, seen[i]));
      calls.end_wait();
    }).join();
    if (i == 0) offered.give(std::make_shared<int const>(5));
    if (i == 1) offered.keep_to_itself();
  }
  REQUIRE(seen[0] != nullptr);
  CHECK(calls.ended(*seen[0]).how == running_call::end::value);
  CHECK(*static_cast<int const*>(calls.ended(*seen[0]).value.get()) == 5);
  CHECK(calls.ended(*seen[1]).how == running_call::end::unkept);
  CHECK(calls.ended(*seen[2]).how == running_call::end::none);
  CHECK(seen[3] == nullptr);
  std::shared_ptr<running_call> none;
  CHECK(calls.begin_wait(key_of(7), &tag, none));
  calls.end_wait();
  CHECK(none == nullptr);
}
