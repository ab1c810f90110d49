#include <memo/exec/inline_executor.hpp>

#include "../laws/executor_laws.hpp"

#include <thread>

namespace {

struct order_log {
  std::vector<std::uint64_t> order;
  std::thread::id thread;
};

memo::task noting(order_log& to, std::uint64_t number, std::int64_t priority = 0) {
  memo::task made;
  made.run = [](void* state, std::uint64_t n) noexcept {
    auto& l = *static_cast<order_log*>(state);
    l.order.push_back(n);
    l.thread = std::this_thread::get_id();
  };
  made.state = &to;
  made.argument = number;
  made.priority = priority;
  return made;
}

}  // namespace

TEST_CASE("an inline executor keeps the promises of executors") {
  memo::inline_executor executor;
  laws::hold(executor);
  CHECK(executor.concurrency() == 1);
}

TEST_CASE("an inline executor runs tasks in the order of submission, on the thread that waits") {
  memo::inline_executor executor;
  memo::task_group group;
  order_log l;
  for (std::uint64_t i = 0; i < 6; ++i) executor.submit(group, noting(l, i));
  CHECK(l.order.empty());
  CHECK(group.pending() == 6);
  executor.wait(group);
  CHECK(l.order == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5});
  CHECK(l.thread == std::this_thread::get_id());
}

TEST_CASE("an inline executor runs what has a higher priority first") {
  memo::inline_executor executor;
  memo::task_group group;
  order_log l;
  executor.submit(group, noting(l, 0, -1));
  executor.submit(group, noting(l, 1, 5));
  executor.submit(group, noting(l, 2));
  executor.submit(group, noting(l, 3, 5));
  executor.wait(group);
  CHECK(l.order == std::vector<std::uint64_t>{1, 3, 2, 0});
}

TEST_CASE(
    "an inline executor that waits for one group may run tasks of another, and returns when its own is "
    "done") {
  memo::inline_executor executor;
  memo::task_group first, second;
  order_log l;
  executor.submit(second, noting(l, 0));
  executor.submit(first, noting(l, 1));
  executor.submit(second, noting(l, 2));
  executor.wait(first);
  CHECK(first.pending() == 0);
  CHECK(l.order == std::vector<std::uint64_t>{0, 1});
  executor.wait(second);
  CHECK(l.order.back() == 2);
}
