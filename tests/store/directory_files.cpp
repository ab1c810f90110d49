#include <memo/store/directory_files.hpp>

#include "../laws/store_laws.hpp"

#include <memo/store/directory_store.hpp>

#include <sys/mount.h>
#include <sys/resource.h>

using namespace samples;
namespace fs = std::filesystem;

namespace {

/// The file of entry number `number`, or of its object.
fs::path entry_file(fs::path const& root, int number) {
  return root / "v1/e" / memo::to_hex(key_of(number)).insert(2, "/");
}
fs::path object_file(fs::path const& root, int number, std::size_t size = 100) {
  return root / "v1/o" / memo::to_hex(sample(number, size).object()).insert(2, "/");
}

std::size_t temporary_files(fs::path const& root) {
  std::size_t count = 0;
  for (auto const& item : fs::recursive_directory_iterator(root))
    count += item.path().filename().string().substr(0, 2) == ".t" ? 1 : 0;
  return count;
}

/// Damages the file of a sample in one way, looks it up, and puts it again: nothing wrong may come, and the
/// put must heal it.
struct damage_check {
  explicit damage_check(bool inline_value) : one(1) {
    if (inline_value) one.go_inline();
    CHECK(one.put_into(store).stored);
  }

  void with(fs::path const& file, std::string const& content, memo::access how = memo::access::normal) {
    write_content(file, content);
    auto const before = look_up(store, 1, 100, how);
    bool const healed =
        one.put_into(store).stored && (how == memo::access::read_only || look_up(store, 1) == got::right);
    if (before == got::wrong || !healed) ++failures;
    if (how == memo::access::read_only) {
      look_up(store, 1);
      one.put_into(store);
    }
  }

  scratch_folder folder;
  memo::directory_store store{folder / "cache"};
  sample one;
  int failures = 0;
};

/// Makes the Nth call fail, once or from then on.
struct faults {
  static inline long left = -1;
  static inline int with = 0;
  static inline bool for_ever = false;
  static bool strike() {
    if (left < 0) return false;
    if (left > 0) {
      --left;
      return false;
    }
    if (!for_ever) left = -1;
    errno = with;
    return true;
  }

  faults() : before(memo::detail::os::table) {
    static auto const real = before;
    auto& t = memo::detail::os::table;
    t.openat = [](int f, char const* n, int flags, mode_t m) {
      return strike() ? -1 : real.openat(f, n, flags, m);
    };
    t.fstat = [](int f, struct stat* s) { return strike() ? -1 : real.fstat(f, s); };
    t.read = [](int f, void* to, std::size_t n) { return strike() ? ssize_t{-1} : real.read(f, to, n); };
    t.pread = [](int f, void* to, std::size_t n, off_t at) {
      return strike() ? ssize_t{-1} : real.pread(f, to, n, at);
    };
    t.writev = [](int f, iovec const* v, int n) { return strike() ? ssize_t{-1} : real.writev(f, v, n); };
    t.close = [](int f) {
      bool const fails = strike();
      int const error = errno;
      int const closed = real.close(f);
      if (fails) errno = error;
      return fails ? -1 : closed;
    };
    t.renameat = [](int a, char const* b, int c, char const* d) {
      return strike() ? -1 : real.renameat(a, b, c, d);
    };
    t.unlinkat = [](int a, char const* b, int c) { return strike() ? -1 : real.unlinkat(a, b, c); };
    t.mkdirat = [](int a, char const* b, mode_t c) { return strike() ? -1 : real.mkdirat(a, b, c); };
  }
  ~faults() {
    left = -1;
    memo::detail::os::table = before;
  }
  memo::detail::os::calls before;
};

}  // namespace

TEST_CASE("a record file cut anywhere is a miss and healed by the next put") {
  for (bool const inline_value : {true, false}) {
    damage_check check(inline_value);
    auto const root = check.folder / "cache";
    for (auto const& file : {entry_file(root, 1), object_file(root, 1)}) {
      if (!fs::exists(file)) continue;
      std::string const good = content_of(file);
      for (std::size_t size = 0; size < good.size(); ++size) check.with(file, good.substr(0, size));
      check.with(file, good + "x");
      check.with(file, good + good);
      check.with(file, std::string(good.size(), '\0'));
    }
    CHECK(check.failures == 0);
  }
}

TEST_CASE("a record file with any bit flipped is a miss and healed by the next put") {
  for (bool const inline_value : {true, false}) {
    damage_check check(inline_value);
    auto const root = check.folder / "cache";
    for (auto const& file : {entry_file(root, 1), object_file(root, 1)}) {
      if (!fs::exists(file)) continue;
      std::string const good = content_of(file);
      for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        check.with(file, bad);
      }
    }
    CHECK(check.failures == 0);
  }
}

TEST_CASE("read_only access leaves a damaged record where it is") {
  damage_check check(false);
  auto const root = check.folder / "cache";
  for (auto const& file : {entry_file(root, 1), object_file(root, 1)}) {
    std::string bad = content_of(file);
    bad.back() = static_cast<char>(bad.back() ^ 1);
    write_content(file, bad);
    CHECK(look_up(check.store, 1, 100, memo::access::read_only) == got::nothing);
    CHECK(content_of(file) == bad);
    CHECK(look_up(check.store, 1) == got::nothing);
    CHECK_FALSE(fs::exists(file));
    CHECK(check.one.put_into(check.store).stored);
  }
}

TEST_CASE("a damaged record is an error with a reason, and verify counts and removes it") {
  damage_check check(false);
  auto const file = object_file(check.folder / "cache", 1);
  std::string bad = content_of(file);
  bad.back() = static_cast<char>(bad.back() ^ 1);
  write_content(file, bad);
  auto const read = check.store.read(check.one.object(), nullptr, memo::access::read_only);
  CHECK(read.status == memo::lookup::error);
  CHECK(read.reason == "value damaged");
  CHECK(check.store.verify().damaged == 1);
  CHECK(check.store.verify().damaged == 0);
  CHECK_FALSE(fs::exists(file));
}

TEST_CASE("a record under another record's name is a miss") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  for (int i = 1; i <= 2; ++i) CHECK(sample(i).put_into(store).stored);
  fs::copy_file(entry_file(folder / "cache", 1), entry_file(folder / "cache", 2),
                fs::copy_options::overwrite_existing);
  CHECK(look_up(store, 2) == got::nothing);
  fs::copy_file(object_file(folder / "cache", 1), entry_file(folder / "cache", 2));
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(sample(2).put_into(store).stored);
  fs::copy_file(object_file(folder / "cache", 1), object_file(folder / "cache", 2),
                fs::copy_options::overwrite_existing);
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(sample(2).put_into(store).stored);
  CHECK(look_up(store, 2) == got::right);
  CHECK(look_up(store, 1) == got::right);
}

TEST_CASE("a record of another format is a miss, stays, and is replaced by a put") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  auto const file = entry_file(folder / "cache", 1);
  std::string newer = content_of(file);
  newer[8] = 2;
  write_content(file, newer);
  auto const found = store.find(key_of(1));
  CHECK(found.status == memo::lookup::miss);
  CHECK(store.verify().damaged == 0);
  CHECK(content_of(file) == newer);
  CHECK(sample(1).put_into(store).stored);
  CHECK(look_up(store, 1) == got::right);
}

TEST_CASE("what is no file in the place of a record stops nothing") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  memo::directory_store const store{root};
  sample const one(1);
  for (auto const& place : {entry_file(root, 1), object_file(root, 1)}) {
    auto const check = [&](char const* what, auto make) {
      INFO(what);
      CHECK(one.put_into(store, memo::put_policy::replace).stored);
      fs::remove(place);
      make();
      CHECK(look_up(store, 1) == got::nothing);
      CHECK(one.put_into(store).stored);
      CHECK(look_up(store, 1) == got::right);
    };
    check("a pipe", [&] { REQUIRE(::mkfifo(place.c_str(), 0600) == 0); });
    check("a link to a file", [&] {
      write_content(folder / "target", "x");
      fs::create_symlink(folder / "target", place);
    });
    check("a link to nowhere", [&] { fs::create_symlink("/nowhere", place); });
    check("a sparse file of 1 TiB", [&] {
      write_content(place, "x");
      fs::resize_file(place, std::uintmax_t{1} << 40);
    });
    check("an empty folder", [&] { fs::create_directory(place); });
    fs::remove(place);
    fs::create_directory(place);
    CHECK(one.put_into(store).stored);  // without a look-up before
    // A folder with something in it is never removed: this key stays a miss, with a warning.
    fs::remove(place);
    fs::create_directories(place / "theirs");
    CHECK(look_up(store, 1) == got::nothing);
    CHECK_FALSE(one.put_into(store).stored);
    fs::remove_all(place);
  }
  CHECK(content_of(folder / "target") == "x");
  CHECK(temporary_files(root) == 0);
}

TEST_CASE("a file or a link in the place of a shard gives way, and what the link leads to is not touched") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  sample const one(1);
  CHECK(one.put_into(memo::directory_store{root}).stored);
  auto const outside = folder / "outside";
  for (auto const& place : {entry_file(root, 1).parent_path(), object_file(root, 1).parent_path()}) {
    memo::directory_store const store{root};
    fs::remove_all(outside);
    fs::rename(place, outside);
    fs::create_directory_symlink(outside, place);
    auto const record = outside / fs::directory_iterator(outside)->path().filename();
    write_content(record, "damaged, and behind a link");
    CHECK(look_up(store, 1) == got::nothing);
    store.erase(one.key);
    CHECK(one.put_into(store).stored);
    CHECK(content_of(record) == "damaged, and behind a link");
    CHECK(look_up(store, 1) == got::right);
    fs::remove_all(place);
    write_content(place, "x");
    CHECK(look_up(store, 1) == got::nothing);
    CHECK(one.put_into(store).stored);
    CHECK(look_up(store, 1) == got::right);
  }
}

TEST_CASE("a file that is longer than announced is not copied to its end") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  sample const one(1);
  auto source = one.source();
  source.file = "/dev/zero";
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK_FALSE(store.put({&request, 1}).stored);
  CHECK(temporary_files(folder / "cache") == 0);
}

TEST_CASE("a store that cannot be read says so with every look-up") {
  scratch_folder const folder;
  auto const root = folder / "cache";
  CHECK(sample(1).put_into(memo::directory_store{root}).stored);
  auto const reason_with = [&](char const* unreadable) {
    static char const* name;
    name = unreadable;
    memo::directory_store const store{root};
    faults const active;
    static auto const real = active.before;
    memo::detail::os::table = real;
    memo::detail::os::table.openat = [](int f, char const* n, int flags, mode_t m) {
      if (std::string_view(n).ends_with(name)) {
        errno = EIO;
        return -1;
      }
      return real.openat(f, n, flags, m);
    };
    auto const found = store.find(key_of(1), memo::access::read_only);
    CHECK(found.status == memo::lookup::error);
    return found.reason;
  };
  for (char const* const name : {"/cache", "MEMO", "v1", "e"})
    CHECK(reason_with(name) == "store unreadable: Input/output error");
  CHECK(look_up(memo::directory_store{root}, 1) == got::right);
  fs::remove_all(root);
  CHECK(memo::directory_store{root}.find(key_of(1)).status == memo::lookup::miss);
}

TEST_CASE("a directory that somebody else makes just before it is opened is not used") {
  if (::geteuid() != 0) {
    WARN("not run: only root can make a directory of another user");
    return;
  }
  scratch_folder const folder;
  auto const root = folder / "cache";
  static std::string path;
  path = root.string();
  memo::directory_store const store{root};
  {
    faults const active;
    static auto const real = active.before;
    memo::detail::os::table = real;
    memo::detail::os::table.mkdirat = [](int f, char const* n, mode_t m) {
      int const made = real.mkdirat(f, n, m);
      if (n == path && ::chown(n, 65534, 65534) != 0) std::abort();
      return made;
    };
    auto const put = sample(1).put_into(store);
    CHECK_FALSE(put.stored);
    CHECK(put.warning.find("it belongs to user 65534") != std::string::npos);
  }
  CHECK(fs::is_empty(root));
  CHECK(store.find(key_of(1)).status == memo::lookup::miss);
  write_content(root / "MEMO", "memo store\nlayout 1\nuuid 0\n");
  CHECK(store.find(key_of(1)).reason == "store unreadable: it belongs to user 65534");
}

TEST_CASE("a sparse file with a true header of 1 TiB is not read into memory twice its size") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  sample const one(1);
  CHECK(one.put_into(store).stored);
  auto const place = entry_file(folder / "cache", 1);
  std::uint64_t const huge = std::uint64_t{1} << 40;
  auto const header = memo::detail::encode_header({memo::detail::record_kind::entry, one.key, huge, {1, 2}});
  write_content(place, std::string(memo::as_text(header)));
  fs::resize_file(place, huge + 64);
  CHECK(look_up(store, 1) == got::nothing);
}

TEST_CASE("every single system call may fail without a wrong value") {
  for (int const error : {EIO, ENOSPC, EINTR, ENOENT})
    for (bool const for_ever : {false, true}) {
      if (for_ever && error == EINTR) continue;  // that would be a call that never ends, by contract
      bool struck = true;
      for (long n = 0; struck && n < 400; ++n) {
        scratch_folder const folder;
        int wrong = 0;
        {
          faults const active;
          faults::with = error;
          faults::for_ever = for_ever;
          faults::left = n;
          try {
            memo::directory_store const store{folder / "cache", {.max_bytes = 1500}};
            for (int i = 0; i < 4; ++i) {
              sample(i, 500).put_into(store);
              wrong += look_up(store, i, 500) == got::wrong ? 1 : 0;
              wrong += look_up(store, 0, 500, memo::access::read_only) == got::wrong ? 1 : 0;
            }
            store.verify();
            store.collect();
            store.stats();
          } catch (memo::store_error const&) {
          }
          struck = for_ever ? faults::left == 0 : faults::left < 0;
          faults::left = -1;
        }
        memo::directory_store const store{folder / "cache"};
        bool const healed = sample(9, 500).put_into(store).stored && look_up(store, 9, 500) == got::right;
        for (int i = 0; i < 4; ++i) wrong += look_up(store, i, 500) == got::wrong ? 1 : 0;
        if (wrong != 0 || !healed) {
          INFO("errno " << error << ", call " << n << (for_ever ? " and all after it" : ""));
          CHECK(wrong == 0);
          CHECK(healed);
        }
      }
      CHECK_FALSE(struck);
    }
}

TEST_CASE("a close that fails publishes nothing") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  {
    faults const active;
    static auto const real = active.before;
    memo::detail::os::table = real;
    memo::detail::os::table.close = [](int fd) {
      real.close(fd);
      errno = EDQUOT;
      return -1;
    };
    auto const put = sample(2).put_into(store);
    CHECK_FALSE(put.stored);
    CHECK(put.warning.find("quota") != std::string::npos);
  }
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(temporary_files(folder / "cache") == 0);
}

TEST_CASE("reads and writes that transfer a few bytes at a time give whole values") {
  scratch_folder const folder;
  faults const active;
  static auto const real = active.before;
  memo::detail::os::table = real;
  memo::detail::os::table.read = [](int f, void* to, std::size_t n) {
    return real.read(f, to, std::min<std::size_t>(n, 7));
  };
  memo::detail::os::table.writev = [](int f, iovec const* v, int) {
    iovec const first{v->iov_base, std::min<std::size_t>(v->iov_len, 5)};
    return real.writev(f, &first, 1);
  };
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1, 3000).put_into(store).stored);
  CHECK(look_up(store, 1, 3000) == got::right);
}

TEST_CASE("a rename that was done and reported as failed counts as stored") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  faults const active;
  static auto const real = active.before;
  memo::detail::os::table = real;
  memo::detail::os::table.renameat = [](int a, char const* b, int c, char const* d) {
    real.renameat(a, b, c, d);
    errno = ENOENT;
    return -1;
  };
  CHECK(sample(1).put_into(store).stored);
  CHECK(look_up(store, 1) == got::right);
}

TEST_CASE("without free descriptors nothing is stored and nothing is wrong") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  auto const found = store.find(key_of(1));
  auto const put = sample(2).put_into(store);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(found.status == memo::lookup::error);
  CHECK(found.reason.find("Too many open files") != std::string::npos);
  CHECK_FALSE(put.stored);
  CHECK(look_up(store, 1) == got::right);
  CHECK(sample(2).put_into(store).stored);
}

TEST_CASE("a full file system makes puts that warn, and later ones work again") {
  scratch_folder const folder;
  fs::create_directory(folder / "small");
  if (::mount("tmpfs", (folder / "small").c_str(), "tmpfs", 0, "size=256k,mode=0700") != 0) {
    WARN("not run: a small tmpfs could not be mounted: " << memo::detail::os::error_text(errno));
    return;
  }
  {
    memo::directory_store const store{folder / "small/cache"};
    int failed = 0;
    int wrong = 0;
    for (int i = 0; i < 40; ++i) {
      auto const put = sample(i, 20'000).put_into(store);
      failed += put.stored ? 0 : 1;
      if (!put.stored) CHECK(put.warning.find("No space left on device") != std::string::npos);
      wrong += look_up(store, i, 20'000) == got::wrong ? 1 : 0;
    }
    CHECK(failed > 20);
    CHECK(wrong == 0);
    CHECK(temporary_files(folder / "small/cache") == 0);
    store.clear();
    CHECK(sample(1, 20'000).put_into(store).stored);
    CHECK(look_up(store, 1, 20'000) == got::right);
  }
  CHECK(::umount2((folder / "small").c_str(), MNT_DETACH) == 0);
}
