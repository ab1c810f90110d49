#include <memo/store/claim_file.hpp>

#include "../laws/scratch.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

using memo::detail::claim_file;
namespace os = memo::detail::os;

namespace {

std::shared_ptr<claim_file> open_in(scratch_folder const& folder) {
  auto const in = os::open_folder(os::here, folder.path().c_str());
  auto opened = claim_file::open(in.value.get(), 0600, os::own_group);
  REQUIRE(opened);
  return opened.value;
}

memo::digest const key{0x1111, 0x2222};

}  // namespace

TEST_CASE("a process is known by its number and the time of its start") {
  auto const own = memo::detail::process_start(static_cast<std::uint32_t>(::getpid()));
  CHECK(own != 0);
  CHECK(own == memo::detail::process_start(static_cast<std::uint32_t>(::getpid())));
  CHECK(memo::detail::process_start(1) <= own);
  CHECK(memo::detail::process_start(0xffffffff) == 0);
  CHECK(memo::detail::machine_identity() == memo::detail::machine_identity());
}

TEST_CASE("two open files exclude each other by key, and one its own threads do not") {
  scratch_folder const folder;
  auto const one = open_in(folder), two = open_in(folder);
  CHECK(one->try_claim(key) == 0);
  CHECK(two->try_claim(key) == EAGAIN);
  CHECK(two->is_claimed(key));
  CHECK_FALSE(one->is_claimed(key));
  CHECK(two->try_claim({key.high, key.low + 1}) == 0);
  CHECK(two->try_turn(key) == 0);  // the turn to change an entry is another thing
  CHECK(one->try_turn(key) == EAGAIN);
  two->end_turn(key);
  CHECK(one->try_turn(key) == 0);
  one->release(key);
  CHECK(two->try_claim(key) == 0);
}

TEST_CASE("the holder is named where it signed, lives, and is the one that signed") {
  scratch_folder const folder;
  auto const one = open_in(folder), two = open_in(folder);
  std::string const own = "process " + std::to_string(::getpid());
  CHECK(two->holder(key) == "another process");
  one->try_claim(key);
  CHECK(two->holder(key) == own);
  // Keys of one slot write over each other's.
  CHECK(two->holder({key.high + 1, key.low}) == "another process");
  one->try_claim({key.high + 1, key.low + 256});
  CHECK(two->holder(key) == "another process");

  one->try_claim(key);
  std::string const bytes = content_of(folder / "claims");
  CHECK(bytes.size() <= 256 * 32);
  std::size_t const at = (key.low % 256) * 32;
  for (std::size_t i = 0; i < 32; ++i) {
    auto changed = bytes;
    changed[at + i] = static_cast<char>(changed[at + i] ^ 1);
    std::ofstream(folder / "claims", std::ios::binary | std::ios::in)
        .write(changed.data(), static_cast<std::streamsize>(changed.size()));
    CHECK(two->holder(key) == "another process");
  }

  test::process child([&] { return open_in(folder)->try_claim({5, 5}); });
  CHECK(child.join() == 0);
  CHECK(two->holder({5, 5}) == "another process");  // of which nobody is left
}

TEST_CASE("those who hold claims are found by their locks") {
  scratch_folder const folder;
  auto const one = open_in(folder);
  auto const looking = os::open_for_reading(os::here, (folder / "claims").c_str());
  REQUIRE(looking);
  auto const holders = [&](std::size_t most = 100) {
    return claim_file::holders(looking.value.get(), most).value;
  };
  CHECK(holders().empty());
  std::string const own = "process " + std::to_string(::getpid());
  for (std::uint64_t const low : {std::uint64_t{0}, std::uint64_t{77}, (std::uint64_t{1} << 60) - 1})
    CHECK(one->try_claim({1, low}) == 0);
  CHECK(one->try_turn({1, 5}) == 0);  // is no claim
  CHECK(holders() == std::vector<std::string>{own, own, own});
  CHECK(holders(2).size() == 2);
  // Somebody else's signature is not taken over where nobody of that number lives.
  write_content(folder / "claims", "");
  CHECK(holders() == std::vector<std::string>(3, "another process"));
  one->release({1, 77});
  CHECK(holders().size() == 2);
  CHECK(claim_file::holders(-1, 1).error == EBADF);
}

TEST_CASE("a deleted file is known") {
  scratch_folder const folder;
  auto const one = open_in(folder);
  CHECK_FALSE(one->is_deleted());
  std::filesystem::remove(folder / "claims");
  CHECK(one->is_deleted());
  CHECK_FALSE(open_in(folder)->is_deleted());
}
