#include <memo/key/code_digest.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "../laws/scratch.hpp"

namespace {

namespace fs = std::filesystem;

/// A project with solver.cpp -> solver.hpp -> detail/model.hpp -> units.hpp (in inc/).
struct project {
  scratch_folder scratch{};
  fs::path root = scratch.path() / "project";

  project() {
    write("src/solver.cpp", "#include \"solver.hpp\"\n#include <vector>\nint solve() { return twice(1); }\n");
    write("src/solver.hpp", "#include \"detail/model.hpp\"\nint twice(int);\n");
    write("src/detail/model.hpp", "#if 0\n#include <units.hpp>\n#endif\nint model();\n");
    write("inc/units.hpp", "int units();\n");
  }

  void write(fs::path const& name, std::string_view text) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  }
  memo::detail::code_request request() const {
    memo::detail::code_request made;
    made.sources = {root / "src/solver.cpp"};
    made.include_folders = {root / "inc"};
    made.project_folders = {root};
    return made;
  }
  memo::detail::code_digest made() const { return memo::detail::digest_code(request()); }
  std::int64_t number() const { return made().number(); }
};

}  // namespace

TEST_CASE("code is named sources and what they include") {
  project const p;
  auto const before = p.made();
  CHECK(before.files.size() == 4);
  CHECK(before.number() > 0);
  CHECK(p.made().value == before.value);

  auto const [file, text] = GENERATE(table<std::string, std::string>(
      {{"src/solver.cpp", "#include \"solver.hpp\"\n#include <vector>\nint solve() { return twice(2); }\n"},
       {"src/solver.hpp", "#include \"detail/model.hpp\"\nint twice(long);\n"},
       {"src/detail/model.hpp", "#if 0\n#include <units.hpp>\n#endif\nint model(int);\n"},
       {"inc/units.hpp", "char const* units = \"/* a */\";\n"}}));
  p.write(file, text);
  CHECK(p.number() != before.number());
}

TEST_CASE("comments and spacing are not code") {
  project const p;
  auto const before = p.number();
  p.write("src/detail/model.hpp", "// new\n#if 0\n#include <units.hpp> // x\n#endif\nint   model( );\n");
  CHECK(p.number() == before);
}

TEST_CASE("a place is no code") {
  project const p;
  auto const before = p.number();
  project moved;
  fs::rename(moved.root / "src", moved.root / "code");
  auto request = moved.request();
  request.sources = {moved.root / "code/./solver.cpp"};
  CHECK(memo::detail::digest_code(request).number() == before);
}

TEST_CASE("headers beyond the depth do not count") {
  project const p;
  auto request = p.request();
  request.depth = GENERATE(0U, 1U, 2U, 3U);
  auto const before = memo::detail::digest_code(request);
  CHECK(before.files.size() == request.depth + 1);
  p.write("src/detail/model.hpp", "int model(int);\n");
  CHECK((memo::detail::digest_code(request).value != before.value) == (request.depth >= 2));
}

TEST_CASE("a header counts at its least depth") {
  project const p;
  p.write("src/solver.cpp", "#include \"solver.hpp\"\n#include \"units.hpp\"\n");
  auto request = p.request();
  request.depth = 1;
  CHECK(memo::detail::digest_code(request).files.size() == 3);
}

TEST_CASE("headers outside the project do not count unless their folder is named") {
  project const p;
  project const other;
  other.write("inc/outer.hpp", "int outer();\n");
  p.write("inc/units.hpp", "#include <outer.hpp>\n");
  auto request = p.request();
  request.include_folders.push_back(other.root / "inc");
  SECTION("outside") { CHECK(memo::detail::digest_code(request).files.size() == 4); }
  SECTION("named") {
    request.named_folders = {other.root / "inc"};
    CHECK(memo::detail::digest_code(request).files.size() == 5);
  }
  SECTION("a system folder inside") {
    request.system_folders = {p.root / "inc"};
    CHECK(memo::detail::digest_code(request).files.size() == 3);
    request.named_folders = {p.root / "inc"};
    CHECK(memo::detail::digest_code(request).files.size() == 4);
  }
  SECTION("a neighbour whose name begins alike") {
    fs::rename(other.root, p.root.string() + "2");
    request.include_folders.back() = p.root.string() + "2/inc";
    CHECK(memo::detail::digest_code(request).files.size() == 4);
  }
}

TEST_CASE("the first folder that has a header wins, and a new one is watched for") {
  project const p;
  auto request = p.request();
  request.include_folders = {p.root / "first/deep", p.root / "inc"};
  auto const before = memo::detail::digest_code(request);
  auto const watches = [](memo::detail::code_digest const& code, fs::path const& folder) {
    return std::find(code.folders.begin(), code.folders.end(), fs::canonical(folder).native()) !=
           code.folders.end();
  };
  CHECK(watches(before, p.root));  // first/deep would appear there
  p.write("first/deep/units.hpp", "int other();\n");
  auto const after = memo::detail::digest_code(request);
  CHECK(after.value != before.value);
  request.build_folders = {p.root};
  CHECK(memo::detail::digest_code(request).folders.empty());
}

TEST_CASE("the order and repetition of sources is no code") {
  project const p;
  p.write("src/more.cpp", "#include \"units.hpp\"\nint more();\n");
  auto request = p.request();
  request.sources.push_back(p.root / "src/more.cpp");
  auto const before = memo::detail::digest_code(request).value;
  std::reverse(request.sources.begin(), request.sources.end());
  request.sources.push_back(p.root / "src/../src/more.cpp");
  CHECK(memo::detail::digest_code(request).value == before);
}

TEST_CASE("which file an include finds counts") {
  project const p;
  p.write("src/solver.cpp", "#include \"a.hpp\"\n#include \"b.hpp\"\n");
  p.write("src/a.hpp", "int a();\n");
  p.write("src/b.hpp", "int b();\n");
  auto const before = p.number();
  fs::rename(p.root / "src/a.hpp", p.root / "src/c.hpp");
  fs::rename(p.root / "src/b.hpp", p.root / "src/a.hpp");
  fs::rename(p.root / "src/c.hpp", p.root / "src/b.hpp");
  CHECK(p.number() != before);
}

TEST_CASE("files that include each other are read once") {
  project const p;
  p.write("inc/units.hpp", "#include \"../src/solver.hpp\"\n#include \"units.hpp\"\n");
  CHECK(p.made().files.size() == 4);
}

TEST_CASE("the header of a code version is in none") {
  project const p;
  std::string const text = "#include \"version.hpp\"\n#include \"solver.hpp\"\n";
  p.write("src/solver.cpp", text);
  auto const before = p.made();
  p.write("src/version.hpp", std::string(memo::detail::code_version_mark) + "\nint version = 1;\n");
  CHECK(p.made().value == before.value);
  CHECK(p.made().files == before.files);
}

TEST_CASE("every later folder counts for include_next") {
  project const p;
  p.write("inc/units.hpp", "#include_next <units.hpp>\n");
  p.write("inc2/units.hpp", "int a();\n");
  auto request = p.request();
  request.include_folders.push_back(p.root / "inc2");
  CHECK(memo::detail::digest_code(request).files.size() == 5);
}

TEST_CASE("a header that links give two places finds others beside each") {
  project const p;
  p.write("src/solver.cpp", "#include \"x/h.hpp\"\n#include \"y/h.hpp\"\n");
  p.write("inc/real.hpp", "#include \"c.hpp\"\n");
  p.write("src/x/c.hpp", "int x();\n");
  p.write("src/y/c.hpp", "int y();\n");
  fs::create_symlink(p.root / "inc/real.hpp", p.root / "src/x/h.hpp");
  fs::create_symlink(p.root / "inc/real.hpp", p.root / "src/y/h.hpp");
  auto const before = p.number();
  p.write("src/y/c.hpp", "int z();\n");
  CHECK(p.number() != before);
}

TEST_CASE("embedded files count as they are") {
  project const p;
  p.write("src/solver.cpp", "#embed \"data.bin\"\n");
  p.write("src/data.bin", "a // b");
  auto const before = p.number();
  p.write("src/data.bin", "a // c");
  CHECK(p.number() != before);
}

TEST_CASE("a source that is not there is refused") {
  project const p;
  fs::remove(p.root / "src/solver.cpp");
  CHECK_THROWS_AS(p.made(), memo::usage_error);
}
