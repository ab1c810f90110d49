#include <memo/store/directory_state.hpp>

#include "../laws/store_laws.hpp"

#include <memo/store/directory_store.hpp>

#include <sys/wait.h>
#include <csignal>

using namespace samples;

namespace {

constexpr int keys = 40;
std::size_t size_of(int number) { return number % 4 == 0 ? 30'000u : 100u + static_cast<unsigned>(number); }

/// Puts and looks up until the end of `rounds`; exits with 1 where anything wrong came.
int work(std::filesystem::path const& root, unsigned seed, int rounds) {
  memo::directory_store const store{root, {.max_bytes = 400'000}};
  unsigned state = seed * 7919 + 1;
  for (int i = 0; i < rounds; ++i) {
    state = state * 1664525 + 1013904223;
    int const number = static_cast<int>((state >> 16) % keys);
    if ((state >> 8) % 3 == 0)
      sample(number, size_of(number))
          .put_into(store, (state >> 9) % 2 == 0 ? memo::put_policy::keep : memo::put_policy::replace);
    else if (look_up(store, number, size_of(number)) == got::wrong)
      return 1;
    if ((state >> 4) % 64 == 0) store.erase(key_of(number));
    if ((state >> 4) % 200 == 1) store.collect();
  }
  return 0;
}

pid_t start(std::filesystem::path const& root, unsigned seed, int rounds) {
  pid_t const child = ::fork();
  if (child == 0) ::_exit(work(root, seed, rounds));
  return child;
}

int wrong_values(memo::directory_store const& store) {
  int wrong = 0;
  for (int i = 0; i < keys; ++i) wrong += look_up(store, i, size_of(i)) == got::wrong ? 1 : 0;
  return wrong;
}

bool is_long() { return std::getenv("MEMO_TEST_LONG") != nullptr; }

}  // namespace

TEST_CASE("processes that put the same keys at once leave right values") {
  scratch_folder const folder;
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 4; ++i) children.push_back(start(folder / "cache", i, is_long() ? 100'000 : 1500));
  for (pid_t const child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  memo::directory_store const store{folder / "cache"};
  CHECK(wrong_values(store) == 0);
  CHECK(store.verify().damaged == 0);
}

TEST_CASE("processes that are killed at any moment leave right values or none") {
  scratch_folder const folder;
  int const kills = is_long() ? 2000 : 50;
  unsigned state = 1;
  std::vector<pid_t> children;
  auto const reap = [](pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? 1 : 0;
  };
  int wrong = 0;
  for (int i = 0; i < kills; ++i) {
    while (children.size() < 4) children.push_back(start(folder / "cache", ++state, 1'000'000));
    state = state * 1664525 + 1013904223;
    ::usleep((state >> 12) % 20'000);
    std::size_t const victim = (state >> 8) % children.size();
    ::kill(children[victim], SIGKILL);
    wrong += reap(children[victim]);
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(victim));
  }
  for (pid_t const child : children) {
    ::kill(child, SIGKILL);
    wrong += reap(child);
  }
  CHECK(wrong == 0);
  memo::directory_store const store{folder / "cache"};
  CHECK(wrong_values(store) == 0);
  CHECK(store.verify().damaged == 0);
  for (int i = 0; i < keys; ++i) sample(i, size_of(i)).put_into(store);
  for (int i = 0; i < keys; ++i) CHECK(look_up(store, i, size_of(i)) == got::right);
}

TEST_CASE("two processes that start at once agree on one marker") {
  for (int round = 0; round < 20; ++round) {
    scratch_folder const folder;
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
      pid_t const child = ::fork();
      if (child == 0) {
        memo::directory_store const store{folder / "cache"};
        ::_exit(sample(i).put_into(store).stored ? 0 : 1);
      }
      children.push_back(child);
    }
    for (pid_t const child : children) {
      int status = -1;
      ::waitpid(child, &status, 0);
      CHECK(status == 0);
    }
    memo::directory_store const store{folder / "cache"};
    for (int i = 0; i < 3; ++i) CHECK(look_up(store, i) == got::right);
    CHECK_FALSE(std::filesystem::exists(folder / "cache/.memo"));
  }
}

TEST_CASE("a put on a full disk makes room within the limits, and is tried again") {
  scratch_folder const folder;
  for (int i = 0; i < 6; ++i) CHECK(sample(i, 5000).put_into(memo::directory_store{folder / "cache"}).stored);
  memo::directory_store const store{folder / "cache", {.max_entries = 3}};
  static bool is_full;
  is_full = true;
  auto const before = memo::detail::os::table;
  static auto const real = before;
  memo::detail::os::table.openat = [](int f, char const* n, int flags, mode_t m) {
    if (is_full && (flags & O_CREAT) != 0) {
      errno = ENOSPC;
      return -1;
    }
    return real.openat(f, n, flags, m);
  };
  memo::detail::os::table.unlinkat = [](int f, char const* n, int flags) {
    is_full = false;
    return real.unlinkat(f, n, flags);
  };
  auto const put = sample(9, 5000).put_into(store);
  memo::detail::os::table = before;
  CHECK(put.stored);
  CHECK(look_up(store, 9, 5000) == got::right);
  CHECK(store.stats().entries <= 3);
}

TEST_CASE("without limits what is left over goes once a day") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  auto const temporary = root / "v1" / (".t" + std::string(32, 'a'));
  for (bool const is_due : {false, true}) {
    // A state of its own: no other handle of this root lives.
    memo::directory_store const store{root};
    if (is_due) {
      write_content(temporary, "left");
      for (auto const& file : {temporary, root / "v1/lock"})
        std::filesystem::last_write_time(file,
                                         std::filesystem::last_write_time(file) - std::chrono::hours(25));
    }
    CHECK(sample(is_due ? 2 : 1).put_into(store).stored);
    CHECK_FALSE(std::filesystem::exists(temporary));
    if (is_due) continue;
    write_content(temporary, "left");
    std::filesystem::last_write_time(temporary,
                                     std::filesystem::last_write_time(temporary) - std::chrono::hours(25));
    CHECK(sample(3).put_into(store).stored);
    CHECK(std::filesystem::exists(temporary));
  }
}

TEST_CASE("handles of one path share their state while one of them lives") {
  scratch_folder const folder;
  using memo::detail::directory_state;
  auto const one = directory_state::of(folder / "a", memo::sharing::user);
  CHECK(directory_state::of(folder / "a", memo::sharing::user) == one);
  CHECK(directory_state::of(folder / "b", memo::sharing::user) != one);
  CHECK(directory_state::of(folder / "a", memo::sharing::group) != one);
}
