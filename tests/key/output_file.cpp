#include <memo/key/output_file.hpp>

#include <memo/key/encoding.hpp>
#include <memo/key/value_type.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace fs = std::filesystem;
using test::contains;

namespace {

std::string text_of(memo::output_file const& file) { return std::string(memo::as_text(file.bytes().view)); }

memo::output_file stored_and_loaded(memo::output_file const& file) {
  return memo::decode<memo::output_file>(memo::encode(file).join().view);
}

mode_t mode_of(fs::path const& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

std::size_t count_in(fs::path const& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

struct report {
  int pages = 0;
  memo::output_file pdf;
};

struct tree {
  std::vector<tree> below;
  int value = 0;
};

}  // namespace

TEST_CASE("an output file is its name and its content") {
  scratch_folder const folder;
  write_content(folder / "a.txt", "content");
  memo::output_file const a(folder / "a.txt");
  CHECK(a.name() == "a.txt");
  CHECK(a.size() == 7);
  CHECK(text_of(a) == "content");
  CHECK(a.path() == folder / "a.txt");

  fs::create_directory(folder / "other");
  write_content(folder / "other" / "a.txt", "content");
  write_content(folder / "b.txt", "content");
  memo::output_file const same(folder / "other" / "a.txt"), other_name(folder / "b.txt");
  CHECK(memo::digest_of(a) == memo::digest_of(same));
  CHECK(a == same);
  CHECK(memo::digest_of(a) != memo::digest_of(other_name));
  CHECK_FALSE(a == other_name);
  CHECK(memo::schema_of<memo::output_file>() == "output_file");
  CHECK(memo::storable<memo::output_file>);
}

TEST_CASE("an output file comes back from its stored form, at all sizes") {
  scratch_folder const folder;
  for (std::size_t const size : {0u, 1u, 4095u, 4096u, 262'145u, 1'000'000u}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 256);
    write_content(folder / "data.bin", content);
    memo::output_file const made(folder / "data.bin");
    memo::encoding const form = memo::encode(made);
    CHECK(form.value() == memo::fingerprint_of(made));
    memo::output_file const loaded = memo::decode<memo::output_file>(form.join().view);
    CHECK(loaded == made);
    CHECK(memo::digest_of(loaded) == memo::digest_of(made));
    fs::path const path = loaded.path();
    CHECK(path != made.path());
    CHECK(path.filename() == "data.bin");
    CHECK(content_of(path) == content);
  }
}

TEST_CASE("the content of a large output file is stored from where it lies") {
  scratch_folder const folder;
  write_content(folder / "large", std::string(100'000, 'x'));
  memo::output_file const made(folder / "large");
  memo::encoding const form = memo::encode(made);
  memo::byte_view const content = made.bytes().view;
  bool found = false;
  for (memo::byte_view const piece : form.pieces())
    found |= piece.data() == content.data() && piece.size() == content.size();
  CHECK(found);
}

TEST_CASE("an output file that holds nothing is empty") {
  memo::output_file const nothing;
  CHECK(nothing.name().empty());
  CHECK(nothing.size() == 0);
  CHECK(stored_and_loaded(nothing) == nothing);
  CHECK(contains(test::error_of<memo::usage_error>([&] { static_cast<void>(nothing.path()); }), "hint:"));
  CHECK(contains(test::error_of<memo::usage_error>([&] { nothing.copy_to("x"); }), "hint:"));
}

TEST_CASE("what happens to the file later does not change an output file") {
  scratch_folder const folder;
  write_content(folder / "a.txt", "before");
  memo::output_file const file(folder / "a.txt");
  memo::digest const before = memo::digest_of(file);
  SECTION("it is written to, with the same size and within one tick of the clock") {
    write_content(folder / "a.txt", "BEFORE");
  }
  SECTION("it is removed") { fs::remove(folder / "a.txt"); }
  SECTION("it is replaced by a folder") {
    fs::remove(folder / "a.txt");
    fs::create_directory(folder / "a.txt");
  }
  CHECK(text_of(file) == "before");
  CHECK(memo::digest_of(file) == before);
  CHECK(file.path() != folder / "a.txt");
  CHECK(content_of(file.path()) == "before");
}

TEST_CASE("a file that was only touched still is the output file's path") {
  scratch_folder const folder;
  write_content(folder / "a.txt", "content");
  memo::output_file const file(folder / "a.txt");
  CHECK(file.size() == 7);
  fs::last_write_time(folder / "a.txt", fs::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(file.path() == folder / "a.txt");
  CHECK(file.path() == folder / "a.txt");
  write_content(folder / "a.txt", "CONTENT");
  CHECK(content_of(file.path()) == "content");
}

TEST_CASE(
    "the path of a loaded output file is a private read-only copy, gone with the last copy of the value") {
  scratch_folder const folder, temporary;
  test::variable const place("TMPDIR", temporary.path().c_str());
  write_content(folder / "a.txt", "content");
  fs::path path;
  {
    memo::output_file const loaded = stored_and_loaded(memo::output_file(folder / "a.txt"));
    CHECK(count_in(temporary.path()) == 0);
    path = loaded.path();
    CHECK(loaded.path() == path);
    CHECK(mode_of(path) == 0400);
    CHECK(mode_of(path.parent_path()) == 0700);
    auto other = std::make_unique<memo::output_file>(loaded);
    CHECK(other->path() == path);
    other.reset();
    CHECK(content_of(path) == "content");
    CHECK(test::in_child([copy = loaded] { return copy.size() == 7 ? 0 : 1; }) == 0);
    CHECK(fs::exists(path));
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(count_in(temporary.path()) == 0);
}

TEST_CASE("a child process that ends does not take its parent's copy with it") {
  scratch_folder const folder;
  write_content(folder / "a.txt", "content");
  auto loaded = std::make_unique<memo::output_file>(stored_and_loaded(memo::output_file(folder / "a.txt")));
  fs::path const path = loaded->path();
  CHECK(test::in_child([&] {
          loaded.reset();
          return 0;
        }) == 0);
  CHECK(content_of(path) == "content");
}

TEST_CASE("an output file is copied to a path or into a folder") {
  scratch_folder const folder;
  write_content(folder / "a.txt", "content");
  memo::output_file const loaded = stored_and_loaded(memo::output_file(folder / "a.txt"));
  fs::create_directory(folder / "into");
  CHECK(loaded.copy_to(folder / "into") == folder / "into" / "a.txt");
  CHECK(content_of(folder / "into" / "a.txt") == "content");
  write_content(folder / "there.txt", "something longer that was there");
  CHECK(loaded.copy_to(folder / "there.txt") == folder / "there.txt");
  CHECK(content_of(folder / "there.txt") == "content");
  CHECK((mode_of(folder / "there.txt") & 0600) == 0600);
  CHECK(count_in(folder.path()) == 3);

  write_content(folder / "there.txt", "changed");
  CHECK(text_of(loaded) == "content");

  std::string const text = test::error_of([&] { loaded.copy_to(folder / "none" / "x"); });
  CHECK(contains(text, "the file `a.txt` cannot be copied: "));
  CHECK(contains(text, "hint:"));
}

TEST_CASE("a large output file is copied from its content, whatever became of the file") {
  scratch_folder const folder;
  std::string content(300'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i / 7);
  write_content(folder / "a.bin", content);
  memo::output_file const made(folder / "a.bin");
  CHECK(made.size() == content.size());
  SECTION("it is as it was") {}
  SECTION("it has other bytes") { write_content(folder / "a.bin", std::string(content.size(), 'x')); }
  SECTION("it is longer") { write_content(folder / "a.bin", content + "more"); }
  SECTION("it is shorter") { write_content(folder / "a.bin", content.substr(0, 200'000)); }
  SECTION("it is gone") { fs::remove(folder / "a.bin"); }
  CHECK(content_of(made.copy_to(folder / "copy")) == content);
  memo::output_file const loaded = stored_and_loaded(made);
  CHECK(content_of(loaded.copy_to(folder / "copy")) == content);
  CHECK(content_of(loaded.path()) == content);
  CHECK(content_of(loaded.copy_to(folder / "copy")) == content);
  CHECK((mode_of(folder / "copy") & 0600) == 0600);
}

TEST_CASE("a file that cannot be read is an error with its path and a hint") {
  scratch_folder const folder;
  memo::output_file const missing(folder / "missing.txt");
  std::string const text = test::error_of([&] { static_cast<void>(memo::digest_of(missing)); });
  CHECK(contains(text, "the file `missing.txt` cannot be taken as a result: No such file"));
  CHECK(contains(text, (folder / "missing.txt").string()));
  CHECK(contains(text, "hint:"));
  write_content(folder / "missing.txt", "here now");
  CHECK(text_of(missing) == "here now");

  fs::create_directory(folder / "folder");
  CHECK(contains(test::error_of([&] { memo::encode(memo::output_file(folder / "folder")); }),
                 "it is no regular file"));
  for (char const* const name : {"", "/", "folder/", ".", "a/.."})
    CHECK(contains(test::error_of<memo::usage_error>([&] { memo::output_file{fs::path(name)}; }),
                   "needs the path"));
}

TEST_CASE("a stored name that leads out of its folder is damage") {
  struct forged {
    std::string name;
    std::string content;
  };
  for (std::string const& name : {std::string("../a"), std::string("/a"), std::string("."), std::string(".."),
                                  std::string("a\0b", 3), std::string()}) {
    memo::encoding const form = memo::encode(forged{name, "content"});
    CHECK_THROWS_AS(memo::decode<memo::output_file>(form.join().view), memo::decode_error);
  }
  memo::encoding const good = memo::encode(forged{"a", "content"});
  CHECK(text_of(memo::decode<memo::output_file>(good.join().view)) == "content");
  memo::byte_view const all = good.pieces()[0];
  for (std::size_t size = 0; size < all.size(); ++size)
    CHECK_THROWS_AS(memo::decode<memo::output_file>(all.first(size)), memo::decode_error);
}

TEST_CASE("what can hold an output file is known by its type") {
  using memo::output_file;
  using memo::detail::holds_output_file;
  CHECK(holds_output_file<output_file>());
  CHECK(holds_output_file<std::vector<output_file>>());
  CHECK(holds_output_file<report>());
  CHECK(holds_output_file<std::pair<int, std::optional<report>>>());
  CHECK(holds_output_file<std::variant<int, output_file>>());
  CHECK_FALSE(holds_output_file<tree>());
  CHECK_FALSE(holds_output_file<std::vector<double>>());
  CHECK_FALSE(holds_output_file<std::string>());
  CHECK(memo::value_type_of<int>.settle == nullptr);
}

TEST_CASE("a settled value does not refer to a folder that goes") {
  scratch_folder const folder;
  fs::create_directory(folder / "work");
  write_content(folder / "work" / "a.txt", "content");
  write_content(folder / "work.txt", "beside");
  std::vector<report> const reports{{3, memo::output_file(folder / "work" / "a.txt")},
                                    {4, memo::output_file(folder / "work.txt")}};
  auto const settle = memo::value_type_of<std::vector<report>>.settle;
  REQUIRE(settle != nullptr);
  settle(&reports, (folder / "work").string());
  CHECK(reports[0].pdf.path() != folder / "work" / "a.txt");
  CHECK(reports[1].pdf.path() == folder / "work.txt");
  fs::remove_all(folder / "work");
  CHECK(content_of(reports[0].pdf.path()) == "content");

  std::vector<report> const missing{{3, memo::output_file(folder / "none")}};
  CHECK(contains(test::error_of([&] { settle(&missing, ""); }), "cannot be taken"));
}

TEST_CASE("threads may use an output file at the same time") {
  scratch_folder const folder;
  write_content(folder / "a.txt", std::string(10'000, 'x'));
  memo::output_file const made(folder / "a.txt");
  memo::output_file const loaded = stored_and_loaded(made);
  memo::output_file const fresh(folder / "a.txt");
  std::vector<std::thread> threads;
  std::vector<fs::path> paths(8);
  for (std::size_t i = 0; i < paths.size(); ++i)
    threads.emplace_back([&, i] {
      memo::output_file const copy = loaded;
      paths[i] = copy.path();
      if (fresh.size() != 10'000 || fresh.path() != folder / "a.txt") paths[i].clear();
      copy.copy_to(folder / ("copy" + std::to_string(i)));
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    CHECK(paths[i] == loaded.path());
    CHECK(content_of(folder / ("copy" + std::to_string(i))) == std::string(10'000, 'x'));
  }
}
