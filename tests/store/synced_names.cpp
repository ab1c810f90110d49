#include <memo/store/synced_names.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/directory_store.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

using namespace samples;
namespace fs = std::filesystem;

namespace {

/// Writes down what is forced to the disk and what is renamed, in order, and makes the Nth of those calls fail.
struct watched_disk {
  static inline std::vector<std::string> done;
  static inline std::size_t failing = 0;  // counted from 1; 0: none
  static inline int error = EIO;
  static inline memo::detail::os::calls real;

  explicit watched_disk(std::size_t fails = 0) {
    real = memo::detail::os::table;
    done.clear();
    failing = fails;
    auto& table = memo::detail::os::table;
    table.fsync = [](int fd) { return note("fsync " + path_of(fd)) ? real.fsync(fd) : -1; };
    table.fdatasync = [](int fd) { return note("fdatasync " + path_of(fd)) ? real.fdatasync(fd) : -1; };
    table.renameat = [](int a, char const* from, int b, char const* to) {
      if (std::string(to).size() != 33) return real.renameat(a, from, b, to);
      return note("rename " + path_of(b) + "/" + to) ? real.renameat(a, from, b, to) : -1;
    };
  }
  ~watched_disk() { memo::detail::os::table = real; }

  static bool note(std::string what) {
    done.push_back(std::move(what));
    if (done.size() != failing) return true;
    errno = error;
    return false;
  }

  static std::string path_of(int fd) {
    return fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
  }

  /// What was done to what lies inside `root`, with the names of records and of half-written files as "record".
  static std::vector<std::string> inside(fs::path const& root) {
    std::vector<std::string> found;
    for (std::string line : done) {
      std::size_t const at = line.find(root.string());
      if (at == std::string::npos) continue;
      line.erase(at, root.string().size() + 1);
      std::size_t const slash = line.rfind('/');
      if (slash != std::string::npos && line.size() - slash > 30)
        line.replace(slash + 1, std::string::npos, "record");
      found.push_back(line);
    }
    return found;
  }
};

std::size_t count_files(fs::path const& folder) {
  if (!fs::exists(folder)) return 0;
  return static_cast<std::size_t>(std::count_if(fs::recursive_directory_iterator(folder),
                                                fs::recursive_directory_iterator(),
                                                [](auto const& item) { return item.is_regular_file(); }));
}

memo::directory_options const full{.durability = memo::durability::full};

}  // namespace

TEST_CASE("a put that waits for the disk forces bytes before names, and objects before their entry") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root, full};
  sample const one(1);
  std::string const entry = "v1/e/" + memo::to_hex(one.key).substr(0, 2);
  std::string const object = "v1/o/" + memo::to_hex(one.object()).substr(0, 2);
  {
    watched_disk const disk;
    CHECK(one.put_into(store).stored);
    CHECK(disk.inside(root) ==
          std::vector<std::string>{"fdatasync " + object + "/record", "rename " + object + "/record",
                                   "fsync " + object, "fsync v1/o", "fsync v1", "fsync ",
                                   "fdatasync " + entry + "/record", "rename " + entry + "/record",
                                   "fsync " + entry, "fsync v1/e", "fsync v1", "fsync "});
    CHECK(std::count(disk.done.begin(), disk.done.end(), "fsync " + folder.path().string()) == 2);
  }
  CHECK(look_up(store, 1) == got::right);
  // What is known to be there is not forced again.
  watched_disk const disk;
  CHECK(one.put_into(store, memo::put_policy::replace).stored);
  CHECK(disk.inside(root) == std::vector<std::string>{"fdatasync " + object + "/record",
                                                      "rename " + object + "/record", "fsync " + object,
                                                      "fdatasync " + entry + "/record",
                                                      "rename " + entry + "/record", "fsync " + entry});
}

TEST_CASE("a put that does not wait for the disk forces nothing to it") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  watched_disk const disk;
  CHECK(sample(1).put_into(store).stored);
  CHECK(store.write_last(key_of(1), {}).stored);
  for (auto const& line : disk.done) CHECK(line.substr(0, 6) == "rename");
}

TEST_CASE("what somebody stored without waiting is forced to the disk by a put that waits") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  CHECK(sample(1).put_into(memo::directory_store{root}).stored);
  std::string const entry = "v1/e/" + memo::to_hex(key_of(1)).substr(0, 2);
  std::string const object = "v1/o/" + memo::to_hex(sample(1).object()).substr(0, 2);
  watched_disk const disk;
  CHECK(sample(1).put_into(memo::directory_store{root, full}).stored);
  CHECK(disk.inside(root) == std::vector<std::string>{"fdatasync " + object + "/record", "fsync " + object,
                                                      "fsync v1/o", "fsync v1", "fsync ",
                                                      "fdatasync " + entry + "/record", "fsync " + entry,
                                                      "fsync v1/e", "fsync v1", "fsync "});
}

TEST_CASE("what cannot be forced to the disk is dropped, with a warning, and never tried again") {
  bool const was_there = GENERATE(false, true);
  bool failed = true;
  std::size_t failures = 0;
  for (std::size_t fails = 1; failed; ++fails) {
    REQUIRE(fails < 100);
    scratch_folder const folder;
    auto const root = folder / "cache";
    if (was_there) CHECK(sample(1).put_into(memo::directory_store{root}).stored);
    memo::directory_store const store{root, full};
    std::string what;
    {
      watched_disk const disk(fails);
      auto const put = sample(1).put_into(store);
      failed = disk.done.size() >= fails;
      if (failed) what = disk.done[fails - 1];
      CAPTURE(fails, what, put.warning);
      // A folder above the root may be somebody else's.
      bool const above = failed && what.find(root.string()) == std::string::npos;
      CHECK(put.stored == (!failed || above));
      if (!put.stored) {
        ++failures;
        CHECK(put.warning.find("Input/output error") != std::string::npos);
        CHECK(look_up(memo::directory_store{root}, 1) == got::nothing);
        // Nothing was done any more.
        CHECK(disk.done.size() == fails);
        CHECK(count_files(root / "v1/e") <= (was_there ? 1 : 0));
        for (auto const& item : fs::recursive_directory_iterator(root))
          CHECK(item.path().filename().string().substr(0, 2) != ".t");
      }
    }
    CHECK(sample(1).put_into(store).stored);
    CHECK(look_up(store, 1) == got::right);
  }
  CHECK(failures >= 8);
}

TEST_CASE("the names of shards are forced to the disk again when their folders are made again") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root, full};
  CHECK(sample(1).put_into(store).stored);
  std::string const entry = "v1/e/" + memo::to_hex(key_of(1)).substr(0, 2);
  SECTION("one of them") { fs::remove_all(root / entry); }
  SECTION("all of them") { fs::remove_all(root); }
  watched_disk const disk;
  CHECK(sample(1).put_into(store).stored);
  auto const done = disk.inside(root);
  CHECK(std::count(done.begin(), done.end(), "fsync v1/e") == 1);
  CHECK(std::count(done.begin(), done.end(), "fsync " + entry) == 1);
}
