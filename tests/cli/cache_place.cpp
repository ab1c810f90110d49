#include <memo/cli/cache_place.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <utime.h>

using samples::sample;
namespace fs = std::filesystem;

namespace {

/// What an attempt to find a cache says.
std::string refusal(fs::path const& path) {
  try {
    memo::find_cache(path.string());
  } catch (memo::error const& error) {
    return error.what();
  }
  return {};
}

bool says(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

/// Makes a file's time lie so many seconds in the past.
void make_older(fs::path const& path, int seconds) {
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(seconds));
}

}  // namespace

TEST_CASE("a cache is opened as the store that made it") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::directory_store{folder / "files"}).stored);
  CHECK(sample(2).put_into(memo::mmap_store{folder / "log"}).stored);

  auto const files = memo::find_cache((folder / "files").string());
  CHECK(files.kind == memo::cache_kind::directory);
  CHECK(files.path == folder / "files");
  CHECK_FALSE(files.is_new);
  CHECK_FALSE(files.has_both_kinds);
  CHECK(samples::look_up(memo::open_cache(files), 1) == samples::got::right);

  auto const log = memo::find_cache((folder / "log").string());
  CHECK(log.kind == memo::cache_kind::mapped);
  CHECK(samples::look_up(memo::open_cache(log), 2) == samples::got::right);
  CHECK(memo::open_cache((folder / "log/").string()).stats().entries == 1);

  CHECK(memo::name_of(files.kind) == "directory_store");
  CHECK(memo::name_of(log.kind) == "mmap_store");
}

TEST_CASE("a cache beside other files is found from the folder that holds both") {
  scratch_folder const folder;
  write_content(folder / "thesis.tex", "x");
  CHECK(sample(1).put_into(memo::directory_store{folder.path()}).stored);
  for (auto const& path : {folder.path(), folder / ".memo"}) {
    auto const place = memo::find_cache(path.string());
    CHECK(place.path == folder / ".memo");
    CHECK(samples::look_up(memo::open_cache(place), 1) == samples::got::right);
  }
}

TEST_CASE("finding and opening a cache writes nothing") {
  scratch_folder const folder;
  CHECK(says(refusal(folder / "none"), "there is no such directory"));
  auto const place = memo::find_cache((folder / "a/b").string(), memo::if_missing::allow);
  CHECK(place.is_new);
  CHECK(place.kind == memo::cache_kind::directory);
  CHECK(memo::open_cache(place).stats().entries == 0);
  CHECK(fs::is_empty(folder.path()));
  fs::create_directory(folder / "empty");
  CHECK(memo::find_cache((folder / "empty").string(), memo::if_missing::allow).is_new);
  CHECK(fs::is_empty(folder / "empty"));
}

TEST_CASE("where no cache is, the error says what is there instead") {
  scratch_folder const folder;
  auto const none = refusal(folder / "none");
  CHECK(says(none, "there is no cache, as there is no such directory"));
  CHECK(says(none, (folder / "none").string()));
  CHECK(says(none, folder.path().string() + " is there"));
  CHECK(says(refusal(folder / "none/deeper"), "is not there either"));

  fs::create_directory(folder / "empty");
  CHECK(says(refusal(folder / "empty"), "the directory is empty"));

  write_content(folder / "notes.txt", "x");
  CHECK(says(refusal(folder / "notes.txt"), "this is no directory"));
  fs::create_directory(folder / "other");
  write_content(folder / "other/a.txt", "x");
  CHECK(says(refusal(folder / "other"), "this is not a cache of memo"));
  CHECK(says(refusal(folder / "other"), "only a.txt"));
  write_content(folder / "other/b.txt", "x");
  CHECK(says(refusal(folder / "other"), "2 names, such as a.txt"));
  CHECK(says(refusal(""), "this is no path of a directory"));
}

TEST_CASE("a folder inside a cache leads to the cache") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::directory_store{folder / "cache"}).stored);
  for (char const* const inside : {"v1", "v1/e"}) {
    auto const text = refusal(folder / "cache" / inside);
    CHECK(says(text, "this is a folder inside a cache"));
    CHECK_THROWS_AS(memo::find_cache((folder / "cache" / inside).string(), memo::if_missing::allow),
                    memo::usage_error);
    CHECK(says(text, "give " + (folder / "cache").string()));
  }
}

TEST_CASE("a cache of a newer version is refused with both numbers") {
  scratch_folder const folder;
  fs::create_directory(folder / "cache");
  write_content(folder / "cache/MEMO", "memo store\nlayout 7\nuuid 00000000000000000000000000000000\n");
  fs::permissions(folder / "cache", fs::perms::owner_all);
  auto const text = refusal(folder / "cache");
  CHECK(says(text, "a newer version of memo made this cache"));
  CHECK(says(text, "7"));
}

TEST_CASE("a cache that others may write to is refused") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::directory_store{folder / "cache"}).stored);
  ::chmod((folder / "cache").c_str(), 0777);
  CHECK_THROWS_AS(memo::find_cache((folder / "cache").string()), memo::store_error);
  CHECK(says(refusal(folder / "cache"), "every user may write to it"));
  ::chmod((folder / "cache").c_str(), 0770);
  CHECK(says(refusal(folder / "cache"), "its group may write to it"));
}

TEST_CASE("the cache of a group is opened as such") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::directory_store{folder / "cache", {.share = memo::group}}).stored);
  auto const place = memo::find_cache((folder / "cache").string());
  CHECK(place.share == memo::group);
  CHECK(samples::look_up(memo::open_cache(place), 1) == samples::got::right);
}

TEST_CASE("a directory that may not be read is a store error that names the reason") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::directory_store{folder / "cache"}).stored);
  ::chmod((folder / "cache").c_str(), 0000);
  ::chmod(folder.path().c_str(), 0755);
  int const status = test::in_child([&] {
    // Nobody may read it, but root may.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    try {
      memo::find_cache((folder / "cache").string());
    } catch (memo::store_error const& error) {
      return says(error.what(), "cannot be opened") && says(error.what(), "Permission denied") ? 0 : 1;
    }
    return 3;
  });
  CHECK(status == 0);
  ::chmod((folder / "cache").c_str(), 0700);
}

TEST_CASE("of two kinds in one directory the one that was written to later is opened") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::mmap_store{folder / "cache"}).stored);
  CHECK(sample(2).put_into(memo::directory_store{folder / "cache"}).stored);
  for (auto const& item : fs::directory_iterator(folder / "cache/v1/m")) make_older(item.path(), 60);
  auto const files = memo::find_cache((folder / "cache").string());
  CHECK(files.has_both_kinds);
  CHECK(files.kind == memo::cache_kind::directory);
  for (auto const& item : fs::directory_iterator(folder / "cache/v1/e")) make_older(item.path(), 120);
  CHECK(memo::find_cache((folder / "cache").string()).kind == memo::cache_kind::mapped);
}
