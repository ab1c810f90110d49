#include <memo/key/glob.hpp>

#include "../laws/scratch.hpp"

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using memo::digest_of;
using memo::glob;

static_assert(memo::hashable<glob> && !memo::storable<glob>);

namespace {

void fill(fs::path const& root) {
  fs::create_directories(root / "data" / "sub");
  write_content(root / "data" / "a.csv", "1");
  write_content(root / "data" / "b.csv", "2");
  write_content(root / "data" / "notes.txt", "n");
  write_content(root / "data" / "sub" / "c.csv", "3");
}

}  // namespace

TEST_CASE("a glob is the names that match and what they name") {
  scratch_folder const scratch;
  fill(scratch / "one");
  fill(scratch / "two");
  std::string const at = (scratch / "two").string();
  glob const g = at + "/data/*.csv";
  auto const before = digest_of(g);
  CHECK(memo::schema_of<glob>() == "glob");
  CHECK(before == digest_of(glob((scratch / "one").string() + "/data//*.csv")));
  CHECK(before != digest_of(glob(at + "/*/*.csv")));  // other names: data/a.csv
  CHECK(before != digest_of(glob(at + "/data/*")));
  CHECK(g.paths() == std::vector<fs::path>{at + "/data/a.csv", at + "/data/b.csv"});
  fs::path const data = at + "/data";

  SECTION("what does not match does not count") {
    write_content(data / "notes.txt", "N");
    write_content(data / ".d.csv", "4");
    write_content(data / "sub" / "c.csv", "4");
    fs::last_write_time(data / "a.csv", fs::file_time_type::clock::now() + std::chrono::hours(1));
    CHECK(digest_of(g) == before);
  }
  SECTION("content") {
    write_content(data / "b.csv", "3");
    CHECK(digest_of(g) != before);
  }
  SECTION("one more, one less, another name") {
    write_content(data / "c.csv", "");
    CHECK(digest_of(g) != before);
    fs::remove(data / "c.csv");
    CHECK(digest_of(g) == before);
    fs::rename(data / "b.csv", data / "z.csv");
    CHECK(digest_of(g) != before);
    fs::remove(data / "z.csv");
    CHECK(digest_of(g) != before);
  }
  SECTION("a folder that matches counts with all that lies in it") {
    glob const all = at + "/da*", below = at + "/data/**";
    auto const all_before = digest_of(all), below_before = digest_of(below);
    write_content(data / "sub" / "c.csv", "4");
    CHECK(digest_of(all) != all_before);
    CHECK(digest_of(below) != below_before);
  }
}

TEST_CASE("a glob that matches nothing is a value, too") {
  scratch_folder const scratch;
  glob const none = scratch.path().string() + "/absent/*.csv";
  CHECK(none.paths().empty());
  CHECK(digest_of(none) == digest_of(glob(scratch.path().string() + "/*.csv")));
  CHECK(digest_of(glob()) == digest_of(none));
  CHECK(digest_of(none) != digest_of(none.by_stat()));
}

TEST_CASE("a glob lies where its pattern begins") {
  CHECK(glob("x/../data/*.csv").location() == (fs::current_path() / "data/*.csv").string());
  CHECK(glob("/d/*").location() == "/d/*");
  CHECK(glob(fs::path("d/*")).pattern() == "d/*");
}

TEST_CASE("a glob by stat has size and time and the pattern") {
  scratch_folder const scratch;
  fill(scratch.path());
  glob const g = glob(scratch.path().string() + "/data/*.csv").by_stat();
  fs::path const a = scratch / "data" / "a.csv";
  auto const old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(a, old);
  auto const before = digest_of(g);
  CHECK(digest_of(glob(scratch.path().string() + "/data/?.csv").by_stat()) != before);
  write_content(a, "9");
  fs::last_write_time(a, old);
  CHECK(digest_of(g) == before);
  fs::last_write_time(a, old + std::chrono::seconds(1));
  CHECK(digest_of(g) != before);
}

TEST_CASE("the digest of a glob stays what it is") {
  scratch_folder const scratch;
  fill(scratch.path());
  CHECK(memo::to_hex(digest_of(glob(scratch.path().string() + "/data/*.csv"))) ==
        "735acc039424590b036dcf7976b526bc");
}
