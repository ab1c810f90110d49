#include <memo/store/log_reader.hpp>

#include "../support/log_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace memo::detail;
using samples::got;
using samples::key_of;
using samples::value_of;

namespace {

constexpr auto all_right = [](memo::digest const&, std::uint64_t, memo::byte_view, memo::digest const&) {
  return true;
};

/// Until a hit is asked for anew.
void wait_a_tick() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

/// Until a folder or a mark is looked at again.
void wait_for_a_look() { std::this_thread::sleep_for(std::chrono::milliseconds(120)); }

}  // namespace

TEST_CASE("a reader of nothing finds nothing and makes nothing") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  CHECK(user.look_up(1) == got::nothing);
  CHECK(user.reader.map(key_of(1), memo::access::normal, all_right).status == memo::lookup::miss);
  CHECK(user.reader.view() == nullptr);
  CHECK(user.reader.counts().entries == 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a reader finds what others append: a miss is never stale, a hit by some milliseconds") {
  scratch_folder const folder;
  test::log_user writer(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(other.look_up(1) == got::nothing);
  for (int i = 0; i < 200; ++i) {
    CHECK(writer.put(i) == 0);
    CHECK(other.look_up(i) == got::right);
  }
  CHECK(writer.put(record_kind::object, key_of(7), "another value") == 0);
  wait_a_tick();
  CHECK(other.get(record_kind::object, key_of(7)) == "another value");
  CHECK(writer.put_gone(record_kind::object, key_of(7)) == 0);
  wait_a_tick();
  CHECK(other.look_up(7) == got::nothing);
  CHECK(other.look_up(8) == got::right);
  CHECK(other.look_up(200) == got::nothing);
}

TEST_CASE("a reader counts what there is, and what is there no more") {
  scratch_folder const folder;
  test::log_user writer(folder / "cache");
  for (int i = 0; i < 10; ++i) {
    CHECK(writer.put(i) == 0);
    CHECK(writer.put(record_kind::entry, key_of(i), "an entry") == 0);
  }
  CHECK(writer.put(record_kind::last, key_of(0), "a last record") == 0);
  CHECK(writer.put(record_kind::entry, key_of(3), "a newer one") == 0);
  CHECK(writer.put_gone(record_kind::object, key_of(4)) == 0);
  CHECK(writer.put_gone(record_kind::object, key_of(4)) == 0);
  for (bool const is_new : {false, true}) {
    test::log_user fresh(folder / "cache");
    auto& user = is_new ? fresh : writer;
    user.reader.sync();
    CHECK(user.reader.counts().entries == 10);
    CHECK(user.reader.counts().objects == 9);
    CHECK(user.reader.counts().dead_bytes == log_record_size(8) + log_record_size(100) + 2 * 64);
  }
}

TEST_CASE("a record that cannot be read is an error once, and then it is not there") {
  scratch_folder const folder;
  {
    test::log_user writer(folder / "cache");
    for (int i = 0; i < 3; ++i) CHECK(writer.put(i) == 0);
  }
  auto const log = test::current_file(folder / "cache", "log");
  auto const at = content_of(log).find(value_of(1));
  test::flip_bit(log, at);
  test::log_user user(folder / "cache");
  auto const find = [&](memo::access how) { return user.reader.read(record_kind::object, key_of(1), how); };
  for (int i = 0; i < 3; ++i) {
    CHECK(find(memo::access::read_only).status == memo::lookup::error);
    CHECK(std::string(find(memo::access::read_only).reason) == "value damaged");
  }
  CHECK(user.reader.counts().objects == 3);
  CHECK(find(memo::access::normal).status == memo::lookup::error);
  CHECK(find(memo::access::normal).status == memo::lookup::miss);
  CHECK(user.reader.counts().objects == 2);
  CHECK(user.look_up(0) == got::right);
  CHECK(user.look_up(2) == got::right);
  CHECK(user.put(1) == 0);
  CHECK(user.look_up(1) == got::right);
  CHECK(user.reader.counts().objects == 3);
}

TEST_CASE("a view is the file's own bytes, of whole records only") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 5; ++i) CHECK(user.put(i, 9000) == 0);
  auto const view = [&](int number, auto verified) {
    return user.reader.map(key_of(number), memo::access::normal, verified);
  };
  auto const first = view(0, all_right);
  auto const last = view(4, all_right);
  REQUIRE(first.status == memo::lookup::hit);
  REQUIRE(last.status == memo::lookup::hit);
  CHECK(memo::as_text(first.payload.view) == value_of(0, 9000));
  CHECK(memo::as_text(last.payload.view) == value_of(4, 9000));
  CHECK(last.payload.view.data() - first.payload.view.data() == 4 * static_cast<int>(log_record_size(9000)));
  CHECK(reinterpret_cast<std::uintptr_t>(last.payload.view.data()) % memo::payload_alignment == 0);
  auto const seen = view(2, [&](memo::digest const& uuid, std::uint64_t offset, memo::byte_view payload,
                                memo::digest const& checksum) {
    CHECK(uuid == user.reader.view()->log->uuid());
    CHECK(offset == log_page_size + 2 * log_record_size(9000));
    return memo::hash_bytes(payload) == checksum;
  });
  CHECK(seen.status == memo::lookup::hit);
  CHECK(view(3, [](auto&&...) { return false; }).status == memo::lookup::error);
  CHECK(view(3, all_right).status == memo::lookup::miss);
  CHECK(view(5, all_right).status == memo::lookup::miss);
  user.reader.drop();
  CHECK(memo::as_text(first.payload.view) == value_of(0, 9000));
}

TEST_CASE("a reader goes over to the log that took over, also after it missed some") {
  scratch_folder const folder;
  test::log_user writer(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(writer.put(1) == 0);
  CHECK(other.look_up(1) == got::right);
  other.reader.sync();  // from now on it looks at files' links after a while only
  auto const old = other.reader.view();
  for (int generation = 0; generation < 3; ++generation) {
    auto const turn = writer.begin();
    log_mark mark;
    auto made = writer.writer.make_log(mark);
    REQUIRE(made);
    CHECK(writer.writer.publish(mark, std::move(made.value)) == 0);
  }
  CHECK(writer.put(2) == 0);
  CHECK(other.look_up(2) == got::right);
  CHECK(other.look_up(1) == got::nothing);
  CHECK(other.reader.view()->log->generation() == 4);
  // Whoever still has the old one reads on in it.
  memo::shared_bytes payload;
  CHECK(old->log->read(record_kind::object, key_of(1), log_page_size, old, payload) == record_state::good);
}

TEST_CASE("a reader notices that its folder, its log or its name was deleted") {
  for (char const* const what : {"", "v1", "v1/m", "v1/m/current", "log"}) {
    scratch_folder const folder;
    auto const root = folder / "cache";
    test::log_user writer(root);
    test::log_user other(root);
    CHECK(writer.put(1) == 0);
    CHECK(other.look_up(1) == got::right);
    std::filesystem::remove_all(what == std::string("log") ? test::current_file(root, "log") : root / what);
    wait_for_a_look();
    CHECK(writer.put(2) == 0);
    wait_for_a_look();
    CHECK(other.look_up(2) == got::right);
    CHECK(writer.look_up(2) == got::right);
    // A name that is gone is of no matter to who has the log open.
    bool const is_kept = what == std::string("v1/m/current");
    CHECK((other.look_up(1) == got::right) == is_kept);
  }
}

TEST_CASE("a failing system call makes a look-up miss and nothing else") {
  scratch_folder const folder;
  {
    test::log_user writer(folder / "cache");
    for (int i = 0; i < 5; ++i) CHECK(writer.put(i, 5000) == 0);
  }
  static os::calls const real = os::table;
  static int left = 0;
  static auto const fails = [] {
    if (left-- != 0) return false;
    errno = EMFILE;
    return true;
  };
  int tried = 0;
  for (int call = 0; call < 5; ++call)
    for (int nth = 0;; ++nth, ++tried) {
      test::log_user user(folder / "cache");
      left = nth;
      if (call == 0)
        os::table.openat = [](int at, char const* name, int flags, mode_t mode) {
          return fails() ? -1 : real.openat(at, name, flags, mode);
        };
      if (call == 1)
        os::table.fstat = [](int fd, struct stat* to) { return fails() ? -1 : real.fstat(fd, to); };
      if (call == 2)
        os::table.pread = [](int fd, void* to, std::size_t size, off_t at) {
          return fails() ? ssize_t{-1} : real.pread(fd, to, size, at);
        };
      if (call == 3)
        os::table.read = [](int fd, void* to, std::size_t size) {
          return fails() ? ssize_t{-1} : real.read(fd, to, size);
        };
      if (call == 4)
        os::table.mmap = [](std::size_t size, int fd, off_t at) {
          return fails() ? MAP_FAILED : real.mmap(size, fd, at);
        };
      int wrong = 0;
      for (int i = 0; i < 5; ++i) {
        wrong += user.look_up(i, 5000) == got::wrong ? 1 : 0;
        auto const view = user.reader.map(key_of(i), memo::access::normal, all_right);
        bool const is_right = memo::as_text(view.payload.view) == value_of(i, 5000);
        wrong += view.status == memo::lookup::hit && !is_right ? 1 : 0;
      }
      bool const failed = left < 0;
      os::table = real;
      CHECK(wrong == 0);
      if (!failed) break;
      // What this user gave up another one still has.
      test::log_user fresh(folder / "cache");
      for (int i = 0; i < 5; ++i) CHECK(fresh.look_up(i, 5000) == got::right);
    }
  CHECK(tried >= 10);
}
