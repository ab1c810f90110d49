#include <memo/core/folder.hpp>

#include "../laws/scratch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace memo::detail::os;
namespace fs = std::filesystem;

TEST_CASE("a folder's names are listed without dots") {
  scratch_folder const folder;
  write_content(folder / "b", "");
  write_content(folder / ".a", "");
  fs::create_directory(folder / "c");
  auto const opened = open_folder(here, folder.path().c_str());
  REQUIRE(opened);
  for (int again = 0; again < 2; ++again) {
    auto names = names_in(opened.value.get()).value;
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{".a", "b", "c"});
  }
  CHECK(open_folder(here, (folder / "b").c_str()).error == ENOTDIR);
  CHECK(names_in(-1).error == EBADF);
}

TEST_CASE("folders are made with those above them") {
  scratch_folder const folder;
  CHECK(make_folders(folder / "a/b/c") == 0);
  CHECK(make_folders(folder / "a/b/c") == 0);
  CHECK(static_cast<unsigned>(fs::status(folder / "a/b").permissions()) == 0700u);
  write_content(folder / "file", "");
  CHECK(make_folders(folder / "file/x/y") == ENOTDIR);
}

TEST_CASE("a file system's time is that of its files and never goes back") {
  scratch_folder const folder;
  auto const clock = create_new(here, (folder / "clock").c_str());
  auto const first = time_by(clock.value.get());
  write_content(folder / "file", "x");
  auto const between = status_at(here, (folder / "file").c_str());
  auto const last = time_by(clock.value.get());
  CHECK(first.value <= between.value.modified_ns);
  CHECK(between.value.modified_ns <= last.value);
  CHECK(time_by(-1).error == EBADF);
}

TEST_CASE("a lock has one holder and is free when its descriptor is closed") {
  scratch_folder const folder;
  auto first = create_new(here, (folder / "lock").c_str());
  auto const second = open_for_reading(here, (folder / "lock").c_str());
  CHECK(try_lock(first.value.get()) == 0);
  CHECK(try_lock(second.value.get()) == EWOULDBLOCK);
  first.value.reset();
  CHECK(try_lock(second.value.get()) == 0);
}

TEST_CASE("a lock that is given back is free although a child has a copy of the descriptor") {
  scratch_folder const folder;
  auto const first = create_new(here, (folder / "lock").c_str());
  auto const second = open_for_reading(here, (folder / "lock").c_str());
  REQUIRE(try_lock(first.value.get()) == 0);
  unique_fd const copy(::dup(first.value.get()));  // as a fork makes it
  unlock(first.value.get());
  CHECK(try_lock(second.value.get()) == 0);
}

TEST_CASE("random digests differ, without the system's random source too") {
  CHECK(random_digest() != random_digest());
  CHECK(random_digest() != memo::digest{});
  auto const before = table;
  table.getrandom = [](void*, std::size_t) {
    errno = ENOSYS;
    return ssize_t{-1};
  };
  auto const one = random_digest();
  auto const two = random_digest();
  table = before;
  CHECK(one != two);
  CHECK(one != memo::digest{});
}

TEST_CASE("a process is a member of its own group and not of any other") {
  CHECK(is_member_of(::getegid()));
  std::vector<gid_t> all(64);
  int const count = ::getgroups(64, all.data());
  REQUIRE(count >= 0);
  all.resize(static_cast<std::size_t>(count));
  for (gid_t const group : all) CHECK(is_member_of(group));
  gid_t other = 54321;
  while (other == ::getegid() || std::find(all.begin(), all.end(), other) != all.end()) ++other;
  CHECK_FALSE(is_member_of(other));
}

TEST_CASE("a path is canonical as far as it exists") {
  scratch_folder const folder;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  auto const base = folder.path().string();
  CHECK(canonical_path(base + "/link") == base + "/real");
  CHECK(canonical_path(base + "/link/") == base + "/real");
  CHECK(canonical_path(base + "/link/new/./deep//x/") == base + "/real/new/deep/x");
  CHECK(canonical_path(base + "/new/../other") == base + "/other");
  CHECK(canonical_path("/") == "/");
  CHECK(canonical_path("/no-such-folder/a") == "/no-such-folder/a");
  CHECK(canonical_path("/no-such-folder/../..") == "/");
  auto const before = fs::current_path();
  fs::current_path(folder.path());
  CHECK(canonical_path("link/x") == base + "/real/x");
  CHECK(canonical_path("x") == base + "/x");
  CHECK(canonical_path(".") == base);
  fs::current_path(before);
  CHECK(link_target((folder / "link").c_str()) == base + "/real");
  CHECK(link_target((folder / "real").c_str()) == "");
}
