#include <memo/key/file_digest.hpp>

#include "../laws/scratch.hpp"
#include "../support/stat_seam.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace fs = std::filesystem;
using memo::file_digest;
namespace os = memo::detail::os;

namespace {

memo::digest digest_of_text(std::string const& text, std::uint64_t seed = 0) {
  return memo::hash_bytes(memo::as_byte_view(text), seed);
}

// How often files were read, and what happens just before.
int reads = 0;
void (*before_read)() = nullptr;

class read_seam {
 public:
  read_seam() {
    reads = 0;
    os::table.pread = [](int fd, void* to, std::size_t n, off_t at) {
      if (at == 0) ++reads;
      if (before_read != nullptr) before_read();
      return ::pread(fd, to, n, at);
    };
  }
  ~read_seam() {
    os::table.pread = os::calls().pread;
    before_read = nullptr;
  }
};

// In place: a disk is slow to cut a file off and write it anew.
void overwrite(std::string const& path, std::string const& text) {
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << text;
}

void wait_until_old(fs::path const& path) {
  for (;;) {
    test::stat_seam::forget();
    file_digest(path.string());
    read_seam const seam;
    file_digest(path.string());
    if (reads == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

TEST_CASE("a file that did not change is read once") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "content");
  wait_until_old(path);
  read_seam const seam;
  for (int i = 0; i < 10; ++i) CHECK(file_digest(path) == digest_of_text("content"));
  CHECK(reads == 0);
  CHECK(file_digest(path, 7) == digest_of_text("content", 7));
  CHECK(reads == 1);  // a seed is another digest
}

TEST_CASE("a file that just changed is read until its stamps are old") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  test::stat_seam const coarse(3600);
  write_content(path, "content");
  read_seam const seam;
  for (int i = 0; i < 3; ++i) CHECK(file_digest(path) == digest_of_text("content"));
  CHECK(reads == 3);
}

TEST_CASE("edits of the same size within one tick are seen, whatever the file system's clock") {
  auto const [tick, shift] =
      GENERATE(std::pair{1, 0}, std::pair{2, 0}, std::pair{1, -3600}, std::pair{2, 3600});
  CAPTURE(tick, shift);
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  test::stat_seam const coarse(tick, shift);
  write_content(path, "000000");
  int stale = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string const text = std::to_string(100'000 + i);
    overwrite(path, text);
    stale += file_digest(path) != digest_of_text(text);
  }
  CHECK(stale == 0);
}

TEST_CASE("edits of the same size are seen by the file system's own clock") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "000000");
  int stale = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string const text = std::to_string(100'000 + i);
    overwrite(path, text);
    stale += file_digest(path) != digest_of_text(text);
    stale += file_digest(path) != digest_of_text(text);
  }
  CHECK(stale == 0);
}

TEST_CASE("times that somebody set back do not hide an edit") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "content");
  wait_until_old(path);
  auto const time = fs::last_write_time(path);
  CHECK(file_digest(path) == digest_of_text("content"));
  write_content(path, "CONTENT");
  fs::last_write_time(path, time);
  CHECK(file_digest(path) == digest_of_text("CONTENT"));
}

TEST_CASE("a path is followed to what it names now") {
  scratch_folder const scratch;
  write_content(scratch / "a", "one");
  write_content(scratch / "b", "two");
  std::string const a = (scratch / "a").string();
  wait_until_old(a);
  wait_until_old(scratch / "b");
  CHECK(file_digest(a) == digest_of_text("one"));

  SECTION("a file renamed over") {
    fs::rename(scratch / "b", a);
    CHECK(file_digest(a) == digest_of_text("two"));
  }
  SECTION("a hard link through which it is edited") {
    fs::create_hard_link(a, scratch / "c");
    CHECK(file_digest(a) == digest_of_text("one"));
    write_content(scratch / "c", "ONE");
    CHECK(file_digest(a) == digest_of_text("ONE"));
  }
  SECTION("a symbolic link that is turned to another file") {
    std::string const link = (scratch / "link").string();
    fs::create_symlink("a", link);
    CHECK(file_digest(link) == digest_of_text("one"));
    fs::remove(link);
    fs::create_symlink("b", link);
    CHECK(file_digest(link) == digest_of_text("two"));
  }
  SECTION("a folder on the way that is a link turned to another") {
    fs::create_directory(scratch / "x");
    fs::create_directory(scratch / "y");
    write_content(scratch / "x" / "f", "in x");
    write_content(scratch / "y" / "f", "in y");
    std::string const path = (scratch / "way" / "f").string();
    fs::create_directory_symlink("x", scratch / "way");
    CHECK(file_digest(path) == digest_of_text("in x"));
    fs::remove(scratch / "way");
    fs::create_directory_symlink("y", scratch / "way");
    CHECK(file_digest(path) == digest_of_text("in y"));
  }
  SECTION("a file that is gone") {
    fs::remove(a);
    CHECK_THROWS_AS(file_digest(a), memo::unhashable);
  }
}

TEST_CASE("a file that changes while it is read is read again") {
  scratch_folder const scratch;
  static std::string path;
  path = (scratch / "a").string();
  std::string const before(300'000, 'x');
  write_content(path, before);
  static int edits_left;
  read_seam const seam;
  before_read = [] {
    if (edits_left-- > 0) fs::resize_file(path, fs::file_size(path) - 100);
  };
  edits_left = 1;
  CHECK(file_digest(path) == digest_of_text(before.substr(100)));
  CHECK(reads == 2);

  // One that never comes to rest is not remembered. What was read above may be, by now.
  memo::detail::file_table::process().clear();
  reads = 0;
  edits_left = 1000;
  file_digest(path);
  CHECK(reads == 3);
  edits_left = 0;
  reads = 0;
  CHECK(file_digest(path) == digest_of_text(content_of(path)));
  CHECK(reads == 1);
  before_read = nullptr;
}

TEST_CASE("without a file to ask its clock, a local file system is trusted after two seconds") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "content");
  os::table.openat = [](int folder, char const* name, int flags, mode_t mode) {
    if ((flags & O_TMPFILE) == O_TMPFILE) return errno = EOPNOTSUPP, -1;
    return ::openat(folder, name, flags, mode);
  };
  test::stat_seam::forget();
  {
    read_seam const seam;
    for (int i = 0; i < 3; ++i) CHECK(file_digest(path) == digest_of_text("content"));
    CHECK(reads == 3);
  }
  test::stat_seam const past(1, -3600);
  {
    read_seam const seam;
    for (int i = 0; i < 3; ++i) CHECK(file_digest(path) == digest_of_text("content"));
    CHECK(reads == 1);
  }
  // Elsewhere nothing is known of the clock.
  os::table.fstatfs = [](int fd, struct statfs* status) {
    int const failed = ::fstatfs(fd, status);
    status->f_type = 0x12345678;
    return failed;
  };
  test::stat_seam::forget();
  {
    read_seam const seam;
    for (int i = 0; i < 3; ++i) CHECK(file_digest(path) == digest_of_text("content"));
    CHECK(reads == 3);
  }
  os::table.openat = os::calls().openat;
  os::table.fstatfs = os::calls().fstatfs;
}

TEST_CASE("where the time of change is none, no digest is remembered") {
  auto const type = GENERATE(0x4d44, 0x2011bab0, 0x6969);
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "content");
  wait_until_old(path);
  static long kind;
  kind = type;
  os::table.fstatfs = [](int fd, struct statfs* status) {
    int const failed = ::fstatfs(fd, status);
    status->f_type = static_cast<decltype(status->f_type)>(kind);
    return failed;
  };
  test::stat_seam::forget();
  {
    read_seam const seam;
    for (int i = 0; i < 3; ++i) CHECK(file_digest(path) == digest_of_text("content"));
    CHECK(reads == 3);
  }
  os::table.fstatfs = os::calls().fstatfs;
}

TEST_CASE("what the kernel makes up is never remembered") {
  read_seam const seam;
  for (int i = 0; i < 3; ++i) file_digest("/proc/self/status");
  CHECK(reads >= 3);
}

TEST_CASE("asking a file system's clock leaves nothing behind") {
  scratch_folder const scratch;
  std::string const path = (scratch / "a").string();
  write_content(path, "content");
  auto const before = fs::last_write_time(scratch.path());
  test::stat_seam::forget();
  file_digest(path);
  CHECK(fs::last_write_time(scratch.path()) == before);
  CHECK(std::distance(fs::directory_iterator(scratch.path()), {}) == 1);
}
