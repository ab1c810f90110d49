#include <memo/store/directory_usage.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"

#include <memo/store/directory_files.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <thread>

namespace fs = std::filesystem;
using memo::detail::directory_usage;

namespace {

/// A root that is there.
struct made_root {
  explicit made_root(fs::path const& path) : files(path.string(), memo::sharing::user) {
    if (!files.root().open_for_writing().empty()) std::abort();
  }
  memo::detail::directory_files files;
  directory_usage usage{files.root()};
};

}  // namespace

TEST_CASE("what was never measured is not known") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  CHECK_FALSE(root.usage.is_used());
  CHECK_FALSE(fs::exists(folder / "cache/v1/usage"));
  CHECK_FALSE(root.usage.look().is_known);
  CHECK(root.usage.is_used());
  CHECK_FALSE(root.usage.add({100, 1}).is_known);
}

TEST_CASE("all who count see what the others added") {
  scratch_folder const folder;
  made_root one{folder / "cache"};
  made_root other{folder / "cache"};
  one.usage.set(one.usage.look(), {1000, 10});
  CHECK(other.usage.look().is_known);
  CHECK(other.usage.add({50, 1}).size.bytes == 1050);
  auto const seen = one.usage.add({-20, 0});
  CHECK(seen.size.bytes == 1030);
  CHECK(seen.size.entries == 11);
  CHECK(test::process([&] { return one.usage.add({7, 1}).size.bytes == 1037 ? 0 : 1; }).join() == 0);
  CHECK(other.usage.look().size.entries == 12);
  other.usage.forget();
  CHECK_FALSE(one.usage.look().is_known);
}

TEST_CASE("what is added while somebody measures counts") {
  scratch_folder const folder;
  made_root one{folder / "cache"};
  made_root other{folder / "cache"};
  one.usage.set(one.usage.look(), {1000, 10});
  auto const before = one.usage.look();
  other.usage.add({50, 1});
  one.usage.set(before, {400, 4});
  CHECK(other.usage.look().size.bytes == 450);
  CHECK(other.usage.look().size.entries == 5);
}

TEST_CASE("threads and processes that add at once lose nothing") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  root.usage.set(root.usage.look(), {});
  int const rounds = test::is_long() ? 100'000 : 300;
  auto const add = [&](directory_usage& usage) {
    for (int i = 0; i < rounds; ++i) usage.add({3, 1});
  };
  std::vector<test::process> children;
  for (int i = 0; i < 3; ++i)
    children.emplace_back([&] {
      add(root.usage);
      return 0;
    });
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&] { add(root.usage); });
  for (auto& thread : threads) thread.join();
  for (auto& child : children) CHECK(child.join() == 0);
  CHECK(root.usage.look().size.bytes == 5 * 3 * rounds);
  CHECK(root.usage.look().size.entries == 5 * rounds);
}

TEST_CASE("damaged numbers are not known") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  root.usage.set(root.usage.look(), {1000, 10});
  auto const file = folder / "cache/v1/usage";
  std::string const good = content_of(file);
  CHECK(good.size() == 56);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_content(file, damaged);
    CHECK_FALSE(root.usage.look().is_known);
    write_content(file, good.substr(0, at));
    CHECK_FALSE(root.usage.look().is_known);
  }
  write_content(file, good);
  CHECK(root.usage.look().size.bytes == 1000);
}

TEST_CASE("numbers that no directory has are not known") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t const number : {most, -most, std::int64_t{1} << 60}) {
    root.usage.set(root.usage.look(), {number, 10});
    CHECK_FALSE(root.usage.add({1, 1}).is_known);
    root.usage.set(root.usage.look(), {1000, number});
    CHECK_FALSE(root.usage.add({1, 1}).is_known);
  }
}

TEST_CASE("who collects is alone, and those who put are many") {
  scratch_folder const folder;
  made_root one{folder / "cache"};
  made_root other{folder / "cache"};
  one.usage.begin_put();
  other.usage.begin_put();
  other.usage.begin_put();
  other.usage.end_put();
  other.usage.end_put();
  CHECK_FALSE(other.usage.begin_alone());
  one.usage.end_put();
  CHECK(other.usage.begin_alone());
  test::channel began;
  test::process putting([&] {
    one.usage.begin_put();
    began.send();
    one.usage.end_put();
    return 0;
  });
  ::usleep(20'000);
  CHECK(began.count() == 0);
  other.usage.end_alone();
  CHECK(putting.join() == 0);
  CHECK(began.count() == 1);
}

TEST_CASE("one who dies while it puts or collects keeps nobody waiting") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  for (bool const alone : {false, true}) {
    test::channel began;
    test::process dying([&] {
      made_root own{folder / "cache"};
      if (alone)
        own.usage.begin_alone();
      else
        own.usage.begin_put();
      began.send();
      ::pause();
      return 0;
    });
    began.receive();
    dying.end(SIGKILL);
    CHECK(root.usage.begin_alone());
    root.usage.end_alone();
  }
}

TEST_CASE("where the numbers cannot be shared they are this process's own") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  auto const before = memo::detail::os::table;
  static auto const real = before;
  memo::detail::os::table.openat = [](int f, char const* n, int flags, mode_t m) {
    if (std::string_view(n) == "usage") {
      errno = EACCES;
      return -1;
    }
    return real.openat(f, n, flags, m);
  };
  root.usage.set(root.usage.look(), {1000, 10});
  CHECK(root.usage.add({5, 1}).size.bytes == 1005);
  root.usage.begin_put();
  root.usage.end_put();
  CHECK_FALSE(root.usage.begin_alone());
  root.usage.end_alone();
  memo::detail::os::table = before;
  CHECK_FALSE(fs::exists(folder / "cache/v1/usage"));
}

TEST_CASE("a file of numbers that was deleted is made again") {
  scratch_folder const folder;
  made_root root{folder / "cache"};
  root.usage.set(root.usage.look(), {1000, 10});
  fs::remove(folder / "cache/v1/usage");
  ::usleep(250'000);
  CHECK_FALSE(root.usage.look().is_known);
  root.usage.set(root.usage.look(), {5, 1});
  CHECK(made_root{folder / "cache"}.usage.look().size.bytes == 5);
}
