#include "../support/campaign.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

// Four processes write into one directory, others look up what they write, and one more clears, collects, erases and
// verifies in between; and threads of one process do so. Whatever is found is right. MEMO_TEST_LONG=1 does it for longer.

namespace {

constexpr int numbers = 120;

template <class Store>
int write_many(std::filesystem::path const& folder, std::uint64_t max_bytes, std::uint64_t seed, int rounds) {
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    // A new handle now and then, so that opening meets the work of others too.
    auto const store = test::open_store<Store>(folder, max_bytes);
    for (int i = 0; i < 100; ++i) {
      seed = test::mixed(seed);
      auto const policy = seed % 8 == 0 ? memo::put_policy::replace : memo::put_policy::keep;
      auto const made = test::sample_of(static_cast<int>(seed / 16 % numbers)).put_into(store, policy);
      // A file that is half written when somebody clears the store may go with the rest.
      if (made.stored) continue;
      if (made.warning.empty()) return 2;
      if (++refused * 10 > rounds * 100) return std::fprintf(stderr, "too many: %s\n", made.warning.c_str());
    }
  }
  return 0;
}

/// Views that are kept while others remove, replace and rewrite what they show.
class kept_views {
 public:
  /// False where a view that was kept shows something else by now. Keeps one of `number`, where there is one.
  template <class Store>
  bool check_and_keep(Store const& store, int number) {
    one& next = all_[at_++ % all_.size()];
    if (next.bytes.owner != nullptr && !next.is_right()) return false;
    next = {};
    auto const found = store.find(samples::key_of(number));
    if (found.status != memo::lookup::hit) return true;
    auto const object = store.view(found.variants->front().outputs.at(0).object);
    if (object.status != memo::lookup::hit) return true;
    next = {object.bytes, number};
    return next.is_right();
  }

 private:
  struct one {
    memo::shared_bytes bytes{};
    int number = 0;

    bool is_right() const {
      return memo::as_text(bytes.view) == samples::value_of(number, test::size_of(number));
    }
  };

  std::array<one, 16> all_{};
  std::size_t at_ = 0;
};

/// Ends with 0 when `has_ended()`, or with 1 at the first wrong value.
template <class Store, class HasEnded>
int look_up_until(std::filesystem::path const& folder, HasEnded has_ended, std::uint64_t seed) {
  kept_views kept;
  for (int hits = 0;;) {
    auto const store = test::open_store<Store>(folder);
    for (int i = 0; i < 200; ++i) {
      seed = test::mixed(seed);
      int const number = static_cast<int>(seed / 16 % numbers);
      samples::got const got = test::look_up(store, number, seed % 2 == 0);
      if (got == samples::got::wrong || !kept.check_and_keep(store, number)) return 1;
      hits += got == samples::got::right ? 1 : 0;
    }
    if (has_ended()) return hits > 0 ? 0 : 3;
  }
}

template <class Store, class HasEnded>
int disturb_until(std::filesystem::path const& folder, HasEnded has_ended, std::uint64_t max_bytes,
                  std::uint64_t seed) {
  auto const store = test::open_store<Store>(folder, max_bytes);
  for (; !has_ended(); ::usleep(static_cast<useconds_t>(seed % 3'000))) {
    seed = test::mixed(seed);
    try {
      switch (seed / 16 % 8) {
        case 0:
          store.clear();
          break;
        case 1:
          if (store.verify().damaged != 0) return 1;
          break;
        case 2:
          store.clear_step("stars", "mean");
          break;
        case 3:
        case 4:
          store.erase(samples::key_of(static_cast<int>(seed / 256 % numbers)));
          break;
        default:
          store.collect();
      }
    } catch (memo::store_error const&) {  // it may be cleared under our feet
    }
  }
  return 0;
}

/// What is put now stays, as far as the limit lets it.
template <class Store>
void check_after(Store const& store, std::uint64_t max_bytes) {
  for (int number = 0; number < 10; ++number) {
    CHECK(test::put(store, number));
    CHECK(test::look_up(store, number) == samples::got::right);
  }
  CHECK(test::found_among(store, numbers) >= 10);
  CHECK(test::found_among(store, numbers, true) >= 10);
  CHECK(store.verify().damaged == 0);
  if (max_bytes == 0) return;
  store.collect();
  CHECK(store.stats().bytes <= max_bytes);
}

template <class Store>
void disturb_each_other(std::uint64_t max_bytes) {
  scratch_folder const folder;
  auto const path = folder / "cache";
  test::channel end;
  auto const has_ended = [&] {
    if (end.count() == 0) return false;
    end.send();  // for the next one who asks
    return true;
  };
  int const rounds = test::is_long() ? 200 : 6;
  std::vector<test::process> writers, others;
  for (std::uint64_t i = 0; i < 4; ++i)
    writers.emplace_back([&] { return write_many<Store>(path, max_bytes, test::seed_or(1) + i, rounds); });
  for (std::uint64_t i = 0; i < 2; ++i)
    others.emplace_back([&] { return look_up_until<Store>(path, has_ended, test::seed_or(100) + i); });
  test::process disturber(
      [&] { return disturb_until<Store>(path, [] { return false; }, max_bytes, test::seed_or(1000)); });

  for (auto& writer : writers) CHECK(writer.join() == 0);
  disturber.end(SIGKILL);
  check_after(test::open_store<Store>(path, max_bytes), max_bytes);
  end.send();
  for (auto& other : others) CHECK(other.join() == 0);
}

/// The same in one process.
template <class Store>
void disturb_in_threads(std::uint64_t max_bytes) {
  scratch_folder const folder;
  auto const path = folder / "cache";
  std::atomic<bool> is_over{false};
  auto const has_ended = [&] { return is_over.load(); };
  int const rounds = test::is_long() ? 100 : 3;
  std::array<int, 6> status{};
  std::vector<std::thread> writers, others;
  for (std::size_t i = 0; i < 3; ++i)
    writers.emplace_back(
        [&, i] { status[i] = write_many<Store>(path, max_bytes, test::seed_or(1) + i, rounds); });
  for (std::size_t i = 3; i < 5; ++i)
    others.emplace_back(
        [&, i] { status[i] = look_up_until<Store>(path, has_ended, test::seed_or(100) + i); });
  others.emplace_back(
      [&] { status[5] = disturb_until<Store>(path, has_ended, max_bytes, test::seed_or(1000)); });
  for (auto& writer : writers) writer.join();
  is_over = true;
  for (auto& other : others) other.join();
  CHECK(status == std::array<int, 6>{});
  check_after(test::open_store<Store>(path, max_bytes), max_bytes);
}

}  // namespace

TEMPLATE_TEST_CASE("processes that write, read and clear at once find nothing wrong", "",
                   memo::directory_store, memo::mmap_store) {
  disturb_each_other<TestType>(0);
}

TEMPLATE_TEST_CASE("processes that write, read and clear at once within a limit find nothing wrong", "",
                   memo::directory_store, memo::mmap_store) {
  disturb_each_other<TestType>(std::uint64_t{2} << 20);
}

TEMPLATE_TEST_CASE("threads that write, read and clear at once find nothing wrong", "", memo::directory_store,
                   memo::mmap_store) {
  disturb_in_threads<TestType>(0);
  disturb_in_threads<TestType>(std::uint64_t{2} << 20);
}
