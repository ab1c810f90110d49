#include <memo/store/directory_room.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "../support/processes.hpp"

#include <memo/store/directory_store.hpp>

#include <catch2/catch.hpp>

#include <thread>

using namespace samples;
namespace fs = std::filesystem;

namespace {

std::uint64_t bytes_in(fs::path const& folder) {
  std::uint64_t sum = 0;
  for (auto const& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file()) sum += item.file_size();
  return sum;
}

/// How often the real function was called while this lives.
int collections;
struct counting {
  counting() {
    collections = 0;
    real = memo::detail::os::table;
    memo::detail::os::table.openat = [](int f, char const* n, int flags, mode_t m) {
      collections += std::string_view(n) == "lock" ? 1 : 0;
      return real.openat(f, n, flags, m);
    };
  }
  counting(counting const&) = delete;
  counting& operator=(counting const&) = delete;
  ~counting() { memo::detail::os::table = real; }
  static inline memo::detail::os::calls real;
};

}  // namespace

TEST_CASE("without limits nobody counts") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  CHECK(store.erase(key_of(1)));
  store.discard(sample(1).object());
  store.collect();
  store.clear();
  CHECK(store.put({}).warning == "");
  CHECK_FALSE(fs::exists(folder / "cache/v1/usage"));
}

TEST_CASE("a process that begins with a nearly full directory makes room before it writes") {
  scratch_folder const folder;
  auto const make = [&] { return memo::directory_store{folder / "cache", {.max_bytes = 500'000}}; };
  for (int i = 0; i < 40; ++i)
    CHECK(test::process([&] {
            bool const good = sample(i, 100'000).put_into(make()).stored && make().stats().bytes <= 500'000;
            return good ? 0 : 1;
          }).join() == 0);
  CHECK(look_up(make(), 39, 100'000) == got::right);
  CHECK(make().stats().entries >= 3);
}

TEST_CASE("what others put without limits is noticed when the directory is measured again") {
  scratch_folder const folder;
  memo::directory_store const limited{folder / "cache", {.max_bytes = 100'000}};
  memo::directory_store const free{folder / "cache"};
  CHECK(sample(1, 1000).put_into(limited).stored);
  for (int i = 2; i < 30; ++i) CHECK(sample(i, 10'000).put_into(free).stored);
  // Handles of one process share what they count.
  CHECK(sample(30, 1000).put_into(limited).stored);
  limited.collect();
  CHECK(limited.stats().bytes <= 100'000);
  CHECK(look_up(limited, 30, 1000) == got::right);
}

TEST_CASE("what a process without limits puts keeps its objects while others make room") {
  scratch_folder const folder;
  test::channel began;
  test::process limited([&] {
    memo::directory_store const store{folder / "cache", {.max_bytes = 300'000}};
    for (int i = 0;; ++i) {
      sample(1'000'000 + i, 8000).put_into(store);
      if (i == 0) began.send();
    }
    return 0;
  });
  began.receive();
  memo::directory_store const free{folder / "cache"};
  int halves = 0;
  for (int i = 0; i < (test::is_long() ? 20'000 : 1500); ++i) {
    sample const one(i, 8000);
    CHECK(one.put_into(free).stored);
    bool const was_there = free.find(one.key).status == memo::lookup::hit;
    bool const has_object = free.read(one.object()).status == memo::lookup::hit;
    halves += was_there && !has_object && free.find(one.key).status == memo::lookup::hit ? 1 : 0;
  }
  CHECK(halves == 0);
}

TEST_CASE("what processes without limits put is counted where others have limits") {
  scratch_folder const folder;
  memo::directory_store const limited{folder / "cache", {.max_bytes = 100'000}};
  CHECK(sample(1, 1000).put_into(limited).stored);
  CHECK(test::process([&] {
          memo::directory_store const free{folder / "cache"};
          for (int i = 2; i < 30; ++i) sample(i, 10'000).put_into(free);
          return free.stats().bytes > 200'000 ? 0 : 1;
        }).join() == 0);
  CHECK(sample(30, 1000).put_into(limited).stored);
  CHECK(limited.stats().bytes <= 100'000);
}

TEST_CASE("what is erased and discarded makes room without a collection") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 50'000}};
  CHECK(sample(1000).put_into(store).stored);
  counting const counted;
  for (int i = 0; i < 100; ++i) {
    sample const one(i, 20'000);
    CHECK(one.put_into(store).stored);
    CHECK(store.erase(one.key));
    store.discard(one.object());
  }
  CHECK(collections == 0);
  CHECK(look_up(store, 1000) == got::right);
}

TEST_CASE("an entry that is written again and again counts once") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 100'000}};
  CHECK(sample(1000).put_into(store).stored);
  counting const counted;
  for (int i = 0; i < 100; ++i) {
    sample one(1, 10'000);
    one.go_inline();
    CHECK(one.put_into(store, memo::put_policy::replace).stored);
  }
  CHECK(collections == 0);
}

TEST_CASE("a value that is larger than the limit drives out nothing that is worth more") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 100'000}};
  for (int i = 0; i < 5; ++i) CHECK(sample(i, 10'000).put_into(store).stored);
  CHECK(sample(9, 300'000).put_into(store).stored);
  CHECK(store.stats().bytes <= 100'000);
  CHECK(look_up(store, 9, 300'000) == got::nothing);
  for (int i = 0; i < 5; ++i) CHECK(look_up(store, i, 10'000) == got::right);
}

TEST_CASE("what is pinned beyond the limit does not make every put collect") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 100'000}};
  std::vector<memo::digest> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(key_of(i));
  auto pin = store.pin(keys);
  {
    counting const counted;
    for (int i = 0; i < 200; ++i) CHECK(sample(i, 2000).put_into(store).stored);
    CHECK(collections >= 1);
    CHECK(collections <= 30);  // one for each tenth that is added
  }
  for (int i = 0; i < 200; ++i) CHECK(look_up(store, i, 2000) == got::right);
  CHECK(store.put({}).warning.find("the limit of 100000 bytes is less than this run uses") == 0);
  pin.reset();
  CHECK(store.put({}).warning == "");
  CHECK(store.stats().bytes <= 100'000);
}

TEST_CASE("threads that write ten times the limit stay within it") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 1'000'000}};
  std::atomic<int> refused{0};
  std::atomic<bool> done{false};
  std::uint64_t most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) refused += sample(1000 * t + i, 50'000).put_into(store).stored ? 0 : 1;
    });
  std::thread looking([&] {
    while (!done) {
      // A look takes time: what was counted may be gone before the last file is seen, so this is only roughly so.
      try {
        most = std::max(most, bytes_in(folder.path()));
      } catch (fs::filesystem_error const&) {
      }
    }
  });
  for (auto& thread : threads) thread.join();
  done = true;
  looking.join();
  CHECK(refused == 0);
  CHECK(most <= 1'500'000);
  CHECK(store.stats().bytes <= 1'000'000);
  CHECK(store.verify().damaged == 0);
}

TEST_CASE("a collector that hangs does not hang those who put") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 50'000}};
  CHECK(sample(0).put_into(store).stored);
  store.collect();
  auto const held = memo::detail::os::open_at(AT_FDCWD, (folder / "cache/v1/lock").c_str(), O_RDWR);
  REQUIRE(held);
  REQUIRE(memo::detail::os::try_lock(held.value.get()) == 0);
  CHECK(sample(1, 40'000).put_into(store).stored);
  CHECK(sample(2, 40'000).put_into(store).stored);
  CHECK(look_up(store, 2, 40'000) == got::right);
  memo::detail::os::unlock(held.value.get());
  CHECK(sample(3, 1000).put_into(store).stored);
  CHECK(store.stats().bytes <= 50'000);
}
