#include <memo/cli/doctor.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "../support/log_folder.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

using memo::severity;
using samples::sample;
namespace fs = std::filesystem;
namespace os = memo::detail::os;

namespace {

using findings = std::vector<memo::finding>;

/// All that a folder holds: names, kinds, permissions, times of change and contents.
memo::digest digest_of(fs::path const& folder) {
  std::vector<std::string> lines;
  for (auto const& item : fs::recursive_directory_iterator(folder)) {
    struct stat status{};
    ::lstat(item.path().c_str(), &status);
    std::string line = item.path().string() + ' ' + std::to_string(status.st_mode) + ' ' +
                       std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec);
    if (item.is_regular_file()) line += ' ' + content_of(item.path());
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (auto const& line : lines) all += line + '\n';
  return samples::id_of(all);
}

/// What the doctor says; it must change nothing, and say what can be done.
findings examine(fs::path const& path, memo::doctor_options const& how = {}) {
  auto const before = fs::exists(path) ? digest_of(path) : memo::digest{};
  auto found = memo::doctor(path.string(), how);
  CHECK((fs::exists(path) ? digest_of(path) : memo::digest{}) == before);
  for (auto const& one : found) {
    INFO(one.text);
    if (one.what >= severity::warning) CHECK(one.remedy != "");
    CHECK(one.text.find('\n') == std::string::npos);
  }
  return found;
}

bool has(findings const& all, severity what, std::string const& text, std::string const& remedy = "") {
  bool const found = std::any_of(all.begin(), all.end(), [&](memo::finding const& one) {
    return one.what == what && one.text.find(text) != std::string::npos &&
           one.remedy.find(remedy) != std::string::npos;
  });
  if (!found)
    for (auto const& one : all)
      UNSCOPED_INFO(memo::name_of(one.what) << ": " << one.text << " | " << one.remedy);
  return found;
}
bool is_well(findings const& all) { return has(all, severity::ok, "no problem found"); }
/// Nothing but facts.
bool is_quiet(findings const& all) {
  bool const quiet =
      std::all_of(all.begin(), all.end(), [](auto const& one) { return one.what == severity::ok; });
  if (!quiet)
    for (auto const& one : all) UNSCOPED_INFO(memo::name_of(one.what) << ": " << one.text);
  return quiet && is_well(all);
}

/// A cache with twenty entries, of which ten have an object.
template <class Store>
void fill(fs::path const& path) {
  Store const store{path};
  for (int i = 0; i < 20; ++i) {
    sample one(i);
    if (i % 2 == 0) one.go_inline();
    REQUIRE(one.put_into(store).stored);
  }
  REQUIRE(store.write_last(samples::key_of(1), memo::as_byte_view("last")).stored);
}

struct patient {
  scratch_folder folder;
  fs::path const cache = folder / "cache";
  std::string path(std::string const& inside) const { return (cache / inside).string(); }
  fs::path file_of(char const* kind, memo::digest const& id) const {
    return cache / "v1" / kind / memo::to_hex(id).insert(2, "/");
  }
};
struct directory_patient : patient {
  directory_patient() { fill<memo::directory_store>(cache); }
};
struct log_patient : patient {
  log_patient() { fill<memo::mmap_store>(cache); }
};

void make_older(fs::path const& path, int seconds) {
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(seconds));
}

/// A file system that tests make up.
struct made_up_system {
  static inline struct statfs status{};
  static inline int lock_error = 0;
  static inline os::calls real;

  made_up_system() {
    real = os::table;
    status = {};
    status.f_type = 0xef53;
    status.f_bsize = 4096;
    status.f_blocks = 1u << 26;
    status.f_bavail = 1u << 25;
    status.f_files = 1'000'000;
    status.f_ffree = 900'000;
    lock_error = 0;
    os::table.fstatfs = [](int, struct statfs* to) {
      *to = status;
      return 0;
    };
    os::table.fcntl = [](int fd, int command, struct flock* range) {
      errno = lock_error;
      return lock_error != 0 ? -1 : real.fcntl(fd, command, range);
    };
  }
  ~made_up_system() { os::table = real; }
};

struct set_variable {
  set_variable(char const* name, std::string const& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~set_variable() { ::unsetenv(name_); }
  char const* name_;
};

}  // namespace

TEST_CASE("the doctor finds nothing wrong with a healthy cache and tells what was looked at") {
  made_up_system const system;
  directory_patient const files;
  auto const found = examine(files.cache);
  CHECK(is_quiet(found));
  CHECK(found.front().text == "no problem found");
  CHECK(has(found, severity::ok, "directory_store: 20 entries, 10 objects"));
  CHECK(has(found, severity::ok, "31 records were read and verified"));
  CHECK(has(found, severity::ok, "file system: ext, 128 GiB of 256 GiB free"));
  CHECK(has(found, severity::ok, "cache: " + files.cache.string()));
  log_patient const log;
  auto const logged = examine(log.cache);
  CHECK(is_quiet(logged));
  CHECK(has(logged, severity::ok, "mmap_store: 20 entries, 10 objects"));
  CHECK(has(logged, severity::ok, "31 records were read and verified"));
}

TEST_CASE("the doctor looks at a sample of a large cache unless all is asked for") {
  directory_patient const files;
  auto const some = examine(files.cache, {.sample_records = 5});
  CHECK(has(some, severity::ok, "11 records were read and verified, as a sample: --full reads all"));
  CHECK(has(examine(files.cache, {.is_full = true, .sample_records = 5}), severity::ok,
            "31 records were read and verified"));
  log_patient const log;
  for (std::uint64_t bytes = 4096; bytes < 4096 + 2048; bytes += 64) {
    auto const part = examine(log.cache, {.sample_bytes = bytes});
    CHECK(is_quiet(part));
    CHECK(has(part, severity::ok, "as a sample"));
  }
  CHECK(
      has(examine(log.cache, {.is_full = true, .sample_bytes = 6144}), severity::ok, "31 records were read"));
}

TEST_CASE("the doctor says what is at a path where no cache is") {
  scratch_folder const folder;
  CHECK(has(examine(folder / "none"), severity::problem, "there is no cache", "check the spelling"));
  fs::create_directory(folder / "other");
  write_content(folder / "other/a.txt", "x");
  CHECK(has(examine(folder / "other"), severity::problem, "this is not a cache of memo"));
  fs::create_directory(folder / "newer");
  fs::permissions(folder / "newer", fs::perms::owner_all);
  write_content(folder / "newer/MEMO", "memo store\nlayout 9\nuuid 00000000000000000000000000000000\n");
  CHECK(has(examine(folder / "newer"), severity::problem, "a newer version of memo made this cache"));
}

TEST_CASE("the doctor finds permissions that let others in") {
  directory_patient const files;
  ::chmod(files.cache.c_str(), 0777);
  CHECK(has(examine(files.cache), severity::problem, "every user may write to it",
            "chmod go-w '" + files.cache.string() + "'"));
  ::chmod(files.cache.c_str(), 0770);
  CHECK(has(examine(files.cache), severity::problem, "its group may write to it", "chmod go-w"));
  ::chmod(files.cache.c_str(), 0755);
  CHECK(has(examine(files.cache), severity::note, "every user of this machine may read", "chmod o-rwx"));
  ::chmod(files.cache.c_str(), 0700);
  ::chmod(files.path("v1/e").c_str(), 0777);
  CHECK(has(examine(files.cache), severity::problem, "may write to v1/e", "chmod -R o-w"));
}

TEST_CASE("the doctor says that a cache belongs to somebody else") {
  if (::geteuid() != 0) return;  // only root may give files away
  directory_patient const files;
  REQUIRE(::chown(files.cache.c_str(), 4242, 4242) == 0);
  CHECK(has(examine(files.cache), severity::problem, "it belongs to user 4242"));
}

TEST_CASE("the doctor finds a cache that this user may not write to") {
  if (::geteuid() != 0) return;  // needs a second user
  scratch_folder const folder;
  ::chmod(folder.path().c_str(), 0755);
  fs::create_directory(folder / "cache");
  ::chmod((folder / "cache").c_str(), 0700);
  REQUIRE(::chown((folder / "cache").c_str(), 65534, 65534) == 0);
  int const status = test::in_child([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 2;
    if (!sample(1).put_into(memo::directory_store{folder / "cache"}).stored) return 3;
    ::chmod((folder / "cache/v1").c_str(), 0500);
    bool const found =
        has(memo::doctor((folder / "cache").string()), severity::warning, "this user may not write");
    ::chmod((folder / "cache/v1").c_str(), 0700);
    return found ? 0 : 1;
  });
  CHECK(status == 0);
}

TEST_CASE("the doctor finds a lost marker, lost tags and a lost folder") {
  directory_patient const files;
  fs::remove(files.path("CACHEDIR.TAG"));
  fs::remove(files.path(".gitignore"));
  auto const found = examine(files.cache);
  CHECK(is_well(found));
  CHECK(has(found, severity::note, "CACHEDIR.TAG is missing", "printf"));
  CHECK(has(found, severity::note, ".gitignore is missing", "echo '*' >"));
  auto const marker = content_of(files.path("MEMO"));
  fs::remove(files.path("MEMO"));
  CHECK(has(examine(files.cache), severity::problem, "has lost its marker", "the first put writes it again"));
  CHECK(sample(99).put_into(memo::directory_store{files.cache}).stored);
  CHECK(is_quiet(examine(files.cache)));
  fs::remove_all(files.path("v1"));
  CHECK(has(examine(files.cache), severity::problem, "the folder v1 is missing"));
}

TEST_CASE("the remedies for lost tags are commands that work") {
  directory_patient const files;
  for (char const* const name : {"CACHEDIR.TAG", ".gitignore"}) {
    fs::remove(files.path(name));
    for (auto const& one : examine(files.cache))
      if (one.what == severity::note) CHECK(std::system(one.remedy.c_str()) == 0);
  }
  CHECK(is_quiet(examine(files.cache)));
  CHECK(content_of(files.path("CACHEDIR.TAG")).starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
}

TEST_CASE("the doctor names what in a cache is none of memo's") {
  directory_patient const files;
  write_content(files.path("notes.txt"), "x");
  write_content(files.path("v1/more.txt"), "x");
  auto const found = examine(files.cache);
  CHECK(has(found, severity::note, "2 names in the cache are none of memo's: notes.txt, v1/more.txt"));
  write_content(files.file_of("e", samples::key_of(1)).parent_path() / "stray", "x");
  fs::create_directory(files.path("v1/o/strange"));
  auto const more = examine(files.cache);
  CHECK(has(more, severity::note, "2 names among the records are none of memo's"));
  CHECK(has(more, severity::note, "v1/o/strange"));
  log_patient const log;
  write_content(log.path("v1/m/stray"), "x");
  CHECK(has(examine(log.cache), severity::note, "v1/m/stray"));
}

TEST_CASE("the doctor says what memo does differently on a file system") {
  directory_patient const files;
  made_up_system const system;
  auto const with_type = [&](std::uint32_t type) {
    made_up_system::status.f_type = static_cast<decltype(made_up_system::status.f_type)>(type);
    return examine(files.cache);
  };
  CHECK(has(with_type(0x6969), severity::note, "it is on a network (nfs)", "local disk"));
  CHECK(has(with_type(0x65735546), severity::note, "(fuse)"));
  CHECK(has(with_type(0x4d44), severity::warning, "FAT", "another file system"));
  CHECK(has(with_type(0x2011bab0), severity::warning, "FAT"));
  CHECK(has(with_type(0x794c7630), severity::note, "files are not mapped on this file system (overlay)"));
  CHECK(is_quiet(with_type(0x58465342)));
  made_up_system::status.f_flags = ST_RDONLY;
  CHECK(has(with_type(0xef53), severity::warning, "mounted read-only"));
}

TEST_CASE("the doctor finds a disk that is nearly full") {
  directory_patient const files;
  made_up_system const system;
  made_up_system::status.f_bavail = (1u << 26) / 30;
  CHECK(has(examine(files.cache), severity::warning, "the file system is nearly full", "gc --max-bytes"));
  made_up_system::status.f_blocks = 1u << 20;
  made_up_system::status.f_bavail = 1u << 17;  // half a GiB, an eighth of all
  CHECK(has(examine(files.cache), severity::warning, "512 MiB of 4 GiB are free"));
  made_up_system::status.f_bavail = 1u << 19;
  CHECK(is_quiet(examine(files.cache)));
  made_up_system::status.f_ffree = 40'000;
  CHECK(has(examine(files.cache), severity::warning, "no room for more files: 40000 of 1000000"));
  // Some file systems, such as Btrfs, count no files.
  made_up_system::status.f_files = made_up_system::status.f_ffree = 0;
  CHECK(is_quiet(examine(files.cache)));
}

TEST_CASE("the doctor finds locks that do not work") {
  directory_patient const files;
  auto const claim = memo::directory_store{files.cache}.claim(
      {.key = samples::key_of(1), .reach = memo::claim_reach::machine});
  made_up_system const system;
  made_up_system::lock_error = ENOLCK;
  CHECK(has(examine(files.cache), severity::warning,
            "locks do not work on this file system (No locks available)"));
}

TEST_CASE("the doctor finds files from the future") {
  directory_patient const files;
  make_older(files.path("v1/e"), -86'400);
  CHECK(has(examine(files.cache), severity::warning, "in the future", "date"));
  make_older(files.path("v1/e"), 86'400 - 60);
  CHECK(is_quiet(examine(files.cache)));
  log_patient const log;
  make_older(log.path("v1/m/current"), -7200);
  CHECK(has(examine(log.cache), severity::warning, "in the future"));
}

TEST_CASE("the doctor finds files that were left half-written") {
  directory_patient const files;
  std::string const name = ".t" + memo::to_hex(samples::key_of(5));
  write_content(files.path("v1/" + name), "0123456789");
  CHECK(is_quiet(examine(files.cache)));  // somebody may be writing it
  make_older(files.path("v1/" + name), 3600);
  CHECK(has(examine(files.cache), severity::note, "1 file was left half-written", "gc"));
  auto const shard = files.file_of("o", sample(1).object()).parent_path();
  write_content(shard / name, "0123456789");
  make_older(shard / name, 3 * 86'400);
  CHECK(has(examine(files.cache), severity::warning, "2 files were left half-written", "gc"));
  CHECK(has(examine(files.cache), severity::warning, "(20 B)"));

  log_patient const log;
  write_content(log.path("v1/m/" + name), "x");
  write_content(log.path("v1/m/log.00000000000000ff"), "x");
  CHECK(is_quiet(examine(log.cache)));
  make_older(log.path("v1/m/" + name), 3600);
  make_older(log.path("v1/m/log.00000000000000ff"), 3600);
  CHECK(has(examine(log.cache), severity::warning, "2 files are left of a log that was not finished", "gc"));
}

TEST_CASE("the doctor finds damaged records and leaves them") {
  directory_patient const files;
  test::flip_bit(files.file_of("o", sample(1).object()), 100);
  fs::resize_file(files.file_of("e", samples::key_of(2)), 70);
  auto const found = examine(files.cache);
  CHECK(has(found, severity::problem, "2 records of 31 are damaged", "verify"));
  CHECK(fs::exists(files.file_of("o", sample(1).object())));

  log_patient const log;
  auto const file = test::current_file(log.cache, "log");
  test::flip_bit(file, content_of(file).find(samples::value_of(3)));
  CHECK(has(examine(log.cache), severity::problem, "1 record of 31 is damaged", "verify"));
  auto const generation = memo::detail::current_generation(content_of(log.path("v1/m/current")));
  CHECK(generation);
  write_content(log.path("v1/m/current"), "memo log\ngeneration 00000000000000aa\n");
  CHECK(has(examine(log.cache), severity::problem, "the log that v1/m/current names is missing"));
}

TEST_CASE("the doctor finds a log that somebody cut") {
  log_patient const log;
  auto const file = test::current_file(log.cache, "log");
  fs::resize_file(file, fs::file_size(file) / 128 * 64);
  auto const found = examine(log.cache);
  bool const is_noticed =
      has(found, severity::problem, "shorter than it was") || has(found, severity::problem, "damaged");
  // Behind the mark nobody knows that there was more: what is left is sound.
  CHECK((is_noticed || is_well(found)));
  fs::resize_file(file, 4096 - 64);
  CHECK_FALSE(is_quiet(examine(log.cache)));
}

TEST_CASE("the doctor finds objects that no entry names once they are old") {
  directory_patient const files;
  fs::remove(files.file_of("e", samples::key_of(1)));
  CHECK(is_quiet(examine(files.cache)));  // an entry may be on its way
  make_older(files.file_of("o", sample(1).object()), 3600);
  CHECK(has(examine(files.cache), severity::note, "1 object is named by no entry any more (164 B)", "gc"));
  // In a sample nobody can tell.
  CHECK_FALSE(has(examine(files.cache, {.sample_records = 3}), severity::note, "named by no entry"));
}

TEST_CASE("the doctor finds entries whose values are gone") {
  directory_patient const files;
  fs::remove(files.file_of("o", sample(1).object()));
  CHECK(has(examine(files.cache), severity::warning, "1 entry names values that are gone"));
  log_patient const log;
  memo::mmap_store{log.cache}.discard(sample(1).object());
  CHECK(has(examine(log.cache), severity::warning, "1 entry names values that are gone"));
}

TEST_CASE("the doctor finds two kinds of store in one directory") {
  directory_patient const files;
  fill<memo::mmap_store>(files.cache);
  auto const found = examine(files.cache);
  CHECK(has(found, severity::warning, "two kinds of store lie in one directory", "rm -r"));
  CHECK(has(found, severity::ok, "directory_store: 20 entries"));
  CHECK(has(found, severity::ok, "mmap_store: 20 entries"));
}

TEST_CASE("the doctor finds lines of the history that cannot be read") {
  directory_patient const files;
  write_content(files.path("history.jsonl"), "{\"memo_history\":1,\"pipeline\":\"p\"}\nnonsense\n");
  auto const found = examine(files.cache);
  CHECK(is_well(found));
  CHECK(has(found, severity::note, "1 line of the history of runs cannot be read"));
  CHECK(has(found, severity::ok, "history of 1 run"));
}

TEST_CASE("the doctor finds variables with odd values") {
  directory_patient const files;
  auto const with = [&](char const* name, std::string const& value) {
    set_variable const set(name, value);
    return examine(files.cache);
  };
  CHECK(has(with("MEMO_MODE", "readwrite"), severity::problem, "MEMO_MODE is \"readwrite\"",
            "unset MEMO_MODE"));
  CHECK(has(with("MEMO_MODE", "off"), severity::note, "MEMO_MODE is off: runs look nothing up"));
  CHECK(has(with("MEMO_MODE", "read_only"), severity::note, "runs keep nothing"));
  CHECK(is_quiet(with("MEMO_MODE", "read_write")));
  CHECK(has(with("MEMO_JOBS", "many"), severity::problem, "MEMO_JOBS is \"many\"", "unset MEMO_JOBS"));
  CHECK(has(with("MEMO_JOBS", "0"), severity::problem, "MEMO_JOBS"));
  CHECK(is_quiet(with("MEMO_JOBS", "4")));
  CHECK(has(with("MEMO_DIR", "cache"), severity::warning, "MEMO_DIR is \"cache\"", "export MEMO_DIR=/"));
  CHECK(has(with("MEMO_DIR", "/tmp/elsewhere"), severity::note, "MEMO_DIR is /tmp/elsewhere"));
  CHECK(is_quiet(with("MEMO_DIR", files.cache.string())));
  CHECK(has(with("MEMO_WORKDIR", files.path("none")), severity::note, "does not exist yet", "mkdir -p"));
  CHECK(has(with("MEMO_WORKDIR", files.path("MEMO")), severity::problem, "is no directory",
            "unset MEMO_WORKDIR"));
  CHECK(is_quiet(with("MEMO_WORKDIR", files.folder.path().string())));
}

TEST_CASE("the doctor finds limits of the process that are low") {
  directory_patient const files;
  auto const in_child_with = [&](auto which, rlim_t most, std::string const& text) {
    return test::in_child([&] {
      rlimit limit{};
      ::getrlimit(which, &limit);
      limit.rlim_cur = most;
      if (::setrlimit(which, &limit) != 0) return 2;
      return has(memo::doctor(files.cache.string()), severity::warning, text) ? 0 : 1;
    });
  };
  CHECK(in_child_with(RLIMIT_NOFILE, 64, "may open 64 files only") == 0);
  CHECK(in_child_with(RLIMIT_FSIZE, 1 << 20, "files of 1048576 bytes only") == 0);
}

TEST_CASE("the doctor names the processes that compute something at this moment") {
  directory_patient const files;
  test::channel claimed;
  test::channel done;
  test::process const other([&] {
    memo::directory_store const store{files.cache};
    std::vector<memo::claim_result> held;
    for (int i = 0; i < 3; ++i)
      held.push_back(store.claim({.key = samples::key_of(i), .reach = memo::claim_reach::machine}));
    claimed.send();
    done.receive();
    return 0;
  });
  claimed.receive();
  auto const found = examine(files.cache);
  CHECK(is_well(found));
  CHECK(has(found, severity::note,
            "process " + std::to_string(other.id()) + " computes 3 results at this moment"));
  done.send();
  const_cast<test::process&>(other).join();
  CHECK(is_quiet(examine(files.cache)));
}

TEST_CASE("the doctor finds a key with very many variants") {
  patient const files;
  memo::directory_store const store{files.cache};
  for (int i = 0; i < 20; ++i) {
    sample one(1);
    one.go_inline();
    one.value.variant = samples::id_of("variant " + std::to_string(i));
    REQUIRE(one.put_into(store).stored);
  }
  CHECK(has(examine(files.cache), severity::note,
            "1 entry has 16 variants or more, as what the step `mean` reads"));
}

TEST_CASE("the doctor finds a step that takes most of the space") {
  patient const files;
  memo::directory_store const store{files.cache};
  sample large(1, 100, "field");
  large.go_inline();
  auto& output = large.value.outputs.emplace_back();
  output.object = samples::id_of("far away");
  output.size = std::uint64_t{1} << 30;
  REQUIRE(large.put_into(store).stored);
  REQUIRE(sample(2).put_into(store).stored);
  CHECK(has(examine(files.cache), severity::note, "the step `field` of `stars` takes 1 GiB of 1 GiB",
            "memo::digest_only"));
}

TEST_CASE("the doctor advises another store for very many small files") {
  directory_patient const files;
  CHECK(has(examine(files.cache, {.many_files = 25}), severity::note, "there are 30 small files",
            "memo::mmap_store"));
}

TEST_CASE("the doctor raises no alarm while others write") {
  scratch_folder const folder;
  test::channel begun;
  auto const write = [&](auto const& store) {
    for (int i = 0;; ++i) {
      sample one(i % 200, 100 + static_cast<std::size_t>(i % 7));
      if (i % 3 == 0) one.go_inline();
      if (!one.put_into(store, i % 5 == 0 ? memo::put_policy::replace : memo::put_policy::keep).stored)
        return 1;
      if (i % 11 == 0) store.erase(samples::key_of(i % 200));
      if (i % 500 == 499) store.collect({.max_entries = 150});
      if (i == 300) begun.send();
    }
  };
  std::vector<test::process> writers;
  writers.emplace_back([&] { return write(memo::directory_store{folder / "files"}); });
  writers.emplace_back([&] { return write(memo::mmap_store{folder / "log"}); });
  begun.receive();
  begun.receive();
  for (int i = 0; i < 40; ++i)
    for (char const* const name : {"files", "log"}) {
      auto const found = memo::doctor((folder / name).string());
      INFO(name);
      REQUIRE(is_well(found));
    }
}

TEST_CASE("a path with odd characters is quoted in remedies") {
  scratch_folder const folder;
  fs::path const path = folder / "it's a cache";
  fill<memo::directory_store>(path);
  fs::remove(path / ".gitignore");
  for (auto const& one : examine(path))
    if (one.what == severity::note) CHECK(std::system(one.remedy.c_str()) == 0);
  CHECK(fs::exists(path / ".gitignore"));
}
