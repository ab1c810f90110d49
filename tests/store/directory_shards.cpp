#include <memo/store/directory_shards.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/directory_store.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace memo::detail;
using samples::sample;
namespace fs = std::filesystem;

TEST_CASE("the files of a directory store are listed with their digests, sizes and kinds") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 0; i < 50; ++i) CHECK(sample(i).put_into(store).stored);
  auto const shard = folder / "cache/v1/o" / memo::to_hex(sample(1).object()).substr(0, 2);
  std::string const temporary = ".t" + memo::to_hex(samples::key_of(1));
  write_content(shard / temporary, "12345");
  write_content(shard / "stray", "x");
  fs::create_directory(folder / "cache/v1/o/stray");
  fs::create_directory_symlink(shard, folder / "cache/v1/o/zz");

  directory_files files((folder / "cache").string(), memo::sharing::user);
  std::map<memo::digest, std::uint64_t> sizes;
  std::uint64_t temporaries = 0;
  CHECK(each_file(files, record_kind::object, true, [&](found_file const& file) {
    if (file.is_temporary) {
      ++temporaries;
      CHECK(file.size == 5);
      CHECK(file.name == shard.filename() / temporary);
      return;
    }
    sizes[file.id] = file.size;
    CHECK(fs::exists(folder / "cache/v1/o" / file.name));
  }));
  CHECK(temporaries == 1);
  CHECK(sizes.size() == 50);
  for (int i = 0; i < 50; ++i) CHECK(sizes[sample(i).object()] == 100 + record_header_size);
}

TEST_CASE("a shard that is gone, or is none, is empty and missed by nobody") {
  scratch_folder const folder;
  directory_files none((folder / "none").string(), memo::sharing::user);
  CHECK(shards_of(none, record_kind::entry).names.empty());
  CHECK(sample(1).put_into(memo::directory_store{folder / "cache"}).stored);
  directory_files files((folder / "cache").string(), memo::sharing::user);
  write_content(folder / "cache/v1/e/0a", "a file");
  for (char const* const name : {"0a", "0b"}) {
    auto const shard = open_shard_of(files, record_kind::entry, name);
    CHECK(shard.is_complete);
    CHECK(shard.names.empty());
    CHECK(list_files(shard, true).files.empty());
  }
}
