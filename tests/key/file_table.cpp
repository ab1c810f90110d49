#include <memo/key/file_table.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace memo::detail;

namespace {

memo::digest id_of(std::uint64_t number) {
  return memo::hash_bytes({reinterpret_cast<std::byte const*>(&number), sizeof number});
}

known_file file_of(std::uint64_t number, std::uint64_t size) {
  known_file made;
  made.path = id_of(number);
  made.identity.size = size;
  made.content = id_of(size);
  made.is_certain = true;
  return made;
}

}  // namespace

TEST_CASE("a table of files finds what was kept last") {
  file_table table;
  CHECK_FALSE(table.find(id_of(1)).path);
  for (std::uint64_t i = 0; i < 10'000; ++i) table.keep(file_of(i, i));
  for (std::uint64_t i = 0; i < 10'000; i += 2) table.keep(file_of(i, i + 1));
  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i)
    wrong += table.find(id_of(i)).identity.size != (i % 2 == 0 ? i + 1 : i);
  CHECK(wrong == 0);
  CHECK_FALSE(table.find(id_of(10'000)).path);
  table.recall(file_of(1, 77));
  CHECK(table.find(id_of(1)).identity.size == 1);
  table.clear();
  CHECK_FALSE(table.find(id_of(1)).path);
  table.recall(file_of(1, 77));
  CHECK(table.find(id_of(1)).identity.size == 77);
}

TEST_CASE("a table of files counts changes") {
  file_table table;
  auto const first = table.keep(file_of(1, 5));
  CHECK(table.changes() == first);
  known_file uncertain = file_of(1, 5);
  uncertain.is_certain = false;
  CHECK(table.keep(uncertain) == first);
  CHECK_FALSE(table.find(id_of(1)).is_certain);
  CHECK(table.keep(file_of(1, 6)) > first);
  CHECK(table.changes() > first);
}

TEST_CASE("a path that a table of files has forgotten is not taken for one that was edited") {
  file_table table;
  table.keep(file_of(2, 1));
  table.keep(file_of(2, 2));
  auto const before = table.changes();
  table.keep(file_of(1, 5));
  table.clear();
  CHECK(table.keep(file_of(1, 5)) <= before);
  CHECK(table.changes() == before);
}

TEST_CASE("a table of files is bounded") {
  file_table table;
  for (std::uint64_t i = 0; i < 2'000'000; ++i) table.keep(file_of(i, i));
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 2'000'000; ++i) found += table.find(id_of(i)).path == id_of(i) ? 1 : 0;
  CHECK(found > 0);
  CHECK(found <= 800'000);
  CHECK(table.find(id_of(1'999'999)).path);
}

TEST_CASE("threads may use a table of files together") {
  file_table table;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&table] {
      for (std::uint64_t i = 0; i < 2'000; ++i) {
        table.keep(file_of(i % 500, i % 500));
        known_file const found = table.find(id_of(i % 500));
        if (found.path && found.content != id_of(i % 500)) std::abort();
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(table.find(id_of(499)).identity.size == 499);
}

TEST_CASE("who looks at files is told what was seen and touched") {
  file_looks looks, inner;
  known_file seen = file_of(1, 1);
  seen.changes = 9;
  file_scope::note(seen, "nobody asks", true);
  {
    file_scope const scope(&looks);
    for (int i = 0; i < 1000; ++i) file_scope::note(seen, "b", false);
    file_scope::note(file_of(2, 1), "b", true);
    file_scope::note(file_of(3, 1), "a", true);
    {
      file_scope const within(&inner);
      file_scope::note(file_of(4, 1), "c", true);
    }
    file_scope::note(file_of(3, 1), "a", true);
  }
  file_scope::note(seen, "nobody asks", true);
  CHECK(looks.seen().size() == 3);
  CHECK(looks.touched() == std::vector<std::string>{"a", "b"});
  CHECK(looks.newest_change() == 9);
  CHECK(inner.touched() == std::vector<std::string>{"c"});
}

TEST_CASE("workers get the scope of who asked for them") {
  file_looks looks;
  static int calls;
  calls = 0;
  auto const body = [](void* of, std::size_t first, std::size_t last) {
    for (; first < last; ++first) {
      file_scope::note(file_of(first, 1), "a", false);
      ++*static_cast<int*>(of);
    }
  };
  int done = 0;
  file_scope::run(3, body, &done);
  CHECK(done == 3);
  file_workers const workers{
      [](void*, std::size_t count, void (*run)(void*, std::size_t, std::size_t), void* of) {
        CHECK(file_scope::current() != nullptr);
        file_scope::note(file_of(100, 1), "another's", false);
        for (std::size_t i = 0; i < count; ++i, ++calls) run(of, i, i + 1);
      },
      nullptr};
  file_scope const scope(&looks, workers);
  file_scope::run(3, body, &done);
  CHECK(calls == 3);
  CHECK(done == 6);
  CHECK(looks.seen().size() == 3);
}
