// Tries all interleavings of a deque's owner and two thieves, under sequential consistency, on one thread: before each
// operation of an atomic a scheduler decides who goes on. A state that was seen before, that is the same shared values and for each
// thread the same values that it has read so far, is not gone on from again. MEMO_TEST_LONG=1 tries more thefts.
#include <memo/exec/deque.hpp>

#include <ucontext.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <unordered_set>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#  define MEMO_TEST_FIBERS
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define MEMO_TEST_FIBERS
#  endif
#endif
#ifdef MEMO_TEST_FIBERS
#  include <sanitizer/tsan_interface.h>
#endif

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15U + (a << 6))) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 31)) * 0x94d049bb133111ebU;
  return z ^ (z >> 29);
}

enum class seeded { nothing, owner_takes_the_last_without_asking, thieves_take_without_asking };

class model {
 public:
  static constexpr std::size_t threads = 3;
  static constexpr std::size_t owner = 0;
  using script = std::function<void()>;
  /// Starts an execution: what the threads do, and what is asked when all have ended.
  struct execution {
    script run[threads];
    std::function<bool()> is_right;
  };

  explicit model(seeded bug) : bug_(bug) { here = this; }
  ~model() { here = nullptr; }

  /// False if an execution went wrong.
  bool try_all(std::function<execution()> const& start) {
    for (;;) {
      depth_ = 0;
      is_known_ = false;
      shared_ = 0;
      atomics_ = 0;
      execution e = start();
      run(e);
      ++schedules;
      if (!e.is_right()) return false;
      while (!choices_.empty() && choices_.back().untried.empty()) choices_.pop_back();
      if (choices_.empty()) return true;
      choices_.back().taken = choices_.back().untried.back();
      choices_.back().untried.pop_back();
    }
  }

  std::uint64_t schedules = 0;
  std::uint64_t states() const { return seen_.size(); }

  static model* here;

  // For the atomics.
  std::uint64_t new_atomic() { return ++atomics_; }
  std::size_t current() const { return running_ ? current_ : owner; }
  void before_operation() {
    if (running_) leave();
  }
  void has_read(std::uint64_t value) { history_[current()] = mix(history_[current()], value); }
  void has_written(std::uint64_t atomic, std::uint64_t old, std::uint64_t now) {
    shared_ ^= mix(atomic, old) ^ mix(atomic, now);
  }
  seeded bug() const { return bug_; }

 private:
  struct choice {
    std::size_t taken;
    std::vector<std::size_t> untried;
  };
  struct fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_size);
#ifdef MEMO_TEST_FIBERS
    void* tsan = nullptr;
#endif
    bool ended = false;
  };
  static constexpr std::size_t stack_size = 256 * 1024;

  static void enter() {
    model& m = *here;
    (*m.scripts_[m.current_])();
    m.fibers_[m.current_].ended = true;
    m.leave();
  }
  void leave() {
    has_read(0);  // a step further
    fiber& f = fibers_[current_];
#ifdef MEMO_TEST_FIBERS
    __tsan_switch_to_fiber(scheduler_tsan_, 0);
#endif
    ::swapcontext(&f.context, &scheduler_);
  }

  void run(execution& e) {
    for (std::size_t i = 0; i < threads; ++i) {
      scripts_[i] = &e.run[i];
      fiber& f = fibers_[i];
      f.ended = false;
      history_[i] = i;
      ::getcontext(&f.context);
      f.context.uc_stack.ss_sp = f.stack.get();
      f.context.uc_stack.ss_size = stack_size;
      f.context.uc_link = nullptr;
      ::makecontext(&f.context, &model::enter, 0);
#ifdef MEMO_TEST_FIBERS
      f.tsan = __tsan_create_fiber(0);
      scheduler_tsan_ = __tsan_get_current_fiber();
#endif
    }
    running_ = true;
    for (;;) {
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < threads; ++i)
        if (!fibers_[i].ended) ready.push_back(i);
      if (ready.empty()) break;
      current_ = choose(std::move(ready));
#ifdef MEMO_TEST_FIBERS
      __tsan_switch_to_fiber(fibers_[current_].tsan, 0);
#endif
      ::swapcontext(&scheduler_, &fibers_[current_].context);
    }
    running_ = false;
#ifdef MEMO_TEST_FIBERS
    for (fiber& f : fibers_) __tsan_destroy_fiber(f.tsan);
#endif
  }

  std::size_t choose(std::vector<std::size_t> ready) {
    if (depth_ < choices_.size()) return choices_[depth_++].taken;
    if (!is_known_) {
      std::uint64_t state = shared_;
      for (std::size_t i = 0; i < threads; ++i)
        state = mix(state, mix(history_[i], fibers_[i].ended ? 1 : 0));
      is_known_ = !seen_.insert(state).second;
    }
    std::size_t const taken = ready.front();
    if (is_known_) return taken;
    ready.erase(ready.begin());
    choices_.push_back({taken, std::move(ready)});
    ++depth_;
    return taken;
  }

  seeded bug_;
  std::vector<choice> choices_;
  std::size_t depth_ = 0;
  bool is_known_ = false;
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t shared_ = 0, atomics_ = 0;
  std::uint64_t history_[threads] = {};
  fiber fibers_[threads];
  script const* scripts_[threads] = {};
  ucontext_t scheduler_;
#ifdef MEMO_TEST_FIBERS
  void* scheduler_tsan_ = nullptr;
#endif
  std::size_t current_ = 0;
  bool running_ = false;
};

model* model::here = nullptr;

/// An atomic whose every operation is a point where another thread may go on.
template <class T>
class model_atomic {
 public:
  model_atomic(T value = T()) : value_(value), number_(model::here->new_atomic()) {
    model::here->has_written(number_, 0, digest(value));
  }
  T load(std::memory_order) const {
    model::here->before_operation();
    model::here->has_read(digest(value_));
    return value_;
  }
  void store(T value, std::memory_order) {
    model::here->before_operation();
    model::here->has_read(1);
    write(value);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order) {
    model& m = *model::here;
    m.before_operation();
    m.has_read(digest(value_));
    bool const forgets = m.bug() == (m.current() == model::owner ? seeded::owner_takes_the_last_without_asking
                                                                 : seeded::thieves_take_without_asking);
    if (value_ != expected && !forgets) {
      expected = value_;
      return false;
    }
    write(value);
    return true;
  }

 private:
  // Which ring there is, is known from what the owner has done.
  static std::uint64_t digest(T value) {
    if constexpr (std::is_pointer_v<T>)
      return value == nullptr ? 0 : 1;
    else
      return static_cast<std::uint64_t>(value);
  }
  void write(T value) {
    model::here->has_written(number_, digest(value_), digest(value));
    value_ = value;
  }

  T value_;
  std::uint64_t number_;
};

struct small_item {
  std::uint64_t number = 0;
};
struct large_item {
  large_item(std::uint64_t n = 0) : number(n), inverse(~n) {}
  std::uint64_t number, inverse;
};

/// One letter for each act of the owner: + pushes the next item, - pops.
template <class Item>
model::execution start(char const* owner, int steals, std::int64_t capacity) {
  struct shared {
    explicit shared(std::int64_t c) : items(c) {}
    memo::detail::deque<Item, model_atomic> items;
    std::vector<std::uint64_t> taken[model::threads];
    std::uint64_t pushed = 0;
    bool torn = false;

    void take(std::size_t thread, Item const& item) {
      if constexpr (sizeof(Item) > 8) torn = torn || item.inverse != ~item.number;
      taken[thread].push_back(item.number);
    }
  };
  auto const s = std::make_shared<shared>(capacity);
  model::execution e;
  e.run[model::owner] = [s, owner] {
    for (char const* act = owner; *act != 0; ++act) {
      Item item;
      if (*act == '+')
        s->items.push(Item{++s->pushed});
      else if (s->items.pop(item))
        s->take(model::owner, item);
    }
  };
  for (std::size_t thief = 1; thief < model::threads; ++thief)
    e.run[thief] = [s, thief, steals] {
      for (int i = 0; i < steals; ++i) {
        Item item;
        if (s->items.steal(item) == memo::detail::stolen::item) s->take(thief, item);
      }
    };
  e.is_right = [s] {
    Item item;
    for (int i = 0; i < 10 && s->items.pop(item); ++i) s->take(model::owner, item);
    std::multiset<std::uint64_t> all;
    for (auto const& t : s->taken) all.insert(t.begin(), t.end());
    std::multiset<std::uint64_t> wanted;
    for (std::uint64_t i = 1; i <= s->pushed; ++i) wanted.insert(i);
    return !s->torn && all == wanted;
  };
  return e;
}

template <class Item>
bool tries_all(char const* owner, int steals, std::int64_t capacity, seeded bug = seeded::nothing) {
  model m(bug);
  bool const right = m.try_all([&] { return start<Item>(owner, steals, capacity); });
  if (bug == seeded::nothing)
    WARN(owner << ", " << steals << " steals by each of 2 thieves, ring of " << capacity << ": "
               << m.schedules << " schedules, " << m.states() << " states");
  return right;
}

bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

}  // namespace

TEST_CASE("each item of a deque is taken once in every interleaving: the last item") {
  CHECK(tries_all<small_item>("+-+-", 1, 2));
  if (is_long()) CHECK(tries_all<small_item>("+-+-", 2, 2));
}

TEST_CASE("each item of a deque is taken once in every interleaving: a ring of two that wraps") {
  CHECK(tries_all<small_item>("++-+--", 1, 2));
  if (is_long()) CHECK(tries_all<small_item>("++-+--", 2, 2));
  CHECK(tries_all<small_item>("++--++--", 1, 2));
  CHECK(tries_all<large_item>("++-+-", 1, 2));
}

TEST_CASE("each item of a deque is taken once in every interleaving: a ring that grows") {
  CHECK(tries_all<small_item>("+++--", 1, 2));
  CHECK(tries_all<small_item>("++-++-", 1, 1));
  if (is_long()) CHECK(tries_all<small_item>("++-+-", 2, 1));
  CHECK(tries_all<large_item>("+++-", 1, 1));
}

TEST_CASE("the interleavings find a deque that forgets to compare and exchange") {
  CHECK_FALSE(tries_all<small_item>("+-", 1, 2, seeded::owner_takes_the_last_without_asking));
  CHECK_FALSE(tries_all<small_item>("++-", 1, 2, seeded::thieves_take_without_asking));
}
