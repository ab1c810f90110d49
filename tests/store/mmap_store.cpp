#include <memo/store/mmap_store.hpp>

#include "../laws/store_laws.hpp"
#include "../support/processes.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace samples;
using test::in_child;
namespace fs = std::filesystem;

namespace {

/// The log or the index that is the current one.
fs::path file_of(fs::path const& root, std::string const& kind) {
  auto const text = content_of(root / "v1/m/current");
  return root / "v1/m" / (kind + '.' + text.substr(text.size() - 17, 16));
}

std::uint64_t size_of_files(fs::path const& root) {
  std::uint64_t sum = 0;
  for (auto const& item : fs::recursive_directory_iterator(root))
    if (item.is_regular_file()) sum += item.file_size();
  return sum;
}

/// Waits until what other processes wrote is seen by hits too.
void wait_a_tick() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

}  // namespace

TEST_CASE("a mapped store keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] { return memo::mmap_store{folder / "cache"}; });
}

TEST_CASE("a mapped store with limits keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] {
    return memo::mmap_store{
        folder / "cache", {.max_bytes = 256 << 20, .max_entries = 10'000, .max_age = std::chrono::hours(24)}};
  });
}

TEST_CASE("a mapped store that keeps nothing in memory keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] { return memo::mmap_store{folder / "cache", {.memory_bytes = 0}}; });
}

TEST_CASE("a mapped store that waits for the disk keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] { return memo::mmap_store{folder / "cache", {.durability = memo::durability::full}}; });
}

TEST_CASE("constructing a mapped store and looking things up writes nothing") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "a/b/cache"};
  CHECK(store.note() == "");
  CHECK(look_up(store, 1) == got::nothing);
  CHECK(store.stats().entries == 0);
  CHECK(store.list().empty());
  CHECK(store.verify().checked == 0);
  CHECK_FALSE(store.erase(key_of(1)));
  store.discard(key_of(1));
  store.collect();
  store.clear();
  CHECK(store.read_last(key_of(1)) == std::nullopt);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a mapped store is a few files of this user in a marked directory") {
  for (mode_t const mask : {0u, 077u, 0777u}) {
    scratch_folder const folder;
    auto const root = folder / "cache";
    mode_t const before = ::umask(mask);
    memo::mmap_store const store{root};
    for (int i = 0; i < 100; ++i) CHECK(sample(i).put_into(store).stored);
    ::umask(before);
    CHECK(content_of(root / "CACHEDIR.TAG").substr(0, 43) == "Signature: 8a477f597d28d172789f06886806bc55");
    CHECK(content_of(root / ".gitignore") == "*\n");
    std::size_t files = 0;
    for (auto const& item : fs::recursive_directory_iterator(root)) {
      files += item.is_directory() ? 0 : 1;
      CHECK(static_cast<unsigned>(fs::status(item.path()).permissions()) ==
            (item.is_directory() ? 0700u : 0600u));
    }
    CHECK(files <= 8);
  }
}

TEST_CASE("a mapped store for a group lets the group write") {
  scratch_folder const folder;
  CHECK(sample(1).put_into(memo::mmap_store{folder / "cache", {.share = memo::group}}).stored);
  for (auto const& item : fs::recursive_directory_iterator(folder / "cache"))
    CHECK(static_cast<unsigned>(fs::status(item.path()).permissions()) ==
          (item.is_directory() ? 02770u : 0660u));
  CHECK_THROWS_AS(memo::mmap_store{folder / "cache"}, memo::store_error);
}

TEST_CASE("where mapping is not safe a mapped store is a directory store and says so") {
  scratch_folder const folder;
  auto const real = memo::detail::os::table;
  memo::detail::os::table.fstatfs = [](int, struct statfs* status) {
    *status = {};
    status->f_type = 0x794c7630;
    return 0;
  };
  memo::mmap_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  memo::detail::os::table = real;
  CHECK(store.note() ==
        "a directory_store is used instead of a mmap_store, as files on this file system (overlay) are not "
        "mapped "
        "safely");
  CHECK(look_up(store, 1) == got::right);
  CHECK(fs::exists(folder / "cache/v1/e"));
  CHECK_FALSE(fs::exists(folder / "cache/v1/m"));
}

TEST_CASE("a directory store and a mapped store may share a directory and nothing in it") {
  scratch_folder const folder;
  memo::directory_store const files{folder / "cache"};
  memo::mmap_store const mapped{folder / "cache"};
  CHECK(sample(1).put_into(files).stored);
  CHECK(sample(2).put_into(mapped).stored);
  CHECK(look_up(files, 1) == got::right);
  CHECK(look_up(files, 2) == got::nothing);
  CHECK(look_up(mapped, 2) == got::right);
  CHECK(look_up(mapped, 1) == got::nothing);
  mapped.clear();
  CHECK(look_up(files, 1) == got::right);
}

TEST_CASE("what another process put into a log is found, replaced and removed") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache"};
  auto const in_other = [&](auto body) {
    return in_child([&] {
      memo::mmap_store const other{(folder / "cache").string() + "/"};
      return body(other) ? 0 : 1;
    });
  };
  CHECK(look_up(store, 1) == got::nothing);
  CHECK(in_other([](auto const& other) { return sample(1).put_into(other).stored; }) == 0);
  CHECK(look_up(store, 1) == got::right);
  CHECK(sample(2).put_into(store).stored);
  CHECK(in_other([](auto const& other) {
          sample newer(1);
          newer.value.cost_ns = 7;
          return look_up(other, 2) == got::right && newer.put_into(other, memo::put_policy::replace).stored &&
                 other.erase(key_of(2));
        }) == 0);
  wait_a_tick();
  CHECK(store.show(key_of(1)).at(0).cost_ns == 7);
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(store.stats().entries == 1);
  CHECK(in_other([](auto const& other) {
          other.clear();
          return sample(3).put_into(other).stored;
        }) == 0);
  wait_a_tick();
  CHECK(look_up(store, 1) == got::nothing);
  CHECK(look_up(store, 3) == got::right);
  CHECK(sample(4).put_into(store).stored);
  CHECK(in_other([](auto const& other) { return look_up(other, 4) == got::right; }) == 0);
}

TEST_CASE("a new process opens a log of thousands by its index") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  CHECK(in_child([&] {
          auto const* const store = new memo::mmap_store{root};
          for (int i = 0; i < 3000; ++i)
            if (!sample(i).put_into(*store).stored) return 1;
          return 0;
        }) == 0);
  // The child left without closing its store, so there is no index yet.
  CHECK_FALSE(fs::exists(file_of(root, "index")));
  {
    memo::mmap_store const store{root};
    CHECK(store.stats().entries == 3000);
    CHECK(sample(3000).put_into(store).stored);
  }
  REQUIRE(fs::exists(file_of(root, "index")));
  memo::mmap_store const store{root};
  CHECK(store.stats().entries == 3001);
  CHECK(store.stats().objects == 3001);
  for (int i = 0; i <= 3000; i += 7) CHECK(look_up(store, i) == got::right);
  CHECK(look_up(store, 3001) == got::nothing);
  CHECK(store.erase(key_of(5)));
  CHECK(look_up(store, 5) == got::nothing);
  CHECK(store.list().size() == 3000);
  CHECK(store.verify().damaged == 0);
}

TEST_CASE("a log is written anew without what is superseded, and readers notice nothing") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::mmap_store const store{root};
  CHECK(sample(0, 100'000).put_into(store).stored);
  auto const view = store.view(sample(0, 100'000).object());
  REQUIRE(view.status == memo::lookup::hit);
  std::atomic<bool> ends{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!ends)
      if (look_up(store, 0, 100'000) != got::right) ++wrong;
  });
  auto const first = file_of(root, "log");
  for (int i = 0; i < 300; ++i) {
    CHECK(sample(1, 50'000).put_into(store, memo::put_policy::replace).stored);
    CHECK(look_up(store, 1, 50'000) == got::right);
  }
  ends = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(file_of(root, "log") != first);
  CHECK_FALSE(fs::exists(first));
  CHECK(size_of_files(root) < 5'000'000);
  CHECK(memo::as_text(view.bytes.view) == value_of(0, 100'000));
  CHECK(look_up(store, 0, 100'000) == got::right);
  CHECK(store.stats().entries == 2);
}

TEST_CASE("collect removes what nothing names and what is too old") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache"};
  for (int i = 0; i < 10; ++i) {
    sample one(i, 10'000);
    if (i < 5) one.value.created_ms -= 10'000;
    CHECK(one.put_into(store).stored);
  }
  CHECK(store.erase(key_of(9)));
  CHECK(store.stats().objects == 10);
  CHECK(store.collect({0, 0, 5'000}).removed_entries == 5);
  CHECK(store.stats().entries == 4);
  // Where the entry is gone, its object may be of somebody who is about to put another one.
  CHECK(store.stats().objects == 5);
  CHECK(store.collect({50'000, 0, 0}).removed_bytes > 10'000);
  CHECK(store.stats().objects == 4);
  for (int i = 0; i < 10; ++i)
    CHECK(look_up(store, i, 10'000) == (i >= 5 && i != 9 ? got::right : got::nothing));
  CHECK(store.collect().removed_bytes == 0);
}

TEST_CASE("a mapped store keeps to its bytes while it is filled") {
  scratch_folder const folder;
  constexpr std::uint64_t limit = 2 << 20;
  memo::mmap_store const store{folder / "cache", {.max_bytes = limit}};
  std::uint64_t most = 0;
  for (int i = 0; i < 500; ++i) {
    CHECK(sample(i, 20'000).put_into(store).stored);
    CHECK(look_up(store, i, 20'000) == got::right);
    most = std::max(most, size_of_files(folder / "cache"));
  }
  CHECK(most <= limit);
  CHECK(store.stats().bytes <= limit);
  CHECK(store.stats().entries > 20);
}

TEST_CASE("a large value in a mapped store leaves room for a second log, and drives out no more than that") {
  scratch_folder const folder;
  constexpr std::uint64_t limit = 2'000'000;
  memo::mmap_store const store{folder / "cache", {.max_bytes = limit}};
  std::uint64_t most = 0;
  for (std::size_t const size : {200'000u, 600'000u, 780'000u, 1'000'000u, 1'800'000u}) {
    for (int i = 0; i < 100; ++i) CHECK(sample(i, 10'000).put_into(store).stored);
    CHECK(sample(1000, size).put_into(store).stored);
    most = std::max(most, size_of_files(folder / "cache"));
    CHECK(store.stats().entries >= 10);
  }
  CHECK(sample(1001, 3'000'000).put_into(store).stored);
  CHECK(store.stats().entries >= 10);
  CHECK(most <= limit / 10 * 11);
}

TEST_CASE("a limit that comes late keeps what it allows of a mapped store") {
  scratch_folder const folder;
  for (int i = 0; i < 100; ++i) CHECK(sample(i, 10'000).put_into(memo::mmap_store{folder / "cache"}).stored);
  memo::mmap_store const store{folder / "cache", {.max_bytes = 500'000}};
  CHECK(sample(100, 10'000).put_into(store).stored);
  CHECK(store.stats().bytes <= 500'000);
  CHECK(store.stats().entries >= 10);
}

TEST_CASE("what is pinned stays in a mapped store, however small the limit is") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache", {.max_bytes = 100'000}};
  std::vector<memo::digest> keys;
  for (int i = 0; i < 20; ++i) keys.push_back(key_of(i));
  {
    auto const pinned = store.pin(keys);
    for (int i = 0; i < 20; ++i) CHECK(sample(i, 20'000).put_into(store).stored);
    for (int i = 0; i < 20; ++i) CHECK(look_up(store, i, 20'000) == got::right);
  }
  CHECK(sample(20, 20'000).put_into(store).stored);
  store.collect();
  CHECK(store.stats().bytes <= 100'000);
}

TEST_CASE("a deleted directory is made again by the next put") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  fs::remove_all(folder / "cache");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  CHECK(sample(2).put_into(store).stored);
  CHECK(fs::exists(folder / "cache/MEMO"));
  CHECK(look_up(store, 2) == got::right);
  CHECK(in_child([&] {
          return look_up(memo::mmap_store{(folder / "cache").string() + "/"}, 2) == got::right ? 0 : 1;
        }) == 0);
}

TEST_CASE("a view of a log is checked the first time, each time, or not") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  sample const one(1, 200'000);
  {
    memo::mmap_store const store{root};
    CHECK(one.put_into(store).stored);
  }
  auto const flip = [&] {
    auto const content = content_of(file_of(root, "log"));
    std::size_t const at = content.find(one.bytes.substr(0, 100)) + 150'000;
    std::fstream file(file_of(root, "log"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(content[at] ^ 1));
  };
  auto const state = [&](memo::integrity check) {
    memo::mmap_store const store{root, {.integrity = check, .trusted_size = 100'000}};
    return store.view(one.object(), nullptr, memo::access::read_only).status;
  };
  CHECK(state(memo::integrity::trust_large) == memo::lookup::hit);
  CHECK(state(memo::integrity::first_view) == memo::lookup::hit);
  flip();
  CHECK(state(memo::integrity::first_view) == memo::lookup::hit);
  CHECK(state(memo::integrity::every_view) == memo::lookup::error);
  CHECK(state(memo::integrity::trust_large) == memo::lookup::hit);
  memo::mmap_store const store{root};
  CHECK(look_up(store, 1, 200'000) == got::nothing);
  CHECK(one.put_into(store).stored);
  CHECK(look_up(store, 1, 200'000) == got::right);
}

TEST_CASE("a full disk costs a put and nothing else") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  auto const real = memo::detail::os::table;
  memo::detail::os::table.pwritev = [](int, iovec const*, int, off_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  auto const put = sample(2).put_into(store);
  memo::detail::os::table = real;
  CHECK_FALSE(put.stored);
  CHECK(put.warning.find("No space left") != std::string::npos);
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(look_up(store, 1) == got::right);
  CHECK(sample(2).put_into(store).stored);
  CHECK(look_up(store, 2) == got::right);
}

TEST_CASE("a put that waits for the disk stores nothing where the disk says no") {
  scratch_folder const folder;
  memo::mmap_store const store{folder / "cache", {.durability = memo::durability::full}};
  CHECK(sample(1).put_into(store).stored);
  auto const real = memo::detail::os::table;
  memo::detail::os::table.fdatasync = [](int) {
    errno = EIO;
    return -1;
  };
  auto const put = sample(2).put_into(store);
  memo::detail::os::table = real;
  CHECK_FALSE(put.stored);
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(sample(3).put_into(store).stored);
  CHECK(look_up(store, 3) == got::right);
}
