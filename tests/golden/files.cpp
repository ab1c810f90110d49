// What stands for files, folders and what steps read while they run, pinned. A red line here means that results which
// depend on files are not found again. If on purpose, raise the version in the grammar of the header that changed.
#include <memo/key/directory.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/file.hpp>
#include <memo/key/glob.hpp>
#include <memo/key/output_file.hpp>
#include <memo/run/dependencies.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

void write(std::filesystem::path const& path, std::string const& text) { std::ofstream(path) << text; }

template <class T>
std::string digest_text(T const& value) {
  return memo::to_hex(memo::digest_of(value));
}

}  // namespace

TEST_CASE("digests of files and folders are those of the first version") {
  scratch_folder const folder;
  std::filesystem::create_directories(folder / "data/empty");
  write(folder / "data/a.csv", "1,2\n");
  write(folder / "data/b.csv", "3,4\n");
  CHECK(memo::schema_of<memo::file>() == "file");
  CHECK(memo::schema_of<memo::directory>() == "directory");
  CHECK(memo::schema_of<memo::glob>() == "glob");
  CHECK(memo::schema_of<memo::output_file>() == "output_file");
  CHECK(digest_text(memo::file(folder / "data/a.csv")) == "d78b0090d0bd87f529ce22ad69901ec0");
  CHECK(digest_text(memo::directory(folder / "data")) == "5f1c946e0cf73da9bc903d663144c46e");
  CHECK(digest_text(memo::glob((folder / "data/*.csv").string())) == "b84830fb721b913b5a9b4b09d8eb4074");
  CHECK(digest_text(memo::output_file(folder / "data/a.csv")) == "583a3eb44363376b095ff20c810b14b9");
}

TEST_CASE("what tells variants of an entry apart is that of the first version") {
  using kind = memo::dependency::kind;
  std::vector<memo::dependency> const noted{{kind::file, "a.csv", {1, 2}},
                                            {kind::absent, "b.csv", {}},
                                            {kind::present, "c.csv", {}},
                                            {kind::listing, "*.csv", {3, 4}},
                                            {kind::variable, "HOME", {5, 6}}};
  CHECK(memo::to_hex(memo::detail::variant_of(noted, 0)) == "d503814b7348bb9e363adc1d0895bcae");
  CHECK(memo::to_hex(memo::detail::variant_of(noted, 7)) == "f59d13870a40db0a7f9db6169b1b5051");
  std::vector<std::string> const names{"a.csv", "b.csv"};
  CHECK(memo::to_hex(memo::detail::digest_of_names(names, 0)) == "67145199eee28bbc4ad5697ffc4503ca");
}
