#include <memo/core/mapping.hpp>

#include "../laws/scratch.hpp"

#include <memo/core/file.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace memo::detail::os;

namespace {

std::string content(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + i % 23);
  return bytes;
}

struct kept_table {
  calls const before = table;
  ~kept_table() { table = before; }
};

}  // namespace

TEST_CASE("a part of a file is mapped, wherever it starts") {
  scratch_folder const folder;
  auto const path = folder / "file";
  auto const bytes = content(20'000);
  write_content(path, bytes);
  auto const file = open_for_reading(here, path.c_str());
  REQUIRE(file);
  for (std::size_t const offset : {0u, 1u, 64u, 4032u, 4095u, 4096u, 4097u, 8192u, 19'999u})
    for (std::size_t const size : {1u, 64u, 4096u, 5000u, 20'000u}) {
      if (offset + size > bytes.size()) continue;
      auto const mapped = map(file.value.get(), offset, size);
      REQUIRE(mapped);
      CHECK(memo::as_text(mapped.value->view()) == std::string_view(bytes).substr(offset, size));
      CHECK(reinterpret_cast<std::uintptr_t>(mapped.value->view().data()) % 4096 == offset % 4096);
    }
}

TEST_CASE("nothing is mapped for no bytes") {
  auto const mapped = map(-1, 100, 0);
  REQUIRE(mapped);
  CHECK(mapped.value->view().empty());
}

TEST_CASE("a mapping outlives descriptor, name and the file's replacement") {
  scratch_folder const folder;
  auto const path = folder / "file";
  auto const bytes = content(10'000);
  write_content(path, bytes);
  std::shared_ptr<mapping const> kept;
  {
    auto const file = open_for_reading(here, path.c_str());
    kept = map(file.value.get(), 0, bytes.size()).value;
  }
  REQUIRE(kept != nullptr);
  write_content(folder / "other", "others");
  std::filesystem::rename(folder / "other", path);
  std::filesystem::remove(path);
  CHECK(memo::as_text(kept->view()) == bytes);
}

TEST_CASE("what cannot be mapped says why") {
  CHECK(map(-1, 0, 10).error == EBADF);
  CHECK(map(-1, 64, ~std::uint64_t{0}).error == EOVERFLOW);
  scratch_folder const folder;
  write_content(folder / "file", "x");
  auto const file = open_for_reading(here, (folder / "file").c_str());
  kept_table const restored;
  table.mmap = [](std::size_t, int, off_t) {
    errno = ENOMEM;
    return MAP_FAILED;
  };
  auto const refused = map(file.value.get(), 0, 1);
  CHECK(refused.error == ENOMEM);
  CHECK(refused.value == nullptr);
}

TEST_CASE("file systems are safe to map where they are known to be") {
  kept_table const restored;
  static unsigned long number;
  table.fstatfs = [](int, struct statfs* status) {
    *status = {};
    status->f_type = static_cast<decltype(status->f_type)>(number);
    return 0;
  };
  auto const rule_for = [](unsigned long type) {
    number = type;
    return mapping_rule_of(0);
  };
  for (auto const& [type, name] : std::vector<std::pair<unsigned long, std::string>>{
           {0xef53, "ext"}, {0x58465342, "xfs"}, {0x9123683e, "btrfs"}, {0x01021994, "tmpfs"}}) {
    CHECK(rule_for(type).is_safe);
    CHECK(rule_for(type).name == name);
    CHECK(is_safe_to_map(0));
  }
  for (unsigned long const type : {0x6969ul, 0x65735546ul, 0x01021997ul, 0x794c7630ul, 0x2fc12fc1ul, 0ul}) {
    CHECK_FALSE(rule_for(type).is_safe);
    CHECK_FALSE(is_safe_to_map(0));
  }
  CHECK(rule_for(0x794c7630).name == std::string("overlay"));
  table.fstatfs = [](int, struct statfs*) {
    errno = EIO;
    return -1;
  };
  CHECK_FALSE(is_safe_to_map(0));
}
