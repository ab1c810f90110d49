#include <memo/store/log_writer.hpp>

#include "../support/log_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace memo::detail;
using samples::got;
using samples::key_of;
using samples::value_of;

namespace {

os::calls const real = os::table;

/// Gives the system's functions back.
struct failing_calls {
  failing_calls() = default;
  failing_calls(failing_calls const&) = delete;
  failing_calls& operator=(failing_calls const&) = delete;
  ~failing_calls() { os::table = real; }
};

/// The lines of a file of which not all bytes are zero.
std::string hex_lines(std::string const& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string const line = bytes.substr(at, 16);
    if (line.find_first_not_of('\0') == std::string::npos) continue;
    for (int shift = 12; shift >= 0; shift -= 4) text += digits[at >> shift & 15];
    text += ':';
    for (char const c : line) {
      auto const value = static_cast<unsigned char>(c);
      text += ' ';
      text += digits[value >> 4];
      text += digits[value & 15];
    }
    text += '\n';
  }
  return text;
}

std::size_t files_in(std::filesystem::path const& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] auto const& item : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

/// Adds a value to what an appender has.
int add(log_appender& to, int number, std::string const& value) {
  memo::byte_view const bytes = memo::as_byte_view(value);
  return to.add(record_header{record_kind::object, key_of(number), bytes.size(), memo::hash_bytes(bytes)},
                std::span(&bytes, 1));
}

}  // namespace

// Red here means that logs which programs wrote before are read wrongly or not at all: was that meant? Then raise
// log_format_version and add to its list.
TEST_CASE("logs are written as the golden file has them") {
  CHECK(memo::log_format_version == 1);
  scratch_folder const folder;
  failing_calls const restored;
  os::table.getrandom = [](void* to, std::size_t size) {
    std::memset(to, 7, size);
    return static_cast<ssize_t>(size);
  };
  test::log_user user(folder / "cache");
  CHECK(user.put(record_kind::object, key_of(1), "the bytes of an object") == 0);
  CHECK(user.put(record_kind::entry, key_of(2), "the payload of an entry") == 0);
  CHECK(user.put(record_kind::last, key_of(3), "") == 0);
  CHECK(user.put_gone(record_kind::entry, key_of(2)) == 0);
  auto const turn = user.begin();
  CHECK(user.writer.mark() == 0);
  auto const log = test::current_file(folder / "cache", "log");
  CHECK(log.filename() == "log.0000000000000001");
  CHECK(hex_lines(content_of(log)) ==
        content_of(std::filesystem::path(MEMO_SOURCE_DIR) / "tests/golden/log.hex"));
}

TEST_CASE("one user at a time has the right to write") {
  scratch_folder const folder;
  test::log_user one(folder / "cache");
  test::log_user other(folder / "cache");
  {
    auto const turn = one.begin();
    REQUIRE(turn);
    int error = 0;
    CHECK(other.root.open_for_writing().empty());
    CHECK_FALSE(other.writer.begin(error, false));
    CHECK(error == EWOULDBLOCK);
  }
  CHECK(other.begin());
  std::atomic<bool> has_it{false};
  auto turn = one.begin();
  std::thread waiting([&] {
    auto const later = other.begin();
    has_it = static_cast<bool>(later);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(has_it);
  turn = {};
  waiting.join();
  CHECK(has_it);
}

TEST_CASE("users that take turns append one behind the other") {
  scratch_folder const folder;
  test::log_user one(folder / "cache");
  test::log_user other(folder / "cache");
  std::uint64_t size = log_page_size;
  for (int i = 0; i < 100; ++i) {
    auto const bytes = static_cast<std::size_t>(i * 37 % 500);
    CHECK((i % 3 == 0 ? one : other).put(i, bytes) == 0);
    size += log_record_size(bytes);
  }
  CHECK(std::filesystem::file_size(test::current_file(folder / "cache", "log")) == size);
  test::log_user fresh(folder / "cache");
  for (auto* const user : {&one, &other, &fresh})
    for (int i = 0; i < 100; ++i)
      CHECK(user->look_up(i, static_cast<std::size_t>(i * 37 % 500)) == got::right);
  CHECK(fresh.reader.view()->log->committed() == size);
}

TEST_CASE("many records, long ones and files are written with one commit") {
  scratch_folder const folder;
  write_content(folder / "user's file", value_of(500, 3'000'000));
  test::log_user user(folder / "cache");
  std::vector<std::string> values;
  std::string const last = "the end";  // pieces are used until the commit
  for (int i = 0; i < 300; ++i) values.push_back(value_of(i, i % 50 == 7 ? 2'000'000 : 10));
  {
    auto const turn = user.begin();
    auto& to = user.writer.appender();
    for (int i = 0; i < 300; ++i) CHECK(add(to, i, values[static_cast<std::size_t>(i)]) == 0);
    std::string const in_file = value_of(500, 3'000'000);
    record_header const header{record_kind::object, key_of(500), in_file.size(),
                               memo::hash_bytes(memo::as_byte_view(in_file))};
    CHECK(to.add_file(header, (folder / "user's file").string()) == 0);
    CHECK(add(to, 501, last) == 0);
    CHECK(user.writer.commit(to, memo::durability::full) == 0);
  }
  test::log_user fresh(folder / "cache");
  for (auto* const at : {&user, &fresh}) {
    for (int i = 0; i < 300; ++i)
      CHECK(at->look_up(i, values[static_cast<std::size_t>(i)].size()) == got::right);
    CHECK(at->look_up(500, 3'000'000) == got::right);
    CHECK(at->get(record_kind::object, key_of(501)) == "the end");
  }
}

TEST_CASE("a user's file that is not what it was said to be is no record, and hides none") {
  scratch_folder const folder;
  auto const file = folder / "user's file";
  std::string const right = value_of(1, 200'000);
  record_header const header{record_kind::object, key_of(1), right.size(),
                             memo::hash_bytes(memo::as_byte_view(right))};
  test::log_user user(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(user.put(0) == 0);
  for (std::string const& wrong :
       {right.substr(1), right + "x", value_of(2, 200'000), std::string(), value_of(3, 3'000'000)}) {
    write_content(file, wrong);
    {
      auto const turn = user.begin();
      CHECK(user.writer.appender().add_file(header, file.string()) == EIO);
    }
    CHECK(user.look_up(1, 200'000) == got::nothing);
    CHECK(other.look_up(1, 200'000) == got::nothing);
  }
  {
    auto const turn = user.begin();
    CHECK(user.writer.appender().add_file(header, (folder / "none").string()) == ENOENT);
  }
  CHECK(other.put(5) == 0);
  CHECK(user.put(6) == 0);
  test::log_user fresh(folder / "cache");
  for (auto* const at : {&user, &other, &fresh})
    for (int const number : {0, 5, 6}) CHECK(at->look_up(number) == got::right);
}

TEST_CASE("users agree on what counts after a change that failed half-way") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  static test::log_user* other = nullptr;
  test::log_user looking(folder / "cache");
  other = &looking;
  CHECK(user.put(0) == 0);
  CHECK(looking.look_up(0) == got::right);
  std::string const first = value_of(1, 5'000'000);
  std::string const second = value_of(2, 5'000'000);
  {
    failing_calls const restored;
    static int left = 0;
    left = 1;
    os::table.pwritev = [](int fd, iovec const* pieces, int count, off_t at) -> ssize_t {
      if (left-- > 0) return real.pwritev(fd, pieces, count, at);
      // The first flush is in the file by now: somebody else looks.
      other->look_up(999);
      errno = ENOSPC;
      return -1;
    };
    auto const turn = user.begin();
    auto& to = user.writer.appender();
    CHECK(add(to, 1, first) == 0);
    CHECK(add(to, 2, second) == ENOSPC);
  }
  CHECK(looking.put(3, 200'000) == 0);
  CHECK(user.put(4, 200'000) == 0);
  CHECK(looking.put(5, 200'000) == 0);
  auto const view =
      looking.reader.map(key_of(3), memo::access::normal, [](auto&&...) { return true; }).payload;
  test::log_user fresh(folder / "cache");
  for (auto* const at : {&user, &looking, &fresh})
    for (int const number : {3, 4, 5}) CHECK(at->look_up(number, 200'000) == got::right);
  for (int i = 10; i < 60; ++i) CHECK((i % 2 == 0 ? user : fresh).put(i, 200'000) == 0);
  CHECK(memo::as_text(view.view) == value_of(3, 200'000));
  for (auto* const at : {&user, &looking, &fresh})
    for (int i = 10; i < 60; ++i) CHECK(at->look_up(i, 200'000) == got::right);
}

TEST_CASE("what a dying writer left is gone round, and nobody writes over what others count") {
  // How much of a record of 20'000 bytes there is: no whole header, no payload, some, all but the last byte.
  for (std::size_t const left : {1u, 63u, 64u, 100u, 5000u, 20'063u}) {
    scratch_folder const folder;
    test::log_user user(folder / "cache");
    CHECK(user.put(0) == 0);
    auto const log = test::current_file(folder / "cache", "log");
    std::uint64_t const end = std::filesystem::file_size(log);
    std::string const payload = value_of(1, 20'000);
    auto const header = encode_header(
        {record_kind::object, key_of(1), payload.size(), memo::hash_bytes(memo::as_byte_view(payload))},
        record_seed(user.reader.view()->log->uuid(), end));
    test::overwrite(log, end, (std::string(memo::as_text(header)) + payload).substr(0, left));
    test::log_user other(folder / "cache");
    CHECK(user.look_up(1, 20'000) == got::nothing);
    CHECK(other.look_up(1, 20'000) == got::nothing);
    CHECK(other.put(2, 30'000) == 0);
    CHECK(user.put(3, 100) == 0);
    CHECK(other.put(4, 50'000) == 0);
    test::log_user fresh(folder / "cache");
    for (auto* const at : {&user, &other, &fresh}) {
      CHECK(at->look_up(0) == got::right);
      CHECK(at->look_up(1, 20'000) == got::nothing);
      CHECK(at->look_up(2, 30'000) == got::right);
      CHECK(at->look_up(3) == got::right);
      CHECK(at->look_up(4, 50'000) == got::right);
    }
  }
}

TEST_CASE("damage behind the mark costs what it hits, and no bytes that others view") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 5; ++i) CHECK(user.put(i, 20'000) == 0);
  auto const view = user.reader.map(key_of(3), memo::access::normal, [](auto&&...) { return true; }).payload;
  test::flip_bit(test::current_file(folder / "cache", "log"), log_page_size + log_record_size(20'000) + 3);
  test::log_user fresh(folder / "cache");
  for (int i = 10; i < 20; ++i) CHECK(fresh.put(i, 20'000) == 0);
  CHECK(memo::as_text(view.view) == value_of(3, 20'000));
  test::log_user another(folder / "cache");
  for (auto* const at : {&user, &fresh, &another})
    for (int i = 10; i < 20; ++i) CHECK(at->look_up(i, 20'000) == got::right);
  for (int const i : {0, 2, 3, 4}) CHECK(another.look_up(i, 20'000) == got::right);
}

TEST_CASE("the mark in the file goes forward only, whoever writes it") {
  scratch_folder const folder;
  test::log_user one(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(one.put(0) == 0);
  CHECK(other.look_up(0) == got::right);
  other.reader.sync();
  std::uint64_t last = 0;
  for (int i = 0; i < 12; ++i) {
    CHECK((i == 5 || i > 8 ? other : one).put(i, 1'100'000) == 0);
    auto const head = content_of(test::current_file(folder / "cache", "log")).substr(0, log_marks_size);
    auto const mark = newest_mark(memo::as_byte_view(head));
    REQUIRE(mark);
    CHECK(mark->marked > last);
    last = mark->marked;
  }
  CHECK(last == std::filesystem::file_size(test::current_file(folder / "cache", "log")));
}

TEST_CASE("an index is what a fresh user begins with") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  for (int i = 0; i < 100; ++i) CHECK(user.put(i) == 0);
  CHECK(user.put_gone(record_kind::object, key_of(5)) == 0);
  {
    auto const turn = user.begin();
    user.writer.write_snapshot();
  }
  CHECK(std::filesystem::exists(test::current_file(folder / "cache", "index")));
  CHECK(user.put(100) == 0);
  test::log_user fresh(folder / "cache");
  for (auto* const at : {&user, &fresh}) {
    for (int i = 0; i <= 100; ++i) CHECK(at->look_up(i) == (i == 5 ? got::nothing : got::right));
    REQUIRE(at->reader.view()->snapshot != nullptr);
    CHECK(at->reader.view()->snapshot->size() == 99);
    CHECK(at->reader.view()->tail->size() == 1);
    CHECK(at->reader.counts().objects == 100);
    CHECK(at->reader.counts().dead_bytes == log_record_size(100) + 64);
  }
}

TEST_CASE("a new log replaces the one before, and leaves nothing behind") {
  scratch_folder const folder;
  auto const inner = folder / "cache/v1/m";
  test::log_user user(folder / "cache");
  CHECK(user.put(1) == 0);
  write_content(inner / "log.0000000000000007", "left by somebody who died");
  write_content(inner / "index.0000000000000007", "");
  write_content(inner / (".t" + std::string(32, 'a')), "");
  {
    auto const turn = user.begin();
    log_mark mark;
    auto made = user.writer.make_log(mark);
    REQUIRE(made);
    CHECK(mark.generation == 8);
    CHECK(user.look_up(1) == got::right);
    CHECK(user.writer.publish(mark, std::move(made.value)) == 0);
  }
  CHECK(content_of(inner / "current") == current_text(8));
  CHECK(files_in(inner) == 3);  // lock, current, a log
  CHECK(user.look_up(1) == got::nothing);
  CHECK(user.put(2) == 0);
  CHECK(test::log_user(folder / "cache").look_up(2) == got::right);
}

TEST_CASE("a log whose successor was not published goes on") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(user.put(1) == 0);
  CHECK(other.look_up(1) == got::right);
  {
    failing_calls const restored;
    os::table.renameat = [](int, char const*, int, char const*) {
      errno = EIO;
      return -1;
    };
    auto const turn = user.begin();
    log_mark mark;
    auto made = user.writer.make_log(mark);
    CHECK(user.writer.publish(mark, std::move(made.value)) == EIO);
    user.writer.remove_log(mark.generation);
  }
  // The old log says that it is closed, and is not.
  for (int i = 2; i < 6; ++i) CHECK((i % 2 == 0 ? user : other).put(i) == 0);
  test::log_user fresh(folder / "cache");
  for (auto* const at : {&user, &other, &fresh})
    for (int i = 1; i < 6; ++i) CHECK(at->look_up(i) == got::right);
  CHECK(content_of(folder / "cache/v1/m/current") == current_text(1));
}

TEST_CASE("a log that cannot be opened now is not taken for none") {
  static int calls = 0;
  for (int const error : {EMFILE, EIO, EACCES, ENOMEM})
    for (int nth = 0; nth < 12; ++nth) {
      scratch_folder const folder;
      CHECK(test::log_user(folder / "cache").put(1) == 0);
      static int with = 0;
      with = error;
      for (int call = 0; call < 3; ++call) {
        calls = nth;
        static auto const fails = [] {
          errno = with;
          return calls-- == 0;
        };
        test::log_user user(folder / "cache");
        {
          failing_calls const restored;
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
          [[maybe_unused]] int const ignored = user.put(2);
        }
        CHECK(user.put(3) == 0);
        test::log_user fresh(folder / "cache");
        if (fresh.look_up(1) != got::right)
          FAIL("errno " << error << ", call " << call << ", number " << nth);
        CHECK(fresh.look_up(3) == got::right);
      }
    }
}

TEST_CASE("a lock that was deleted is replaced before long") {
  scratch_folder const folder;
  test::log_user user(folder / "cache");
  CHECK(user.put(1) == 0);
  std::filesystem::remove(folder / "cache/v1/m/lock");
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  auto const turn = user.begin();
  REQUIRE(turn);
  CHECK(std::filesystem::exists(folder / "cache/v1/m/lock"));
  test::log_user other(folder / "cache");
  int error = 0;
  CHECK(other.root.open_for_writing().empty());
  CHECK_FALSE(other.writer.begin(error, false));
  CHECK(error == EWOULDBLOCK);
}

TEST_CASE("a log that could not be replaced goes on behind the record that closes it") {
  scratch_folder const folder;
  test::log_user one(folder / "cache");
  test::log_user other(folder / "cache");
  CHECK(one.put(1) == 0);
  CHECK(other.look_up(1) == got::right);
  {
    auto const turn = one.begin();
    REQUIRE(turn);
    log_mark mark;
    auto made = one.writer.make_log(mark);
    REQUIRE(made);
    failing_calls const guard;
    os::table.renameat = [](int, char const*, int, char const*) {
      errno = ENOSPC;
      return -1;
    };
    CHECK(one.writer.publish(mark, std::move(made.value)) == ENOSPC);
    os::table = real;
    one.writer.remove_log(mark.generation);
    // Another process counts the closing record before this one goes on.
    other.reader.sync();
    std::string const text = value_of(2);
    memo::byte_view const bytes = memo::as_byte_view(text);
    auto& to = one.writer.appender();
    CHECK(to.add(record_header{record_kind::object, key_of(2), bytes.size(), memo::hash_bytes(bytes)},
                 std::span(&bytes, 1)) == 0);
    CHECK(one.writer.commit(to, memo::durability::none) == 0);
  }
  CHECK(other.look_up(2) == got::right);
  CHECK(other.put(3) == 0);
  test::log_user fresh(folder / "cache");
  for (auto* const user : {&one, &other, &fresh})
    for (int const number : {1, 2, 3}) CHECK(user->look_up(number) == got::right);
}
