#include <memo/key/directory.hpp>

#include "../laws/scratch.hpp"
#include "../support/stat_seam.hpp"

#include <memo/key/encoding.hpp>
#include <memo/key/path_digest.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace fs = std::filesystem;
using memo::digest_of;
using memo::directory;

static_assert(memo::hashable<directory> && !memo::storable<directory>);
static_assert(memo::hashable<std::vector<memo::file>> && !memo::storable<std::vector<memo::file>>);

namespace {

void fill(fs::path const& root) {
  fs::create_directories(root / "d" / "e");
  fs::create_directories(root / "empty");
  write_content(root / "a.txt", "alpha");
  write_content(root / "d" / "b.txt", "beta");
  write_content(root / "d" / "e" / "c.txt", "gamma");
  write_content(root / ".hidden", "h");
}

}  // namespace

TEST_CASE("a directory is what lies in it, whatever its name") {
  scratch_folder const scratch;
  fill(scratch / "one");
  fill(scratch / "two");
  directory const one = scratch / "one", two = (scratch / "two").string() + "/";
  auto const before = digest_of(one);
  CHECK(before == digest_of(two));
  CHECK(before != digest_of(one, 5));
  CHECK(memo::schema_of<directory>() == "directory");
  fs::path const in = two.path();

  SECTION("touched") {
    fs::last_write_time(in / "a.txt", fs::file_time_type::clock::now() + std::chrono::hours(1));
    CHECK(digest_of(two) == before);
  }
  SECTION("content") {
    write_content(in / "d" / "e" / "c.txt", "GAMMA");
    CHECK(digest_of(two) != before);
    write_content(in / "d" / "e" / "c.txt", "gamma");
    CHECK(digest_of(two) == before);
  }
  SECTION("a new file") {
    write_content(in / "new", "");
    CHECK(digest_of(two) != before);
  }
  SECTION("a hidden file") {
    fs::remove(in / ".hidden");
    CHECK(digest_of(two) != before);
  }
  SECTION("an empty folder") {
    fs::remove(in / "empty");
    CHECK(digest_of(two) != before);
  }
  SECTION("an empty folder that becomes an empty file") {
    fs::remove(in / "empty");
    write_content(in / "empty", "");
    CHECK(digest_of(two) != before);
  }
  SECTION("another name") {
    fs::rename(in / "a.txt", in / "b.txt");
    CHECK(digest_of(two) != before);
  }
  SECTION("moved to another folder") {
    fs::rename(in / "d" / "b.txt", in / "d" / "e" / "b.txt");
    CHECK(digest_of(two) != before);
  }
  SECTION("contents exchanged") {
    write_content(in / "a.txt", "beta");
    write_content(in / "d" / "b.txt", "alpha");
    CHECK(digest_of(two) != before);
  }
  SECTION("a link in the place of what it names") {
    fs::rename(in / "d", scratch / "elsewhere");
    fs::create_directory_symlink(scratch / "elsewhere", in / "d");
    CHECK(digest_of(two) == before);
    write_content(scratch / "elsewhere" / "b.txt", "BETA");
    CHECK(digest_of(two) != before);
  }
}

TEST_CASE("what is neither file nor folder counts by name and kind") {
  scratch_folder const scratch;
  directory const d = scratch.path();
  auto const empty = digest_of(d);
  REQUIRE(::mkfifo((scratch / "x").c_str(), 0600) == 0);
  auto const pipe = digest_of(d);
  fs::remove(scratch / "x");
  fs::create_symlink("nowhere", scratch / "x");
  auto const dangling = digest_of(d);
  write_content(scratch / "nowhere", "");
  auto const filled = digest_of(d);
  CHECK(empty != pipe);
  CHECK(pipe != dangling);
  CHECK(empty != dangling);
  CHECK(dangling != filled);
}

TEST_CASE("a directory that cannot be walked is an error that names what is wrong") {
  scratch_folder const scratch;
  auto const said = [&](fs::path const& path) -> std::string {
    try {
      digest_of(directory(path));
    } catch (memo::unhashable const& e) {
      return e.what();
    }
    return "nothing";
  };
  CHECK(said(scratch / "absent").find("No such file") != std::string::npos);
  write_content(scratch / "file", "");
  CHECK(said(scratch / "file").find("no folder") != std::string::npos);
  fs::create_directories(scratch / "d" / "e");
  fs::create_directory_symlink("..", scratch / "d" / "e" / "up");
  CHECK(said(scratch / "d").find("lies in itself") != std::string::npos);
  CHECK(said(scratch.path()).find("lies in itself") != std::string::npos);
  fs::remove(scratch / "d" / "e" / "up");
  CHECK(said(scratch / "d") == "nothing");
  fs::create_symlink("round", scratch / "d" / "round");
  CHECK(said(scratch / "d").find("round") != std::string::npos);
}

TEST_CASE("by stat, size and time count, and the path, and nothing is read") {
  scratch_folder const scratch;
  fill(scratch / "one");
  fs::path const a = scratch / "one" / "a.txt";
  auto const old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(a, old);
  memo::detail::os::table.pread = [](int, void*, std::size_t, off_t) -> ssize_t { return errno = EIO, -1; };
  memo::file const f = memo::file(a).by_stat();
  directory const d = directory(scratch / "one").by_stat();
  auto const file_before = digest_of(f), before = digest_of(d);
  CHECK(f.is_by_stat());
  CHECK(digest_of(f) == file_before);
  CHECK(digest_of(d) == before);
  CHECK(digest_of(f) != before);

  write_content(a, "ALPHA");
  fs::last_write_time(a, old);
  CHECK(digest_of(f) == file_before);  // as it says
  CHECK(digest_of(d) == before);
  fs::last_write_time(a, old + std::chrono::seconds(1));
  CHECK(digest_of(f) != file_before);
  CHECK(digest_of(d) != before);
  fs::last_write_time(a, old);
  fs::resize_file(a, 4);
  fs::last_write_time(a, old);
  CHECK(digest_of(f) != file_before);
  CHECK(digest_of(d) != before);

  write_content(scratch / "twin", "twin");
  write_content(scratch / "other", "twin");
  fs::last_write_time(scratch / "twin", old);
  fs::last_write_time(scratch / "other", old);
  CHECK(digest_of(memo::file(scratch / "twin").by_stat()) !=
        digest_of(memo::file(scratch / "other").by_stat()));
  CHECK_THROWS_AS(digest_of(memo::file(scratch / "absent").by_stat()), memo::unhashable);
  memo::detail::os::table.pread = memo::detail::os::calls().pread;
  CHECK(digest_of(memo::file(a)) != digest_of(f));
  CHECK(digest_of(directory(scratch / "one")) != before);
}

TEST_CASE("the digest of a path is that of the file or directory there, zero where nothing is") {
  scratch_folder const scratch;
  fill(scratch / "one");
  CHECK(memo::path_digest((scratch / "absent").string(), 3) == memo::digest{});
  CHECK(memo::path_digest((scratch / "one" / "a.txt" / "below").string(), 3) == memo::digest{});
  CHECK(memo::path_digest((scratch / "one" / "a.txt").string(), 3) ==
        memo::hash_bytes(memo::as_byte_view("alpha"), 3));
  auto const whole = memo::path_digest((scratch / "one").string(), 3);
  CHECK(whole != memo::digest{});
  CHECK(whole == memo::hash_of<directory>::of(scratch / "one", 3));
  REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_AS(memo::path_digest((scratch / "pipe").string(), 3), memo::unhashable);
}

TEST_CASE("the digest of a directory stays what it is") {
  scratch_folder const scratch;
  fill(scratch / "one");
  CHECK(memo::to_hex(digest_of(directory(scratch / "one"))) == "d6d254c6247b34e1b846891bda81202d");
}

TEST_CASE("the digest by stat stays what it is") {
  std::vector<memo::detail::file_item> items(2);
  items[0].path = "/data/d";
  items[1].path = "/data/d/f";
  items[0].status.type = S_IFDIR;
  items[1].status.type = S_IFREG;
  items[1].status.size = 7;
  items[1].status.modified_ns = 1'700'000'000'000'000'000;
  for (auto& item : items) item.name_at = 6;
  CHECK(memo::to_hex(memo::detail::digest_by_stat("/data/*", items, 0)) ==
        "82573ec67bea4a2bdf0cc370ccdfb98f");
}

TEST_CASE("files in a vector count as one after the other") {
  scratch_folder const scratch;
  fill(scratch.path());
  using files = std::vector<memo::file>;
  files const two{scratch / "a.txt", scratch / "d" / "b.txt"};
  CHECK(memo::schema_of<files>() == "vec<file>");
  auto const each = [](files const& all) {
    std::vector<std::uint64_t> words{all.size()};
    for (memo::file const& f : all) {
      auto const d = memo::hash_of<memo::file>::of(f, 0);
      words.insert(words.end(), {d.high, d.low});
    }
    return memo::hash_bytes(std::as_bytes(std::span(words)));
  };
  CHECK(digest_of(two) == each(two));
  CHECK(digest_of(two) != digest_of(files{two[1], two[0]}));
  files const mixed{two[0].by_stat(), two[1]};
  CHECK(digest_of(mixed) == each(mixed));
  CHECK_THROWS_AS(digest_of(files{two[0], scratch / "absent"}), memo::unhashable);
  CHECK(digest_of(files{}) == each({}));
}

TEST_CASE("big files are handed to the workers, and their digests are the same") {
  scratch_folder const scratch;
  for (int i = 0; i < 3; ++i)
    write_content(scratch / std::to_string(i), std::string(1 << 20, static_cast<char>('a' + i)));
  test::stat_seam::forget();
  auto const plain = digest_of(directory(scratch.path()));
  test::stat_seam::forget();
  int calls = 0;
  memo::detail::file_workers const workers{
      [](void* state, std::size_t count, void (*body)(void*, std::size_t, std::size_t), void* of) {
        for (std::size_t i = count; i-- > 0; ++*static_cast<int*>(state)) body(of, i, i + 1);
      },
      &calls};
  memo::detail::file_looks looks;
  memo::detail::file_scope const scope(&looks, workers);
  CHECK(digest_of(directory(scratch.path())) == plain);
  CHECK(calls == 3);
  CHECK(looks.seen().size() == 3);
}
