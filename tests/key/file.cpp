#include <memo/key/file.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

namespace fs = std::filesystem;

namespace {

// A folder of the test's own, removed with it.
class folder {
 public:
  folder() {
    std::string name = (fs::temp_directory_path() / "memo-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  folder(folder const&) = delete;

  fs::path write(std::string const& name, std::string const& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }
  fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a file is its content, whatever its name") {
  folder const f;
  memo::file const a = f.write("a", "content"), same = f.write("b", "content"),
                   other = f.write("c", "Content");
  CHECK(memo::digest_of(a) == memo::digest_of(same));
  CHECK(memo::digest_of(a) != memo::digest_of(other));
  CHECK(memo::digest_of(a, 5) != memo::digest_of(a));
  CHECK(memo::schema_of<memo::file>() == "file");
  f.write("a", "changed");
  CHECK(memo::digest_of(a) != memo::digest_of(same));
}

TEST_CASE("the digest of a file is that of its bytes, at all sizes") {
  folder const f;
  for (std::size_t const size : {0u, 1u, 4096u, 262'143u, 262'144u, 262'145u, 1'000'000u}) {
    std::string const content(size, 'x');
    CHECK(memo::file_digest(f.write("a", content).string(), 3) ==
          memo::hash_bytes(memo::as_byte_view(content), 3));
  }
}

TEST_CASE("a file that cannot be read is an error that names it") {
  folder const f;
  CHECK_THROWS_AS(memo::digest_of(memo::file(f.path() / "absent")), memo::unhashable);
  CHECK_THROWS_AS(memo::digest_of(memo::file(f.path())), memo::unhashable);
  fs::path const pipe = f.path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(memo::digest_of(memo::file(pipe)), memo::unhashable);
  try {
    memo::digest_of(memo::file(f.path() / "absent"));
  } catch (memo::unhashable const& e) {
    CHECK(std::string(e.what()).find((f.path() / "absent").string()) != std::string::npos);
  }
}

TEST_CASE("a file is made of a path or of text, and tells where it lies") {
  CHECK(memo::file("a.txt").path() == "a.txt");
  CHECK(memo::file(std::string("a.txt")).path() == "a.txt");
  CHECK(memo::file(fs::path("a.txt")).path() == "a.txt");
  CHECK(memo::file("x/../a.txt").location() == (fs::current_path() / "a.txt").string());
}
