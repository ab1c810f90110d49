#include <memo/core/shared_handle.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace {

/// Counts how many of it there are.
struct counted {
  explicit counted(int with) : number(with), check(~with) { ++alive; }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() {
    number = check = 0;
    --alive;
  }
  bool is_whole() const { return number == ~check; }

  int number;
  int check;
  static inline std::atomic<int> alive{0};
};

}  // namespace

TEST_CASE("a handle gives what was set last, and null before and after") {
  memo::detail::shared_handle<counted> handle;
  CHECK(handle.get() == nullptr);
  handle.set(std::make_shared<counted>(1));
  CHECK(handle.get()->number == 1);
  auto const first = handle.get();
  auto const second = std::make_shared<counted>(2);
  handle.set(second);
  CHECK(handle.get().get() == second.get());
  CHECK(first->number == 1);
  handle.set(nullptr);
  CHECK(handle.get() == nullptr);
  CHECK(second.use_count() == 1);
}

TEST_CASE("what a handle gave lives as long as somebody has it") {
  {
    memo::detail::shared_handle<counted> handle;
    handle.set(std::make_shared<counted>(1));
    auto held = handle.get();
    auto const copy = held;
    handle.set(std::make_shared<counted>(2));
    CHECK(counted::alive == 2);
    held.reset();
    CHECK(counted::alive == 2);
    CHECK(copy->is_whole());
  }
  CHECK(counted::alive == 0);
}

TEST_CASE("threads of all stripes read a handle while it is replaced") {
  constexpr int threads_at_once = 44;  // more than there are stripes that one thread has alone
  memo::detail::shared_handle<counted> handle;
  handle.set(std::make_shared<counted>(0));
  std::atomic<bool> ends{false};
  std::atomic<int> started{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < threads_at_once; ++t)
    readers.emplace_back([&] {
      int last = 0;
      ++started;
      while (!ends) {
        auto const now = handle.get();
        if (now == nullptr || !now->is_whole() || now->number < last) ++wrong;
        if (now != nullptr) last = now->number;
        std::this_thread::yield();
      }
    });
  while (started != threads_at_once) std::this_thread::yield();
  for (int i = 1; i <= 300; ++i) handle.set(std::make_shared<counted>(i));
  ends = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(handle.get()->number == 300);
  CHECK(counted::alive == 1);
}
