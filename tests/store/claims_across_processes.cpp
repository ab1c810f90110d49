#include <memo/store/directory_store.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_laws_claims.hpp"
#include "../support/processes.hpp"

#include <chrono>
#include <filesystem>
#include <thread>

// Claims that reach other processes, as a directory store gives them: the kernel releases them where the holder dies.

using namespace laws;
using test::channel;
using test::process;
using status = memo::claim_result::status;

namespace {

memo::claim_request request_for(int key, memo::claim_waiter waiter = {}) {
  return {.key = key_of(key), .reach = memo::claim_reach::machine, .waiter = waiter};
}

/// A child that claims a key and holds it until it is killed, or until it is told to go.
struct holder {
  holder(std::filesystem::path const& folder, int key)
      : child([&, key] {
          memo::directory_store store{folder};
          auto const mine = store.claim(request_for(key));
          if (mine.what != status::mine || mine.note != "") return 1;
          has_it.send();
          may_go.receive();
          return 0;
        }) {
    has_it.receive();
  }
  channel has_it, may_go;
  process child;
};

int threads_of_this_process() {
  int count = 0;
  for (auto const& ignored : std::filesystem::directory_iterator("/proc/self/task"))
    count += ignored.path().empty() ? 0 : 1;
  return count;
}

std::int64_t now_ns() { return memo::clock::system().steady_ns(); }

/// Replaces the system calls for a test.
struct replaced_calls {
  ~replaced_calls() { memo::detail::os::table = before; }
  memo::detail::os::calls const before = memo::detail::os::table;
};

}  // namespace

TEST_CASE("a claim is seen by another process, which is told of its end") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  CHECK(store.capabilities().lockable);
  holder other(folder / "cache", 1);
  sleeping_waiter sleeper;
  auto const busy = store.claim(request_for(1, sleeper.waiter()));
  REQUIRE(busy.what == status::busy);
  CHECK(busy.is_other_process);
  CHECK(busy.holder == "process " + std::to_string(other.child.id()));
  CHECK(busy.note == "");
  CHECK(store.claim(request_for(2)).what == status::mine);
  CHECK(store.claim(request_for(1)).what == status::busy);  // nobody is told, and nothing is left
  CHECK_FALSE(sleeper.told);
  other.may_go.send();
  sleeper.sleep();
  CHECK(other.child.join() == 0);
  auto const mine = store.claim(request_for(1));
  CHECK(mine.what == status::mine);
  CHECK(process([&] {
          memo::directory_store again{folder / "cache"};
          return again.claim(request_for(1)).what == status::busy ? 0 : 1;
        }).join() == 0);
}

TEST_CASE("a claim is free at once where its holder is killed") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  for (int round = 0; round < (test::is_long() ? 1000 : 20); ++round) {
    holder other(folder / "cache", round);
    sleeping_waiter sleeper;
    auto const busy = store.claim(request_for(round, sleeper.waiter()));
    REQUIRE(busy.what == status::busy);
    other.child.end(SIGKILL);
    auto const killed_ns = now_ns();
    sleeper.sleep();
    CHECK(now_ns() - killed_ns < 5'000'000'000);
    CHECK(store.claim(request_for(round)).what == status::mine);
  }
}

TEST_CASE("a child of the holder that outlives it keeps nothing") {
  // With a descriptor that it inherited, the lock would be held as long as the child lives.
  for (bool const runs_another_program : {false, true}) {
    scratch_folder const folder;
    memo::directory_store store{folder / "cache"};
    channel ready, end;
    process parent([&] {
      memo::directory_store own{folder / "cache"};
      auto const mine = own.claim(request_for(1));
      process child([&] {
        if (runs_another_program) ::execl("/bin/sh", "sh", "-c", "sleep 20", nullptr);
        ready.send();
        end.receive();
        return 0;
      });
      if (runs_another_program) ready.send();
      ::pause();
      return 0;
    });
    ready.receive();
    sleeping_waiter sleeper;
    auto const busy = store.claim(request_for(1, sleeper.waiter()));
    CHECK(busy.what == status::busy);
    CHECK(busy.holder == "process " + std::to_string(parent.id()));
    parent.end(SIGKILL);
    sleeper.sleep();
    CHECK(store.claim(request_for(1)).what == status::mine);
    end.send();
  }
}

TEST_CASE("a child releases nothing of its parent and has claims of its own") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  auto mine = store.claim(request_for(1));
  auto other = store.claim(request_for(2));
  REQUIRE(mine.what == status::mine);
  counting_waiter counter;
  auto place = store.claim(request_for(1, counter.waiter()));
  process child([&] {
    mine.hold.reset();
    if (counter.told != 0) return 1;
    place.hold.reset();
    auto const busy = store.claim(request_for(1));
    if (busy.what != status::busy || !busy.is_other_process) return 2;
    if (busy.holder != "process " + std::to_string(::getppid())) return 3;
    if (store.claim({.key = key_of(1)}).what != status::mine) return 4;  // among the child's threads
    auto own = store.claim(request_for(3));
    if (own.what != status::mine || store.claim(request_for(3)).what != status::busy) return 5;
    own.hold.reset();
    if (store.claim(request_for(3)).what != status::mine) return 6;
    return sample(3).put_into(store).stored ? 0 : 7;
  });
  CHECK(child.join() == 0);
  CHECK(counter.told == 0);
  CHECK(process([&] {
          memo::directory_store own{folder / "cache"};
          return own.claim(request_for(1)).what == status::busy &&
                         own.claim(request_for(2)).what == status::busy
                     ? 0
                     : 1;
        }).join() == 0);
  mine.hold.reset();
  CHECK(counter.told == 1);
  CHECK(store.claim(request_for(1)).what == status::mine);
}

TEST_CASE("who waits for another process is told at a given time although it goes on") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  holder other(folder / "cache", 1);
  sleeping_waiter soon, never;
  auto request = request_for(1, never.waiter());
  auto const patient = store.claim(request);
  request.waiter = soon.waiter();
  request.until_ns = now_ns() + 30'000'000;
  auto const busy = store.claim(request);
  soon.sleep();
  CHECK(now_ns() >= request.until_ns);
  CHECK_FALSE(never.told);
  CHECK(store.claim(request_for(1)).what == status::busy);
  other.may_go.send();
  never.sleep();
}

TEST_CASE("the thread that watches ends with the last who waits, and with the store") {
  scratch_folder const folder;
  std::thread([] {}).join();  // with the first, a sanitizer starts one of its own
  int const before = threads_of_this_process();
  auto const wait_for_its_end = [&] {
    for (int i = 0; i < 10'000 && threads_of_this_process() != before; ++i) ::usleep(1000);
    return threads_of_this_process() == before;
  };
  {
    memo::directory_store store{folder / "cache"};
    holder other(folder / "cache", 1);
    CHECK(threads_of_this_process() == before);
    counting_waiter counter;
    for (int round = 0; round < 3; ++round) {
      auto place = store.claim(request_for(1, counter.waiter()));
      CHECK(threads_of_this_process() == before + 1);
      place.hold.reset();
      CHECK(wait_for_its_end());
    }
    CHECK(counter.told == 0);
    auto const place = store.claim(request_for(1, counter.waiter()));
  }
  CHECK(wait_for_its_end());
  sleeping_waiter sleeper;
  memo::claim_result place;
  holder other(folder / "cache", 2);
  {
    memo::directory_store store{folder / "cache"};
    place = store.claim(request_for(2, sleeper.waiter()));
  }
  sleeper.sleep();  // nobody waits for ever where the store is gone
  CHECK(wait_for_its_end());
}

TEST_CASE("threads of several processes compute each key once") {
  scratch_folder const folder;
  constexpr int keys = 30;
  for (int round = 0; round < (test::is_long() ? 100 : 3); ++round) {
    channel begin, computed;
    std::vector<process> all;
    for (int p = 0; p < 4; ++p)
      all.emplace_back([&] {
        begin.receive();
        memo::directory_store store{folder / std::to_string(round)};
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t)
          threads.emplace_back([&] {
            for (int key = 0; key < keys; ++key)
              while (store.find(key_of(key)).status != memo::lookup::hit) {
                sleeping_waiter sleeper;
                auto const claim = store.claim(request_for(key, sleeper.waiter()));
                if (claim.what == status::busy) {
                  sleeper.sleep();
                } else if (store.find(key_of(key)).status != memo::lookup::hit) {
                  computed.send();
                  ::usleep(1000);
                  sample(key).put_into(store);
                }
              }
          });
        for (auto& thread : threads) thread.join();
        return 0;
      });
    begin.send(4);
    for (auto& one : all) CHECK(one.join() == 0);
    CHECK(computed.count() == keys);
  }
}

TEST_CASE("variants that processes add at the same time are all kept") {
  scratch_folder const folder;
  constexpr int writers = 8, each = 2;
  for (int round = 0; round < (test::is_long() ? 200 : 10); ++round) {
    channel begin;
    std::vector<process> all;
    for (int w = 0; w < writers; ++w)
      all.emplace_back([&, w] {
        memo::directory_store store{folder / std::to_string(round)};
        begin.receive();
        sample one(1);
        for (int i = 0; i < each; ++i) {
          one.value.variant = id_of("variant " + std::to_string(w * each + i));
          if (!one.put_into(store).stored) return 1;
        }
        return 0;
      });
    begin.send(writers);
    for (auto& one : all) CHECK(one.join() == 0);
    CHECK(memo::directory_store{folder / std::to_string(round)}.show(key_of(1)).size() == writers * each);
  }
}

TEST_CASE("a turn that another process does not give back is not waited for in vain") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  sample one(1);
  one.value.variant = id_of("a");
  CHECK(one.put_into(store).stored);
  channel ready;
  process other([&] {
    auto const file = memo::detail::os::open_at(AT_FDCWD, (folder / "cache/v1/claims").c_str(), O_RDWR);
    auto const locked = memo::detail::os::try_lock_byte(
        file.value.get(), std::uint64_t{1} << 61 | (key_of(1).low & ((std::uint64_t{1} << 60) - 1)));
    ready.send();
    ::pause();
    return locked;
  });
  ready.receive();
  one.value.variant = id_of("b");
  auto const before = now_ns();
  CHECK(one.put_into(store).stored);
  CHECK(now_ns() - before >= 900'000'000);
  CHECK(store.show(key_of(1)).size() == 2);
}

TEST_CASE("claims stay in the process on the file system of a network unless somebody asks") {
  scratch_folder const folder;
  replaced_calls const calls;
  memo::detail::os::table.fstatfs = [](int, struct statfs* found) {
    found->f_type = 0x6969;
    return 0;
  };
  memo::directory_store store{folder / "cache"};
  CHECK_FALSE(store.capabilities().lockable);
  auto const mine = store.claim(request_for(1));
  CHECK(mine.what == status::mine);
  CHECK(mine.note == "the cache is on a network file system (nfs)");
  CHECK(store.claim(request_for(1)).what == status::busy);
  CHECK_FALSE(std::filesystem::exists(folder / "cache/v1/claims"));

  auto asked = request_for(2);
  asked.reach = memo::claim_reach::asked;
  auto const reaching = store.claim(asked);
  CHECK(reaching.what == status::mine);
  CHECK(reaching.note == "");
  CHECK(process([&] {
          memo::directory_store other{folder / "cache"};
          auto const busy = other.claim(asked);
          auto const alone = other.claim(request_for(2));
          return busy.what == status::busy && alone.what == status::mine && alone.note != "" ? 0 : 1;
        }).join() == 0);
  CHECK(store.claim(request_for(3)).note == "the cache is on a network file system (nfs)");
}

TEST_CASE("where the file of claims cannot be locked they stay in the process") {
  replaced_calls const calls;
  for (int const error : {ENOLCK, EOPNOTSUPP, EACCES, EINVAL}) {
    scratch_folder const folder;
    memo::directory_store store{folder / "cache"};
    CHECK(store.capabilities().lockable);
    static int wanted;
    wanted = error;
    memo::detail::os::table.fcntl = [](int, int, struct flock*) {
      errno = wanted;
      return -1;
    };
    auto const mine = store.claim(request_for(1));
    CHECK(mine.what == status::mine);
    CHECK(mine.note == "its file of claims cannot be locked: " + memo::detail::os::error_text(error));
    CHECK_FALSE(store.capabilities().lockable);
    CHECK(store.claim(request_for(1)).what == status::busy);
    sample one(1);
    for (char const* const variant : {"a", "b"}) {
      one.value.variant = id_of(variant);
      CHECK(one.put_into(store).stored);
    }
    memo::detail::os::table = calls.before;
    CHECK(store.claim(request_for(2)).note == "");
    CHECK(store.capabilities().lockable);
  }
}

TEST_CASE("a claim goes on after a signal") {
  scratch_folder const folder;
  replaced_calls const calls;
  static int left;
  left = 3;
  memo::detail::os::table.fcntl = [](int fd, int command, struct flock* range) {
    if (left-- > 0) {
      errno = EINTR;
      return -1;
    }
    return ::fcntl(fd, command, range);
  };
  memo::directory_store store{folder / "cache"};
  auto const mine = store.claim(request_for(1));
  CHECK(mine.what == status::mine);
  CHECK(mine.note == "");
}

TEST_CASE("where the file of claims cannot be made they stay in the process") {
  replaced_calls const calls;
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  CHECK(sample(1).put_into(store).stored);
  memo::detail::os::table.openat = [](int in, char const* name, int flags, mode_t mode) {
    if (std::string_view(name) != "claims") return ::openat(in, name, flags, mode);
    errno = ENOSPC;
    return -1;
  };
  auto const mine = store.claim(request_for(1));
  CHECK(mine.what == status::mine);
  CHECK(mine.note == "its file of claims cannot be opened: " + memo::detail::os::error_text(ENOSPC));
  CHECK(store.claim(request_for(1)).what == status::busy);
}

TEST_CASE("something else in the place of the file of claims does no harm") {
  for (bool const is_link : {false, true}) {
    scratch_folder const folder;
    memo::directory_store store{folder / "cache"};
    CHECK(sample(1).put_into(store).stored);
    write_content(folder / "precious", "text");
    if (is_link)
      std::filesystem::create_symlink(folder / "precious", folder / "cache/v1/claims");
    else
      std::filesystem::create_directory(folder / "cache/v1/claims");
    auto const mine = store.claim(request_for(1));
    CHECK(mine.what == status::mine);
    CHECK(mine.note.find("its file of claims cannot be opened: ") == 0);
    CHECK(content_of(folder / "precious") == "text");
  }
}

TEST_CASE("a claim among threads touches no file") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  CHECK(store.claim({.key = key_of(1)}).what == status::mine);
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));
  auto const mine = store.claim(request_for(1));
  CHECK(mine.note == "");
  CHECK(std::filesystem::exists(folder / "cache/v1/claims"));
  auto const mode = std::filesystem::status(folder / "cache/v1/claims").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("the file of claims outlives clear and collect, and is made again where somebody deletes it") {
  scratch_folder const folder;
  memo::directory_store store{folder / "cache"};
  auto mine = store.claim(request_for(1));
  store.clear();
  store.collect({1, 1, 1});
  CHECK(std::filesystem::exists(folder / "cache/v1/claims"));
  std::filesystem::remove(folder / "cache/v1/claims");
  auto const second = store.claim(request_for(2));
  CHECK(std::filesystem::exists(folder / "cache/v1/claims"));
  CHECK(process([&] {
          memo::directory_store other{folder / "cache"};
          return other.claim(request_for(2)).what == status::busy ? 0 : 1;
        }).join() == 0);
  mine.hold.reset();
  std::filesystem::remove_all(folder / "cache");
  CHECK(store.claim(request_for(3)).what == status::mine);
}
