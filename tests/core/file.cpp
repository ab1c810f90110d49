#include <memo/core/file.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace memo::detail::os;

TEST_CASE("pieces are written one after the other, empty ones and many of them too") {
  scratch_folder const folder;
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(i % 5 == 0 ? 0 : i * 7), 'a'));
  for (int i = 0; i < 200; ++i) texts.push_back("");
  texts.push_back("end");
  std::vector<memo::byte_view> pieces;
  for (auto const& text : texts) {
    expected += text;
    pieces.push_back(memo::as_byte_view(text));
  }
  for (std::size_t const most : {std::size_t{1} << 30, std::size_t{100}}) {
    static std::size_t limit;
    limit = most;
    auto const before = table;
    table.writev = [](int fd, iovec const* all, int count) {
      if (limit > 1000) return ::writev(fd, all, count);
      iovec const first{all->iov_base, std::min(all->iov_len, limit)};
      return ::writev(fd, &first, 1);
    };
    auto file = create_new(here, (folder / ("f" + std::to_string(most))).c_str());
    REQUIRE(file);
    CHECK(write_all(file.value.get(), pieces) == 0);
    table = before;
    CHECK(content_of(folder / ("f" + std::to_string(most))) == expected);
  }
  auto nothing = create_new(here, (folder / "nothing").c_str());
  CHECK(write_all(nothing.value.get(), {}) == 0);
}

TEST_CASE("a file is made only where there was none") {
  scratch_folder const folder;
  auto const path = folder / "file";
  auto made = create_new(here, path.c_str());
  REQUIRE(made);
  CHECK(status_of(made.value.get()).value.mode == 0600);
  CHECK(create_new(here, path.c_str()).error == EEXIST);
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  CHECK(create_new(here, (folder / "link").c_str()).error == EEXIST);
  CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_CASE("a file is opened, or made with the permissions that it should have") {
  scratch_folder const folder;
  auto const path = folder / "file";
  mode_t const before = ::umask(0777);
  auto const made = open_or_create(here, path.c_str(), 0660, own_group);
  ::umask(before);
  REQUIRE(made);
  CHECK(status_of(made.value.get()).value.mode == 0660);
  auto const again = open_or_create(here, path.c_str(), 0600, own_group);
  REQUIRE(again);
  CHECK(status_of(again.value.get()).value.inode == status_of(made.value.get()).value.inode);
  CHECK(status_of(again.value.get()).value.mode == 0660);
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  CHECK(open_or_create(here, (folder / "link").c_str(), 0600, own_group).error == ELOOP);
}

TEST_CASE("only an empty folder is removed") {
  scratch_folder const folder;
  std::filesystem::create_directories(folder / "a/b");
  CHECK(remove_folder(here, (folder / "a").c_str()) == ENOTEMPTY);
  CHECK(remove_folder(here, (folder / "a/b").c_str()) == 0);
  CHECK(remove_folder(here, (folder / "a").c_str()) == 0);
}

TEST_CASE("opening for reading neither follows a link nor waits for a pipe") {
  scratch_folder const folder;
  write_content(folder / "file", "text");
  std::filesystem::create_symlink("file", folder / "link");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(open_for_reading(here, (folder / "file").c_str()));
  CHECK(open_for_reading(here, (folder / "link").c_str()).error == ELOOP);
  CHECK(open_user_file((folder / "link").c_str()));
  auto const pipe = open_for_reading(here, (folder / "pipe").c_str());
  REQUIRE(pipe);
  CHECK_FALSE(status_of(pipe.value.get()).value.is_file);
  CHECK(open_for_reading(here, (folder / "none").c_str()).error == ENOENT);
  CHECK(open_untouched(here, (folder / "file").c_str()));
}

TEST_CASE("reading tells how much was there, at a position and at an offset") {
  scratch_folder const folder;
  write_content(folder / "file", "0123456789");
  auto const file = open_for_reading(here, (folder / "file").c_str());
  std::byte buffer[20];
  CHECK(read_at(file.value.get(), buffer, 3, 4).value == 3);
  CHECK(memo::as_text({buffer, 3}) == "456");
  CHECK(read_at(file.value.get(), buffer, 3, 9).value == 1);
  CHECK(read_at(file.value.get(), buffer, 3, 10).value == 0);
  CHECK(read_up_to(file.value.get(), buffer, 20).value == 10);
  CHECK(read_up_to(file.value.get(), buffer, 20).value == 0);
  CHECK(read_up_to(-1, buffer, 20).error == EBADF);
  auto const status = status_of(file.value.get()).value;
  CHECK(status.size == 10);
  CHECK(status.is_file);
  CHECK(status.links == 1);
  CHECK(status.modified_ns > 1'700'000'000'000'000'000);
}

TEST_CASE("writing at an offset changes the bytes there only") {
  scratch_folder const folder;
  auto const file = create_new(here, (folder / "file").c_str());
  CHECK(write_at(file.value.get(), memo::as_byte_view("0123456789"), 0) == 0);
  CHECK(write_at(file.value.get(), memo::as_byte_view("ab"), 4) == 0);
  CHECK(sync_file(file.value.get()) == 0);
  CHECK(content_of(folder / "file") == "0123ab6789");
}

TEST_CASE("renaming, removing and touching say what went wrong") {
  scratch_folder const folder;
  write_content(folder / "a", "x");
  CHECK(rename_file(here, (folder / "a").c_str(), here, (folder / "b").c_str()) == 0);
  CHECK(rename_file(here, (folder / "a").c_str(), here, (folder / "b").c_str()) == ENOENT);
  CHECK(touch(open_for_reading(here, (folder / "b").c_str()).value.get()) == 0);
  CHECK(touch(-1) != 0);
  CHECK(remove_file(here, (folder / "b").c_str()) == 0);
  CHECK(remove_file(here, (folder / "b").c_str()) == ENOENT);
}
