#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>
#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "../support/processes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

// Processes that put ten times the limit into one place stay below 1.1 of it at every moment, and those who read beside
// them see right values or none. MEMO_TEST_LONG=1 puts more.

namespace fs = std::filesystem;
using namespace samples;

namespace {

std::uint64_t limit_of_test() { return std::uint64_t{test::is_long() ? 64u : 2u} << 20; }
constexpr int most_values = 100'000;

/// From what fits into an entry to half of the limit.
std::size_t size_of(int number) {
  if (number % 60 == 3) return static_cast<std::size_t>(limit_of_test() / 2);
  if (number % 5 == 1) return 300;
  return number % 5 == 0 ? 60'000u : 20'000u + static_cast<unsigned>(number % 97) * 100;
}

/// All that lies in a folder; nobody writes there meanwhile.
std::uint64_t bytes_in(fs::path const& folder) {
  std::uint64_t sum = 0;
  if (!fs::exists(folder)) return 0;
  for (auto const& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file()) sum += item.file_size();
  return sum;
}

sample sample_of(int number) {
  sample made(number, size_of(number));
  made.value.variant = {};
  made.value.dependencies.clear();
  if (made.bytes.size() < 1000) made.go_inline();
  return made;
}

/// Puts the values of every fourth number from `first` on until this many bytes were put.
template <class Store>
int write(Store const& store, int first, std::uint64_t bytes) {
  std::uint64_t done = 0;
  for (int number = first; done < bytes; number += 4) {
    sample const one = sample_of(number % most_values);
    done += one.bytes.size();
    if (!one.put_into(store).stored) return 2;
    if (look_up(store, number % most_values, one.bytes.size()) == got::wrong) return 1;
  }
  return 0;
}

template <class Store>
int read_until_told(Store const& store, test::channel& told) {
  unsigned state = 1;
  for (int round = 1;; ++round) {
    state = state * 1664525 + 1013904223;
    int const number = static_cast<int>((state >> 12) % 4000);
    if (look_up(store, number, size_of(number)) == got::wrong) return 1;
    if (round % 200 == 0 && told.count() != 0) return 0;
  }
}

/// Stops processes, so that what lies on the disk can be measured at one moment.
class standstill {
 public:
  explicit standstill(std::vector<test::process> const& of) : of_(of) {
    for (auto const& one : of_) {
      ::kill(one.id(), SIGSTOP);
      siginfo_t state{};
      ::waitid(P_PID, static_cast<id_t>(one.id()), &state, WSTOPPED | WEXITED | WNOWAIT);
      all_ended_ = all_ended_ && state.si_code != CLD_STOPPED;
    }
  }
  standstill(standstill const&) = delete;
  standstill& operator=(standstill const&) = delete;
  ~standstill() {
    for (auto const& one : of_) ::kill(one.id(), SIGCONT);
  }
  bool all_ended() const { return all_ended_; }

 private:
  std::vector<test::process> const& of_;
  bool all_ended_ = true;
};

/// `make` gives a handle with the limit.
template <class Make>
void processes_stay_within(fs::path const& folder, Make make) {
  std::uint64_t const limit = limit_of_test();
  test::channel told;
  std::vector<test::process> writers, readers;
  for (int i = 0; i < 4; ++i) writers.emplace_back([&, i] { return write(make(limit), i, limit * 10 / 4); });
  readers.emplace_back([&] { return read_until_told(make(limit), told); });
  std::uint64_t most = 0;
  std::size_t looks = 0;
  for (bool all_ended = false; !all_ended; ++looks) {
    {
      standstill const still(writers);
      all_ended = still.all_ended();
      most = std::max(most, bytes_in(folder));
    }
    ::usleep(10000);
  }
  for (auto& one : writers) CHECK(one.join() == 0);
  told.send();
  for (auto& one : readers) CHECK(one.join() == 0);
  INFO("most " << most << " of " << limit << " in " << looks << " looks");
  CHECK(most <= limit / 10 * 11);
  CHECK(most >= limit / 4);
  auto const store = make(limit);
  CHECK(store.stats().bytes <= limit);
  CHECK(bytes_in(folder) <= limit + limit / 100);  // with what marks the directory
  CHECK(store.verify().damaged == 0);
  CHECK(store.stats().entries > 0);
  int right = 0;
  for (auto const& info : store.list()) {
    auto const found = store.find(info.key);
    REQUIRE(found.status == memo::lookup::hit);
    auto const& output = found.variants->front().outputs.at(0);
    right += output.is_inline || store.read(output.object).status == memo::lookup::hit ? 1 : 0;
  }
  CHECK(right == static_cast<int>(store.stats().entries));
}

/// A process that finds more than its limit, as others had none, brings it below with its first put.
template <class Make>
void the_first_put_brings_it_below(fs::path const& folder, Make make) {
  std::uint64_t const limit = limit_of_test();
  CHECK(test::process([&] { return write(make(0), 0, limit + limit / 2); }).join() == 0);
  CHECK(bytes_in(folder) > limit);
  CHECK(test::process([&] { return write(make(limit), 1, 1); }).join() == 0);
  CHECK(make(limit).stats().bytes <= limit);
  CHECK(bytes_in(folder) <= limit + limit / 100);
  CHECK(look_up(make(limit), 1, size_of(1)) == got::right);
}

}  // namespace

TEST_CASE("processes that write ten times the limit into a directory stay within it") {
  scratch_folder const folder;
  auto const make = [&](std::uint64_t limit) {
    return memo::directory_store{folder / "cache", {.max_bytes = limit}};
  };
  SECTION("all at once") { processes_stay_within(folder / "cache", make); }
  SECTION("after others without a limit") { the_first_put_brings_it_below(folder / "cache", make); }
}

TEST_CASE("processes that write ten times the limit into tiers stay within it") {
  scratch_folder const folder;
  processes_stay_within(folder / "cache", [&](std::uint64_t limit) {
    return memo::tiered_store{memo::memory_store{{.max_bytes = 1 << 20}},
                              memo::directory_store{folder / "cache", {.max_bytes = limit}}};
  });
}

TEST_CASE("processes that write ten times the limit into a mapped store stay within it") {
  scratch_folder const folder;
  auto const make = [&](std::uint64_t limit) {
    return memo::mmap_store{folder / "cache", memo::mmap_options{.max_bytes = limit}};
  };
  SECTION("all at once") { processes_stay_within(folder / "cache", make); }
  SECTION("after others without a limit") { the_first_put_brings_it_below(folder / "cache", make); }
}
