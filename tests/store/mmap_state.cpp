#include <memo/store/mmap_state.hpp>

#include "../support/log_folder.hpp"
#include "../support/processes.hpp"

#include <memo/store/mmap_store.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <vector>

// MEMO_TEST_LONG=1 lets threads go on for longer.

using namespace memo::detail;
using samples::got;
using samples::key_of;
using samples::look_up;
using samples::sample;
using samples::value_of;

namespace {

os::calls const real = os::table;

/// A store as another process has it: nothing is shared but the files.
log_store process_of(std::filesystem::path const& root, memo::store_limits const& limits = {}) {
  mmap_rules rules;
  rules.limits = limits;
  auto const state = std::make_shared<mmap_state>(root.string(), memo::sharing::user, std::uint64_t{8} << 20);
  return {state, rules};
}

std::size_t size_of(int number) { return number % 5 == 0 ? 20'000 : 300; }
got find_in(log_store const& store, int number) { return look_up(store, number, size_of(number)); }
bool put_into(log_store const& store, int number, memo::put_policy policy = memo::put_policy::keep) {
  return sample(number, size_of(number)).put_into(store, policy).stored;
}

struct held_view {
  int number;
  memo::shared_bytes bytes;

  bool is_right() const { return memo::as_text(bytes.view) == value_of(number, size_of(number)); }
};

/// Does everything to a store that threads may do at once; how much of what it saw was wrong.
int do_everything(log_store const& store, std::uint64_t seed, int rounds) {
  constexpr int numbers = 150;
  std::deque<held_view> views;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    int const number = static_cast<int>(seed >> 33) % numbers;
    switch (seed >> 20 & 63) {
      case 0:
        store.clear();
        break;
      case 1:
        store.collect();
        break;
      case 2:
        wrong += static_cast<int>(store.verify().damaged);
        break;
      case 3:
        store.erase(key_of(number));
        break;
      case 4:
        for (auto const& info : store.list()) wrong += info.bytes == 0 ? 1 : 0;
        break;
      default:
        if ((seed >> 20 & 3) == 0) {
          auto const policy = (seed >> 28 & 1) == 0 ? memo::put_policy::keep : memo::put_policy::replace;
          wrong += put_into(store, number, policy) ? 0 : 1;
        } else if ((seed >> 20 & 3) == 1) {
          auto found = store.view(sample(number, size_of(number)).object());
          if (found.status != memo::lookup::hit) break;
          views.push_back({number, std::move(found.bytes)});
          wrong += views.back().is_right() ? 0 : 1;
        } else {
          wrong += find_in(store, number) == got::wrong ? 1 : 0;
        }
    }
    if (views.size() < 20) continue;
    wrong += views.front().is_right() ? 0 : 1;
    views.pop_front();
  }
  for (auto const& view : views) wrong += view.is_right() ? 0 : 1;
  return wrong;
}

}  // namespace

TEST_CASE("threads of several stores do everything at once while logs are rewritten all the time") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  std::vector<log_store> const stores{process_of(root, {200'000, 0, 0}), process_of(root, {200'000, 0, 0})};
  int const rounds = test::is_long() ? 20'000 : 400;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] { wrong += do_everything(stores[t % 2], t + 1, rounds); });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  // All agree on what is there in the end.
  for (int i = 0; i < 20; ++i) CHECK(put_into(stores[static_cast<std::size_t>(i) % 2], 1000 + 5 * i + 1));
  auto const fresh = process_of(root);
  for (auto const& store : {stores[0], stores[1], fresh}) {
    for (int i = 0; i < 20; ++i) CHECK(find_in(store, 1000 + 5 * i + 1) == got::right);
    CHECK(store.verify().damaged == 0);
    CHECK(store.stats().entries == stores[0].stats().entries);
  }
}

TEST_CASE("a directory that is deleted while threads use it costs what was in it") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  auto const store = process_of(root, {200'000, 0, 0});
  std::atomic<bool> ends{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = t * 31; !ends; ++i) {
        if (t < 2)
          put_into(store, i % 100);
        else
          wrong += find_in(store, i % 100) == got::wrong ? 1 : 0;
      }
    });
  for (int i = 0; i < (test::is_long() ? 100 : 8); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  ends = true;
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  CHECK(put_into(store, 1000));
  CHECK(find_in(process_of(root), 1000) == got::right);
}

TEST_CASE("whatever call fails, what was stored is there, and the next put heals") {
  static int left = 0;
  static auto const fails = [](int error) {
    if (left-- != 0) return false;
    errno = error;
    return true;
  };
  int tried = 0;
  for (int call = 0; call < 9; ++call)
    for (int nth = 0; nth < 60; ++nth, ++tried) {
      scratch_folder const folder;
      auto const root = folder / "cache";
      {
        auto const first = process_of(root);
        for (int i = 0; i < 12; ++i) put_into(first, i);
      }
      auto const store = process_of(root);
      left = nth;
      auto& to = os::table;
      if (call == 0)
        to.openat = [](int at, char const* name, int flags, mode_t mode) {
          return fails(EMFILE) ? -1 : real.openat(at, name, flags, mode);
        };
      if (call == 1) to.fstat = [](int fd, struct stat* s) { return fails(EIO) ? -1 : real.fstat(fd, s); };
      if (call == 2)
        to.pread = [](int fd, void* into, std::size_t size, off_t at) {
          return fails(EIO) ? ssize_t{-1} : real.pread(fd, into, size, at);
        };
      if (call == 3)
        to.pwritev = [](int fd, iovec const* pieces, int count, off_t at) {
          return fails(ENOSPC) ? ssize_t{-1} : real.pwritev(fd, pieces, count, at);
        };
      if (call == 4)
        to.pwrite = [](int fd, void const* from, std::size_t size, off_t at) {
          return fails(ENOSPC) ? ssize_t{-1} : real.pwrite(fd, from, size, at);
        };
      if (call == 5)
        to.renameat = [](int from, char const* a, int into, char const* b) {
          return fails(EIO) ? -1 : real.renameat(from, a, into, b);
        };
      if (call == 6)
        to.writev = [](int fd, iovec const* pieces, int count) {
          return fails(ENOSPC) ? ssize_t{-1} : real.writev(fd, pieces, count);
        };
      if (call == 7)
        to.read = [](int fd, void* into, std::size_t size) {
          return fails(EIO) ? ssize_t{-1} : real.read(fd, into, size);
        };
      if (call == 8)
        to.mmap = [](std::size_t size, int fd, off_t at) {
          return fails(ENOMEM) ? MAP_FAILED : real.mmap(size, fd, at);
        };
      std::vector<int> stored;
      for (int i = 20; i < 26; ++i)
        if (put_into(store, i)) stored.push_back(i);
      auto const view = store.view(sample(20, size_of(20)).object());
      CHECK((view.status != memo::lookup::hit || held_view{20, view.bytes}.is_right()));
      store.collect();
      bool const failed = left < 0;
      os::table = real;
      CHECK(put_into(store, 30));
      auto const fresh = process_of(root);
      for (int i = 0; i < 12; ++i)
        if (find_in(fresh, i) != got::right) FAIL("call " << call << ", number " << nth << ", key " << i);
      stored.push_back(30);
      for (auto const& at : {store, fresh})
        for (int const i : stored)
          if (find_in(at, i) != got::right) FAIL("call " << call << ", number " << nth << ", key " << i);
      if (!failed) break;
    }
  CHECK(tried > 30);
}

TEST_CASE("a put that failed for lack of space gives back what is no whole record") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  auto const store = process_of(root);
  CHECK(put_into(store, 1));
  auto const log = test::current_file(root, "log");
  std::uint64_t const before = std::filesystem::file_size(log);
  static int left = 0;
  for (int const calls : {0, 1}) {
    left = calls;
    os::table.pwritev = [](int fd, iovec const* pieces, int count, off_t at) -> ssize_t {
      if (left-- > 0) return real.pwritev(fd, pieces, std::min(count, 2), at);
      if (left < -1) {
        errno = ENOSPC;
        return -1;
      }
      // What there was room for.
      iovec const some{pieces->iov_base, pieces->iov_len / 2};
      return real.pwritev(fd, &some, 1, at);
    };
    CHECK_FALSE(sample(2, 6'000'001).put_into(store).stored);
    os::table = real;
    CHECK(std::filesystem::file_size(log) == before);
  }
  CHECK(sample(2, 6'000'001).put_into(store).stored);
  CHECK(look_up(process_of(root), 2, 6'000'001) == got::right);
}

TEST_CASE("limits that cannot be kept are not tried at each put") {
  for (memo::store_limits const& limits : {memo::store_limits{50'000, 0, 0}, memo::store_limits{0, 10, 0}}) {
    scratch_folder const folder;
    auto const root = folder / "cache";
    auto const store = process_of(root, limits);
    std::vector<memo::digest> keys;
    for (int i = 0; i < 300; ++i) keys.push_back(key_of(i));
    auto const pinned = store.pin(keys);
    static std::atomic<int> reads{0};
    reads = 0;
    os::table.pread = [](int fd, void* to, std::size_t size, off_t at) {
      ++reads;
      return real.pread(fd, to, size, at);
    };
    for (int i = 0; i < 300; ++i) CHECK(put_into(store, i));
    os::table = real;
    CHECK(reads < 300 * 20);
    CHECK(current_generation(content_of(root / "v1/m/current")).value_or(0) < 30);
    for (int i = 0; i < 300; ++i) CHECK(find_in(store, i) == got::right);
  }
}

TEST_CASE("a value longer than the limit is stored, and makes no later one fail") {
  scratch_folder const folder;
  auto const store = process_of(folder / "cache", {100'000, 0, 0});
  for (int i = 0; i < 5; ++i) {
    CHECK(sample(2 * i, 1'000'000).put_into(store).stored);
    CHECK(put_into(store, 2 * i + 1));
    CHECK(find_in(store, 2 * i + 1) == got::right);
  }
  store.collect();
  CHECK(store.stats().bytes <= 100'000);
}

TEST_CASE("a process that only collects removes what nothing names") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  {
    auto const store = process_of(root);
    for (int i = 0; i < 10; ++i) CHECK(put_into(store, i));
    for (int i = 0; i < 5; ++i) CHECK(store.erase(key_of(i)));
  }
  auto const store = process_of(root);
  CHECK(store.stats().objects == 10);
  CHECK(store.collect().removed_bytes > 0);
  CHECK(store.stats().objects == 5);
  for (int i = 5; i < 10; ++i) CHECK(find_in(store, i) == got::right);
}

TEST_CASE("what takes a file's place is no log, and is gone round or refused") {
  for (char const* const what : {"current", "log", "index", "lock"})
    for (char const* const by : {"nothing", "folder", "link", "fifo", "empty", "sparse"}) {
      scratch_folder const folder;
      auto const root = folder / "cache";
      std::string const name = what;
      std::string const kind = by;
      {
        auto const first = process_of(root);
        for (int i = 0; i < 600; ++i) CHECK(put_into(first, 5 * i + 1));
      }
      auto const old = process_of(root);
      CHECK(find_in(old, 1) == got::right);
      auto const path =
          name == "log" || name == "index" ? test::current_file(root, name) : root / "v1/m" / name;
      if (kind == "link") std::filesystem::copy_file(path, folder / "copy");
      std::filesystem::remove(path);
      if (kind == "folder") std::filesystem::create_directory(path);
      if (kind == "link") std::filesystem::create_symlink(folder / "copy", path);
      if (kind == "fifo") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
      if (kind == "empty" || kind == "sparse") write_content(path, "");
      if (kind == "sparse") std::filesystem::resize_file(path, std::uint64_t{1} << 34);
      auto const fresh = process_of(root);
      CHECK(find_in(fresh, 1) != got::wrong);
      auto const put = sample(10'001, 300).put_into(fresh);
      std::this_thread::sleep_for(std::chrono::milliseconds(120));
      bool const is_refused = (name == "lock" || name == "current") && !put.stored;
      CHECK((put.stored || (is_refused && !put.warning.empty())));
      if (!put.stored) continue;
      CHECK(put_into(old, 10'006));
      for (auto const& store : {fresh, old, process_of(root)})
        for (int const number : {10'001, 10'006}) CHECK(find_in(store, number) == got::right);
    }
}
