#include <memo/store/directory_limits.hpp>

#include "../laws/store_laws.hpp"

#include <memo/store/directory_store.hpp>

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

TEST_CASE("damaged entries are removed by collect") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  write_content(file_of(folder / "cache", "e", key_of(1)), "rubbish");
  CHECK(store.collect().removed_entries == 1);
  CHECK(store.stats().entries == 0);
}
