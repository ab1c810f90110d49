#include <memo/store/any_store.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>
#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

using samples::sample;
namespace fs = std::filesystem;

TEST_CASE("a store in a directory says where it lies before and after the first put") {
  scratch_folder const folder;
  memo::directory_store const files{folder / "files"};
  memo::mmap_store const log{folder / "log"};
  for (int round = 0; round < 2; ++round) {
    CHECK(files.location() == folder / "files");
    CHECK(log.location() == folder / "log");
    CHECK(memo::any_store(files).location() == files.location());
    CHECK(memo::any_store(log).location() == log.location());
    CHECK(fs::exists(folder / "files") == (round == 1));
    CHECK(sample(1).put_into(files).stored);
    CHECK(sample(1).put_into(log).stored);
  }
}

TEST_CASE("a location is canonical, whatever the path was") {
  scratch_folder const folder;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  CHECK(memo::directory_store{folder / "link/../real/./cache"}.location() == folder / "real/cache");
  CHECK(memo::mmap_store{folder / "link/cache"}.location() == folder / "real/cache");
  auto const before = fs::current_path();
  fs::current_path(folder / "real");
  memo::directory_store const relative{"cache"};
  fs::current_path(before);
  CHECK(relative.location() == folder / "real/cache");
}

TEST_CASE("the location of a store beside other files is the folder inside") {
  scratch_folder const folder;
  write_content(folder / "thesis.tex", "x");
  memo::directory_store const files{folder.path()};
  CHECK(files.location() == folder / ".memo");
  CHECK(sample(1).put_into(files).stored);
  CHECK(files.location() == folder / ".memo");
  CHECK(memo::mmap_store{folder.path()}.location() == folder / ".memo");
}

TEST_CASE("a memory store lies nowhere, and a tiered store where its slow one does") {
  scratch_folder const folder;
  memo::memory_store const memory;
  memo::directory_store const files{folder / "files"};
  memo::mmap_store const log{folder / "log"};
  CHECK(memo::any_store(memory).location() == "");
  CHECK(memo::tiered_store{memory, files}.location() == folder / "files");
  CHECK(memo::tiered_store{log, files}.location() == folder / "files");
  CHECK(memo::tiered_store{log, memory}.location() == folder / "log");
  CHECK(memo::tiered_store{memory, memo::memory_store{}}.location() == "");
  CHECK(memo::any_store(memo::tiered_store{memory, log}).location() == folder / "log");
}

TEST_CASE("a location stays when the directory is deleted and made again") {
  scratch_folder const folder;
  memo::directory_store const files{folder / "files"};
  CHECK(sample(1).put_into(files).stored);
  fs::remove_all(folder / "files");
  CHECK(files.location() == folder / "files");
  CHECK(sample(2).put_into(files).stored);
  CHECK(files.location() == folder / "files");
}

TEST_CASE("a folder in which somebody keeps a history of their own is not a cache") {
  scratch_folder const folder;
  write_content(folder / "history.jsonl", "{}\n");
  CHECK(memo::directory_store(folder / "").location() == (folder / ".memo").string());
  fs::create_directories(folder / "v1");  // of a cache that lost its marker
  CHECK(memo::directory_store(folder / "").location() != (folder / ".memo").string());
}
