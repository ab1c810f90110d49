#include <memo/exec/gate.hpp>

#include <array>
#include <catch2/catch.hpp>

namespace {

using names = std::span<std::string_view const>;
constexpr std::array<std::string_view, 3> all_names{"a", "b", "c"};
names const a{all_names.data(), 1}, b{all_names.data() + 1, 1}, ab{all_names.data(), 2};

/// A thread that takes tasks out of a gate, without running them.
struct taker {
  memo::detail::gate& gate;
  memo::detail::task_frame frame{};
  memo::detail::queued_task task{};
  bool is_active = false;

  bool take(memo::task_group const* only = nullptr) {
    if (!gate.take(task, frame, only, is_active)) return false;
    frame.group = task.group;
    return true;
  }
  /// The number that the task was submitted with; -1 for none.
  int next(memo::task_group const* only = nullptr) {
    return take(only) ? static_cast<int>(task.work.argument) : -1;
  }
  void end() {
    if (task.is_admitted()) gate.release(task, frame);
    if (is_active) gate.deactivate();
    is_active = false;
  }
};

struct filled {
  memo::detail::gate gate;
  memo::task_group group{};
  std::uint64_t number = 0;

  explicit filled(unsigned jobs) : gate(jobs) {}
  void push(std::int64_t priority, unsigned weight = 1, names exclusions = {},
            memo::task_group* to = nullptr) {
    memo::task t;
    t.argument = number++;
    t.priority = priority;
    t.weight = weight;
    t.exclusions = exclusions;
    gate.push(to == nullptr ? group : *to, t);
  }
};

/// A group that is made by the task that the taker has.
struct made_below {
  explicit made_below(taker& by) {
    memo::detail::frame_here = &by.frame;
    new (&group) memo::task_group;
    memo::detail::frame_here = nullptr;
  }
  ~made_below() { group.~task_group(); }
  union {
    memo::task_group group;
  };
};

}  // namespace

TEST_CASE("a gate gives tasks by priority, equal ones in order") {
  filled f(4);
  for (int const priority : {0, 5, 0, -3, 5}) f.push(priority);
  CHECK(f.gate.size() == 5);
  CHECK(f.gate.best() == 5);
  CHECK(f.group.queued == 5);
  taker t{f.gate};
  for (int const wanted : {1, 4, 0, 2, 3, -1}) CHECK(t.next() == wanted);
  CHECK(f.gate.size() == 0);
  CHECK(f.gate.best() == std::numeric_limits<std::int64_t>::min());
  CHECK(f.group.queued == 0);
}

TEST_CASE("a gate keeps the weights below the jobs and lets lighter tasks pass") {
  filled f(4);
  f.push(0, 3);
  f.push(0, 2);
  f.push(0, 1);
  f.push(0, 9);
  CHECK(f.gate.has_heavy());
  taker one{f.gate}, two{f.gate}, three{f.gate};
  CHECK(one.next() == 0);
  CHECK(two.next() == 2);
  CHECK(three.next() == -1);
  CHECK_FALSE(f.gate.activate());
  one.end();
  CHECK(three.next() == 1);
  CHECK(one.next() == -1);
  two.end();
  CHECK(one.next() == -1);
  three.end();
  CHECK(one.next() == 3);
  CHECK(two.next() == -1);
  one.end();
  CHECK_FALSE(f.gate.has_heavy());
  CHECK(f.gate.activate());
}

TEST_CASE("a task that gives its weight back makes room") {
  filled f(2);
  f.push(0, 2);
  f.push(0, 2);
  taker one{f.gate}, two{f.gate};
  CHECK(one.next() == 0);
  CHECK(two.next() == -1);
  f.gate.give_back(2);
  CHECK(two.next() == 1);
  f.gate.take_back(2);
  two.end();
  one.end();
}

TEST_CASE("tasks with a name in common come out one after the other, and block no other") {
  filled f(4);
  f.push(9, 1, a);
  f.push(8, 1, ab);
  f.push(7, 1, a);
  f.push(6, 1, b);
  f.push(5);
  taker one{f.gate}, two{f.gate}, three{f.gate};
  CHECK(one.next() == 0);
  CHECK(two.next() == 3);
  CHECK(three.next() == 4);
  CHECK(three.next() == -1);
  one.end();
  CHECK(one.next() == 2);  // as b is held
  two.end();
  CHECK(two.next() == -1);
  one.end();
  CHECK(two.next() == 1);
  two.end();
  CHECK(f.group.queued == 0);
}

TEST_CASE("a lighter task gets a name for which the better one has no room") {
  filled f(2);
  f.push(9, 1, a);
  f.push(8, 2, a);
  f.push(7, 1, a);
  f.push(6, 1);
  taker one{f.gate}, two{f.gate};
  CHECK(one.next() == 0);
  CHECK(two.next() == 3);
  CHECK(f.gate.size() == 1);
  one.end();
  CHECK(one.next() == 2);
  one.end();
  two.end();
  CHECK(one.next() == 1);
}

TEST_CASE("only tasks below a group come out for who waits for it, also those that wait for a free name") {
  filled f(4);
  f.push(0, 1, a);
  taker one{f.gate}, two{f.gate};
  CHECK(one.next() == 0);
  made_below inner(one);
  f.push(9);
  f.push(0, 1, {}, &inner.group);
  f.push(5, 1, a, &inner.group);  // below the holder
  f.push(9, 1, a);
  CHECK(f.group.queued == 4);
  CHECK(inner.group.queued == 2);
  CHECK(two.next(&inner.group) == 3);
  taker three{f.gate};
  CHECK(three.next(&inner.group) == 2);
  CHECK(three.next(&inner.group) == -1);
  CHECK(three.next() == 1);
  CHECK(three.next() == -1);
  two.end();
  one.end();
  CHECK(three.next() == 4);
  CHECK(f.group.queued == 0);
}

TEST_CASE("equal names in one task are one") {
  constexpr std::array<std::string_view, 2> twice{"x", "x"};
  filled f(4);
  f.push(0, 1, twice);
  f.push(0, 1, twice);
  taker one{f.gate}, two{f.gate};
  CHECK(one.next() == 0);
  CHECK(two.next() == -1);
  one.end();
  CHECK(two.next() == 1);
  two.end();
}
