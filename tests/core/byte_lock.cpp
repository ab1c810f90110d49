#include <memo/core/byte_lock.hpp>

#include "../laws/scratch.hpp"

#include <memo/core/file.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

using namespace memo::detail::os;

TEST_CASE("a byte is locked by one open file at a time") {
  scratch_folder const folder;
  auto const path = folder / "file";
  auto const first = open_to_lock(here, path.c_str(), 0600, own_group);
  auto const second = open_to_lock(here, path.c_str(), 0600, own_group);
  REQUIRE(first);
  REQUIRE(second);
  constexpr std::uint64_t far = (std::uint64_t{1} << 62) + 5;
  CHECK(try_lock_byte(first.value.get(), far) == 0);
  CHECK(try_lock_byte(first.value.get(), far) == 0);
  CHECK(try_lock_byte(second.value.get(), far) == EAGAIN);
  CHECK(try_lock_byte(second.value.get(), far + 1) == 0);
  CHECK(try_lock_byte(second.value.get(), 0) == 0);
  CHECK(is_byte_locked(second.value.get(), far).value);
  CHECK_FALSE(is_byte_locked(first.value.get(), far).value);
  CHECK(is_byte_locked(first.value.get(), far + 1).value);
  {
    // Unlike a lock of the process, it stays when another descriptor of the file is closed.
    auto const third = open_to_lock(here, path.c_str(), 0600, own_group);
  }
  CHECK(try_lock_byte(second.value.get(), far) == EAGAIN);
  unlock_byte(first.value.get(), far);
  CHECK(try_lock_byte(second.value.get(), far) == 0);
  CHECK(std::filesystem::file_size(path) == 0);
}

TEST_CASE("the first byte that somebody has is found among many") {
  scratch_folder const folder;
  auto const path = folder / "file";
  auto const holder = open_to_lock(here, path.c_str(), 0600, own_group);
  auto const other = open_for_reading(here, path.c_str());
  constexpr std::uint64_t last = 10'000;
  CHECK(next_locked_byte(other.value.get(), 0, last).value == last + 1);
  for (unsigned const at : {7000u, 10u, 3000u, 11u, 10'000u, 10'001u})
    CHECK(try_lock_byte(holder.value.get(), at) == 0);
  std::vector<std::uint64_t> found;
  for (std::uint64_t at = 0; at <= last;) {
    auto const next = next_locked_byte(other.value.get(), at, last);
    REQUIRE(next);
    if (next.value <= last) found.push_back(next.value);
    at = next.value + 1;
  }
  CHECK(found == std::vector<std::uint64_t>{10, 11, 3000, 7000, 10'000});
  CHECK(next_locked_byte(holder.value.get(), 0, last).value == last + 1);
  CHECK(next_locked_byte(-1, 0, last).error == EBADF);
}

TEST_CASE("what cannot be locked says why") {
  scratch_folder const folder;
  write_content(folder / "file", "x");
  auto const file = open_for_reading(here, (folder / "file").c_str());
  CHECK(try_lock_byte(file.value.get(), 0) == EBADF);
  CHECK(try_lock_byte(-1, 0) == EBADF);
  CHECK(is_byte_locked(-1, 0).error == EBADF);
}

TEST_CASE("file systems of a network are known by their numbers") {
  scratch_folder const folder;
  auto const before = table;
  static unsigned long number;
  table.fstatfs = [](int, struct statfs* status) {
    *status = {};
    status->f_type = static_cast<decltype(status->f_type)>(number);
    return 0;
  };
  auto const name_of = [](unsigned long type) {
    number = type;
    return std::string(network_file_system(0));
  };
  CHECK(name_of(0x6969) == "nfs");
  CHECK(name_of(0xff534d42) == "cifs");
  CHECK(name_of(0xfe534d42) == "smb2");
  CHECK(name_of(0x65735546) == "fuse");
  CHECK(name_of(0x0bd00bd0) == "lustre");
  CHECK(name_of(0xef53) == "");      // ext4
  CHECK(name_of(0x58465342) == "");  // xfs
  CHECK(name_of(0x9123683e) == "");  // btrfs
  CHECK(name_of(0x01021994) == "");  // tmpfs
  CHECK(name_of(0x794c7630) == "");  // overlayfs
  table.fstatfs = [](int, struct statfs*) {
    errno = ENOSYS;
    return -1;
  };
  CHECK(std::string(network_file_system(0)) == "");
  table = before;
}
