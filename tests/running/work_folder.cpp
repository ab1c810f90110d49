#include <memo/run/work_folder.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using memo::detail::work_folder;
using test::contains;

namespace {

constexpr memo::digest key{1, 2};

// Work folders lie in a folder of the test's own.
struct work_place {
  scratch_folder root;
  test::variable variable{"MEMO_WORKDIR", root.path().c_str()};

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (auto const& item : fs::directory_iterator(root.path()))
      if (item.path().filename() != ".swept") found.insert(item.path().filename().string());
    return found;
  }
};

work_folder folder_of(memo::digest const& of) {
  work_folder made;
  made.set_key(of);
  return made;
}

void make_old(fs::path const& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24 * 31));
}

}  // namespace

TEST_CASE("a work folder is made when it is asked for") {
  work_place const place;
  work_folder folder = folder_of(key);
  CHECK_FALSE(folder.is_made());
  CHECK(place.names().empty());
  fs::path const path = folder.path();
  CHECK(folder.path() == path);
  CHECK(path == place.root.path() / memo::to_hex(key));
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a work folder is found again by its key until it is removed") {
  work_place const place;
  {
    work_folder folder = folder_of(key);
    write_content(folder.path() / "checkpoint", "half");
  }
  {
    work_folder other = folder_of({1, 3});
    CHECK(fs::is_empty(other.path()));
    other.remove();
    CHECK_FALSE(other.is_made());
  }
  {
    work_folder folder = folder_of(key);
    CHECK(content_of(folder.path() / "checkpoint") == "half");
    fs::create_directories(folder.path() / "deep" / "er");
    folder.remove();
    folder.remove();
  }
  CHECK(place.names().empty());
  CHECK(fs::is_empty(folder_of(key).path()));
}

TEST_CASE("a work folder without a key is new each time and gone with its owner") {
  work_place const place;
  {
    work_folder one, other;
    CHECK(one.path() != other.path());
    fs::path const path = one.path();
    write_content(path / "x", "x");
    work_folder moved = std::move(one);
    CHECK(moved.path() == path);
    CHECK(content_of(path / "x") == "x");
  }
  CHECK(place.names().empty());
}

TEST_CASE("two computations of one key at the same time have different work folders") {
  work_place const place;
  std::vector<work_folder> folders;
  std::set<fs::path> paths;
  for (int i = 0; i < 4; ++i) paths.insert(folders.emplace_back(folder_of(key)).path());
  CHECK(paths.size() == 4);
  CHECK(paths.count(place.root.path() / (memo::to_hex(key) + ".2")) == 1);

  // In another process, too.
  CHECK(test::in_child([&] { return paths.count(folder_of(key).path()) == 0 ? 0 : 1; }) == 0);
  for (work_folder& folder : folders) folder.remove();
  CHECK(place.names() == std::set<std::string>{memo::to_hex(key) + ".5", memo::to_hex(key) + ".5.lock"});
}

TEST_CASE("threads that make and remove work folders of one key never share one") {
  work_place const place;
  std::atomic<int> clashes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < (test::is_long() ? 5000 : 100); ++round) {
        work_folder folder = folder_of(key);
        fs::path const path = folder.path() / "owner";
        write_content(path, std::to_string(t));
        std::this_thread::yield();
        if (content_of(path) != std::to_string(t)) ++clashes;
        if (round % 3 != 0) folder.remove();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(clashes == 0);
}

TEST_CASE("processes that make, leave and remove work folders of one key never share one") {
  work_place const place;
  std::vector<test::process> children;
  for (int c = 0; c < 3; ++c)
    children.emplace_back([c] {
      for (int round = 0; round < (test::is_long() ? 5000 : 100); ++round) {
        work_folder folder = folder_of(key);
        fs::path const path = folder.path() / "owner";
        write_content(path, std::to_string(c));
        if (content_of(path) != std::to_string(c)) return 1;
        if (round % 3 != 0) folder.remove();
      }
      return 0;
    });
  for (test::process& child : children) CHECK(child.join() == 0);
}

TEST_CASE("the work folder of a killed process is found again") {
  work_place const place;
  test::channel made;
  test::process child([&] {
    work_folder folder = folder_of(key);
    write_content(folder.path() / "checkpoint", "half");
    made.send();
    ::pause();
    return 0;
  });
  made.receive();
  CHECK(folder_of(key).path() != place.root.path() / memo::to_hex(key));
  child.end(SIGKILL);
  CHECK(content_of(folder_of(key).path() / "checkpoint") == "half");
}

TEST_CASE("a forked child has no part in its parent's work folder") {
  work_place const place;
  auto folder = std::make_unique<work_folder>(folder_of(key));
  fs::path const path = folder->path();
  CHECK(test::in_child([&] {
          folder->remove();
          folder.reset();
          return 0;
        }) == 0);
  CHECK(fs::exists(path));
  test::channel done;
  test::process const child([&] {
    done.receive();
    return 0;
  });
  folder.reset();
  CHECK(folder_of(key).path() == path);
  done.send();
}

TEST_CASE("work folders that nobody used for long are removed, and nothing else") {
  work_place const place;
  auto const name = [](std::uint64_t n) { return memo::to_hex(memo::digest{0, n}); };
  auto const leave = [&](std::uint64_t n) { write_content(folder_of({0, n}).path() / "x", "x"); };
  for (std::uint64_t const n : {1u, 2u, 3u}) leave(n);
  work_folder used = folder_of({0, 4});
  write_content(used.path() / "x", "x");
  for (std::uint64_t const n : {1u, 2u, 4u}) make_old(place.root / (name(n) + ".lock"));
  fs::path const gone = place.root / ("gone-" + name(5));
  fs::create_directory(gone);
  for (char const* const other : {"thesis.lock", "gone-fishing", "0123.lock"}) {
    write_content(place.root / other, "of the user");
    make_old(place.root / other);
  }

  // It was looked for today.
  folder_of({0, 6}).path();
  CHECK(fs::exists(place.root / name(1)));
  make_old(place.root / ".swept");
  folder_of({0, 6}).path();
  CHECK(place.names() == std::set<std::string>{name(3), name(3) + ".lock", name(4), name(4) + ".lock",
                                               name(6), name(6) + ".lock", "thesis.lock", "gone-fishing",
                                               "0123.lock"});
}

TEST_CASE("what lies in the place of a work folder is not used") {
  work_place const place;
  fs::path const first = place.root / memo::to_hex(key);
  scratch_folder const elsewhere;
  SECTION("a link") { fs::create_directory_symlink(elsewhere.path(), first); }
  SECTION("a link in the place of the lock") {
    write_content(elsewhere / "file", "x");
    fs::create_symlink(elsewhere / "file", first.string() + ".lock");
  }
  SECTION("a file") { write_content(first, "x"); }
  SECTION("a folder in the place of the lock") { fs::create_directory(first.string() + ".lock"); }
  CHECK(folder_of(key).path() == first.string() + ".2");
}

TEST_CASE("what an attempt read is known to the next one") {
  using memo::dependency;
  work_place const place;
  std::vector<dependency> const reads{{dependency::kind::file, "/a/b.txt", {1, 2}},
                                      {dependency::kind::variable, "", {}},
                                      {dependency::kind::absent, std::string(5000, 'x'), {3, 4}}};
  {
    work_folder folder = folder_of(key);
    folder.note(reads[0]);  // there is no folder yet
    write_content(folder.path() / "checkpoint", "half");
    CHECK(folder.reads().empty());
    folder.note(reads[0]);
    folder.note(reads[1]);
  }
  {
    work_folder folder = folder_of(key);
    folder.path();
    CHECK(folder.reads() == std::vector<dependency>{reads[0], reads[1]});
    folder.note(reads[2]);
    work_folder const moved = std::move(folder);
    CHECK(moved.reads().size() == 2);
  }
  fs::path const lock = place.root / (memo::to_hex(key) + ".lock");
  std::string const all = content_of(lock);
  {
    work_folder folder = folder_of(key);
    CHECK(content_of(folder.path() / "checkpoint") == "half");
    CHECK(folder.reads() == reads);
    folder.start_anew();
    CHECK(fs::is_empty(folder.path()));
    CHECK(folder.reads().empty());
    folder.note(reads[2]);
    write_content(folder.path() / "checkpoint", "other");
  }
  {
    work_folder folder = folder_of(key);
    folder.path();
    CHECK(folder.reads() == std::vector<dependency>{reads[2]});
    CHECK(content_of(folder.path() / "checkpoint") == "other");
  }
  // Where the last of it was not written to its end, nothing is known of what the folder holds.
  for (std::size_t const size : {std::size_t{1}, std::size_t{20}, std::size_t{22}, all.size() - 1}) {
    write_content(folder_of(key).path() / "checkpoint", "half");
    write_content(lock, all.substr(0, size));
    work_folder folder = folder_of(key);
    CHECK(fs::is_empty(folder.path()));
    CHECK(folder.reads().empty());
    CHECK(fs::file_size(lock) == 0);
  }
  // Nor where another version of memo wrote it.
  write_content(folder_of(key).path() / "checkpoint", "half");
  std::string newer = all;
  newer[10] = '\x7f';
  write_content(lock, newer);
  CHECK(fs::is_empty(folder_of(key).path()));
  folder_of(key).path();
  work_folder once;
  once.path();
  once.note(reads[0]);
  CHECK(once.reads().empty());
}

TEST_CASE("a work folder of which it cannot be told what was read is not given") {
  work_place const place;
  {
    work_folder folder = folder_of(key);
    write_content(folder.path() / "checkpoint", "half");
    folder.note({memo::dependency::kind::file, "/a/b.txt", {1, 2}});
  }
  work_folder folder = folder_of(key);
  auto const real = memo::detail::os::table.pread;
  memo::detail::os::table.pread = [](int, void*, std::size_t, off_t) -> ssize_t {
    errno = EIO;
    return -1;
  };
  for (int attempt = 0; attempt < 2; ++attempt) CHECK_THROWS_AS(folder.path(), memo::error);
  memo::detail::os::table.pread = real;
  CHECK(content_of(folder.path() / "checkpoint") == "half");
  CHECK(folder.reads().size() == 1);
}

TEST_CASE("the user's folder for caches is the default place") {
  scratch_folder const home;
  test::variable const none("MEMO_WORKDIR", nullptr);
  test::variable const at("HOME", home.path().c_str());
  {
    test::variable const cache("XDG_CACHE_HOME", nullptr);
    CHECK(memo::detail::work_root() == (home / ".cache" / "memo-work").string());
    CHECK(folder_of(key).path() == home / ".cache" / "memo-work" / memo::to_hex(key));
  }
  test::variable const cache("XDG_CACHE_HOME", (home / "cache").c_str());
  CHECK(memo::detail::work_root() == (home / "cache" / "memo-work").string());
}

TEST_CASE("a work folder that cannot be made is an error with a hint") {
  {
    test::variable const none("MEMO_WORKDIR", nullptr), cache("XDG_CACHE_HOME", nullptr),
        home("HOME", nullptr);
    std::string const text = test::error_of([] { folder_of(key).path(); });
    CHECK(contains(text, "the work folder of a step cannot be made: neither XDG_CACHE_HOME nor HOME"));
    CHECK(contains(text, "hint: set MEMO_WORKDIR"));
  }
  test::variable const nowhere("MEMO_WORKDIR", "/proc/nowhere");
  CHECK(contains(test::error_of([] { folder_of(key).path(); }), "/proc/nowhere"));
}
