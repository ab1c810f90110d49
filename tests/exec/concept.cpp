#include <memo/exec/concept.hpp>

#include "../laws/executor_laws.hpp"

#include <memo/exec/inline_executor.hpp>

static_assert(memo::executor<memo::executor_ref>);
static_assert(memo::executor<memo::inline_executor>);
static_assert(!memo::executor<int>);
static_assert(!memo::executor<memo::task_group>);
static_assert(!std::is_copy_constructible_v<memo::task_group> &&
              !std::is_move_constructible_v<memo::task_group>);

TEST_CASE("a reference to an executor keeps the promises of executors") {
  memo::inline_executor executor;
  memo::executor_ref reference(executor);
  laws::hold(reference);
}

TEST_CASE("references to one executor share its tasks") {
  memo::inline_executor executor;
  memo::executor_ref one(executor);
  memo::executor_ref const copy = one;
  CHECK(copy.concurrency() == 1);
  memo::task_group group;
  int ran = 0;
  memo::task t;
  t.run = [](void* count, std::uint64_t by) noexcept { *static_cast<int*>(count) += static_cast<int>(by); };
  t.state = &ran;
  t.argument = 3;
  one.submit(group, t);
  CHECK(group.pending() == 1);
  executor.wait(group);
  CHECK(ran == 3);
}

TEST_CASE("a task group counts what is submitted and not done") {
  memo::task_group group;
  CHECK(group.pending() == 0);
  group.add();
  group.add();
  CHECK(group.pending() == 2);
  group.done();
  CHECK(group.pending() == 1);
  group.done();
  CHECK(group.pending() == 0);
}
