#include <memo/key/build_id.hpp>

#include <catch2/catch.hpp>

#include <link.h>

#include <cstddef>
#include <thread>
#include <vector>

using memo::detail::find_build_id;

namespace {

std::vector<std::byte> note(std::uint32_t type, std::string name, std::vector<unsigned char> content,
                            std::size_t alignment) {
  name.push_back('\0');
  std::vector<std::byte> made(12);
  memo::store_little(made.data(), static_cast<std::uint32_t>(name.size()));
  memo::store_little(made.data() + 4, static_cast<std::uint32_t>(content.size()));
  memo::store_little(made.data() + 8, type);
  for (char const c : name) made.push_back(static_cast<std::byte>(c));
  while (made.size() % alignment != 0) made.push_back(std::byte{0});
  for (unsigned char const c : content) made.push_back(std::byte{c});
  while (made.size() % alignment != 0) made.push_back(std::byte{0});
  return made;
}

}  // namespace

// What memo reads lies where the system's own header, included here after memo's, says.
static_assert(offsetof(memo::detail::loaded_object, address) == offsetof(dl_phdr_info, dlpi_addr));
static_assert(offsetof(memo::detail::loaded_object, name) == offsetof(dl_phdr_info, dlpi_name));
static_assert(offsetof(memo::detail::loaded_object, headers) == offsetof(dl_phdr_info, dlpi_phdr));
static_assert(offsetof(memo::detail::loaded_object, header_count) == offsetof(dl_phdr_info, dlpi_phnum));
static_assert(sizeof(memo::detail::program_header) == sizeof(ElfW(Phdr)));
static_assert(offsetof(memo::detail::program_header, memory_size) == offsetof(ElfW(Phdr), p_memsz));
static_assert(offsetof(memo::detail::program_header, address) == offsetof(ElfW(Phdr), p_vaddr));
static_assert(offsetof(memo::detail::program_header, alignment) == offsetof(ElfW(Phdr), p_align));

TEST_CASE("the build digest is there and stays the same while the program runs") {
  auto const first = memo::build_digest();
  CHECK(first);
  std::vector<memo::digest> seen(4);
  {
    std::vector<std::jthread> threads;
    for (auto& s : seen) threads.emplace_back([&s] { s = memo::build_digest(); });
  }
  for (auto const& s : seen) CHECK(s == first);
}

TEST_CASE("libraries of the system do not count") {
  CHECK(memo::detail::is_system_library("/lib/x86_64-linux-gnu/libc.so.6"));
  CHECK(memo::detail::is_system_library("/usr/lib64/libm.so"));
  CHECK_FALSE(memo::detail::is_system_library("/usr/local/lib/libmine.so"));
  CHECK_FALSE(memo::detail::is_system_library("/libs/mine.so"));
  CHECK_FALSE(memo::detail::is_system_library("./libmine.so"));
}

TEST_CASE("a build id is found among other notes") {
  for (std::size_t const alignment : {4u, 8u}) {
    auto bytes = note(5, "GNU", {1, 2, 3, 4, 5}, alignment);
    auto const id = note(3, "GNU", {7, 8, 9}, alignment);
    bytes.insert(bytes.end(), id.begin(), id.end());
    auto const found = find_build_id(bytes, alignment);
    REQUIRE(found.size() == 3);
    CHECK(found[0] == std::byte{7});
  }
}

TEST_CASE("notes that are cut off, or of others, hold no build id") {
  auto const id = note(3, "GNU", {7, 8, 9}, 4);
  for (std::size_t size = 0; size < 19; ++size)
    CHECK(find_build_id(memo::byte_view(id).first(size), 4).empty());
  CHECK(find_build_id(note(3, "XYZ", {1}, 4), 4).empty());
  CHECK(find_build_id(note(4, "GNU", {1}, 4), 4).empty());
  std::vector<std::byte> const wild(64, std::byte{0xff});
  CHECK(find_build_id(wild, 4).empty());
}
