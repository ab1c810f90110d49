#include <memo/store/directory_limits.hpp>

#include "../laws/store_laws.hpp"

#include <memo/store/directory_store.hpp>

#include <sys/wait.h>

using namespace samples;
namespace fs = std::filesystem;

namespace {

fs::path file_of(fs::path const& root, char const* kind, memo::digest const& id) {
  return root / "v1" / kind / memo::to_hex(id).insert(2, "/");
}

void make_older(fs::path const& path, std::chrono::minutes by) {
  fs::last_write_time(path, fs::last_write_time(path) - by);
}

}  // namespace

TEST_CASE("a directory store stays within its bytes after every put") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.max_bytes = 2 << 20}};
  for (int i = 0; i < 20; ++i) {
    CHECK(sample(i, 400'000).put_into(store).stored);
    CHECK(store.stats().bytes <= (2 << 20));
    CHECK(look_up(store, i, 400'000) == got::right);
  }
  CHECK(store.stats().entries >= 3);
  // One key that is replaced again and again leaves objects that nothing names.
  for (int i = 20; i < 40; ++i) {
    sample one(i, 400'000);
    one.key = key_of(0);
    CHECK(one.put_into(store, memo::put_policy::replace).stored);
    CHECK(store.stats().bytes <= (2 << 20));
    CHECK(store.find(one.key).status == memo::lookup::hit);
    CHECK(store.read(one.object()).status == memo::lookup::hit);
  }
}

TEST_CASE("a directory store stays within its number and age of entries") {
  scratch_folder const folder;
  memo::directory_store const few{folder / "few", {.max_entries = 10}};
  for (int i = 0; i < 35; ++i) {
    CHECK(sample(i).put_into(few).stored);
    CHECK(few.stats().entries <= 10);
  }
  memo::directory_store const young{folder / "young", {.max_age = std::chrono::hours(1)}};
  sample old(1);
  old.value.created_ms -= 2 * 3600 * 1000;
  CHECK(old.put_into(young).stored);
  CHECK(sample(2).put_into(young).stored);
  young.collect();
  CHECK(look_up(young, 1) == got::nothing);
  CHECK(look_up(young, 2) == got::right);
}

TEST_CASE("a limit holds for what an earlier process left") {
  scratch_folder const folder;
  for (int i = 0; i < 20; ++i)
    CHECK(sample(i, 10'000).put_into(memo::directory_store{folder / "cache"}).stored);
  memo::directory_store const store{folder / "cache", {.max_bytes = 50'000}};
  CHECK(sample(20, 10'000).put_into(store).stored);
  CHECK(store.stats().bytes <= 50'000);
}

TEST_CASE("what is cheap to compute, large and long unused goes first") {
  using memo::detail::worth;
  CHECK(worth(1'000'000'000, 1000, 0) > worth(1'000'000, 1000, 0));
  CHECK(worth(1'000'000'000, 1000, 0) > worth(1'000'000'000, 1'000'000, 0));
  CHECK(worth(1'000'000'000, 1000, 0) > worth(1'000'000'000, 1000, 3'600'000'000'000));
  CHECK(worth(-5, 0, -5) > 0);

  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 0; i < 4; ++i) {
    sample one(i, 10'000);
    one.value.cost_ns = i == 2 ? 1'000 : 10'000'000'000;
    CHECK(one.put_into(store).stored);
  }
  make_older(file_of(folder / "cache", "e", key_of(1)), std::chrono::minutes(600));
  CHECK(store.collect({0, 3, 0}).removed_entries == 1);
  CHECK(look_up(store, 2, 10'000) == got::nothing);
  CHECK(store.collect({0, 2, 0}).removed_entries == 1);
  CHECK(look_up(store, 1, 10'000) == got::nothing);
}

TEST_CASE("the packs of a map's elements are worth what all of them cost") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 0; i < 3; ++i) {
    sample pack(i, 1000);
    pack.key = key_of(10);
    pack.value.variant = pack.object();
    pack.value.dependencies.clear();
    pack.value.cost_ns = 1'000'000'000;
    CHECK(pack.put_into(store).stored);
  }
  sample one(11, 3000);
  one.value.cost_ns = 2'000'000'000;
  CHECK(one.put_into(store).stored);
  CHECK(store.collect({0, 1, 0}).removed_entries == 1);
  CHECK(store.find(key_of(10)).status == memo::lookup::hit);
  CHECK(store.find(key_of(11)).status == memo::lookup::miss);
}

TEST_CASE("objects that nothing names go after ten minutes, half-written files after a day") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  for (int i = 0; i < 3; ++i) CHECK(sample(i).put_into(store).stored);
  store.erase(key_of(0));
  store.erase(key_of(1));
  make_older(file_of(root, "o", sample(1).object()), std::chrono::minutes(11));
  auto const shard = file_of(root, "o", sample(2).object()).parent_path();
  std::string const hex(32, 'a');
  write_content(shard / (".t" + hex), "young");
  write_content(shard / (".t" + std::string(32, 'b')), "old");
  make_older(shard / (".t" + std::string(32, 'b')), std::chrono::minutes(25 * 60));
  CHECK(store.collect().removed_entries == 0);
  CHECK(fs::exists(file_of(root, "o", sample(0).object())));
  CHECK_FALSE(fs::exists(file_of(root, "o", sample(1).object())));
  CHECK(fs::exists(shard / (".t" + hex)));
  CHECK_FALSE(fs::exists(shard / (".t" + std::string(32, 'b'))));
  CHECK(look_up(store, 2) == got::right);
}

TEST_CASE("an object that two entries name stays until both are gone") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  sample const one(1, 5000);
  sample other(1, 5000);
  other.key = key_of(2);
  other.value.cost_ns = 1;
  CHECK(one.put_into(store).stored);
  CHECK(other.put_into(store).stored);
  CHECK(store.stats().objects == 1);
  CHECK(store.collect({0, 1, 0}).removed_entries == 1);
  CHECK(look_up(store, 1, 5000) == got::right);
  CHECK(store.collect({1, 0, 0}).removed_entries == 1);
  CHECK(store.stats().objects == 0);
}

TEST_CASE("only one collects at a time") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 0; i < 3; ++i) CHECK(sample(i).put_into(store).stored);
  auto const held =
      memo::detail::os::open_at(AT_FDCWD, (folder / "cache/v1/lock").c_str(), O_RDWR | O_CREAT, 0600);
  REQUIRE(held);
  REQUIRE(memo::detail::os::try_lock(held.value.get()) == 0);
  CHECK(store.collect({1, 0, 0}).removed_entries == 0);
  CHECK(store.stats().entries == 3);
}

TEST_CASE("a child that was forked during a collect does not keep others from collecting") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 0; i < 5; ++i) CHECK(sample(i).put_into(store).stored);
  static pid_t child;
  child = 0;
  auto const before = memo::detail::os::table;
  static auto const real = before;
  memo::detail::os::table.unlinkat = [](int f, char const* n, int flags) {
    if (child == 0) {
      child = ::fork();
      if (child == 0)
        for (;;) ::pause();
    }
    return real.unlinkat(f, n, flags);
  };
  CHECK(store.collect({0, 4, 0}).removed_entries == 1);
  memo::detail::os::table = before;
  REQUIRE(child > 0);
  CHECK(store.collect({0, 1, 0}).removed_entries == 3);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("what entries name that could not be read now stays") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  for (int i = 0; i < 3; ++i) CHECK(sample(i).put_into(store).stored);
  for (int i = 0; i < 3; ++i) make_older(file_of(root, "o", sample(i).object()), std::chrono::minutes(11));
  static std::string shard;
  shard = memo::to_hex(key_of(1)).substr(0, 2);
  auto const before = memo::detail::os::table;
  static auto const real = before;
  memo::detail::os::table.openat = [](int f, char const* n, int flags, mode_t m) {
    if (n == shard) {
      errno = EMFILE;
      return -1;
    }
    return real.openat(f, n, flags, m);
  };
  store.collect();
  auto const over = store.collect({0, 1, 0});
  memo::detail::os::table = before;
  CHECK(over.removed_entries == 1);
  CHECK(fs::exists(file_of(root, "o", sample(1).object())));
  CHECK(look_up(store, 1) == got::right);
}

TEST_CASE("objects of entries of another format go after those entries, not before") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  for (int i = 0; i < 3; ++i) CHECK(sample(i, 10'000).put_into(store).stored);
  auto const newer = file_of(root, "e", key_of(1));
  std::string text = content_of(newer);
  text[8] = 2;
  write_content(newer, text);
  auto const object = file_of(root, "o", sample(1, 10'000).object());
  make_older(object, std::chrono::minutes(11));
  store.collect({100'000, 0, 0});
  CHECK(fs::exists(object));
  CHECK(store.collect({25'000, 0, 0}).removed_entries == 1);
  CHECK_FALSE(fs::exists(newer));
  CHECK_FALSE(fs::exists(object));
  CHECK(look_up(store, 0, 10'000) == got::right);
  CHECK(look_up(store, 2, 10'000) == got::right);
}

TEST_CASE("half-written files beside the records go after a day") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  CHECK(sample(1).put_into(store).stored);
  std::string const hex(32, 'a');
  for (auto const& place : {root, root / "v1"}) {
    write_content(place / (".t" + hex), "young");
    store.collect();
    CHECK(fs::exists(place / (".t" + hex)));
    make_older(place / (".t" + hex), std::chrono::minutes(25 * 60));
    store.collect();
    CHECK_FALSE(fs::exists(place / (".t" + hex)));
  }
}

TEST_CASE("damaged entries are removed by collect") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  write_content(file_of(folder / "cache", "e", key_of(1)), "rubbish");
  CHECK(store.collect().removed_entries == 1);
  CHECK(store.stats().entries == 0);
}
