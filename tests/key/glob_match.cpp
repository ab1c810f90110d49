#include <memo/key/glob_match.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

namespace fs = std::filesystem;
using memo::detail::matches;
using memo::detail::paths_matching;

TEST_CASE("a pattern matches names as a shell does") {
  struct row {
    char const *pattern, *path;
    bool fits;
  };
  for (row const& r : {
           row{"a", "a", true},
           row{"a", "b", false},
           row{"*", "", false},
           row{"*.csv", "a.csv", true},
           row{"*.csv", "a.csv.gz", false},
           row{"*.csv", "d/a.csv", false},
           row{"*.csv", ".csv", false},
           row{"*.csv", ".a.csv", false},
           row{".*.csv", ".a.csv", true},
           row{".*", "..", true},
           row{"?", "a", true},
           row{"?", "ü", true},
           row{"??", "ü", false},
           row{"?", ".", false},
           row{"a*b*c", "a-b-b-c", true},
           row{"a*b*c", "a-b-b-d", false},
           row{"*a", "aaaaaaaaaaaaaaaaaaaaab", false},
           row{"[a-c]x", "bx", true},
           row{"[a-c]x", "dx", false},
           row{"[!a-c]x", "dx", true},
           row{"[^a-c]x", "ax", false},
           row{"[]]", "]", true},
           row{"[a-]", "-", true},
           row{"[*]", "*", true},
           row{"[*]", "a", false},
           row{"[ä-ü]", "ö", true},
           row{"[", "[", true},
           row{"[a", "[a", true},
           row{"[.]a", ".a", false},
           row{"d/*", "d/a", true},
           row{"d/*", "d/a/b", false},
           row{"**", "a", true},
           row{"**", "a/b/c", true},
           row{"**", "a/.b/c", false},
           row{"**/c", "c", true},
           row{"**/c", "a/b/c", true},
           row{"**/c", ".a/c", false},
           row{"**/.a/c", "x/.a/c", true},
           row{"a/**", "a", false},
           row{"a/**", "a/b", true},
           row{"a/**/d", "a/d", true},
           row{"a/**/d", "a/b/c/d", true},
           row{"a/**/d", "b/d", false},
           row{"**/a/**/b", "x/a/y/a/z/b", true},
           row{"**/**/b", "b", true},
           row{"a**b", "axxb", true},
           row{"a**b", "ax/xb", false},
           row{"/a/*", "/a/b", true},
           row{"/a/*", "a/b", false},
           row{"a//b", "a/b", true},
           row{"a/", "a/", true},
           row{"a/", "a", false},
       }) {
    INFO(r.pattern << " and " << r.path);
    CHECK(matches(r.pattern, r.path) == r.fits);
  }
}

TEST_CASE("what matches a pattern is found, sorted and spelled as in the pattern") {
  scratch_folder const scratch;
  fs::path const root = scratch.path();
  for (char const* name :
       {"b.csv", "a.csv", "c.txt", ".hidden.csv", "d/e/f.csv", "d/g.csv", ".h/i.csv", "[x]"}) {
    fs::create_directories((root / name).parent_path());
    write_content(root / name, name);
  }
  fs::create_directory_symlink(root / "d", root / "link");
  fs::create_symlink("nowhere", root / "dangling.csv");
  std::string const at = root.string() + '/';
  using paths = std::vector<std::string>;
  auto const found = [&](std::string const& pattern) {
    paths all = paths_matching(at + pattern);
    for (std::string& path : all) {
      CHECK(matches(at + pattern, path));
      path.erase(0, at.size());
    }
    return all;
  };
  CHECK(found("*.csv") == paths{"a.csv", "b.csv", "dangling.csv"});
  CHECK(found(".*.csv") == paths{".hidden.csv"});
  CHECK(found("**/*.csv") == paths{"a.csv", "b.csv", "d/e/f.csv", "d/g.csv", "dangling.csv"});
  CHECK(found("d/**") == paths{"d/e", "d/e/f.csv", "d/g.csv"});
  CHECK(found("*/g.csv") == paths{"d/g.csv", "link/g.csv"});
  CHECK(found("link/*") == paths{"link/e", "link/g.csv"});
  CHECK(found("*/") == paths{"d/", "link/"});
  CHECK(found("[[]x]") == paths{"[x]"});
  CHECK(found("a.csv") == paths{"a.csv"});
  CHECK(found("a.csv/*").empty());
  CHECK(found("missing").empty());
  CHECK(found("missing/**/*.csv").empty());
  CHECK(paths_matching("").empty());

  fs::path const before = fs::current_path();
  fs::current_path(root);
  CHECK(paths_matching("d/*.csv") == paths{"d/g.csv"});
  CHECK(paths_matching("./d/*.csv") == paths{"./d/g.csv"});
  CHECK(paths_matching("?.csv") == paths{"a.csv", "b.csv"});
  fs::current_path(before);
}

TEST_CASE("a folder that cannot be read is an error where a pattern needs it") {
  scratch_folder const scratch;
  fs::create_directories(scratch / "shut");
  fs::create_symlink("round", scratch / "round");
  CHECK_THROWS_AS(paths_matching(scratch.path().string() + "/round/*"), memo::unhashable);
  if (::geteuid() == 0) return;  // to whom nothing is shut
  fs::permissions(scratch / "shut", fs::perms::none);
  CHECK_THROWS_AS(paths_matching(scratch.path().string() + "/shut/*"), memo::unhashable);
  CHECK_THROWS_AS(paths_matching(scratch.path().string() + "/**/a"), memo::unhashable);
  CHECK(paths_matching(scratch.path().string() + "/*").size() == 2);
  fs::permissions(scratch / "shut", fs::perms::owner_all);
}
