/// How a thread of a pool finds tasks and runs them.
#pragma once

#include <memo/exec/pool.hpp>

namespace memo::detail {

inline bool pool::has_work() const {
  if (gate_.size() != 0) return true;
  for (worker const* w = workers_.first(); w != nullptr; w = w->following)
    if (!w->tasks.empty()) return true;
  return false;
}

/// To the gate, where others find it. False if memory is short: then the caller runs it, whatever spoke against it.
inline bool pool::give_away(plain_task const& unwanted, std::int64_t priority) {
  queued_task moved = unwanted.queued();
  moved.work.priority = priority;
  try {
    gate_.push(*unwanted.group, moved.work);
  } catch (std::bad_alloc const&) {
    return false;
  }
  announce_in_gate();
  return true;
}

/// The submitter of the next task did not end: others may run it.
inline void pool::publish_next(session& s) {
  if (s.has_next && give_away(s.next, s.next_priority)) s.has_next = false;
}

inline bool pool::accept(session& s, plain_task const& found, std::int64_t priority) {
  worker& w = s.own;
  bool const is_wanted = (s.only == nullptr || found.group->is_below(*s.only)) &&
                         (w.is_active || (w.is_active = gate_.activate()));
  if (!is_wanted && give_away(found, priority)) return false;
  s.current.work.run = found.run;
  s.current.work.state = found.state;
  s.current.work.argument = found.argument;
  s.current.work.weight = 1;
  s.current.work.exclusions = {};
  s.current.group = found.group;
  return true;
}

/// Without a look at others' deques.
inline bool pool::take_here(session& s) {
  std::int64_t const urgent = gate_.best();
  if (s.has_next && urgent <= s.next_priority) {
    s.has_next = false;
    if (accept(s, s.next, s.next_priority)) return true;
  }
  if (urgent > 0 || s.has_next) {
    publish_next(s);
    if (gate_.has_heavy()) return take_through_gate(s);
    if (take_from_gate(s)) return true;
  }
  plain_task found;
  while (s.own.tasks.pop(found))
    if (accept(s, found)) return true;
  return take_from_gate(s);
}

/// While heavy tasks exist, every task is weighed.
inline bool pool::take_through_gate(session& s) {
  plain_task found;
  for (;;) {
    if (take_from_gate(s)) return true;
    if (!s.own.tasks.pop(found)) break;
    if (!give_away(found)) return accept(s, found);
  }
  deactivate(s);
  return take_from_gate(s);
}

inline bool pool::take_anywhere(session& s) {
  if (s.group_waited_for != nullptr && gate_.take_aside(s.current, *s.group_waited_for)) {
    if (!std::exchange(s.own.is_active, true)) gate_.activate_anyway();
    return true;
  }
  return take_from_gate(s) || steal(s);
}

inline bool pool::steal(session& s) {
  worker* const first = workers_.first();
  worker* const start = s.own.victim != nullptr ? s.own.victim : first;
  worker* victim = start;
  do {
    if (victim != &s.own) {
      plain_task found;
      for (stolen result; (result = victim->tasks.steal(found)) != stolen::nothing;)
        if (result == stolen::item && accept(s, found)) {
          s.own.victim = victim;
          return true;
        }
    }
    victim = victim->following != nullptr ? victim->following : first;
  } while (victim != start);
  return false;
}

inline void pool::deactivate(session& s) {
  if (!std::exchange(s.own.is_active, false)) return;
  gate_.deactivate();
  if (s.only != nullptr && gate_.has_heavy()) announce_free_gate(0);
}

/// Until there is a task (true) or the session is over.
inline bool pool::search(session& s) {
  constexpr int rounds = 64, pauses = 16;  // some ten microseconds: what it costs to sleep and to be woken
  if (s.only == nullptr && !std::exchange(s.is_searching, true)) parking_.begin_search();
  for (;;) {
    for (int round = 0; round < rounds; ++round) {
      if (is_over(s)) return false;
      if (take_anywhere(s)) return true;
      for (int i = 0; i < pauses; ++i) pause_briefly();
    }
    deactivate(s);
    sleeper& rest = s.own.rest;
    rest.group = s.group_waited_for;
    rest.is_restricted = s.only != nullptr;
    parking_.announce(rest);
    bool const over = is_over(s);
    if (over || take_anywhere(s)) {
      parking_.cancel(rest);
      return !over;
    }
    parking_.sleep(rest);
  }
}

/// Runs the task of the session, and then those of its group that lie ready here: for them nothing has to be asked.
inline void pool::run(session& s) {
  task_group* const tasks = s.current.group;
  s.group = tasks;
  if (s.credit_group != tasks) {
    s.settle();
    s.credit_group = tasks;
  }
  if (s.current.is_admitted()) {
    s.current.work.run(s.current.work.state, s.current.work.argument);
    gate_.release(s.current, s);
    // A thread that may run anything looks at the gate now itself.
    announce_free_gate(s.only == nullptr ? 1 : 0);
    s.current.work.weight = 1;
    s.current.work.exclusions = {};
    s.done_in(*tasks);
    return;
  }
  auto* run = s.current.work.run;
  void* state = s.current.work.state;
  std::uint64_t argument = s.current.work.argument;
  plain_task other;
  for (;;) {
    run(state, argument);
    s.done_in(*tasks);
    if (s.has_next) {
      if (s.next.group != tasks || gate_.best() > s.next_priority) return;
      s.has_next = false;
      run = as_word(s.next.run);
      state = as_word(s.next.state);
      argument = as_word(s.next.argument);
    } else {
      if (gate_.best() > 0 || !s.own.tasks.pop(other)) return;
      if (other.group != tasks) break;
      run = other.run;
      state = other.state;
      argument = other.argument;
    }
  }
  s.settle();
  if (is_over(s) && give_away(other)) return;
  s.has_current = accept(s, other);
}

inline void pool::work(session& s) {
  s.outer = frame_here;
  s.executor = this;
  frame_here = &s;
  while (s.has_current || !is_over(s)) {
    bool found = std::exchange(s.has_current, false) || take_here(s);
    if (!found) {
      s.settle();
      found = !is_over(s) && search(s);
    }
    if (s.is_searching) stop_searching(s);
    if (!found) break;
    run(s);
  }
  for (publish_next(s); s.has_next; publish_next(s)) {
    s.has_next = false;
    if (accept(s, s.next, s.next_priority)) run(s);
  }
  s.settle();
  frame_here = s.outer;
}

[[gnu::noinline]] inline void pool::submit_to_deque(session& s, task_group& tasks, plain_task const& t) {
  s.add_to(tasks);
  try {
    s.own.tasks.push(t, jobs_ > 1);
  } catch (...) {
    tasks.done();
    throw;
  }
  if (jobs_ > 1 && parking_.is_anybody_asleep()) announce_in_deque(&tasks == s.group ? &tasks : nullptr);
}

// Small, so that it is compiled into its caller, where much of the task is a constant.
[[gnu::always_inline]] inline void pool::submit(task_group& tasks, task const& t) {
  if (t.weight > 1 || !t.exclusions.empty()) return submit_to_gate(tasks, t);
  session* const s = session_here();
  if (s == nullptr) return submit_to_gate(tasks, t);
  if (t.next && !s->has_next) {
    s->add_to(tasks);
    s->next = {as_word(t.run), as_word(t.state), as_word(t.argument), &tasks};
    s->next_priority = t.priority;
    s->has_next = true;
  } else if (t.priority == 0) {
    submit_to_deque(*s, tasks, {as_word(t.run), as_word(t.state), as_word(t.argument), &tasks});
  } else {
    submit_to_gate(tasks, t);
  }
}

[[gnu::noinline]] inline void pool::submit_to_gate(task_group& tasks, task const& t) {
  tasks.add();
  try {
    gate_.push(tasks, t);
  } catch (...) {
    tasks.done();
    throw;
  }
  if (!t.next && parking_.is_anybody_asleep()) announce_in_gate();
}

/// The task gives back its weight meanwhile.
inline void pool::wait_in_task(session& outer, task_group& tasks) {
  worker& w = outer.own;
  outer.settle();
  session s(w, &tasks, &tasks);
  if (outer.has_next && outer.next.group->is_below(tasks)) {
    s.has_next = std::exchange(outer.has_next, false);
    s.next = outer.next;
    s.next_priority = outer.next_priority;
  }
  publish_next(outer);
  bool const was_active = std::exchange(w.is_active, false);
  unsigned const weight = outer.current.work.weight > 1 ? outer.current.work.weight : 0;
  if (was_active) gate_.deactivate();
  if (weight != 0) gate_.give_back(weight);
  if (gate_.has_heavy()) announce_free_gate(0);
  work(s);
  if (was_active != w.is_active) was_active ? gate_.activate_anyway() : gate_.deactivate();
  w.is_active = was_active;
  if (weight != 0) gate_.take_back(weight);
}

inline void pool::wait(task_group& tasks) {
  if (tasks.pending() == 0) return;
  if (session* const inside = session_here()) {
    wait_in_task(*inside, tasks);
    return;
  }
  worker* w = workers_.take();
  for (; w == nullptr; w = workers_.take()) {
    if (tasks.pending() == 0) return;
    ::sched_yield();
  }
  share();
  waiting_outside_.fetch_add(1);
  {
    session s(*w, &tasks, frame_here != nullptr ? &tasks : nullptr);
    work(s);
    deactivate(s);
  }
  workers::give_back(*w);
  // What this thread would have run, and what had no room beside it.
  if (parking_.is_anybody_asleep()) {
    announce_free_gate(0);
    if (has_work()) announce_in_deque(nullptr);
  }
  waiting_outside_.fetch_sub(1);
  drop();
}

}  // namespace memo::detail
