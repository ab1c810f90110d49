#include <memo/store/log_compaction.hpp>

#include "../support/log_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using namespace memo::detail;
using samples::got;
using samples::key_of;
using samples::sample;

namespace {

constexpr std::int64_t now_ms = 1'000'000'000'000;
os::calls const real = os::table;

/// A user of a log whose entries name objects.
struct compacting_user : test::log_user {
  using log_user::log_user;

  /// Puts the entry and the object of a number.
  void put_both(int number, std::size_t size = 1000, std::int64_t age_ms = 0, std::int64_t cost_ns = 0) {
    sample one(number, size);
    one.value.created_ms = now_ms - age_ms;
    one.value.cost_ns = cost_ns;
    REQUIRE(put(record_kind::object, one.object(), one.bytes) == 0);
    auto const payload = encode_entry(one.value);
    REQUIRE(put(record_kind::entry, one.key, memo::as_text(payload.view())) == 0);
  }
  bool has_entry(int number) { return get(record_kind::entry, key_of(number)).has_value(); }
  bool has_object(int number, std::size_t size = 1000) {
    sample const one(number, size);
    auto const found = get(record_kind::object, one.object());
    if (found) CHECK(*found == one.bytes);
    return found.has_value();
  }
  /// What a rewriting gains; an errno where it was not written.
  memo::collect_result rewrite(log_quota const& quota, std::uint64_t young_from = UINT64_MAX,
                               int expected = 0) {
    auto const turn = begin();
    REQUIRE(turn);
    log_compaction made(reader, writer, pinned, now_ms, young_from);
    REQUIRE(made.plan(quota));
    auto const gain = made.gain();
    CHECK(made.write() == expected);
    return gain;
  }
  std::uint64_t file_size() const {
    return std::filesystem::file_size(test::current_file(root.path(), "log"));
  }

  pins pinned;
};

}  // namespace

TEST_CASE("what is superseded, gone, or named by nothing is left out of a new log") {
  scratch_folder const folder;
  compacting_user user(folder / "cache");
  for (int i = 0; i < 20; ++i) user.put_both(i);
  for (int i = 0; i < 5; ++i) user.put_both(i);  // both records once more
  for (int i = 5; i < 8; ++i) CHECK(user.put_gone(record_kind::entry, key_of(i)) == 0);
  CHECK(user.put_gone(record_kind::object, sample(8, 1000).object()) == 0);
  CHECK(user.put(record_kind::last, key_of(1), "a last record") == 0);
  std::uint64_t const before = user.file_size();
  auto const gain = user.rewrite({});
  CHECK(gain.removed_entries == 0);
  CHECK(gain.removed_bytes == before - user.file_size());
  CHECK(content_of(folder / "cache/v1/m/current") == current_text(2));
  compacting_user fresh(folder / "cache");
  for (auto* const at : {&user, &fresh}) {
    for (int i = 0; i < 20; ++i) {
      CHECK(at->has_entry(i) == (i < 5 || i >= 8));
      CHECK(at->has_object(i) == (i < 5 || i >= 9));
    }
    CHECK(at->get(record_kind::last, key_of(1)) == "a last record");
    CHECK(at->reader.counts().entries == 17);
    CHECK(at->reader.counts().objects == 16);
    CHECK(at->reader.counts().dead_bytes == 0);
    // All of it is in the index that came with the log.
    REQUIRE(at->reader.view()->snapshot != nullptr);
    CHECK(at->reader.view()->snapshot->size() == 34);
    CHECK(at->reader.view()->tail->size() == 0);
  }
  user.put_both(20);
  CHECK(fresh.has_object(20));
}

TEST_CASE("an object that entries share stays as long as one of them does") {
  scratch_folder const folder;
  compacting_user user(folder / "cache");
  sample const shared(1, 5000);
  REQUIRE(user.put(record_kind::object, shared.object(), shared.bytes) == 0);
  for (int i = 0; i < 4; ++i) {
    memo::entry named = shared.value;
    named.created_ms = now_ms - i * 1000;
    auto const payload = encode_entry(named);
    REQUIRE(user.put(record_kind::entry, key_of(i), memo::as_text(payload.view())) == 0);
  }
  CHECK(user.rewrite({0, 0, 2000}).removed_entries == 2);
  CHECK(user.has_object(1, 5000));
  CHECK(user.rewrite({0, 0, 1}).removed_entries == 1);
  CHECK(user.has_object(1, 5000));
  CHECK(user.rewrite({0, 0, 1}).removed_entries == 0);
  user.pinned.pin(std::vector{key_of(0)}).reset();
  CHECK(user.rewrite({1, 0, 0}).removed_entries == 1);
  CHECK_FALSE(user.has_object(1, 5000));
}

TEST_CASE("what nothing names stays while it is young and there is room") {
  scratch_folder const folder;
  compacting_user user(folder / "cache");
  CHECK(user.put(1, 1000) == 0);
  std::uint64_t const end = user.file_size();
  CHECK(user.put(2, 1000) == 0);
  user.rewrite({}, end);
  CHECK(user.look_up(1, 1000) == got::nothing);
  CHECK(user.look_up(2, 1000) == got::right);
  user.rewrite({user.file_size() - 1, 0, 0}, 0);
  CHECK(user.look_up(2, 1000) == got::nothing);
}

TEST_CASE("quotas take what is old and what is worth least, and nothing that is pinned") {
  scratch_folder const folder;
  compacting_user user(folder / "cache");
  // Cheap ones with odd numbers, old ones from 20 on.
  for (int i = 0; i < 30; ++i)
    user.put_both(i, 1000, i >= 20 ? 10'000 : 0, i % 2 == 0 ? 60'000'000'000 : 1000);
  auto const pinned = user.pinned.pin(std::vector{key_of(1), key_of(21)});
  CHECK(user.rewrite({0, 0, 5000}).removed_entries == 9);
  CHECK(user.has_entry(21));
  CHECK(user.rewrite({0, 12, 0}).removed_entries == 9);
  for (int i = 0; i < 20; ++i) CHECK(user.has_entry(i) == (i % 2 == 0 || i == 1));
  CHECK(user.has_object(21));
  std::uint64_t const size = user.file_size();
  std::uint64_t const quota = log_page_size + (size - log_page_size) / 2;
  user.rewrite({quota, 0, 0});
  CHECK(user.file_size() <= quota);
  CHECK(user.file_size() > quota / 2);
  CHECK(user.has_entry(1));
  // Less than what is pinned: that stays, and nothing else.
  user.rewrite({1, 1, 1});
  CHECK(user.reader.counts().entries == 2);
  CHECK(user.has_object(1));
  CHECK(user.has_object(21));
}

TEST_CASE("an entry that cannot be read is left out, and one that cannot be read now is not") {
  scratch_folder const folder;
  {
    compacting_user user(folder / "cache");
    for (int i = 0; i < 10; ++i) user.put_both(i);
  }
  auto const log = test::current_file(folder / "cache", "log");
  compacting_user user(folder / "cache");
  user.reader.sync();
  static int left = 0;
  for (int nth = 0;; ++nth) {
    auto const turn = user.begin();
    log_compaction made(user.reader, user.writer, user.pinned, now_ms, 0);
    left = nth;
    os::table.pread = [](int fd, void* to, std::size_t size, off_t at) {
      if (left-- != 0) return real.pread(fd, to, size, at);
      errno = EIO;
      return ssize_t{-1};
    };
    bool const is_planned = made.plan({});
    os::table = real;
    if (left >= 0) break;
    CHECK_FALSE(is_planned);
  }
  test::flip_bit(log, content_of(log).find("survey"));
  user.rewrite({}, 0);
  compacting_user fresh(folder / "cache");
  for (int i = 0; i < 10; ++i) {
    CHECK(fresh.has_entry(i) == (i != 0));
    CHECK(fresh.has_object(i));
  }
}

TEST_CASE("whatever call fails while a log is written anew, all is there before or after") {
  static int left = 0;
  static auto const fails = [](int error) {
    if (left-- != 0) return false;
    errno = error;
    return true;
  };
  int tried = 0;
  for (int call = 0; call < 8; ++call)
    for (int nth = 0; nth < 50; ++nth, ++tried) {
      scratch_folder const folder;
      compacting_user user(folder / "cache");
      compacting_user other(folder / "cache");
      for (int i = 0; i < 10; ++i) user.put_both(i);
      CHECK(user.put_gone(record_kind::entry, key_of(0)) == 0);
      CHECK(other.has_object(5));
      {
        auto const turn = user.begin();
        log_compaction made(user.reader, user.writer, user.pinned, now_ms, UINT64_MAX);
        left = nth;
        auto& to = os::table;
        if (call == 0)
          to.openat = [](int at, char const* name, int flags, mode_t mode) {
            return fails(EMFILE) ? -1 : real.openat(at, name, flags, mode);
          };
        if (call == 1)
          to.pread = [](int fd, void* into, std::size_t size, off_t at) {
            return fails(EIO) ? ssize_t{-1} : real.pread(fd, into, size, at);
          };
        if (call == 2)
          to.pwrite = [](int fd, void const* from, std::size_t size, off_t at) {
            return fails(ENOSPC) ? ssize_t{-1} : real.pwrite(fd, from, size, at);
          };
        if (call == 3)
          to.pwritev = [](int fd, iovec const* pieces, int count, off_t at) {
            return fails(ENOSPC) ? ssize_t{-1} : real.pwritev(fd, pieces, count, at);
          };
        if (call == 4)
          to.renameat = [](int from, char const* a, int into, char const* b) {
            return fails(EIO) ? -1 : real.renameat(from, a, into, b);
          };
        if (call == 5) to.fdatasync = [](int fd) { return fails(EIO) ? -1 : real.fdatasync(fd); };
        if (call == 6) to.fstat = [](int fd, struct stat* s) { return fails(EIO) ? -1 : real.fstat(fd, s); };
        if (call == 7)
          to.unlinkat = [](int at, char const* name, int flags) {
            return fails(EIO) ? -1 : real.unlinkat(at, name, flags);
          };
        if (made.plan({})) [[maybe_unused]]
          int const ignored = made.write();
        os::table = real;
      }
      if (left >= 0) break;
      user.put_both(20);
      other.put_both(21);
      compacting_user fresh(folder / "cache");
      for (auto* const at : {&user, &other, &fresh})
        for (int const i : {1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21})
          if (!at->has_entry(i) || !at->has_object(i))
            FAIL("call " << call << ", number " << nth << ", key " << i);
      CHECK_FALSE(fresh.has_entry(0));
    }
  CHECK(tried > 15);
}
