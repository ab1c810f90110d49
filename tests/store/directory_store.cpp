#include <memo/store/directory_store.hpp>

#include "../laws/store_laws.hpp"
#include "../support/processes.hpp"

#include <grp.h>
#include <sys/mman.h>

using namespace samples;
using test::in_child;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(fs::path const& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

std::size_t count_files(fs::path const& path) {
  std::size_t count = 0;
  if (fs::exists(path))
    for (auto const& item : fs::recursive_directory_iterator(path)) count += item.is_regular_file() ? 1 : 0;
  return count;
}

/// Counts mappings, and lets tests say how the system answers.
struct watched_system {
  static inline int mapped = 0;
  static inline int map_error = 0;
  static inline long file_system = 0xef53;
  static inline bool hides_times = false;
  static inline memo::detail::os::calls real;

  watched_system() {
    real = memo::detail::os::table;
    mapped = map_error = 0;
    file_system = 0xef53;
    hides_times = false;
    auto& table = memo::detail::os::table;
    table.mmap = [](std::size_t size, int fd, off_t at) {
      ++mapped;
      errno = map_error;
      return map_error != 0 ? MAP_FAILED : real.mmap(size, fd, at);
    };
    table.fstatfs = [](int, struct statfs* status) {
      *status = {};
      status->f_type = static_cast<decltype(status->f_type)>(file_system);
      return 0;
    };
    table.fstat = [](int fd, struct stat* status) {
      int const result = real.fstat(fd, status);
      if (hides_times) status->st_mtim = status->st_ctim = {2'000'000'000, 0};
      return result;
    };
  }
  ~watched_system() { memo::detail::os::table = real; }
};

/// A store with one large object, and what becomes of its file.
struct viewed_object {
  static constexpr std::size_t size = 300'000;
  scratch_folder folder;
  sample const one{1, size};
  memo::directory_store store{folder / "cache"};
  fs::path const file = folder / "cache/v1/o" / memo::to_hex(one.object()).insert(2, "/");

  viewed_object() { CHECK(one.put_into(store).stored); }

  void flip(std::size_t at) const {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    char const old = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(old ^ 1));
  }
  memo::directory_store with(memo::directory_options const& options) const {
    return memo::directory_store{folder / "cache", options};
  }
  memo::lookup view(memo::directory_store const& in, memo::access how = memo::access::normal) const {
    auto const found = in.view(one.object(), nullptr, how);
    bool const right = memo::as_text(found.bytes.view) == one.bytes;
    if (found.status == memo::lookup::error) CHECK(found.reason != "");
    CHECK((found.status == memo::lookup::hit || found.bytes.view.empty()));
    return found.status == memo::lookup::hit && !right ? memo::lookup::miss : found.status;
  }
};

}  // namespace

TEST_CASE("a directory store keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] { return memo::directory_store{folder / "cache"}; });
}

TEST_CASE("a directory store with limits keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] {
    return memo::directory_store{
        folder / "cache", {.max_bytes = 64 << 20, .max_entries = 10'000, .max_age = std::chrono::hours(24)}};
  });
}

TEST_CASE("a directory store inside other files keeps the promises of a store") {
  scratch_folder const folder;
  write_content(folder / "thesis.tex", "x");
  laws::hold([&] { return memo::directory_store{folder.path()}; });
  CHECK(sample(1).put_into(memo::directory_store{folder.path()}).stored);
  CHECK(content_of(folder / "thesis.tex") == "x");
  CHECK(fs::exists(folder / ".memo/MEMO"));
  CHECK_FALSE(fs::exists(folder / "MEMO"));
}

TEST_CASE("constructing a directory store and looking things up writes nothing") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "a/b/cache"};
  CHECK(look_up(store, 1) == got::nothing);
  CHECK(store.stats().entries == 0);
  CHECK(store.list().empty());
  CHECK(store.verify().checked == 0);
  store.collect();
  store.clear();
  CHECK(store.read_last(key_of(1)) == std::nullopt);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("the first put makes a marked directory for this user only, whatever the umask is") {
  for (mode_t const mask : {0u, 022u, 077u, 0777u}) {
    scratch_folder const folder;
    auto const root = folder / "cache";
    mode_t const before = ::umask(mask);
    bool const stored = sample(1).put_into(memo::directory_store{root}).stored;
    ::umask(before);
    CHECK(stored);
    CHECK(content_of(root / "MEMO").substr(0, 24) == "memo store\nlayout 1\nuuid");
    CHECK(content_of(root / "CACHEDIR.TAG").substr(0, 43) == "Signature: 8a477f597d28d172789f06886806bc55");
    CHECK(content_of(root / ".gitignore") == "*\n");
    for (auto const& item : fs::recursive_directory_iterator(root))
      CHECK(mode_of(item.path()) == (item.is_directory() ? 0700u : 0600u));
  }
}

TEST_CASE("a directory store for a group lets the group write") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache", {.share = memo::group}};
  CHECK(sample(1).put_into(store).stored);
  for (auto const& item : fs::recursive_directory_iterator(folder / "cache"))
    CHECK(mode_of(item.path()) == (item.is_directory() ? 02770u : 0660u));
  CHECK(look_up(memo::directory_store{folder / "cache", {.share = memo::group}}, 1) == got::right);
  CHECK_THROWS_AS(memo::directory_store{folder / "cache"}, memo::store_error);
}

TEST_CASE("the members of the group that owns a directory share it whole") {
  if (::geteuid() != 0) {
    WARN("not run: this test changes its user, which only root may");
    return;
  }
  constexpr gid_t team = 54321;
  scratch_folder const folder;
  fs::permissions(folder.path(), fs::perms{0755});
  // As a member whose first group is another one.
  auto const as_user = [&](uid_t user, auto body) {
    return in_child([&] {
      if (::setgroups(1, &team) != 0 || ::setresgid(user, user, user) != 0 ||
          ::setresuid(user, user, user) != 0)
        return 2;
      return body() ? 0 : 1;
    });
  };
  for (mode_t const mode : {02770u, 0770u}) {
    auto const root = folder / (mode == 0770 ? "plain" : "inherited");
    fs::create_directory(root);
    REQUIRE(::chown(root.c_str(), 0, team) == 0);
    REQUIRE(::chmod(root.c_str(), mode) == 0);
    auto const use = [&](int number) {
      memo::directory_store const store{root, {.share = memo::group}};
      return sample(number).put_into(store).stored && look_up(store, 1) == got::right;
    };
    CHECK(as_user(60001, [&] { return use(1) && use(2); }) == 0);
    for (auto const& item : fs::recursive_directory_iterator(root)) {
      CHECK(mode_of(item.path()) == (item.is_directory() ? 02770u : 0660u));
      CHECK(memo::detail::os::status_at(AT_FDCWD, item.path().c_str()).value.group == team);
    }
    CHECK(as_user(60002, [&] {
            memo::directory_store const store{root, {.share = memo::group}};
            return use(3) && use(1) && store.collect({0, 1, 0}).removed_entries == 2;
          }) == 0);
  }
}

TEST_CASE("a directory of another user and another group is refused although a group shares it") {
  if (::geteuid() != 0) {
    WARN("not run: only root can make a directory of another user");
    return;
  }
  scratch_folder const folder;
  fs::create_directory(folder / "theirs");
  REQUIRE(::chown((folder / "theirs").c_str(), 65534, 54321) == 0);
  CHECK_THROWS_AS((memo::directory_store{folder / "theirs", {.share = memo::group}}), memo::store_error);
  REQUIRE(::chown((folder / "theirs").c_str(), 65534, ::getegid()) == 0);
  CHECK(sample(1).put_into(memo::directory_store{folder / "theirs", {.share = memo::group}}).stored);
}

TEST_CASE("a directory that others may write to is refused, with what to do") {
  scratch_folder const folder;
  for (auto const mode : {0777, 0770, 0702, 0720}) {
    auto const root = folder / "cache";
    fs::create_directory(root);
    fs::permissions(root, static_cast<fs::perms>(mode));
    try {
      memo::directory_store const store{root};
      FAIL("not refused");
    } catch (memo::store_error const& e) {
      CHECK(std::string(e.what()).find(root.string()) != std::string::npos);
      CHECK(std::string(e.what()).find("hint: ") != std::string::npos);
    }
    fs::create_directory_symlink(root, folder / "link");
    CHECK_THROWS_AS(memo::directory_store{folder / "link"}, memo::store_error);
    fs::remove(folder / "link");
    fs::remove(root);
  }
  fs::create_directory(folder / "open");
  fs::permissions(folder / "open", fs::perms::all);
  CHECK_THROWS_AS(memo::directory_store{folder / "open/cache/"}, memo::store_error);
  fs::permissions(folder / "open", fs::perms::all | fs::perms::sticky_bit);
  CHECK(sample(1).put_into(memo::directory_store{folder / "open/cache"}).stored);
}

TEST_CASE("a directory of another user is refused") {
  if (::geteuid() != 0) {
    WARN("not run: only root can make a directory of another user");
    return;
  }
  scratch_folder const folder;
  fs::create_directory(folder / "theirs");
  REQUIRE(::chown((folder / "theirs").c_str(), 65534, 65534) == 0);
  CHECK_THROWS_AS(memo::directory_store{folder / "theirs"}, memo::store_error);
}

TEST_CASE("what is no path of a directory is refused") {
  scratch_folder const folder;
  write_content(folder / "file", "x");
  CHECK_THROWS_AS(memo::directory_store{""}, memo::store_error);
  CHECK_THROWS_AS(memo::directory_store{folder / "file"}, memo::store_error);
  CHECK_THROWS_AS(memo::directory_store{std::string("a\0b", 3)}, memo::store_error);
}

TEST_CASE("a path below a file makes puts that warn") {
  scratch_folder const folder;
  write_content(folder / "file", "x");
  memo::directory_store const store{folder / "file/cache"};
  CHECK(look_up(store, 1) == got::nothing);
  auto const put = sample(1).put_into(store);
  CHECK_FALSE(put.stored);
  CHECK(put.warning.find("Not a directory") != std::string::npos);
}

TEST_CASE("a directory of a newer layout is neither read nor written") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  CHECK(sample(1).put_into(memo::directory_store{root}).stored);
  write_content(root / "MEMO", "memo store\nlayout 2\nuuid 00\nmore\n");
  auto const files = count_files(root);
  // The state is shared by handles of one process: a new process sees the marker first.
  CHECK(in_child([&] {
          auto const again = fs::path(root.string() + "-moved");
          fs::rename(root, again);
          memo::directory_store const store{again};
          bool const untouched = look_up(store, 1) == got::nothing && !sample(2).put_into(store).stored &&
                                 store.stats().entries == 0;
          store.clear();
          store.collect();
          return untouched && count_files(again) == files ? 0 : 1;
        }) == 0);
}

TEST_CASE("clear and collect leave what memo did not make") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  for (int i = 0; i < 5; ++i) CHECK(sample(i).put_into(store).stored);
  std::string const shard = memo::to_hex(key_of(1)).substr(0, 2);
  auto const foreign = root / "v1/e" / shard / "README";
  write_content(foreign, "keep me");
  write_content(root / "v1/e/notes.txt", "keep me");
  write_content(folder / "precious", "keep me");
  fs::create_directory_symlink(folder.path(), root / "v1/e/zz");
  fs::create_directory(root / "v1/o/qq");
  store.collect({1, 0, 0});
  store.clear();
  CHECK(store.stats().entries == 0);
  for (auto const& path : {foreign, root / "v1/e/notes.txt", folder / "precious", root / "MEMO",
                           root / "CACHEDIR.TAG", root / ".gitignore", root / "v1/o/qq"})
    CHECK(fs::exists(path));
}

TEST_CASE("a shard that is a symbolic link is not followed") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  CHECK(sample(1).put_into(store).stored);
  auto const shard = root / "v1/e" / memo::to_hex(key_of(1)).substr(0, 2);
  auto const outside = folder / "outside";
  fs::rename(shard, outside);
  fs::create_directory_symlink(outside, shard);
  store.clear();
  CHECK(count_files(outside) == 1);
}

TEST_CASE("a relative path is of the working directory at construction") {
  scratch_folder const folder;
  auto const before = fs::current_path();
  fs::create_directory(folder / "elsewhere");
  fs::current_path(folder.path());
  memo::directory_store const store{"cache"};
  fs::current_path(folder / "elsewhere");
  CHECK(sample(1).put_into(store).stored);
  fs::current_path(before);
  CHECK(fs::exists(folder / "cache/MEMO"));
}

TEST_CASE("without a path the store is in MEMO_DIR, else in the user's cache directory") {
  scratch_folder const folder;
  auto const root = [](memo::directory_options const& options = {}) {
    return memo::detail::default_root(options.project);
  };
  CHECK(in_child([&] {
          ::unsetenv("MEMO_DIR");
          ::setenv("XDG_CACHE_HOME", (folder / "xdg").c_str(), 1);
          ::setenv("HOME", (folder / "home").c_str(), 1);
          auto const base = (folder / "xdg/memo").string();
          bool good = root().substr(0, base.size() + 1) == base + "/" &&
                      root().find('/', base.size() + 1) == root().npos;
          good = good && root({.project = "../a b"}) == base + "/%2E.%2Fa%20b";
          ::unsetenv("XDG_CACHE_HOME");
          good = good && root({.project = "p"}) == (folder / "home/.cache/memo/p").string();
          ::setenv("MEMO_DIR", (folder / "here").c_str(), 1);
          good = good && root({.project = "p"}) == (folder / "here").string();
          good = good && sample(1).put_into(memo::directory_store{}).stored;
          return good && fs::exists(folder / "here/MEMO") ? 0 : 1;
        }) == 0);
}

TEST_CASE("two handles of one path, through a link too, share claims") {
  scratch_folder const folder;
  fs::create_directory(folder / "cache");
  fs::create_directory_symlink(folder / "cache", folder / "link");
  memo::directory_store const one{folder / "cache"};
  memo::directory_store const two{folder / "link/"};
  auto const mine = one.claim({.key = key_of(1)});
  CHECK(two.claim({.key = key_of(1)}).what == memo::claim_result::status::busy);
  CHECK(sample(1).put_into(one).stored);
  CHECK(look_up(two, 1) == got::right);
}

TEST_CASE("a directory that is deleted while it is used is made again") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  fs::remove_all(folder / "cache");
  CHECK(look_up(store, 1) == got::nothing);
  CHECK(sample(2).put_into(store).stored);
  CHECK(look_up(store, 2) == got::right);
  CHECK(fs::exists(folder / "cache/MEMO"));
}

TEST_CASE("looking up in read_only access changes no time stamp, and in normal access only an old one") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  sample const one(1);
  CHECK(one.put_into(store).stored);
  auto const file = folder / "cache/v1/e" / memo::to_hex(one.key).insert(2, "/");
  auto const old = fs::last_write_time(file) - std::chrono::hours(2);
  fs::last_write_time(file, old);
  CHECK(look_up(store, 1, 100, memo::access::read_only) == got::right);
  CHECK(fs::last_write_time(file) == old);
  CHECK(look_up(store, 1) == got::right);
  auto const noted = fs::last_write_time(file);
  CHECK(noted > old + std::chrono::hours(1));
  CHECK(look_up(store, 1) == got::right);
  CHECK(fs::last_write_time(file) == noted);
}

TEST_CASE("one user's read-only directory serves hits and warns of puts") {
  if (::geteuid() != 0) {
    WARN("not run: this test changes its user, which only root may");
    return;
  }
  scratch_folder const folder;
  fs::permissions(folder.path(), fs::perms::all | fs::perms::sticky_bit);
  int const status = in_child([&] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 2;
    memo::directory_store const store{folder / "cache"};
    if (!sample(1).put_into(store).stored) return 3;
    std::vector<fs::path> folders{folder / "cache"};
    for (auto const& item : fs::recursive_directory_iterator(folder / "cache"))
      if (item.is_directory()) folders.push_back(item.path());
    for (auto const& path : folders) fs::permissions(path, fs::perms{0500});
    auto const put = sample(2).put_into(store);
    bool const good = look_up(store, 1) == got::right && !put.stored &&
                      put.warning.find("Permission denied") != std::string::npos &&
                      !store.write_last(key_of(1), {}).stored &&
                      store.collect({1, 0, 0}).removed_entries == 0;
    for (auto const& path : folders) fs::permissions(path, fs::perms{0700});
    return good && sample(2).put_into(store).stored && look_up(store, 2) == got::right ? 0 : 1;
  });
  CHECK(status == 0);
}

TEST_CASE("a view of a large object is a mapping, and one of a small object is read") {
  watched_system const system;
  viewed_object const object;
  CHECK(object.store.capabilities().mappable);
  CHECK(object.view(object.store) == memo::lookup::hit);
  CHECK(object.view(object.store, memo::access::read_only) == memo::lookup::hit);
  CHECK(system.mapped == 2);
  sample const small(2, 50'000);
  CHECK(small.put_into(object.store).stored);
  auto const found = object.store.view(small.object());
  CHECK(found.status == memo::lookup::hit);
  CHECK(memo::as_text(found.bytes.view) == small.bytes);
  CHECK(system.mapped == 2);
  CHECK(object.store.read(object.one.object()).status == memo::lookup::hit);
  CHECK(system.mapped == 2);
}

TEST_CASE("nothing is mapped on other file systems, nor where the system refuses") {
  watched_system system;
  SECTION("another file system") { system.file_system = 0x6969; }
  SECTION("no more mappings") { system.map_error = ENOMEM; }
  viewed_object const object;
  CHECK(object.store.capabilities().mappable == (system.map_error != 0));
  auto const found = object.store.view(object.one.object());
  CHECK(found.status == memo::lookup::hit);
  CHECK(memo::as_text(found.bytes.view) == object.one.bytes);
  CHECK(reinterpret_cast<std::uintptr_t>(found.bytes.view.data()) % 64 == 0);
  CHECK(system.mapped == (system.map_error != 0 ? 1 : 0));
}

TEST_CASE("whether a store maps is known before its directory is there") {
  watched_system const system;
  scratch_folder const folder;
  memo::directory_store const store{folder / "a/b/cache"};
  CHECK(store.capabilities().mappable);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("an object that is damaged is no view, whenever it was viewed before") {
  viewed_object const object;
  bool const was_viewed = GENERATE(true, false);
  std::size_t const at = GENERATE(0u, 20u, 40u, 63u, 64u, 70'000u, 300'063u);
  if (was_viewed) CHECK(object.view(object.store) == memo::lookup::hit);
  object.flip(at);
  CHECK(object.view(object.store, memo::access::read_only) == memo::lookup::error);
  CHECK(fs::exists(object.file));
  CHECK(object.view(object.store) == memo::lookup::error);
  CHECK_FALSE(fs::exists(object.file));
  CHECK(object.view(object.store) == memo::lookup::miss);
  CHECK(object.one.put_into(object.store).stored);
  CHECK(object.view(object.store) == memo::lookup::hit);
}

TEST_CASE("an object's file of any other length is no view, and raises no signal") {
  viewed_object const object;
  bool const was_viewed = GENERATE(true, false);
  if (was_viewed) CHECK(object.view(object.store) == memo::lookup::hit);
  auto const length =
      GENERATE(std::uint64_t{0}, 63, 64, 65, 4096, 140'000, 299'999, 300'063, 300'065, 1'000'000);
  fs::resize_file(object.file, length);
  CHECK(object.view(object.store) == memo::lookup::error);
  CHECK(object.view(object.store) == memo::lookup::miss);
}

TEST_CASE("an object is checked at its first view, at each one, or never, as the options say") {
  watched_system system;
  system.hides_times = true;  // as if the damage had not changed them
  viewed_object const object;
  auto const each_time = object.with({.integrity = memo::integrity::every_view});
  auto const trusting = object.with({.integrity = memo::integrity::trust_large, .trusted_size = 300'000});
  auto const trusting_larger =
      object.with({.integrity = memo::integrity::trust_large, .trusted_size = 300'001});
  auto const status_in = [&](memo::directory_store const& store) {
    return store.view(object.one.object(), nullptr, memo::access::read_only).status;
  };
  SECTION("before anybody viewed it") {
    object.flip(100'000);
    CHECK(status_in(object.store) == memo::lookup::error);
    CHECK(status_in(each_time) == memo::lookup::error);
    CHECK(status_in(trusting_larger) == memo::lookup::error);
    CHECK(status_in(trusting) == memo::lookup::hit);
    CHECK(status_in(object.store) == memo::lookup::error);
  }
  SECTION("after it was found whole") {
    CHECK(status_in(each_time) == memo::lookup::hit);
    object.flip(100'000);
    CHECK(status_in(object.store) == memo::lookup::hit);
    CHECK(status_in(trusting_larger) == memo::lookup::hit);
    CHECK(status_in(trusting) == memo::lookup::hit);
    CHECK(status_in(each_time) == memo::lookup::error);
  }
  SECTION("and its header always") {
    CHECK(status_in(trusting) == memo::lookup::hit);
    object.flip(45);
    CHECK(status_in(object.store) == memo::lookup::error);
    CHECK(status_in(trusting) == memo::lookup::error);
  }
}

TEST_CASE("a view notes an old object's use, in normal access") {
  viewed_object const object;
  auto const old = fs::last_write_time(object.file) - std::chrono::hours(2);
  fs::last_write_time(object.file, old);
  CHECK(object.view(object.store, memo::access::read_only) == memo::lookup::hit);
  CHECK(fs::last_write_time(object.file) == old);
  CHECK(object.view(object.store) == memo::lookup::hit);
  auto const noted = fs::last_write_time(object.file);
  CHECK(noted > old + std::chrono::hours(1));
  CHECK(object.view(object.store) == memo::lookup::hit);
  CHECK(fs::last_write_time(object.file) == noted);
}
