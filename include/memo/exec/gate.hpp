#pragma once

#include <memo/exec/concept.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// A task in the gate, or one that came out of it.
struct queued_task {
  task work;
  task_group* group = nullptr;
  std::uint64_t number = 0;

  bool is_admitted() const { return work.weight > 1 || !work.exclusions.empty(); }
};

/// The queue that all threads of an executor share: higher priority first, then in the order of submission. A task
/// comes out only when its weight fits beside what runs, and when no task holds a name of it that does not wait for it
/// (is above it). One that may not come out does not block those behind it. Thread safe.
///
/// Weights: a thread that runs tasks of weight 1 counts itself in `active` once, not for each task; only while heavier
/// tasks exist (`has_heavy`) must every task come out of the gate. Names: a task that meets a held name waits in a
/// queue of that name, so that n tasks of one name cost O(n log n) in all.
class gate {
 public:
  explicit gate(unsigned jobs) : jobs_(jobs) { classes_.push_back({1, 0, {}}); }

  /// Strong guarantee: std::bad_alloc, and then nothing has changed.
  void push(task_group& tasks, task const& work) {
    std::lock_guard const lock(mutex_);
    queued_task entry{work, &tasks, number_};
    entry.work.weight = std::clamp(work.weight, 1U, jobs_);
    weight_class& of = class_of(entry.work.weight);
    of.waiting.reserve_for(of.tasks + 1);
    for (std::string_view const name : work.exclusions) reserve(name);
    ++number_;
    ++of.tasks;
    for (std::string_view const name : work.exclusions) ++find(name)->tasks;
    if (entry.work.weight > 1) heavy_.store(heavy_.load(std::memory_order_relaxed) + 1);
    of.waiting.push(entry);
    for (task_group* g = &tasks; g != nullptr; g = g->parent()) g->queued.fetch_add(1);
    publish();
  }

  /// The best task that may run now; below `only` if that is not null. `frame` will run it: its names are held by this
  /// frame until `release`. `active` says whether the calling thread is counted as active, and is updated.
  bool take(queued_task& taken, task_frame const& frame, task_group const* only, bool& active) {
    std::lock_guard const lock(mutex_);
    // Of those that wait for a free name only the best competes, which may not be below `only`.
    if (only != nullptr && only->queued.load() != 0) offer_below(*only);
    for (;;) {
      weight_class* best = nullptr;
      std::size_t best_at = 0;
      for (weight_class& c : classes_) {
        std::size_t const at = c.waiting.best(only);
        if (at == c.waiting.size() || !fits(c.weight, active)) continue;
        if (best == nullptr || later(best->waiting[best_at], c.waiting[at])) {
          best = &c;
          best_at = at;
        }
      }
      if (best == nullptr) {
        publish();
        return false;
      }
      taken = best->waiting.remove(best_at);
      if (name_queue* const blocked = blocking(taken)) {
        blocked->waiting.push(taken);
        for (std::string_view const name : taken.work.exclusions)
          if (auto const other = find(name); &*other != blocked && other->holders.empty()) offer(*other);
        continue;
      }
      for (std::string_view const name : taken.work.exclusions) hold(*find(name), frame);
      if (taken.work.weight > 1) {
        if (std::exchange(active, false)) active_.fetch_sub(1);
        heavy_running_ += taken.work.weight;
      } else if (!std::exchange(active, true)) {
        active_.fetch_add(1);
      }
      --best->tasks;
      for (task_group* g = taken.group; g != nullptr; g = g->parent()) g->queued.fetch_sub(1);
      publish();
      return true;
    }
  }

  /// A task that is_admitted() has ended in this frame.
  void release(queued_task const& ended, task_frame const& frame) {
    std::lock_guard const lock(mutex_);
    if (ended.work.weight > 1) {
      heavy_running_ -= ended.work.weight;
      heavy_.store(heavy_.load(std::memory_order_relaxed) - 1);
    }
    for (std::string_view const name : ended.work.exclusions) {
      auto const q = find(name);
      auto const held = std::find(q->holders.begin(), q->holders.end(), &frame);
      if (held != q->holders.end()) q->holders.erase(held);
      --q->tasks;
    }
    for (std::string_view const name : ended.work.exclusions)
      if (auto const q = find(name); q != names_.end()) {
        if (q->tasks == 0) {
          std::swap(*q, names_.back());
          names_.pop_back();
        } else {
          offer(*q);
        }
      }
    publish();
  }

  /// A task of this weight waits for others, and goes on: its weight counts again, even if it is too much.
  void give_back(unsigned weight) {
    std::lock_guard const lock(mutex_);
    heavy_running_ -= weight;
  }
  void take_back(unsigned weight) {
    std::lock_guard const lock(mutex_);
    heavy_running_ += weight;
  }

  /// For a thread that has a task of weight 1 from elsewhere: false, and then the task must go through the gate.
  bool activate() {
    active_.fetch_add(1);
    if (!has_heavy()) return true;
    active_.fetch_sub(1);
    return false;
  }
  void activate_anyway() { active_.fetch_add(1); }
  void deactivate() { active_.fetch_sub(1); }

  /// True while there are tasks, waiting or running, of a weight above 1.
  bool has_heavy() const { return heavy_.load() != 0; }
  /// How many tasks wait, without those that wait for a name.
  std::size_t size() const { return size_.load(); }
  /// The highest priority of those, the lowest number if there are none; the highest while has_heavy().
  std::int64_t best() const { return best_.load(); }

  /// For a fork: nobody is inside while it is locked.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  /// In a forked child, locked: sets all tasks aside and forgets who was running. `active` is for the thread that lives.
  void set_all_aside(unsigned active) {
    for (weight_class& c : classes_) {
      c.waiting.move_all(aside_);
      c.tasks = 0;
    }
    for (name_queue& q : names_) q.waiting.move_all(aside_);
    names_.clear();
    heavy_running_ = 0;
    heavy_.store(0);
    active_.store(active);
    publish();
    has_aside_.store(true);
  }
  void set_aside(queued_task const& work) { aside_.push_back(work); }

  /// A task that was set aside, of exactly this group. Groups that threads of the parent made may be gone: their addresses
  /// are compared only.
  bool take_aside(queued_task& taken, task_group const& tasks) {
    if (!has_aside_.load(std::memory_order_relaxed) || !tasks.is_from_before_fork()) return false;
    std::lock_guard const lock(mutex_);
    for (queued_task& candidate : aside_)
      if (candidate.group == &tasks) {
        taken = candidate;
        taken.work.weight = 1;
        taken.work.exclusions = {};
        candidate = aside_.back();
        aside_.pop_back();
        return true;
      }
    return false;
  }

 private:
  static bool later(queued_task const& a, queued_task const& b) {
    return a.work.priority != b.work.priority ? a.work.priority < b.work.priority : a.number > b.number;
  }

  /// A heap, best first. Its memory is reserved when a task is submitted: nothing else may fail.
  class heap {
   public:
    void reserve_for(std::size_t count) {
      if (count > tasks_.capacity()) tasks_.reserve(2 * count);
    }
    void push(queued_task const& entry) {
      tasks_.push_back(entry);
      std::push_heap(tasks_.begin(), tasks_.end(), later);
    }
    queued_task remove(std::size_t at) {
      if (at == 0) {
        std::pop_heap(tasks_.begin(), tasks_.end(), later);
      } else {
        std::swap(tasks_[at], tasks_.back());
        std::make_heap(tasks_.begin(), tasks_.end() - 1, later);
      }
      queued_task const removed = tasks_.back();
      tasks_.pop_back();
      return removed;
    }
    /// The place of the best one (below `only`), or size().
    std::size_t best(task_group const* only) const {
      if (only == nullptr) return 0;
      if (only->queued.load() == 0) return size();
      std::size_t found = size();
      for (std::size_t i = 0; i < size(); ++i)
        if (tasks_[i].group->is_below(*only) && (found == size() || later(tasks_[found], tasks_[i])))
          found = i;
      return found;
    }
    /// The place of the best one of a smaller weight, or size().
    std::size_t best_below(unsigned weight) const {
      if (weight == std::numeric_limits<unsigned>::max() || weight == 1) return weight == 1 ? size() : 0;
      std::size_t found = size();
      for (std::size_t i = 0; i < size(); ++i)
        if (tasks_[i].work.weight < weight && (found == size() || later(tasks_[found], tasks_[i]))) found = i;
      return found;
    }
    void move_all(std::vector<queued_task>& to) {
      to.insert(to.end(), tasks_.begin(), tasks_.end());
      tasks_.clear();
    }
    std::size_t size() const { return tasks_.size(); }
    queued_task const& operator[](std::size_t i) const { return tasks_[i]; }

   private:
    std::vector<queued_task> tasks_;
  };

  struct weight_class {
    unsigned weight;
    std::size_t tasks;  // in `waiting` or in the queue of a name
    heap waiting;
  };
  struct name_queue {
    std::string name;
    std::size_t tasks = 0;  // that have this name, running ones too
    heap waiting{};
    std::vector<task_frame const*> holders{};
  };

  weight_class& class_of(unsigned weight) {
    for (weight_class& c : classes_)
      if (c.weight == weight) return c;
    return classes_.emplace_back(weight_class{weight, 0, {}});
  }

  std::vector<name_queue>::iterator find(std::string_view name) {
    return std::find_if(names_.begin(), names_.end(), [&](name_queue const& q) { return q.name == name; });
  }
  void reserve(std::string_view name) {
    auto q = find(name);
    if (q == names_.end()) q = names_.insert(q, name_queue{std::string(name)});
    q->waiting.reserve_for(q->tasks + 1);
    if (q->tasks + 1 > q->holders.capacity()) q->holders.reserve(2 * (q->tasks + 1));
  }

  bool fits(unsigned weight, bool caller_is_active) const {
    if (heavy_.load(std::memory_order_relaxed) == 0) return true;
    unsigned const running = heavy_running_ + active_.load() - (caller_is_active ? 1U : 0U);
    return running == 0 || running + weight <= jobs_;
  }

  name_queue* blocking(queued_task const& entry) {
    for (std::string_view const name : entry.work.exclusions) {
      name_queue& q = *find(name);
      for (task_frame const* holder : q.holders)
        if (!entry.group->is_below(*holder)) return &q;
    }
    return nullptr;
  }
  void hold(name_queue& q, task_frame const& frame) {
    if (std::find(q.holders.begin(), q.holders.end(), &frame) == q.holders.end()) q.holders.push_back(&frame);
  }
  /// Tasks that wait for the name compete again: the best one and, in case that it is too heavy, the best of the
  /// lighter ones. If the name is held, all of them, as each may be below the holders or not.
  void offer(name_queue& q) {
    bool const held = !q.holders.empty();
    unsigned lightest = std::numeric_limits<unsigned>::max();
    for (;;) {
      std::size_t const at = held ? 0 : q.waiting.best_below(lightest);
      if (at >= q.waiting.size()) return;
      queued_task const next = q.waiting.remove(at);
      lightest = next.work.weight;
      class_of(next.work.weight).waiting.push(next);
    }
  }

  void offer_below(task_group const& only) {
    for (name_queue& q : names_)
      for (std::size_t at; (at = q.waiting.best(&only)) != q.waiting.size();) {
        queued_task const next = q.waiting.remove(at);
        class_of(next.work.weight).waiting.push(next);
      }
  }

  void publish() {
    std::size_t count = 0;
    std::int64_t best = std::numeric_limits<std::int64_t>::min();
    for (weight_class const& c : classes_) {
      count += c.waiting.size();
      if (c.waiting.size() != 0) best = std::max(best, c.waiting[0].work.priority);
    }
    best_.store(has_heavy() ? std::numeric_limits<std::int64_t>::max() : best);
    size_.store(count);
  }

  unsigned const jobs_;
  std::mutex mutex_;
  std::uint64_t number_ = 0;
  std::vector<weight_class> classes_;
  std::vector<name_queue> names_;
  std::vector<queued_task> aside_;
  std::atomic<bool> has_aside_{false};
  unsigned heavy_running_ = 0;
  std::atomic<std::size_t> heavy_{0};
  std::atomic<unsigned> active_{0};
  std::atomic<std::size_t> size_{0};
  std::atomic<std::int64_t> best_{std::numeric_limits<std::int64_t>::min()};
};

}  // namespace memo::detail
