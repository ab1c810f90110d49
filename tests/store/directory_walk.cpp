#include <memo/store/directory_walk.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/directory_state.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <set>

using namespace memo::detail;
using samples::sample;
namespace fs = std::filesystem;

namespace {

fs::path file_of(fs::path const& root, char const* kind, memo::digest const& id) {
  return root / "v1" / kind / memo::to_hex(id).insert(2, "/");
}

/// A root with entries of some sizes, from tiny to larger than what is read at once.
struct walked {
  scratch_folder folder;
  directory_state state{(folder / "cache").string(), memo::sharing::user};

  void put(sample const& one) { REQUIRE(state.put(request_of(one), {}).stored); }
  static memo::put_request request_of(sample const& one) {
    memo::put_request request;
    request.key = one.key;
    request.value = &one.value;
    return request;
  }
  std::set<memo::digest> keys() {
    std::set<memo::digest> found;
    each_entry(state.files(), [&](memo::entry_info const& info) {
      CHECK(info.pipeline == "stars");
      CHECK(found.insert(info.key).second);
    });
    return found;
  }
};

}  // namespace

TEST_CASE("a walk over a directory gives each entry once, of any size") {
  walked all;
  std::set<memo::digest> expected;
  for (int i = 0; i < 60; ++i) {
    // Around the size of what is read at once, and far beyond it.
    sample one(i, i < 40 ? 100 : i < 55 ? 65'300 + 16 * static_cast<std::size_t>(i - 40) : 3'000'000);
    one.go_inline();
    all.put(one);
    expected.insert(one.key);
  }
  CHECK(all.keys() == expected);
  auto const sum = measure(all.state.files(), record_kind::entry);
  CHECK(sum.count == 60);
  std::uint64_t bytes = 0;
  for (auto const& item : fs::recursive_directory_iterator(all.folder / "cache/v1/e"))
    if (item.is_regular_file()) bytes += item.file_size();
  CHECK(sum.bytes == bytes);
}

TEST_CASE("a walk passes by what is no entry, and leaves it") {
  walked all;
  for (int i = 0; i < 10; ++i) {
    sample one(i);
    one.go_inline();
    all.put(one);
  }
  auto const root = all.folder / "cache";
  auto const at = [&](int i) { return file_of(root, "e", samples::key_of(i)); };
  fs::resize_file(at(0), 70);
  write_content(at(1), "");
  write_content(at(2), "nonsense that is longer than a header of a record, which has sixty-four bytes");
  fs::remove(at(3));
  fs::create_directory(at(3));
  fs::remove(at(4));
  fs::create_symlink(at(9), at(4));
  fs::remove(at(5));
  REQUIRE(::mkfifo(at(5).c_str(), 0600) == 0);
  fs::resize_file(at(6), std::uint64_t{1} << 30);
  auto content = content_of(at(7));
  content[8] = 99;
  write_content(at(7), content);
  write_content(at(8).parent_path() / "stray", "x");
  write_content(at(8).parent_path() / (".t" + memo::to_hex(samples::key_of(1))), "x");
  write_content(root / "v1/e/stray", "x");
  CHECK(all.keys() == std::set<memo::digest>{samples::key_of(8), samples::key_of(9)});
  CHECK(fs::exists(at(0)));
  CHECK(content_of(at(7)) == content);
}

TEST_CASE("reading an entry tells what is wrong with it") {
  walked all;
  for (int i = 0; i < 6; ++i) {
    sample one(i);
    one.go_inline();
    all.put(one);
  }
  auto const root = all.folder / "cache";
  fs::resize_file(file_of(root, "e", samples::key_of(1)), 70);
  auto content = content_of(file_of(root, "e", samples::key_of(2)));
  content[8] = 99;
  write_content(file_of(root, "e", samples::key_of(2)), content);
  fs::remove(file_of(root, "e", samples::key_of(3)));
  fs::remove(file_of(root, "e", samples::key_of(4)));
  fs::create_directory(file_of(root, "e", samples::key_of(4)));
  record_room room;
  auto const state_of = [&](int number, bool with_status) {
    auto const hex = memo::to_hex(samples::key_of(number));
    auto const shard = open_shard_of(all.state.files(), record_kind::entry, hex.substr(0, 2));
    auto const found = room.read_entry(shard, hex.substr(2), samples::key_of(number), with_status);
    if (with_status && found.what == record_room::state::good)
      CHECK(found.status.size == found.payload.size() + record_header_size);
    return found.what;
  };
  using state = record_room::state;
  for (bool const with_status : {false, true}) {
    CHECK(state_of(0, with_status) == state::good);
    CHECK(state_of(1, with_status) == state::damaged);
    CHECK(state_of(2, with_status) == state::other_format);
    CHECK(state_of(3, with_status) == state::gone);
    CHECK(state_of(4, with_status) == (with_status ? state::damaged : state::unreadable));
    CHECK(state_of(5, with_status) == state::good);
  }
}

TEST_CASE("a walk over very many files on several threads finds each of them") {
  walked all;
  sample one(1);
  one.go_inline();
  all.put(one);
  // Hard links are quickly made. Under another name than its own a record is none.
  auto const shards = all.folder / "cache/v1/e";
  auto const file = file_of(all.folder / "cache", "e", one.key);
  std::uint64_t count = 1;
  for (int i = 0; i < 20'000; ++i) {
    auto const link = file_of(all.folder / "cache", "e", samples::id_of("link " + std::to_string(i)));
    fs::create_directory(link.parent_path());
    fs::create_hard_link(file, link);
    ++count;
  }
  CHECK(fs::exists(shards / "00"));
  CHECK(measure(all.state.files(), record_kind::entry).count == count);
  CHECK(all.keys() == std::set<memo::digest>{one.key});
}

TEST_CASE("a walk over a root that is not there finds nothing") {
  walked all;
  CHECK(all.keys().empty());
  CHECK(measure(all.state.files(), record_kind::object).count == 0);
  CHECK_FALSE(fs::exists(all.folder / "cache"));
}
